"""`EasyPostServer`: a stand-in for EasyPost on loopback, written from its published documentation (API version 2).

It checks what EasyPost checks: the key, the fields and their formats, rates of the right shipment, one purchase
per shipment, refunds of what was bought. A reference is no key: two shipments may have the same, and asking by
reference gives the newest (EasyPost docs, EasyPost Objects). It has no code in common with the plugin. What the
documentation leaves open is chosen here, and said so.
"""

import base64
import hmac
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

from attrs import define, field

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, StandInServer, json_reply

__all__ = ["EasyPostServer"]

_Object = dict[str, Any]

_MESSAGES = {
    "NOT_FOUND": "The requested resource could not be found.",
    "PARAMETER.REQUIRED": "Missing required parameter.",
    "RATE_LIMITED": "You have exceeded the rate limit for this endpoint.",
    "SHIPMENT.MISSING_RATE": "The requested rate could not be found on this shipment.",
    "SHIPMENT.POSTAGE.EXISTS": "Postage already exists for this shipment.",
    "SHIPMENT.REFUND.UNAVAILABLE": "Unable to request refund. The parcel has been shipped.",
    "UNAUTHORIZED": "Authentication is required and has failed.",
}

#: EasyPost docs: Create a Shipment, Addresses, Parcels, Options (those that the stand-in knows).
_FIELDS = {
    "shipment": "to_address from_address return_address buyer_address parcel customs_info options reference"
    " carrier_accounts is_return",
    "address": "name company street1 street2 city state zip country phone email residential",
    "parcel": "length width height weight predefined_package",
    "options": "currency label_format label_size print_custom_1 print_custom_2 print_custom_3",
}
#: Between these no customs forms are needed.
_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"

#: Carrier and service: price in US dollars of the first pound and of each further one begun.
_TARIFF = {
    ("ca_usps", "USPS", "GroundAdvantage"): ("6.07", "0.55"),
    ("ca_usps", "USPS", "Priority"): ("7.42", "0.80"),
    ("ca_usps", "USPS", "Express"): ("34.15", "2.10"),
    ("ca_ups", "UPSDAP", "Ground"): ("9.31", "0.61"),
}
_POUND = Decimal(16)

_PAGE, _LARGEST_PAGE = 20, 100
_MONTH = timedelta(days=31)
_MEDIA = {"PDF": ("application/pdf", "pdf"), "ZPL": ("application/zpl", "zpl"), "PNG": ("image/png", "png")}

#: One grey pixel.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


