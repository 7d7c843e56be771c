"""Stock in memory."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.inventory import Drift, Movement, Reservation, StockItem, StockLocation, StockMode
from commerce.kernel import NotFound

__all__ = ["Unit"]


class MemoryStock:
    """Counters by (sku, location), and the ledger."""

    def __init__(self, session: MemorySession) -> None:
        self._session = session
        self._items = session.table("stock_item")
        self._locations = session.table("stock_location")
        self._ledger = session.table("stock_movement")

    def add_location(self, location: StockLocation) -> None:
        """Store a location, or its changes."""
        self._locations[location.id] = location

    def locations(self) -> Sequence[StockLocation]:
        """All locations, lowest priority first, then by id."""
        return sorted(self._locations.values(), key=lambda location: (location.priority, location.id))

    def configure(self, item: StockItem) -> None:
        """Store how an item is counted; its counters stay."""
        known = self._items.get((item.sku, item.location_id))
        kept = item if known is None else evolve(item, on_hand=known.on_hand, reserved=known.reserved)
        self._items[item.sku, item.location_id] = kept

    def items(self, skus: Sequence[str]) -> Sequence[StockItem]:
        """The counters of these SKUs at every location."""
        places = [location.id for location in self.locations()]
        found = (self._items.get((sku, place)) for sku in dict.fromkeys(skus) for place in places)
        return [item for item in found if item is not None]

    def book(self, movements: Sequence[Movement], *, guarded: bool = False) -> bool:
        """Change counters and append to the ledger."""
        for movement in movements:
            place = (movement.sku, movement.location_id)
            item = self._items.get(place)
            if item is None:
                item = StockItem(sku=movement.sku, location_id=movement.location_id)
            free = item.mode is StockMode.TRACKED
            if guarded and not free and item.available < movement.reserved:
                return False
            moved = evolve(item, on_hand=item.on_hand + movement.on_hand, reserved=item.reserved + movement.reserved)
            if moved.reserved < 0 or (moved.on_hand < 0 and not free):
                return False
            self._items[place] = moved
            self._ledger[self._session.next_number("stock_movement")] = movement
        return True

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""
        return [movement for movement in self._ledger.values() if movement.key == key]

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""
        return [movement for movement in self._ledger.values() if movement.sku == sku]

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for m in self._ledger.values():
            on_hand, reserved = sums.get((m.sku, m.location_id), (0, 0))
            sums[m.sku, m.location_id] = (on_hand + m.on_hand, reserved + m.reserved)
        return [
            Drift(
                sku=item.sku,
                location_id=item.location_id,
                on_hand=item.on_hand,
                on_hand_by_ledger=booked[0],
                reserved=item.reserved,
                reserved_by_ledger=booked[1],
            )
            for place, item in self._items.items()
            if (booked := sums.get(place, (0, 0))) != (item.on_hand, item.reserved)
        ]


class MemoryReservations(MemoryRepository[Reservation]):
    """The reservations, found by key too."""

    def by_key(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""
        id = self.session.table("stock_reservation_key").get(key)
        return None if id is None else self.find(id)

    def add(self, entity: Reservation) -> None:
        """Store a new reservation."""
        super().add(entity)
        self.session.table("stock_reservation_key")[entity.key] = entity.id

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over."""
        return [reservation.key for reservation in self.where(lambda r: r.lapsed(at))][:limit]


class Unit:
    """One transaction of the inventory module."""

    def __init__(self, session: MemorySession) -> None:
        self.stock = MemoryStock(session)
        self.reservations = MemoryReservations(session, "stock_reservation", lambda _: NotFound())
