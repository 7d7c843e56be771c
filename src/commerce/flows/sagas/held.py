"""The stock that an order holds: one hold for each of its parts."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from commerce.inventory import ReservationNotFound
from commerce.orders import Order

__all__ = ["Held", "each_held", "stock_of"]

#: Units by the ref of the part that they came with, and SKU.
Held = Mapping[str, Mapping[str, int]]


class _Move(Protocol):
    """A command of inventory on one hold."""

    def __call__(self, key: str, units: Mapping[str, int], *, part: str) -> None: ...


def stock_of(order: Order, units: Mapping[str, int]) -> Held:
    """Units by order line id, as the holds know them."""
    held: dict[str, dict[str, int]] = {}
    for line_id, count in units.items():
        skus, sku = held.setdefault(order.ref_of(line_id), {}), order.line(line_id).sku
        skus[sku] = skus.get(sku, 0) + count
    return held


def each_held(move: _Move, stock: Held, *, part: str) -> None:
    """Move units of every hold, once per ``part``. An order that came from elsewhere holds nothing here."""
    for ref, units in stock.items():
        with suppress(ReservationNotFound):
            move(ref, units, part=part)
