"""Which location gives how much by priority, and what can be promised in time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from commerce.inventory.errors import OutOfStock, UnknownStockItem
from commerce.inventory.model import Demand, Incoming, ReservedLine, StockItem, StockMode

__all__ = ["Planner", "available_to_promise", "limited", "plan", "promised_by", "serving", "sum_demand"]

#: Decides where units are taken from: wanted units by SKU, the counters, the time. Must give the demand
#: exactly, or raise. `plan` is one, `Sourcing` another.
Planner = Callable[[Mapping[str, int], Sequence[StockItem], datetime], tuple[ReservedLine, ...]]

#: Without a date only allowances without an end count.
_UNDATED = datetime.max.replace(tzinfo=UTC)


def sum_demand(demand: Iterable[Demand]) -> dict[str, int]:
    """Units per SKU, in SKU order: two lines of one item are one demand."""
    together: dict[str, int] = {}
    for wish in demand:
        together[wish.sku] = together.get(wish.sku, 0) + wish.quantity
    return dict(sorted(together.items()))


def serving(stock: Sequence[StockItem], location_id: str | None, *, without: str | None = None) -> list[StockItem]:
    """The counters that may serve a wish for a location: its own, and untracked ones, which need no place."""
    return [
        item
        for item in stock
        if item.mode is StockMode.UNTRACKED or (location_id in (None, item.location_id) and item.location_id != without)
    ]


def limited(wanted: Mapping[str, int], stock: Sequence[StockItem]) -> dict[str, list[StockItem]]:
    """The counters of each wanted SKU, in the order of ``stock``; without untracked ones, which need nothing."""
    items: dict[str, list[StockItem]] = {sku: [] for sku in wanted}
    for item in stock:
        if item.sku in items:
            items[item.sku].append(item)
    for sku, places in items.items():
        if not places:
            raise UnknownStockItem(sku=sku)
    return {
        sku: places for sku, places in items.items() if all(place.mode is not StockMode.UNTRACKED for place in places)
    }


def plan(wanted: Mapping[str, int], stock: Sequence[StockItem], at: datetime = _UNDATED) -> tuple[ReservedLine, ...]:
    """Which location gives how much, in (sku, location) order.

    ``stock`` comes in the order in which locations are to be asked. One location that has
    everything of a SKU is preferred to several. Untracked items need nothing. Raises
    `OutOfStock` and `UnknownStockItem`.
    """
    return tuple(
        sorted(
            (
                ReservedLine(sku=sku, location_id=location_id, quantity=units)
                for sku, items in limited(wanted, stock).items()
                for location_id, units in _spread(items, wanted[sku], at)
            ),
            key=lambda line: (line.sku, line.location_id),
        )
    )


def _spread(items: Sequence[StockItem], quantity: int, at: datetime) -> Iterable[tuple[str, int]]:
    whole = next((i for i in items if i.mode is StockMode.TRACKED or i.promisable(at) >= quantity), None)
    if whole is not None:
        return [(whole.location_id, quantity)]
    available = sum(max(item.promisable(at), 0) for item in items)
    if available < quantity:
        raise OutOfStock(sku=items[0].sku, requested=quantity, available=available)
    parts, left = [], quantity
    for item in items:
        units = min(left, max(item.promisable(at), 0))
        if units:
            parts.append((item.location_id, units))
            left -= units
    return parts


def available_to_promise(item: StockItem, incoming: Iterable[Incoming], at: datetime) -> int:
    """ATP(t): what is available now, what is due at its location by then, and what may be owed then."""
    place = (item.sku, item.location_id)
    due = sum(one.quantity for one in incoming if (one.sku, one.location_id) == place and one.due_at <= at)
    return item.promisable(at) + due


def promised_by(
    items: Sequence[StockItem], incoming: Sequence[Incoming], quantity: int, at: datetime
) -> datetime | None:
    """The first moment from ``at`` on when that many units can be promised; None: not with what is expected."""
    turns = [i.due_at for i in incoming] + [i.released_at for i in items if i.released_at is not None]
    for moment in [at, *sorted(turn for turn in turns if turn > at)]:
        if sum(max(available_to_promise(item, incoming, moment), 0) for item in items) >= quantity:
            return moment
    return None
