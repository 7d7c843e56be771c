"""What comes back with units of an order: money over its payments, discounts to their budgets."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from attrs import define, evolve, frozen

from commerce.flows.errors import NoWallet
from commerce.flows.sagas.place_order import tender_id, tender_record
from commerce.kernel import Money, Refused
from commerce.orders import Credit, Fact, FactKind, Order, OrderService
from commerce.payments import OperationKind, Payment, PaymentService, RefundTooMuch
from commerce.returns import ReturnableLine
from commerce.runtime import InProgress
from commerce.wallet import Hold, HoldStatus, WalletService

__all__ = ["PlannedRefund", "Refunding", "discounts_of", "returnable"]


@frozen(kw_only=True)
class PlannedRefund:
    """So much of one payment is to go back; without a payment, to the gift cards and store credit that paid."""

    payment_id: str
    amount: Money


@frozen(kw_only=True)
class _Books:
    """What all tenders of an order have ``taken``, what is ``left`` of it, ``coming`` yet, and may be captured."""

    taken: Money
    left: Money
    coming: Money
    capturable: Money


@define
class Refunding:
    """Gives money back over all tenders of an order: payments first, the latest before others, then stored value."""

    payments: PaymentService
    orders: OrderService
    wallet: WalletService | None

    def excess(self, order: Order) -> Money:
        """What the tenders hold above what is owed, by their own books: the order's may be a moment behind."""
        return self.left(order) - order.owed

    def left(self, order: Order) -> Money:
        """What the tenders took and neither gave back nor are giving back."""
        return self._books(order).left

    def secured(self, order: Order) -> Money:
        """What is `left`, what is on its way, and what the tenders may still take."""
        books = self._books(order)
        return books.left + books.coming + books.capturable

    def surplus(self, order: Order) -> Money:
        """What is taken, or being taken, above what is owed, and is not on its way back."""
        books = self._books(order)
        return books.left + books.coming - order.owed

    def due(self, order: Order, credited: Fact | None) -> Money:
        """What the credit of a cancel or return gives back: no more than was paid for its units, or is in excess now.

        Of two commands at the same moment each gives back its own part, whatever of the other's has happened.
        Raises `commerce.runtime.InProgress` while money it would give back is still on its way here.
        """
        before, books = order.placed.grand_total, self._books(order)
        for fact in order.timeline:
            before += fact.charge or before * 0
            if fact.credit is not None:
                after = before - fact.credit.refund
                if fact is credited:
                    paid = min(books.taken + books.coming, before)
                    due = min(paid - after, books.left + books.coming - order.owed)
                    if due.minor > 0 and books.coming:
                        raise InProgress(saga=OperationKind.CAPTURE.value)
                    return max(due, before * 0)
                before = after
        return before * 0

    def paid_by(self, order: Order) -> tuple[Payment, ...]:
        """The payments of all its parts."""
        return tuple(payment for ref in order.refs for payment in self.payments.of_order(ref))

    def plan(self, order: Order, amount: Money, *, beside: Collection[str] = ()) -> tuple[PlannedRefund, ...]:
        """Which tender gives back how much, ``beside`` some payments; less in all if less was taken."""
        planned, left = [], amount
        payments = (payment for payment in self.paid_by(order) if payment.id not in beside)
        for payment in sorted(payments, key=lambda payment: payment.id, reverse=True):
            share = min(left, payment.refundable)
            if share.minor > 0:
                planned.append(PlannedRefund(payment_id=payment.id, amount=share))
                left -= share
        hold = self._hold(order)
        if hold is not None and left.minor > 0:
            share = min(left, _refundable(hold))
            if share.minor > 0:
                planned.append(PlannedRefund(payment_id="", amount=share))
        return tuple(planned)

    def carry_out(self, order_id: str, planned: Sequence[PlannedRefund], key: str) -> tuple[PlannedRefund, ...]:
        """Do it, each by key; what a gateway refuses stays owed and is not in the answer."""
        done = []
        for refund in planned:
            with suppress(Refused):
                try:
                    self._give(order_id, refund, key)
                except RefundTooMuch:
                    # Another command planned with the same money, and was quicker: there is that of others.
                    if not self._give_instead(order_id, refund, f"{key}-{refund.payment_id[-12:]}"):
                        continue
                done.append(refund)
        return tuple(done)

    def _give(self, order_id: str, refund: PlannedRefund, key: str) -> None:
        if refund.payment_id:
            self.payments.refund(refund.payment_id, key, refund.amount)
        else:
            self._to_wallet(order_id, refund.amount, key)

    def _give_instead(self, order_id: str, refund: PlannedRefund, key: str) -> bool:
        """Give the amount back over other tenders, all of it or, if they do not have it, nothing."""
        order, begun = self.orders.get(order_id), []
        for payment in self.paid_by(order):
            entry = payment.entry(OperationKind.REFUND, key)
            if entry is not None:
                begun.append(PlannedRefund(payment_id=payment.id, amount=entry.amount))
        rest = refund.amount - sum((one.amount for one in begun), refund.amount * 0)
        others = self.plan(order, rest, beside={refund.payment_id, *(one.payment_id for one in begun)})
        if sum((one.amount for one in others), rest * 0) < rest:
            return False
        for one in (*begun, *others):
            self._give(order_id, one, key)
        return True

    def _to_wallet(self, order_id: str, amount: Money, key: str) -> None:
        order = self.orders.get(order_id)
        if self.wallet is None:
            raise NoWallet
        self.wallet.refund(key, order.key, amount)
        hold = self._hold(order)
        if hold is not None:
            record = tender_record(
                order.key, hold.amount, refunded=hold.amount - _refundable(hold), version=1 + len(hold.refunds)
            )
            self.orders.record_payment(order_id, record)

    def _books(self, order: Order) -> "_Books":
        payments, hold, nothing = self.paid_by(order), self._hold(order), order.owed * 0
        taken = sum((payment.captured for payment in payments), nothing)
        books = _Books(
            taken=taken,
            left=taken - sum((payment.refunded + payment.being_refunded for payment in payments), nothing),
            coming=sum((payment.being_captured for payment in payments if not payment.attempting), nothing),
            capturable=sum((payment.capturable for payment in payments), nothing),
        )
        known = {tender_id(order.key), *(payment.id for payment in payments)}
        for record in order.payments:
            if record.payment_id not in known:  # taken elsewhere: the order's own record is all there is
                left = books.left + record.captured - record.refunded
                books = evolve(books, taken=books.taken + record.captured, left=left)
        if hold is None:
            return books
        return evolve(books, taken=books.taken + hold.amount, left=books.left + _refundable(hold))

    def _hold(self, order: Order) -> Hold | None:
        """What gift cards and store credit paid for the order, if they did."""
        if all(record.payment_id != tender_id(order.key) for record in order.payments):
            return None
        if self.wallet is None:
            raise NoWallet
        hold = self.wallet.hold(order.key)
        return hold if hold is not None and hold.status is HoldStatus.COMMITTED else None


def _refundable(hold: Hold) -> Money:
    return Money.of_minor(hold.refundable(), hold.unit)


def discounts_of(order: Order, credit: Credit) -> dict[str, Money]:
    """What each promotion took off the units of a credit, from the shares stored with the order."""
    amounts: dict[str, Money] = {}
    for part in credit.lines:
        line = order.line(part.line_id)
        for taken in line.priced.adjustments:
            share = -taken.amount.units(line.quantity, part.start, part.quantity)
            amounts[taken.source] = amounts.get(taken.source, share * 0) + share
    return {promotion_id: amount for promotion_id, amount in amounts.items() if amount.minor > 0}


def returnable(order: Order) -> tuple[ReturnableLine, ...]:
    """The facts of an order that decide what may come back."""
    delivered = {
        unit.line_id: fact.at for fact in order.timeline if fact.kind is FactKind.DELIVERED for unit in fact.units
    }
    return tuple(
        ReturnableLine(
            line_id=line.id,
            sku=line.sku,
            delivered=line.delivered,
            returned=line.returned,
            delivered_at=delivered.get(line.id),
        )
        for line in order.lines
    )
