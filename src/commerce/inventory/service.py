"""Use cases of inventory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import define, evolve, frozen

from commerce.inventory.engine import Planner, available_to_promise, plan, promised_by, sum_demand
from commerce.inventory.errors import (
    KitHasNoStock,
    LocationNotFound,
    NoSource,
    OutOfStock,
    ReservationNotFound,
    SameLocation,
    UnknownStockItem,
)
from commerce.inventory.events import StockUnits
from commerce.inventory.model import (
    Demand,
    Drift,
    Incoming,
    Kit,
    KitPart,
    Movement,
    MovementReason,
    Reservation,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockLocation,
    StockMode,
    explode,
    require_expiry,
    require_units,
)
from commerce.inventory.ports import InventoryUnit
from commerce.kernel import Clock, CommerceError, InvalidValue, KeyReused, StaleVersion, aware, new_id
from commerce.runtime import Begin

__all__ = ["InventoryService"]

T = TypeVar("T")

#: How often a command is tried again when somebody else was quicker.
_TRIES = 20

#: More rows than this for one item help nobody.
_MOST_SHARDS = 64


@define
class InventoryService:
    """Count, hold and move stock. Never promises a unit twice.

    Every command has a key and happens once per key. A hold refuses by itself: the
    check is inside the statement that takes the units.
    """

    begin: Begin[InventoryUnit]
    clock: Clock

    # What there is, and how it is counted.

    def add_location(self, location: StockLocation) -> StockLocation:
        """Add a place that has stock, or change its name or priority."""
        with self.begin() as uow:
            uow.stock.add_location(location)
        return location

    def configure(
        self,
        sku: str,
        location_id: str,
        *,
        mode: StockMode = StockMode.RESERVE_ON_ORDER,
        safety_stock: int = 0,
        backorder_limit: int = 0,
        backorder_until: datetime | None = None,
        preorder_limit: int = 0,
        released_at: datetime | None = None,
        shards: int = 1,
    ) -> None:
        """Say how an item is counted at a location. Its counters stay.

        ``shards`` above 1 spreads the units over rows of their own, for an item that hundreds want
        in the same second. A kit is refused with `KitHasNoStock`.
        """
        limits = {"safety_stock": safety_stock, "backorder_limit": backorder_limit, "preorder_limit": preorder_limit}
        for name, units in limits.items():
            require_units(units, name, 0)
        require_units(shards, "shards")
        if shards > _MOST_SHARDS:
            raise InvalidValue(field="shards", reason=f"pass 1 to {_MOST_SHARDS}")
        if preorder_limit and released_at is None:
            raise InvalidValue(field="released_at", reason="preorders end at the release: pass its moment")
        item = StockItem(
            sku=sku,
            location_id=location_id,
            mode=mode,
            shards=shards,
            backorder_until=backorder_until and aware(backorder_until, "backorder_until"),
            released_at=released_at and aware(released_at, "released_at"),
            **limits,
        )
        with self.begin() as uow:
            _require_locations(uow, [location_id])
            _require_no_kit(uow, [sku])
            if mode is not StockMode.TRACKED and uow.stock.locked(sku, location_id).on_hand < 0:
                raise InvalidValue(field="mode", reason="fewer than none are on hand: count the item first")
            uow.stock.configure(item)

    def define_kit(self, sku: str, components: Mapping[str, int]) -> None:
        """Say that a SKU is sold as so many units of others; with no components it is a kit no more.

        Only the components are counted. Holds made before keep their recipe. A kit in a kit is
        refused, and so is a SKU that has stock of its own.
        """
        for quantity in components.values():
            require_units(quantity)
        with self.begin() as uow:
            if components:
                _require_no_kit(uow, list(components))
                if uow.stock.kits_of([sku]) or sku in components:
                    raise InvalidValue(field="components", reason=f"{sku} is itself in a kit: name its components")
                if uow.stock.items([sku]):
                    raise InvalidValue(field="sku", reason=f"{sku} has stock of its own: give the kit another SKU")
            parts = tuple(KitPart(sku=part, quantity=quantity) for part, quantity in sorted(components.items()))
            uow.stock.define(Kit(sku=sku, parts=parts))

    def kits(self, skus: Sequence[str]) -> Sequence[Kit]:
        """Those of these SKUs that are kits, with their components."""
        with self.begin() as uow:
            return uow.stock.kits(skus)

    # What comes in, moves, and is counted.

    def receive(self, key: str, sku: str, location_id: str, quantity: int) -> None:
        """Units arrived from a supplier."""
        self.receive_many(key, [StockUnits(sku=sku, location_id=location_id, quantity=quantity)])

    def receive_many(self, key: str, units: Sequence[StockUnits]) -> None:
        """A delivery of many items, once per key. An expected delivery with that key is expected no more."""
        self._add(key, MovementReason.RECEIVE, units)

    def restock(self, key: str, units: Sequence[StockUnits]) -> None:
        """Returned units are for sale again, once per key. A kit comes back as its components."""
        self._add(key, MovementReason.RESTOCK, units)

    def restock_shipped(self, key: str, reservation_key: str, units: Mapping[str, int]) -> None:
        """Shipped units by SKU are for sale again where they left, kits by the recipe of their hold, once per key.

        Raises `ReservationNotFound`, and `NotHeld` for more than were shipped.
        """
        with self.begin() as uow:
            back = _known(uow, reservation_key).shipped_from(units)
        self._book(key, lambda _: [self._movement(key, MovementReason.RESTOCK, u, on_hand=u.quantity) for u in back])

    def _add(self, key: str, reason: MovementReason, units: Sequence[StockUnits]) -> None:
        wanted: dict[str, dict[str, int]] = {}
        for one in units:
            require_units(one.quantity)
            place = wanted.setdefault(one.location_id, {})
            place[one.sku] = place.get(one.sku, 0) + one.quantity

        def movements(uow: InventoryUnit) -> Sequence[Movement]:
            kits = tuple(uow.stock.kits(sorted({one.sku for one in units})))
            if reason is MovementReason.RECEIVE:
                uow.stock.unexpect(key)
            return [
                self._movement(key, reason, StockUnits(sku=sku, location_id=place, quantity=quantity), on_hand=quantity)
                for place, skus in sorted(wanted.items())
                for sku, quantity in explode(skus, kits).items()
            ]

        self._book(key, movements)

    def adjust(self, key: str, sku: str, location_id: str, difference: int) -> None:
        """So many units more, or fewer, than the books have. Raises `OutOfStock` below zero."""
        require_units(abs(difference), "difference")
        at = StockUnits(sku=sku, location_id=location_id, quantity=abs(difference))

        def movements(uow: InventoryUnit) -> Sequence[Movement]:
            _require_no_kit(uow, [sku])
            return [self._movement(key, MovementReason.ADJUST, at, on_hand=difference)]

        self._book(key, movements)

    def transfer(self, key: str, sku: str, source_id: str, target_id: str, quantity: int) -> None:
        """Move units that nobody holds between locations.

        Raises `OutOfStock` if the source has fewer, `UnknownStockItem`, `SameLocation` and `LocationNotFound`.
        """
        require_units(quantity)
        if source_id == target_id:
            raise SameLocation(sku=sku, location_id=source_id)

        def movements(uow: InventoryUnit) -> Sequence[Movement]:
            _require_no_kit(uow, [sku])
            return [
                self._movement(
                    key,
                    MovementReason.TRANSFER,
                    StockUnits(sku=sku, location_id=place, quantity=quantity),
                    on_hand=difference,
                )
                for place, difference in ((source_id, -quantity), (target_id, quantity))
            ]

        self._book(key, movements)

    def count(self, key: str, sku: str, location_id: str, counted: int) -> int:
        """A stock take: the books say what was counted, from now on; returns the difference that was booked.

        Once per key: a repeated count answers with the first difference and books nothing. Fewer
        units than are held is a fact, too; what cannot leave any more is told by `ship`.
        """
        require_units(counted, "counted", 0)

        def act(uow: InventoryUnit) -> int:
            _require_locations(uow, [location_id])
            _require_no_kit(uow, [sku])
            known = uow.stock.booked(key)
            found = uow.stock.locked(sku, location_id).on_hand
            at = StockUnits(sku=sku, location_id=location_id, quantity=counted)
            movement = evolve(self._movement(key, MovementReason.COUNT, at, on_hand=counted - found), counted=counted)
            if not _once(key, known, [movement]):
                return known[0].on_hand
            uow.stock.book([movement])
            return movement.on_hand

        return self._retry(act)

    def _book(self, key: str, movements: Callable[[InventoryUnit], Sequence[Movement]]) -> None:
        """Book once per key; the same key with other units is refused."""

        def act(uow: InventoryUnit) -> None:
            wanted = movements(uow)
            _require_locations(uow, [movement.location_id for movement in wanted])
            if _once(key, uow.stock.booked(key), wanted) and not uow.stock.book(wanted):
                raise _short(uow, wanted)

        self._retry(act)

    # What is expected.

    def expect(self, key: str, sku: str, location_id: str, quantity: int, *, due_at: datetime) -> None:
        """A delivery is on its way. It is expected until `receive` with the same key, or `cancel_expected`."""
        require_units(quantity)
        wanted = Incoming(sku=sku, quantity=quantity, due_at=aware(due_at, "due_at"), location_id=location_id, key=key)

        def act(uow: InventoryUnit) -> None:
            _require_locations(uow, [location_id])
            _require_no_kit(uow, [sku])
            came = uow.stock.booked(key)
            known = [*uow.stock.delivery(key)]
            if {*map(_brings, came), *map(_brings, known)} - {_brings(wanted)}:
                raise KeyReused(key=key)
            if not came and not known:
                uow.stock.expect([wanted])

        self._retry(act)

    def reschedule(self, key: str, *, due_at: datetime) -> None:
        """An expected delivery comes at another time."""
        with self.begin() as uow:
            uow.stock.reschedule(key, aware(due_at, "due_at"))

    def cancel_expected(self, key: str) -> None:
        """An expected delivery will not come. Unknown or received already: nothing happens."""
        with self.begin() as uow:
            uow.stock.unexpect(key)

    # Holds.

    def reserve(
        self,
        key: str,
        demand: Iterable[Demand],
        *,
        location_id: str | None = None,
        expires_at: datetime | None = None,
        replaces: str | None = None,
        policy: Planner = plan,
    ) -> Reservation:
        """Hold units, all or none; the same key again answers with the hold it made.

        Without ``expires_at`` (1 minute to 31 days) the holder must commit or release. A released or lapsed key may
        be reserved anew; a live one with another demand is a `commerce.kernel.KeyReused`. The hold
        of the key ``replaces`` ends in the same moment, and its units count as free: a cart becomes an order
        without a gap. ``policy`` chooses the locations: by priority, unless told otherwise.
        Raises `OutOfStock`, `UnknownStockItem` and what the policy raises.
        """
        wish = _Wish(
            key=key,
            wanted=sum_demand(demand),
            location_id=location_id,
            expires_at=expires_at,
            replaces=replaces,
            policy=policy,
        )
        return self._retry(lambda uow: self._reserve(uow, wish))

    def hold_cart(
        self,
        key: str,
        demand: Iterable[Demand],
        *,
        expires_at: datetime,
        location_id: str | None = None,
        replaces: str | None = None,
    ) -> Reservation:
        """As `reserve`, but holds only items whose mode is ``reserve_on_cart``; the others wait for the order."""
        wish = _Wish(
            key=key,
            wanted=sum_demand(demand),
            location_id=location_id,
            expires_at=expires_at,
            replaces=replaces,
            cart=True,
        )
        return self._retry(lambda uow: self._reserve(uow, wish))

    def _reserve(self, uow: InventoryUnit, wish: "_Wish") -> Reservation:
        now = self.clock()
        known = uow.reservations.by_key(wish.key)
        if known is not None and known.live(now):
            return _same(known, wish.demand)
        require_expiry(wish.expires_at, now)
        replaced = uow.reservations.by_key(wish.replaces) if wish.replaces not in (None, wish.key) else None
        if replaced is not None and replaced.status is not ReservationStatus.HELD:
            replaced = None
        freed = [m for r in (known, replaced) if r is not None for m in self._ended(r, now)]
        kits, needed, stock = _look(uow, wish.wanted)
        if wish.cart:
            carted = {item.sku for item in stock if item.mode is StockMode.RESERVE_ON_CART}
            needed = {sku: quantity for sku, quantity in needed.items() if sku in carted}
        lines = self._choose(uow, needed, stock, wish.policy, freed, only=wish.location_id)
        reservation = known or Reservation(id=new_id(), key=wish.key, lines=())
        reservation.hold(wish.demand, lines, wish.expires_at, kits)
        held = [
            self._movement(
                f"{wish.key}/{reservation.version}",
                MovementReason.RESERVE,
                StockUnits(sku=line.sku, location_id=line.location_id, quantity=line.quantity),
                reserved=line.quantity,
            )
            for line in lines
        ]
        changed = [r for r in (known, replaced) if r is not None]
        if changed:
            uow.reservations.save_all(changed)
        if known is None:
            uow.reservations.add(reservation)
        if not uow.stock.book([*freed, *held]):
            raise _Again(refusal=OutOfStock(sku=lines[0].sku, requested=needed[lines[0].sku], available=0))
        return reservation

    def _choose(
        self,
        uow: InventoryUnit,
        needed: Mapping[str, int],
        stock: Sequence[StockItem],
        policy: Planner,
        freed: Sequence[Movement],
        *,
        only: str | None = None,
        without: str | None = None,
    ) -> tuple[ReservedLine, ...]:
        """Ask the policy; if it refuses, and would not if holds out of time were gone, sweep those first.

        Whether it would is seen in one statement, so a refusal is exact.
        """
        now = self.clock()

        def usable(items: Sequence[StockItem]) -> list[StockItem]:
            places = [
                item
                for item in items
                if item.mode is StockMode.UNTRACKED
                or (only in (None, item.location_id) and item.location_id != without)
            ]
            for sku in sorted({item.sku for item in items} - {item.sku for item in places}):
                raise OutOfStock(sku=sku, requested=needed[sku], available=0)
            return _with_freed(places, freed)

        try:
            return policy(needed, usable(stock), now)
        except (OutOfStock, NoSource) as refusal:
            seen = uow.stock.items(list(needed), now)
            policy(needed, usable(seen), now)
            raise _Again(refusal=refusal, sweep=tuple(needed)) from None

    def commit(self, key: str) -> None:
        """The held units belong to an order now. Raises `HoldExpired` if it is too late."""

        def commit(_: InventoryUnit, reservation: Reservation, now: datetime) -> Sequence[Movement]:
            reservation.commit(now)
            return ()

        self._change(key, commit)

    def release(self, key: str) -> None:
        """Let go of all that is still held. Unknown or ended already: nothing happens."""
        self._change(key, lambda _, reservation, now: self._ended(reservation, now), known=False)

    def release_units(self, key: str, units: Mapping[str, int], *, part: str, location_id: str | None = None) -> None:
        """Let go of some units by SKU, once per ``part``. Raises `NotHeld`."""
        self._change(key, lambda _, hold, __: self._freed(hold, hold.release(part, units, location_id), part))

    def ship(self, key: str, units: Mapping[str, int], *, part: str, location_id: str | None = None) -> None:
        """Held units by SKU leave the house, once per ``part``; from that location, if named. Raises `NotHeld`.

        Raises `OutOfStock` while promised units (backorders) are not here yet.
        """

        def ship(_: InventoryUnit, reservation: Reservation, now: datetime) -> Sequence[Movement]:
            return [
                self._movement(f"{key}/{part}", MovementReason.SHIP, one, on_hand=-one.quantity, reserved=-one.quantity)
                for one in reservation.ship(part, units, now, location_id)
            ]

        self._change(key, ship)

    def reject(
        self, key: str, location_id: str, units: Mapping[str, int], *, part: str, policy: Planner = plan
    ) -> None:
        """A location cannot deliver held units by SKU: they are held elsewhere instead, once per ``part``.

        What other locations deliver already stays. Raises `NotHeld`, `HoldExpired`, and `OutOfStock` if
        no other location has them: then nothing changed. The books of the location still have the
        units: `count` them.
        """

        def reject(uow: InventoryUnit, reservation: Reservation, now: datetime) -> Sequence[Movement]:
            rejected = reservation.reject(part, location_id, units)
            if not rejected:
                return ()
            reservation.require_live(now)
            wanted = sum_demand(Demand(sku=one.sku, quantity=one.quantity) for one in rejected)
            freed = self._freed(reservation, rejected, part)
            lines = self._choose(uow, wanted, uow.stock.items(list(wanted)), policy, (), without=location_id)
            reservation.replace(rejected, lines)
            held = [
                self._movement(
                    f"{key}/{reservation.version}/{part}",
                    MovementReason.RESERVE,
                    StockUnits(sku=line.sku, location_id=line.location_id, quantity=line.quantity),
                    reserved=line.quantity,
                )
                for line in lines
            ]
            return [*freed, *held]

        self._change(key, reject)

    def _change(
        self,
        key: str,
        change: Callable[[InventoryUnit, Reservation, datetime], Sequence[Movement]],
        *,
        known: bool = True,
    ) -> None:
        def act(uow: InventoryUnit) -> None:
            reservation = _known(uow, key) if known else uow.reservations.by_key(key)
            if reservation is None:
                return
            before = (reservation.status, reservation.lines, reservation.done)
            movements = change(uow, reservation, self.clock())
            if before == (reservation.status, reservation.lines, reservation.done):
                return
            uow.reservations.save(reservation)
            if not uow.stock.book(movements):
                refusal = _short(uow, movements)
                raise _Again(refusal=refusal) if any(_holds(m) for m in movements) else refusal

        self._retry(act)

    def _ended(self, reservation: Reservation, now: datetime) -> list[Movement]:
        return self._freed(reservation, reservation.end(expired=reservation.lapsed(now)), "rest")

    def _freed(self, reservation: Reservation, freed: Sequence[StockUnits], part: str) -> list[Movement]:
        key = f"{reservation.key}/{reservation.version}/{part}"
        return [self._movement(key, MovementReason.RELEASE, units, reserved=-units.quantity) for units in freed]

    def expire(self, limit: int = 1000, *, skus: Sequence[str] = ()) -> int:
        """Sweep holds whose time is over (with ``skus``, only those of them); returns how many.

        They are invalid anyway, and `reserve` sweeps what it needs.
        """

        def sweep(uow: InventoryUnit) -> int:
            now = self.clock()
            holds = uow.reservations.lapsed(now, limit, skus)
            freed = [movement for hold in holds for movement in self._ended(hold, now)]
            uow.reservations.save_all(holds)
            uow.stock.book(freed)
            return len(holds)

        return self._retry(sweep)

    # Questions.

    def reservation(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""
        with self.begin() as uow:
            return uow.reservations.by_key(key)

    def availability(self, skus: Sequence[str], *, location_id: str | None = None) -> Mapping[str, int | None]:
        """How many of each SKU may be promised now; ``None`` for unlimited ones, 0 for unknown ones.

        A hold out of time counts for nothing, swept or not. Of a kit, as many as its scarcest component allows.
        """
        now = self.clock()
        return self._promisable(skus, location_id, lambda item, _: item.promisable(now), expected=False)

    def available_to_promise(
        self, skus: Sequence[str], at: datetime, *, location_id: str | None = None
    ) -> Mapping[str, int | None]:
        """ATP(t): as `availability`, at a later time, with what is expected by then."""
        then = max(aware(at), self.clock())
        return self._promisable(skus, location_id, lambda item, due: available_to_promise(item, due, then))

    def _promisable(
        self,
        skus: Sequence[str],
        location_id: str | None,
        promise: Callable[[StockItem, Sequence[Incoming]], int],
        *,
        expected: bool = True,
    ) -> Mapping[str, int | None]:
        with self.begin() as uow:
            kits, needed, stock = _look(uow, dict.fromkeys(skus, 1), self.clock())
            due = uow.stock.incoming(list(needed)) if expected else ()
        stock = _with_expected(stock, due)
        units: dict[str, int | None] = dict.fromkeys(needed, 0)
        for item in stock:
            if location_id in (None, item.location_id):
                known = units[item.sku]
                units[item.sku] = known + max(promise(item, due), 0) if item.limited and known is not None else None
        made = {kit.sku: _scarcest(kit, units) for kit in kits}
        return {sku: made[sku] if sku in made else units[sku] for sku in skus}

    def promised_by(self, sku: str, quantity: int, *, location_id: str | None = None) -> datetime | None:
        """The first moment at which that many units can be promised; None: not with what is expected."""
        require_units(quantity)
        now = self.clock()
        with self.begin() as uow:
            _, needed, stock = _look(uow, {sku: quantity}, now)
            due = uow.stock.incoming(list(needed))
        stock = _with_expected(stock, due)
        moments = []
        for component, units in needed.items():
            items = [i for i in stock if i.sku == component and location_id in (None, i.location_id)]
            free = any(not item.limited for item in items)
            moments.append(now if free else promised_by(items, [i for i in due if i.sku == component], units, now))
        known = [moment for moment in moments if moment is not None]
        return max(known) if len(known) == len(moments) else None

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""
        with self.begin() as uow:
            return uow.stock.movements(sku)

    def reconcile(self) -> Sequence[Drift]:
        """Where counters and ledger disagree. Empty, or something is very wrong."""
        with self.begin() as uow:
            return uow.stock.drift()

    def _movement(
        self, key: str, reason: MovementReason, units: StockUnits, *, on_hand: int = 0, reserved: int = 0
    ) -> Movement:
        return Movement(
            key=key,
            reason=reason,
            sku=units.sku,
            location_id=units.location_id,
            at=self.clock(),
            on_hand=on_hand,
            reserved=reserved,
        )

    def _retry(self, act: Callable[[InventoryUnit], T]) -> T:
        """Run in a transaction of its own; again if somebody else was quicker."""
        for _ in range(_TRIES - 1):
            try:
                with self.begin() as uow:
                    return act(uow)
            except _Again as again:
                if again.sweep:
                    self.expire(skus=again.sweep)
            except StaleVersion:
                continue
        try:
            with self.begin() as uow:
                return act(uow)
        except _Again as again:
            raise again.refusal from None


@frozen(kw_only=True)
class _Wish:
    """What `InventoryService.reserve` was asked for."""

    key: str
    wanted: Mapping[str, int]
    location_id: str | None
    expires_at: datetime | None
    replaces: str | None
    policy: Planner = plan
    cart: bool = False

    @property
    def demand(self) -> tuple[Demand, ...]:
        return tuple(Demand(sku=sku, quantity=quantity) for sku, quantity in self.wanted.items())


class _Again(Exception):
    """Somebody took the units between plan and update, or holds out of time are to be swept first."""

    def __init__(self, *, refusal: CommerceError, sweep: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.refusal, self.sweep = refusal, sweep


def _look(
    uow: InventoryUnit, wanted: Mapping[str, int], lapsed_at: datetime | None = None
) -> tuple[tuple[Kit, ...], Mapping[str, int], Sequence[StockItem]]:
    """The kits among what is wanted, the demand in components, and their counters.

    A kit has no counters of its own, so only a SKU without them is looked up as one.
    """
    stock = uow.stock.items(list(wanted), lapsed_at)
    missing = sorted(wanted.keys() - {item.sku for item in stock})
    kits = tuple(uow.stock.kits(missing)) if missing else ()
    if not kits:
        return (), wanted, stock
    needed = explode(wanted, kits)
    return kits, needed, uow.stock.items(list(needed), lapsed_at)


def _with_freed(stock: Sequence[StockItem], freed: Sequence[Movement]) -> list[StockItem]:
    back: dict[tuple[str, str], int] = {}
    for movement in freed:
        place = (movement.sku, movement.location_id)
        back[place] = back.get(place, 0) + movement.reserved
    return [evolve(i, reserved=i.reserved + back.get((i.sku, i.location_id), 0)) for i in stock] if back else [*stock]


def _with_expected(stock: Sequence[StockItem], due: Sequence[Incoming]) -> list[StockItem]:
    """The counters, with zeros where the first units are still expected."""
    items = {(item.sku, item.location_id): item for item in stock}
    for one in due:
        items.setdefault((one.sku, one.location_id), StockItem(sku=one.sku, location_id=one.location_id))
    return [*items.values()]


def _scarcest(kit: Kit, units: Mapping[str, int | None]) -> int | None:
    whole = [have // part.quantity for part in kit.parts if (have := units[part.sku]) is not None]
    return min(whole) if whole else None


def _once(key: str, known: Sequence[Movement], wanted: Sequence[Movement]) -> bool:
    """Whether it is still to be booked; the same key for something else is refused."""
    if known and set(map(_what, known)) != set(map(_what, wanted)):
        raise KeyReused(key=key)
    return not known


def _brings(what: Movement | Incoming) -> tuple[str, str, int]:
    units = what.quantity if isinstance(what, Incoming) else what.on_hand
    return what.sku, what.location_id, units


def _what(movement: Movement) -> tuple[str, str, str, int | None, int]:
    asked = movement.on_hand if movement.counted is None else 0
    return movement.reason, movement.sku, movement.location_id, movement.counted, asked


def _holds(movement: Movement) -> bool:
    return movement.reason is MovementReason.RESERVE


def _same(reservation: Reservation, demand: tuple[Demand, ...]) -> Reservation:
    if reservation.demand != demand:
        raise KeyReused(key=reservation.key)
    return reservation


def _known(uow: InventoryUnit, key: str) -> Reservation:
    reservation = uow.reservations.by_key(key)
    if reservation is None:
        raise ReservationNotFound(key=key)
    return reservation


def _require_locations(uow: InventoryUnit, location_ids: Iterable[str]) -> None:
    unknown = set(location_ids) - {location.id for location in uow.stock.locations()}
    if unknown:
        raise LocationNotFound(location_id=min(unknown))


def _require_no_kit(uow: InventoryUnit, skus: Sequence[str]) -> None:
    for kit in uow.stock.kits(skus):
        raise KitHasNoStock(sku=kit.sku, components=tuple(part.sku for part in kit.parts))


def _short(uow: InventoryUnit, movements: Sequence[Movement]) -> CommerceError:
    """Why a booking was refused: of the item that should give most and cannot."""
    items = {(i.sku, i.location_id): i for i in uow.stock.items([m.sku for m in movements])}

    def lacks(movement: Movement) -> CommerceError | None:
        item = items.get((movement.sku, movement.location_id))
        if item is None:
            return UnknownStockItem(sku=movement.sku)
        held = item.reserved if movement.reason is MovementReason.TRANSFER else 0
        have, wanted = max(item.on_hand - held, 0), max(movement.reserved, -movement.on_hand)
        return OutOfStock(sku=movement.sku, requested=wanted, available=have) if have < wanted else None

    worst = sorted(movements, key=lambda m: m.on_hand)
    return next(filter(None, map(lacks, worst)), OutOfStock(sku=worst[0].sku, requested=0, available=0))