class _Problem(Exception):
    """An answer that is a no."""

    def __init__(self, status: int, code: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(code)
        self.reply = _error(status, code, errors)


@define(eq=False)
class EasyPostServer(StandInServer):
    """An EasyPost of one's own, with the accounts ``ca_usps`` and ``ca_ups``.

    ``bought`` are the ids of shipments in the order in which they were bought, each once for every time that money
    was taken: what a shop must never find twice for one parcel. ``tariff`` may be changed.

    Chosen here: unknown fields are refused with ``PARAMETER.FORBIDDEN``; ``purchased=false`` lists only what is not
    bought; a refund is ``submitted`` until `settle_refund`; asking again for one is answered with its state, and one
    that was rejected is submitted anew.
    """

    api_key: str = field(default="EZTK-stand-in", repr=False)
    webhook_secret: str = field(default="stand-in-secret", repr=False)
    clock: Clock = utc_now
    tariff: dict[tuple[str, str, str], tuple[str, str]] = field(factory=lambda: dict(_TARIFF), repr=False)
    currency: str = "USD"
    bought: list[str] = field(factory=list, init=False)
    shipments: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    trackers: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    _declining: list[tuple[int, str]] = field(factory=list, init=False, repr=False)
    _behind: int = field(default=0, init=False, repr=False)
    _refunding: str = field(default="submitted", init=False, repr=False)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1), init=False, repr=False)

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Answer one request."""
        try:
            return self._file(request.path) if request.path.startswith("/files/") else self._answered(request)
        except _Problem as problem:
            return problem.reply

    def problem(self, status: int) -> NoticeReply:
        """What EasyPost says with a 429, 500 or 503."""
        return _error(status, {429: "RATE_LIMITED", 503: "SERVICE_UNAVAILABLE"}.get(status, "INTERNAL_SERVER_ERROR"))

    # controls

    def reset(self) -> None:
        """Forget what was to go wrong, notices and requests; what was sold stays sold."""
        with self.lock:
            super().reset()
            self._declining.clear()
            self._behind, self._refunding = 0, "submitted"

    def decline_next(self, code: str = "SHIPMENT.POSTAGE.FAILURE", *, after: int = 0, status: int = 422) -> None:
        """The carrier refuses a purchase: the next one, or the one ``after`` so many that go well."""
        with self.lock:
            self._declining += [(200, "")] * after + [(status, code)]

    def refund_as(self, status: str) -> None:
        """What refunds are from now on: ``submitted``, ``refunded``, ``rejected`` or ``not_applicable``."""
        with self.lock:
            self._refunding = status

    def settle_refund(self, id: str, status: str) -> None:
        """A refund comes to its end: ``refunded`` or ``rejected``."""
        with self.lock:
            self.shipments[id]["refund_status"] = status

    def of_reference(self, reference: str) -> list[_Object]:
        """The shipments with this reference, oldest first."""
        with self.lock:
            return [s for s in self.shipments.values() if s["reference"] == reference]

    def forget_rates(self) -> None:
        """Every rate so far is too old to be bought."""
        with self.lock:
            for shipment in self.shipments.values():
                shipment["rates"] = []

    def fall_behind(self, lists: int = 1) -> None:
        """The next so many lists of shipments do not show the newest one yet."""
        with self.lock:
            self._behind = lists

    def scan(
        self,
        tracking_code: str,
        status: str,
        detail: str = "status_update",
        *,
        at: datetime | None = None,
        message: str = "",
        city: str | None = None,
    ) -> RawNotice:
        """The carrier scans a parcel; gives and queues the signed ``tracker.updated``."""
        with self.lock:
            tracker = self.trackers[tracking_code]
            tracker["tracking_details"].append(
                {
                    "object": "TrackingDetail",
                    "message": message,
                    "description": None,
                    "status": status,
                    "status_detail": detail,
                    "datetime": _time(at or self.clock()),
                    "source": tracker["carrier"],
                    "carrier_code": "",
                    "tracking_location": {"object": "TrackingLocation", "city": city, "state": None, "country": None},
                }
            )
            tracker.update(status=status, status_detail=detail, updated_at=self._now())
            told = self.notice("tracker.updated", tracker)
            self.queue(told)
            return told

    def notice(self, description: str, result: object) -> RawNotice:
        """An event about something, signed."""
        event = {
            "id": self._id("evt"),
            "object": "Event",
            "mode": "test",
            "description": description,
            "previous_attributes": {},
            "result": result,
            "created_at": self._now(),
            "status": "pending",
        }
        return self.sign(json.dumps(event, ensure_ascii=False).encode())

    def sign(self, body: bytes) -> RawNotice:
        """A notice with these bytes, signed as EasyPost does."""
        secret = unicodedata.normalize("NFKD", self.webhook_secret).encode()
        digest = hmac.new(secret, body, "sha256").hexdigest()
        headers = {"content-type": "application/json", "x-hmac-signature": f"hmac-sha256-hex={digest}"}
        return RawNotice(body=body, headers=headers)

    # the API

    def _routes(self) -> tuple[tuple[str, str, Callable[..., NoticeReply]], ...]:
        return (
            ("POST", "/v2/shipments", self._create),
            ("GET", "/v2/shipments", self._list),
            ("GET", "/v2/shipments/([^/]+)", self._retrieve),
            ("POST", "/v2/shipments/([^/]+)/rerate", self._rerate),
            ("POST", "/v2/shipments/([^/]+)/buy", self._buy),
            ("POST", "/v2/shipments/([^/]+)/refund", self._refund),
            ("GET", "/v2/trackers", self._track),
        )

    def _answered(self, request: HttpRequest) -> NoticeReply:
        self._authenticate(request)
        for method, pattern, answer in self._routes():
            found = re.fullmatch(pattern, request.path)
            if found is not None and method == request.method:
                return answer(request, *map(unquote, found.groups()))
        raise _Problem(404, "NOT_FOUND")

    def _authenticate(self, request: HttpRequest) -> None:
        right = base64.b64encode(f"{self.api_key}:".encode()).decode()
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Basic {right}"):
            raise _Problem(401, "UNAUTHORIZED")

    def _create(self, request: HttpRequest) -> NoticeReply:
        wish = _known(_body(request), "", "shipment").get("shipment")
        if not isinstance(wish, dict) or not wish:
            raise _missing("shipment")
        _known(wish, "shipment", _FIELDS["shipment"])
        for side in ("to_address", "from_address"):
            _check_address(wish.get(side), side)
        _check_parcel(wish.get("parcel"))
        options = _known(wish.get("options") or {}, "options", _FIELDS["options"])
        if options.get("label_format", "PNG") not in _MEDIA:
            raise _Problem(422, "SHIPMENT.OPTIONS.INVALID")
        for account in wish.get("carrier_accounts") or ():
            if account not in {known for known, _, _ in self.tariff}:
                raise _Problem(422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID")
        id = self._id("shp")
        self.shipments[id] = {
            "id": id,
            "object": "Shipment",
            "mode": "test",
            "reference": wish.get("reference"),
            "to_address": wish["to_address"],
            "from_address": wish["from_address"],
            "parcel": wish["parcel"],
            "options": options,
            "carrier_accounts": wish.get("carrier_accounts") or [],
            "created_at": self._now(),
            "updated_at": self._now(),
            "rates": [],
            "messages": [],
            "selected_rate": None,
            "postage_label": None,
            "tracking_code": None,
            "refund_status": None,
            "tracker": None,
        }
        self._rate(self.shipments[id])
        return json_reply(_shown(self.shipments[id]), 201)

    def _list(self, request: HttpRequest) -> NoticeReply:
        query = _query(request, "purchased page_size before_id after_id start_datetime end_datetime include_children")
        purchased = query.get("purchased", "true") == "true"
        shown = list(self.shipments.values())
        if self._behind:
            self._behind -= 1
            del shown[-1:]
        alike = [s for s in shown if (s["postage_label"] is not None) is purchased]
        page, has_more = self._page(query, alike)
        return json_reply({"shipments": list(map(_shown, page)), "has_more": has_more})

    def _retrieve(self, request: HttpRequest, name: str) -> NoticeReply:
        return json_reply(_shown(self._shipment(name)))

    def _rerate(self, request: HttpRequest, name: str) -> NoticeReply:
        shipment = self._shipment(name)
        _known(_body(request), "", "")
        self._rate(shipment)
        return json_reply({"rates": shipment["rates"]})

    def _buy(self, request: HttpRequest, name: str) -> NoticeReply:
        shipment = self._shipment(name)
        wish = _known(_body(request), "", "rate insurance")
        if shipment["postage_label"] is not None:
            raise _Problem(422, "SHIPMENT.POSTAGE.EXISTS")
        rate_id = _known(wish.get("rate") or {}, "rate", "id").get("id")
        if not rate_id:
            raise _missing("rate")
        rate = next((r for r in shipment["rates"] if r["id"] == rate_id), None)
        if rate is None:
            raise _Problem(422, "SHIPMENT.MISSING_RATE")
        self._check_for_label(shipment)
        status, code = self._declining.pop(0) if self._declining else (200, "")
        if code:
            raise _Problem(status, code)
        self._sell(shipment, rate)
        return json_reply(_shown(shipment))

    def _refund(self, request: HttpRequest, name: str) -> NoticeReply:
        shipment = self._shipment(name)
        _known(_body(request), "", "")
        if shipment["postage_label"] is None:
            raise _Problem(422, "SHIPMENT.POSTAGE.REQUIRED")
        if shipment["tracker"]["status"] not in ("unknown", "pre_transit", "cancelled", "error"):
            raise _Problem(422, "SHIPMENT.REFUND.UNAVAILABLE")
        if shipment["refund_status"] in (None, "rejected"):
            shipment["refund_status"] = self._refunding
        return json_reply(_shown(shipment))

    def _track(self, request: HttpRequest) -> NoticeReply:
        query = _query(request, "tracking_code carrier page_size before_id after_id start_datetime end_datetime")
        code = query.get("tracking_code")
        found = [t for t in self.trackers.values() if code in (None, t["tracking_code"])]
        page, has_more = self._page(query, found)
        return json_reply({"trackers": page, "has_more": has_more})

    def _file(self, path: str) -> NoticeReply:
        id, _, kind = path.removeprefix("/files/").partition(".")
        shipment = self.shipments.get(id)
        if shipment is None or shipment["postage_label"] is None:
            return NoticeReply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
        text = shipment["tracking_code"]
        data = {"pdf": _pdf(text), "zpl": f"^XA^FO50,50^A0N,40,40^FD{text}^FS^XZ".encode(), "png": _PIXEL}[kind]
        return NoticeReply(status=200, headers={"content-type": "application/octet-stream"}, body=data)

    # inside

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):032x}"

    def _now(self) -> str:
        return _time(self.clock())

    def _shipment(self, name: str) -> _Object:
        """By id, or by reference: then the newest of them."""
        known = self.shipments.get(name) or next(iter(reversed(self.of_reference(name))), None)
        if known is None:
            raise _Problem(404, "NOT_FOUND")
        return known

    def _page(self, query: Mapping[str, str], things: Sequence[_Object]) -> tuple[list[_Object], bool]:
        """Newest first, of the last month if nothing else is said (EasyPost docs, Pagination)."""
        size = int(query.get("page_size", _PAGE))
        if not 1 <= size <= _LARGEST_PAGE:
            raise _Problem(422, "PARAMETER.INVALID", [{"field": "page_size", "message": "must be 1 to 100"}])
        until = datetime.fromisoformat(query.get("end_datetime", _time(self.clock() + timedelta(days=1))))
        since = datetime.fromisoformat(query.get("start_datetime", _time(until - _MONTH)))
        found = [t for t in reversed(things) if since <= datetime.fromisoformat(t["created_at"]) <= until]
        if "before_id" in query:
            ids = [t["id"] for t in found]
            found = found[ids.index(query["before_id"]) + 1 :]
        return found[:size], len(found) > size

    def _rate(self, shipment: _Object) -> None:
        ounces = Decimal(str(shipment["parcel"]["weight"]))
        further = max((ounces / _POUND).to_integral_value(ROUND_UP) - 1, Decimal(0))
        wanted = shipment["carrier_accounts"]
        shipment["rates"] = [
            {
                "id": self._id("rate"),
                "object": "Rate",
                "mode": "test",
                "service": service,
                "carrier": carrier,
                "carrier_account_id": account,
                "shipment_id": shipment["id"],
                "rate": str(Decimal(first) + further * Decimal(more)),
                "currency": self.currency,
                "delivery_days": 3,
                "created_at": self._now(),
                "updated_at": self._now(),
            }
            for (account, carrier, service), (first, more) in self.tariff.items()
            if account in (wanted or [account])
        ]

    def _check_for_label(self, shipment: _Object) -> None:
        """What a carrier wants for a label and not for a rate."""
        countries = {shipment["to_address"]["country"], shipment["from_address"]["country"]}
        if len(countries) > 1 and not all(country in _UNION for country in countries):
            raise _Problem(422, "SHIPMENT.CUSTOMS_INFO.REQUIRED")
        for side in ("to_address", "from_address"):
            address = shipment[side]
            if not address.get("name") and not address.get("company"):
                raise _Problem(
                    422, "SHIPMENT.MISSING_INFORMATION", [{"field": f"{side}.name", "message": "is missing"}]
                )
            if not address.get("street1") or not address.get("city"):
                raise _Problem(422, "ADDRESS.PARAMETERS.INVALID", [{"field": f"{side}.street1", "message": "missing"}])

    def _sell(self, shipment: _Object, rate: _Object) -> None:
        code = f"94001{next(self._numbers):017}"
        media, kind = _MEDIA[shipment["options"].get("label_format", "PNG")]
        url = f"{self.url}/files/{shipment['id']}.{kind}"
        tracker = {
            "id": self._id("trk"),
            "object": "Tracker",
            "mode": "test",
            "tracking_code": code,
            "status": "unknown",
            "status_detail": "unknown",
            "shipment_id": shipment["id"],
            "carrier": rate["carrier"],
            "tracking_details": [],
            "created_at": self._now(),
            "updated_at": self._now(),
        }
        self.trackers[code] = tracker
        shipment.update(
            selected_rate=rate,
            tracking_code=code,
            tracker=tracker,
            updated_at=self._now(),
            postage_label={
                "id": self._id("pl"),
                "object": "PostageLabel",
                "label_file_type": media,
                "label_url": url,
                "label_pdf_url": url if kind == "pdf" else None,
                "label_zpl_url": url if kind == "zpl" else None,
                "label_epl2_url": None,
            },
        )
        self.bought.append(shipment["id"])


def _error(status: int, code: str, errors: Sequence[Mapping[str, str]] = ()) -> NoticeReply:
    message = _MESSAGES.get(code, "The request could not be processed.")
    return json_reply({"error": {"code": code, "message": message, "errors": list(errors)}}, status)


def _missing(name: str) -> _Problem:
    return _Problem(422, "PARAMETER.REQUIRED", [{"field": name, "message": "cannot be blank"}])


def _body(request: HttpRequest) -> _Object:
    try:
        body = request.json()
    except ValueError:
        raise _Problem(400, "BAD_REQUEST") from None
    if not isinstance(body, dict) or "application/json" not in request.headers.get("content-type", ""):
        raise _Problem(400, "BAD_REQUEST")
    return body


def _query(request: HttpRequest, names: str) -> dict[str, str]:
    return {**_known(dict(parse_qsl(request.query)), "query", names)}


def _known(fields: Any, where: str, names: str) -> _Object:
    """The fields, if each has a name that is known there."""
    if not isinstance(fields, dict):
        raise _Problem(422, "PARAMETER.INVALID", [{"field": where, "message": "is not an object"}])
    for name in fields:
        if name not in names.split():
            field_name = f"{where}.{name}" if where else name
            raise _Problem(422, "PARAMETER.FORBIDDEN", [{"field": field_name, "message": "is not allowed"}])
    return fields


def _check_address(address: Any, side: str) -> None:
    if not address:
        raise _missing(side)
    for name, value in _known(address, side, _FIELDS["address"]).items():
        if not isinstance(value, str) or not value:
            raise _Problem(422, "ADDRESS.PARAMETERS.INVALID", [{"field": f"{side}.{name}", "message": repr(value)}])
    if not re.fullmatch("[A-Z]{2}", address.get("country", "")):
        raise _Problem(422, "ADDRESS.COUNTRY.INVALID", [{"field": f"{side}.country", "message": "is not known"}])
    if address["country"] == "US" and not re.fullmatch(r"\d{5}(-\d{4})?", address.get("zip", "")):
        raise _Problem(422, "ADDRESS.PARAMETERS.INVALID", [{"field": f"{side}.zip", "message": str(address)}])


def _check_parcel(parcel: Any) -> None:
    """Ounces and inches, with one decimal, above zero; all sides or none (EasyPost docs, Parcels)."""
    if not parcel:
        raise _missing("parcel")
    _known(parcel, "parcel", _FIELDS["parcel"])
    if "weight" not in parcel:
        raise _missing("parcel.weight")
    sides = [name for name in ("length", "width", "height") if name in parcel]
    for name in ("weight", *sides):
        if not re.fullmatch(r"\d+(\.\d)?", str(parcel[name])) or not Decimal(str(parcel[name])):
            raise _Problem(422, "PARCEL.PARAMETERS.INVALID", [{"field": f"parcel.{name}", "message": "is no measure"}])
    if sides and len(sides) < len(("length", "width", "height")):
        raise _Problem(422, "PARCEL.PARAMETERS.INVALID", [{"field": "parcel", "message": "a side is missing"}])


def _shown(shipment: _Object) -> _Object:
    """As EasyPost shows it; the accounts asked for are not."""
    return {name: value for name, value in shipment.items() if name != "carrier_accounts"}


def _time(moment: datetime) -> str:
    """To the second, as EasyPost writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pdf(text: str) -> bytes:
    """A page with a line of text."""
    stream = f"BT /F1 12 Tf 20 400 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for n, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
