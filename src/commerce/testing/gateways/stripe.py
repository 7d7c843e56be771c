"""`StripeServer`: a strict, stateful stand-in for Stripe's PaymentIntents, refunds, disputes and webhooks.

Written from Stripe's published API reference and testing guide (docs.stripe.com/api, docs.stripe.com/testing,
docs.stripe.com/webhooks, docs.stripe.com/currencies). What it does not know it refuses, as Stripe does.
"""

import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

from attrs import define, field

from commerce.kernel import Clock, utc_now
from commerce.payments import NoticeReply, RawNotice
from commerce.testing.serving import HttpRequest, StandInServer, json_reply

__all__ = ["StripeServer"]

_Object = dict[str, Any]

#: docs.stripe.com/testing: what a test payment method makes happen to a charge: code, decline code.
_DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": ("card_declined", "card_velocity_exceeded"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None),
    "pm_card_radarBlock": ("card_declined", "fraudulent"),
}
_AUTHENTICATED = {"pm_card_authenticationRequired", "pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired"}
_GOOD = {
    "pm_card_visa",
    "pm_card_visa_debit",
    "pm_card_mastercard",
    "pm_card_amex",
    "pm_card_pendingRefund",
    "pm_card_refundFail",
    "pm_card_riskLevelElevated",
}
_PAYMENT_METHODS = {*_DECLINES, *_AUTHENTICATED, *_GOOD}

#: docs.stripe.com/currencies: no decimals; three, the last of them zero; two that are always zero.
_WHOLE = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
_MULTIPLES = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}
_CURRENCIES = {
    *("aed", "aud", "bgn", "brl", "cad", "chf", "cny", "czk", "dkk", "egp", "eur", "gbp", "hkd", "huf", "idr", "ils"),
    *("inr", "mxn", "myr", "nok", "nzd", "php", "pln", "ron", "sar", "sek", "sgd", "thb", "try", "twd", "usd", "zar"),
    *_WHOLE,
    *_MULTIPLES,
}
_LEAST, _MOST = 50, 99_999_999

_CREATING = {
    *("amount", "currency", "payment_method", "payment_method_types", "payment_method_options", "capture_method"),
    *("confirm", "customer", "description", "metadata", "return_url", "off_session", "use_stripe_sdk"),
    *("automatic_payment_methods", "receipt_email", "setup_future_usage", "statement_descriptor_suffix", "shipping"),
}
_CALLED_OFF = {"duplicate", "fraudulent", "requested_by_customer", "abandoned"}


