"""What inventory needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.inventory.model import Drift, Incoming, Kit, Movement, Reservation, StockItem, StockLocation

__all__ = ["InventoryUnit", "Reservations", "Stock"]


class Stock(Protocol):
    """Counters and their ledger. Both change together, in one transaction."""

    def add_location(self, location: StockLocation) -> None:
        """Store a location, or its changes."""

    def locations(self) -> Sequence[StockLocation]:
        """All locations, lowest priority first, then by id."""

    def configure(self, item: StockItem) -> None:
        """Store how an item is counted; its counters stay, or begin at zero."""

    def items(self, skus: Sequence[str], lapsed_at: datetime | None = None) -> Sequence[StockItem]:
        """The counters of these SKUs at every location, in the order of `locations`.

        With ``lapsed_at``, also how many of the held units are in holds out of time by then.
        """

    def locked(self, sku: str, location_id: str) -> StockItem:
        """The counters of one item (zeros if it has none), which nobody else changes before this transaction ends."""

    def book(self, movements: Sequence[Movement]) -> bool:
        """Append to the ledger and change counters, rows in (sku, location) order, each by its net change.

        Every row checks itself in the statement that changes it: reserved units must be
        promisable, transferred ones neither held nor absent, and no counter becomes negative
        (on hand of ``tracked`` items excepted). False if any row refused: then the transaction
        must be rolled back. An item without a row gets one for units received. A race for one
        key raises `commerce.kernel.StaleVersion`.
        """

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""

    def define(self, kit: Kit) -> None:
        """Store of which components a kit is made; without parts it is none any more."""

    def kits(self, skus: Sequence[str]) -> Sequence[Kit]:
        """Those of these SKUs that are kits, in SKU order."""

    def kits_of(self, components: Sequence[str]) -> Sequence[Kit]:
        """The kits that consume any of these components, in SKU order."""

    def expect(self, incoming: Sequence[Incoming]) -> None:
        """Store what a delivery will bring; a race for its key raises `commerce.kernel.StaleVersion`."""

    def incoming(self, skus: Sequence[str]) -> Sequence[Incoming]:
        """What is expected of these SKUs, soonest first."""

    def delivery(self, key: str) -> Sequence[Incoming]:
        """What a delivery is expected to bring."""

    def reschedule(self, key: str, due_at: datetime) -> None:
        """A delivery comes at another time."""

    def unexpect(self, key: str) -> None:
        """Forget a delivery: it came, or never will."""


class Reservations(Protocol):
    """Stored reservations."""

    def by_key(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""

    def add(self, reservation: Reservation) -> None:
        """Store a new reservation."""

    def save(self, reservation: Reservation) -> None:
        """Store a changed reservation, or raise `commerce.kernel.StaleVersion`."""

    def save_all(self, reservations: Sequence[Reservation]) -> None:
        """Store many changed reservations, rows in the order of their ids, or raise `commerce.kernel.StaleVersion`."""

    def lapsed(self, at: datetime, limit: int, skus: Sequence[str] = ()) -> Sequence[Reservation]:
        """Holds whose time is over, longest first; with ``skus`` only those with units of any of them."""


class InventoryUnit(Protocol):
    """One transaction of the inventory module.

    Rows are locked in one order everywhere, so that nobody waits in a circle: reservations
    by id, then the ledger, then counters by (sku, location).
    """

    @property
    def stock(self) -> Stock:
        """The counters and their ledger in this transaction."""

    @property
    def reservations(self) -> Reservations:
        """The reservations in this transaction."""
