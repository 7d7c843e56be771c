"""What can go wrong between a shop and PayPal, and what PayPal's issues mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import define

from commerce.kernel import InvalidMoney, InvalidValue, Misconfigured, OutcomeUnknown, ProviderUnavailable
from commerce.payments import DeclineCode, Declined

__all__ = ["PayPalMisconfigured", "PayPalRefusal", "PayPalUnavailable", "PayPalUnknown", "understanding"]


@define(kw_only=True, slots=False)
class PayPalUnavailable(ProviderUnavailable):
    """PayPal did nothing. ``reason`` is its word, or what kept us from reaching it; ``debug_id`` is for its support."""

    message = "paypal did nothing ({reason}): repeat with the same key, and check the settings if it stays so"
    reason: str
    debug_id: str = ""


@define(kw_only=True, slots=False)
class PayPalUnknown(OutcomeUnknown):
    """PayPal's answer was lost, or is none."""

    message = "paypal may have done it ({reason}): ask with the same key"
    reason: str
    debug_id: str = ""


@define(kw_only=True, slots=False)
class PayPalMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; their values are not repeated here."""

    message = "plugin paypal: {reason}"
    reason: str


#: developer.paypal.com/api/rest/reference/orders/v2/errors and …/payments/v2/errors.
_CODES = {
    "AMOUNT_MISMATCH": DeclineCode.AMOUNT_NOT_ALLOWED,
    "AUTHORIZATION_EXPIRED": DeclineCode.TIMED_OUT,
    "CANNOT_BE_ZERO_OR_NEGATIVE": DeclineCode.AMOUNT_NOT_ALLOWED,
    "CARD_EXPIRED": DeclineCode.EXPIRED_CARD,
    "COMPLIANCE_VIOLATION": DeclineCode.NOT_ALLOWED,
    "CURRENCY_NOT_SUPPORTED": DeclineCode.CURRENCY_NOT_SUPPORTED,
    "DECIMALS_NOT_SUPPORTED": DeclineCode.AMOUNT_NOT_ALLOWED,
    "DECIMAL_PRECISION": DeclineCode.AMOUNT_NOT_ALLOWED,
    "INSTRUMENT_DECLINED": DeclineCode.DECLINED,
    "INVALID_CURRENCY_CODE": DeclineCode.CURRENCY_NOT_SUPPORTED,
    "MAX_CAPTURE_AMOUNT_EXCEEDED": DeclineCode.AMOUNT_NOT_ALLOWED,
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": DeclineCode.LIMIT_EXCEEDED,
    "PAYEE_BLOCKED_TRANSACTION": DeclineCode.SUSPECTED_FRAUD,
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": DeclineCode.NOT_ALLOWED,
    "PAYER_ACCOUNT_RESTRICTED": DeclineCode.NOT_ALLOWED,
    "PAYER_CANNOT_PAY": DeclineCode.INSUFFICIENT_FUNDS,
    "REFUND_AMOUNT_EXCEEDED": DeclineCode.AMOUNT_NOT_ALLOWED,
    "TRANSACTION_BLOCKED_BY_PAYEE": DeclineCode.SUSPECTED_FRAUD,
    "TRANSACTION_LIMIT_EXCEEDED": DeclineCode.LIMIT_EXCEEDED,
    "TRANSACTION_REFUSED": DeclineCode.DECLINED,
}

#: The payer may choose other funds.
_TRY_AGAIN = {"INSTRUMENT_DECLINED", "PAYER_CANNOT_PAY", "CARD_EXPIRED"}


class PayPalRefusal(Exception):
    """PayPal said no: ``issue`` is its word for it, ``answer`` ours, ``missing`` whether it knows no such thing."""

    def __init__(self, issue: str, *, missing: bool = False) -> None:
        super().__init__(issue)
        self.issue = issue
        self.missing = missing

    @property
    def answer(self) -> Declined:
        """The answer that this is."""
        return Declined(
            code=_CODES.get(self.issue, DeclineCode.NOT_ALLOWED),
            vendor_code=self.issue,
            may_retry=self.issue in _TRY_AGAIN,
        )

    @classmethod
    def of(cls, status: int, body: Mapping[str, object]) -> "PayPalRefusal":
        """What an answer of 4xx says."""
        details = body.get("details")
        first = details[0] if isinstance(details, list) and details else {}
        issue = first.get("issue") if isinstance(first, Mapping) else None
        # A 404 of whoever stands in between says nothing about the order.
        return cls(str(issue or body.get("name") or status), missing=body.get("name") == "RESOURCE_NOT_FOUND")


@contextmanager
def understanding() -> Iterator[None]:
    """An answer that is not what PayPal promises tells nothing: what was asked may have been done.

    Around whole calls, since any field may be missing. The original is not chained: it may hold what was sent.
    """
    try:
        yield
    except (AttributeError, InvalidMoney, InvalidValue, LookupError, RecursionError, TypeError, ValueError) as error:
        raise PayPalUnknown(reason=f"its answer is none: {type(error).__name__}") from None
