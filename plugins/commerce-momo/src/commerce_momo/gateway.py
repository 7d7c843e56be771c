"""`MoMoGateway`: the port of payments, spoken with MoMo."""

import base64
import json
from uuid import UUID

import httpx

from commerce.kernel import KeyReused, Money
from commerce.payments import (
    Action,
    ActionKind,
    ActionRequired,
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
    Pending,
    RawNotice,
    Succeeded,
)
from commerce_momo.answers import declined, payment_operations, refund_operations, result
from commerce_momo.client import Answer, MoMoClient
from commerce_momo.codes import (
    AUTHORIZED,
    CANCELLED,
    DECLINES,
    DONE,
    DUPLICATES,
    ENDED,
    NOT_FOUND,
    NOT_TAKEN,
    OF_TRANSACTIONS,
    WAITING,
)
from commerce_momo.errors import MoMoUnavailable, MoMoUnknown
from commerce_momo.notices import read_notice
from commerce_momo.settings import MoMoSettings, RequestType
from commerce_momo.signing import CONFIRM, CREATE, REFUND

__all__ = ["LEAST", "MOST", "MoMoGateway"]

LEAST = Money.of_minor(1_000, "VND")
MOST = Money.of_minor(50_000_000, "VND")

#: Only these are authorized first and captured later.
_TWO_STEPS = (RequestType.WALLET, RequestType.CARD)

_LONGEST_INFO = 200

_REFUSALS = {NoticeOutcome.WRONG_AMOUNT: 400, NoticeOutcome.REJECTED: 401, NoticeOutcome.FAILED: 503}


