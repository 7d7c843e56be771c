"""What the catalogue needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from commerce.catalog.model import Category, Product
from commerce.catalog.values import ProductStatus, Sellable

__all__ = ["CatalogUnit", "Categories", "Products"]


class Products(Protocol):
    """Stored products. However many are named, each method takes the same few statements."""

    def get(self, product_id: str) -> Product:
        """The product, or `ProductNotFound`."""

    def by_handles(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Those of the handles that are known."""

    def by_ids(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        """Those of the ids that are known."""

    def owners(self, skus: Collection[str]) -> Mapping[str, str]:
        """The id of the product of each SKU that is known."""

    def add(self, products: Sequence[Product]) -> None:
        """Store new products: all, or `DuplicateHandle` or `DuplicateSku`."""

    def save(self, products: Sequence[Product]) -> None:
        """Store changed products: all, or `commerce.kernel.StaleVersion`, `DuplicateHandle`, `DuplicateSku`.

        SKUs may move between the products named.
        """

    def page(
        self, *, status: ProductStatus | None, category_ids: Collection[str] | None, after: str | None, limit: int
    ) -> Sequence[Product]:
        """Products by id, those whose id is greater than ``after``, in one of the categories if any are given."""

    def sellable(self, skus: Collection[str]) -> Sequence[Sellable]:
        """The variants of active products among the SKUs, in any order."""

    def sold(self, skus: Collection[str]) -> Collection[str]:
        """Those of the SKUs that belong to an active product. One statement."""


class Categories(Protocol):
    """Stored categories."""

    def all(self, *, alone: bool = False) -> Sequence[Category]:
        """Every category; ``alone`` keeps other transactions from moving one until this ends."""

    def parents(self, category_ids: Collection[str]) -> Mapping[str, str | None]:
        """The parents of these categories and of all that they lie in, by id, at any depth. One statement."""

    def add(self, category: Category) -> None:
        """Store a new category, or raise `DuplicateSlug`."""

    def save(self, category: Category) -> None:
        """Store a changed category, or raise `commerce.kernel.StaleVersion` or `DuplicateSlug`."""


class CatalogUnit(Protocol):
    """One transaction of the catalog module."""

    @property
    def products(self) -> Products:
        """The products in this transaction."""

    @property
    def categories(self) -> Categories:
        """The categories in this transaction."""
