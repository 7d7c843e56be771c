"""Price lists in memory."""

from collections.abc import Sequence
from datetime import datetime

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.pricing import ExchangeRate, PriceEntry, PriceHold, PriceList, PriceListNotFound, PriceRecord

__all__ = ["Unit"]


class MemoryPriceLists(MemoryRepository[PriceList]):
    """The price lists."""

    def enabled(self) -> Sequence[PriceList]:
        """All lists that are switched on."""
        return self.where(lambda plist: plist.enabled)

    def all(self) -> Sequence[PriceList]:
        """All lists, by id."""
        return sorted((plist.snapshot() for plist in self.rows.values()), key=lambda plist: plist.id)


class MemoryPriceEntries:
    """Prices by SKU, and their history by SKU."""

    def __init__(self, session: MemorySession) -> None:
        self._entries = session.table("price_entry")
        self._history = session.table("price_history")

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""
        return [entry for sku in skus for entry in self._entries.get(sku) or ()]

    def replace(self, list_id: str, skus: Sequence[str], entries: Sequence[PriceEntry]) -> None:
        """Give each of these SKUs exactly these entries in one list; none takes the price away."""
        fresh: dict[str, list[PriceEntry]] = {sku: [] for sku in skus}
        for entry in entries:
            fresh[entry.sku].append(entry)
        for sku, own in fresh.items():
            others = [entry for entry in self._entries.get(sku) or () if entry.list_id != list_id]
            self._entries[sku] = (*others, *own)

    def note(self, records: Sequence[PriceRecord]) -> None:
        """Append to the price history."""
        for record in records:
            self._history[record.sku] = (*(self._history.get(record.sku) or ()), record)

    def history(self, skus: Sequence[str], list_id: str | None = None) -> Sequence[PriceRecord]:
        """The price history of items in one list or all, oldest first."""
        known = [record for sku in skus for record in self._history.get(sku) or ()]
        return sorted((r for r in known if list_id in (None, r.list_id)), key=lambda record: record.at)


class MemoryExchangeRates:
    """Exchange rates by currencies and moment."""

    def __init__(self, session: MemorySession) -> None:
        self._rates = session.table("exchange_rate")

    def put(self, rates: Sequence[ExchangeRate]) -> None:
        """Store rates; one of the same currencies and moment is replaced."""
        for rate in rates:
            known = self._rates.get((rate.base, rate.target)) or {}
            self._rates[rate.base, rate.target] = {**known, rate.at: rate}

    def rate(self, base: str, target: str, at: datetime) -> ExchangeRate | None:
        """The latest rate known at a moment, or nothing."""
        known = self._rates.get((base, target)) or {}
        moment = max((moment for moment in known if moment <= at), default=None)
        return None if moment is None else known[moment]


class MemoryPriceHolds:
    """Promised prices by key."""

    def __init__(self, session: MemorySession) -> None:
        self._holds = session.table("price_hold")

    def put(self, key: str, hold: PriceHold) -> None:
        """Store a promise in place of any earlier one."""
        self._holds[key] = hold

    def find(self, key: str) -> PriceHold | None:
        """The promise, or nothing."""
        found: PriceHold | None = self._holds.get(key)
        return found


class Unit:
    """One transaction of the pricing module."""

    def __init__(self, session: MemorySession) -> None:
        self.lists = MemoryPriceLists(session, "price_list", lambda id: PriceListNotFound(list_id=id))
        self.entries = MemoryPriceEntries(session)
        self.exchange = MemoryExchangeRates(session)
        self.holds = MemoryPriceHolds(session)