class _Refusal(Exception):
    """An error in Stripe's shape. Those of validation are not kept under an idempotency key."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        keep: bool = True,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.keep = keep
        error = {"message": message, "type": kind, **{name: value for name, value in more.items() if value}}
        self.reply = json_reply({"error": error}, status)


def _invalid(message: str, **more: object) -> _Refusal:
    return _Refusal(message, keep=False, **more)  # type: ignore[arg-type]  # the fields of an error are free


@define(eq=False)
class StripeServer(StandInServer):
    """Stripe on loopback, for `stripe.StripeClient` with ``base_addresses={"api": server.url}``.

    ``secret_key`` is what it lets in, ``webhook_secret`` what it signs notices with. With ``multicapture`` the account
    may capture in parts; without ``searchable`` its search finds nothing, as Stripe's does for a minute.
    ``intents``, ``charges``, ``refunds``, ``disputes`` and ``events`` are its objects, as Stripe would show them.
    Controls: `authenticate`, `pay`, `attach`, `process`, `processed`, `abandon`, `expire`, `finish_refund`, `refund`,
    `dispute`, `close_dispute`.
    """

    secret_key: str = field(default="sk_test_standin", repr=False)
    webhook_secret: str = field(default="whsec_standin", repr=False)
    multicapture: bool = True
    searchable: bool = True
    clock: Clock = utc_now
    intents: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    charges: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    refunds: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    disputes: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    events: dict[str, _Object] = field(factory=dict, init=False, repr=False)
    _kept: dict[str, tuple[object, NoticeReply]] = field(factory=dict, init=False, repr=False)

    # -- http ----------------------------------------------------------------

    def handle(self, request: HttpRequest) -> NoticeReply:
        """Let in, look up the idempotency key, answer."""
        try:
            self._let_in(request)
            if request.method != "POST":
                return json_reply(self._route(request, _form(request.query)))
            return self._once(request, _form(request.body.decode()))
        except _Refusal as refusal:
            return refusal.reply

    def problem(self, status: int) -> NoticeReply:
        """In Stripe's shape."""
        kind = "invalid_request_error" if status == 429 else "api_error"
        code = {"code": "rate_limit"} if status == 429 else {}
        return json_reply({"error": {"message": "Stand-in trouble.", "type": kind, **code}}, status)

    def _let_in(self, request: HttpRequest) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.secret_key}".encode()):
            raise _Refusal("Invalid API Key provided.", status=401, keep=False)

    def _once(self, request: HttpRequest, params: _Object) -> NoticeReply:
        """The same key with the same request gives the stored answer; with another it is an error."""
        key = request.headers.get("idempotency-key", "")
        if len(key) > 255:
            raise _invalid("Idempotency keys are at most 255 characters long.", param="idempotency_key")
        body = (request.path, params)
        if key in self._kept:
            known, reply = self._kept[key]
            if known != body:
                raise _Refusal(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    kind="idempotency_error",
                    keep=False,
                )
            return NoticeReply(
                status=reply.status, headers={**reply.headers, "idempotent-replayed": "true"}, body=reply.body
            )
        try:
            reply = json_reply(self._route(request, params))
        except _Refusal as refusal:
            if not refusal.keep:
                raise
            reply = refusal.reply
        if key:
            self._kept[key] = (body, reply)
        return reply

    def _route(self, request: HttpRequest, params: _Object) -> _Object:
        path = unquote(request.path)
        for method, pattern, answer in self._routes:
            found = re.fullmatch(pattern, path)
            if method == request.method and found:
                expand = set((params.get("expand") or {}).values())
                asked = {name: value for name, value in params.items() if name != "expand"}
                return self._expanded(answer(self, *found.groups(), asked), expand)
        raise _Refusal(f"Unrecognized request URL ({request.method}: {path}).", status=404, keep=False)

    def _expanded(self, answer: _Object, expand: set[str]) -> _Object:
        if "latest_charge" in expand and answer.get("latest_charge"):
            return {**answer, "latest_charge": self.charges[answer["latest_charge"]]}
        return answer

    # -- payment intents -----------------------------------------------------

    def _create(self, params: _Object) -> _Object:
        _known(params, _CREATING)
        amount, currency = _amount(params, "amount"), str(params.get("currency", "")).lower()
        if currency not in _CURRENCIES:
            raise _invalid(f"Invalid currency: {currency}.", param="currency")
        if amount % _MULTIPLES.get(currency, 1):
            raise _invalid(f"Invalid amount for {currency}.", param="amount", code="parameter_invalid_integer")
        if amount < _LEAST:
            raise _invalid("The amount is below the minimum.", param="amount", code="amount_too_small")
        if amount > _MOST:
            raise _invalid("The amount is above the maximum.", param="amount", code="amount_too_large")
        if params.get("capture_method", "automatic") not in ("automatic", "automatic_async", "manual"):
            raise _invalid("Invalid capture_method.", param="capture_method")
        method = params.get("payment_method")
        self._method(method)
        if params.get("confirm") == "true" and not method:
            raise _invalid("You cannot confirm without a payment method.", code="parameter_missing")
        if params.get("return_url") and params.get("confirm") != "true":
            raise _invalid("return_url may only be given with confirm.", param="return_url")
        intent = self._new_intent(params, amount, currency)
        self._tell("payment_intent.created", intent)
        if params.get("confirm") == "true":
            self._confirm_now(intent, str(params.get("return_url", "")))
        return intent

    def _new_intent(self, params: _Object, amount: int, currency: str) -> _Object:
        intent = self._new(
            "payment_intent",
            "pi",
            amount=amount,
            amount_capturable=0,
            amount_received=0,
            cancellation_reason=None,
            canceled_at=None,
            capture_method=params.get("capture_method", "automatic"),
            currency=currency,
            customer=params.get("customer"),
            description=params.get("description"),
            last_payment_error=None,
            latest_charge=None,
            metadata=_metadata(params),
            next_action=None,
            payment_method=params.get("payment_method"),
            payment_method_options=params.get("payment_method_options") or {},
            payment_method_types=list((params.get("payment_method_types") or {"0": "card"}).values()),
            review=None,
            status="requires_confirmation" if params.get("payment_method") else "requires_payment_method",
        )
        intent["client_secret"] = f"{intent['id']}_secret_standin"
        self.intents[intent["id"]] = intent
        return intent

    def _retrieve(self, id: str, params: _Object) -> _Object:
        _known(params, {"client_secret"})
        return self._intent(id)

    def _confirm(self, id: str, params: _Object) -> _Object:
        _known(params, {"payment_method", "return_url"})
        intent = self._intent(id)
        self._method(params.get("payment_method"))
        if intent["status"] not in ("requires_confirmation", "requires_payment_method", "requires_action"):
            raise _unexpected(intent, "confirm")
        intent["payment_method"] = params.get("payment_method") or intent["payment_method"]
        if not intent["payment_method"]:
            raise _unexpected(intent, "confirm")
        self._confirm_now(intent, str(params.get("return_url", "")))
        return intent

    def _confirm_now(self, intent: _Object, return_url: str) -> None:
        if intent["payment_method"] not in _AUTHENTICATED:
            self._charge(intent)
            return
        intent["status"] = "requires_action"
        if return_url:
            url = f"{self.url}/3ds/{intent['id']}"
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {"url": url, "return_url": return_url},
            }
        else:
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        self._tell("payment_intent.requires_action", intent)

    def _charge(self, intent: _Object) -> None:
        """Ask the bank."""
        declined = _DECLINES.get(intent["payment_method"])
        manual = intent["capture_method"] == "manual"
        elevated = intent["payment_method"] == "pm_card_riskLevelElevated"
        charge = self._new(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_captured=0,
            amount_refunded=0,
            captured=False,
            currency=intent["currency"],
            disputed=False,
            metadata=dict(intent["metadata"]),
            outcome={"type": "manual_review" if elevated else "issuer_declined" if declined else "authorized"},
            paid=not declined,
            payment_intent=intent["id"],
            refunded=False,
            status="failed" if declined else "succeeded",
        )
        self.charges[charge["id"]] = charge
        intent.update(latest_charge=charge["id"], next_action=None, last_payment_error=None)
        intent["review"] = f"prv_{charge['id']}" if elevated else None
        if declined:
            self._fail(intent, *declined)
        elif manual:
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self._tell("payment_intent.amount_capturable_updated", intent)
        else:
            self._take(intent, intent["amount"], final=True)

    def _fail(self, intent: _Object, code: str, decline_code: str | None, status: int = 402) -> None:
        error = {
            "type": "card_error" if status == 402 else "invalid_request_error",
            "code": code,
            "message": "Your card was declined." if code == "card_declined" else f"Payment failed: {code}.",
            **({"decline_code": decline_code} if decline_code else {}),
        }
        intent.update(
            status="requires_payment_method", next_action=None, payment_method=None, last_payment_error=dict(error)
        )
        self._tell("payment_intent.payment_failed", intent)
        raise _Refusal(
            str(error["message"]),
            status=status,
            kind=str(error["type"]),
            code=code,
            decline_code=decline_code,
            payment_intent=json.loads(json.dumps(intent)),
        )

    def _take(self, intent: _Object, amount: int, *, final: bool) -> None:
        charge = self.charges[intent["latest_charge"]]
        charge["amount_captured"] += amount
        charge["captured"] = True
        left = intent["amount_capturable"] - amount
        more = not final and left > 0
        intent.update(
            amount_received=charge["amount_captured"],
            amount_capturable=left if more else 0,
            status="requires_capture" if more else "succeeded",
        )
        self._tell("charge.captured", charge)
        if not more:
            self._tell("payment_intent.succeeded", intent)

    def _capture(self, id: str, params: _Object) -> _Object:
        _known(params, {"amount_to_capture", "final_capture", "metadata"})
        intent = self._intent(id)
        if intent["status"] != "requires_capture":
            raise _unexpected(intent, "capture")
        amount = _amount(params, "amount_to_capture", intent["amount_capturable"])
        if amount > intent["amount_capturable"]:
            raise _Refusal(
                "The amount to capture is greater than what may be captured.",
                param="amount_to_capture",
                code="amount_too_large",
            )
        if "final_capture" in params and not self.multicapture:
            raise _Refusal("Multicapture is not enabled for this account.", param="final_capture")
        intent["metadata"].update(_metadata(params))
        self._take(intent, amount, final=params.get("final_capture", "true") == "true")
        return intent

    def _increment(self, id: str, params: _Object) -> _Object:
        _known(params, {"amount", "metadata", "description"})
        intent = self._intent(id)
        card = intent["payment_method_options"].get("card", {})
        if intent["status"] != "requires_capture" or card.get("request_incremental_authorization") != "if_available":
            raise _unexpected(intent, "increment the authorization of")
        total = _amount(params, "amount")
        if total <= intent["amount"]:
            raise _Refusal("The amount must be greater than the amount authorized.", param="amount")
        intent["amount_capturable"] += total - intent["amount"]
        intent["amount"] = self.charges[intent["latest_charge"]]["amount"] = total
        intent["metadata"].update(_metadata(params))
        self._tell("payment_intent.amount_capturable_updated", intent)
        return intent

    def _cancel(self, id: str, params: _Object) -> _Object:
        _known(params, {"cancellation_reason"})
        intent = self._intent(id)
        reason = params.get("cancellation_reason", "requested_by_customer")
        if reason not in _CALLED_OFF:
            raise _invalid("Invalid cancellation_reason.", param="cancellation_reason")
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise _unexpected(intent, "cancel")
        self._call_off(intent, reason)
        return intent

    def _call_off(self, intent: _Object, reason: str) -> None:
        done = "succeeded" if intent["amount_received"] else "canceled"
        intent.update(
            status=done, cancellation_reason=reason, canceled_at=self._now(), amount_capturable=0, next_action=None
        )
        self._tell(f"payment_intent.{done}", intent)

    def _list_intents(self, params: _Object) -> _Object:
        _known(params, {"created", "customer", "limit", "starting_after", "ending_before"})
        earliest = int((params.get("created") or {}).get("gte", 0))
        found = [i for i in reversed(self.intents.values()) if i["created"] >= earliest]
        return _page(found, params, "/v1/payment_intents")

    def _search(self, params: _Object) -> _Object:
        _known(params, {"query", "limit", "page"})
        asked = re.fullmatch(r"metadata\['([^']+)'\]:'([^']*)'", str(params.get("query", "")))
        if asked is None:
            raise _invalid("We were unable to parse your search query.", param="query")
        name, value = asked.groups()
        found = [i for i in self.intents.values() if self.searchable and i["metadata"].get(name) == value]
        return {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": False, "data": found}

    # -- refunds, disputes, events -------------------------------------------

    def _refund(self, params: _Object) -> _Object:
        _known(params, {"payment_intent", "charge", "amount", "metadata", "reason"})
        intent = self._intent(str(params.get("payment_intent", "")), "payment_intent")
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["captured"]:
            raise _Refusal(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            raise _Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if charge["disputed"]:
            raise _Refusal(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
        amount = _amount(params, "amount", left)
        if amount > left:
            raise _Refusal(f"Refund amount ({amount}) is greater than unrefunded amount ({left}).", param="amount")
        status = "pending" if intent["payment_method"] == "pm_card_pendingRefund" else "succeeded"
        refund = self._new(
            "refund",
            "re",
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            failure_reason=None,
            metadata=_metadata(params),
            payment_intent=intent["id"],
            reason=params.get("reason"),
            status=status,
            balance_transaction=f"txn_{len(self.refunds) + 1}",
        )
        self.refunds[refund["id"]] = refund
        self._give_back(charge, amount)
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def _give_back(self, charge: _Object, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]

    def _list_refunds(self, params: _Object) -> _Object:
        _known(params, {"payment_intent", "charge", "limit", "starting_after", "ending_before"})
        found = [r for r in reversed(self.refunds.values()) if r["payment_intent"] == params.get("payment_intent")]
        return _page(found, params, "/v1/refunds")

    def _list_disputes(self, params: _Object) -> _Object:
        _known(params, {"payment_intent", "charge", "limit", "starting_after", "ending_before"})
        found = [d for d in reversed(self.disputes.values()) if d["payment_intent"] == params.get("payment_intent")]
        return _page(found, params, "/v1/disputes")

    def _list_events(self, params: _Object) -> _Object:
        _known(params, {"type", "limit", "starting_after", "ending_before"})
        found = [e for e in reversed(self.events.values()) if params.get("type") in (None, e["type"])]
        return _page(found, params, "/v1/events")

    def _one_of(self, kind: str, id: str, params: _Object) -> _Object:
        objects: Mapping[str, _Object] = getattr(self, kind)
        if id not in objects:
            raise _Refusal(f"No such {kind[:-1]}: '{id}'", status=404, code="resource_missing", param="id")
        return objects[id]

    _routes: ClassVar[tuple[tuple[str, str, Callable[..., _Object]], ...]] = (
        ("POST", "/v1/payment_intents", _create),
        ("GET", "/v1/payment_intents", _list_intents),
        ("GET", "/v1/payment_intents/search", _search),
        ("GET", "/v1/payment_intents/([^/]+)", _retrieve),
        ("POST", "/v1/payment_intents/([^/]+)/confirm", _confirm),
        ("POST", "/v1/payment_intents/([^/]+)/capture", _capture),
        ("POST", "/v1/payment_intents/([^/]+)/cancel", _cancel),
        ("POST", "/v1/payment_intents/([^/]+)/increment_authorization", _increment),
        ("POST", "/v1/refunds", _refund),
        ("GET", "/v1/refunds", _list_refunds),
        ("GET", "/v1/disputes", _list_disputes),
        ("GET", "/v1/events", _list_events),
        ("GET", "/v1/(refunds|disputes|events|charges)/([^/]+)", _one_of),
    )

    # -- controls ------------------------------------------------------------

    def of_payment(self, payment_id: str) -> list[_Object]:
        """The intents that carry our id of a payment."""
        with self.lock:
            return [i for i in self.intents.values() if i["metadata"].get("payment_id") == payment_id]

    def authenticate(self, id: str, *, succeed: bool = True) -> None:
        """The shopper passes 3-D Secure, or does not."""
        with self.lock:
            intent = self._waiting(id, "requires_action")
            self._quietly(
                lambda: (
                    self._charge(intent)
                    if succeed
                    else self._fail(intent, "payment_intent_authentication_failure", None, status=400)
                )
            )

    def pay(self, id: str, payment_method: str = "pm_card_visa") -> None:
        """The shopper confirms in the page, with the client secret."""
        with self.lock:
            intent = self._waiting(id, "requires_payment_method", "requires_confirmation")
            self._method(payment_method)
            intent["payment_method"] = payment_method
            self._quietly(lambda: self._confirm_now(intent, ""))

    def attach(self, id: str, payment_method: str = "pm_card_visa") -> None:
        """The page names a payment method and leaves confirming to the shop."""
        with self.lock:
            intent = self._waiting(id, "requires_payment_method")
            intent.update(payment_method=payment_method, status="requires_confirmation")

    def process(self, id: str) -> None:
        """The bank takes its time: the intent is ``processing`` until `processed`."""
        with self.lock:
            intent = self._waiting(id, "requires_payment_method", "requires_confirmation", "requires_action")
            intent.update(status="processing", next_action=None)
            self._tell("payment_intent.processing", intent)

    def processed(self, id: str) -> None:
        """The bank is done, and says yes."""
        with self.lock:
            intent = self._waiting(id, "processing")
            self._charge(intent)

    def expire(self, id: str) -> None:
        """Nobody captured in time."""
        with self.lock:
            self._call_off(self._waiting(id, "requires_capture"), "automatic")

    def abandon(self, id: str) -> None:
        """Somebody cancels a waiting intent in Stripe's dashboard."""
        with self.lock:
            intent = self._waiting(id, "requires_payment_method", "requires_confirmation", "requires_action")
            self._call_off(intent, "abandoned")

    def finish_refund(self, id: str, status: str = "succeeded") -> None:
        """A refund ends ``succeeded`` or ``failed``; it may fail after it succeeded."""
        with self.lock:
            refund = self.refunds[id]
            refund["status"] = status
            if status == "failed":
                refund["failure_reason"] = "lost_or_stolen_card"
                self._give_back(self.charges[refund["charge"]], -refund["amount"])
            self._tell("refund.failed" if status == "failed" else "refund.updated", refund)

    def refund(self, id: str, amount: int) -> _Object:
        """Somebody refunds in Stripe's dashboard."""
        with self.lock:
            return self._refund({"payment_intent": id, "amount": str(amount)})

    def dispute(self, id: str, amount: int | None = None) -> str:
        """The shopper's bank takes money back; gives the id of the dispute."""
        with self.lock:
            intent = self.intents[id]
            charge = self.charges[intent["latest_charge"]]
            dispute = self._new(
                "dispute",
                "dp",
                amount=amount or charge["amount_captured"],
                charge=charge["id"],
                currency=charge["currency"],
                payment_intent=id,
                reason="fraudulent",
                status="needs_response",
            )
            charge["disputed"] = True
            self.disputes[dispute["id"]] = dispute
            self._tell("charge.dispute.created", dispute)
            return str(dispute["id"])

    def close_dispute(self, id: str, *, won: bool) -> None:
        """The bank decides."""
        with self.lock:
            self.disputes[id]["status"] = "won" if won else "lost"
            self._tell("charge.dispute.closed", self.disputes[id])

    def sign(self, body: bytes, *, at: datetime | None = None, secrets: Iterable[str] = ()) -> RawNotice:
        """A notice with these bytes, signed as Stripe does."""
        time = int((at or self.clock()).timestamp())
        signed = f"{time}.".encode() + body
        digests = (hmac.digest(s.encode(), signed, "sha256").hex() for s in tuple(secrets) or (self.webhook_secret,))
        signature = ",".join((f"t={time}", *(f"v1={digest}" for digest in digests), "v0=unused"))
        headers = {"content-type": "application/json; charset=utf-8", "stripe-signature": signature}
        return RawNotice(headers=headers, body=body)

    # -- inside --------------------------------------------------------------

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def _new(self, kind: str, prefix: str, **fields: Any) -> _Object:
        objects: Mapping[str, _Object] = getattr(self, f"{kind.removeprefix('payment_')}s")
        id = f"{prefix}_standin{len(objects) + 1}"
        return {"id": id, "object": kind, "created": self._now(), "livemode": False, **fields}

    def _tell(self, kind: str, about: _Object) -> None:
        """Store an event with the object as it is now, and queue its notice."""
        snapshot = json.loads(json.dumps(about))
        event = self._new(
            "event", "evt", api_version=None, data={"object": snapshot}, pending_webhooks=1, request=None, type=kind
        )
        self.events[event["id"]] = event
        self.queue(self.sign(json.dumps(event).encode()))

    def _intent(self, id: str, param: str = "intent") -> _Object:
        if id not in self.intents:
            raise _Refusal(f"No such payment_intent: '{id}'", status=404, code="resource_missing", param=param)
        return self.intents[id]

    def _method(self, name: str | None) -> None:
        if name and name not in _PAYMENT_METHODS:
            raise _Refusal(f"No such PaymentMethod: '{name}'", code="resource_missing", param="payment_method")

    def _waiting(self, id: str, *statuses: str) -> _Object:
        intent = self.intents[id]
        if intent["status"] not in statuses:
            raise ValueError(f"{id} is {intent['status']}, not {' or '.join(statuses)}")
        return intent

    @staticmethod
    def _quietly(act: Callable[[], None]) -> None:
        """What the shopper is told, the shop is not."""
        try:
            act()
        except _Refusal:
            return


def _form(text: str) -> _Object:
    """Form fields, with Stripe's brackets as nested mappings."""
    form: _Object = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = (part.rstrip("]") for part in name.split("["))
        place, last = form, head
        for part in rest:
            place, last = place.setdefault(last, {}), part
        place[last] = value
    return form


def _known(params: Mapping[str, object], names: set[str]) -> None:
    for name in params:
        if name not in names:
            raise _invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _amount(params: Mapping[str, Any], name: str, default: int | None = None) -> int:
    text = params.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise _invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if not re.fullmatch(r"[1-9]\d*", str(text)):
        raise _invalid(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def _metadata(params: Mapping[str, Any]) -> dict[str, str]:
    metadata: dict[str, str] = params.get("metadata") or {}
    if len(metadata) > 50:
        raise _invalid("Metadata can have up to 50 keys.", param="metadata")
    for name, value in metadata.items():
        if len(name) > 40 or len(value) > 500:
            raise _invalid("Metadata has keys of up to 40 and values of up to 500 characters.", param="metadata")
    return dict(metadata)


def _unexpected(intent: _Object, move: str) -> _Refusal:
    return _Refusal(
        f"You cannot {move} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=json.loads(json.dumps(intent)),
    )


def _page(found: list[_Object], params: Mapping[str, Any], url: str) -> _Object:
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise _invalid("Limits are from 1 to 100.", param="limit")
    ids = [o["id"] for o in found]
    start = ids.index(params["starting_after"]) + 1 if params.get("starting_after") in ids else 0
    return {
        "object": "list",
        "url": url,
        "has_more": len(found) > start + limit,
        "data": found[start : start + limit],
    }
