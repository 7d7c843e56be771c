"""What orders need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.orders.model import Order
from commerce.orders.values import OrderSummary

__all__ = ["OrderNumbers", "OrderUnit", "Orders"]


class OrderNumbers(Protocol):
    """How order numbers are made. Nothing here may wait for another order."""

    def number(self, order_id: str, placed_at: datetime) -> str:
        """A number for people, up to 32 characters. A rare repetition is noticed and asked again with another id."""


class Orders(Protocol):
    """Stored orders."""

    def get(self, order_id: str) -> Order:
        """The order, or `OrderNotFound`."""

    def by_number(self, number: str) -> Order | None:
        """The order with that number, or nothing."""

    def by_key(self, key: str) -> Order | None:
        """The order that was placed with that key, or nothing."""

    def place(self, order: Order) -> bool:
        """Store a new order with its lines; false, and nothing stored, if its key, number or id is taken."""

    def save(self, order: Order) -> None:
        """Store a changed order, or raise `commerce.kernel.StaleVersion` if it changed meanwhile.

        What was bought (prices, addresses, names) is stored once and not looked at again.
        """

    def page(self, *, customer_id: str | None, before: str | None, limit: int) -> Sequence[OrderSummary]:
        """Orders, newest first, of one customer or of all; those whose id is less than ``before``."""


class OrderUnit(Protocol):
    """One transaction of the orders module."""

    @property
    def orders(self) -> Orders:
        """The orders in this transaction."""
