"""Use cases of pricing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define

from commerce.kernel import Clock, Price
from commerce.pricing.engine import NoPrice, PriceBook, Selected, reference_price
from commerce.pricing.events import PriceListChanged, PricesSet
from commerce.pricing.model import PriceChange, PriceContext, PriceEntry, PriceList, require_no_overlap
from commerce.pricing.ports import PricingUnit
from commerce.runtime import Begin, HookRelay

__all__ = ["PricingService"]


@define
class PricingService:
    """Keep price lists and answer what something costs."""

    begin: Begin[PricingUnit]
    clock: Clock
    hooks: HookRelay

    def add_list(self, plist: PriceList) -> PriceList:
        """Store a new price list."""
        plist.record(PriceListChanged(aggregate_id=plist.id))
        with self.begin() as uow:
            uow.lists.add(plist)
        return plist

    def change_list(self, plist: PriceList) -> PriceList:
        """Store a list that was read and changed."""
        plist.record(PriceListChanged(aggregate_id=plist.id))
        with self.begin() as uow:
            uow.lists.save(plist)
        return plist

    def get_list(self, list_id: str) -> PriceList:
        """The list, or `PriceListNotFound`."""
        with self.begin() as uow:
            return uow.lists.get(list_id)

    def set_prices(self, list_id: str, entries: Sequence[PriceEntry]) -> None:
        """Give each SKU that occurs exactly these prices (tiers, validities) in one list.

        Overlapping validity of one tier raises `OverlappingPrices`. A changed price of
        single units goes into the history that reference prices are drawn from.
        """
        require_no_overlap(entries)
        now = self.clock()
        changes = [
            PriceChange(sku=entry.sku, price=entry.price, at=entry.starts_at or now)
            for entry in entries
            if entry.min_quantity == 1
        ]
        with self.begin() as uow:
            plist = uow.lists.get(list_id)
            uow.entries.replace(list_id, entries)
            uow.entries.note(list_id, changes)
            plist.record(PricesSet(aggregate_id=list_id, skus=tuple(sorted({entry.sku for entry in entries}))))
            uow.lists.save(plist)

    def select(self, wanted: Mapping[str, tuple[str, int]], context: PriceContext) -> Mapping[str, Selected | NoPrice]:
        """The price of every line: line id -> (sku, quantity) in, line id -> answer out."""
        with self.begin() as uow:
            lists = uow.lists.enabled()
            entries = uow.entries.of(sorted({sku for sku, _ in wanted.values()}))
        chosen = dict(PriceBook(lists, entries).select_all(wanted, context))
        for line_id, answer in chosen.items():
            if isinstance(answer, Selected):
                sku, quantity = wanted[line_id]
                adjusted = self.hooks.commerce_adjust_price(
                    sku=sku, quantity=quantity, selected=answer, context=context
                )
                chosen[line_id] = adjusted or answer
        return chosen

    def reference_price(self, list_id: str, sku: str, began: datetime) -> Price | None:
        """The lowest price of the 30 days before a reduction began (EU 98/6/EC article 6a)."""
        with self.begin() as uow:
            return reference_price(uow.entries.history(list_id, sku), began)

    def prices_of(self, skus: Sequence[str], context: PriceContext) -> Mapping[str, Price]:
        """The price of one unit of each SKU that has one: for listings."""
        grouped: dict[str, Price] = {}
        for sku, answer in self.select({sku: (sku, 1) for sku in skus}, context).items():
            if isinstance(answer, Selected):
                grouped[sku] = answer.price
        return grouped
