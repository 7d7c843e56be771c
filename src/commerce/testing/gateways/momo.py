"""`MoMoServer`: a stand-in for MoMo on loopback, written from its published documentation (All-In-One, version 2).

It checks what MoMo checks: partner and signature, the format of every field, amounts, ids of requests and
orders that are used once, captures of the whole, refunds that do not exceed the payment. It has no code in
common with the plugin. What the documentation leaves open is chosen here, and said so.
"""

import base64
import binascii
import hashlib
import hmac
import html
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, StandInServer, json_reply

__all__ = ["MoMoServer"]

_API = "/v2/gateway/api/"
_PAGE = "/v2/gateway/pay"
_LEAST, _MOST = 1_000, 50_000_000

#: The fields that a call has to have, those that it may have, and those that are signed.
_CALLS = {
    "create": (
        "partnerCode requestId amount orderId orderInfo redirectUrl ipnUrl requestType extraData lang signature",
        "autoCapture partnerName storeId",
        "amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId requestType",
    ),
    "query": ("partnerCode requestId orderId lang signature", "", "orderId partnerCode requestId"),
    "confirm": (
        "partnerCode requestId orderId requestType amount lang description signature",
        "",
        "amount description orderId partnerCode requestId requestType",
    ),
    "refund": (
        "partnerCode requestId orderId amount transId lang description signature",
        "",
        "amount description orderId partnerCode requestId transId",
    ),
}
_NOTICE = (
    "amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode transId"
)
_FORMATS = {
    "requestId": r"\S{1,50}",
    "orderId": r"[0-9a-zA-Z]([-_.]*[0-9a-zA-Z]+)*",
    "orderInfo": r"(?s).{1,255}",
    "redirectUrl": r"https?://\S+",
    "ipnUrl": r"https?://\S+",
    "lang": r"vi|en",
}
_TYPES = {
    "create": ("captureWallet", "payWithMethod", "payWithATM", "payWithCC"),
    "confirm": ("capture", "cancel"),
}
_TWO_STEPS = ("captureWallet", "payWithCC")

#: Codes after which a transaction changes no more: the same request is answered alike.
_FINAL = (0, 98, 99)
_FINAL_FROM, _FINAL_TO = 1001, 4100

_TRIES = 5


@define
class _Refund:
    order_id: str
    number: int
    amount: int
    code: int


@define
class _Order:
    asked: dict[str, Any]
    code: int = 1000
    number: int = 0
    refunds: list[_Refund] = field(factory=list)

    @property
    def amount(self) -> int:
        return int(self.asked["amount"])

    @property
    def given_back(self) -> int:
        return sum(r.amount for r in self.refunds if r.code in (0, 7000, 7002))


@define
class _Done:
    body: dict[str, Any]
    reply: dict[str, Any]


_Objection = tuple[int, str, Callable[[], bool]]


