"""From a quoted cart to an order.

Before the pivot (the order itself) a failure lets go of everything backwards; from it
on the process only goes forward. Every step is idempotent: ``ref`` names the stock hold, the
promotion uses, the payment and the order of one process. Payments journal what they ask of a
gateway themselves, so only the pivot needs a checkpoint. That the order follows its
payment is a reaction's work (`commerce.flows.reactions`).
"""

from contextlib import suppress

from attrs import define, evolve, field, frozen

from commerce.cart import CartService
from commerce.inventory import Demand, InventoryService
from commerce.kernel import Money, Refused
from commerce.orders import OrderDraft, OrderService, PaymentRecord
from commerce.payments import Action, OperationKind, Payment, PaymentService, PaymentStatus
from commerce.promotions import PromotionService, PromotionUse
from commerce.runtime import Saga, Step, Waiting

__all__ = ["PLACE_ORDER", "PlaceOrder", "Placed", "payment_record"]

#: The stored name of the process.
PLACE_ORDER = "place_order"


@frozen(kw_only=True)
class PlaceOrder:
    """What was asked: the priced draft and what has to be taken for it."""

    ref: str
    cart_id: str
    cart_version: int
    cart_hold: str | None = None
    draft: OrderDraft
    demand: tuple[Demand, ...]
    uses: tuple[PromotionUse, ...]
    amount: Money
    gateway: str
    token: str = field(default="", repr=False)
    return_url: str = ""
    capture: bool = True


@frozen(kw_only=True)
class Placed:
    """What has come of it so far."""

    payment: PaymentRecord | None = None
    action: Action | None = None
    suspected: bool = False
    order_id: str | None = None


@define
class PlacingOrders:
    """The steps, over the services they move."""

    carts: CartService
    inventory: InventoryService
    promotions: PromotionService
    payments: PaymentService
    orders: OrderService

    def freeze_cart(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.carts.freeze(asked.cart_id, asked.ref, version=asked.cart_version)
        return state

    def thaw_cart(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        self.carts.thaw(asked.cart_id, asked.ref)

    def reserve_stock(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.inventory.reserve(asked.ref, asked.demand, replaces=asked.cart_hold)
        return state

    def release_stock(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        self.inventory.release(asked.ref)

    def reserve_uses(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if asked.uses:
            self.promotions.reserve(asked.ref, asked.uses, customer_id=asked.draft.customer_id)
        return state

    def release_uses(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        if asked.uses:
            self.promotions.release(asked.ref)

    def authorize(self, asked: PlaceOrder, state: Placed, key: str) -> Placed | Waiting[Placed]:
        if not asked.amount:
            return state
        payment = self.payments.authorize(
            key,
            order_ref=asked.ref,
            amount=asked.amount,
            gateway=asked.gateway,
            token=asked.token,
            customer_ref=asked.draft.customer_id or "",
            return_url=asked.return_url,
            locale=asked.draft.locale,
        )
        known = evolve(
            state,
            payment=payment_record(payment),
            action=payment.action,
            suspected=payment.status is PaymentStatus.REVIEW,
        )
        return known if payment.authorized >= asked.amount else Waiting(state=known, reason=payment.status.value)

    def let_go_of_payment(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        for payment in self.payments.of_order(asked.ref):
            self.payments.cancel(payment.id, key)

    def create_order(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        payments = () if state.payment is None else (state.payment,)
        order = self.orders.place(asked.ref, evolve(asked.draft, payments=payments))
        return evolve(state, order_id=order.id, action=None)

    def hold_suspected(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.suspected and state.order_id:
            self.orders.hold(state.order_id, key, reason="the gateway wants a person to look at the payment")
        return state

    def commit_stock(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.inventory.commit(asked.ref)
        return state

    def commit_uses(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if asked.uses:
            self.promotions.commit(asked.ref)
        return state

    def capture(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.payment is None or state.order_id is None:
            return state
        order = self.orders.get(state.order_id)
        payment_id = state.payment.payment_id
        # Less than authorized is owed, if units were cancelled while the gateway was down.
        if asked.capture and not state.suspected and order.owed:
            # A refusal leaves an unpaid order to look at: trying for ever would help nobody.
            with suppress(Refused):
                payment = self.payments.capture(payment_id, key, min(order.owed, asked.amount), final=True)
                if payment.entry(OperationKind.CAPTURE, key) is not None:
                    return state
        # What the gateway told while there was no order yet; a capture of ours tells by its own event.
        record = payment_record(self.payments.get(payment_id))
        if order.awaits(record):
            self.orders.record_payment(order.id, record)
        return state

    def close_cart(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.carts.close(asked.cart_id, state.order_id or "")
        return state

    @property
    def saga(self) -> Saga[PlaceOrder, Placed]:
        """The steps in their order."""
        return Saga(
            PLACE_ORDER,
            (
                Step(name="freeze_cart", do=self.freeze_cart, undo=self.thaw_cart),
                Step(name="reserve_stock", do=self.reserve_stock, undo=self.release_stock),
                Step(name="reserve_uses", do=self.reserve_uses, undo=self.release_uses),
                Step(name="authorize", do=self.authorize, undo=self.let_go_of_payment),
                Step(name="create_order", do=self.create_order, pivot=True),
                Step(name="hold_suspected", do=self.hold_suspected),
                Step(name="commit_stock", do=self.commit_stock),
                Step(name="commit_uses", do=self.commit_uses),
                Step(name="capture", do=self.capture),
                Step(name="close_cart", do=self.close_cart),
            ),
        )


def payment_record(payment: Payment) -> PaymentRecord:
    """What an order keeps of a payment."""
    return PaymentRecord(
        payment_id=payment.id,
        version=payment.version,
        authorized=payment.authorized,
        captured=payment.captured,
        refunded=payment.refunded,
        failed=payment.failed,
    )