class MoMoGateway:
    """Payments with MoMo's wallet and cards, in VND; captured at once or later, as a whole; refunds in parts.

    MoMo's order is our payment, or our key where it is a refund; MoMo's request is our key.
    """

    def __init__(self, settings: MoMoSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._client = MoMoClient(settings, transport)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @property
    def abilities(self) -> GatewayAbilities:
        """One capture of the whole; what waits for the customer runs out by itself."""
        return GatewayAbilities(
            separate_capture=self._settings.request_type in _TWO_STEPS,
            partial_capture=False,
            void=self._settings.request_type in _TWO_STEPS,
            cancel=False,
            redirects=True,
            currencies=frozenset({"VND"}),
        )

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Send the customer to MoMo's page; once the customer is back, what came of it."""
        refusal = _refusal(request.amount)
        if refusal is not None:
            return refusal
        order_id = UUID(request.payment_id).hex
        if request.reference:
            known = self._known(request, order_id)
            if known is not None:
                return known
        answer = self._client.call("create", self._create_fields(request, order_id), CREATE)
        if answer.code in DUPLICATES:
            known = self._known(request, order_id)
            if known is not None:
                return known
        if answer.code != DONE:
            return _no("create", answer)
        url = answer.fields.get("payUrl")
        if not isinstance(url, str) or not url:
            raise MoMoUnknown(call="create", reason="the answer has no payUrl")
        _same_amount(request, answer)
        return ActionRequired(action=Action(kind=ActionKind.REDIRECT, url=url), reference=order_id)

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """Not at MoMo."""
        return Declined(code=DeclineCode.NOT_ALLOWED)

    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Take all that is authorized."""
        return self._confirm(request, "capture", DONE)

    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Free all that is authorized."""
        if not request.amount:
            return Declined(code=DeclineCode.NOT_ALLOWED)
        return self._confirm(request, "cancel", CANCELLED)

    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give money back, in parts of 1,000 dong or more."""
        refusal = _refusal(request.amount)
        if refusal is not None:
            return refusal
        number = self._number(request)
        if not number:
            return Declined(code=DeclineCode.NOT_ALLOWED)
        fields = {
            "orderId": request.key,
            "requestId": request.key,
            "amount": request.amount.minor,
            "transId": int(number),
            "lang": "en",
            "description": f"Refund {request.order_ref}"[:_LONGEST_INFO],
        }
        answer = self._client.call("refund", fields, REFUND)
        if answer.code in DUPLICATES:
            return self._known_refund(request)
        said = result(answer.code, answer.number)
        if said is None:
            return _no("refund", answer)
        if not isinstance(said, Declined):
            _same_amount(request, answer)
        return said

    def fetch(self, request: FetchRequest) -> GatewayState:
        """Ask about the payment; its refunds are told with it."""
        order_id = UUID(request.payment_id).hex
        answer = self._query(order_id)
        operations = payment_operations(request, answer)
        refunds = refund_operations(answer, request.ledger)
        return GatewayState(operations=(*operations, *refunds), reference=order_id if operations else "")

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Verify an IPN and read it."""
        keys = self._settings.access_key.get_secret_value(), self._settings.secret_key.get_secret_value()
        told = read_notice(notice.body, *keys)
        if told["partnerCode"] != self._settings.partner_code:
            raise NoticeRejected(reason="it is for another partner")
        order_id = str(told["orderId"])
        return Notice(
            id=f"{order_id}.{told['transId']}.{told['resultCode']}",
            payment_id=_payment_id(order_id),
            reference=order_id,
            amount=Money.of_minor(int(told["amount"]), "VND"),
        )

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """204 without a body for whatever is kept here; else MoMo may come again."""
        return NoticeReply(status=_REFUSALS.get(outcome, 204))

    # inside

    def _create_fields(self, request: AuthorizeRequest, order_id: str) -> dict[str, object]:
        extra = json.dumps(dict(sorted(request.metadata.items()))) if request.metadata else ""
        return {
            "requestId": request.key,
            "amount": request.amount.minor,
            "orderId": order_id,
            "orderInfo": (request.description or f"Order {request.order_ref}")[:_LONGEST_INFO],
            "redirectUrl": request.return_url,
            "ipnUrl": self._settings.ipn_url,
            "requestType": self._settings.request_type.value,
            "extraData": base64.b64encode(extra.encode()).decode(),
            "autoCapture": request.capture,
            "lang": "vi" if request.locale.lower().startswith("vi") else "en",
        }

    def _query(self, order_id: str) -> Answer:
        answer = self._client.query(order_id)
        if answer.code < OF_TRANSACTIONS and answer.code not in (DONE, NOT_FOUND, *ENDED):
            raise MoMoUnavailable(call="query", reason=f"code {answer.code}")
        return answer

    def _known(self, request: AuthorizeRequest, order_id: str) -> GatewayAnswer | None:
        """What came of a payment that MoMo may know; nothing while the customer has not acted."""
        answer = self._query(order_id)
        if answer.code == NOT_FOUND:
            return None
        _same_amount(request, answer)
        if answer.code == WAITING:
            return None
        if answer.code in (AUTHORIZED, CANCELLED):
            return Succeeded(reference=order_id)
        return result(answer.code, order_id) or declined(answer.code, order_id)

    def _confirm(self, request: OperationRequest, how: str, done: int) -> GatewayAnswer:
        fields = {
            "orderId": UUID(request.payment_id).hex,
            "requestId": request.key,
            "requestType": how,
            "amount": request.amount.minor,
            "lang": "en",
            "description": "",
        }
        answer = self._client.call("confirm", fields, CONFIRM)
        said = Succeeded(reference=answer.number) if answer.code == done else result(answer.code, answer.number)
        return said or _no("confirm", answer)

    def _number(self, request: OperationRequest) -> str:
        """MoMo's number of the payment."""
        captures = (o for o in request.ledger if o.kind is OperationKind.CAPTURE and o.reference.isdecimal())
        known = next(captures, None)
        return known.reference if known else self._query(UUID(request.payment_id).hex).number

    def _known_refund(self, request: OperationRequest) -> GatewayAnswer:
        """What came of a refund that MoMo knows already."""
        own = Operation(
            kind=request.kind, amount=request.amount, status=OperationStatus.UNKNOWN, key=request.key, at=request.at
        )
        answer = self._query(UUID(request.payment_id).hex)
        known = next((found for found in refund_operations(answer, (own,)) if found.key == own.key), None)
        if known is None:
            raise MoMoUnknown(call="refund", reason="its key is known, its outcome is not")
        if known.amount != own.amount:
            raise KeyReused(key=request.key)
        if known.status is OperationStatus.FAILED:
            return declined(int(known.vendor_code), known.reference)
        done = known.status is OperationStatus.SUCCEEDED
        return Succeeded(reference=known.reference) if done else Pending(reference=known.reference)


def _refusal(amount: Money) -> Declined | None:
    """Why MoMo would not take an amount."""
    if amount.currency != LEAST.currency:
        return Declined(code=DeclineCode.CURRENCY_NOT_SUPPORTED)
    if not LEAST <= amount <= MOST:
        return Declined(code=DeclineCode.AMOUNT_NOT_ALLOWED)
    return None


def _same_amount(request: AuthorizeRequest | OperationRequest, answer: Answer) -> None:
    """MoMo answers a repeated request as before, whatever the amount in it."""
    if answer.amount not in (0, request.amount.minor):
        raise KeyReused(key=request.key)


def _no(call: str, answer: Answer) -> Declined:
    """What is left: a no, or nothing done, or nobody knows."""
    if answer.code in NOT_TAKEN:
        raise MoMoUnavailable(call=call, reason=f"code {answer.code}")
    if answer.code not in DECLINES:
        raise MoMoUnknown(call=call, reason=f"code {answer.code}")
    return declined(answer.code)


def _payment_id(order_id: str) -> str:
    """Our id of what MoMo knows as an order; empty if that is none of ours."""
    try:
        return str(UUID(order_id)) if len(order_id) == len(UUID(int=0).hex) else ""
    except ValueError:
        return ""