@define(eq=False)
class MoMoServer(StandInServer):
    """A MoMo of one's own: `visit` a page, then `approve`, `decline`, `cancel`, `expire` it, or leave it `in_work`.

    Each of these queues the signed IPN; `send_notices` delivers as MoMo does. With ``refund_code`` 7002 refunds
    are in work until `finish_refunds`. Chosen here: a request id that comes back with another body is answered 40.
    """

    partner_code: str = "PTEST"
    access_key: str = field(default="stand-in-access", repr=False)
    secret_key: str = field(default="stand-in-secret", repr=False)
    refund_code: int = 0
    clock: Clock = utc_now
    _orders: dict[str, _Order] = field(factory=dict, init=False, repr=False)
    _done: dict[str, _Done] = field(factory=dict, init=False, repr=False)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(2_820_086_739), init=False, repr=False)

    # the customer

    def visit(self, address: str) -> str:
        """Open a payUrl as a browser does; gives the order's id, or `AssertionError` if there is no such page."""
        parts = urlsplit(address)
        browser = HTTPConnection(parts.netloc, timeout=10)
        with closing(browser):
            browser.request("GET", f"{parts.path}?{parts.query}")
            status = browser.getresponse().status
        assert status == HTTPStatus.OK, f"the page answers {status}"
        return dict(parse_qsl(parts.query))["t"]

    def approve(self, order_id: str) -> RawNotice:
        """The customer pays: 0, or 9000 where the capture comes later. Gives the IPN."""
        with self.lock:
            asked = self._orders[order_id].asked
            later = asked["requestType"] in _TWO_STEPS and not asked.get("autoCapture", True)
            return self._finish(order_id, 9000 if later else 0)

    def decline(self, order_id: str, code: int = 1001) -> RawNotice:
        """It comes to nothing."""
        return self._finish(order_id, code)

    def cancel(self, order_id: str) -> RawNotice:
        """The customer does not want to."""
        return self._finish(order_id, 1006)

    def expire(self, order_id: str) -> RawNotice:
        """The customer takes too long."""
        return self._finish(order_id, 1005)

    def in_work(self, order_id: str) -> None:
        """The bank takes its time: 7002. Nobody is told."""
        with self.lock:
            self._orders[order_id].code = 7002

    # MoMo and its portal

    def lapse(self, order_id: str) -> RawNotice:
        """An authorization is cancelled because nobody captured it: 1003."""
        return self._finish(order_id, 1003)

    def finish_refunds(self, order_id: str, code: int = 0) -> None:
        """All refunds in work come to their end."""
        with self.lock:
            for refund in self._orders[order_id].refunds:
                if refund.code in (7000, 7002):
                    refund.code = code

    def refund_by_hand(self, order_id: str, amount: int) -> None:
        """Somebody refunds at MoMo's portal."""
        with self.lock:
            number = next(self._numbers)
            self._orders[order_id].refunds.append(_Refund(f"M4B{number}", number, amount, 0))

    def refunds(self, order_id: str) -> list[tuple[int, int]]:
        """Amount and code of each refund, oldest first."""
        with self.lock:
            return [(r.amount, r.code) for r in self._orders[order_id].refunds]

    def state(self, order_id: str) -> int:
        """The code of a payment."""
        with self.lock:
            return self._orders[order_id].code

    def charged(self, order_id: str) -> int:
        """What was taken and not given back."""
        with self.lock:
            order = self._orders.get(order_id)
            return order.amount - order.given_back if order is not None and order.code == 0 else 0

    # notices

    def notice(self, order_id: str, **changes: object) -> RawNotice:
        """The IPN about a payment, signed anew with changed fields: ``amount=1``."""
        with self.lock:
            order = self._orders[order_id]
            fields = {
                "partnerCode": self.partner_code,
                "orderId": order_id,
                "requestId": order.asked["requestId"],
                "amount": order.amount,
                "orderInfo": order.asked["orderInfo"],
                "orderType": "momo_wallet",
                "transId": order.number,
                "resultCode": order.code,
                "message": "Thành công." if order.code == 0 else "Giao dịch & lỗi = không.",
                "payType": "qr",
                "responseTime": int(self.clock().timestamp() * 1000),
                "extraData": order.asked["extraData"],
                **changes,
            }
        return self.sign_notice(fields)

    def sign_notice(self, fields: Mapping[str, object]) -> RawNotice:
        """Fields as an IPN."""
        body = {**fields, "signature": self._sign(fields, _NOTICE)}
        return RawNotice(
            headers={"content-type": "application/json; charset=UTF-8"},
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def send_notices(self, to: Callable[[RawNotice], NoticeReply]) -> Sequence[int]:
        """Deliver what is queued, each until it is answered 204 without a body; gives the last statuses."""
        statuses = []
        for notice in self.notices():
            for _ in range(_TRIES):
                reply = to(notice)
                if reply.status == HTTPStatus.NO_CONTENT and not reply.body:
                    break
            statuses.append(reply.status)
        return statuses

    # the protocol

    def problem(self, status: int) -> NoticeReply:
        """As MoMo's front door answers: no code in it."""
        return json_reply({"status": status, "message": "try later"}, status)

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Answer one request."""
        if (request.method, request.path) == ("GET", _PAGE):
            return self._page(request.query)
        name = request.path.removeprefix(_API)
        if request.method != "POST" or name not in _CALLS:
            return NoticeReply(status=404)
        try:
            said = request.json()
        except ValueError:
            said = None
        if not isinstance(said, dict) or not request.headers.get("content-type", "").startswith("application/json"):
            return NoticeReply(status=400)
        return self._call(name, said)

    def _page(self, query: str) -> NoticeReply:
        order = self._orders.get(dict(parse_qsl(query)).get("t", ""))
        if order is None or order.code != 1000:
            return NoticeReply(status=410)
        shown = html.escape(f"{order.asked['orderInfo']}: {order.amount} VND")
        return NoticeReply(status=200, headers={"content-type": "text/html; charset=UTF-8"}, body=shown.encode())

    def _call(self, name: str, said: dict[str, Any]) -> NoticeReply:
        for code, message, applies in self._objections(name, said):
            if applies():
                return self._reply(said, code, message)
        known = self._done.get(said["requestId"])
        if known is not None and known.body == said and _final(known.reply["resultCode"]):
            return json_reply(known.reply)
        if known is not None:
            return self._reply(said, 40, "Duplicated requestId.")
        act = {"create": self._create, "query": self._query, "confirm": self._confirm, "refund": self._refund}[name]
        reply = act(said)
        self._done[said["requestId"]] = _Done(said, json.loads(reply.body))
        return reply

    def _objections(self, name: str, said: Mapping[str, Any]) -> Sequence[_Objection]:
        """What can be wrong with any call, in MoMo's order of looking."""
        needed, allowed, signs = _CALLS[name]
        return (
            (20, "Bad format request.", lambda: not set(needed.split()) <= set(said)),
            (20, "Bad format request.", lambda: not set(said) <= {*needed.split(), *allowed.split()}),
            (13, "Merchant authentication failed.", lambda: said["partnerCode"] != self.partner_code),
            (13, "Merchant authentication failed.", lambda: not self._genuine(said, signs)),
            (20, "Bad format request.", lambda: not _well_formed(name, said)),
        )

    def _create(self, said: dict[str, Any]) -> NoticeReply:
        order_id = said["orderId"]
        if not _LEAST <= said["amount"] <= _MOST:
            return self._reply(said, 22, "The transaction amount is out of range.")
        if order_id in self._orders:
            return self._reply(said, 41, "Duplicated orderId.")
        self._orders[order_id] = _Order(said)
        return self._reply(said, 0, "Successful.", payUrl=f"{self.url}{_PAGE}?t={order_id}", amount=said["amount"])

    def _query(self, said: dict[str, Any]) -> NoticeReply:
        order = self._orders.get(said["orderId"])
        if order is None:
            return self._reply(said, 42, "Invalid orderId or orderId is not found.")
        refunds = [
            {"orderId": r.order_id, "transId": r.number, "amount": r.amount, "resultCode": r.code, "createdTime": 0}
            for r in order.refunds
        ]
        return self._reply(
            said,
            order.code,
            "",
            amount=order.amount,
            transId=order.number,
            payType="qr" if order.number else "",
            extraData=order.asked["extraData"],
            refundTrans=refunds,
        )

    def _confirm(self, said: dict[str, Any]) -> NoticeReply:
        order = self._orders.get(said["orderId"])
        if order is None:
            return self._reply(said, 42, "Invalid orderId or orderId is not found.")
        if order.code != 9000:
            return self._reply(said, 47, "Request rejected: the payment is not authorized.")
        if said["amount"] != order.amount:
            return self._reply(said, 22, "The transaction amount is out of range.")
        order.code = 0 if said["requestType"] == "capture" else 1003
        return self._reply(said, 0, "Successful.", amount=order.amount, transId=order.number)

    def _refund(self, said: dict[str, Any]) -> NoticeReply:
        paid = next((o for o in self._orders.values() if o.number and o.number == said["transId"]), None)
        used = {*self._orders, *(r.order_id for o in self._orders.values() for r in o.refunds)}
        if paid is None:
            return self._reply(said, 42, "Invalid orderId or orderId is not found.")
        if said["orderId"] in used:
            return self._reply(said, 41, "Duplicated orderId.")
        if not _LEAST <= said["amount"] <= _MOST:
            return self._reply(said, 22, "The transaction amount is out of range.")
        if paid.code != 0:
            return self._reply(said, 1088, "Refund rejected: the payment is ineligible to be refunded.")
        if paid.given_back + said["amount"] > paid.amount:
            return self._reply(said, 1081, "Refund rejected: the amount exceeds what is refundable.")
        refund = _Refund(said["orderId"], next(self._numbers), said["amount"], self.refund_code)
        paid.refunds.append(refund)
        return self._reply(said, refund.code, "", amount=refund.amount, transId=refund.number)

    def _finish(self, order_id: str, code: int) -> RawNotice:
        with self.lock:
            order = self._orders[order_id]
            assert order.code in ((9000,) if code == 1003 else (1000, 7000, 7002)), f"the payment is {order.code}"
            order.code = code
            order.number = order.number or next(self._numbers)
            notice = self.notice(order_id)
            self.queue(notice)
            return notice

    def _reply(self, said: Mapping[str, Any], code: int, message: str, **more: object) -> NoticeReply:
        answer = {
            "partnerCode": self.partner_code,
            "orderId": said.get("orderId", ""),
            "requestId": said.get("requestId", ""),
            "responseTime": int(self.clock().timestamp() * 1000),
            "message": message,
            "resultCode": code,
            **more,
        }
        # Chosen here: what is wrong with the request is a 400, what is true of a transaction a 200.
        return json_reply(answer, 200 if code in {0, 42} or code >= 1000 else 400)

    def _genuine(self, said: Mapping[str, Any], names: str) -> bool:
        return hmac.compare_digest(self._sign(said, names).encode(), str(said["signature"]).encode())

    def _sign(self, fields: Mapping[str, object], names: str) -> str:
        text = "&".join(f"{name}={fields[name]}" for name in names.split())
        text = f"accessKey={self.access_key}&{text}"
        return hmac.new(self.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _final(code: int) -> bool:
    return code in _FINAL or _FINAL_FROM <= code <= _FINAL_TO


def _well_formed(name: str, said: Mapping[str, Any]) -> bool:
    """Whether every field is of its kind: whole numbers are numbers, texts are texts."""
    numbers = ("amount", "transId")
    switches = ("autoCapture",)
    if not all(type(said.get(number, 0)) is int for number in numbers):
        return False
    if not all(type(said.get(switch, True)) is bool for switch in switches):
        return False
    if not all(isinstance(value, str) for key, value in said.items() if key not in (*numbers, *switches)):
        return False
    if said.get("requestType", "") not in _TYPES.get(name, ("",)):
        return False
    if name == "create" and not _base64_json(said["extraData"]):
        return False
    return all(re.fullmatch(pattern, said[key]) for key, pattern in _FORMATS.items() if key in said)


def _base64_json(text: str) -> bool:
    """Whether it is nothing, or JSON in base64."""
    try:
        return not text or bool(json.loads(base64.b64decode(text, validate=True)))
    except (binascii.Error, ValueError):
        return False
