"""`VNPayServer`: a stand-in for VNPay on loopback, written from its published integration guide (version 2.1.0).

It checks what VNPay checks: the signature before all else, the format of every field, amounts told a
hundredfold, a reference that is used once, requests that are not repeated, refunds that do not exceed the
payment. It has no code in common with the plugin. What the guide leaves open is chosen here, and said so.
"""

import hashlib
import hmac
import html
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import parse_qsl, quote, urlsplit

from attrs import define, field

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, StandInServer, json_reply

__all__ = ["PageRefused", "VNPayServer"]

_PAGE = "/paymentv2/vpcpay.html"
_API = "/merchant_webapi/api/transaction"
_FORMATS = {
    "vnp_Version": r"2\.1\.0",
    "vnp_Command": r"pay",
    "vnp_TmnCode": r"[A-Za-z0-9]{8}",
    "vnp_Amount": r"[1-9][0-9]{2,11}",
    "vnp_CurrCode": r"VND",
    "vnp_TxnRef": r"[A-Za-z0-9]{1,100}",
    "vnp_OrderInfo": r"[A-Za-z0-9 .:_-]{1,255}",
    "vnp_OrderType": r"[A-Za-z0-9]{1,100}",
    "vnp_Locale": r"vn|en",
    "vnp_ReturnUrl": r"https?://[!-~]{1,240}",
    "vnp_IpAddr": r"[0-9A-Fa-f.:]{7,45}",
    "vnp_CreateDate": r"[0-9]{14}",
    "vnp_ExpireDate": r"[0-9]{14}",
}
_OPTIONAL = {"vnp_BankCode": r"[A-Za-z0-9]{3,20}"}
_ASKED = {
    "querydr": "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo",
    "refund": "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy"
    " CreateDate IpAddr OrderInfo",
}
_ANSWER = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType"
    " TransactionStatus OrderInfo"
)
_PROMOTION = " PromotionCode PromotionAmount"

#: IPNs are repeated until 00 or 02 is answered, ten times.
_HEARD = ("00", "02")
_TRIES = 10


class PageRefused(AssertionError):
    """VNPay's page does not take an address; the code is that of its error page."""


@define
class _Transaction:
    """A payment (type 01) or a refund (02, 03)."""

    number: str
    type: str
    amount: int
    status: str
    order_info: str
    code: str = ""
    pay_date: str = ""


@define
class _Order:
    fields: dict[str, str]
    expires: datetime
    payment: _Transaction
    refunds: list[_Transaction] = field(factory=list)

    @property
    def latest(self) -> _Transaction:
        return self.refunds[-1] if self.refunds else self.payment

    @property
    def given_back(self) -> int:
        return sum(t.amount for t in self.refunds if t.status != "09")

    def find(self, number: str) -> _Transaction | None:
        """The transaction of a number; or else, chosen here, the latest."""
        if not number:
            return self.latest
        return next((t for t in (self.payment, *self.refunds) if t.number == number), None)


_NOTHING = _Order({}, datetime.min, _Transaction("", "01", 0, "01", ""))  # noqa: DTZ901 - never compared

_Objection = tuple[str, str, Callable[[], bool]]


