"""Stock: counters per item and location, holds on them, and the ledger that proves them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Self

from attrs import define, evolve, field, frozen

from commerce.inventory.errors import HoldExpired, NotHeld
from commerce.inventory.events import (
    StockCommitted,
    StockRejected,
    StockReleased,
    StockReserved,
    StockShipped,
    StockUnits,
)
from commerce.kernel import Entity, InvalidValue, aware, require_storable, storable_text

__all__ = [
    "Demand",
    "Drift",
    "Incoming",
    "Kit",
    "KitPart",
    "Movement",
    "MovementReason",
    "Reservation",
    "ReservationStatus",
    "ReservedLine",
    "StockItem",
    "StockLocation",
    "StockMode",
]

#: How long a hold may last. A second is forgiven: caller and service read two clocks.
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=31)
_CLOCKS_APART = timedelta(seconds=1)

#: Of a hold and of a part of one; together they are the key of a ledger line, which has room for 255 characters.
_LONGEST_KEY = 100

_SKU, _PLACE = storable_text(128, least=1), storable_text(64, least=1)


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

    id: str = field(validator=_PLACE)
    name: str = field(validator=storable_text(255))
    priority: int = 0
    country: str = field(default="", validator=storable_text(2))


@frozen(kw_only=True)
class StockItem:
    """The counters of one SKU at one location, and how it is counted.

    Before ``released_at`` only ``preorder_limit`` may be promised beyond the stock; from then
    on ``backorder_limit``, until ``backorder_until``. ``lapsed`` units are still in ``reserved``
    but their holds are out of time. ``shards`` says over how many rows a storage may spread the
    units that many want at once; it changes no answer.
    """

    sku: str = field(validator=_SKU)
    location_id: str = field(validator=_PLACE)
    on_hand: int = 0
    reserved: int = 0
    lapsed: int = 0
    safety_stock: int = 0
    backorder_limit: int = 0
    backorder_until: datetime | None = None
    preorder_limit: int = 0
    released_at: datetime | None = None
    mode: StockMode = StockMode.RESERVE_ON_ORDER
    shards: int = 1

    @property
    def limited(self) -> bool:
        """Whether it can be short at all."""
        return self.mode not in (StockMode.UNTRACKED, StockMode.TRACKED)

    @property
    def available(self) -> int:
        """Units that are here and free: on hand, less live holds and safety stock. Negative when more is owed."""
        return self.on_hand - self.reserved + self.lapsed - self.safety_stock

    def allowance(self, at: datetime) -> int:
        """How many units may be owed at that time: preorders before the release, backorders after it."""
        if self.released_at is not None and at < self.released_at:
            return self.preorder_limit
        return self.backorder_limit if self.backorder_until is None or at < self.backorder_until else 0

    def promisable(self, at: datetime) -> int:
        """How many more units may be promised at that time."""
        return self.available + self.allowance(at)


@frozen(kw_only=True)
class Incoming:
    """Units expected at a moment; ``key`` is the delivery that will bring them."""

    sku: str = field(validator=_SKU)
    quantity: int
    due_at: datetime
    location_id: str = field(validator=_PLACE)
    key: str = field(default="", validator=storable_text(255))


@frozen(kw_only=True)
class KitPart:
    """So many units of a component are in one kit."""

    sku: str = field(validator=_SKU)
    quantity: int


@frozen(kw_only=True)
class Kit:
    """A SKU that has no stock of its own: it consumes components."""

    sku: str = field(validator=_SKU)
    parts: tuple[KitPart, ...]


@frozen(kw_only=True)
class Demand:
    """How many units of a SKU are wanted, in all."""

    sku: str = field(validator=_SKU)
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
    COUNT = "count"
    TRANSFER = "transfer"


@frozen(kw_only=True)
class Movement:
    """One line of the ledger: signed changes of the counters of one item at one location.

    (key, reason, sku, location) occurs once: what happened is not booked again. A stock take
    also says what was ``counted``.
    """

    key: str = field(validator=storable_text(255, least=1))
    reason: MovementReason
    sku: str = field(validator=_SKU)
    location_id: str = field(validator=_PLACE)
    at: datetime
    on_hand: int = 0
    reserved: int = 0
    counted: int | None = None


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
    """Units of one item at one location. ``open`` ones are neither shipped nor released, ``out`` ones not back yet."""

    sku: str
    location_id: str
    quantity: int
    shipped: int = 0
    released: int = 0
    returned: int = 0

    @property
    def open(self) -> int:
        """Units still held."""
        return self.quantity - self.shipped - self.released

    @property
    def out(self) -> int:
        """Units that left and did not come back."""
        return self.shipped - self.returned

    def ship(self, units: int) -> Self:
        """With so many more that left."""
        return evolve(self, shipped=self.shipped + units)

    def release(self, units: int) -> Self:
        """With so many more that are free again."""
        return evolve(self, released=self.released + units)

    def take_back(self, units: int) -> Self:
        """With so many more that came back."""
        return evolve(self, returned=self.returned + units)


_OPEN, _OUT = attrgetter("open"), attrgetter("out")


@define(kw_only=True, eq=False)
class Reservation(Entity):
    """Units promised to whoever has the key. ``demand`` is what was asked for in all.

    ``kits`` are the recipes of that day, so that a kit leaves and returns as what was held
    for it. ``done`` are the parts already shipped, released, rejected or taken back.
    """

    key: str = field(validator=storable_text(_LONGEST_KEY, least=1))
    lines: tuple[ReservedLine, ...]
    demand: tuple[Demand, ...] = ()
    kits: tuple[Kit, ...] = ()
    status: ReservationStatus = ReservationStatus.HELD
    expires_at: datetime | None = None
    done: tuple[str, ...] = ()

    def hold(
        self,
        demand: tuple[Demand, ...],
        lines: tuple[ReservedLine, ...],
        expires_at: datetime | None,
        kits: tuple[Kit, ...] = (),
    ) -> None:
        """Begin to hold these units, planned for a demand."""
        self.demand, self.kits = demand, kits
        self.lines, self.expires_at, self.status, self.done = lines, expires_at, ReservationStatus.HELD, ()
        self.record(StockReserved(aggregate_id=self.id, key=self.key, lines=_units(lines)))

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
        self.require_live(at)
        self.status, self.expires_at = ReservationStatus.COMMITTED, None
        self.record(StockCommitted(aggregate_id=self.id, key=self.key))

    def require_live(self, at: datetime) -> None:
        """Refuse to go on with a hold that is over."""
        if not self.live(at):
            raise HoldExpired(key=self.key, expired_at=self.expires_at or at)

    def end(self, *, expired: bool = False) -> tuple[StockUnits, ...]:
        """Give back whatever is still held; returns it."""
        if self.status not in (ReservationStatus.HELD, ReservationStatus.COMMITTED):
            return ()
        freed = tuple(
            StockUnits(sku=line.sku, location_id=line.location_id, quantity=line.open)
            for line in self.lines
            if line.open
        )
        self.lines = tuple(line.release(line.open) for line in self.lines)
        self.status = ReservationStatus.EXPIRED if expired else ReservationStatus.RELEASED
        self.record(StockReleased(aggregate_id=self.id, key=self.key, lines=freed, expired=expired))
        return freed

    def ship(
        self, part: str, wanted: Mapping[str, int], at: datetime, location_id: str | None = None
    ) -> tuple[StockUnits, ...]:
        """Units by SKU leave the house (that one, if named), once per ``part``; returns from which locations."""
        if part not in self.done and self.lapsed(at):
            raise HoldExpired(key=self.key, expired_at=self.expires_at or at)
        taken = self._take(part, wanted, location_id, _OPEN, ReservedLine.ship)
        if taken:
            self.record(StockShipped(aggregate_id=self.id, key=self.key, lines=taken))
        return taken

    def release(self, part: str, wanted: Mapping[str, int], location_id: str | None = None) -> tuple[StockUnits, ...]:
        """Units by SKU are given back (at that location, if named), once per ``part``; returns at which locations."""
        taken = self._take(part, wanted, location_id, _OPEN, ReservedLine.release)
        if taken:
            self.record(StockReleased(aggregate_id=self.id, key=self.key, lines=taken))
        return taken

    def reject(self, part: str, location_id: str, wanted: Mapping[str, int]) -> tuple[StockUnits, ...]:
        """A location cannot deliver these open units, once per ``part``; returns what must come from elsewhere."""
        return self._take(part, wanted, location_id, _OPEN, ReservedLine.release)

    def replace(self, rejected: tuple[StockUnits, ...], lines: tuple[ReservedLine, ...]) -> None:
        """Hold other units instead of rejected ones."""
        rows = {(line.sku, line.location_id): line for line in self.lines}
        for line in lines:
            known = rows.get((line.sku, line.location_id))
            rows[line.sku, line.location_id] = (
                line if known is None else evolve(known, quantity=known.quantity + line.quantity)
            )
        self.lines = tuple(rows[place] for place in sorted(rows))
        self.record(StockRejected(aggregate_id=self.id, key=self.key, lines=rejected, instead=_units(lines)))

    def take_back(self, part: str, wanted: Mapping[str, int]) -> tuple[StockUnits, ...]:
        """Shipped units by SKU come back, once per ``part``; returns to which locations: those they left."""
        return self._take(part, wanted, None, _OUT, ReservedLine.take_back)

    def _components(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        for quantity in wanted.values():
            require_units(quantity)
        return explode(wanted, self.kits)

    def _take(
        self,
        part: str,
        wanted: Mapping[str, int],
        location_id: str | None,
        there: Callable[[ReservedLine], int],
        take: Callable[[ReservedLine, int], ReservedLine],
    ) -> tuple[StockUnits, ...]:
        """Units that are there, location by location. A SKU that was never held (untracked) takes nothing."""
        require_storable("part", part, least=1, most=_LONGEST_KEY)
        if part in self.done:
            return ()
        taken: list[StockUnits] = []
        lines = list(self.lines)
        for sku, quantity in self._components(wanted).items():
            if all(line.sku != sku for line in lines):
                continue
            places = [n for n, line in enumerate(lines) if line.sku == sku and location_id in (None, line.location_id)]
            held = sum(there(lines[n]) for n in places)
            if held < quantity:
                raise NotHeld(key=self.key, sku=sku, wanted=quantity, held=held)
            left = quantity
            for n in places:
                units = min(left, there(lines[n]))
                if units:
                    taken.append(StockUnits(sku=sku, location_id=lines[n].location_id, quantity=units))
                    lines[n] = take(lines[n], units)
                    left -= units
        self.lines, self.done = tuple(lines), (*self.done, part)
        return tuple(taken)


def _units(lines: tuple[ReservedLine, ...]) -> tuple[StockUnits, ...]:
    return tuple(StockUnits(sku=x.sku, location_id=x.location_id, quantity=x.quantity) for x in lines)


def explode(wanted: Mapping[str, int], kits: tuple[Kit, ...]) -> dict[str, int]:
    """Units per component, summed over kits and loose units, in SKU order."""
    recipes = {kit.sku: kit.parts for kit in kits}
    together: dict[str, int] = {}
    for sku, quantity in wanted.items():
        for part in recipes.get(sku, (KitPart(sku=sku, quantity=1),)):
            together[part.sku] = together.get(part.sku, 0) + quantity * part.quantity
    return dict(sorted(together.items()))


def require_units(quantity: int, field: str = "quantity", least: int = 1) -> None:
    """Refuse what is not a whole number of units, one or more."""
    if type(quantity) is not int or quantity < least:
        raise InvalidValue(field=field, reason=f"{quantity!r} units: pass a whole number, {least} or more")


def require_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Refuse a hold that ends in less than a minute or lasts over 31 days. None means: until committed or released."""
    if expires_at is None:
        return
    lasts = aware(expires_at, "expires_at") - now
    if not _SHORTEST - _CLOCKS_APART <= lasts <= _LONGEST + _CLOCKS_APART:
        raise InvalidValue(field="expires_at", reason="a hold lasts from 1 minute to 31 days: pass a moment in between")
