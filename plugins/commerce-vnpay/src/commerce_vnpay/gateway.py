"""`VNPayGateway`: the port of payments, spoken with VNPay."""

import json
import threading
from datetime import datetime
from uuid import uuid4

import httpx

from commerce.kernel import Clock, KeyReused, Money, utc_now
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
    RawNotice,
    sum_of,
)
from commerce_vnpay.answers import (
    Answer,
    created_at,
    dong,
    is_refund,
    is_suspected,
    payment_operations,
    refund_answer,
    refund_operation,
)
from commerce_vnpay.client import VNPayClient
from commerce_vnpay.codes import DONE, NOT_TAKEN, REFUND_DECLINES
from commerce_vnpay.errors import VNPayUnavailable, VNPayUnknown
from commerce_vnpay.page import page_address, payment_id_of, plain, stamp, txn_ref
from commerce_vnpay.settings import VNPaySettings
from commerce_vnpay.signing import verified

__all__ = ["VNPayGateway"]

_NOT_FOUND, _TWICE = "91", "94"
_FULL, _PART = "02", "03"

#: ``vnp_Amount`` has at most twelve digits, and is a hundredfold.
_MOST = 9_999_999_999

#: How many reasons of failed payments are kept until they are asked for.
_REASONS = 10_000

_REPLIES = {
    NoticeOutcome.RECORDED: ("00", "Confirm Success"),
    NoticeOutcome.REPEATED: ("02", "Order already confirmed"),
    NoticeOutcome.PARKED: ("01", "Order not found"),
    NoticeOutcome.IGNORED: ("01", "Order not found"),
    NoticeOutcome.WRONG_AMOUNT: ("04", "Invalid amount"),
    NoticeOutcome.REJECTED: ("97", "Invalid checksum"),
    NoticeOutcome.FAILED: ("99", "Unknown error"),
}


