"""A placed order is changed: lines come in, units go out, others are announced to come back, on one balance.

Before the pivot (the edit itself) a failure lets go of everything backwards; from it on the process only
goes forward. ``ref`` names the stock hold, the payment, the return and the edit of one process.
"""

from collections.abc import Mapping

from attrs import define, evolve, field, frozen

from commerce.flows.errors import DueMoved
from commerce.flows.sagas.balancing import Balancing
from commerce.flows.sagas.charging import Charge, Charged, Charging
from commerce.flows.sagas.held import each_held, stock_of
from commerce.flows.sagas.refunding import PlannedRefund, Refunding, discounts_of, returnable
from commerce.fraud import ScreeningFacts
from commerce.inventory import Demand, InventoryService
from commerce.kernel import Address, Money, PricedLine
from commerce.orders import FactKind, Order, OrderService, edit_order
from commerce.promotions import PromotionService
from commerce.returns import ReturnService, ReturnWish
from commerce.runtime import Saga, Step, Waiting, retried

__all__ = ["EDIT_ORDER", "EditOrder", "Edited"]

#: The stored name of the process.
EDIT_ORDER = "edit_order"


@frozen(kw_only=True)
class EditOrder:
    """What was asked. ``due`` has to be paid before anything changes; ``returning`` is taken back when it comes."""

    order_id: str
    ref: str
    added: tuple[PricedLine, ...]
    removed: Mapping[str, int] = field(hash=False)
    returning: tuple[ReturnWish, ...] = ()
    deliver_to: Address | None = field(default=None, repr=False)
    explanation: tuple[str, ...] = ()
    demand: tuple[Demand, ...]
    due: Money
    facts: ScreeningFacts | None = None
    charge: Charge


@frozen(kw_only=True)
class Edited(Charged):
    """What has come of it so far."""

    edited: bool = False
    return_id: str = ""
    refunds: tuple[PlannedRefund, ...] = ()


@define
class EditingOrders:
    """The steps, over the services they move."""

    orders: OrderService
    inventory: InventoryService
    promotions: PromotionService
    returns: ReturnService
    charging: Charging
    refunding: Refunding
    balancing: Balancing

    def reserve_stock(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        if asked.demand:
            self.inventory.reserve(asked.ref, asked.demand)
        return state

    def release_stock(self, asked: EditOrder, state: Edited, key: str) -> None:
        if asked.demand:
            self.inventory.release(asked.ref)

    def announce_return(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        if not asked.returning:
            return state
        order = self.orders.get(asked.order_id)
        announced = self.returns.request(
            key, order.id, asked.returning, facts=returnable(order), customer_id=order.customer_id
        )
        return evolve(state, return_id=announced.id)

    def refuse_return(self, asked: EditOrder, state: Edited, key: str) -> None:
        for announced in self.returns.for_order(asked.order_id):
            if announced.key == key:
                self.returns.reject(announced.id)

    def screen(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        return self.charging.screen(asked.ref, asked.facts, state)

    def authorize(self, asked: EditOrder, state: Edited, key: str) -> Edited | Waiting[Edited]:
        return self.charging.authorize(key, asked.ref, asked.due, asked.charge, state)

    def let_go_of_payment(self, asked: EditOrder, state: Edited, key: str) -> None:
        self.charging.let_go(key, asked.ref)

    def edit_lines(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        retried(lambda: self._edit(asked, state))
        return evolve(state, edited=True, action=None)

    def _edit(self, asked: EditOrder, state: Edited) -> None:
        """Edit the order as it is now, if the difference is still the one that was paid."""
        order = self.orders.get(asked.order_id)
        if order.fact(FactKind.EDITED, asked.ref) is None:
            due = self._due(asked, state, order)
            if due != asked.due:
                raise DueMoved(order_id=order.id, expected=asked.due, actual=due)
        self.orders.edit(
            asked.order_id,
            asked.ref,
            asked.added,
            asked.removed,
            payments=() if state.payment is None else (state.payment,),
            deliver_to=asked.deliver_to,
            explanation=asked.explanation,
            version=order.version,
        )

    def _due(self, asked: EditOrder, state: Edited, order: Order) -> Money:
        if not (asked.added or asked.removed or asked.returning or asked.deliver_to):
            return self.balancing.still_open(order)
        # What of it was taken back meanwhile is on the balance already.
        returning = self.returns.get(state.return_id).awaited if state.return_id else ()
        after = order.snapshot()
        edit_order(after, asked.ref, asked.added, asked.removed, deliver_to=asked.deliver_to, at=self.orders.clock())
        return self.balancing.of(order, after, order.owed * 0, returning).due

    def hold_suspected(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        self.charging.hold_suspected(key, asked.ref, asked.order_id, asked.facts, state)
        return state

    def commit_stock(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        if asked.demand:
            self.inventory.commit(asked.ref)
        return state

    def release_removed(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        each_held(self.inventory.release_units, stock_of(self.orders.get(asked.order_id), asked.removed), part=key)
        return state

    def give_back_uses(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        order = self.orders.get(asked.order_id)
        fact = order.fact(FactKind.EDITED, asked.ref)
        discounts = discounts_of(order, fact.credit) if fact and fact.credit else {}
        if discounts:
            self.promotions.give_back(order.key, part=key, amounts=discounts)
        return state

    def capture(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        if state.payment is None or not asked.charge.capture or state.suspected:
            return state
        order = self.orders.get(asked.order_id)
        # Less than authorized is owed, if units were called off while the gateway was down.
        due = min(asked.due, -self.refunding.excess(order))
        if due.minor > 0:
            self.charging.capture(key, order, state.payment.payment_id, due)
        else:
            self.charging.free(key, state.payment.payment_id)
        return state

    def plan(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        order = self.orders.get(asked.order_id)
        due = self.refunding.due(order, order.fact(FactKind.EDITED, asked.ref))
        return evolve(state, refunds=self.refunding.plan(order, due))

    def refund(self, asked: EditOrder, state: Edited, key: str) -> Edited:
        self.refunding.carry_out(asked.order_id, state.refunds, key)
        return state

    @property
    def saga(self) -> Saga[EditOrder, Edited]:
        """The steps in their order."""
        return Saga(
            EDIT_ORDER,
            (
                Step(name="reserve_stock", do=self.reserve_stock, undo=self.release_stock),
                Step(name="announce_return", do=self.announce_return, undo=self.refuse_return),
                Step(name="screen", do=self.screen),
                Step(name="authorize", do=self.authorize, undo=self.let_go_of_payment),
                Step(name="edit_lines", do=self.edit_lines, pivot=True),
                Step(name="hold_suspected", do=self.hold_suspected),
                Step(name="commit_stock", do=self.commit_stock),
                Step(name="release_removed", do=self.release_removed),
                Step(name="give_back_uses", do=self.give_back_uses),
                Step(name="capture", do=self.capture),
                Step(name="plan_refunds", do=self.plan, decides=True),
                Step(name="refund", do=self.refund),
            ),
        )
