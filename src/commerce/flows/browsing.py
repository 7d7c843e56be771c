"""Browsing: search results with names and prices, and the index behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from commerce.catalog import CatalogService, CategoryTree, Product, ProductStatus
from commerce.kernel import Clock, Price
from commerce.pricing import PriceContext, PricingService
from commerce.search import FacetCount, SearchDocument, SearchQuery, SearchService, SearchText

__all__ = ["Browsing", "Listing", "Shelf"]

#: How many products are read at once when the whole index is built.
_CHUNK = 500


@frozen(kw_only=True)
class Listing:
    """One product as a list of products shows it: its name for the reader, and its lowest price."""

    product: Product
    name: str
    price: Price | None


@frozen(kw_only=True)
class Shelf:
    """A page of products found; see `commerce.search.SearchResult` for facets and ``corrected``."""

    listings: tuple[Listing, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]] = field(factory=dict)
    corrected: str | None = None


@define
class Browsing:
    """What shoppers find. Prices are those of the shop's currency, for anybody, now."""

    catalog: CatalogService
    pricing: PricingService
    index: SearchService
    clock: Clock
    currency: str

    def search(self, query: SearchQuery) -> Shelf:
        """Products that match, with what a list shows of them."""
        found = self.index.search(query)
        products = self.catalog.find([hit.id for hit in found.hits])
        shown = [products[hit.id] for hit in found.hits if hit.id in products]
        prices = self._prices(shown)
        return Shelf(
            listings=tuple(
                Listing(product=p, name=self.catalog.text(p, query.locale).name, price=prices.get(p.id)) for p in shown
            ),
            total=found.total,
            facets=found.facets,
            corrected=found.corrected,
        )

    def refresh(self, product_ids: Iterable[str]) -> None:
        """Make the index say of these products what the catalogue and the price lists say now."""
        wanted = list(dict.fromkeys(product_ids))
        products = self.catalog.find(wanted)
        sold = [product for product in products.values() if product.status is ProductStatus.ACTIVE]
        self.index.put(self._documents(sold, self.catalog.categories()))
        self.index.remove(set(wanted) - {product.id for product in sold})

    def refresh_skus(self, skus: Iterable[str]) -> None:
        """As `refresh`, for the products that these SKUs belong to."""
        self.refresh(product.id for product in self.catalog.by_skus(list(skus)).values())

    def rebuild(self) -> int:
        """Build the whole index anew from the catalogue; says how many products it holds."""
        return self.index.rebuild(self._everything())

    def _everything(self) -> Iterator[SearchDocument]:
        tree, cursor = self.catalog.categories(), None
        while True:
            page = self.catalog.list(status=ProductStatus.ACTIVE, cursor=cursor, limit=_CHUNK)
            yield from self._documents(page.items, tree)
            if page.next is None:
                return
            cursor = page.next

    def _documents(self, products: Sequence[Product], tree: CategoryTree) -> Iterator[SearchDocument]:
        prices = self._prices(products)
        for product in products:
            price = prices.get(product.id)
            yield SearchDocument(
                id=product.id,
                texts={
                    locale: SearchText(name=text.name, description=text.description)
                    for locale, text in product.texts.items()
                },
                skus=product.skus,
                categories=tree.with_ancestors(product.category_ids),
                attributes={name: frozenset([value]) for name, value in product.attributes.items()}
                | {option.name: frozenset(option.values) for option in product.options},
                vendor=product.vendor,
                tags=product.tags,
                prices={} if price is None or price.per != 1 else {self.currency: price.amount},
                listed_at=product.published_at,
            )

    def _prices(self, products: Sequence[Product]) -> dict[str, Price]:
        """The lowest price of each product's variants."""
        skus = [sku for product in products for sku in product.skus]
        known = self.pricing.prices_of(skus, PriceContext(currency=self.currency, at=self.clock())) if skus else {}
        lowest = {}
        for product in products:
            found = [known[sku] for sku in product.skus if sku in known]
            if found:
                lowest[product.id] = min(found, key=lambda price: price.exact)
        return lowest
