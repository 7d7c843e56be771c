"""Checkout: quote a cart, place the order, cancel it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from attrs import astuple, define, field, frozen

from commerce.cart import Cart, CartService, CartStatus
from commerce.flows.errors import (
    CheckoutNotReady,
    NotPlacedYet,
    NoWallet,
    PlacementNotFound,
    Problem,
    ProblemKind,
    TotalMoved,
)
from commerce.flows.quoting import Quote, Quoting
from commerce.flows.sagas import (
    CANCEL_ORDER,
    PLACE_ORDER,
    Cancelled,
    CancelOrder,
    Charge,
    Placed,
    PlaceOrder,
    Refunding,
    awake,
    process_id,
    require_kind,
    require_settled,
)
from commerce.fraud import Decision, FraudService, ScreeningFacts, ScreeningNotFound
from commerce.inventory import Demand, InventoryService
from commerce.kernel import Address, InvalidValue, KeyReused, Money, PricedLine, no_card_number
from commerce.orders import CancelReason, ExchangeRate, FactKind, Order, OrderDraft, OrderService, OrderStatus
from commerce.payments import Action, OperationKind, PaymentService
from commerce.promotions import Promotion
from commerce.runtime import InProgress, Relay, SagaRecord, SagaRunner, SagaStatus, fingerprint
from commerce.wallet import Tender, WalletService

__all__ = ["BuyerFacts", "Checkout", "Placement", "demand_of", "screening_facts"]


@frozen(kw_only=True)
class BuyerFacts:
    """What a host knows of the shopper's visit; ``card`` is the gateway's fingerprint of a card, never its number."""

    ip: str = field(default="", repr=False)
    device: str = field(default="", repr=False)
    card: str = field(default="", repr=False)


@frozen(kw_only=True)
class Placement:
    """Where the placing of an order stands.

    ``order`` is there once it is placed; until then ``action`` says what the shopper has
    to do (follow a link, confirm in a banking app), and ``reason`` what is waited for.
    """

    id: str
    placed: Order | None = None
    action: Action | None = None
    reason: str = ""

    @property
    def order(self) -> Order:
        """The order. Raises `NotPlacedYet` while its payment waits."""
        if self.placed is None:
            raise NotPlacedYet(reason=self.reason)
        return self.placed


@define
class Checkout:
    """From a cart to an order, and back out of it.

    Every command takes a key and happens once per key: again with the same key answers
    with what came of it, with the same key and another request `commerce.kernel.KeyReused`.
    """

    carts: CartService
    inventory: InventoryService
    quoting: Quoting
    orders: OrderService
    payments: PaymentService
    wallet: WalletService | None
    fraud: FraudService | None
    refunding: Refunding
    runner: SagaRunner
    relay: Relay

    def quote(
        self,
        cart_id: str,
        *,
        at: datetime | None = None,
        payment_method: str = "",
        drafts: Sequence[Promotion] = (),
    ) -> Quote:
        """What the cart costs now, why, and what keeps it from being ordered. Writes nothing.

        ``at`` asks for another time and ``drafts`` for promotions that are not running yet: a what-if.
        """
        return self.quoting.quote(self.carts.get(cart_id), at=at, payment_method=payment_method, drafts=drafts)

    def hold(self, cart_id: str, until: datetime) -> Cart:
        """Hold today's prices for a cart until a moment, and its units of items that are reserved from the cart on.

        Other items wait for the order. Done again it holds what is in the cart by then. Raises
        `commerce.inventory.OutOfStock`, and `commerce.kernel.InvalidValue` for a moment too near or too far.
        """
        with self.relay.hold():
            cart = self.carts.get(cart_id)
            cart.require_open(self.quoting.clock())
            key = f"cart-{cart.id}-{cart.version}"
            demand = [Demand(sku=line.sku, quantity=line.quantity) for line in cart.lines]
            if demand:
                self.inventory.hold_cart(key, demand, expires_at=until, replaces=cart.held_by)
            self.quoting.promise(cart, key, until)
            return self.carts.hold(cart_id, key, until)

    def place_order(
        self,
        cart_id: str,
        *,
        key: str,
        gateway: str = "",
        token: str = "",
        tenders: Sequence[Tender] = (),
        email: str = "",
        billing_address: Address | None = None,
        facts: BuyerFacts | None = None,
        expected_total: Money | None = None,
        capture: bool = True,
        return_url: str = "",
    ) -> Placement:
        """Buy what is in the cart, paid with stored value, through a gateway, or both.

        ``tenders`` are gift cards and store credit, taken in order as far as they go (`commerce.wallet.Tender`);
        the ``gateway`` takes the rest. ``token`` is what its own page gave for the shopper's card or account.
        ``facts`` help to screen the order for fraud, where the shop does.
        With ``expected_total`` (what the shopper saw) the order is refused with `TotalMoved` if
        the total is another by now. Raises `CheckoutNotReady` with every problem, what
        inventory and promotions refuse, `commerce.payments.PaymentDeclined`, and
        `commerce.runtime.InProgress` while the same key is worked on. Whatever happens on the
        way, the end is one order, or nothing held and nothing charged.
        """
        if not key:
            raise InvalidValue(field="key", reason="a key has at least one character: make one for each click on Buy")
        wish = _Wish(
            gateway=gateway,
            token=token,
            tenders=self._recognised(tenders),
            email=email,
            billing_address=billing_address,
            facts=facts or BuyerFacts(),
            return_url=return_url,
            capture=capture,
        )
        with self.relay.hold():
            record = self._place(cart_id, key, wish, expected_total)
        return self._placement(record)

    def resume(self, placement_id: str) -> Placement:
        """Go on with an order that waited for its payment: the shopper is back, or the gateway has told us."""
        require_kind(self.runner, placement_id, PLACE_ORDER)
        with self.relay.hold():
            record = awake(self.runner, self.payments, self.runner.resume(placement_id))
        return self._placement(record)

    def placement(self, key: str) -> Placement:
        """Where the placing with this key stands. Raises `PlacementNotFound`."""
        record = self.runner.find(PLACE_ORDER, key)
        if record is None:
            raise PlacementNotFound(key=key)
        return self._placement(record)

    def abandon(self, placement_id: str, *, reason: str = "abandoned") -> None:
        """Let go of everything an order that waits for its payment holds: nobody will pay it."""
        require_kind(self.runner, placement_id, PLACE_ORDER)
        with self.relay.hold():
            self.runner.abandon(placement_id, reason)

    def accept_order(self, order_id: str, *, key: str) -> Order:
        """A person looked at an order held for its payment or its screening, and takes it: it is paid and released.

        Raises `commerce.runtime.InProgress` while the order is still being made, and while units are called off whose
        money was taken just now.
        """
        with self.relay.hold():
            order = self.orders.get(order_id)
            require_settled(self.runner, order)
            for ref in order.refs:
                self._approve(ref)
            for payment in self.refunding.paid_by(order):
                if payment.live:
                    accepted = self.payments.accept(payment.id)
                    due = min(accepted.capturable, -self.refunding.excess(order))
                    if due.minor > 0:
                        self.payments.capture(payment.id, key, due, final=True)
            if order.status is OrderStatus.ON_HOLD:
                self._give_back_surplus(self.orders.get(order_id), key)
            self.orders.release(order_id, key)
        return self.orders.get(order_id)

    def _give_back_surplus(self, order: Order, key: str) -> None:
        """What was taken of units that were called off after it was read what is owed.

        A cancel or edit that has not ended gives back its own part; one that has, saw nothing to give.
        """
        surplus = self.refunding.surplus(order)
        if surplus.minor <= 0:
            return
        require_settled(self.runner, order)
        if any(payment.capturing for payment in self.refunding.paid_by(order)):
            raise InProgress(saga=OperationKind.CAPTURE.value)
        keys = (fact.key for fact in order.timeline if fact.kind is FactKind.CANCELLED)
        cancels = (self.runner.find(CANCEL_ORDER, cancelled) for cancelled in keys)
        if any(cancel is not None and cancel.status is not SagaStatus.DONE for cancel in cancels):
            raise InProgress(saga=CANCEL_ORDER)
        self.refunding.carry_out(order.id, self.refunding.plan(order, surplus), key)

    def cancel_order(
        self,
        order_id: str,
        *,
        key: str,
        lines: Mapping[str, int] | None = None,
        reason: CancelReason = CancelReason.CUSTOMER,
    ) -> Order:
        """Call off what is not shipped, or some units of it by line id.

        Stock and promotion uses are given back, and the money: what is authorized is voided
        when nothing is left to pay, what was captured above what is still owed is refunded. Raises
        `commerce.orders.NothingToCancel` and `commerce.orders.TooManyUnits`.
        """
        asked = CancelOrder(order_id=order_id, key=key, lines=lines, reason=reason)
        body = fingerprint(order_id, lines, reason)
        with self.relay.hold():
            self.runner.run(CANCEL_ORDER, key=key, fingerprint=body, input=asked, state=Cancelled())
        return self.orders.get(order_id)

    def _approve(self, ref: str) -> None:
        if self.fraud is not None:
            with suppress(ScreeningNotFound):  # not everything an order holds was screened
                if self.fraud.get(ref).waiting:
                    self.fraud.resolve(ref, Decision.APPROVE)

    def _recognised(self, tenders: Sequence[Tender]) -> tuple[Tender, ...]:
        """The accounts behind the tenders: a process stores no codes. Raises `commerce.wallet.UnknownCode`."""
        if not tenders:
            return ()
        if self.wallet is None:
            raise NoWallet
        return tuple(
            Tender.of_account(self.wallet.recognise(tender.instrument).id, tender.amount) for tender in tenders
        )

    def _place(self, cart_id: str, key: str, wish: "_Wish", expected: Money | None) -> SagaRecord:
        body = fingerprint(cart_id, astuple(wish))
        cart = self.carts.get(cart_id)
        known = None if cart.status is CartStatus.OPEN else self.runner.find(PLACE_ORDER, key)
        if known is not None:
            if known.fingerprint != body:
                raise KeyReused(key=key)
            return awake(self.runner, self.payments, self.runner.resume(known.id))
        cart.require_open(self.quoting.clock())
        process = process_id(PLACE_ORDER, key)
        asked = _request(process, self.quoting.quote(cart, payment_method=wish.gateway), wish, expected)
        self.orders.validate(asked.draft)
        record = self.runner.run(PLACE_ORDER, key=key, fingerprint=body, input=asked, state=Placed(), id=process)
        return awake(self.runner, self.payments, record)

    def _placement(self, record: SagaRecord) -> Placement:
        """Read once the relay has delivered: the order follows its payment by an event."""
        state: Placed = record.state
        if state.order_id is not None:
            return Placement(id=record.id, placed=self.orders.get(state.order_id))
        return Placement(
            id=record.id,
            action=state.action if record.status is SagaStatus.WAITING else None,
            reason=record.reason or record.status.value,
        )


@frozen(kw_only=True)
class _Wish:
    """What the shopper said on the last page; refused before anything of it is journalled."""

    gateway: str = field(validator=no_card_number)
    token: str = field(repr=False, validator=no_card_number)
    tenders: tuple[Tender, ...]
    email: str = field(repr=False, validator=no_card_number)
    billing_address: Address | None
    facts: BuyerFacts
    return_url: str
    capture: bool


def _request(ref: str, quote: Quote, wish: _Wish, expected: Money | None) -> PlaceOrder:
    cart = quote.cart
    problems = list(quote.problems)
    email = wish.email or cart.email
    if not email:
        problems.append(Problem(kind=ProblemKind.NO_EMAIL, advice="pass email, or call cart.set_customer"))
    if problems:
        raise CheckoutNotReady(cart_id=cart.id, problems=tuple(problems))
    if expected is not None and expected != quote.total:
        raise TotalMoved(cart_id=cart.id, expected=expected, actual=quote.total)
    return PlaceOrder(
        ref=ref,
        cart_id=cart.id,
        cart_version=cart.version,
        cart_hold=cart.held(quote.at),
        draft=_draft(quote, email, wish.billing_address),
        demand=demand_of(quote.priced.lines),
        uses=quote.promotions.uses,
        amount=quote.total,
        tenders=wish.tenders,
        facts=screening_facts(
            cart, quote.total, cart.destination, wish.billing_address or cart.destination, wish.facts, email=email
        ),
        charge=Charge(
            gateway=wish.gateway,
            token=wish.token,
            customer_ref=cart.customer_id or "",
            return_url=wish.return_url,
            locale=cart.locale,
            capture=wish.capture,
        ),
    )


def screening_facts(
    buyer: Cart | Order,
    amount: Money,
    to: Address | None,
    billing: Address | None,
    visit: BuyerFacts,
    *,
    email: str = "",
) -> ScreeningFacts:
    """What is known of a purchase, for the fraud module."""
    return ScreeningFacts(
        amount=amount,
        email=email or buyer.email,
        customer_id=buyer.customer_id or "",
        billing_country=billing.country if billing else "",
        shipping_country=to.country if to else "",
        address=" ".join((*to.lines, to.postal_code, to.city, to.country)) if to else "",
        ip=visit.ip,
        device=visit.device,
        card=visit.card,
    )


def _draft(quote: Quote, email: str, billing_address: Address | None) -> OrderDraft:
    cart = quote.cart
    return OrderDraft(
        priced=quote.priced,
        cart_id=cart.id,
        customer_id=cart.customer_id,
        email=email,
        channel=cart.channel,
        locale=cart.locale,
        billing_address=billing_address or cart.destination,
        shipping_address=cart.destination,
        shipping_method=cart.shipping_method,
        codes=tuple(dict.fromkeys(use.code for use in quote.promotions.uses if use.code)),
        explanation=quote.explain(),
        exchange_rate=_exchange_rate(quote),
    )


def _exchange_rate(quote: Quote) -> ExchangeRate | None:
    """The rate that list prices were converted at, if any were: one base currency, so one rate."""
    used = next((answer.exchange_rate for answer in quote.selected.values() if answer.exchange_rate), None)
    if used is None:
        return None
    return ExchangeRate(base=used.base, target=used.target, rate=used.rate, source=used.source, at=used.at)


def demand_of(lines: Sequence[PricedLine]) -> tuple[Demand, ...]:
    """What has to be in stock for some lines, by SKU."""
    units: dict[str, int] = {}
    for line in lines:
        sku = line.line.item.sku
        units[sku] = units.get(sku, 0) + line.line.quantity
    return tuple(Demand(sku=sku, quantity=quantity) for sku, quantity in sorted(units.items()))
