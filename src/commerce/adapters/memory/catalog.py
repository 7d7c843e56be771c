"""The catalogue in memory."""

from collections.abc import Collection, Mapping, Sequence

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.catalog import (
    Category,
    CategoryNotFound,
    DuplicateHandle,
    DuplicateSku,
    DuplicateSlug,
    Product,
    ProductNotFound,
    ProductStatus,
    Sellable,
)
from commerce.kernel import StaleVersion

__all__ = ["Unit"]


class MemoryProducts:
    """The products, found by id, handle and SKU."""

    def __init__(self, session: MemorySession) -> None:
        self._rows: MemoryRepository[Product] = MemoryRepository(
            session, "product", lambda id: ProductNotFound(product=id)
        )
        self._handles = session.table("product_handle")
        self._owners = session.table("product_sku")

    def get(self, product_id: str) -> Product:
        """The product, or `ProductNotFound`."""
        return self._rows.get(product_id)

    def by_handles(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Those of the handles that are known."""
        ids = {handle: self._handles.get(handle) for handle in handles}
        return {handle: self._rows.get(id) for handle, id in ids.items() if id is not None}

    def by_ids(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        """Those of the ids that are known."""
        return {id: product for id in product_ids if (product := self._rows.find(id)) is not None}

    def owners(self, skus: Collection[str]) -> Mapping[str, str]:
        """The id of the product of each SKU that is known."""
        return {sku: owner for sku in skus if (owner := self._owners.get(sku)) is not None}

    def add(self, products: Sequence[Product]) -> None:
        """Store new products with their handles and SKUs."""
        for product in products:
            self._claim(product)
            self._rows.add(product)

    def save(self, products: Sequence[Product]) -> None:
        """Store changed products; what they had is given up before what they want is taken."""
        for product in products:
            stored = self._rows.find(product.id)
            if stored is None or stored.version != product.version:
                raise StaleVersion(entity="product", id=product.id, version=product.version, fresh=stored)
            del self._handles[stored.handle]
            for sku in stored.skus:
                del self._owners[sku]
        for product in products:
            self._claim(product)
            self._rows.save(product)

    def _claim(self, product: Product) -> None:
        if product.handle in self._handles:
            raise DuplicateHandle(handle=product.handle)
        self._handles[product.handle] = product.id
        for sku in product.skus:
            if sku in self._owners:
                raise DuplicateSku(sku=sku)
            self._owners[sku] = product.id

    def page(
        self, *, status: ProductStatus | None, category_ids: Collection[str] | None, after: str | None, limit: int
    ) -> Sequence[Product]:
        """Products by id."""
        found = self._rows.where(
            lambda product: (
                (status is None or product.status is status)
                and (category_ids is None or not set(category_ids).isdisjoint(product.category_ids))
                and (after is None or product.id > after)
            )
        )
        return sorted(found, key=lambda product: product.id)[:limit]

    def sellable(self, skus: Collection[str]) -> Sequence[Sellable]:
        """The variants of active products among the SKUs."""
        return [
            Sellable(
                variant=variant,
                product_id=product.id,
                texts=product.texts,
                category_ids=product.category_ids,
                collections=product.collections,
                attributes=product.attributes,
                vendor=product.vendor,
            )
            for sku in skus
            if (product := self._active(sku)) is not None
            for variant in product.variants
            if variant.sku == sku
        ]

    def sold(self, skus: Collection[str]) -> Collection[str]:
        """Those of the SKUs that belong to an active product."""
        return {sku for sku in skus if self._active(sku) is not None}

    def _active(self, sku: str) -> Product | None:
        owner = self._owners.get(sku)
        product = None if owner is None else self._rows.rows.get(owner)
        return product if product is not None and product.status is ProductStatus.ACTIVE else None


class MemoryCategories(MemoryRepository[Category]):
    """The categories."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "category", lambda id: CategoryNotFound(category_id=id))

    def all(self, *, alone: bool = False) -> Sequence[Category]:
        """Every category; transactions in memory are alone anyway."""
        return self.where(lambda _: True)

    def parents(self, category_ids: Collection[str]) -> Mapping[str, str | None]:
        """The parents of these and of all that they lie in."""
        found: dict[str, str | None] = {}
        todo = list(category_ids)
        while todo:
            category = self.rows.get(todo.pop())
            if category is not None and category.id not in found:
                found[category.id] = category.parent_id
                todo += [category.parent_id] if category.parent_id else []
        return found

    def _put(self, entity: Category) -> None:
        for other in self.rows.values():
            if other.slug == entity.slug and other.id != entity.id:
                raise DuplicateSlug(slug=entity.slug)
        super()._put(entity)


class Unit:
    """One transaction of the catalog module."""

    def __init__(self, session: MemorySession) -> None:
        self.products = MemoryProducts(session)
        self.categories = MemoryCategories(session)
