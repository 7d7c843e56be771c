"""What inventory needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.inventory.model import Drift, Movement, Reservation, StockItem, StockLocation

__all__ = ["InventoryUnit", "Reservations", "Stock"]


class Stock(Protocol):
    """Counters and their ledger. Both change together, in one transaction."""

    def add_location(self, location: StockLocation) -> None:
        """Store a location, or its changes."""

    def locations(self) -> Sequence[StockLocation]:
        """All locations, lowest priority first, then by id."""

    def configure(self, item: StockItem) -> None:
        """Store mode, safety stock and backorder limit of an item; its counters stay, or begin at zero."""

    def items(self, skus: Sequence[str]) -> Sequence[StockItem]:
        """The counters of these SKUs at every location, in the order of `locations`."""

    def book(self, movements: Sequence[Movement], *, guarded: bool = False) -> bool:
        """Change counters and append to the ledger; rows are changed in (sku, location) order.

        ``guarded`` refuses to promise more than is available: the check is part of each
        row's own update. A counter never becomes negative. False if any row refused: then the transaction must be
        rolled back. An item without a row gets one for units received. A race for one key
        raises `commerce.kernel.StaleVersion`.
        """

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""


class Reservations(Protocol):
    """Stored reservations."""

    def by_key(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""

    def add(self, reservation: Reservation) -> None:
        """Store a new reservation."""

    def save(self, reservation: Reservation) -> None:
        """Store a changed reservation, or raise `commerce.kernel.StaleVersion`."""

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over."""


class InventoryUnit(Protocol):
    """One transaction of the inventory module."""

    @property
    def stock(self) -> Stock:
        """The counters and their ledger in this transaction."""

    @property
    def reservations(self) -> Reservations:
        """The reservations in this transaction."""
