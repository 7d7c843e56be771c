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
from commerce.flows.errors import NoWallet
from commerce.fraud import Decision, FraudService, ScreeningFacts
from commerce.inventory import Demand, InventoryService
from commerce.kernel import InvalidValue, Money, Refused
from commerce.orders import OrderDraft, OrderService, PaymentRecord
from commerce.payments import Action, CaptureTooMuch, OperationKind, Payment, PaymentService, PaymentStatus
from commerce.promotions import PromotionService, PromotionUse
from commerce.runtime import InProgress, Saga, SagaRecord, SagaStatus, Step, Waiting
from commerce.wallet import Tender, WalletService

__all__ = ["PLACE_ORDER", "PlaceOrder", "Placed", "payment_record", "require_placed", "tender_id", "tender_record"]

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
    tenders: tuple[Tender, ...] = ()
    facts: ScreeningFacts | None = None
    gateway: str = ""
    token: str = field(default="", repr=False)
    return_url: str = ""
    capture: bool = True


@frozen(kw_only=True)
class Placed:
    """What has come of it so far."""

    tendered: Money | None = None
    challenged: bool = False
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
    wallet: WalletService | None
    fraud: FraudService | None

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

    def reserve_tenders(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if not asked.tenders or not asked.amount:
            return state
        return evolve(state, tendered=self._purse.reserve(asked.ref, asked.tenders, limit=asked.amount).amount)

    def release_tenders(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        if asked.tenders:
            self._purse.release(asked.ref)

    def screen(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if self.fraud is None or asked.facts is None:
            return state
        # An earlier attempt with this key, of another cart, was undone: its screening gives way, and still counts.
        screening = self.fraud.screen(asked.ref, asked.facts, anew=True)
        screening.require_accepted()
        return evolve(
            state,
            suspected=screening.decision is Decision.REVIEW,
            challenged=screening.decision is Decision.CHALLENGE,
        )

    def authorize(self, asked: PlaceOrder, state: Placed, key: str) -> Placed | Waiting[Placed]:
        due = asked.amount - (state.tendered or asked.amount * 0)
        if not due:
            return evolve(state, suspected=state.suspected or state.challenged)
        if not asked.gateway:
            raise InvalidValue(field="gateway", reason=f"{due} is left to pay: name a gateway")
        payment = self.payments.authorize(
            key,
            order_ref=asked.ref,
            amount=due,
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
            # Whoever had to act has proved something; who was to be challenged and was not is looked at by a person.
            challenged=state.challenged and payment.action is None,
        )
        if payment.authorized < due:
            return Waiting(state=known, reason=payment.status.value)
        review = payment.status is PaymentStatus.REVIEW
        return evolve(known, suspected=known.suspected or known.challenged or review)

    def let_go_of_payment(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        for payment in self.payments.of_order(asked.ref):
            self.payments.cancel(payment.id, key)

    def create_order(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        payments = () if state.payment is None else (state.payment,)
        if state.tendered is not None:
            payments = (tender_record(asked.ref, state.tendered), *payments)
        order = self.orders.place(asked.ref, evolve(asked.draft, payments=payments))
        return evolve(state, order_id=order.id, action=None)

    def hold_suspected(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.suspected and state.order_id:
            if self.fraud is not None and asked.facts is not None:
                self.fraud.suspect(asked.ref)
            self.orders.hold(state.order_id, key, reason="a person has to look at the payment")
        return state

    def commit_stock(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.inventory.commit(asked.ref)
        return state

    def commit_uses(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if asked.uses:
            self.promotions.commit(asked.ref)
        return state

    def commit_tenders(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.tendered is not None:
            self._purse.commit(asked.ref)
        return state

    def capture(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.payment is None or state.order_id is None:
            return state
        order = self.orders.get(state.order_id)
        payment_id = state.payment.payment_id
        # Less than authorized is owed, if units were cancelled while the gateway was down.
        due = min(order.owed, asked.amount) - (state.tendered or asked.amount * 0)
        if asked.capture and not state.suspected and due.minor > 0:
            key = f"{key}-{due.minor}"  # what never left may be asked again for less
            # A refusal leaves an unpaid order to look at: trying for ever would help nobody.
            with suppress(Refused, CaptureTooMuch):
                payment = self.payments.capture(payment_id, key, due, final=True)
                if payment.entry(OperationKind.CAPTURE, key) is not None:
                    return state
        payment = self.payments.get(payment_id)
        if payment.capturing:
            raise InProgress(saga=OperationKind.CAPTURE.value)  # more was asked for before, and may be on its way
        # What the gateway told while there was no order yet; a capture of ours tells by its own event.
        record = payment_record(payment)
        if order.awaits(record):
            self.orders.record_payment(order.id, record)
        return state

    def close_cart(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        self.carts.close(asked.cart_id, state.order_id or "")
        return state

    @property
    def _purse(self) -> WalletService:
        """The wallet: a process that began with one waits for a shop that has it, too."""
        if self.wallet is None:
            raise NoWallet
        return self.wallet

    @property
    def saga(self) -> Saga[PlaceOrder, Placed]:
        """The steps in their order."""
        return Saga(
            PLACE_ORDER,
            (
                Step(name="freeze_cart", do=self.freeze_cart, undo=self.thaw_cart),
                Step(name="reserve_stock", do=self.reserve_stock, undo=self.release_stock),
                Step(name="reserve_uses", do=self.reserve_uses, undo=self.release_uses),
                Step(name="reserve_tenders", do=self.reserve_tenders, undo=self.release_tenders),
                Step(name="screen", do=self.screen),
                Step(name="authorize", do=self.authorize, undo=self.let_go_of_payment),
                Step(name="create_order", do=self.create_order, pivot=True),
                Step(name="hold_suspected", do=self.hold_suspected),
                Step(name="commit_stock", do=self.commit_stock),
                Step(name="commit_uses", do=self.commit_uses),
                Step(name="commit_tenders", do=self.commit_tenders),
                Step(name="capture", do=self.capture),
                Step(name="close_cart", do=self.close_cart),
            ),
        )


def require_placed(placing: SagaRecord | None) -> None:
    """Raise `commerce.runtime.InProgress` while an order is being made: money may be about to be taken for it."""
    if placing is not None and placing.status is SagaStatus.RUNNING:
        raise InProgress(saga=PLACE_ORDER)


def tender_id(ref: str) -> str:
    """By which an order names what gift cards and store credit paid for it."""
    return f"wallet-{ref}"


def tender_record(ref: str, amount: Money, *, refunded: Money | None = None, version: int = 1) -> PaymentRecord:
    """What an order keeps of the gift cards and store credit that paid for it, together."""
    return PaymentRecord(
        payment_id=tender_id(ref),
        version=version,
        authorized=amount,
        captured=amount,
        refunded=refunded or amount * 0,
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
