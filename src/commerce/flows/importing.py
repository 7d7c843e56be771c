"""Importing: what another system says of products, prices and stock becomes what this shop says."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from attrs import define, field, frozen

from commerce.catalog import CatalogService, Product
from commerce.inventory import InventoryService, StockLocation, StockMode
from commerce.kernel import Money, Price, new_id
from commerce.pricing import ListKind, PriceEntry, PriceList, PriceListNotFound, PricingService
from commerce.runtime import Relay

__all__ = ["Article", "ImportSummary", "Importing"]

#: How many products go into one transaction.
_CHUNK = 250


class Article(Protocol):
    """A product with what a supplier says beside it, each by SKU; `commerce.adapters.shopify_csv` reads some."""

    @property
    def product(self) -> Product:
        """The product with its variants."""

    @property
    def prices(self) -> Mapping[str, Money]:
        """What a unit costs now."""

    @property
    def compare_at(self) -> Mapping[str, Money]:
        """The regular price, where it is reduced now."""

    @property
    def quantities(self) -> Mapping[str, int]:
        """Counted units; a SKU that is not in it needs no stock."""

    @property
    def oversell(self) -> frozenset[str]:
        """SKUs that are sold on when out of stock."""


@define
class ImportSummary:
    """What an import did, in products; ``counted`` in SKUs whose stock changed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    counted: int = 0
    errors: list[object] = field(factory=list)


@frozen
class _Target:
    price_list: PriceList
    sale_list: PriceList
    location_id: str


@define
class Importing:
    """Brings articles in, in chunks; the same articles again change nothing."""

    catalog: CatalogService
    pricing: PricingService
    inventory: InventoryService
    relay: Relay
    currency: str

    def run(
        self,
        articles: "Iterable[Article | object]",
        *,
        price_list: str = "retail",
        location_id: str = "main",
        tax_included: bool = False,
    ) -> ImportSummary:
        """Store products, prices and counted stock. What is no article is an error of the reader's, and kept.

        Prices go to ``price_list``, reduced ones to a sale list beside it; both are made if they are missing, as
        is the location. Handles and SKUs are the keys, so importing again updates.
        """
        target = self._target(price_list, location_id, tax_included=tax_included)
        summary = ImportSummary()
        rest = iter(articles)
        while chunk := list(islice(rest, _CHUNK)):
            good = [article for article in chunk if hasattr(article, "product")]
            summary.errors += [article for article in chunk if not hasattr(article, "product")]
            with self.relay.hold():
                self._put(good, target, summary)  # type: ignore[arg-type]  # told apart by having a product
        return summary

    def _target(self, price_list: str, location_id: str, *, tax_included: bool) -> _Target:
        self.inventory.add_location(StockLocation(id=location_id, name=location_id))
        return _Target(
            self._list(price_list, ListKind.BASE, tax_included=tax_included),
            self._list(f"{price_list}-sale", ListKind.SALE, tax_included=tax_included),
            location_id,
        )

    def _list(self, id: str, kind: ListKind, *, tax_included: bool) -> PriceList:
        try:
            return self.pricing.get_list(id)
        except PriceListNotFound:
            name = id.replace("-", " ").capitalize()
            return self.pricing.add_list(
                PriceList(id=id, name=name, currency=self.currency, kind=kind, tax_included=tax_included)
            )

    def _put(self, articles: Sequence[Article], target: _Target, summary: ImportSummary) -> None:
        report = self.catalog.put_products([article.product for article in articles])
        summary.added += len(report.added)
        summary.changed += len(report.changed)
        summary.unchanged += len(report.unchanged)
        regular, reduced = target.price_list.id, target.sale_list.id
        entries: list[PriceEntry] = []
        sales: list[PriceEntry] = []
        full_price: list[str] = []
        for article in articles:
            for sku, price in article.prices.items():
                usual = article.compare_at.get(sku)
                entries.append(PriceEntry(list_id=regular, sku=sku, price=Price(usual or price)))
                if usual is None:
                    full_price.append(sku)
                else:
                    sales.append(PriceEntry(list_id=reduced, sku=sku, price=Price(price)))
        self.pricing.set_prices(regular, entries, reason="import")
        self.pricing.set_prices(reduced, sales, reason="import")
        self.pricing.remove_prices(reduced, full_price, reason="import")
        for article in articles:
            summary.counted += self._count(article, target.location_id)

    def _count(self, article: Article, location_id: str) -> int:
        moved = 0
        for sku in article.product.skus:
            if sku not in article.quantities:
                self.inventory.configure(sku, location_id, mode=StockMode.UNTRACKED)
                continue
            mode = StockMode.TRACKED if sku in article.oversell else StockMode.RESERVE_ON_ORDER
            self.inventory.configure(sku, location_id, mode=mode)
            moved += self.inventory.count(f"import-{new_id()}", sku, location_id, article.quantities[sku]) != 0
        return moved
