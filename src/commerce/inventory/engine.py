"""Stock without storage: where units are taken from, and what can be promised when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from commerce.inventory.errors import OutOfStock, UnknownStockItem
from commerce.inventory.model import Demand, ReservedLine, StockItem, StockMode

__all__ = ["Incoming", "available_to_promise", "plan", "sum_demand"]


def sum_demand(demand: Iterable[Demand]) -> dict[str, int]:
    """Units per SKU, in SKU order: two lines of one item are one demand."""
    together: dict[str, int] = {}
    for wish in demand:
        together[wish.sku] = together.get(wish.sku, 0) + wish.quantity
    return dict(sorted(together.items()))


def plan(wanted: Mapping[str, int], stock: Sequence[StockItem]) -> tuple[ReservedLine, ...]:
    """Which location gives how much, in (sku, location) order.

    ``stock`` comes in the order in which locations are to be asked. One location that has
    everything of a SKU is preferred to several. Untracked items need nothing. Raises
    `OutOfStock` and `UnknownStockItem`.
    """
    lines: list[ReservedLine] = []
    for sku, quantity in wanted.items():
        items = [item for item in stock if item.sku == sku]
        if not items:
            raise UnknownStockItem(sku=sku)
        if any(item.mode is StockMode.UNTRACKED for item in items):
            continue
        lines += [ReservedLine(sku=sku, location_id=at, quantity=units) for at, units in _spread(items, quantity)]
    return tuple(sorted(lines, key=lambda line: (line.sku, line.location_id)))


def _spread(items: Sequence[StockItem], quantity: int) -> Iterable[tuple[str, int]]:
    whole = next((i for i in items if i.mode is StockMode.TRACKED or i.available >= quantity), None)
    if whole is not None:
        return [(whole.location_id, quantity)]
    available = sum(max(item.available, 0) for item in items)
    if available < quantity:
        raise OutOfStock(sku=items[0].sku, requested=quantity, available=available)
    parts, left = [], quantity
    for item in items:
        units = min(left, max(item.available, 0))
        if units:
            parts.append((item.location_id, units))
            left -= units
    return parts


@frozen(kw_only=True)
class Incoming:
    """Units expected at a moment."""

    sku: str
    quantity: int
    due_at: datetime


def available_to_promise(item: StockItem, incoming: Iterable[Incoming], at: datetime) -> int:
    """ATP(t): what is available now, plus what is due by then. Backorders are in `StockItem.available`."""
    return item.available + sum(i.quantity for i in incoming if i.sku == item.sku and i.due_at <= at)
