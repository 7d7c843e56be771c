"""What a command looks at, and what it refuses, before it books."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from commerce.inventory.errors import (
    KitHasNoStock,
    LocationNotFound,
    OutOfStock,
    ReservationNotFound,
    UnknownStockItem,
)
from commerce.inventory.model import Demand, Incoming, Kit, Movement, MovementReason, Reservation, StockItem, explode
from commerce.inventory.ports import InventoryUnit
from commerce.kernel import CommerceError, KeyReused

__all__ = [
    "Again",
    "brings",
    "holds",
    "known_hold",
    "lapsed",
    "look",
    "once",
    "require_locations",
    "require_no_kit",
    "same",
    "scarcest",
    "short",
    "with_expected",
    "with_freed",
]


class Again(Exception):
    """Somebody took the units between plan and update, or holds out of time are to be swept first."""

    def __init__(self, *, refusal: CommerceError, sweep: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.refusal, self.sweep = refusal, sweep


def look(
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


def with_freed(stock: Sequence[StockItem], freed: Sequence[Movement]) -> list[StockItem]:
    """The counters once these movements gave back what they free."""
    back: dict[tuple[str, str], int] = {}
    for movement in freed:
        place = (movement.sku, movement.location_id)
        back[place] = back.get(place, 0) + movement.reserved
    return [evolve(i, reserved=i.reserved + back.get((i.sku, i.location_id), 0)) for i in stock] if back else [*stock]


def with_expected(stock: Sequence[StockItem], due: Sequence[Incoming]) -> list[StockItem]:
    """The counters, with zeros where the first units are still expected."""
    items = {(item.sku, item.location_id): item for item in stock}
    for one in due:
        items.setdefault((one.sku, one.location_id), StockItem(sku=one.sku, location_id=one.location_id))
    return [*items.values()]


def scarcest(kit: Kit, units: Mapping[str, int | None]) -> int | None:
    """How many kits the components make; None if nothing of it is limited."""
    whole = [have // part.quantity for part in kit.parts if (have := units[part.sku]) is not None]
    return min(whole) if whole else None


def once(key: str, known: Sequence[Movement], wanted: Sequence[Movement]) -> bool:
    """Whether it is still to be booked; the same key for something else is refused."""
    if known and set(map(_what, known)) != set(map(_what, wanted)):
        raise KeyReused(key=key)
    return not known


def brings(what: Movement | Incoming) -> tuple[str, str, int]:
    """What came, or is expected: SKU, location and units."""
    units = what.quantity if isinstance(what, Incoming) else what.on_hand
    return what.sku, what.location_id, units


def _what(movement: Movement) -> tuple[str, str, str, int | None, int]:
    asked = movement.on_hand if movement.counted is None else 0
    return movement.reason, movement.sku, movement.location_id, movement.counted, asked


def holds(movement: Movement) -> bool:
    """Whether it promises units."""
    return movement.reason is MovementReason.RESERVE


def same(reservation: Reservation, demand: tuple[Demand, ...]) -> Reservation:
    """The hold that has the key already, if it was asked for the same."""
    if reservation.demand != demand:
        raise KeyReused(key=reservation.key)
    return reservation


def known_hold(uow: InventoryUnit, key: str) -> Reservation:
    """The hold with that key, or `ReservationNotFound`."""
    reservation = uow.reservations.by_key(key)
    if reservation is None:
        raise ReservationNotFound(key=key)
    return reservation


def require_locations(uow: InventoryUnit, location_ids: Iterable[str]) -> None:
    """Refuse locations that nobody added."""
    unknown = set(location_ids) - {location.id for location in uow.stock.locations()}
    if unknown:
        raise LocationNotFound(location_id=min(unknown))


def require_no_kit(uow: InventoryUnit, skus: Sequence[str]) -> None:
    """Refuse kits where only components can be named."""
    for kit in uow.stock.kits(skus):
        raise KitHasNoStock(sku=kit.sku, components=tuple(part.sku for part in kit.parts))


def lapsed(uow: InventoryUnit, movements: Sequence[Movement], now: datetime) -> tuple[str, ...]:
    """Those SKUs of a booking of which holds out of time keep units: they are swept before it is refused."""
    return tuple({item.sku for item in uow.stock.items([m.sku for m in movements], now) if item.lapsed})


def short(uow: InventoryUnit, movements: Sequence[Movement]) -> CommerceError:
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