@define(eq=False)
class VNPayServer(StandInServer):
    """A VNPay of one's own: `visit` an address, then `approve`, `cancel`, `suspect`, `decline` or `expire` it.

    Each of these queues the signed IPN; `send_notices` delivers as VNPay does. A refund is taken with
    ``refund_status`` (05, in work) until `finish_refunds`; with ``one_refund_at_a_time`` a second one is answered
    94 meanwhile.
    """

    tmn_code: str = "DEMOV210"
    hash_secret: str = field(default="stand-in-secret", repr=False)
    refund_status: str = "05"
    one_refund_at_a_time: bool = False
    clock: Clock = utc_now
    _orders: dict[str, _Order] = field(factory=dict, init=False, repr=False)
    _requests: set[tuple[str, str]] = field(factory=set, init=False, repr=False)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(14_000_001), init=False, repr=False)

    @property
    def pay_url(self) -> str:
        """Where customers are sent."""
        return self.url + _PAGE

    @property
    def api_url(self) -> str:
        """Where queries and refunds are sent."""
        return self.url + _API

    # the customer

    def visit(self, address: str) -> str:
        """Open a page address as a browser does; gives its reference, or `PageRefused` with the code."""
        parts = urlsplit(address)
        browser = HTTPConnection(parts.netloc, timeout=10)
        with closing(browser):
            browser.request("GET", f"{parts.path}?{parts.query}")
            moved = browser.getresponse().headers.get("location")
        if moved:
            raise PageRefused(dict(parse_qsl(urlsplit(moved).query))["code"])
        return dict(parse_qsl(parts.query))["vnp_TxnRef"]

    def approve(self, ref: str) -> RawNotice:
        """The customer pays. Gives the customer's way back, signed as the IPN is."""
        return self._finish(ref, "00", "00")

    def suspect(self, ref: str) -> RawNotice:
        """The customer pays, and VNPay suspects fraud: 07, the money is taken."""
        return self._finish(ref, "07", "07")

    def cancel(self, ref: str) -> RawNotice:
        """The customer does not want to."""
        return self._finish(ref, "24", "02")

    def decline(self, ref: str, code: str = "51") -> RawNotice:
        """The bank says no."""
        return self._finish(ref, code, "02")

    def expire(self, ref: str) -> RawNotice:
        """The customer takes too long."""
        return self._finish(ref, "11", "02")

    def debit_only(self, ref: str) -> None:
        """The bank debits the customer, and VNPay does not book it: 04. Nobody is told."""
        with self.lock:
            self._orders[ref].payment.status = "04"

    # the merchant's portal

    def finish_refunds(self, ref: str, status: str = "00") -> None:
        """The bank ends all refunds in work: 00 done, 09 rejected, or 06 sent to it."""
        with self.lock:
            for refund in self._orders[ref].refunds:
                if refund.status in ("05", "06"):
                    refund.status = status

    def refund_by_hand(self, ref: str, amount: int) -> None:
        """Somebody refunds at VNPay's portal, in dong."""
        with self.lock:
            self._book(self._orders[ref], "03", amount * 100, "Portal")

    def refunds(self, ref: str) -> list[tuple[int, str]]:
        """Amount in dong and status of each refund, oldest first."""
        with self.lock:
            return [(t.amount // 100, t.status) for t in self._orders[ref].refunds]

    def charged(self, ref: str) -> int:
        """What the customer paid and did not get back, in dong."""
        with self.lock:
            order = self._orders.get(ref)
            if order is None or order.payment.status not in ("00", "07"):
                return 0
            return (order.payment.amount - order.given_back) // 100

    # notices

    def notice(self, ref: str, **changes: str) -> RawNotice:
        """The IPN about a payment, signed anew with changed fields: ``vnp_Amount="100"``."""
        with self.lock:
            order = self._orders[ref]
            payment = order.payment
        fields = {
            "vnp_TmnCode": self.tmn_code,
            "vnp_Amount": str(payment.amount),
            "vnp_BankCode": "NCB",
            "vnp_BankTranNo": f"VNP{payment.number}" if payment.code == "00" else "",
            "vnp_CardType": "ATM",
            "vnp_PayDate": payment.pay_date,
            "vnp_OrderInfo": payment.order_info,
            "vnp_TransactionNo": payment.number if payment.code in ("00", "07") else "0",
            "vnp_ResponseCode": payment.code,
            "vnp_TransactionStatus": payment.status,
            "vnp_TxnRef": ref,
            **changes,
        }
        return RawNotice(method="GET", query=self.sign_query(fields))

    def sign_query(self, fields: Mapping[str, str]) -> str:
        """Fields as a query with their signature, not in the order in which they are signed."""
        pairs = [f"{name}={_encode(value)}" for name, value in fields.items() if value]
        return "&".join((*pairs, f"vnp_SecureHash={self._sign('&'.join(sorted(pairs)))}"))

    def send_notices(self, to: Callable[[RawNotice], NoticeReply]) -> Sequence[str]:
        """Deliver what is queued, each until it is answered 00 or 02, ten times at most; gives the last codes."""
        codes = []
        for notice in self.notices():
            for _ in range(_TRIES):
                reply = to(notice)
                said = json.loads(reply.body)
                if reply.status == HTTPStatus.OK and said["RspCode"] in _HEARD:
                    break
            codes.append(said["RspCode"])
        return codes

    # the protocol

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Answer one request."""
        if (request.method, request.path) == ("GET", _PAGE):
            return self._page(request.query)
        if (request.method, request.path) == ("POST", _API):
            return self._api(request)
        return NoticeReply(status=404)

    def _page(self, query: str) -> NoticeReply:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        code = self._objection(fields)
        if code:
            return NoticeReply(status=302, headers={"location": f"/paymentv2/Payment/Error.html?code={code}"})
        ref = fields["vnp_TxnRef"]
        if ref not in self._orders:
            payment = _Transaction("", "01", int(fields["vnp_Amount"]), "01", fields["vnp_OrderInfo"])
            self._orders[ref] = _Order(fields, _moment(fields["vnp_ExpireDate"]), payment)
        shown = html.escape(f"{fields['vnp_OrderInfo']}: {int(fields['vnp_Amount']) // 100} VND")
        return NoticeReply(status=200, headers={"content-type": "text/html"}, body=shown.encode())

    def _objection(self, fields: dict[str, str]) -> str:
        """The code of VNPay's error page: 70 signature, 71 terminal, 03 format, 15 too late.

        Chosen here: 99 for a reference that is used up, or used for another payment.
        """
        given = fields.pop("vnp_SecureHash", "")
        fields.pop("vnp_SecureHashType", None)
        text = "&".join(f"{name}={_encode(fields[name])}" for name in sorted(fields) if fields[name])
        known = self._orders.get(fields.get("vnp_TxnRef", ""))
        objections: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("70", lambda: not _same(self._sign(text), given)),
            ("71", lambda: fields.get("vnp_TmnCode") != self.tmn_code),
            ("03", lambda: not _well_formed(fields)),
            ("99", lambda: known is not None and (known.fields != fields or known.payment.status != "01")),
            ("15", lambda: self._now() >= _moment(fields["vnp_ExpireDate"])),
        )
        return next((code for code, applies in objections if applies()), "")

    def _finish(self, ref: str, code: str, status: str) -> RawNotice:
        with self.lock:
            order = self._orders[ref]
            if order.payment.status != "01":
                raise PageRefused("99")
            payment = order.payment
            payment.code, payment.status, payment.pay_date = code, status, _stamp(self._now())
            payment.number = str(next(self._numbers))
            notice = self.notice(ref)
            self.queue(notice)
            return notice

    def _api(self, request: HttpRequest) -> NoticeReply:
        said = _read(request)
        command = said.get("Command", "")
        if command not in _ASKED:
            return NoticeReply(status=400)
        objections = (*self._objections(command, said), *(self._refund_objections(said) if command == "refund" else ()))
        for code, message, applies in objections:
            if applies():
                return self._reply(command, said, code, message)
        self._requests.add((_stamp(self._now())[:8], said["RequestId"]))
        order = self._orders[said["TxnRef"]]
        found: _Transaction | None
        if command == "refund":
            found = self._book(order, said["TransactionType"], int(said["Amount"]), said["OrderInfo"])
        else:
            found = order.find(said.get("TransactionNo", ""))
        return self._reply(command, said, "00", "Success", found)

    def _objections(self, command: str, said: Mapping[str, str]) -> Sequence[_Objection]:
        """What can be wrong with any call, in VNPay's order of looking."""
        names = _ASKED[command].split()
        text = "|".join(said.get(name, "") for name in names)
        needed = [name for name in names if name != "TransactionNo"]
        request, order = said.get("RequestId", ""), self._orders.get(said.get("TxnRef", ""))
        return (
            ("97", "Invalid checksum", lambda: not _same(self._sign(text), said.get("SecureHash", ""))),
            ("03", "Invalid format", lambda: not all(said.get(name) for name in needed)),
            ("03", "Invalid format", lambda: re.fullmatch("[A-Za-z0-9]{1,32}", request) is None),
            ("02", "Invalid terminal", lambda: said["TmnCode"] != self.tmn_code),
            ("94", "Duplicate request", lambda: (_stamp(self._now())[:8], request) in self._requests),
            (
                "91",
                "Transaction not found",
                lambda: (
                    order is None
                    or order.fields["vnp_CreateDate"] != said["TransactionDate"]
                    or order.find(said.get("TransactionNo", "")) is None
                ),
            ),
        )

    def _refund_objections(self, said: Mapping[str, str]) -> Sequence[_Objection]:
        """What can be wrong with a refund of a known payment."""
        full = said.get("TransactionType") == "02"
        amount = int(said["Amount"]) if re.fullmatch("[1-9][0-9]{0,9}00", said.get("Amount", "")) else 0
        order = self._orders.get(said.get("TxnRef", ""), _NOTHING)
        given = order.given_back
        waiting = any(t.status in ("05", "06") for t in order.refunds)
        return (
            (
                "03",
                "Invalid format",
                lambda: said["TransactionType"] not in ("02", "03") or not amount or amount % 100 > 0,
            ),
            ("95", "Payment did not succeed", lambda: order.payment.status not in ("00", "07")),
            ("94", "Refund is in work", lambda: self.one_refund_at_a_time and waiting),
            ("02", "Refunds exceed the payment", lambda: given + amount > order.payment.amount),
            ("04", "No full refund after one in part", lambda: full and given > 0),
            ("93", "Invalid amount", lambda: full and amount != order.payment.amount),
        )

    def _book(self, order: _Order, kind: str, amount: int, order_info: str) -> _Transaction:
        refund = _Transaction(str(next(self._numbers)), kind, amount, self.refund_status, order_info)
        refund.pay_date = _stamp(self._now())
        order.refunds.append(refund)
        return refund

    def _reply(
        self, command: str, said: Mapping[str, str], code: str, message: str, found: _Transaction | None = None
    ) -> NoticeReply:
        answer = {
            "ResponseId": f"{next(self._numbers):032x}",
            "Command": command,
            "ResponseCode": code,
            "Message": message,
            "TmnCode": self.tmn_code,
            "TxnRef": said.get("TxnRef", ""),
        }
        if found is not None:
            answer |= {
                "Amount": str(found.amount),
                "BankCode": "NCB",
                "PayDate": found.pay_date,
                "TransactionNo": found.number,
                "TransactionType": found.type,
                "TransactionStatus": found.status,
                "OrderInfo": found.order_info,
            }
        names = _ANSWER + (_PROMOTION if command == "querydr" else "")
        answer["SecureHash"] = self._sign("|".join(answer.get(name, "") for name in names.split()))
        return json_reply({f"vnp_{name}": value for name, value in answer.items()})

    def _sign(self, text: str) -> str:
        return hmac.new(self.hash_secret.encode(), text.encode(), hashlib.sha512).hexdigest()

    def _now(self) -> datetime:
        """Vietnam's time, without a zone, as in every field."""
        return self.clock().replace(tzinfo=None) + timedelta(hours=7)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.lower().encode())


def _well_formed(fields: Mapping[str, str]) -> bool:
    patterns = {**_FORMATS, **{name: pattern for name, pattern in _OPTIONAL.items() if name in fields}}
    if set(fields) != set(patterns) or not all(re.fullmatch(p, fields[name]) for name, p in patterns.items()):
        return False
    return int(fields["vnp_Amount"]) % 100 == 0 and fields["vnp_CreateDate"] < fields["vnp_ExpireDate"]


def _read(request: HttpRequest) -> dict[str, str]:
    """The fields of a call without the ``vnp_`` of their names; nothing if it is not a JSON object."""
    try:
        body = request.json()
    except ValueError:
        return {}
    if not isinstance(body, dict) or not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    return {name.removeprefix("vnp_"): str(value) for name, value in body.items()}


def _encode(text: str) -> str:
    """Form-encoded as a Java server does it: ``*`` stays, ``~`` does not."""
    return quote(text, safe="*-._ ").replace("~", "%7E").replace(" ", "+")


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S")  # noqa: DTZ007 - Vietnam's time, see `_now`


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")
