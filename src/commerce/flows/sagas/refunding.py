"""What comes back with units of an order: money over its payments, and discounts to the budgets they came from."""

from collections.abc import Sequence
from contextlib import suppress

from attrs import define, frozen

from commerce.flows.sagas.place_order import tender_record
from commerce.kernel import Money, Refused
from commerce.orders import Credit, Order, OrderService
from commerce.payments import PaymentService
from commerce.wallet import Hold, HoldStatus, WalletService

__all__ = ["PlannedRefund", "Refunding", "discounts_of"]


@frozen(kw_only=True)
class PlannedRefund:
    """So much of one payment is to go back; without a payment, to the gift cards and store credit that paid."""

    payment_id: str
    amount: Money


@define
class Refunding:
    """Gives money back over all tenders of an order: payments first, the latest before others, then stored value."""

    payments: PaymentService
    orders: OrderService
    wallet: WalletService | None

    def excess(self, order: Order) -> Money:
        """What the tenders hold above what is owed, by their own books: the order's may be a moment behind."""
        taken = sum((p.captured - p.refunded for p in self.payments.of_order(order.key)), order.owed * 0)
        hold = self._hold(order.key)
        if hold is not None:
            taken += _refundable(hold)
        return taken - order.owed

    def plan(self, ref: str, amount: Money) -> tuple[PlannedRefund, ...]:
        """Which tender gives back how much; less in all if less was taken."""
        planned, left = [], amount
        for payment in sorted(self.payments.of_order(ref), key=lambda payment: payment.id, reverse=True):
            share = min(left, payment.refundable)
            if share.minor > 0:
                planned.append(PlannedRefund(payment_id=payment.id, amount=share))
                left -= share
        hold = self._hold(ref)
        if hold is not None and left.minor > 0:
            share = min(left, _refundable(hold))
            if share.minor > 0:
                planned.append(PlannedRefund(payment_id="", amount=share))
        return tuple(planned)

    def carry_out(
        self, order_id: str, ref: str, planned: Sequence[PlannedRefund], key: str
    ) -> tuple[PlannedRefund, ...]:
        """Do it, each by key; what a gateway refuses stays owed and is not in the answer."""
        done = []
        for refund in planned:
            with suppress(Refused):
                if refund.payment_id:
                    self.payments.refund(refund.payment_id, key, refund.amount)
                else:
                    self._to_wallet(order_id, ref, refund.amount, key)
                done.append(refund)
        return tuple(done)

    def _to_wallet(self, order_id: str, ref: str, amount: Money, key: str) -> None:
        if self.wallet is None:
            return
        self.wallet.refund(key, ref, amount)
        hold = self._hold(ref)
        if hold is not None:
            record = tender_record(
                ref, hold.amount, refunded=hold.amount - _refundable(hold), version=1 + len(hold.refunds)
            )
            self.orders.record_payment(order_id, record)

    def _hold(self, ref: str) -> Hold | None:
        hold = self.wallet.hold(ref) if self.wallet is not None else None
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
