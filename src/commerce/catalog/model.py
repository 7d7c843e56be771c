"""The product with its variants, and the category."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from attrs import define, evolve, field

from commerce.catalog.errors import DuplicateOptions, DuplicateSku, NotPublishable, UnknownOptionValue
from commerce.catalog.events import (
    CategoryAdded,
    CategoryChanged,
    ProductAdded,
    ProductArchived,
    ProductChanged,
    ProductPublished,
    ProductWithdrawn,
)
from commerce.catalog.values import (
    PRODUCT_STATES,
    Media,
    Option,
    ProductStatus,
    ProductText,
    Variant,
    require_slug,
)
from commerce.kernel import Entity, InvalidValue, by_locale, new_id, require_storable

__all__ = ["CONTENT", "Category", "Product"]

#: What is said about a product. The rest is its life: identity, version, status, times.
CONTENT = (
    "handle",
    "texts",
    "options",
    "variants",
    "category_ids",
    "collections",
    "attributes",
    "media",
    "vendor",
    "tags",
)

_TOLD = {
    ProductStatus.DRAFT: ProductWithdrawn,
    ProductStatus.ACTIVE: ProductPublished,
    ProductStatus.ARCHIVED: ProductArchived,
}


def _texts(texts: Mapping[str, ProductText]) -> Mapping[str, ProductText]:
    return by_locale(texts)


def _names(names: Mapping[str, str]) -> Mapping[str, str]:
    return by_locale(names)


def _options(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(options)


def _variants(variants: Iterable[Variant]) -> tuple[Variant, ...]:
    return tuple(variants)


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words)


def _once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _in_order(media: Iterable[Media]) -> tuple[Media, ...]:
    return tuple(sorted(media, key=lambda one: one.position))


@define(kw_only=True, eq=False)
class Product(Entity):
    """What a shop offers, in one or more variants; each variant has a SKU.

    ``handle`` is its address, unique over the shop. ``texts`` holds a name and a
    description per locale, ``attributes`` facts that rules and facets ask. The
    first of ``category_ids`` is the one shown in its address.
    """

    id: str = field(factory=new_id)
    handle: str = field(validator=require_slug)
    texts: Mapping[str, ProductText] = field(converter=_texts)
    options: tuple[Option, ...] = field(default=(), converter=_options)
    variants: tuple[Variant, ...] = field(default=(), converter=_variants)
    category_ids: tuple[str, ...] = field(default=(), converter=_once)
    collections: frozenset[str] = field(default=frozenset(), converter=_words)
    attributes: Mapping[str, str] = field(factory=dict)
    media: tuple[Media, ...] = field(default=(), converter=_in_order)
    vendor: str = ""
    tags: frozenset[str] = field(default=frozenset(), converter=_words)
    status: ProductStatus = field(default=ProductStatus.DRAFT, converter=ProductStatus)
    created_at: datetime | None = None
    changed_at: datetime | None = None
    published_at: datetime | None = None

    @texts.validator
    def _named(self, _: object, texts: Mapping[str, ProductText]) -> None:
        if not texts:
            raise InvalidValue(field="texts", reason="a product needs a name in at least one language")

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of its variants, in order."""
        return tuple(variant.sku for variant in self.variants)

    def check(self) -> None:
        """Raise what is wrong between the parts: a shopper's choice must lead to exactly one variant."""
        self._check_texts()
        offered = {option.name: option.values for option in self.options}
        if len(offered) != len(self.options):
            raise InvalidValue(field="options", reason=f"product {self.handle} has two options of one name")
        if len({variant.id for variant in self.variants}) != len(self.variants):
            raise InvalidValue(field="variants", reason=f"product {self.handle} has two variants with one id")
        seen: dict[str, Variant] = {}
        chosen: dict[tuple[str, ...], Variant] = {}
        for variant in self.variants:
            self._check_choice(variant, offered)
            if seen.setdefault(variant.sku, variant) is not variant:
                raise DuplicateSku(sku=variant.sku)
            twin = chosen.setdefault(tuple(variant.option_values[name] for name in offered), variant)
            if twin is not variant:
                raise DuplicateOptions(handle=self.handle, first=twin.sku, second=variant.sku)
        if self.status is ProductStatus.ACTIVE and not self.variants:
            raise NotPublishable(handle=self.handle, reason="it has no variant: add one with a SKU")

    def _check_texts(self) -> None:
        require_storable("vendor", self.vendor)
        require_storable("tags", *self.tags, *self.collections)
        require_storable("attributes", *self.attributes, *self.attributes.values())
        require_storable("media", *(part for media in self.media for part in (media.url, media.alt)))
        require_storable("options", *(part for option in self.options for part in (option.name, *option.values)))
        for variant in self.variants:
            require_storable("attributes", *variant.attributes, *variant.attributes.values())

    def _check_choice(self, variant: Variant, offered: Mapping[str, tuple[str, ...]]) -> None:
        for option in dict.fromkeys((*offered, *variant.option_values)):
            value, allowed = variant.option_values.get(option, ""), offered.get(option, ())
            if value not in allowed:
                raise UnknownOptionValue(
                    handle=self.handle, sku=variant.sku, option=option, value=value, allowed=allowed
                )

    def begin(self, *, at: datetime) -> None:
        """Become known to the shop; as an active product, be sold at once."""
        self.check()
        self.created_at = self.changed_at = at
        self.published_at = at if self.status is ProductStatus.ACTIVE else None
        self.record(ProductAdded(aggregate_id=self.id, handle=self.handle, skus=self.skus))
        if self.status is not ProductStatus.DRAFT:
            self.record(_TOLD[self.status](aggregate_id=self.id, handle=self.handle, skus=self.skus))

    def become(self, status: ProductStatus, *, at: datetime) -> None:
        """Be sold, be a draft again, or be archived. Repeating it changes nothing."""
        if status is not self.status:
            self._move(status, at)
            self.check()

    def _move(self, status: ProductStatus, at: datetime) -> None:
        self.status = PRODUCT_STATES.move(self.id, self.status, status)
        self.changed_at = at
        if status is ProductStatus.ACTIVE:
            self.published_at = at
        self.record(_TOLD[status](aggregate_id=self.id, handle=self.handle, skus=self.skus))

    def same_as(self, other: "Product", keep: Collection[str] = ()) -> bool:
        """Whether another says the same, apart from the fields to keep."""
        return self.status is other.status and all(
            getattr(self, name) == getattr(other, name) for name in CONTENT if name not in keep
        )

    def take(self, other: "Product", *, at: datetime, keep: Collection[str] = ()) -> bool:
        """Become what another says, and tell whether anything changed."""
        if self.same_as(other, keep):
            return False
        before = self.skus
        changed = [name for name in CONTENT if name not in keep and getattr(self, name) != getattr(other, name)]
        for name in changed:
            setattr(self, name, getattr(other, name))
        if changed:
            self.changed_at = at
            gone = tuple(sku for sku in before if sku not in self.skus)
            self.record(ProductChanged(aggregate_id=self.id, handle=self.handle, skus=self.skus, removed=gone))
        if other.status is not self.status:
            self._move(other.status, at)
        self.check()
        return True

    def with_ids_of(self, stored: "Product") -> "Product":
        """A copy with the ids that the stored product has: its own, and by SKU those of its variants."""
        ids = {variant.sku: variant.id for variant in stored.variants}
        taken = set(ids.values())
        twin = self.snapshot()
        twin.id = stored.id
        twin.variants = tuple(
            evolve(variant, id=ids.get(variant.sku) or (new_id() if variant.id in taken else variant.id))
            for variant in self.variants
        )
        return twin


@define(kw_only=True, eq=False)
class Category(Entity):
    """A place in the tree of categories. ``position`` orders it among those beside it."""

    id: str = field(factory=new_id)
    slug: str = field(validator=require_slug)
    names: Mapping[str, str] = field(converter=_names)
    parent_id: str | None = None
    position: int = 0

    @names.validator
    def _named(self, _: object, names: Mapping[str, str]) -> None:
        if not names or not all(name.strip() for name in names.values()):
            raise InvalidValue(field="names", reason="a category needs a name in at least one language")

    def same_as(self, other: "Category") -> bool:
        """Whether another says the same."""
        return (self.slug, self.names, self.parent_id, self.position) == (
            other.slug,
            other.names,
            other.parent_id,
            other.position,
        )

    def begin(self) -> None:
        """Become known to the shop."""
        self.record(CategoryAdded(aggregate_id=self.id, slug=self.slug, parent_id=self.parent_id))

    def take(self, other: "Category") -> None:
        """Become what another says."""
        self.slug, self.names, self.parent_id, self.position = other.slug, other.names, other.parent_id, other.position
        self.record(CategoryChanged(aggregate_id=self.id, slug=self.slug, parent_id=self.parent_id))
