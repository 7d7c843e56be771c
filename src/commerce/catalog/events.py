"""What happens to the assortment."""

from attrs import frozen

from commerce.kernel import Event

__all__ = [
    "CategoryAdded",
    "CategoryChanged",
    "ProductAdded",
    "ProductArchived",
    "ProductChanged",
    "ProductPublished",
    "ProductWithdrawn",
]


@frozen(kw_only=True)
class _ProductEvent(Event):
    """A fact about one product; ``skus`` are its variants after it."""

    handle: str
    skus: tuple[str, ...]


@frozen(kw_only=True)
class ProductAdded(_ProductEvent):
    """A product is known; nobody can buy it before `ProductPublished`."""


@frozen(kw_only=True)
class ProductChanged(_ProductEvent):
    """What is said about a product, or its variants, changed; ``removed`` are SKUs that it had before."""

    removed: tuple[str, ...] = ()


@frozen(kw_only=True)
class ProductPublished(_ProductEvent):
    """It can be bought now."""


@frozen(kw_only=True)
class ProductWithdrawn(_ProductEvent):
    """It is a draft again and cannot be bought."""


@frozen(kw_only=True)
class ProductArchived(_ProductEvent):
    """It is not sold any more."""


@frozen(kw_only=True)
class CategoryAdded(Event):
    """There is a new category."""

    slug: str
    parent_id: str | None


@frozen(kw_only=True)
class CategoryChanged(Event):
    """A category has another name, slug or place. Items below it may belong to other categories now."""

    slug: str
    parent_id: str | None
