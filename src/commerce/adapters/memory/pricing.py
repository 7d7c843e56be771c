"""Price lists in memory."""

from collections.abc import Sequence
from datetime import datetime

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.pricing import PriceChange, PriceEntry, PriceList, PriceListNotFound

__all__ = ["Unit"]


class MemoryPriceLists(MemoryRepository[PriceList]):
    """The price lists."""

    def enabled(self) -> Sequence[PriceList]:
        """All lists that are switched on."""
        return self.where(lambda plist: plist.enabled)


class MemoryPriceEntries:
    """Prices by SKU, and their history by list and SKU."""

    def __init__(self, session: MemorySession) -> None:
        self._entries = session.table("price_entry")
        self._history = session.table("price_history")

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""
        return [entry for sku in skus for entry in self._entries.get(sku) or ()]

    def replace(self, list_id: str, entries: Sequence[PriceEntry]) -> None:
        """Give each SKU that occurs exactly these entries in one list."""
        for sku in dict.fromkeys(entry.sku for entry in entries):
            others = [entry for entry in self._entries.get(sku) or () if entry.list_id != list_id]
            self._entries[sku] = (*others, *(entry for entry in entries if entry.sku == sku))

    def note(self, list_id: str, changes: Sequence[PriceChange]) -> None:
        """Append to the price history of a list."""
        for change in changes:
            self._history[list_id, change.sku] = (*(self._history.get((list_id, change.sku)) or ()), change)

    def history(self, list_id: str, sku: str, since: datetime | None = None) -> Sequence[PriceChange]:
        """The price history of one item in one list, oldest first."""
        known = sorted(self._history.get((list_id, sku)) or (), key=lambda change: change.at)
        return [change for change in known if since is None or change.at >= since]


class Unit:
    """One transaction of the pricing module."""

    def __init__(self, session: MemorySession) -> None:
        self.lists = MemoryPriceLists(session, "price_list", lambda id: PriceListNotFound(list_id=id))
        self.entries = MemoryPriceEntries(session)
