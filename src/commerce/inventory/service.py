"""Use cases of inventory: holds, and what can be promised."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import define, frozen

from commerce.inventory.bookkeeping import Bookkeeping
from commerce.inventory.checks import (
    Again,
    holds,
    known_hold,
    look,
    same,
    scarcest,
    short,
    with_expected,
    with_freed,
)
from commerce.inventory.engine import Planner, available_to_promise, plan, promised_by, serving, sum_demand
from commerce.inventory.errors import NoSource, OutOfStock
from commerce.inventory.events import StockUnits
from commerce.inventory.model import (
    Demand,
    Drift,
    Incoming,
    Movement,
    MovementReason,
    Reservation,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockMode,
    require_expiry,
    require_units,
)
from commerce.inventory.ports import InventoryUnit
from commerce.kernel import aware, new_id

__all__ = ["InventoryService"]


@define
class InventoryService(Bookkeeping):
    """Count, hold and move stock. Never promises a unit twice.

    Every command has a key and happens once per key. A hold refuses by itself: the
    check is inside the statement that takes the units.
    """

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
            return same(known, wish.demand)
        require_expiry(wish.expires_at, now)
        replaced = uow.reservations.by_key(wish.replaces) if wish.replaces not in (None, wish.key) else None
        if replaced is not None and replaced.status is not ReservationStatus.HELD:
            replaced = None
        freed = [m for r in (known, replaced) if r is not None for m in self._ended(r, now)]
        kits, needed, stock = look(uow, wish.wanted)
        if wish.cart:
            carted = {item.sku for item in stock if item.mode is StockMode.RESERVE_ON_CART}
            needed = {sku: quantity for sku, quantity in needed.items() if sku in carted}
            stock = [item for item in stock if item.sku in carted]
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
            raise Again(refusal=OutOfStock(sku=lines[0].sku, requested=needed[lines[0].sku], available=0))
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
            places = serving(items, only, without=without)
            for sku in sorted({item.sku for item in items} - {item.sku for item in places}):
                raise OutOfStock(sku=sku, requested=needed[sku], available=0)
            return with_freed(places, freed)

        try:
            return policy(needed, usable(stock), now)
        except (OutOfStock, NoSource) as refusal:
            seen = uow.stock.items(list(needed), now)
            policy(needed, usable(seen), now)
            raise Again(refusal=refusal, sweep=tuple(needed)) from None

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
            at = f"{key}/{reservation.version}/{part}"
            gone = reservation.ship(part, units, now, location_id)
            return [
                self._movement(at, MovementReason.SHIP, one, on_hand=-one.quantity, reserved=-one.quantity)
                for one in gone
            ]

        self._change(key, ship)

    def restock_shipped(self, key: str, units: Mapping[str, int], *, part: str) -> None:
        """Shipped units by SKU are for sale again where they left, once per ``part``.

        A kit comes back by the recipe of its hold. Raises `ReservationNotFound`, and `NotHeld` for more than are out.
        """

        def restock(_: InventoryUnit, reservation: Reservation, __: datetime) -> Sequence[Movement]:
            at = f"{key}/{reservation.version}/{part}"
            back = reservation.take_back(part, units)
            return [self._movement(at, MovementReason.RESTOCK, one, on_hand=one.quantity) for one in back]

        self._change(key, restock)

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
            reservation = known_hold(uow, key) if known else uow.reservations.by_key(key)
            if reservation is None:
                return
            before = (reservation.status, reservation.lines, reservation.done)
            movements = change(uow, reservation, self.clock())
            if before == (reservation.status, reservation.lines, reservation.done):
                return
            uow.reservations.save(reservation)
            if not uow.stock.book(movements):
                refusal = short(uow, movements)
                raise Again(refusal=refusal) if any(holds(m) for m in movements) else refusal

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
            if not uow.stock.book(freed):
                raise short(uow, freed)
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
            kits, needed, stock = look(uow, dict.fromkeys(skus, 1), self.clock())
            due = uow.stock.incoming(list(needed)) if expected else ()
        units: dict[str, int | None] = dict.fromkeys(needed, 0)
        for item in serving(with_expected(stock, due), location_id):
            known = units[item.sku]
            units[item.sku] = known + max(promise(item, due), 0) if item.limited and known is not None else None
        made = {kit.sku: scarcest(kit, units) for kit in kits}
        return {sku: made[sku] if sku in made else units[sku] for sku in skus}

    def promised_by(self, sku: str, quantity: int, *, location_id: str | None = None) -> datetime | None:
        """The first moment at which that many units can be promised; None: not with what is expected."""
        require_units(quantity)
        now = self.clock()
        with self.begin() as uow:
            _, needed, stock = look(uow, {sku: quantity}, now)
            due = uow.stock.incoming(list(needed))
        places = serving(with_expected(stock, due), location_id)
        moments = []
        for component, units in needed.items():
            items = [item for item in places if item.sku == component]
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

    def _make_way(self, again: Again) -> None:
        """Holds out of time stand in the way of a wish: they are swept before another try."""
        if again.sweep:
            self.expire(skus=again.sweep)


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
