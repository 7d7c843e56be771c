"""Use cases of inventory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import define

from commerce.inventory.engine import plan, sum_demand
from commerce.inventory.errors import LocationNotFound, OutOfStock, ReservationNotFound, SameLocation
from commerce.inventory.events import StockUnits
from commerce.inventory.model import (
    Demand,
    Drift,
    Movement,
    MovementReason,
    Reservation,
    StockItem,
    StockLocation,
    StockMode,
    require_units,
)
from commerce.inventory.ports import InventoryUnit
from commerce.kernel import Clock, InvalidValue, KeyReused, StaleVersion, new_id
from commerce.runtime import Begin

__all__ = ["InventoryService"]

#: How often a command is tried again when somebody else was quicker.
_TRIES = 20


@define
class InventoryService:
    """Count, hold and move stock. Never promises a unit twice.

    Every command has a key and happens once per key. A hold refuses by itself: the
    check is inside the statement that takes the units.
    """

    begin: Begin[InventoryUnit]
    clock: Clock

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
    ) -> None:
        """Say how an item is counted at a location. Its counters stay."""
        if safety_stock < 0 or backorder_limit < 0:
            raise InvalidValue(field="safety_stock, backorder_limit", reason="pass zero or more")
        with self.begin() as uow:
            _require_location(uow, location_id)
            uow.stock.configure(
                StockItem(
                    sku=sku,
                    location_id=location_id,
                    mode=mode,
                    safety_stock=safety_stock,
                    backorder_limit=backorder_limit,
                )
            )

    def receive(self, key: str, sku: str, location_id: str, quantity: int) -> None:
        """Units arrived from a supplier."""
        self.receive_many(key, [StockUnits(sku=sku, location_id=location_id, quantity=quantity)])

    def receive_many(self, key: str, units: Sequence[StockUnits]) -> None:
        """A delivery of many items, once per key."""
        self._add(key, MovementReason.RECEIVE, units)

    def restock(self, key: str, units: Sequence[StockUnits]) -> None:
        """Returned units are for sale again, once per key."""
        self._add(key, MovementReason.RESTOCK, units)

    def _add(self, key: str, reason: MovementReason, units: Sequence[StockUnits]) -> None:
        for one in units:
            require_units(one.quantity)
        self._book(key, [self._movement(key, reason, one, on_hand=one.quantity) for one in units])

    def adjust(self, key: str, sku: str, location_id: str, difference: int) -> None:
        """A count found more or fewer units than the books have. Raises `OutOfStock` below zero."""
        at = StockUnits(sku=sku, location_id=location_id, quantity=abs(difference))
        self._book(key, [self._movement(key, MovementReason.ADJUST, at, on_hand=difference)])

    def transfer(self, key: str, sku: str, source_id: str, target_id: str, quantity: int) -> None:
        """Move units between locations. Raises `OutOfStock` if the source has fewer on hand."""
        require_units(quantity)
        if source_id == target_id:
            raise SameLocation(sku=sku, location_id=source_id)
        places = ((source_id, -quantity), (target_id, quantity))
        self._book(
            key,
            [
                self._movement(
                    key,
                    MovementReason.TRANSFER,
                    StockUnits(sku=sku, location_id=place, quantity=quantity),
                    on_hand=difference,
                )
                for place, difference in places
            ],
        )

    def _book(self, key: str, movements: Sequence[Movement]) -> None:
        """Book once per key; the same key with other units is refused."""
        for _ in range(_TRIES):
            try:
                return self._book_once(key, movements)
            except StaleVersion:
                continue
        return self._book_once(key, movements)

    def _book_once(self, key: str, movements: Sequence[Movement]) -> None:
        with self.begin() as uow:
            for location_id in {movement.location_id for movement in movements}:
                _require_location(uow, location_id)
            if known := uow.stock.booked(key):
                if set(map(_what, known)) != set(map(_what, movements)):
                    raise KeyReused(key=key)
            elif not uow.stock.book(movements):
                short = min(movements, key=lambda movement: movement.on_hand)
                raise OutOfStock(sku=short.sku, requested=-short.on_hand, available=_on_hand(uow, short))

    def reserve(
        self,
        key: str,
        demand: Iterable[Demand],
        *,
        location_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> Reservation:
        """Hold units, all or none; the same key again answers with the hold it made.

        Without ``expires_at`` the holder must commit or release. A released or lapsed key may
        be reserved anew; a live one with another demand is a `commerce.kernel.KeyReused`.
        Raises `OutOfStock` and `UnknownStockItem`.
        """
        wanted = sum_demand(demand)
        for _ in range(_TRIES):
            try:
                held = self._reserve(key, wanted, location_id, expires_at)
            except OutOfStock:
                if not self.expire():
                    raise
            except StaleVersion:
                continue
            else:
                if held is not None:
                    return held
        held = self._reserve(key, wanted, location_id, expires_at)
        if held is None:
            sku = next(iter(wanted))
            raise OutOfStock(sku=sku, requested=wanted[sku], available=0)
        return held

    def _reserve(
        self, key: str, wanted: Mapping[str, int], location_id: str | None, expires_at: datetime | None
    ) -> Reservation | None:
        """One try; ``None`` if somebody took units between plan and update, so plan again."""
        try:
            with self.begin() as uow:
                known = uow.reservations.by_key(key)
                demand = tuple(Demand(sku=sku, quantity=quantity) for sku, quantity in wanted.items())
                if known is not None and known.live(self.clock()):
                    return _same(known, demand)
                stock = uow.stock.items(list(wanted))
                lines = plan(wanted, [i for i in stock if location_id in (None, i.location_id)])
                reservation = known or Reservation(id=new_id(), key=key, lines=())
                freed = reservation.end(expired=True) if known is not None else ()
                self._free(uow, reservation, freed)
                reservation.hold(demand, lines, expires_at)
                attempt = f"{key}/{reservation.version}"
                units = [StockUnits(sku=x.sku, location_id=x.location_id, quantity=x.quantity) for x in lines]
                held = [self._movement(attempt, MovementReason.RESERVE, u, reserved=u.quantity) for u in units]
                if not uow.stock.book(held, guarded=True):
                    raise _Outrun  # noqa: TRY301 - leaving the block is what rolls it back
                (uow.reservations.add if known is None else uow.reservations.save)(reservation)
                return reservation
        except _Outrun:
            return None

    def commit(self, key: str) -> None:
        """The held units belong to an order now. Raises `HoldExpired` if it is too late."""
        self._change(key, lambda _, reservation: reservation.commit(self.clock()))

    def release(self, key: str) -> None:
        """Let go of all that is still held. Unknown or ended already: nothing happens."""
        self._change(key, lambda uow, reservation: self._free(uow, reservation, reservation.end()), known=False)

    def release_units(self, key: str, units: Mapping[str, int], *, part: str) -> None:
        """Let go of some units by SKU, once per ``part``. Raises `NotHeld`."""
        self._change(
            key, lambda uow, reservation: self._free(uow, reservation, reservation.release(part, units), part=part)
        )

    def ship(self, key: str, units: Mapping[str, int], *, part: str) -> None:
        """Held units by SKU leave the house, once per ``part``. Raises `NotHeld`."""

        def ship(uow: InventoryUnit, reservation: Reservation) -> None:
            gone = [
                self._movement(f"{key}/{part}", MovementReason.SHIP, one, on_hand=-one.quantity, reserved=-one.quantity)
                for one in reservation.ship(part, units, self.clock())
            ]
            if not uow.stock.book(gone):
                raise OutOfStock(sku=gone[0].sku, requested=-gone[0].on_hand, available=_on_hand(uow, gone[0]))

        self._change(key, ship)

    def _change(self, key: str, change: Callable[[InventoryUnit, Reservation], None], *, known: bool = True) -> None:
        for _ in range(_TRIES):
            try:
                return self._try(key, change, known=known)
            except StaleVersion:
                continue
        return self._try(key, change, known=known)

    def _try(self, key: str, change: Callable[[InventoryUnit, Reservation], None], *, known: bool) -> None:
        with self.begin() as uow:
            reservation = uow.reservations.by_key(key)
            if reservation is None and known:
                raise ReservationNotFound(key=key)
            if reservation is not None:
                before = (reservation.status, reservation.lines, reservation.done)
                change(uow, reservation)
                if before != (reservation.status, reservation.lines, reservation.done):
                    uow.reservations.save(reservation)

    def _free(
        self, uow: InventoryUnit, reservation: Reservation, freed: Sequence[StockUnits], *, part: str = "rest"
    ) -> None:
        key = f"{reservation.key}/{reservation.version}/{part}"
        uow.stock.book([self._movement(key, MovementReason.RELEASE, u, reserved=-u.quantity) for u in freed])

    def expire(self, limit: int = 1000) -> int:
        """Sweep holds whose time is over; returns how many. They are invalid anyway."""
        now = self.clock()
        with self.begin() as uow:
            keys = uow.reservations.lapsed(now, limit)

        def sweep(uow: InventoryUnit, reservation: Reservation) -> None:
            if reservation.lapsed(now):
                self._free(uow, reservation, reservation.end(expired=True))

        for key in keys:
            self._change(key, sweep)
        return len(keys)

    def reservation(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""
        with self.begin() as uow:
            return uow.reservations.by_key(key)

    def availability(self, skus: Sequence[str], *, location_id: str | None = None) -> Mapping[str, int | None]:
        """How many of each SKU may be promised; ``None`` for untracked ones, 0 for unknown ones.

        Holds out of time count as free only once they are swept: call `expire` first for the last unit.
        """
        with self.begin() as uow:
            stock = uow.stock.items(skus)
        answer: dict[str, int | None] = dict.fromkeys(skus, 0)
        for item in stock:
            if location_id not in (None, item.location_id):
                continue
            known = answer[item.sku]
            free = item.mode in (StockMode.UNTRACKED, StockMode.TRACKED)
            answer[item.sku] = None if free or known is None else known + max(item.available, 0)
        return answer

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


class _Outrun(Exception):
    """Somebody took the units between the plan and the update."""


def _what(movement: Movement) -> tuple[str, str, str, int]:
    return movement.reason, movement.sku, movement.location_id, movement.on_hand


def _same(reservation: Reservation, demand: tuple[Demand, ...]) -> Reservation:
    if reservation.demand != demand:
        raise KeyReused(key=reservation.key)
    return reservation


def _require_location(uow: InventoryUnit, location_id: str) -> None:
    if location_id not in {location.id for location in uow.stock.locations()}:
        raise LocationNotFound(location_id=location_id)


def _on_hand(uow: InventoryUnit, movement: Movement) -> int:
    items = uow.stock.items([movement.sku])
    return sum(item.on_hand for item in items if item.location_id == movement.location_id)
