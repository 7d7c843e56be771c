"""`GHNServer`: a stand-in for GHN (Giao Hàng Nhanh) on loopback, written from its published documentation.

Source: developer.ghn.vn/en/docs, pages order/create, order/preview, order/info, order/cancel, order/print,
master-data/order-status, webhook/callback-order-status, and the older api.ghn.vn/home/docs/detail?id=47, 48, 66, 67,
71, 73, 81, 119, 123. It checks what GHN checks: token and shop, fields and their limits, places by their names; it
has one order per ``client_order_code`` and shop, whoever asks again. It has no code in common with the plugin. What the
documentation leaves open is chosen here, and said so.
"""

import html
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from attrs import define, field

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, StandInServer, json_reply

__all__ = ["GHNServer"]

_API = "/shiip/public-api/v2/"
_PAGES = "/a5/public-api/print"
_PAPERS = ("A5", "80x80", "52x70")

#: Each field of an order: its kind, whether it has to be there, and the largest number or length.
_FIELDS: Mapping[str, tuple[type, bool, int]] = {
    "to_name": (str, True, 1024),
    "to_phone": (str, True, 20),
    "to_address": (str, True, 1024),
    "to_ward_name": (str, True, 1024),
    "to_district_name": (str, False, 1024),
    "to_province_name": (str, True, 1024),
    "is_new_to_address": (bool, False, 1),
    "client_order_code": (str, False, 50),
    "weight": (int, True, 50_000),
    "length": (int, True, 200),
    "width": (int, True, 200),
    "height": (int, True, 200),
    "content": (str, False, 2000),
    "service_type_id": (int, True, 5),
    "payment_type_id": (int, True, 2),
    "required_note": (str, True, 20),
    "cod_amount": (int, False, 50_000_000),
    "insurance_value": (int, False, 5_000_000),
    "note": (str, False, 5000),
    "items": (list, False, 1000),
}
_ITEM: Mapping[str, tuple[type, bool, int]] = {
    "name": (str, True, 512),
    "code": (str, False, 512),
    "quantity": (int, True, 1000),
    "price": (int, False, 1_000_000_000),
    "weight": (int, True, 50_000),
    "length": (int, True, 200),
    "width": (int, True, 200),
    "height": (int, True, 200),
}
_NOTES = ("KHONGCHOXEMHANG", "CHOXEMHANGKHONGTHU", "CHOTHUHANG")
_CANCEL_REASONS = ("GHN-CO001", "GHN-CO002", "GHN-CO003", "GHN-CANCEL-OTHER")
_LIGHT, _HEAVY, _HEAVY_FROM = 2, 5, 20_000

#: Before GHN has the parcels an order can be cancelled.
_CANCELLABLE = ("ready_to_pick", "picking", "money_collect_picking")

#: Chosen here: a few places by the names of GHN's lists, the new ones and one of the old ones.
_WARDS = {
    "Hồ Chí Minh": ("Phường Sài Gòn", "Phường Bến Thành", "Phường Vũng Tàu"),
    "Hà Nội": ("Phường Hoàn Kiếm", "Phường Cầu Giấy"),
}
_OLD_WARDS = {("Hồ Chí Minh", "Quận 10"): ("Phường 14",)}

_PAGE_LIVES = timedelta(minutes=30)


