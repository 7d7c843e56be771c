"""Use cases of payments."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from attrs import define, evolve

from commerce.kernel import (
    Clock,
    CommerceError,
    InvalidValue,
    KeyReused,
    Money,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    StaleVersion,
    new_id,
)
from commerce.payments.engine import Difference, differences, fingerprint, refuse_card_numbers
from commerce.payments.errors import AttemptOpen, GatewayCannot, NoticeRejected, PaymentDeclined, PaymentUnknown
from commerce.payments.messages import (
    AuthorizeRequest,
    FetchRequest,
    GatewayAnswer,
    GatewayState,
    NoticeOutcome,
    NoticeReply,
    OperationRequest,
    RawNotice,
)
from commerce.payments.model import Payment
from commerce.payments.ports import PaymentGateway, PaymentUnit, StoredNotice
from commerce.payments.values import Entry, OperationKind, OperationStatus
from commerce.runtime import Begin, HookRelay, Providers

__all__ = ["PaymentService"]

#: How often a change is tried again when somebody else saved the payment first.
_TRIES = 20

#: The longest key of a command.
_LONGEST_KEY = 100


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

        Raises `PaymentDeclined`, `AttemptOpen`, `GatewayCannot`, `CardNumberRefused`,
        `commerce.kernel.KeyReused`; `PaymentUnknown` or `commerce.kernel.ProviderUnavailable` to be repeated
        with the same key.
        """
        provider = self.gateways[gateway]
        abilities = provider.abilities
        _check_key(key)
        if amount <= Money.zero(amount.currency):
            raise InvalidValue(field="amount", reason="more than nothing, please")
        if abilities.currencies is not None and amount.currency.code not in abilities.currencies:
            raise GatewayCannot(gateway=gateway, ability=f"currency {amount.currency.code}")
        if abilities.redirects and not return_url:
            raise InvalidValue(field="return_url", reason=f"{gateway} sends customers away: say where they come back")
        extras = dict(metadata or {})
        texts = {"token": token, "customer_ref": customer_ref, "description": description, **extras}
        for name, text in texts.items():
            refuse_card_numbers(text, field=name)
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

        return self._send(payment, entry, call) if fresh else self._again(payment, entry, call)

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
            payment = self.settle(payment_id)
        if payment.attempting:
            payment = self._call_off(payment, f"{key}/call-off")
        if payment.attempting:
            payment = self._change(payment_id, lambda p: p.abandon())
        return self._operate(payment_id, OperationKind.VOID, key, None, ask)

    def cancel(self, payment_id: str, key: str) -> Payment:
        """Take everything back: free what is held, refund what was taken. Nothing to do if nothing is left."""
        payment = self.void(payment_id, key)
        if payment.entry(OperationKind.REFUND, key) is None and not payment.refundable:
            return payment
        return self.refund(payment_id, key)

    def confirm(self, payment_id: str) -> Payment:
        """A person saw money that moves outside (`GatewayAbilities.by_hand`): the payment succeeded."""
        payment = self.get(payment_id)
        if not self.gateways[payment.gateway].abilities.by_hand:
            raise GatewayCannot(gateway=payment.gateway, ability="by_hand")
        return self._change(payment_id, lambda p: p.confirm())

    def accept(self, payment_id: str) -> Payment:
        """A person looked at a payment in review and takes it."""
        return self._change(payment_id, lambda p: p.accept())

    # settling

    def settle(self, payment_id: str) -> Payment:
        """Ask the gateway what is true and write it down; where it waits to be asked again, go on.

        Raises a `commerce.kernel.ProviderError` if the gateway cannot be asked.
        """
        payment = self.get(payment_id)
        state = self._fetch(payment)
        payment = self._change(payment_id, lambda p: p.settle(state, at=self.clock(), patience=self.patience))
        if payment.authorization.status is not OperationStatus.APPROVED:
            return payment
        return self._send(payment, payment.authorization, self._go_on, told=False)

    def settle_open(self, limit: int = 100) -> int:
        """Settle payments that have waited for news longer than ``patience``, and give surplus money back.

        Run it every minute or so. Returns how many were asked about; one whose gateway fails keeps its place.
        """
        with self.begin() as uow:
            ids = uow.payments.open(self.clock() - self.patience, limit)
        for payment_id in ids:
            try:
                if self.settle(payment_id).owes_surplus:
                    self.return_surplus(payment_id)
            except (ProviderError, PaymentDeclined):
                pass
            with self.begin() as uow:
                uow.payments.checked(payment_id, self.clock())
        return len(ids)

    def return_surplus(self, payment_id: str) -> Payment:
        """Give back money that came after its attempt was given up. Nothing to do for any other payment."""
        payment = self.get(payment_id)
        if not payment.owes_surplus:
            return payment
        tried = sum(e.kind is OperationKind.REFUND and not e.repeatable for e in payment.ledger)
        return self.cancel(payment_id, f"surplus-{tried}")

    def compare(self, payment_id: str) -> tuple[Difference, ...]:
        """Where the ledger and the gateway disagree. Changes nothing; `settle` takes over the gateway's view."""
        payment = self.get(payment_id)
        return differences(payment, self._fetch(payment))

    # notices

    def receive_notice(self, gateway: str, raw: RawNotice) -> NoticeReply:
        """Take a gateway's notification and answer it in the gateway's way.

        Only a verified one does anything, and all it does is `settle`. One for a payment that is not
        known (yet) is parked for `replay_parked`.
        """
        provider = self.gateways[gateway]
        try:
            notice = provider.parse_notice(raw)
        except NoticeRejected:
            return provider.reply(NoticeOutcome.REJECTED)
        if notice is None:
            return provider.reply(NoticeOutcome.IGNORED)
        now = self.clock()
        asked = StoredNotice(
            gateway=gateway,
            id=notice.id,
            payment_id=notice.payment_id,
            reference=notice.reference,
            received_at=now,
            checked_at=now,
        )
        with self.begin() as uow:
            payment = _payment_of(uow, asked)
            if payment is not None and notice.amount is not None and notice.amount != payment.amount:
                return provider.reply(NoticeOutcome.WRONG_AMOUNT)
            stored = uow.notices.take(asked)
        return provider.reply(NoticeOutcome.REPEATED if stored.done else self._heed(stored))

    def replay_parked(self, limit: int = 100) -> int:
        """Try notices again that were not heeded; returns how many were now."""
        with self.begin() as uow:
            parked = uow.notices.parked(limit)
        return sum(self._heed(notice) is NoticeOutcome.RECORDED for notice in parked)

    def forget_notices(self, older_than: timedelta = timedelta(days=45)) -> int:
        """Drop notices received so long ago; returns how many."""
        with self.begin() as uow:
            return uow.notices.forget(self.clock() - older_than)

    def _heed(self, notice: StoredNotice) -> NoticeOutcome:
        with self.begin() as uow:
            payment = _payment_of(uow, notice)
        outcome = NoticeOutcome.PARKED
        if payment is not None:
            try:
                self.settle(payment.id)
                outcome = NoticeOutcome.RECORDED
            except PaymentDeclined:
                outcome = NoticeOutcome.RECORDED
            except ProviderError:
                outcome = NoticeOutcome.FAILED
        with self.begin() as uow:
            uow.notices.save(evolve(notice, checked_at=self.clock(), done=outcome is NoticeOutcome.RECORDED))
        return outcome

    # inside

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

    def _operate(
        self,
        payment_id: str,
        kind: OperationKind,
        key: str,
        amount: Money | None,
        ask: Callable[[Payment, PaymentGateway], Entry | None],
    ) -> Payment:
        """Write down what is asked, then send it; or find out what became of it."""
        _check_key(key)
        gateway = self.gateways[self.get(payment_id).gateway]
        asked: list[Entry | None] = []

        def write(payment: Payment) -> None:
            known = payment.entry(kind, key)
            if known is not None:
                payment.same(known, amount)
            asked[:] = [known, None] if known is not None else [None, ask(payment, gateway)]

        payment = self._change(payment_id, write)
        known, fresh = asked
        if known is not None:
            return self._again(payment, known, self._call)
        return payment if fresh is None else self._send(payment, fresh, self._call)

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
            return self.settle(payment.id)

    def _again(self, payment: Payment, entry: Entry, call: Callable[[Payment, Entry], GatewayAnswer]) -> Payment:
        """Find out what became of an entry; send it again only if the gateway has not got it."""
        if entry.open:
            payment = self.settle(payment.id)
            entry = payment.by_id(entry.id)
        actionless = entry.status is OperationStatus.WAITING and payment.action is None
        if not (entry.unanswered or entry.repeatable or actionless):
            return _outcome(payment, entry)
        again: list[Entry] = []
        payment = self._change(payment.id, lambda p: again.append(p.repeat(entry, at=self.clock())))
        return self._send(payment, again[-1], call)

    def _send(
        self,
        payment: Payment,
        entry: Entry,
        call: Callable[[Payment, Entry], GatewayAnswer],
        *,
        told: bool = True,
    ) -> Payment:
        """Call the gateway, no transaction open, and write down what it said."""
        try:
            answer = call(payment, entry)
        except ProviderUnavailable:
            self._change(payment.id, lambda p: p.unavailable(entry))
            raise
        except OutcomeUnknown as error:
            self._change(payment.id, lambda p: p.lose(entry))
            return self._lost(payment, entry, error)
        payment = self._change(payment.id, lambda p: p.answer(entry, answer))
        return _outcome(payment, payment.by_id(entry.id)) if told else payment

    def _lost(self, payment: Payment, entry: Entry, error: CommerceError) -> Payment:
        """Ask what happened; if that cannot be told yet, say so."""
        unknown = PaymentUnknown(payment_id=payment.id, kind=entry.kind.value).because(error)
        try:
            state = self._fetch(payment)
        except ProviderError:
            raise unknown from error
        payment = self._change(payment.id, lambda p: p.settle(state, at=self.clock(), patience=self.patience))
        found = payment.by_id(entry.id)
        if found.unanswered:
            raise unknown
        return _outcome(payment, found)

    def _call(self, payment: Payment, entry: Entry) -> GatewayAnswer:
        """Send an entry other than the authorization."""
        gateway = self.gateways[payment.gateway]
        call = {
            OperationKind.CAPTURE: gateway.capture,
            OperationKind.VOID: gateway.void,
            OperationKind.REFUND: gateway.refund,
            OperationKind.INCREMENT: gateway.increment,
        }[entry.kind]
        return call(
            OperationRequest(
                kind=entry.kind,
                key=entry.id,
                payment_id=payment.id,
                order_ref=payment.order_ref,
                amount=entry.amount,
                at=entry.at,
                reference=payment.reference,
                ledger=payment.others(entry),
                final=entry.kind is OperationKind.CAPTURE and payment.entry(OperationKind.VOID, entry.key) is not None,
            )
        )

    def _go_on(self, payment: Payment, entry: Entry) -> GatewayAnswer:
        """Send an authorization again that the customer approved."""
        return self.gateways[payment.gateway].authorize(
            AuthorizeRequest(
                key=entry.id,
                payment_id=payment.id,
                order_ref=payment.order_ref,
                amount=entry.amount,
                capture=payment.capture_at_once,
                at=entry.at,
                reference=payment.reference,
            )
        )

    def _fetch(self, payment: Payment) -> GatewayState:
        return self.gateways[payment.gateway].fetch(
            FetchRequest(
                payment_id=payment.id,
                reference=payment.reference,
                amount=payment.amount,
                at=payment.created_at,
                ledger=tuple(entry.operation for entry in payment.ledger),
            )
        )

    def _change(self, payment_id: str, change: Callable[[Payment], object]) -> Payment:
        """Change a payment alone; a storage that cannot wait for others is asked again."""
        for _ in range(_TRIES):
            try:
                return self._try(payment_id, change)
            except StaleVersion:
                continue
        return self._try(payment_id, change)

    def _try(self, payment_id: str, change: Callable[[Payment], object]) -> Payment:
        with self.begin() as uow:
            payment = uow.payments.claim(payment_id)
            before = payment.snapshot()
            change(payment)
            if payment.differs(before):
                uow.payments.save(payment)
            return payment


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise InvalidValue(field="key", reason=f"a key has 1 to {_LONGEST_KEY} characters")


def _payment_of(uow: PaymentUnit, notice: StoredNotice) -> Payment | None:
    """The payment a notice is about, by our id or the gateway's; never one of another gateway."""
    payment = uow.payments.find(notice.payment_id) if notice.payment_id else None
    if payment is None and notice.reference:
        payment = uow.payments.by_reference(notice.gateway, notice.reference)
    return payment if payment is not None and payment.gateway == notice.gateway else None


def _outcome(payment: Payment, entry: Entry) -> Payment:
    """The payment, or what the caller has to be told instead."""
    if entry.status is OperationStatus.FAILED:
        raise PaymentDeclined(
            payment_id=payment.id,
            kind=entry.kind.value,
            reason=str(entry.reason),
            text=entry.message,
            may_retry=entry.may_retry,
        )
    return payment
