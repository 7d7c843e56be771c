"""`PayPalGateway`: the port, spoken with Orders v2 and Payments v2."""

import json
from contextlib import suppress
from typing import Any

from attrs import evolve
from cryptography.x509.verification import Store

from commerce.kernel import Clock, KeyReused, Money, utc_now
from commerce.payments import (
    AuthorizeRequest,
    DeclineCode,
    Declined,
    FetchRequest,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Notice,
    NoticeOutcome,
    NoticeRejected,
    NoticeReply,
    Operation,
    OperationKind,
    OperationRequest,
    OperationStatus,
    RawNotice,
    Succeeded,
    sum_of,
)
from commerce_paypal import reading
from commerce_paypal.amounts import CURRENCIES, of_paypal, refused, to_paypal
from commerce_paypal.certificates import Certificates
from commerce_paypal.client import PayPalClient
from commerce_paypal.errors import PayPalRefusal, PayPalUnavailable, understanding
from commerce_paypal.notices import Transmission, load_roots, read_event, trusted_key, verdict
from commerce_paypal.settings import PayPalSettings

__all__ = ["PayPalGateway"]

_Object = dict[str, Any]

_NOT_ALLOWED = Declined(code=DeclineCode.NOT_ALLOWED)
_REPLIES = {NoticeOutcome.REJECTED: 400, NoticeOutcome.FAILED: 503}

#: PayPal's limit for a description.
_DESCRIPTION = 127


