"""The catalogue: what a shop offers.

A product has variants, each with a SKU by which every other module knows it. The rules
work without a shop::

    >>> from commerce.catalog import Option, Product, ProductText, Variant
    >>> tee = Product(
    ...     handle="tee",
    ...     texts={"en": ProductText(name="Tee")},
    ...     options=[Option(name="Size", values=["S", "M"])],
    ...     variants=[Variant(sku=f"TEE-{size}", option_values={"Size": size}) for size in ("S", "M")],
    ... )
    >>> tee.check()  # no two variants with the same options, no option values that are not offered
    >>> tee.skus
    ('TEE-S', 'TEE-M')
"""

from commerce.catalog.engine import CategoryTree, item_of
from commerce.catalog.errors import (
    CategoryCycle,
    CategoryNotFound,
    DuplicateHandle,
    DuplicateOptions,
    DuplicateSku,
    DuplicateSlug,
    NotPublishable,
    ProductNotFound,
    UnknownOptionValue,
)
from commerce.catalog.events import (
    CategoryAdded,
    CategoryChanged,
    ProductAdded,
    ProductArchived,
    ProductChanged,
    ProductPublished,
    ProductWithdrawn,
)
from commerce.catalog.model import Category, Product
from commerce.catalog.ports import CatalogUnit, Categories, Products
from commerce.catalog.service import CatalogService
from commerce.catalog.values import (
    PRODUCT_STATES,
    Media,
    Option,
    ProductStatus,
    ProductText,
    PutReport,
    Sellable,
    Variant,
)

__all__ = [
    "PRODUCT_STATES",
    "CatalogService",
    "CatalogUnit",
    "Categories",
    "Category",
    "CategoryAdded",
    "CategoryChanged",
    "CategoryCycle",
    "CategoryNotFound",
    "CategoryTree",
    "DuplicateHandle",
    "DuplicateOptions",
    "DuplicateSku",
    "DuplicateSlug",
    "Media",
    "NotPublishable",
    "Option",
    "Product",
    "ProductAdded",
    "ProductArchived",
    "ProductChanged",
    "ProductNotFound",
    "ProductPublished",
    "ProductStatus",
    "ProductText",
    "ProductWithdrawn",
    "Products",
    "PutReport",
    "Sellable",
    "UnknownOptionValue",
    "Variant",
    "item_of",
]
