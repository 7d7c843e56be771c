"""`PayPalServer`: a strict, stateful stand-in for PayPal's Orders v2, Payments v2 and signed notices.

Written from PayPal's published API reference (developer.paypal.com/docs/api/orders/v2, …/payments/v2,
…/webhooks/v1, /api/rest/reference/idempotency, /api/rest/reference/currency-codes). As PayPal does, it answers a
repeated ``PayPal-Request-Id`` with the latest state of what the first made, whatever the body: callers have to compare.
"""

import base64
import json
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qs

from attrs import define, field, frozen

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, ServerMissing, StandInServer, json_reply

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["PayPalServer", "SigningCertificate"]

_Object = dict[str, Any]

_HUNDREDTHS = frozenset(
    ("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR", "NOK", "NZD", "PHP")
) | {"PLN", "SEK", "SGD", "THB", "USD"}
_WHOLE = frozenset(("HUF", "JPY", "TWD"))

_SOMEONE = "messageverificationcerts.paypal.com"
_HONOURED, _LIVES = timedelta(days=3), timedelta(days=29)


class _Refusal(Exception):
    """An error in PayPal's shape."""

    def __init__(self, status: int, name: str, issue: str = "", where: str = "") -> None:
        super().__init__(issue or name)
        details = [{"issue": issue, "description": "Stand-in.", **({"field": where} if where else {})}] if issue else []
        body = {"name": name, "message": "The request was refused.", "debug_id": "standin", "details": details}
        self.reply = json_reply(body, status)


def _unprocessable(issue: str) -> _Refusal:
    return _Refusal(422, "UNPROCESSABLE_ENTITY", issue)


def _invalid(issue: str, where: str) -> _Refusal:
    return _Refusal(400, "INVALID_REQUEST", issue, where)


