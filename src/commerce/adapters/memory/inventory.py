"""Stock in memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.inventory import (
    Drift,
    Incoming,
    Kit,
    Movement,
    MovementReason,
    Reservation,
    StockItem,
    StockLocation,
    StockMode,
)
from commerce.kernel import NotFound, StaleVersion

__all__ = ["Unit"]

Place = tuple[str, str]


class MemoryStock:
    """Counters by (sku, location), the ledger, kits, and what is expected."""

    def __init__(self, session: MemorySession) -> None:
        self._items = session.table("stock_item")
        self._locations = session.table("stock_location")
        self._ledger = session.table("stock_movement")
        self._kits = session.table("stock_kit")
        self._incoming = session.table("stock_incoming")
        self._holds = session.table("stock_reservation")

    def add_location(self, location: StockLocation) -> None:
        """Store a location, or its changes."""
        self._locations[location.id] = location

    def locations(self) -> Sequence[StockLocation]:
        """All locations, lowest priority first, then by id."""
        return sorted(self._locations.values(), key=lambda location: (location.priority, location.id))

    def configure(self, item: StockItem) -> None:
        """Store how an item is counted; its counters stay."""
        known = self.locked(item.sku, item.location_id)
        self._items[item.sku, item.location_id] = evolve(item, on_hand=known.on_hand, reserved=known.reserved)

    def items(self, skus: Sequence[str], lapsed_at: datetime | None = None) -> Sequence[StockItem]:
        """The counters of these SKUs at every location, and what lapsed holds still keep of them."""
        places = [location.id for location in self.locations()]
        found = (self._items.get((sku, place)) for place in places for sku in sorted(set(skus)))
        items = [item for item in found if item is not None]
        if lapsed_at is None:
            return items
        lapsed = _sums(
            ((line.sku, line.location_id), line.open)
            for hold in self._holds.values()
            if hold.lapsed(lapsed_at)
            for line in hold.lines
        )
        return [evolve(item, lapsed=lapsed.get((item.sku, item.location_id), 0)) for item in items]

    def locked(self, sku: str, location_id: str) -> StockItem:
        """The counters of one item; transactions are alone here anyway."""
        return self._items.get((sku, location_id)) or StockItem(sku=sku, location_id=location_id)

    def book(self, movements: Sequence[Movement]) -> bool:
        """Append to the ledger and change counters."""
        changes: dict[Place, list[Movement]] = {}
        for movement in movements:
            row = (movement.key, movement.reason, movement.sku, movement.location_id)
            if row in self._ledger:
                raise StaleVersion(entity="stock_movement", id=movement.key, version=0)
            self._ledger[row] = movement
            changes.setdefault((movement.sku, movement.location_id), []).append(movement)
        return all(self._move(place, moved) for place, moved in sorted(changes.items()))

    def _move(self, place: Place, moved: Sequence[Movement]) -> bool:
        sku, location_id = place
        item = self._items.get(place)
        if item is None:
            if all(m.on_hand <= 0 and m.reason is not MovementReason.COUNT for m in moved):
                return False
            item = StockItem(sku=sku, location_id=location_id)
        on_hand, reserved = sum(m.on_hand for m in moved), sum(m.reserved for m in moved)
        promised = reserved if any(m.reason is MovementReason.RESERVE for m in moved) else 0
        carried = -sum(m.on_hand for m in moved if m.reason is MovementReason.TRANSFER)
        after = evolve(item, on_hand=item.on_hand + on_hand, reserved=item.reserved + reserved)
        if after.reserved < 0:
            return False
        if item.mode is not StockMode.TRACKED and (
            after.on_hand < 0
            or (promised > 0 and item.promisable(moved[0].at) < promised)
            or (carried > 0 and item.on_hand - item.reserved < carried)
        ):
            return False
        self._items[place] = after
        return True

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""
        return [movement for movement in self._ledger.values() if movement.key == key]

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""
        return [movement for movement in self._ledger.values() if movement.sku == sku]

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""
        on_hand = _sums(((m.sku, m.location_id), m.on_hand) for m in self._ledger.values())
        reserved = _sums(((m.sku, m.location_id), m.reserved) for m in self._ledger.values())
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
            if (booked := (on_hand.get(place, 0), reserved.get(place, 0))) != (item.on_hand, item.reserved)
        ]

    def define(self, kit: Kit) -> None:
        """Store of which components a kit is made."""
        if kit.parts:
            self._kits[kit.sku] = kit
        else:
            del self._kits[kit.sku]

    def kits(self, skus: Sequence[str]) -> Sequence[Kit]:
        """Those of these SKUs that are kits."""
        return [kit for sku in sorted(set(skus)) if (kit := self._kits.get(sku)) is not None]

    def kits_of(self, components: Sequence[str]) -> Sequence[Kit]:
        """The kits that consume any of these components."""
        using = (kit for kit in self._kits.values() if any(part.sku in components for part in kit.parts))
        return sorted(using, key=lambda kit: kit.sku)

    def expect(self, incoming: Sequence[Incoming]) -> None:
        """Store what a delivery will bring."""
        for one in incoming:
            self._incoming[one.key, one.sku, one.location_id] = one

    def incoming(self, skus: Sequence[str]) -> Sequence[Incoming]:
        """What is expected of these SKUs, soonest first."""
        due = (one for one in self._incoming.values() if one.sku in skus)
        return sorted(due, key=lambda one: (one.due_at, one.key, one.sku, one.location_id))

    def delivery(self, key: str) -> Sequence[Incoming]:
        """What a delivery is expected to bring."""
        return [one for one in self._incoming.values() if one.key == key]

    def reschedule(self, key: str, due_at: datetime) -> None:
        """A delivery comes at another time."""
        self.expect([evolve(one, due_at=due_at) for one in self.delivery(key)])

    def unexpect(self, key: str) -> None:
        """Forget a delivery."""
        for one in self.delivery(key):
            del self._incoming[one.key, one.sku, one.location_id]


def _sums(units: Iterable[tuple[Place, int]]) -> Mapping[Place, int]:
    sums: dict[Place, int] = {}
    for place, quantity in units:
        sums[place] = sums.get(place, 0) + quantity
    return sums


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

    def save_all(self, reservations: Sequence[Reservation]) -> None:
        """Store many changed reservations."""
        for reservation in reservations:
            self.save(reservation)

    def lapsed(self, at: datetime, limit: int, skus: Sequence[str] = ()) -> Sequence[Reservation]:
        """Holds whose time is over, longest first."""
        found = self.where(lambda r: r.lapsed(at) and (not skus or any(line.sku in skus for line in r.lines)))
        return sorted(found, key=lambda r: (r.expires_at or at, r.id))[:limit]


class Unit:
    """One transaction of the inventory module."""

    def __init__(self, session: MemorySession) -> None:
        self.stock = MemoryStock(session)
        self.reservations = MemoryReservations(session, "stock_reservation", lambda _: NotFound())
