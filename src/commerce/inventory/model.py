"""Stock: counters per item and location, holds on them, and the ledger that proves them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import define, evolve, field, frozen

from commerce.inventory.errors import HoldExpired, NotHeld
from commerce.inventory.events import StockCommitted, StockReleased, StockReserved, StockShipped, StockUnits
from commerce.kernel import Entity, InvalidValue

__all__ = [
    "Demand",
    "Drift",
    "Movement",
    "MovementReason",
    "Reservation",
    "ReservationStatus",
    "ReservedLine",
    "StockItem",
    "StockLocation",
    "StockMode",
]


class StockMode(StrEnum):
    """How an item is counted.

    ``untracked`` is never counted and never short (a download); ``tracked`` is counted
    but sold without limit; ``reserve_on_order`` and ``reserve_on_cart`` refuse what is not there,
    holding units from the order, or from the cart on.
    """

    UNTRACKED = "untracked"
    TRACKED = "tracked"
    RESERVE_ON_ORDER = "reserve_on_order"
    RESERVE_ON_CART = "reserve_on_cart"


@frozen(kw_only=True)
class StockLocation:
    """A place that has stock. Lower ``priority`` is asked first."""

    id: str
    name: str
    priority: int = 0
    country: str = ""


@frozen(kw_only=True)
class StockItem:
    """The counters of one SKU at one location."""

    sku: str
    location_id: str
    on_hand: int = 0
    reserved: int = 0
    safety_stock: int = 0
    backorder_limit: int = 0
    mode: StockMode = StockMode.RESERVE_ON_ORDER

    @property
    def available(self) -> int:
        """How many more may be promised: on hand, less held and safety stock, plus what may be owed."""
        return self.on_hand - self.reserved - self.safety_stock + self.backorder_limit


@frozen(kw_only=True)
class Demand:
    """How many units of a SKU are wanted, in all."""

    sku: str
    quantity: int = field()

    @quantity.validator
    def _positive(self, _: object, quantity: int) -> None:
        require_units(quantity)


class MovementReason(StrEnum):
    """Why counters moved."""

    RECEIVE = "receive"
    RESERVE = "reserve"
    RELEASE = "release"
    SHIP = "ship"
    RESTOCK = "restock"
    ADJUST = "adjust"
    TRANSFER = "transfer"


@frozen(kw_only=True)
class Movement:
    """One line of the ledger: signed changes of the counters of one item at one location.

    (key, reason, sku, location) occurs once: what happened is not booked again.
    """

    key: str
    reason: MovementReason
    sku: str
    location_id: str
    at: datetime
    on_hand: int = 0
    reserved: int = 0


@frozen(kw_only=True)
class Drift:
    """Counters that disagree with the ledger; there should be none, ever."""

    sku: str
    location_id: str
    on_hand: int
    on_hand_by_ledger: int
    reserved: int
    reserved_by_ledger: int


class ReservationStatus(StrEnum):
    """Held until it is committed (belongs to an order), released, or out of time."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


@frozen(kw_only=True)
class ReservedLine:
    """Units of one item at one location. ``open`` ones are neither shipped nor released."""

    sku: str
    location_id: str
    quantity: int
    shipped: int = 0
    released: int = 0

    @property
    def open(self) -> int:
        """Units still held."""
        return self.quantity - self.shipped - self.released


