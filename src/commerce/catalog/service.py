"""Use cases of the catalogue."""

from collections.abc import Callable, Collection, Mapping, Sequence

from attrs import define

from commerce.catalog.engine import CategoryTree, item_of
from commerce.catalog.errors import CategoryNotFound, DuplicateHandle, ProductNotFound
from commerce.catalog.model import CONTENT, Category, Product
from commerce.catalog.ports import CatalogUnit
from commerce.catalog.values import ProductStatus, ProductText, PutReport
from commerce.kernel import Clock, InvalidValue, Item, Page, StaleVersion, localized
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["CatalogService"]

#: The longest page of a product list.
_MOST_ROWS = 500


@define
class CatalogService:
    """Keep products and categories, and say what a SKU sells.

    ``default_locale`` is what a reader sees who has no text in an own language.
    """

    begin: Begin[CatalogUnit]
    clock: Clock
    hooks: HookRelay
    default_locale: str = "en"

    def add_product(self, product: Product) -> Product:
        """Store a new product; the same one again changes nothing.

        Raises `DuplicateHandle`, `DuplicateSku`, `CategoryNotFound`, or what `Product.check` finds wrong.
        """
        try:
            return self._add(product)
        except DuplicateHandle:  # perhaps by the same command, a moment ago
            return self._add(product)

    def change_product(self, product: Product) -> Product:
        """Store a product that was read and changed; answers with it as it is stored now.

        If it says nothing new, nothing happens. Raises `commerce.kernel.StaleVersion` if somebody
        changed it meanwhile, and what `add_product` raises.
        """
        with self.begin() as uow:
            stored = uow.products.get(product.id)
            if stored.same_as(product):
                return stored
            if stored.version != product.version:
                raise StaleVersion(entity="product", id=product.id, version=product.version, fresh=stored)
            self._require_categories(uow, [product])
            stored.take(product, at=self.clock())
            self.hooks.commerce_validate_product(product=stored)
            uow.products.save([stored])
            return stored

    def put_products(self, products: Sequence[Product], *, keep: Collection[str] = ()) -> PutReport:
        """Make the catalogue say what these products say: for imports, in chunks of some hundreds.

        A product is known by its handle and a variant by its SKU: stored ids stay, whatever ids are
        given. ``keep`` names fields in which a stored product is right and not the given one
        (``{"category_ids", "tags"}``). All are stored in one transaction, or none. Raises what `add_product` raises.
        """
        given = {product.handle: product for product in products}
        if len(given) != len(products):
            handles = [product.handle for product in products]
            raise DuplicateHandle(handle=next(handle for handle in handles if handles.count(handle) > 1))
        if unknown := set(keep) - set(CONTENT):
            raise InvalidValue(field="keep", reason=f"{min(unknown)!r} is not one of {', '.join(CONTENT)}")
        return retried(lambda: self._put(given, keep), on=(StaleVersion, DuplicateHandle))

    def get(self, product_id: str) -> Product:
        """The product, or `ProductNotFound`."""
        with self.begin() as uow:
            return uow.products.get(product_id)

    def by_handle(self, handle: str) -> Product:
        """The product with that handle, or `ProductNotFound`."""
        with self.begin() as uow:
            found = uow.products.by_handles([handle]).get(handle)
        if found is None:
            raise ProductNotFound(product=handle)
        return found

    def find(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        """Those of the products that there are, by id: three statements for any number of them."""
        with self.begin() as uow:
            return uow.products.by_ids(product_ids)

    def by_skus(self, skus: Collection[str]) -> Mapping[str, Product]:
        """The product of each SKU that is known, whatever its status: four statements for any number of them."""
        with self.begin() as uow:
            owners = uow.products.owners(skus)
            products = uow.products.by_ids(set(owners.values()))
        return {sku: products[owners[sku]] for sku in skus if sku in owners}

    def text(self, product: Product, locale: str) -> ProductText:
        """What a reader reads about a product: in the locale, else in one it falls back on."""
        return localized(product.texts, locale, self.default_locale)

    def list(
        self,
        *,
        status: ProductStatus | None = None,
        category_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Product]:
        """Products in the order they were added, a page at a time: all, of one status, in a category and below it."""
        if not 1 <= limit <= _MOST_ROWS:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {_MOST_ROWS} products, not {limit}")
        with self.begin() as uow:
            within = None if category_id is None else CategoryTree(uow.categories.all()).below(category_id)
            rows = uow.products.page(status=status, category_ids=within, after=cursor, limit=limit + 1)
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def publish(self, product_id: str) -> Product:
        """Sell the product. Raises `NotPublishable` if it has no variant. Idempotent."""
        return self._become(product_id, ProductStatus.ACTIVE)

    def withdraw(self, product_id: str) -> Product:
        """Make the product a draft again: it stays, but nobody can buy it. Idempotent."""
        return self._become(product_id, ProductStatus.DRAFT)

    def archive(self, product_id: str) -> Product:
        """Stop selling the product for good, or until it is published again. Idempotent."""
        return self._become(product_id, ProductStatus.ARCHIVED)

    def add_category(self, category: Category) -> Category:
        """Store a new category; the same one again changes nothing. Raises `DuplicateSlug`, `CategoryNotFound`."""
        with self.begin() as uow:
            tree = CategoryTree(uow.categories.all(alone=True))
            if category.id in tree:
                return self._change_category(uow, tree, category)
            tree.require_place(category.id, category.parent_id)
            added = category.snapshot()
            added.begin()
            uow.categories.add(added)
        return added

    def change_category(self, category: Category) -> Category:
        """Store a category that was read and changed; answers with it as it is stored now.

        Raises `commerce.kernel.StaleVersion`, `DuplicateSlug`, `CategoryCycle`, `CategoryNotFound`.
        """
        with self.begin() as uow:
            return self._change_category(uow, CategoryTree(uow.categories.all(alone=True)), category)

    def move_category(self, category_id: str, parent_id: str | None) -> Category:
        """Put a category, with all below it, into another, or at the top. Raises `CategoryCycle`. Idempotent."""
        with self.begin() as uow:
            tree = CategoryTree(uow.categories.all(alone=True))
            moved = tree.get(category_id).snapshot()
            moved.parent_id = parent_id
            return self._change_category(uow, tree, moved)

    def categories(self) -> CategoryTree:
        """All categories, as they lie in each other."""
        with self.begin() as uow:
            return CategoryTree(uow.categories.all())

    def items(self, skus: Collection[str], *, locale: str = "en") -> Mapping[str, Item]:
        """What each SKU sells, for those that can be bought: three statements for any number of SKUs."""
        with self.begin() as uow:
            sellables = uow.products.sellable(set(skus))
            places = {category_id for one in sellables for category_id in one.category_ids}
            parents = uow.categories.parents(places) if places else {}
        return {one.variant.sku: item_of(one, parents, locale, self.default_locale) for one in sellables}

    def unsold(self, skus: Sequence[str]) -> Sequence[str]:
        """Those of the SKUs that nobody may buy, in the order given. One statement."""
        with self.begin() as uow:
            sold = uow.products.sold(set(skus))
        return [sku for sku in skus if sku not in sold]

    def _add(self, product: Product) -> Product:
        with self.begin() as uow:
            known = uow.products.by_handles([product.handle]).get(product.handle)
            if known is not None:
                if known.id == product.id and known.same_as(product):
                    return known
                raise DuplicateHandle(handle=product.handle)
            self._require_categories(uow, [product])
            added = self._new(product)
            uow.products.add([added])
        return added

    def _new(self, product: Product) -> Product:
        added = product.snapshot()
        added.begin(at=self.clock())
        self.hooks.commerce_validate_product(product=added)
        return added

    def _put(self, given: Mapping[str, Product], keep: Collection[str]) -> PutReport:
        at = self.clock()
        with self.begin() as uow:
            stored = uow.products.by_handles(given)
            self._require_categories(uow, given.values())
            new = {handle: self._new(product) for handle, product in given.items() if handle not in stored}
            changed = {
                handle: product
                for handle, product in stored.items()
                if product.take(given[handle].with_ids_of(product), at=at, keep=keep)
            }
            for product in changed.values():
                self.hooks.commerce_validate_product(product=product)
            uow.products.save(sorted(changed.values(), key=_by_handle))
            uow.products.add(sorted(new.values(), key=_by_handle))
        return PutReport(
            added=tuple(new),
            changed=tuple(handle for handle in given if handle in changed),
            unchanged=tuple(handle for handle in given if handle in stored and handle not in changed),
            ids={handle: (new.get(handle) or stored[handle]).id for handle in given},
        )

    def _require_categories(self, uow: CatalogUnit, products: Collection[Product]) -> None:
        named = dict.fromkeys(id for product in products for id in product.category_ids)
        if named:
            known = {category.id for category in uow.categories.all()}
            for category_id in named:
                if category_id not in known:
                    raise CategoryNotFound(category_id=category_id)

    def _become(self, product_id: str, status: ProductStatus) -> Product:
        def become(uow: CatalogUnit) -> Product:
            product = uow.products.get(product_id)
            if product.status is not status:
                product.become(status, at=self.clock())
                self.hooks.commerce_validate_product(product=product)
                uow.products.save([product])
            return product

        return self._retried(become)

    def _retried(self, command: Callable[[CatalogUnit], Product]) -> Product:
        def act() -> Product:
            with self.begin() as uow:
                return command(uow)

        return retried(act)

    def _change_category(self, uow: CatalogUnit, tree: CategoryTree, category: Category) -> Category:
        stored = tree.get(category.id).snapshot()
        if stored.same_as(category):
            return stored
        if stored.version != category.version:
            raise StaleVersion(entity="category", id=category.id, version=category.version, fresh=stored)
        tree.require_place(category.id, category.parent_id)
        stored.take(category)
        uow.categories.save(stored)
        return stored


def _by_handle(product: Product) -> str:
    return product.handle
