"""Calling off an order, or units of it: from the first step on there is no way back."""

from collections.abc import Mapping

from attrs import define, evolve, field, frozen

from commerce.flows.sagas.charging import require_settled
from commerce.flows.sagas.held import Held, each_held, stock_of
from commerce.flows.sagas.refunding import PlannedRefund, Refunding, discounts_of
from commerce.inventory import InventoryService
from commerce.kernel import Money
from commerce.orders import CancelReason, FactKind, OrderService
from commerce.payments import OperationKind, PaymentService
from commerce.promotions import PromotionService
from commerce.runtime import InProgress, Saga, SagaLog, Step

__all__ = ["CANCEL_ORDER", "CancelOrder", "Cancelled"]

#: The stored name of the process.
CANCEL_ORDER = "cancel_order"


@frozen(kw_only=True)
class CancelOrder:
    """What was asked: which units (by line id), or everything not shipped."""

    order_id: str
    key: str
    lines: Mapping[str, int] | None = field(default=None, hash=False)
    reason: CancelReason = CancelReason.CUSTOMER


@frozen(kw_only=True)
class Cancelled:
    """What has come of it so far. ``ref`` names the process that made the order, ``units`` are by ref and SKU."""

    ref: str = ""
    units: Held = field(factory=dict, hash=False)
    discounts: Mapping[str, Money] = field(factory=dict, hash=False)
    whole: bool = False
    refunds: tuple[PlannedRefund, ...] = ()


@define
class CancellingOrders:
    """The steps, over the services they move."""

    orders: OrderService
    inventory: InventoryService
    promotions: PromotionService
    payments: PaymentService
    refunding: Refunding
    journal: SagaLog

    def cancel_units(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        order = self.orders.cancel(asked.order_id, asked.key, asked.lines, reason=asked.reason)
        fact = order.fact(FactKind.CANCELLED, asked.key)
        return evolve(
            state,
            ref=order.key,
            units=stock_of(order, {unit.line_id: unit.quantity for unit in fact.units} if fact else {}),
            discounts=discounts_of(order, fact.credit) if fact and fact.credit else {},
            whole=not any(line.kept for line in order.lines),
        )

    def release_stock(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        each_held(self.inventory.release_units, state.units, part=key)
        return state

    def give_back_uses(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        if state.whole:
            self.promotions.give_back(state.ref, part=key)
        elif state.discounts:
            self.promotions.give_back(state.ref, part=key, amounts=state.discounts)
        return state

    def void_payments(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        order = self.orders.get(asked.order_id)
        require_settled(self.journal, order)
        payments = self.refunding.paid_by(order)
        if any(payment.capturing for payment in payments):
            # Money is on its way: what is not taken yet can be neither freed nor given back.
            raise InProgress(saga=OperationKind.CAPTURE.value)
        if state.whole:
            for payment in payments:
                if payment.capturable:
                    self.payments.void(payment.id, key)
        return state

    def plan(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        order = self.orders.get(asked.order_id)
        fact = order.fact(FactKind.CANCELLED, asked.key)
        return evolve(state, refunds=self.refunding.plan(order, self.refunding.due(order, fact)))

    def refund(self, asked: CancelOrder, state: Cancelled, key: str) -> Cancelled:
        self.refunding.carry_out(asked.order_id, state.refunds, key)
        return state

    @property
    def saga(self) -> Saga[CancelOrder, Cancelled]:
        """The steps in their order."""
        return Saga(
            CANCEL_ORDER,
            (
                Step(name="cancel_units", do=self.cancel_units, pivot=True),
                Step(name="release_stock", do=self.release_stock),
                Step(name="give_back_uses", do=self.give_back_uses),
                Step(name="void_payments", do=self.void_payments),
                Step(name="plan_refunds", do=self.plan, decides=True),
                Step(name="refund", do=self.refund),
            ),
        )