class PayPalGateway:
    """Money moved by PayPal: a payment is an order, its id the reference.

    The customer approves the order on PayPal's page; then the authorization is sent again, and takes or holds
    the money. PayPal compares no bodies under one request id, so every answer is compared with what was asked.
    """

    def __init__(self, settings: PayPalSettings, *, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock
        self._client = PayPalClient(settings, clock)
        self._roots = load_roots(settings.trusted_roots) if settings.verify == "certificate" else None
        self._certificates = Certificates(self._client.download, clock)
        self.abilities = GatewayAbilities(multi_capture=True, cancel=False, redirects=True, currencies=CURRENCIES)

    def __repr__(self) -> str:
        return f"PayPalGateway({self._settings!r})"

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    # money

    @understanding()
    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Make an order for the customer to approve; once approved, hold or take the money."""
        no = refused(request.amount)
        if no is not None:
            return no
        try:
            order = self._order(request.reference) if request.reference else self._create(request)
            if reading.asked_of(order) != request.amount:
                raise KeyReused(key=request.key)
            if order["status"] == "APPROVED":
                order = self._pay(order, request.key)
        except PayPalRefusal as refusal:
            return evolve(refusal.answer, reference=request.reference)
        return reading.answer_of(order)

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """PayPal cannot."""
        return _NOT_ALLOWED

    @understanding()
    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Take authorized money. PayPal would let more be taken than was authorized; this does not."""
        no = refused(request.amount)
        if no is not None:
            return no
        try:
            order = self._order(request.reference)
            done = reading.captured_with(order, request.key)
            if done is None:
                held = reading.authorization_of(order)
                if held is None or request.amount > _capturable(order, request.amount):
                    return _NOT_ALLOWED
                done = self._capture(str(held["id"]), request)
        except PayPalRefusal as refusal:
            return refusal.answer
        if of_paypal(done["amount"]) != request.amount:
            raise KeyReused(key=request.key)
        return reading.capture_answer(done)

    @understanding()
    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Free all that is held and not captured. What waits for the customer cannot be called off: it runs out."""
        try:
            held = reading.authorization_of(self._order(request.reference))
            if held is None or not request.amount:
                return _NOT_ALLOWED
            if held["status"] != "VOIDED":
                self._client.post(f"/v2/payments/authorizations/{held['id']}/void", b"{}", key=request.key)
        except PayPalRefusal as refusal:
            return refusal.answer
        return Succeeded(reference=f"{held['id']}-void")

    @understanding()
    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give captured money back; from several captures, oldest first, where one is not enough."""
        no = refused(request.amount)
        if no is not None:
            return no
        mark = reading.refund_mark(request.key, request.amount)
        try:
            order = self._order(request.reference)
        except PayPalRefusal as refusal:
            return refusal.answer
        done = list(reading.refunded_with(order, request.key))
        if any(refund["invoice_id"] != mark for refund in done):
            raise KeyReused(key=request.key)
        left = request.amount - sum((of_paypal(r["amount"]) for r in done), Money.zero(request.amount.currency))
        parts = reading.refund_parts(order, left)
        if parts is None:
            return evolve(_NOT_ALLOWED, vendor_code="REFUND_AMOUNT_EXCEEDED")
        for part in parts:
            try:
                done.append(self._refund(part, mark, request))
            except PayPalRefusal as refusal:
                if not done:
                    return refusal.answer
                break
        return reading.refund_answer(done, request.amount)

    # truth

    @understanding()
    def fetch(self, request: FetchRequest) -> GatewayState:
        """The order with all its payments.

        If its id was lost, nobody can have approved it: nothing happened. An order that PayPal has forgotten was
        not approved in time.
        """
        if not request.reference:
            return GatewayState()
        try:
            return reading.state_of(self._order(request.reference))
        except PayPalRefusal as refusal:
            if not refusal.missing:
                raise PayPalUnavailable(reason=refusal.issue) from None
        expired = Operation(
            kind=OperationKind.AUTHORIZE,
            amount=request.amount,
            status=OperationStatus.FAILED,
            reference=request.reference,
            reason=DeclineCode.TIMED_OUT,
            vendor_code="RESOURCE_NOT_FOUND",
        )
        return GatewayState(operations=(expired,), reference=request.reference)

    # notices

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Verify who sent it, over the raw bytes, then read the event."""
        settings = self._settings
        if not settings.webhook_id:
            raise NoticeRejected(reason="the plugin has no webhook_id")
        sent = Transmission.of(notice, base_url=settings.base_url, at=self._clock(), tolerance=settings.tolerance)
        if self._roots is None:
            self._ask(sent, notice.body)
        else:
            self._check(sent, self._roots, settings.webhook_id, notice.body)
        return read_event(notice.body)

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """200, or what makes PayPal show or repeat it."""
        return NoticeReply(status=_REPLIES.get(outcome, 200))

    # inside

    def _order(self, id: str) -> _Object:
        return self._client.get(f"/v2/checkout/orders/{id}")

    def _create(self, request: AuthorizeRequest) -> _Object:
        settings = self._settings
        experience = {
            "return_url": request.return_url,
            "cancel_url": request.return_url,
            "user_action": "PAY_NOW",
            "shipping_preference": settings.shipping,
            "locale": request.locale.replace("_", "-"),
            **({"brand_name": settings.brand_name} if settings.brand_name else {}),
        }
        unit = {
            "custom_id": request.payment_id,
            "invoice_id": request.key,
            "amount": to_paypal(request.amount),
            **({"description": request.description[:_DESCRIPTION]} if request.description else {}),
        }
        body = {
            "intent": "CAPTURE" if request.capture else "AUTHORIZE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": experience}},
        }
        return self._client.post("/v2/checkout/orders", json.dumps(body).encode(), key=request.key)

    def _pay(self, order: _Object, key: str) -> _Object:
        move = "capture" if order["intent"] == "CAPTURE" else "authorize"
        try:
            return self._client.post(f"/v2/checkout/orders/{order['id']}/{move}", b"{}", key=key)
        except PayPalRefusal as refusal:
            # Somebody was faster, or the payer has to come back: the order says which.
            if refusal.issue.startswith("ORDER_ALREADY_") or refusal.issue == "PAYER_ACTION_REQUIRED":
                return self._order(str(order["id"]))
            raise

    def _capture(self, authorization_id: str, request: OperationRequest) -> _Object:
        body = {"amount": to_paypal(request.amount), "invoice_id": request.key, "final_capture": request.final}
        path = f"/v2/payments/authorizations/{authorization_id}/capture"
        return self._client.post(path, json.dumps(body).encode(), key=request.key)

    def _refund(self, part: reading.Part, mark: str, request: OperationRequest) -> _Object:
        body = {"amount": to_paypal(part.amount), "invoice_id": mark, "custom_id": request.payment_id}
        path = f"/v2/payments/captures/{part.capture_id}/refund"
        return self._client.post(path, json.dumps(body).encode(), key=f"{request.key}-{part.capture_id}")

    def _ask(self, sent: Transmission, body: bytes) -> None:
        """Ask PayPal whether it sent it."""
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            raise NoticeRejected(reason="it is not JSON") from None
        question = sent.question(self._settings.webhook_id, body)
        try:
            verdict(self._client.post("/v1/notifications/verify-webhook-signature", question))
        except PayPalRefusal:
            raise NoticeRejected(reason="PayPal cannot verify it") from None

    def _check(self, sent: Transmission, roots: Store, webhook_id: str, body: bytes) -> None:
        """Check the signature with a key of PayPal's: one that is known, or the one at the address that is named.

        What is known comes first, so that no forger keeps genuine notices out. Its trust is checked each time.
        """
        now, known = self._clock(), self._certificates
        for pem in known.kept:
            with suppress(NoticeRejected):
                sent.check(trusted_key(pem, roots, at=now), webhook_id, body)
                return
        try:
            pem = known.at(sent.cert_url)
        except PayPalRefusal:
            raise NoticeRejected(reason="its certificate is not there") from None
        key = trusted_key(pem, roots, at=now)
        known.keep(sent.cert_url, pem)
        sent.check(key, webhook_id, body)


def _capturable(order: _Object, like: Money) -> Money:
    """What is held and not taken, by the order itself."""
    done = (OperationStatus.SUCCEEDED, OperationStatus.PENDING)
    code, operations = like.currency.code, reading.state_of(order).operations
    held, taken, freed = (
        sum_of(operations, code, kind, done)
        for kind in (OperationKind.AUTHORIZE, OperationKind.CAPTURE, OperationKind.VOID)
    )
    return held - taken - freed
