"""Stock that comes, moves and is counted: the ledger's side of inventory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import define, evolve

from commerce.inventory.checks import Again, brings, lapsed, once, require_locations, require_no_kit, short
from commerce.inventory.errors import SameLocation
from commerce.inventory.events import StockUnits
from commerce.inventory.model import (
    Incoming,
    Kit,
    KitPart,
    Movement,
    MovementReason,
    StockItem,
    StockLocation,
    StockMode,
    explode,
    require_units,
)
from commerce.inventory.ports import InventoryUnit
from commerce.kernel import Clock, InvalidValue, KeyReused, StaleVersion, aware
from commerce.runtime import Begin, retried

__all__ = ["Bookkeeping"]

T = TypeVar("T")

#: More rows than this for one item help nobody.
_MOST_SHARDS = 64


@define
class Bookkeeping:
    """What there is and how it is counted. Every command has a key and happens once per key."""

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
            require_locations(uow, [location_id])
            require_no_kit(uow, [sku])
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
                require_no_kit(uow, list(components))
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
        if type(difference) is not int or not difference:
            raise InvalidValue(field="difference", reason=f"{difference!r} units: pass a whole number other than 0")
        at = StockUnits(sku=sku, location_id=location_id, quantity=abs(difference))

        def movements(uow: InventoryUnit) -> Sequence[Movement]:
            require_no_kit(uow, [sku])
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
            require_no_kit(uow, [sku])
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
            require_locations(uow, [location_id])
            require_no_kit(uow, [sku])
            known = uow.stock.booked(key)
            found = uow.stock.locked(sku, location_id).on_hand
            at = StockUnits(sku=sku, location_id=location_id, quantity=counted)
            movement = evolve(self._movement(key, MovementReason.COUNT, at, on_hand=counted - found), counted=counted)
            if not once(key, known, [movement]):
                return known[0].on_hand
            uow.stock.book([movement])
            return movement.on_hand

        return self._retry(act)

    def _book(self, key: str, movements: Callable[[InventoryUnit], Sequence[Movement]]) -> None:
        """Book once per key; the same key with other units is refused."""

        def act(uow: InventoryUnit) -> None:
            wanted = movements(uow)
            require_locations(uow, [movement.location_id for movement in wanted])
            if once(key, uow.stock.booked(key), wanted) and not uow.stock.book(wanted):
                refusal, sweep = short(uow, wanted), lapsed(uow, wanted, self.clock())
                raise Again(refusal=refusal, sweep=sweep) if sweep else refusal

        self._retry(act)

    # What is expected.

    def expect(self, key: str, sku: str, location_id: str, quantity: int, *, due_at: datetime) -> None:
        """A delivery is on its way. It is expected until `receive` with the same key, or `cancel_expected`."""
        require_units(quantity)
        wanted = Incoming(sku=sku, quantity=quantity, due_at=aware(due_at, "due_at"), location_id=location_id, key=key)

        def act(uow: InventoryUnit) -> None:
            require_locations(uow, [location_id])
            require_no_kit(uow, [sku])
            came = uow.stock.booked(key)
            known = [*uow.stock.delivery(key)]
            if {*map(brings, came), *map(brings, known)} - {brings(wanted)}:
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

        def attempt() -> T:
            try:
                with self.begin() as uow:
                    return act(uow)
            except Again as again:
                self._make_way(again)
                raise

        try:
            return retried(attempt, on=(StaleVersion, Again))
        except Again as again:
            raise again.refusal from None

    def _make_way(self, again: Again) -> None:
        """Called before another try."""
