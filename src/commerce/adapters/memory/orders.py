"""Orders in memory."""

from collections.abc import Sequence

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.orders import Order, OrderNotFound, OrderSummary

__all__ = ["Unit"]


class MemoryOrders(MemoryRepository[Order]):
    """The orders, found by id, key and number."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "order", lambda id: OrderNotFound(order=id))
        self._keys = session.table("order_key")
        self._numbers = session.table("order_number")

    def by_number(self, number: str) -> Order | None:
        """The order with that number, or nothing."""
        id = self._numbers.get(number)
        return None if id is None else self.find(id)

    def by_key(self, key: str) -> Order | None:
        """The order that was placed with that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def place(self, order: Order) -> bool:
        """Store a new order, unless its key, number or id is taken."""
        if order.key in self._keys or order.number in self._numbers or order.id in self.rows:
            return False
        self._keys[order.key] = order.id
        self._numbers[order.number] = order.id
        self.add(order)
        return True

    def page(self, *, customer_id: str | None, before: str | None, limit: int) -> Sequence[OrderSummary]:
        """Orders, newest first."""
        found = [
            order
            for order in self.rows.values()
            if (customer_id is None or order.customer_id == customer_id) and (before is None or order.id < before)
        ]
        return [_summary(order) for order in sorted(found, key=lambda order: order.id, reverse=True)[:limit]]


def _summary(order: Order) -> OrderSummary:
    return OrderSummary(
        id=order.id,
        number=order.number,
        placed_at=order.placed_at,
        customer_id=order.customer_id,
        channel=order.channel,
        status=order.status,
        payment=order.payment,
        fulfilment=order.fulfilment,
        units=sum(line.quantity for line in order.lines),
        grand_total=order.totals.grand_total,
    )


class Unit:
    """One transaction of the orders module."""

    def __init__(self, session: MemorySession) -> None:
        self.orders = MemoryOrders(session)