class VNPayGateway:
    """Payments at VNPay's page, in VND, captured at once; refunds in full and in part.

    To authorize is to sign an address, without a call. What became of it is asked with ``querydr``.
    """

    def __init__(
        self, settings: VNPaySettings, *, clock: Clock = utc_now, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._client = VNPayClient(settings, transport)
        self._reasons: dict[str, str] = {}
        self._remembering = threading.Lock()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @property
    def abilities(self) -> GatewayAbilities:
        """Captured at once, for good: no void, no calling off; an unused page runs out by itself."""
        return GatewayAbilities(
            separate_capture=False,
            partial_capture=False,
            void=False,
            cancel=False,
            redirects=True,
            currencies=frozenset({"VND"}),
        )

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Send the customer to VNPay's page. The same request gives the same address, until that runs out.

        Then it is declined: VNPay takes a reference for one address, and finds it by the time in that address
        only, so the same payment with another time would be one that nobody could ask about.
        """
        if request.amount.currency.code != "VND":
            return Declined(code=DeclineCode.CURRENCY_NOT_SUPPORTED)
        if not 1 <= request.amount.minor <= _MOST:
            return Declined(code=DeclineCode.AMOUNT_NOT_ALLOWED)
        reference = _reference(txn_ref(request.payment_id), request.amount)
        if request.reference not in ("", reference):
            raise KeyReused(key=request.key)
        expires_at = request.at + self._settings.expires_after
        if expires_at <= self._clock():
            return Declined(code=DeclineCode.TIMED_OUT, may_retry=True, reference=reference)
        url = page_address(self._settings, request)
        action = Action(kind=ActionKind.REDIRECT, url=url, expires_at=expires_at)
        return ActionRequired(action=action, reference=reference)

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """Not at VNPay."""
        return Declined(code=DeclineCode.NOT_ALLOWED)

    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Not at VNPay: all is captured when the customer pays."""
        return Declined(code=DeclineCode.NOT_ALLOWED)

    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Not at VNPay."""
        return Declined(code=DeclineCode.NOT_ALLOWED)

    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give money back: in full if it is all that was taken, else in part. VNPay may need days to do it.

        VNPay knows a repeated request only on the day of the first; later its outcome is not
        risked but told unknown.
        """
        if stamp(request.at)[:8] != stamp(self._clock())[:8]:
            raise VNPayUnknown(call="refund", reason="first asked on another day: look it up at VNPay")
        answer = self._client.call("refund", self._refund_fields(request))
        code = answer["ResponseCode"]
        if code == DONE:
            return refund_answer(answer)
        if code == _TWICE:
            return self._refund_again(request)
        if code in REFUND_DECLINES:
            return Declined(code=REFUND_DECLINES[code], vendor_code=code)
        if code in NOT_TAKEN:
            raise VNPayUnavailable(call="refund", reason=f"code {code}")
        raise VNPayUnknown(call="refund", reason=f"code {code}")

    def fetch(self, request: FetchRequest) -> GatewayState:
        """Ask about the payment, about each refund whose number is known, and for one whose number is not.

        VNPay tells of the latest refund only. While one of ours may be hidden behind it, nothing is said to be
        complete.
        """
        created = created_at(request.ledger, request.at)
        ref = txn_ref(request.payment_id)
        latest = self._query(ref, created)
        number = _number(request.ledger)
        payment = self._query(ref, created, number) if number and is_refund(latest) else latest
        operations = payment_operations(_asked(request, created), payment, self._reasons.get(ref, ""))
        refunds: tuple[Operation, ...] = ()
        complete = True
        if latest is None or not operations:
            operations = self._waiting(request, created)
        elif operations[0].status is OperationStatus.SUCCEEDED:
            refunds, complete = self._refunds(request, created, latest)
        return GatewayState(
            operations=(*operations, *refunds),
            reference=_reference(ref, request.amount),
            suspected=is_suspected(payment),
            complete=complete,
        )

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Verify the raw query of an IPN (or of the customer's way back) and read it."""
        fields = verified(self._settings.hash_secret.get_secret_value(), notice.query)
        if fields.get("vnp_TmnCode") != self._settings.tmn_code:
            raise NoticeRejected(reason="it is for another terminal")
        ref, amount = fields.get("vnp_TxnRef", ""), dong(fields.get("vnp_Amount", ""))
        if not ref or amount is None:
            raise NoticeRejected(reason="it names no payment, or no amount in whole dong")
        code, status = fields.get("vnp_ResponseCode", ""), fields.get("vnp_TransactionStatus", "")
        self._remember(ref, code)
        return Notice(
            id=f"{ref}.{fields.get('vnp_TransactionNo', '')}.{code}.{status}",
            payment_id=payment_id_of(ref),
            reference=_reference(ref, amount),
            amount=amount,
        )

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """Always HTTP 200; VNPay repeats itself until it reads 00 or 02."""
        code, message = _REPLIES[outcome]
        body = json.dumps({"RspCode": code, "Message": message}).encode()
        return NoticeReply(status=200, headers={"content-type": "application/json"}, body=body)

    # inside

    def _waiting(self, request: FetchRequest, created: datetime) -> tuple[Operation, ...]:
        """An address that we gave out waits, whether or not it was opened, until it runs out."""
        asked = _asked(request, created)
        runs = self._clock() < created + self._settings.expires_after
        return (asked,) if runs and asked.status is OperationStatus.WAITING else ()

    def _refunds(self, request: FetchRequest, created: datetime, latest: Answer) -> tuple[tuple[Operation, ...], bool]:
        """The refunds that can be found, and whether these are all."""
        ref = txn_ref(request.payment_id)
        ours = [o for o in request.ledger if o.kind is OperationKind.REFUND]
        found: list[Operation] = []
        for refund in ours:
            told = self._query(ref, created, refund.reference) if refund.reference else None
            if told is not None:
                found.append(refund_operation(told, refund))
        lost = [o.amount for o in ours if not o.reference and o.status is not OperationStatus.FAILED]
        if is_refund(latest) and latest["TransactionNo"] not in {o.reference for o in found}:
            found.append(refund_operation(latest))
            if found[-1].amount in lost:
                lost.remove(found[-1].amount)
        return tuple(found), not lost

    def _refund_fields(self, request: OperationRequest) -> dict[str, str]:
        captured = sum_of(request.ledger, "VND", OperationKind.CAPTURE, (OperationStatus.SUCCEEDED,))
        refunds = (o for o in request.ledger if o.kind is OperationKind.REFUND)
        first = all(o.status is OperationStatus.FAILED for o in refunds)
        return {
            "RequestId": request.key,
            "TransactionType": _FULL if first and request.amount == captured else _PART,
            "TxnRef": txn_ref(request.payment_id),
            "Amount": str(request.amount.minor * 100),
            "TransactionNo": _number(request.ledger),
            "TransactionDate": stamp(created_at(request.ledger, request.at)),
            "CreateBy": self._settings.created_by,
            "CreateDate": stamp(request.at),
            "IpAddr": self._settings.server_ip,
            "OrderInfo": plain(f"Refund {request.order_ref}"),
        }

    def _refund_again(self, request: OperationRequest) -> GatewayAnswer:
        """VNPay has a refund of this payment in work: ours, if it is one that nobody else is known to have asked."""
        latest = self._query(txn_ref(request.payment_id), created_at(request.ledger, request.at))
        others = [o for o in request.ledger if o.kind is OperationKind.REFUND and o.key != request.key]
        # With one among them whose number is not known, nobody can tell whose the latest is.
        known = {o.reference for o in others if o.reference or o.status is not OperationStatus.FAILED}
        if latest is None or not is_refund(latest) or known & {"", latest["TransactionNo"]}:
            raise VNPayUnknown(call="refund", reason="another refund of this payment is in work")
        if dong(latest["Amount"]) != request.amount:
            raise KeyReused(key=request.key)
        return refund_answer(latest)

    def _query(self, ref: str, created: datetime, number: str = "") -> Answer | None:
        """Ask about a transaction: that of a number, or the latest. Nothing if VNPay knows none."""
        fields = {
            "RequestId": uuid4().hex,
            "TxnRef": ref,
            "TransactionDate": stamp(created),
            "CreateDate": stamp(self._clock()),
            "IpAddr": self._settings.server_ip,
            "OrderInfo": f"Query {ref}",
        }
        answer = self._client.call("querydr", {**fields, "TransactionNo": number} if number else fields)
        code = answer["ResponseCode"]
        if code == _NOT_FOUND:
            return None
        if code != DONE:
            raise VNPayUnavailable(call="querydr", reason=f"code {code}")
        return answer

    def _remember(self, ref: str, code: str) -> None:
        """Queries tell that a payment failed, but only notices tell why."""
        with self._remembering:
            self._reasons[ref] = code
            if len(self._reasons) > _REASONS:
                del self._reasons[next(iter(self._reasons))]


def _reference(ref: str, amount: Money) -> str:
    """VNPay's reference with the amount, so that a key that comes back with another one is known."""
    return f"{ref}.{amount.minor}"


def _number(ledger: tuple[Operation, ...]) -> str:
    """VNPay's number of the payment, if it is known."""
    return next((o.reference for o in ledger if o.kind is OperationKind.CAPTURE and o.reference), "")


def _asked(request: FetchRequest, created: datetime) -> Operation:
    """The payment as we asked for it."""
    asked = next((o for o in request.ledger if o.kind is OperationKind.AUTHORIZE), None)
    return Operation(
        kind=OperationKind.AUTHORIZE,
        amount=request.amount,
        status=asked.status if asked else OperationStatus.REQUESTED,
        key=asked.key if asked else "",
        at=created,
    )
