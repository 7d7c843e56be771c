"""Use cases of payments."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from attrs import define, evolve

from commerce.kernel import (
    Clock,
    InvalidValue,
    KeyReused,
    Money,
    new_id,
    refuse_card_numbers,
    require_storable,
)
from commerce.payments.engine import Difference, differences
from commerce.payments.errors import AttemptOpen, GatewayCannot, PaymentDeclined
from commerce.payments.exchange import Ask, Exchange
from commerce.payments.messages import (
    AuthorizeRequest,
    GatewayAnswer,
    NoticeReply,
    RawNotice,
)
from commerce.payments.model import Payment
from commerce.payments.notices import NoticeDesk
from commerce.payments.ports import PaymentGateway, PaymentUnit
from commerce.payments.values import Entry, OperationKind
from commerce.runtime import Begin, HookRelay, Providers, fingerprint

__all__ = ["PaymentService"]

log = logging.getLogger("commerce.payments")

#: The longest key of a command, and the longest of other texts.
_LONGEST_KEY, _LONGEST_TEXT = 100, 255

#: The largest amount of a 64-bit column.
_MOST_MINOR = 2**63 - 1


@define
class PaymentService:
    """Take, give back and keep book of money, through gateways.

    Every command writes down what it asks for, calls the gateway with no transaction open, and writes
    down the answer. It takes a key: again with the same key it never does more, it finds out what became
    of it. What was sent and not answered is told lost only ``patience`` after: longer than any
    gateway's timeout.
    """

    begin: Begin[PaymentUnit]
    clock: Clock
    gateways: Providers[PaymentGateway]
    hooks: HookRelay
    patience: timedelta = timedelta(minutes=5)

    # reading

    def get(self, payment_id: str) -> Payment:
        """The payment, or `PaymentNotFound`."""
        with self.begin() as uow:
            return uow.payments.get(payment_id)

    def by_key(self, key: str) -> Payment | None:
        """The payment that was authorized with that key, or nothing."""
        with self.begin() as uow:
            return uow.payments.by_key(key)

    def of_order(self, order_ref: str) -> tuple[Payment, ...]:
        """All attempts to be paid for an order, oldest first."""
        with self.begin() as uow:
            return tuple(uow.payments.of_order(order_ref))

    # commands

    def authorize(
        self,
        key: str,
        *,
        order_ref: str,
        amount: Money,
        gateway: str,
        token: str = "",
        customer_ref: str = "",
        customer_ip: str = "",
        return_url: str = "",
        locale: str = "en",
        description: str = "",
        metadata: Mapping[str, str] | None = None,
        capture: bool = False,
    ) -> Payment:
        """Ask for money; with ``capture``, or where the gateway knows no other way, take it at once.

        ``order_ref`` names what is paid for, such as the checkout's id: it has one live attempt at a time (parts
        of a split payment have refs of their own). A payment that waits for the customer has an ``action``;
        call again with the same key, or `settle`, once the customer is back.

        Raises `PaymentDeclined`, `AttemptOpen`, `GatewayCannot`, `commerce.kernel.CardNumberRefused`,
        `commerce.kernel.KeyReused`; `PaymentUnknown` or `commerce.kernel.ProviderUnavailable` to be repeated
        with the same key.
        """
        provider = self.gateways[gateway]
        abilities = provider.abilities
        _check_key(key)
        require_storable("order_ref", order_ref, least=1, most=_LONGEST_TEXT)
        require_storable("customer_ref", customer_ref, most=_LONGEST_TEXT)
        if not 0 < amount.minor <= _MOST_MINOR:
            raise InvalidValue(field="amount", reason="more than nothing, and what a database can count")
        if abilities.currencies is not None and amount.currency.code not in abilities.currencies:
            raise GatewayCannot(gateway=gateway, ability=f"currency {amount.currency.code}")
        if abilities.redirects and not return_url:
            raise InvalidValue(field="return_url", reason=f"{gateway} sends customers away: say where they come back")
        extras = dict(metadata or {})
        texts = {"order_ref": order_ref, "token": token, "customer_ref": customer_ref, "description": description}
        for name, text in (
            *texts.items(),
            ("return_url", return_url),
            ("customer_ip", customer_ip),
            ("locale", locale),
        ):
            require_storable(name, text)
        require_storable("metadata", *extras, *extras.values())
        for name, text in (*texts.items(), *extras.items()):
            refuse_card_numbers(text, field=name if name in texts else "metadata")
            refuse_card_numbers(name, field="metadata")
        body = {"order_ref": order_ref, "amount": amount, "gateway": gateway, "token": token, "capture": capture}
        self.hooks.commerce_validate_payment(order_ref=order_ref, gateway=gateway, amount=amount)
        payment, fresh = self._start(
            Payment(
                id=new_id(),
                key=key,
                order_ref=order_ref,
                gateway=gateway,
                amount=amount,
                capture_at_once=capture or not abilities.separate_capture,
                customer_ref=customer_ref,
                fingerprint=fingerprint(body),
                created_at=self.clock(),
            )
        )
        entry = payment.authorization
        request = AuthorizeRequest(
            key=entry.id,
            payment_id=payment.id,
            order_ref=order_ref,
            amount=amount,
            capture=payment.capture_at_once,
            at=entry.at,
            token=token,
            customer_ref=customer_ref,
            customer_ip=customer_ip,
            return_url=return_url,
            locale=locale,
            description=description,
            metadata=extras,
        )

        def call(payment: Payment, _: Entry) -> GatewayAnswer:
            return provider.authorize(evolve(request, reference=payment.reference))

        return self._exchange.send(payment, entry, call) if fresh else self._exchange.again(payment, entry, call)

    def capture(self, payment_id: str, key: str, amount: Money | None = None, *, final: bool = False) -> Payment:
        """Take authorized money: ``amount``, or all that is held; nothing to do if all was taken already.

        ``final``, or a gateway that captures once, frees the rest. Raises `CaptureTooMuch`, and as `authorize`.
        """

        def ask(payment: Payment, gateway: PaymentGateway) -> Entry | None:
            return payment.request_capture(key, amount, gateway.abilities, final=final, at=self.clock())

        return self._operate(payment_id, OperationKind.CAPTURE, key, amount, ask)

    def refund(self, payment_id: str, key: str, amount: Money | None = None) -> Payment:
        """Give captured money back: ``amount``, or all that is left. Raises `RefundTooMuch`, and as `authorize`."""

        def ask(payment: Payment, gateway: PaymentGateway) -> Entry | None:
            return payment.request_refund(key, amount, gateway.abilities, at=self.clock())

        return self._operate(payment_id, OperationKind.REFUND, key, amount, ask)

    def increment(self, payment_id: str, key: str, amount: Money) -> Payment:
        """Authorize so much more. Raises `GatewayCannot`, and as `authorize`."""

        def ask(payment: Payment, gateway: PaymentGateway) -> Entry | None:
            return payment.request_increment(key, amount, gateway.abilities, at=self.clock())

        return self._operate(payment_id, OperationKind.INCREMENT, key, amount, ask)

    def void(self, payment_id: str, key: str) -> Payment:
        """Free all that is held and not captured; nothing to do if nothing is.

        An attempt that has not come to an end is given up, at the gateway too where that is able to:
        whatever money still comes of it is surplus, and goes back.
        """

        def ask(payment: Payment, gateway: PaymentGateway) -> Entry | None:
            return payment.request_void(key, gateway.abilities, at=self.clock())

        payment = self.get(payment_id)
        if payment.entry(OperationKind.VOID, key) is None and payment.open:
            payment = self._exchange.settle(payment_id, go_on=False)
        if payment.attempting:
            payment = self._call_off(payment, f"{key}/call-off")
        if payment.attempting:
            payment = self._exchange.change(payment_id, lambda p: p.abandon(at=self.clock()))
        try:
            return self._operate(payment_id, OperationKind.VOID, key, None, ask)
        except PaymentDeclined:  # it may have been captured or have expired meanwhile
            payment = self.settle(payment_id)
            if payment.capturable:
                raise
            return payment

    def cancel(self, payment_id: str, key: str) -> Payment:
        """Take everything back: free what is held, refund what was taken. Nothing to do if nothing is left."""
        payment = self.void(payment_id, key)
        if payment.entry(OperationKind.REFUND, key) is None and not payment.refundable:
            return payment
        try:
            return self.refund(payment_id, key)
        except PaymentDeclined:  # it may have been refunded by another hand
            payment = self.settle(payment_id)
            if payment.refundable:
                raise
            return payment

    def confirm(self, payment_id: str) -> Payment:
        """A person saw money that moves outside (`GatewayAbilities.by_hand`): the payment succeeded."""
        payment = self.get(payment_id)
        if not self.gateways[payment.gateway].abilities.by_hand:
            raise GatewayCannot(gateway=payment.gateway, ability="by_hand")
        return self._exchange.change(payment_id, lambda p: p.confirm())

    def accept(self, payment_id: str) -> Payment:
        """A person looked at a payment in review and takes it."""
        return self._exchange.change(payment_id, lambda p: p.accept())

    # settling

    def settle(self, payment_id: str) -> Payment:
        """Ask the gateway what is true and write it down; where it waits to be asked again, go on.

        Raises a `commerce.kernel.ProviderError` if the gateway cannot be asked.
        """
        return self._exchange.settle(payment_id)

    def settle_open(self, limit: int = 100) -> int:
        """Settle payments that have waited for news longer than ``patience``, and give surplus money back.

        Run it every minute or so. Returns how many were asked about. The longer one has waited already,
        the longer until it is asked about again. One whose gateway this process does not have is left to others.
        """
        with self.begin() as uow:
            ids = uow.payments.open(self.clock() - self.patience, limit)
        for payment_id in ids:
            try:
                if self.settle(payment_id).owes_surplus:
                    self.return_surplus(payment_id)
            except Exception as error:  # noqa: BLE001 - whatever it was, the others are asked about
                log.info("payment %s: %s", payment_id, type(error).__name__)
            again_at = self.clock() + self._pause(payment_id)
            with self.begin() as uow:
                uow.payments.checked(payment_id, again_at)
        return len(ids)

    def return_surplus(self, payment_id: str) -> Payment:
        """Give back money that came after its attempt was given up. Nothing to do for any other payment."""
        payment = self.get(payment_id)
        if not payment.owes_surplus:
            return payment
        tried = sum(not e.open and not e.repeatable and e.reason is not None for e in payment.ledger)
        return self.cancel(payment_id, f"surplus-{tried}")

    def compare(self, payment_id: str) -> tuple[Difference, ...]:
        """Where the ledger and the gateway disagree. Changes nothing; `settle` takes over the gateway's view."""
        payment = self.get(payment_id)
        return differences(payment, self._exchange.fetch(payment))

    # notices

    def receive_notice(self, gateway: str, raw: RawNotice) -> NoticeReply:
        """Take a gateway's notification and answer it in the gateway's way.

        Only a verified one does anything, and all it does is `settle`. One for a payment that is not
        known (yet) is parked for `replay_parked`.
        """
        return self._desk.receive(gateway, raw)

    def replay_parked(self, limit: int = 100) -> int:
        """Try notices again that were not heeded; returns how many were now."""
        return self._desk.replay(limit)

    def forget_notices(self, older_than: timedelta = timedelta(days=45)) -> int:
        """Drop notices received so long ago; returns how many."""
        return self._desk.forget(older_than)

    # inside

    def _pause(self, payment_id: str) -> timedelta:
        """How long a payment is left alone now: the longer, the longer it has waited."""
        try:
            return (self.clock() - self.get(payment_id).last_sent_at) / 4
        except Exception:  # noqa: BLE001 - it cannot even be read
            return self.patience

    def _start(self, payment: Payment) -> tuple[Payment, bool]:
        """Store a new attempt, or find the one of this key."""
        payment.begin()
        with self.begin() as uow:
            if uow.payments.start(payment):
                return payment, True
            known = uow.payments.by_key(payment.key)
            if known is None:
                live = next((p for p in uow.payments.of_order(payment.order_ref) if p.live), payment)
                raise AttemptOpen(order_ref=payment.order_ref, payment_id=live.id, status=live.status.value)
        if known.fingerprint != payment.fingerprint:
            raise KeyReused(key=payment.key)
        return known, False

    @property
    def _exchange(self) -> Exchange:
        return Exchange(self.begin, self.clock, self.gateways, self.patience)

    @property
    def _desk(self) -> NoticeDesk:
        return NoticeDesk(self.begin, self.clock, self.gateways, self.settle)

    def _operate(self, payment_id: str, kind: OperationKind, key: str, amount: Money | None, ask: Ask) -> Payment:
        _check_key(key)
        return self._exchange.operate(payment_id, kind, key, amount, ask)

    def _call_off(self, payment: Payment, key: str) -> Payment:
        """Tell the gateway that nobody will finish this attempt; it may know better."""
        cancel = self.gateways[payment.gateway].abilities.cancel
        if not cancel or payment.authorization.unanswered:
            return payment

        def ask(payment: Payment, _: PaymentGateway) -> Entry | None:
            return payment.request_call_off(key, at=self.clock()) if payment.attempting else None

        try:
            return self._operate(payment.id, OperationKind.VOID, key, None, ask)
        except PaymentDeclined:
            return self._exchange.settle(payment.id, go_on=False)


def _check_key(key: str) -> None:
    require_storable("key", key, least=1, most=_LONGEST_KEY)
