"""From a quoted cart to an order.

Before the pivot (the order itself) a failure lets go of everything backwards; from it
on the process only goes forward. Every step is idempotent: ``ref`` names the stock hold, the
promotion uses, the payment and the order of one process. Payments journal what they ask of a
gateway themselves, so only the pivot needs a checkpoint. That the order follows its
payment is a reaction's work (`commerce.flows.reactions`).
"""

from attrs import define, evolve, frozen

from commerce.cart import CartService
from commerce.flows.errors import NoWallet
from commerce.flows.sagas.charging import Charge, Charged, Charging
from commerce.fraud import ScreeningFacts
from commerce.inventory import Demand, InventoryService
from commerce.kernel import Money
from commerce.orders import OrderDraft, OrderService, PaymentRecord
from commerce.promotions import PromotionService, PromotionUse
from commerce.runtime import Saga, Step, Waiting
from commerce.wallet import Tender, WalletService

__all__ = ["PLACE_ORDER", "PlaceOrder", "Placed", "tender_id", "tender_record"]

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
    charge: Charge


@frozen(kw_only=True)
class Placed(Charged):
    """What has come of it so far."""

    tendered: Money | None = None
    order_id: str | None = None


@define
class PlacingOrders:
    """The steps, over the services they move."""

    carts: CartService
    inventory: InventoryService
    promotions: PromotionService
    orders: OrderService
    wallet: WalletService | None
    charging: Charging

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
        return self.charging.screen(asked.ref, asked.facts, state)

    def authorize(self, asked: PlaceOrder, state: Placed, key: str) -> Placed | Waiting[Placed]:
        due = asked.amount - (state.tendered or asked.amount * 0)
        return self.charging.authorize(key, asked.ref, due, asked.charge, state)

    def let_go_of_payment(self, asked: PlaceOrder, state: Placed, key: str) -> None:
        self.charging.let_go(key, asked.ref)

    def create_order(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        payments = () if state.payment is None else (state.payment,)
        if state.tendered is not None:
            payments = (tender_record(asked.ref, state.tendered), *payments)
        order = self.orders.place(asked.ref, evolve(asked.draft, payments=payments))
        return evolve(state, order_id=order.id, action=None)

    def hold_suspected(self, asked: PlaceOrder, state: Placed, key: str) -> Placed:
        if state.order_id:
            self.charging.hold_suspected(key, asked.ref, state.order_id, asked.facts, state)
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
        nothing = asked.amount * 0
        # Less than authorized is owed, if units were cancelled while the gateway was down.
        due = min(order.owed, asked.amount) - (state.tendered or nothing)
        wanted = asked.charge.capture and not state.suspected
        self.charging.capture(key, order, state.payment.payment_id, due if wanted else nothing)
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
