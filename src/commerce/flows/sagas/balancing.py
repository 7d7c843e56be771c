"""One balance: what a change of an order has to be paid with, and what it gives back."""

from collections.abc import Sequence

from attrs import define, frozen

from commerce.flows.sagas.clawing import Clawing
from commerce.flows.sagas.refunding import Refunding
from commerce.kernel import Money
from commerce.orders import Order, credit_of
from commerce.returns import BrokenPromotion, ReturnPolicy, ReturnService, ReturnWish, restocking_fee

__all__ = ["Balance", "Balancing"]


@frozen(kw_only=True)
class Balance:
    """``due`` before the change, a ``refund`` with it, and another when what is to come back was accepted."""

    due: Money
    refund: Money
    refund_on_return: Money


@define
class Balancing:
    """Looks at an order before and after a change, its tenders, and goods on their way back."""

    refunding: Refunding
    returns: ReturnService
    clawing: Clawing

    def of(self, order: Order, after: Order, credit: Money, take_back: Sequence[ReturnWish]) -> Balance:
        """What becomes of the money when ``order`` becomes ``after``; ``credit`` is for units that go out.

        Only the difference counts, less what the tenders have above what was owed: a debt that is open already
        is not asked for by an edit, see `still_open`.
        """
        nothing = order.owed * 0
        left, spare = self.refunding.left(order), max(self.refunding.secured(order) - order.owed, nothing)
        comes_back = self.worth(after, take_back, self.returns.policy)
        due = max(after.owed - order.owed - comes_back - spare, nothing)
        refund = min(credit, max(left + due - after.owed, nothing))
        rest = left + due - refund - (after.owed - comes_back)
        return Balance(due=due, refund=refund, refund_on_return=min(comes_back, max(rest, nothing)))

    def still_open(self, order: Order) -> Money:
        """What an order owes that nothing has promised: neither its tenders nor goods on their way back."""
        covered = self.refunding.secured(order)
        for found in self.returns.for_order(order.id):
            covered += self.worth(order, found.awaited, found.policy)
        return max(order.owed - covered, order.owed * 0)

    def worth(self, order: Order, wishes: Sequence[ReturnWish], policy: ReturnPolicy) -> Money:
        """What comes of units when their return is accepted, by a policy."""
        units = {wish.line_id: wish.quantity for wish in wishes}
        if not units:
            return order.owed * 0
        claws = policy.broken_promotion is BrokenPromotion.CLAW_BACK
        clawback = self.clawing.change(order, units) if claws else None
        worth = {part.line_id: part.share.gross for part in credit_of(order, units).lines}
        fee = restocking_fee(policy, {wish.line_id: wish.reason for wish in wishes}, worth)
        return credit_of(order, units, fee=fee, clawback=clawback).refund
