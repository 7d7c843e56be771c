"""The parts of a product, as immutable values."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import Attribute, field, frozen

from commerce.kernel import InvalidValue, StateTable, new_id, require_storable

__all__ = [
    "PRODUCT_STATES",
    "Media",
    "Option",
    "ProductStatus",
    "ProductText",
    "PutReport",
    "Sellable",
    "Variant",
    "require_code",
    "require_slug",
]

#: The longest handle, slug and SKU that every storage keeps.
_LONGEST_SLUG = 255
_LONGEST_CODE = 128

#: 2,147 tonnes, which is what a database keeps as a whole number.
_HEAVIEST = 2**31 - 1


def require_slug(_: object, attribute: "Attribute[str]", value: str) -> None:
    """A handle or slug is one segment of an address, in lower case."""
    if not 0 < len(value) <= _LONGEST_SLUG or value != value.lower() or re.search(r"[\s/?#%&\x00-\x1f\x7f]", value):
        raise InvalidValue(
            field=attribute.name,
            reason=f"{value!r} is not an address part such as summer-tee: 1 to {_LONGEST_SLUG} characters in lower "
            "case, without spaces and / ? # % &",
        )


def require_code(_: object, attribute: "Attribute[str]", value: str) -> None:
    """A SKU or barcode: visible characters without spaces around."""
    if not value or not _is_code(value):
        raise InvalidValue(
            field=attribute.name,
            reason=f"{value!r} must have 1 to {_LONGEST_CODE} visible characters and no spaces around it",
        )


def _is_code(value: str) -> bool:
    return len(value) <= _LONGEST_CODE and value == value.strip() and value.isprintable()


class ProductStatus(StrEnum):
    """Whether a product is sold."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


#: A product may be taken back and brought back; what was archived is looked at again or sold again.
PRODUCT_STATES = StateTable(
    "product",
    {
        ProductStatus.DRAFT: (ProductStatus.ACTIVE, ProductStatus.ARCHIVED),
        ProductStatus.ACTIVE: (ProductStatus.DRAFT, ProductStatus.ARCHIVED),
        ProductStatus.ARCHIVED: (ProductStatus.DRAFT, ProductStatus.ACTIVE),
    },
)


@frozen(kw_only=True)
class ProductText:
    """What a product is called in one language. The description may be HTML; nothing here interprets it."""

    name: str = field()
    description: str = ""

    @name.validator
    def _some(self, _: object, name: str) -> None:
        if not name.strip():
            raise InvalidValue(field="name", reason="a product has a name: pass at least one visible character")

    def __attrs_post_init__(self) -> None:
        require_storable("texts", self.name, self.description)


def _in_turn(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@frozen(kw_only=True)
class Option:
    """A choice that a product offers: a name, and the values in the order shown."""

    name: str = field()
    values: tuple[str, ...] = field(converter=_in_turn)

    @name.validator
    def _some(self, _: object, name: str) -> None:
        if not name.strip():
            raise InvalidValue(field="name", reason="an option has a name such as Size")

    @values.validator
    def _distinct(self, _: object, values: tuple[str, ...]) -> None:
        if not values or len(set(values)) != len(values) or not all(value.strip() for value in values):
            raise InvalidValue(field="values", reason=f"{self.name} needs values that differ and are not empty")


@frozen(kw_only=True)
class Media:
    """A picture, film or document, wherever it lies. Lower positions come first."""

    url: str = field()
    alt: str = ""
    position: int = 0

    @url.validator
    def _some(self, _: object, url: str) -> None:
        if not url.strip():
            raise InvalidValue(field="url", reason="media need an address")


@frozen(kw_only=True)
class Variant:
    """One thing that can be bought, with the one SKU by which every other module knows it.

    ``option_values`` maps each option of the product to one of its values. Weights
    are whole grams, dimensions whole millimetres (length, width, height).
    """

    sku: str = field(validator=require_code)
    id: str = field(factory=new_id)
    option_values: Mapping[str, str] = field(factory=dict, hash=False)
    barcode: str = field(default="")
    weight_grams: int = field(default=0)
    dimensions_mm: tuple[int, int, int] | None = field(default=None)
    requires_shipping: bool = True
    tax_category: str = field(default="standard", validator=require_code)
    attributes: Mapping[str, str] = field(factory=dict, hash=False)

    @barcode.validator
    def _scans(self, _: object, barcode: str) -> None:
        if not _is_code(barcode):
            raise InvalidValue(
                field="barcode", reason=f"{barcode!r} is no barcode: pass up to {_LONGEST_CODE} digits or letters"
            )

    @weight_grams.validator
    def _weighs(self, _: object, grams: int) -> None:
        if type(grams) is not int or not 0 <= grams <= _HEAVIEST:
            raise InvalidValue(field="weight_grams", reason=f"{grams!r} is not a weight: pass whole grams, 0 or more")

    @dimensions_mm.validator
    def _extends(self, _: object, size: tuple[int, int, int] | None) -> None:
        if size is not None and [type(mm) is int and mm >= 0 for mm in size] != [True] * 3:
            raise InvalidValue(field="dimensions_mm", reason=f"{size!r} is not (length, width, height) in whole mm")


@frozen(kw_only=True)
class Sellable:
    """A variant of an active product, with what its product says about it."""

    variant: Variant
    product_id: str
    texts: Mapping[str, ProductText]
    category_ids: tuple[str, ...]
    collections: frozenset[str]
    attributes: Mapping[str, str]
    vendor: str


@frozen(kw_only=True)
class PutReport:
    """What became of products that were put: their handles, and the id under which each is kept."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(factory=dict, hash=False)
