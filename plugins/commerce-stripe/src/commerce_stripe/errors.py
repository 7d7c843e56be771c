"""What can go wrong between a shop and Stripe, and what each of Stripe's errors means."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import stripe
from attrs import define

from commerce.kernel import InvalidMoney, InvalidValue, KeyReused, Misconfigured, OutcomeUnknown, ProviderUnavailable
from commerce.payments import Declined
from commerce_stripe.declines import refusal

__all__ = ["StripeMisconfigured", "StripeRefusal", "StripeUnavailable", "StripeUnknown", "asking", "understanding"]


@define(kw_only=True, slots=False)
class StripeUnavailable(ProviderUnavailable):
    """Stripe did nothing. ``reason`` is its code, or what kept us from reaching it."""

    message = "stripe did nothing ({reason}): repeat with the same key, and check the settings if it stays so"
    reason: str
    request_id: str = ""


@define(kw_only=True, slots=False)
class StripeUnknown(OutcomeUnknown):
    """Stripe's answer was lost, or is none."""

    message = "stripe may have done it ({reason}): ask with the same key"
    reason: str
    request_id: str = ""


@define(kw_only=True, slots=False)
class StripeMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; their values are not repeated here."""

    message = "plugin stripe: {reason}"
    reason: str


class StripeRefusal(Exception):
    """Stripe said no; ``answer`` is that no."""

    def __init__(self, answer: Declined, *, missing: bool = False) -> None:
        super().__init__(answer.vendor_code)
        self.answer = answer
        self.missing = missing


#: No byte of the request left, so nothing was done.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@contextmanager
def asking(key: str = "") -> Iterator[None]:
    """Turn Stripe's errors into the port's: a no, a certain nothing, or a maybe.

    Nothing of the original is chained: its text may hold what was sent.
    """
    try:
        yield
    except stripe.StripeError as error:
        raise _meaning(error, key) from None


@contextmanager
def understanding() -> Iterator[None]:
    """An answer that is not what Stripe promises tells nothing: what was asked may have been done.

    Around whole calls, since any field may be missing. The original is not chained: it may hold what was sent.
    """
    try:
        yield
    except (AttributeError, InvalidMoney, InvalidValue, LookupError, RecursionError, TypeError, ValueError) as error:
        raise StripeUnknown(reason=f"its answer is none: {type(error).__name__}") from None


def _meaning(error: stripe.StripeError, key: str) -> Exception:
    request_id = error.request_id or ""
    name = _code(error) or type(error.__cause__ or error).__name__
    match error:
        case stripe.IdempotencyError():
            return KeyReused(key=key)
        case stripe.CardError() | stripe.InvalidRequestError():
            return StripeRefusal(refusal(_fields(error)), missing=name == "resource_missing")
        case stripe.APIConnectionError() if isinstance(error.__cause__, _NOT_SENT):
            return StripeUnavailable(reason=name, request_id=request_id)
        case stripe.RateLimitError() | stripe.AuthenticationError() | stripe.PermissionError():
            return StripeUnavailable(reason=name, request_id=request_id)
        case stripe.APIError() if error.http_status == httpx.codes.CONFLICT and name != "idempotency_key_in_use":
            return StripeUnavailable(reason=name, request_id=request_id)
    # A timeout, a 5xx, nonsense, or the same key being worked on by an earlier request.
    return StripeUnknown(reason=name, request_id=request_id)


def _fields(error: stripe.StripeError) -> Mapping[str, object]:
    body = error.json_body
    fields = body.get("error") if isinstance(body, dict) else None
    return fields if isinstance(fields, dict) else {}


def _code(error: stripe.StripeError) -> str:
    return str(_fields(error).get("code") or _fields(error).get("type") or "")
