"""What comes back with units of an order: money over its payments, and discounts to the budgets they came from."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from attrs import frozen

from commerce.kernel import Money, Refused
from commerce.orders import Credit, Order
from commerce.payments import Payment, PaymentService

__all__ = ["PlannedRefund", "discounts_of", "plan_refunds", "refund_all"]


@frozen(kw_only=True)
class PlannedRefund:
    """So much of one payment is to go back."""

    payment_id: str
    amount: Money


def plan_refunds(payments: Iterable[Payment], amount: Money) -> tuple[PlannedRefund, ...]:
    """Which payment gives back how much, the latest first; less in all if less was taken."""
    planned = []
    left = amount
    for payment in sorted(payments, key=lambda payment: payment.id, reverse=True):
        share = min(left, payment.refundable)
        if share > left * 0:
            planned.append(PlannedRefund(payment_id=payment.id, amount=share))
            left -= share
    return tuple(planned)


def refund_all(payments: PaymentService, planned: Sequence[PlannedRefund], key: str) -> tuple[PlannedRefund, ...]:
    """Carry the plan out; what the gateway refuses stays owed and is not in the answer."""
    done = []
    for refund in planned:
        with suppress(Refused):
            payments.refund(refund.payment_id, key, refund.amount)
            done.append(refund)
    return tuple(done)


def discounts_of(order: Order, credit: Credit) -> dict[str, Money]:
    """What each promotion took off the units of a credit, from the shares stored with the order."""
    amounts: dict[str, Money] = {}
    for part in credit.lines:
        line = order.line(part.line_id)
        for taken in line.priced.adjustments:
            share = -taken.amount.units(line.quantity, part.start, part.quantity)
            amounts[taken.source] = amounts.get(taken.source, share * 0) + share
    return {promotion_id: amount for promotion_id, amount in amounts.items() if amount.minor > 0}
