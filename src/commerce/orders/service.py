"""Use cases of orders."""

from collections.abc import Callable, Mapping, Sequence

from attrs import define

from commerce.kernel import Address, Clock, InvalidValue, KeyReused, Money, Page, PricedLine, StaleVersion, new_id
from commerce.orders.engine import credit_of, edit_order, new_order
from commerce.orders.errors import NoFreeNumber, NothingToCancel, OrderNotFound
from commerce.orders.model import Order
from commerce.orders.ports import OrderNumbers, OrderUnit
from commerce.orders.values import CancelReason, Credit, FactKind, OrderDraft, OrderSummary, PaymentRecord
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["OrderService"]

#: How many numbers in a row may be taken before something else must be wrong.
_NUMBER_TRIES = 5

#: The longest page of an order list.
_MOST_ROWS = 500


@define
class OrderService:
    """Place orders and tell what becomes of them.

    Every command takes a key and happens once per key: again with the same key answers with the
    order as it is, with the same key and other units `commerce.kernel.KeyReused`. Units are
    named as a mapping of line id to how many.
    """

    begin: Begin[OrderUnit]
    clock: Clock
    numbers: OrderNumbers
    hooks: HookRelay

    def validate(self, draft: OrderDraft) -> None:
        """Ask the hooks `commerce_validate_order` whether this may be ordered; to be called before money moves."""
        self.hooks.commerce_validate_order(draft=draft)

    def place(self, key: str, draft: OrderDraft) -> Order:
        """Make the order of a draft: its row, its lines and its events in one transaction, or the one of this key.

        This is the pivot of a checkout: nobody is asked any more (see `validate`). Raises
        `commerce.kernel.KeyReused` if the key made another order.
        """
        if not key:
            raise InvalidValue(field="key", reason="a key has at least one character")
        with self.begin() as uow:
            for _ in range(_NUMBER_TRIES):
                at = self.clock()
                id = new_id()
                order = new_order(draft, id=id, number=self.numbers.number(id, at), key=key, at=at)
                if uow.orders.place(order):
                    return order
                placed = uow.orders.by_key(key)
                if placed is not None:
                    return _same(placed, draft, key)
        raise NoFreeNumber(tried=_NUMBER_TRIES, number=order.number)

    def get(self, order_id: str) -> Order:
        """The order, or `OrderNotFound`."""
        with self.begin() as uow:
            return uow.orders.get(order_id)

    def by_number(self, number: str) -> Order:
        """The order with that number, or `OrderNotFound`."""
        with self.begin() as uow:
            order = uow.orders.by_number(number.strip().upper())
        if order is None:
            raise OrderNotFound(order=number)
        return order

    def by_key(self, key: str) -> Order | None:
        """The order that was placed with that key, or nothing."""
        with self.begin() as uow:
            return uow.orders.by_key(key)

    def list(self, *, customer_id: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[OrderSummary]:
        """Orders, newest first, a page at a time."""
        if not 1 <= limit <= _MOST_ROWS:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {_MOST_ROWS} orders, not {limit}")
        with self.begin() as uow:
            rows = uow.orders.page(customer_id=customer_id, before=cursor, limit=limit + 1)
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def record_payment(self, order_id: str, record: PaymentRecord) -> Order:
        """Take over the totals of one payment, as they are at a version of it.

        Totals, not differences: told twice, or late after a newer version, it changes nothing.
        """
        return self._change(order_id, lambda order: order.record_payment(record, at=self.clock()))

    def ship_lines(self, order_id: str, key: str, lines: Mapping[str, int]) -> Order:
        """Units left the house. Raises `OrderOnHold`, `TooManyUnits`, `OrderLineNotFound`."""
        return self._change(order_id, lambda order: order.ship(key, lines, at=self.clock()))

    def deliver_lines(self, order_id: str, key: str, lines: Mapping[str, int]) -> Order:
        """Units arrived. Raises `TooManyUnits` for more than were shipped."""
        return self._change(order_id, lambda order: order.deliver(key, lines, at=self.clock()))

    def cancel(
        self,
        order_id: str,
        key: str,
        lines: Mapping[str, int] | None = None,
        *,
        reason: CancelReason = CancelReason.CUSTOMER,
        note: str = "",
    ) -> Order:
        """Call units off: those named, or all that are not shipped.

        What they are worth is in ``order.fact(FactKind.CANCELLED, key).credit``. Raises
        `NothingToCancel` and `TooManyUnits`.
        """

        def cancel(order: Order) -> None:
            if order.happened(FactKind.CANCELLED, key, lines):
                return
            units = {line.id: line.to_ship for line in order.lines if line.to_ship} if lines is None else lines
            if lines is None and not units:
                raise NothingToCancel(order_id=order.id)
            order.cancel(key, credit_of(order, units), reason=reason, note=note, at=self.clock())

        return self._change(order_id, cancel)

    def edit(
        self,
        order_id: str,
        key: str,
        added: Sequence[PricedLine] = (),
        removed: Mapping[str, int] | None = None,
        *,
        deliver_to: Address | None = None,
        payments: Sequence[PaymentRecord] = (),
        explanation: Sequence[str] = (),
        version: int | None = None,
    ) -> Order:
        """Add priced lines to an order, take out units that have not left the house, or both in one move.

        ``deliver_to`` is where what is not shipped goes from now on: the caller knows that the bill stays
        the same. ``payments`` pay for what is added, and ``explanation`` says how its price came about. What it
        cost and what the rest was worth are in ``order.fact(FactKind.EDITED, key)``. Raises `TooManyUnits`,
        `OrderLineNotFound`, `commerce.kernel.NotAllowed` for a cancelled order, and `commerce.kernel.InvalidValue`
        for lines that do not fit in, or an order of which nothing would be left. With a ``version``, an order that
        has another one by now raises `commerce.kernel.StaleVersion`.
        """

        def edit(order: Order) -> None:
            edit_order(
                order,
                key,
                added,
                removed or {},
                deliver_to=deliver_to,
                payments=payments,
                explanation=explanation,
                at=self.clock(),
            )

        return self._change(order_id, edit, version)

    def return_lines(
        self,
        order_id: str,
        key: str,
        lines: Mapping[str, int],
        *,
        fee: Money | None = None,
        clawback: Money | None = None,
        version: int | None = None,
    ) -> Order:
        """Take delivered units back. ``fee`` is what the seller keeps of their worth, ``clawback`` as in `Credit`.

        With the ``version`` that they were found for, another one raises `commerce.kernel.StaleVersion`.

        What is to be refunded is in ``order.fact(FactKind.RETURNED, key).credit``.
        Raises `TooManyUnits` for more than were delivered.
        """

        def give_back(order: Order) -> None:
            if not order.happened(FactKind.RETURNED, key, lines):
                order.give_back(key, credit_of(order, lines, fee=fee, clawback=clawback), at=self.clock())

        return self._change(order_id, give_back, version)

    def hold(self, order_id: str, key: str, *, reason: str = "") -> Order:
        """Stop shipping until `release`."""
        return self._change(order_id, lambda order: order.hold(key, reason=reason, at=self.clock()))

    def release(self, order_id: str, key: str) -> Order:
        """Let shipping go on."""
        return self._change(order_id, lambda order: order.release(key, at=self.clock()))

    def refundable(self, order_id: str, lines: Mapping[str, int]) -> Credit:
        """What these units are worth if they are given back now. Changes nothing."""
        return credit_of(self.get(order_id), lines)

    def _change(self, order_id: str, change: Callable[[Order], None], version: int | None = None) -> Order:
        """Commands on an order commute or are refused by its counters, so a lost race is run again.

        Not so what was worked out for one version.
        """
        if version is not None:
            return self._try(order_id, change, version)
        return retried(lambda: self._try(order_id, change))

    def _try(self, order_id: str, change: Callable[[Order], None], version: int | None = None) -> Order:
        with self.begin() as uow:
            order = uow.orders.get(order_id)
            if version not in (None, order.version):
                raise StaleVersion(entity="order", id=order_id, version=version or 0, fresh=order)
            timeline, payments = order.timeline, order.payments
            change(order)
            if order.timeline is not timeline or order.payments is not payments:
                uow.orders.save(order)
            return order


def _same(order: Order, draft: OrderDraft, key: str) -> Order:
    if order.cart_id != draft.cart_id or order.placed != draft.priced:
        raise KeyReused(key=key)
    return order