@define(kw_only=True, eq=False)
class Reservation(Entity):
    """Units promised to whoever has the key. ``demand`` is what was asked for in all.

    ``done`` are the keys of parts already shipped or released.
    """

    key: str
    lines: tuple[ReservedLine, ...]
    demand: tuple[Demand, ...] = ()
    status: ReservationStatus = ReservationStatus.HELD
    expires_at: datetime | None = None
    done: tuple[str, ...] = ()

    def hold(self, demand: tuple[Demand, ...], lines: tuple[ReservedLine, ...], expires_at: datetime | None) -> None:
        """Begin to hold these units, planned for a demand."""
        self.demand = demand
        self.lines, self.expires_at, self.status, self.done = lines, expires_at, ReservationStatus.HELD, ()
        units = tuple(StockUnits(sku=x.sku, location_id=x.location_id, quantity=x.quantity) for x in lines)
        self.record(StockReserved(aggregate_id=self.id, key=self.key, lines=units))

    def lapsed(self, at: datetime) -> bool:
        """Whether it is a hold whose time is over: invalid from that moment on, swept or not."""
        return self.status is ReservationStatus.HELD and self.expires_at is not None and at >= self.expires_at

    def live(self, at: datetime) -> bool:
        """Whether its units are promised."""
        promised = self.status in (ReservationStatus.HELD, ReservationStatus.COMMITTED)
        return promised and not self.lapsed(at)

    def commit(self, at: datetime) -> None:
        """The units belong to an order: no more expiry."""
        if self.status is ReservationStatus.COMMITTED:
            return
        if not self.live(at):
            raise HoldExpired(key=self.key, expired_at=self.expires_at or at)
        self.status, self.expires_at = ReservationStatus.COMMITTED, None
        self.record(StockCommitted(aggregate_id=self.id, key=self.key))

    def end(self, *, expired: bool = False) -> tuple[StockUnits, ...]:
        """Give back whatever is still held; returns it."""
        if self.status not in (ReservationStatus.HELD, ReservationStatus.COMMITTED):
            return ()
        freed = tuple(
            StockUnits(sku=line.sku, location_id=line.location_id, quantity=line.open)
            for line in self.lines
            if line.open
        )
        self.lines = tuple(evolve(line, released=line.released + line.open) for line in self.lines)
        self.status = ReservationStatus.EXPIRED if expired else ReservationStatus.RELEASED
        self.record(StockReleased(aggregate_id=self.id, key=self.key, lines=freed, expired=expired))
        return freed

    def ship(self, part: str, wanted: Mapping[str, int], at: datetime) -> tuple[StockUnits, ...]:
        """Units by SKU leave the house, once per ``part``; returns from which locations."""
        if part not in self.done and self.lapsed(at):
            raise HoldExpired(key=self.key, expired_at=self.expires_at or at)
        taken = self._take(part, wanted, shipped=True)
        if taken:
            self.record(StockShipped(aggregate_id=self.id, key=self.key, lines=taken))
        return taken

    def release(self, part: str, wanted: Mapping[str, int]) -> tuple[StockUnits, ...]:
        """Units by SKU are given back, once per ``part``; returns at which locations."""
        taken = self._take(part, wanted, shipped=False)
        if taken:
            self.record(StockReleased(aggregate_id=self.id, key=self.key, lines=taken))
        return taken

    def _take(self, part: str, wanted: Mapping[str, int], *, shipped: bool) -> tuple[StockUnits, ...]:
        """Open units, location by location. A SKU that was never held (untracked) takes nothing."""
        if part in self.done:
            return ()
        taken: list[StockUnits] = []
        lines = list(self.lines)
        for sku, quantity in wanted.items():
            require_units(quantity)
            places = [n for n, line in enumerate(lines) if line.sku == sku]
            held = sum(lines[n].open for n in places)
            if places and held < quantity:
                raise NotHeld(key=self.key, sku=sku, wanted=quantity, held=held)
            left = quantity
            for n in places:
                line, units = lines[n], min(left, lines[n].open)
                if units:
                    lines[n] = evolve(
                        line,
                        shipped=line.shipped + (units if shipped else 0),
                        released=line.released + (0 if shipped else units),
                    )
                    taken.append(StockUnits(sku=sku, location_id=line.location_id, quantity=units))
                    left -= units
        self.lines, self.done = tuple(lines), (*self.done, part)
        return tuple(taken)


def require_units(quantity: int) -> None:
    """Refuse what is not a positive whole number of units."""
    if type(quantity) is not int or quantity < 1:
        raise InvalidValue(field="quantity", reason=f"{quantity!r} units: pass a whole number, 1 or more")
