"""What pricing needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.pricing.model import PriceChange, PriceEntry, PriceList

__all__ = ["PriceEntries", "PriceLists", "PricingUnit"]


class PriceLists(Protocol):
    """Stored price lists."""

    def get(self, list_id: str) -> PriceList:
        """The list, or `PriceListNotFound`."""

    def add(self, plist: PriceList) -> None:
        """Store a new list."""

    def save(self, plist: PriceList) -> None:
        """Store a changed list, or raise `commerce.kernel.StaleVersion`."""

    def enabled(self) -> Sequence[PriceList]:
        """All lists that are switched on."""


class PriceEntries(Protocol):
    """Stored prices, and what they were before."""

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""

    def replace(self, list_id: str, entries: Sequence[PriceEntry]) -> None:
        """Give each SKU that occurs exactly these entries in one list."""

    def note(self, list_id: str, changes: Sequence[PriceChange]) -> None:
        """Append to the price history of a list."""

    def history(self, list_id: str, sku: str, since: datetime | None = None) -> Sequence[PriceChange]:
        """The price history of one item in one list, oldest first."""


class PricingUnit(Protocol):
    """One transaction of the pricing module."""

    @property
    def lists(self) -> PriceLists:
        """The price lists in this transaction."""

    @property
    def entries(self) -> PriceEntries:
        """The prices in this transaction."""