class _No(Exception):
    """A refusal: GHN's code for it, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.reply = json_reply({"code": status, "message": message, "data": None, "code_message": code}, status)


@define
class _Order:
    code: str
    asked: dict[str, Any]
    created: datetime
    status: str = "ready_to_pick"
    log: list[dict[str, Any]] = field(factory=list)


@define(eq=False)
class GHNServer(StandInServer):
    """A GHN of one's own. Parcels `move` through its statuses; each move, and each new order, queues a notice.

    ``unserved`` are wards that no route leads to. With ``not_found`` empty GHN says only in a sentence that there is no
    such order, and with ``listed`` it finds by ``client_order_code`` in a list, both as in its older documentation.
    Chosen here: what an order costs, which places there are, that fields it does not document are refused.
    """

    token: str = field(default="stand-in-token", repr=False)
    shop_id: int = 885
    notice_header: str = "x-ghn-secret"
    notice_secret: str = field(default="stand-in-notice-secret", repr=False)
    not_found: str = "ORDER_NOT_FOUND"
    listed: bool = False
    unserved: set[str] = field(factory=set)
    clock: Clock = utc_now
    _orders: dict[str, _Order] = field(factory=dict, init=False, repr=False)
    _pages: dict[str, tuple[str, datetime]] = field(factory=dict, init=False, repr=False)
    _count: "itertools.count[int]" = field(factory=lambda: itertools.count(1), init=False, repr=False)

    def start_over(self) -> None:
        """No orders, no faults, no notices, every ward served; settings and the clock stay."""
        with self.lock:
            self.reset()
            self._orders.clear()
            self._pages.clear()
            self.unserved.clear()

    # GHN and its drivers

    def move(self, order_code: str, *statuses: str) -> None:
        """An order comes to these statuses, one after the other."""
        with self.lock:
            order = self._orders[order_code]
            for status in statuses:
                order.status = status
                order.log.append(
                    {
                        "status": status,
                        "updated_date": _written(self.clock()),
                        "driver_name": "Trịnh Xuân Hà",
                        "driver_phone": "0967000000",
                        "trip_code": "24B21429000MQKQ42",
                    }
                )
                self.queue(self.notice(order_code))

    def orders(self, status: str = "") -> Sequence[str]:
        """The codes of all orders, or of those in a status, oldest first."""
        with self.lock:
            return [o.code for o in self._orders.values() if status in ("", o.status)]

    def status(self, order_code: str) -> str:
        """Where an order stands."""
        with self.lock:
            return self._orders[order_code].status

    def asked(self, order_code: str) -> Mapping[str, Any]:
        """The order as it was asked for."""
        with self.lock:
            return dict(self._orders[order_code].asked)

    # notices

    def notice(self, order_code: str, type_: str = "switch_status", **changes: object) -> RawNotice:
        """The notice about an order as it is now, with changed fields: ``ShopID=1``."""
        with self.lock:
            order = self._orders[order_code]
            told = {
                "ShopID": self.shop_id,
                "Time": _written(self.clock()),
                "OrderCode": order.code,
                "ClientOrderCode": order.asked.get("client_order_code", ""),
                "Type": type_,
                "Description": "Cập nhật trạng thái đơn hàng",
                "Status": order.status,
                "Reason": "",
                "ReasonCode": "",
                "CODAmount": 0,
                "CODTransferDate": None,
                "Weight": order.asked["weight"],
                "ConvertedWeight": order.asked["weight"],
                "PaymentType": order.asked["payment_type_id"],
                "IsPartialReturn": False,
                "Fee": {},
                "TotalFee": _fee(order.asked)["total"],
                "ShipperName": "Trịnh Xuân Hà",
                "ShipperPhone": "0967000000",
                **changes,
            }
        return RawNotice(
            headers={"content-type": "application/json", self.notice_header: self.notice_secret},
            body=json.dumps(told, ensure_ascii=False).encode(),
        )

    # the protocol

    def problem(self, status: int) -> NoticeReply:
        """GHN's envelope around a status."""
        told = {"code": status, "message": "Hệ thống đang bận", "data": None, "code_message": "SERVER_ERROR_COMMON"}
        return json_reply(told, status)

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Answer one request."""
        if request.method == "GET" and request.path.startswith(_PAGES):
            return self._page(request.path.removeprefix(_PAGES), dict(parse_qsl(request.query)))
        calls: Mapping[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("POST", "shipping-order/preview"): self._preview,
            ("POST", "shipping-order/create"): self._create,
            ("POST", "shipping-order/soc"): self._soc,
            ("GET", "shipping-order/detail"): self._detail,
            ("GET", "shipping-order/detail-by-client-code"): self._by_client_code,
            ("POST", "switch-status/cancel"): self._cancel,
            ("POST", "a5/gen-token"): self._gen_token,
        }
        answer = calls.get((request.method, request.path.removeprefix(_API)))
        if answer is None:
            return _No("", "code=404, message=Not Found", 404).reply
        try:
            self._who(request)
            return json_reply({"code": 200, "message": "Success", "data": answer(_said(request))})
        except _No as no:
            return no.reply

    def _who(self, request: HttpRequest) -> None:
        if request.headers.get("token") != self.token:
            raise _No("", "Token is not valid!", 401)
        if request.headers.get("shopid") != str(self.shop_id):
            raise _No("CLIENT_NOT_OWNER_OF_SHOP", "Client is not owner of shop")

    def _preview(self, said: dict[str, Any]) -> object:
        self._check(said)
        return _created("", said, self.clock())

    def _create(self, said: dict[str, Any]) -> object:
        self._check(said)
        ours = said.get("client_order_code")
        known = next((o for o in self._orders.values() if ours and o.asked.get("client_order_code") == ours), None)
        if known is None:
            known = _Order(f"L8{next(self._count):04}", said, self.clock())
            self._orders[known.code] = known
            self.queue(self.notice(known.code, "create"))
        return _created(known.code, known.asked, known.created)

    def _soc(self, said: dict[str, Any]) -> object:
        order = self._order(said, "order_code")
        fee = _fee(order.asked)
        total = fee.pop("total")
        return {"order_code": order.code, "detail": fee, "payment": [{"value": total, "payment_type": 1}]}

    def _detail(self, said: dict[str, Any]) -> object:
        return self._told(self._order(said, "order_code"))

    def _by_client_code(self, said: dict[str, Any]) -> object:
        _only(said, "client_order_code")
        ours = said["client_order_code"]
        found = next((o for o in self._orders.values() if o.asked.get("client_order_code") == ours), None)
        if found is None:
            raise self._no_order()
        return [self._told(found)] if self.listed else self._told(found)

    def _cancel(self, said: dict[str, Any]) -> object:
        _only(said, "order_codes", "reason_code")
        if said["reason_code"] not in _CANCEL_REASONS or not isinstance(said["order_codes"], list):
            raise _No("USER_ERR_COMMON", "reason_code is not valid")
        if not set(said["order_codes"]) <= set(self._orders):
            raise self._no_order()
        results = []
        for order in map(self._orders.__getitem__, said["order_codes"]):
            can = order.status in _CANCELLABLE
            if can:
                self.move(order.code, "cancel")
            message = "OK" if can else "Trạng thái đơn hàng không hợp lệ"
            results.append({"order_code": order.code, "result": can, "message": message})
        return results

    def _gen_token(self, said: dict[str, Any]) -> object:
        _only(said, "order_codes")
        codes = said["order_codes"]
        if not isinstance(codes, list) or len(codes) != 1 or codes[0] not in self._orders:
            raise self._no_order()
        token = f"print-token-{next(self._count)}"
        self._pages[token] = (codes[0], self.clock() + _PAGE_LIVES)
        return {"token": token}

    def _page(self, paper: str, query: Mapping[str, str]) -> NoticeReply:
        code, until = self._pages.get(query.get("token", ""), ("", self.clock()))
        if paper not in _PAPERS or not code or self.clock() >= until:
            return NoticeReply(status=404)
        asked = self._orders[code].asked
        written = html.escape(f"{code} {asked['to_name']}, {asked['to_address']}")
        return NoticeReply(
            status=200,
            headers={"content-type": "text/html; charset=utf-8"},
            body=f"<!doctype html><title>{paper}</title><p>{written}".encode(),
        )

    def _check(self, said: Mapping[str, Any]) -> None:
        """What GHN looks at before it makes or prices an order."""
        _fits(said, _FIELDS)
        items = said.get("items", [])
        for item in items:
            _fits(item, _ITEM)
        heavy = said["service_type_id"] == _HEAVY
        wrong = {
            "service_type_id": said["service_type_id"] not in (_LIGHT, _HEAVY),
            "payment_type_id": said["payment_type_id"] not in (1, 2),
            "required_note": said["required_note"] not in _NOTES,
            "content": not items and not said.get("content"),
            "items": heavy and not items,
            "weight": not heavy and said["weight"] >= _HEAVY_FROM,
        }
        if any(wrong.values()):
            raise _No("USER_ERR_COMMON", f"{[name for name, is_wrong in wrong.items() if is_wrong]} is not valid")
        if not re.fullmatch(r"0[0-9]{9,10}", said["to_phone"]):
            raise _No("PHONE_INVALID", f"Số điện thoại {said['to_phone']} không hợp lệ")
        self._check_place(said)

    def _check_place(self, said: Mapping[str, Any]) -> None:
        province, ward = said["to_province_name"], said["to_ward_name"]
        district = said.get("to_district_name", "")
        new = said.get("is_new_to_address", False)
        if new == bool(district):
            raise _No("USER_ERR_COMMON", "to_district_name is required for old addresses only")
        if province not in _WARDS:
            raise _No("PROVINCE_NAME_NOT_VALID", f"Tỉnh {province} không hợp lệ")
        if ward not in (_WARDS[province] if new else _OLD_WARDS.get((province, district), ())):
            raise _No("WARD_IS_INVALID", f"Phường {ward} không hợp lệ: {said['to_address']}")
        if ward in self.unserved:
            raise _No("ROUTE_NOT_FOUND_SERVICE", "Không tìm thấy dịch vụ cho tuyến này")

    def _order(self, said: dict[str, Any], name: str) -> _Order:
        _only(said, name)
        if said[name] not in self._orders:
            raise self._no_order()
        return self._orders[said[name]]

    def _no_order(self) -> _No:
        # Chosen here: where there is a code, the sentence does not say it once more.
        sentence = "Lỗi gọi API: corev2_tenant_order_detail - code=404, message=Đơn hàng không tồn tại"
        return _No(self.not_found, "Mã đơn hàng không hợp lệ" if self.not_found else sentence)

    def _told(self, order: _Order) -> dict[str, Any]:
        """An order as GHN tells it: what was asked for, and what became of it."""
        items = [
            {**item, "status": "", "item_order_code": f"{order.code}_{n}"}
            for n, item in enumerate(order.asked.get("items", []), start=1)
        ]
        return {
            **order.asked,
            "client_order_code": order.asked.get("client_order_code", ""),
            "shop_id": self.shop_id,
            "order_code": order.code,
            "status": order.status,
            "items": items,
            "created_date": _written(order.created),
            "updated_date": order.log[-1]["updated_date"] if order.log else _written(order.created),
            "log": [dict(entry) for entry in order.log] or None,
        }


def _said(request: HttpRequest) -> dict[str, Any]:
    """The body, or the query of a GET."""
    if request.method == "GET":
        return dict(parse_qsl(request.query))
    try:
        said = request.json()
    except ValueError:
        said = None
    if not isinstance(said, dict) or not request.headers.get("content-type", "").startswith("application/json"):
        raise _No("USER_ERR_COMMON", "code=400, message=Syntax error")
    return said


def _only(said: Mapping[str, object], *names: str) -> None:
    if set(said) != set(names):
        raise _No("USER_ERR_COMMON", f"{sorted(set(said) ^ set(names))} is not valid")


def _fits(said: Mapping[str, Any], fields: Mapping[str, tuple[type, bool, int]]) -> None:
    """Refuse a field that is unknown, missing, of another kind, nothing, or beyond its limit."""
    for name in {*said, *(name for name, (_, required, _) in fields.items() if required)}:
        kind, required, most = fields.get(name, (type(None), True, 0))
        value = said.get(name)
        size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else 0
        if type(value) is not kind or size > most or (required and size <= 0):
            raise _No("USER_ERR_COMMON", f"{name} is not valid")


def _fee(asked: Mapping[str, Any]) -> dict[str, int]:
    """Chosen here: 20,900 for 2 kg of each piece, 2,500 for each started 500 g above, 0.5 % of the declared value."""
    pieces = [item["weight"] for item in asked.get("items", [])] or [asked["weight"]]
    main = sum(20_900 + 2_500 * max(0, -(-(grams - 2_000) // 500)) for grams in pieces)
    insurance = -(-asked.get("insurance_value", 0) * 5 // 1000)
    return {"main_service": main, "insurance": insurance, "total": main + insurance}


def _created(code: str, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    fee = _fee(asked)
    total = fee.pop("total")
    delivery = _written(at + timedelta(days=2))
    return {"order_code": code, "fee": fee, "total_fee": total, "expected_delivery_time": delivery}


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
