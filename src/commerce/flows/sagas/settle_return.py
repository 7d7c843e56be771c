"""Accepted units of a return go back on the shelf, and their money to the buyer."""

from collections.abc import Mapping

from attrs import define, evolve, field, frozen

from commerce.flows.sagas.clawing import Clawing
from commerce.flows.sagas.held import Held, each_held, stock_of
from commerce.flows.sagas.refunding import PlannedRefund, Refunding, discounts_of
from commerce.inventory import InventoryService
from commerce.kernel import Money
from commerce.orders import FactKind, Order, OrderService, credit_of
from commerce.promotions import PromotionService
from commerce.returns import BrokenPromotion, Return, ReturnService, restocking_fee
from commerce.runtime import Saga, Step, retried

__all__ = ["SETTLE_RETURN", "ReturnSettled", "SettleReturn"]

#: The stored name of the process.
SETTLE_RETURN = "settle_return"


@frozen(kw_only=True)
class SettleReturn:
    """Which return, of which order."""

    return_id: str
    order_id: str


@frozen(kw_only=True)
class ReturnSettled:
    """What has come of it so far. ``ref`` names the uses of promotions, ``restock`` is by ref and SKU."""

    ref: str = ""
    due: Money | None = None
    fee: Money | None = None
    refunds: tuple[PlannedRefund, ...] = ()
    restock: Held = field(factory=dict, hash=False)
    discounts: Mapping[str, Money] = field(factory=dict, hash=False)


@define
class SettlingReturns:
    """The steps, over the services they move."""

    returns: ReturnService
    orders: OrderService
    inventory: InventoryService
    promotions: PromotionService
    refunding: Refunding
    clawing: Clawing

    def take_back(self, asked: SettleReturn, state: ReturnSettled, key: str) -> ReturnSettled:
        found = self.returns.get(asked.return_id)
        order = retried(lambda: self._taken_back(asked, found))
        fact = order.fact(FactKind.RETURNED, asked.return_id)
        credit = fact.credit if fact else None
        return evolve(
            state,
            ref=order.key,
            due=credit.refund if credit else None,
            fee=credit.fee if credit else None,
            restock=stock_of(order, found.restocked),
            discounts=discounts_of(order, credit) if credit else {},
        )

    def _taken_back(self, asked: SettleReturn, found: Return) -> Order:
        """The order with what was accepted; fee and claw-back are of the order as it is in that moment."""
        order = self.orders.get(asked.order_id)
        if order.fact(FactKind.RETURNED, asked.return_id) is not None:
            return order
        worth = {line.line_id: line.share.gross for line in credit_of(order, found.accepted).lines}
        fee = restocking_fee(found.policy, found.reasons, worth)
        claws = found.policy.broken_promotion is BrokenPromotion.CLAW_BACK
        clawback = self.clawing.change(order, found.accepted) if claws else None
        return self.orders.return_lines(
            asked.order_id, asked.return_id, found.accepted, fee=fee, clawback=clawback, version=order.version
        )

    def restock(self, asked: SettleReturn, state: ReturnSettled, key: str) -> ReturnSettled:
        each_held(self.inventory.restock_shipped, state.restock, part=asked.return_id)
        return state

    def give_back_uses(self, asked: SettleReturn, state: ReturnSettled, key: str) -> ReturnSettled:
        if state.discounts:
            self.promotions.give_back(state.ref, part=key, amounts=state.discounts)
        return state

    def owe(self, asked: SettleReturn, state: ReturnSettled, key: str) -> ReturnSettled:
        if state.due is None:
            return state
        order = self.orders.get(asked.order_id)
        due = self.returns.get(asked.return_id).due  # a crash may have come after this was said
        if due is None:
            due = self.refunding.due(order, order.fact(FactKind.RETURNED, asked.return_id))
            self.returns.owe(asked.return_id, due, state.fee)
        return evolve(state, refunds=self.refunding.plan(order, due))

    def refund(self, asked: SettleReturn, state: ReturnSettled, key: str) -> ReturnSettled:
        done = self.refunding.carry_out(asked.order_id, state.refunds, key)
        for planned in state.refunds:
            if planned in done:
                self.returns.record_refund(asked.return_id, f"{key}-{planned.payment_id[-12:]}", planned.amount)
            else:
                self.returns.record_refund_failure(asked.return_id, f"{key}-{planned.payment_id[-12:]}")
        return state

    @property
    def saga(self) -> Saga[SettleReturn, ReturnSettled]:
        """The steps in their order."""
        return Saga(
            SETTLE_RETURN,
            (
                Step(name="take_back", do=self.take_back, pivot=True),
                Step(name="restock", do=self.restock),
                Step(name="give_back_uses", do=self.give_back_uses),
                Step(name="owe", do=self.owe, decides=True),
                Step(name="refund", do=self.refund),
            ),
        )