@frozen(kw_only=True)
class SigningCertificate:
    """A root, and a leaf that it signed, with the leaf's key."""

    root_pem: str
    leaf_pem: str
    key: "RSAPrivateKey" = field(repr=False)

    @classmethod
    def make(cls, name: str = _SOMEONE, *, at: datetime | None = None, days: int = 30) -> Self:
        """A new pair for a host name, valid from a day before ``at`` on."""
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives import hashes, serialization
            from cryptography.hazmat.primitives.asymmetric import ec, rsa
            from cryptography.x509.oid import ExtendedKeyUsageOID
        except ImportError as error:
            raise ServerMissing(package="cryptography") from error

        start = (at or utc_now()) - timedelta(days=1)
        root_key = ec.generate_private_key(ec.SECP256R1())
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stand-in root")])
        identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )

        def build(subject: x509.Name, public: Any) -> x509.CertificateBuilder:
            return x509.CertificateBuilder(
                issuer_name=root_name,
                subject_name=subject,
                public_key=public,
                serial_number=x509.random_serial_number(),
                not_valid_before=start,
                not_valid_after=start + timedelta(days=days + 1),
            )

        root = (
            build(root_name, root_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identifier, critical=False)
            .sign(root_key, hashes.SHA256())
        )
        leaf = (
            build(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        return cls(root_pem=root.public_bytes(pem).decode(), leaf_pem=leaf.public_bytes(pem).decode(), key=key)

    def sign(self, message: bytes) -> str:
        """RSA PKCS#1 v1.5 over SHA-256, in base64."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


@define(eq=False)
class PayPalServer(StandInServer):
    """PayPal on loopback: give its ``url`` as ``base_url``, and ``certificate.root_pem`` as the root to trust.

    ``client_id`` and ``client_secret`` get tokens that live ``token_lifetime`` seconds; ``webhook_id`` is signed into
    notices. Captures together may exceed an authorization by ``overage`` percent of it, as PayPal allows merchants.
    ``orders`` and ``resources`` (authorizations, captures, refunds by id) are its objects, as PayPal would show them.
    Controls: `approve`, `decline_next`, `expire`, `hold`, `settle`, `refund`, `expire_tokens`.
    """

    client_id: str = "standin-client"
    client_secret: str = field(default="standin-secret", repr=False)
    webhook_id: str = "WH-STANDIN"
    overage: int = 15
    token_lifetime: int = 32_400
    clock: Clock = utc_now
    certificate: SigningCertificate = field(factory=SigningCertificate.make, repr=False)
    orders: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    resources: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    _tokens: dict[str, datetime] = field(factory=dict, init=False, repr=False)
    _kept: dict[tuple[str, str], tuple[str, int]] = field(factory=dict, init=False, repr=False)
    _declining: str = field(default="", init=False)
    _holding: bool = field(default=False, init=False)
    _count: int = field(default=0, init=False)

    # -- http ----------------------------------------------------------------

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Let in, look up the request id, answer."""
        try:
            if request.path == "/v1/oauth2/token":
                return self._token(request)
            if request.path.startswith("/v1/notifications/certs/"):
                return NoticeReply(status=200, body=self.certificate.leaf_pem.encode())
            self._let_in(request)
            if request.path == "/v1/notifications/verify-webhook-signature":
                return self._verify(request)
            return self._route(request)
        except _Refusal as refusal:
            return refusal.reply

    def problem(self, status: int) -> NoticeReply:
        """In PayPal's shape."""
        names = {429: "RATE_LIMIT_REACHED", 503: "SERVICE_UNAVAILABLE"}
        return _Refusal(status, names.get(status, "INTERNAL_SERVER_ERROR")).reply

    def _token(self, request: HttpRequest) -> NoticeReply:
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return json_reply({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
        if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
            return json_reply({"error": "unsupported_grant_type"}, 400)
        token = f"A21AA-standin-{len(self._tokens) + 1}"
        self._tokens[token] = self.clock() + timedelta(seconds=self.token_lifetime)
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": self.token_lifetime})

    def _let_in(self, request: HttpRequest) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, self.clock()) <= self.clock():
            raise _Refusal(401, "AUTHENTICATION_FAILURE")

    def _route(self, request: HttpRequest) -> NoticeReply:
        for method, pattern, answer in self._routes:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method == "GET":
                return json_reply(_shown(answer(self, *found.groups())))
            if found and method == request.method:
                return self._once(request, lambda body, a=answer, f=found: a(self, *f.groups(), body))  # type: ignore[misc]  # mypy knows no defaults of lambdas
        raise _Refusal(404, "RESOURCE_NOT_FOUND")

    def _once(self, request: HttpRequest, act: Callable[[_Object], tuple[str, int]]) -> NoticeReply:
        """A request id that succeeded once answers with what it made, as that is now."""
        key = (request.path, request.headers.get("paypal-request-id", ""))
        if len(key[1]) > 108:
            raise _invalid("INVALID_STRING_MAX_LENGTH", "PayPal-Request-Id")
        if key[1] and key in self._kept:
            return self._show(request, self._kept[key][0], 200)
        try:
            body = request.json() if request.body else {}
        except ValueError:
            raise _Refusal(400, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON") from None
        made, status = act(body)
        if key[1]:
            self._kept[key] = (made, status)
        return self._show(request, made, status)

    def _show(self, request: HttpRequest, id: str, status: int) -> NoticeReply:
        made = self.orders.get(id) or self.resources[id]
        full = request.headers.get("prefer") == "return=representation"
        if status == 204 and not full:
            return NoticeReply(status=204)
        brief = {name: made[name] for name in ("id", "status", "links") if name in made}
        order = id in self.orders
        return json_reply(_shown(made if full or order else brief), 200 if status == 204 else status)

    # -- orders --------------------------------------------------------------

    def _create(self, body: _Object) -> tuple[str, int]:
        if body.get("intent") not in ("CAPTURE", "AUTHORIZE"):
            raise _invalid("INVALID_PARAMETER_VALUE", "/intent")
        units = body.get("purchase_units") or []
        if len(units) != 1:
            raise _invalid("MISSING_REQUIRED_PARAMETER", "/purchase_units")
        _check_amount(units[0])
        self._check_invoice(units[0].get("invoice_id"))
        for name, most in (("custom_id", 255), ("invoice_id", 127), ("description", 127)):
            if len(units[0].get(name, "")) > most:
                raise _invalid("INVALID_STRING_MAX_LENGTH", f"/purchase_units/0/{name}")
        wallet = (body.get("payment_source") or {}).get("paypal")
        id = self._next("ORDER")
        link = f"{self.url}/checkoutnow?token={id}"
        self.orders[id] = {
            "id": id,
            "intent": body["intent"],
            "status": "CREATED" if wallet is None else "PAYER_ACTION_REQUIRED",
            "create_time": self._now(),
            "purchase_units": [{"reference_id": "default", **units[0]}],
            "links": [
                {"href": f"{self.url}/v2/checkout/orders/{id}", "rel": "self", "method": "GET"},
                {"href": link, "rel": "approve" if wallet is None else "payer-action", "method": "GET"},
            ],
        }
        return id, 201 if wallet is None else 200

    def _get_order(self, id: str) -> _Object:
        if id not in self.orders:
            raise _Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return self.orders[id]

    def _pay(self, id: str, intent: str) -> _Object:
        """Check that an approved order may be authorized or captured, and that the bank agrees."""
        order = self._get_order(id)
        if order["status"] == "COMPLETED":
            raise _unprocessable(f"ORDER_ALREADY_{'CAPTURED' if intent == 'CAPTURE' else 'AUTHORIZED'}")
        if order["intent"] != intent:
            raise _unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
        if order["status"] != "APPROVED":
            raise _unprocessable("ORDER_NOT_APPROVED")
        self._bank()
        return order

    def _authorize_order(self, id: str, body: _Object) -> tuple[str, int]:
        order = self._pay(id, "AUTHORIZE")
        unit = order["purchase_units"][0]
        status, more = self._status("CREATED")
        self._resource(
            order,
            "AUTHORIZATION",
            amount=unit["amount"],
            status=status,
            expiration_time=(self.clock() + _LIVES).isoformat(),
            **more,
        )
        order["status"] = "COMPLETED"
        return id, 201

    def _capture_order(self, id: str, body: _Object) -> tuple[str, int]:
        order = self._pay(id, "CAPTURE")
        self._take(order, order["purchase_units"][0]["amount"], final=True)
        order["status"] = "COMPLETED"
        return id, 201

    # -- payments ------------------------------------------------------------

    def _get(self, kind: str, id: str) -> _Object:
        found = self.resources.get(id)
        if found is None or found["_kind"] != kind[:-1].upper():
            raise _Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return found

    def _capture(self, id: str, body: _Object) -> tuple[str, int]:
        held = self._get("authorizations", id)
        if held["status"] == "VOIDED":
            raise _unprocessable("AUTHORIZATION_VOIDED")
        if held["status"] == "CAPTURED":
            raise _unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
        if held["status"] == "DENIED":
            raise _unprocessable("AUTHORIZATION_DENIED")
        if self.clock() > datetime.fromisoformat(held["expiration_time"]):
            raise _unprocessable("AUTHORIZATION_EXPIRED")
        amount = body.get("amount") or held["amount"]
        _check_money(amount, "/amount")
        if amount["currency_code"] != held["amount"]["currency_code"]:
            raise _unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH")
        order = self.orders[held["supplementary_data"]["related_ids"]["order_id"]]
        total = sum((_value(c) for c in self._of(order, "CAPTURE")), _value({"amount": amount}))
        if total * 100 > _value(held) * (100 + self.overage):
            raise _unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED")
        self._check_invoice(body.get("invoice_id"))
        self._bank()
        final = bool(body.get("final_capture", False))
        captured = self._take(order, amount, final=final, invoice_id=body.get("invoice_id"), authorization_id=id)
        held["status"] = "CAPTURED" if final or total >= _value(held) else "PARTIALLY_CAPTURED"
        return captured, 201

    def _void(self, id: str, body: _Object) -> tuple[str, int]:
        held = self._get("authorizations", id)
        refused = {"VOIDED": "PREVIOUSLY_VOIDED", "CAPTURED": "PREVIOUSLY_CAPTURED", "DENIED": "AUTHORIZATION_DENIED"}
        if held["status"] in refused:
            raise _unprocessable(refused[held["status"]])
        held["status"] = "VOIDED"
        self._tell("PAYMENT.AUTHORIZATION.VOIDED", held)
        return id, 204

    def _reauthorize(self, id: str, body: _Object) -> tuple[str, int]:
        held = self._get("authorizations", id)
        if held["status"] != "CREATED":
            raise _unprocessable(
                "AUTHORIZATION_ALREADY_CAPTURED" if "CAPT" in held["status"] else "AUTHORIZATION_VOIDED"
            )
        if self.clock() < datetime.fromisoformat(held["create_time"]) + _HONOURED:
            raise _unprocessable("REAUTHORIZATION_TOO_SOON")
        return id, 201

    def _refund(self, id: str, body: _Object) -> tuple[str, int]:
        captured = self._get("captures", id)
        if captured["status"] == "REFUNDED":
            raise _unprocessable("CAPTURE_FULLY_REFUNDED")
        if captured["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED"):
            raise _unprocessable("CAPTURE_NOT_COMPLETED")
        left = _value(captured) - self._refunded(id)
        amount = body.get("amount") or {**captured["amount"], "value": f"{left}"}
        _check_money(amount, "/amount")
        if amount["currency_code"] != captured["amount"]["currency_code"]:
            raise _unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        if Decimal(amount["value"]) > left:
            raise _unprocessable("REFUND_AMOUNT_EXCEEDED")
        order = self.orders[captured["supplementary_data"]["related_ids"]["order_id"]]
        status, more = self._status("COMPLETED")
        made = self._resource(
            order,
            "REFUND",
            amount=amount,
            status=status,
            custom_id=body.get("custom_id", captured.get("custom_id")),
            invoice_id=body.get("invoice_id", captured.get("invoice_id")),
            up=f"/v2/payments/captures/{id}",
            **more,
        )
        self._after_refund(captured)
        return made, 201

    def _take(
        self, order: _Object, amount: _Object, *, final: bool, invoice_id: str | None = None, authorization_id: str = ""
    ) -> str:
        status, more = self._status("COMPLETED")
        unit = order["purchase_units"][0]
        return self._resource(
            order,
            "CAPTURE",
            amount={name: amount[name] for name in ("currency_code", "value")},
            status=status,
            final_capture=final,
            invoice_id=invoice_id or unit.get("invoice_id"),
            authorization_id=authorization_id,
            **more,
        )

    _routes: ClassVar[tuple[tuple[str, str, Callable[..., Any]], ...]] = (
        ("POST", "/v2/checkout/orders", _create),
        ("GET", "/v2/checkout/orders/([^/]+)", _get_order),
        ("POST", "/v2/checkout/orders/([^/]+)/authorize", _authorize_order),
        ("POST", "/v2/checkout/orders/([^/]+)/capture", _capture_order),
        ("GET", "/v2/payments/(authorizations|captures|refunds)/([^/]+)", _get),
        ("POST", "/v2/payments/authorizations/([^/]+)/capture", _capture),
        ("POST", "/v2/payments/authorizations/([^/]+)/void", _void),
        ("POST", "/v2/payments/authorizations/([^/]+)/reauthorize", _reauthorize),
        ("POST", "/v2/payments/captures/([^/]+)/refund", _refund),
    )

    # -- notices -------------------------------------------------------------

    def sign(
        self, body: bytes, *, at: datetime | None = None, certificate: SigningCertificate | None = None, **headers: str
    ) -> RawNotice:
        """A notice with these bytes, signed as PayPal does; ``headers`` replace those of the same name."""
        transmission, time = self._next("TRANSMISSION"), (at or self.clock()).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = f"{transmission}|{time}|{self.webhook_id}|{zlib.crc32(body)}".encode()
        signed = {
            "content-type": "application/json",
            "paypal-transmission-id": transmission,
            "paypal-transmission-time": time,
            "paypal-transmission-sig": (certificate or self.certificate).sign(message),
            "paypal-cert-url": f"{self.url}/v1/notifications/certs/CERT-standin",
            "paypal-auth-algo": "SHA256withRSA",
        }
        return RawNotice(headers={**signed, **{n.replace("_", "-"): v for n, v in headers.items()}}, body=body)

    def _verify(self, request: HttpRequest) -> NoticeReply:
        """Whether PayPal sent it, over the bytes of the event as they stand in the request."""
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        asked, text = request.json(), request.body.decode()
        start = text.index('"webhook_event"') + len('"webhook_event"')
        start = text.index(":", start) + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        _, end = json.JSONDecoder().raw_decode(text, start)
        crc = zlib.crc32(text[start:end].encode())
        message = f"{asked['transmission_id']}|{asked['transmission_time']}|{asked['webhook_id']}|{crc}".encode()
        public: Any = x509.load_pem_x509_certificate(self.certificate.leaf_pem.encode()).public_key()
        try:
            public.verify(base64.b64decode(asked["transmission_sig"]), message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return json_reply({"verification_status": "FAILURE"})
        known = asked["webhook_id"] == self.webhook_id
        return json_reply({"verification_status": "SUCCESS" if known else "FAILURE"})

    def _tell(self, kind: str, about: _Object) -> None:
        event = {"id": self._next("WH"), "event_type": kind, "create_time": self._now(), "resource": _shown(about)}
        self.queue(self.sign(json.dumps(event).encode()))

    # -- controls ------------------------------------------------------------

    def of_payment(self, payment_id: str) -> list[_Object]:
        """The orders that carry our id of a payment."""
        with self.lock:
            return [o for o in self.orders.values() if o["purchase_units"][0].get("custom_id") == payment_id]

    def approve(self, id: str) -> None:
        """The payer agrees on PayPal's page."""
        with self.lock:
            order = self.orders[id]
            if order["status"] not in ("CREATED", "PAYER_ACTION_REQUIRED"):
                raise ValueError(f"order {id} is {order['status']}")
            order["status"] = "APPROVED"
            order["payer"] = {"payer_id": "PAYERSTANDIN"}
            self._tell("CHECKOUT.ORDER.APPROVED", order)

    def decline_next(self, issue: str = "INSTRUMENT_DECLINED") -> None:
        """The bank refuses the next authorization or capture."""
        with self.lock:
            self._declining = issue

    def hold(self) -> None:
        """What is made next stays ``PENDING`` until `settle`."""
        with self.lock:
            self._holding = True

    def settle(self, id: str, status: str) -> None:
        """What was pending ends: ``CREATED``, ``COMPLETED``, ``DENIED``, ``DECLINED`` or ``FAILED``."""
        with self.lock:
            resource = self.resources[id]
            resource["status"] = status
            resource.pop("status_details", None)
            if resource["_kind"] == "REFUND":
                self._after_refund(self.resources[resource["_up"]])
            self._tell(f"PAYMENT.{resource['_kind']}.{status}", resource)

    def expire(self, id: str) -> None:
        """Nobody approved the order in time: PayPal forgets it."""
        with self.lock:
            del self.orders[id]

    def refund(self, capture_id: str, value: str) -> str:
        """Somebody refunds on PayPal's site; gives the id of the refund."""
        with self.lock:
            currency = self.resources[capture_id]["amount"]["currency_code"]
            return self._refund(capture_id, {"amount": {"currency_code": currency, "value": value}})[0]

    def expire_tokens(self) -> None:
        """Every access token is over, before its time."""
        with self.lock:
            self._tokens.clear()

    # -- inside --------------------------------------------------------------

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}-STANDIN{self._count}"

    def _now(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _bank(self) -> None:
        declining, self._declining = self._declining, ""
        if declining:
            raise _unprocessable(declining)

    def _status(self, done: str) -> tuple[str, _Object]:
        holding, self._holding = self._holding, False
        return ("PENDING", {"status_details": {"reason": "PENDING_REVIEW"}}) if holding else (done, {})

    def _check_invoice(self, invoice_id: str | None) -> None:
        """An invoice number is captured once."""
        if invoice_id and any(
            r["_kind"] == "CAPTURE" and r.get("invoice_id") == invoice_id for r in self.resources.values()
        ):
            raise _unprocessable("DUPLICATE_INVOICE_ID")

    def _resource(self, order: _Object, kind: str, *, up: str = "", **fields: Any) -> str:
        unit, id = order["purchase_units"][0], self._next(kind)
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        resource = {
            "id": id,
            "custom_id": unit.get("custom_id"),
            "invoice_id": unit.get("invoice_id"),
            "create_time": self._now(),
            # PayPal names the order of authorizations and captures only.
            **({} if kind == "REFUND" else {"supplementary_data": {"related_ids": {"order_id": order["id"]}}}),
            "links": [{"href": f"{self.url}{up}", "rel": "up", "method": "GET"}] if up else [],
            "_kind": kind,
            "_up": up.rpartition("/")[2],
            **given,
        }
        self.resources[id] = resource
        unit.setdefault("payments", {}).setdefault(f"{kind.lower()}s", []).append(resource)
        self._tell(f"PAYMENT.{kind}.{resource['status']}", resource)
        return id

    def _of(self, order: _Object, kind: str) -> list[_Object]:
        counted = {"COMPLETED", "PENDING", "PARTIALLY_REFUNDED", "REFUNDED"}
        payments = order["purchase_units"][0].get("payments", {})
        return [r for r in payments.get(f"{kind.lower()}s", []) if r["status"] in counted]

    def _refunded(self, capture_id: str) -> Decimal:
        counted = [r for r in self.resources.values() if r["_kind"] == "REFUND" and r["_up"] == capture_id]
        return sum((_value(r) for r in counted if r["status"] in ("COMPLETED", "PENDING")), Decimal(0))

    def _after_refund(self, captured: _Object) -> None:
        back = self._refunded(captured["id"])
        whole = back == _value(captured)
        captured["status"] = "REFUNDED" if whole else "PARTIALLY_REFUNDED" if back else "COMPLETED"


def _shown(thing: Any) -> Any:
    """Without what is ours alone."""
    if isinstance(thing, dict):
        return {name: _shown(value) for name, value in thing.items() if not name.startswith("_")}
    return [_shown(one) for one in thing] if isinstance(thing, list) else thing


def _value(resource: Mapping[str, Any]) -> Decimal:
    return Decimal(resource["amount"]["value"])


def _check_money(amount: Mapping[str, Any], where: str) -> Decimal:
    """A decimal string in a currency that PayPal knows, with the decimals that it allows."""
    code, value = amount.get("currency_code"), amount.get("value")
    if code not in _HUNDREDTHS | _WHOLE:
        raise _unprocessable("INVALID_CURRENCY_CODE")
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,20}(\.\d{1,3})?", value):
        raise _invalid("INVALID_PARAMETER_SYNTAX", f"{where}/value")
    if "." in value and code in _WHOLE:
        raise _unprocessable("DECIMALS_NOT_SUPPORTED")
    if re.search(r"\.\d{3}", value):
        raise _unprocessable("DECIMAL_PRECISION")
    if not Decimal(value):
        raise _unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE")
    return Decimal(value)


def _check_amount(unit: Mapping[str, Any]) -> None:
    """The total is the sum of its breakdown, and that of its items."""
    amount = unit.get("amount")
    if not isinstance(amount, Mapping):
        raise _invalid("MISSING_REQUIRED_PARAMETER", "/purchase_units/0/amount")
    total = _check_money(amount, "/purchase_units/0/amount")
    breakdown, items = amount.get("breakdown"), unit.get("items") or []
    if items and "item_total" not in (breakdown or {}):
        raise _unprocessable("ITEM_TOTAL_REQUIRED")
    if breakdown is None:
        return
    if any(part["currency_code"] != amount["currency_code"] for part in breakdown.values()):
        raise _unprocessable("CURRENCY_MISMATCH")

    def part(name: str) -> Decimal:
        return Decimal(breakdown.get(name, {"value": "0"})["value"])

    def of_items(name: str) -> Decimal:
        return sum((Decimal(i[name]["value"]) * int(i["quantity"]) for i in items if name in i), Decimal(0))

    plus = sum(map(part, ("item_total", "tax_total", "shipping", "handling", "insurance")), Decimal(0))
    if plus - part("shipping_discount") - part("discount") != total:
        raise _unprocessable("AMOUNT_MISMATCH")
    if items and of_items("unit_amount") != part("item_total"):
        raise _unprocessable("ITEM_TOTAL_MISMATCH")
    if any("tax" in item for item in items) and of_items("tax") != part("tax_total"):
        raise _unprocessable("TAX_TOTAL_MISMATCH")
