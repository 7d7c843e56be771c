"""What pricing needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.pricing.exchange import ExchangeRate
from commerce.pricing.holds import PriceHold
from commerce.pricing.model import PriceEntry, PriceList, PriceRecord

__all__ = ["ExchangeRates", "PriceEntries", "PriceHolds", "PriceLists", "PricingUnit", "StoredRates"]


class PriceLists(Protocol):
    """Stored price lists."""

    def find(self, list_id: str) -> PriceList | None:
        """The list, or nothing."""

    def get(self, list_id: str) -> PriceList:
        """The list, or `PriceListNotFound`."""

    def add(self, plist: PriceList) -> None:
        """Store a new list."""

    def save(self, plist: PriceList) -> None:
        """Store a changed list, or raise `commerce.kernel.StaleVersion`."""

    def enabled(self) -> Sequence[PriceList]:
        """All lists that are switched on."""

    def all(self) -> Sequence[PriceList]:
        """All lists, by id."""


class PriceEntries(Protocol):
    """Stored prices, and what they were before."""

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""

    def replace(self, list_id: str, skus: Sequence[str], entries: Sequence[PriceEntry]) -> None:
        """Give each of these SKUs exactly these entries in one list; none takes the price away."""

    def note(self, records: Sequence[PriceRecord]) -> None:
        """Append to the price history."""

    def history(self, skus: Sequence[str], list_id: str | None = None) -> Sequence[PriceRecord]:
        """The price history of items in one list or all, oldest first."""


class ExchangeRates(Protocol):
    """Somebody who knows what a currency is worth in another."""

    def rate(self, base: str, target: str, at: datetime) -> ExchangeRate | None:
        """The latest rate known at a moment, or nothing."""


class StoredRates(ExchangeRates, Protocol):
    """Exchange rates that were stated and kept."""

    def put(self, rates: Sequence[ExchangeRate]) -> None:
        """Store rates; one of the same currencies and moment is replaced."""


class PriceHolds(Protocol):
    """Stored promises of prices, by the key of what they were promised for (a cart's id)."""

    def put(self, key: str, hold: PriceHold) -> None:
        """Store a promise in place of any earlier one."""

    def find(self, key: str) -> PriceHold | None:
        """The promise, or nothing."""


class PricingUnit(Protocol):
    """One transaction of the pricing module."""

    @property
    def lists(self) -> PriceLists:
        """The price lists in this transaction."""

    @property
    def entries(self) -> PriceEntries:
        """The prices in this transaction."""

    @property
    def exchange(self) -> StoredRates:
        """The exchange rates in this transaction."""

    @property
    def holds(self) -> PriceHolds:
        """The promised prices in this transaction."""
