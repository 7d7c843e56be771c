"""`StripeGateway`: the port, spoken through Stripe's own client."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import stripe
from attrs import evolve

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
    OperationKind,
    OperationRequest,
    OperationStatus,
    Pending,
    RawNotice,
    Succeeded,
    sum_of,
)
from commerce_stripe import reading
from commerce_stripe.amounts import to_stripe
from commerce_stripe.errors import StripeRefusal, StripeUnavailable, asking, understanding
from commerce_stripe.notices import read_event, verify
from commerce_stripe.settings import StripeSettings
from commerce_stripe.transport import HttpxTransport

__all__ = ["StripeGateway"]

_Object = dict[str, Any]

_NOT_SAYABLE = Declined(code=DeclineCode.AMOUNT_NOT_ALLOWED, vendor_code="invalid_amount")
_REPLIES = {NoticeOutcome.REJECTED: 400, NoticeOutcome.FAILED: 503}

#: Where a lost intent is looked for: so many pages of the newest intents, made since it was asked for.
_PAGES, _PAGE = 5, 100
#: Clocks differ.
_SKEW = timedelta(minutes=5)
#: Stripe's search is up to date within a minute, and in an outage of theirs later: then it is believed.
_SEARCH_LAG = timedelta(hours=1)


class StripeGateway:
    """Money moved by Stripe: a payment is a PaymentIntent, its id the reference.

    With a token (a PaymentMethod's id) the intent is confirmed at once. Without, the shopper confirms it in the
    page, with the client secret that `ActionRequired` carries, and a notice tells.
    """

    def __init__(self, settings: StripeSettings, *, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock
        self._http = HttpxTransport(httpx.Timeout(settings.timeout, connect=settings.connect_timeout))
        self._client = stripe.StripeClient(
            settings.secret_key.get_secret_value(),
            base_addresses={"api": settings.base_url},
            max_network_retries=0,  # the payments module repeats, with the same key
            http_client=self._http,
        ).v1
        self.abilities = GatewayAbilities(multi_capture=settings.multi_capture, increment=settings.increment)

    def __repr__(self) -> str:
        return f"StripeGateway({self._settings!r})"

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    # money

    @understanding()
    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Create and confirm an intent, or go on with the one that there is."""
        amount = to_stripe(request.amount)
        if amount is None:
            return _NOT_SAYABLE
        try:
            intent = self._go_on(request) if request.reference else self._create(request, amount)
        except StripeRefusal as refusal:
            return refusal.answer
        return reading.answer_of(intent)

    @understanding()
    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """Raise what is authorized; Stripe is told the new total."""
        more, before = to_stripe(request.amount), to_stripe(_authorized(request))
        if more is None or before is None:
            return _NOT_SAYABLE
        params: Any = {
            "amount": before + more,
            "metadata": {f"{reading.INCREMENT}{request.key}": str(more)},
            "expand": ["latest_charge"],
        }
        return self._on_intent(
            request,
            lambda: self._client.payment_intents.increment_authorization(
                request.reference, params, {"idempotency_key": request.key}
            ),
        )

    @understanding()
    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Take authorized money."""
        amount = to_stripe(request.amount)
        if amount is None:
            return _NOT_SAYABLE
        params: Any = {"amount_to_capture": amount}
        if self.abilities.multi_capture:
            params |= {
                "final_capture": request.final,
                "metadata": {f"{reading.CAPTURE}{request.key}": str(amount)},
            }
        return self._on_intent(
            request,
            lambda: self._client.payment_intents.capture(request.reference, params, {"idempotency_key": request.key}),
        )

    @understanding()
    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Cancel the intent: what is held and not captured is free. Calling off refuses if money is held by now."""

        def cancel() -> stripe.PaymentIntent:
            return self._client.payment_intents.cancel(request.reference, {}, {"idempotency_key": request.key})

        if not request.amount and self._holds(request):
            return Declined(code=DeclineCode.NOT_ALLOWED, vendor_code="payment_intent_unexpected_state")
        return self._on_intent(request, cancel)

    @understanding()
    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give captured money back."""
        amount = to_stripe(request.amount)
        if amount is None:
            return _NOT_SAYABLE
        params: Any = {
            "payment_intent": request.reference,
            "amount": amount,
            "metadata": {reading.PAYMENT_ID: request.payment_id, reading.KEY: request.key},
        }
        try:
            with asking(request.key):
                refund = self._client.refunds.create(params, {"idempotency_key": request.key})
        except StripeRefusal as refusal:
            return _about_operation(refusal)
        return reading.refund_answer(refund.to_dict())

    # truth

    @understanding()
    def fetch(self, request: FetchRequest) -> GatewayState:
        """The intent with its charge, refunds and disputes; looked for by our id if its own was lost."""
        try:
            return self._state(request)
        except StripeRefusal as refusal:
            raise StripeUnavailable(reason=refusal.answer.vendor_code) from None

    def _state(self, request: FetchRequest) -> GatewayState:
        intent = self._retrieve(request.reference) if request.reference else None
        complete = bool(request.reference)
        if not request.reference:
            intent, complete = self._find(request)
        if intent is None:
            return GatewayState(complete=complete)
        charge = intent["latest_charge"] or {}
        refunds = self._all_about(self._client.refunds, intent) if intent.get("amount_received") else []
        disputes = self._all_about(self._client.disputes, intent) if charge.get("disputed") else []
        return reading.state_of(intent, refunds, disputes, request.ledger)

    # notices

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Verify the signature on the raw bytes, then read the event."""
        secrets = [secret.get_secret_value() for secret in self._settings.webhook_secrets]
        if not secrets:
            raise NoticeRejected(reason="the plugin has no webhook_secrets")
        verify(notice, secrets, at=self._clock(), tolerance=self._settings.tolerance)
        return read_event(notice.body)

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """200, or what makes Stripe show or repeat it."""
        return NoticeReply(status=_REPLIES.get(outcome, 200))

    # inside

    def _create(self, request: AuthorizeRequest, amount: int) -> _Object:
        flow = "server" if request.token else reading.IN_PAGE
        params: _Object = {
            "amount": amount,
            "currency": request.amount.currency.code.lower(),
            "capture_method": "automatic" if request.capture else "manual",
            "payment_method_types": list(self._settings.payment_method_types),
            "metadata": {
                **request.metadata,
                "order_ref": request.order_ref,
                reading.PAYMENT_ID: request.payment_id,
                reading.KEY: request.key,
                reading.FLOW: flow,
            },
            "expand": ["latest_charge"],
        }
        if self._settings.increment:
            params["payment_method_options"] = {"card": {"request_incremental_authorization": "if_available"}}
        if request.description:
            params["description"] = request.description
        if request.customer_ref.startswith("cus_"):
            params["customer"] = request.customer_ref
        if request.token:
            params |= {"confirm": True, "payment_method": request.token}
        if request.token and request.return_url:
            params["return_url"] = request.return_url
        sent: Any = params
        with asking(request.key):
            return self._client.payment_intents.create(sent, {"idempotency_key": request.key}).to_dict()

    def _go_on(self, request: AuthorizeRequest) -> _Object:
        intent = self._retrieve(request.reference)
        if intent is None:
            raise StripeRefusal(Declined(code=DeclineCode.NOT_ALLOWED, vendor_code="resource_missing"), missing=True)
        if reading.authorized_of(intent) != request.amount:
            raise KeyReused(key=request.key)
        if reading.standing(intent).status is not OperationStatus.APPROVED:
            return intent
        params: Any = {"expand": ["latest_charge"]}
        if request.return_url:
            params["return_url"] = request.return_url
        with asking(request.key):
            return self._client.payment_intents.confirm(
                request.reference, params, {"idempotency_key": f"{request.key}-confirm"}
            ).to_dict()

    def _on_intent(self, request: OperationRequest, call: Any) -> GatewayAnswer:
        try:
            with asking(request.key):
                intent: _Object = call().to_dict()
        except StripeRefusal as refusal:
            return _about_operation(refusal)
        charge = intent["latest_charge"]
        reference = str((charge["id"] if isinstance(charge, dict) else charge) or intent["id"])
        return Pending(reference=reference) if intent["status"] == "processing" else Succeeded(reference=reference)

    def _holds(self, request: OperationRequest) -> bool:
        intent = self._retrieve(request.reference)
        return intent is not None and intent["status"] in ("requires_capture", "succeeded")

    def _retrieve(self, reference: str) -> _Object | None:
        params: Any = {"expand": ["latest_charge"]}
        try:
            with asking():
                return self._client.payment_intents.retrieve(reference, params).to_dict()
        except StripeRefusal as refusal:
            if not refusal.missing:
                raise
            return None

    def _find(self, request: FetchRequest) -> tuple[_Object | None, bool]:
        """The intent that carries our id, and whether, if there is none, that is certain."""
        since = int((request.at - _SKEW).timestamp())
        last = ""
        for _ in range(_PAGES):
            params: Any = {"created": {"gte": since}, "limit": _PAGE, **({"starting_after": last} if last else {})}
            with asking():
                page = self._client.payment_intents.list(params).to_dict()
            for intent in page["data"]:
                if intent["metadata"].get(reading.PAYMENT_ID) == request.payment_id:
                    return self._retrieve(intent["id"]), True
            if not page["has_more"]:
                return None, True
            last = page["data"][-1]["id"]
        return self._search(request)

    def _search(self, request: FetchRequest) -> tuple[_Object | None, bool]:
        params: Any = {"query": f"metadata['{reading.PAYMENT_ID}']:'{request.payment_id}'"}
        with asking():
            found = self._client.payment_intents.search(params).to_dict()["data"]
        if found:
            return self._retrieve(found[0]["id"]), True
        return None, self._clock() - request.at > _SEARCH_LAG

    @staticmethod
    def _all_about(service: Any, intent: _Object) -> Sequence[_Object]:
        """All refunds or disputes of an intent, newest first."""

        def pages() -> Iterator[_Object]:
            with asking():
                for one in service.list({"payment_intent": intent["id"], "limit": _PAGE}).auto_paging_iter():
                    yield one.to_dict()

        return list(pages())


def _authorized(request: OperationRequest) -> Money:
    done = (OperationStatus.SUCCEEDED,)
    code = request.amount.currency.code
    return sum_of(request.ledger, code, OperationKind.AUTHORIZE, done) + sum_of(
        request.ledger, code, OperationKind.INCREMENT, done
    )


def _about_operation(refusal: StripeRefusal) -> Declined:
    """The no to an operation: the intent that Stripe names in it is not the operation's own id."""
    return evolve(refusal.answer, reference="")
