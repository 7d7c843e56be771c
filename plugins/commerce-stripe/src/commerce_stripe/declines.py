"""Stripe's codes in our words (docs.stripe.com/declines/codes and docs.stripe.com/error-codes)."""

from collections.abc import Mapping
from typing import Any

from commerce.payments import DeclineCode, Declined

__all__ = ["decline_code", "refusal"]

_CODES = {
    "amount_too_large": DeclineCode.AMOUNT_NOT_ALLOWED,
    "amount_too_small": DeclineCode.AMOUNT_NOT_ALLOWED,
    "authentication_required": DeclineCode.AUTHENTICATION_FAILED,
    "card_declined": DeclineCode.DECLINED,
    "card_not_supported": DeclineCode.NOT_ALLOWED,
    "card_velocity_exceeded": DeclineCode.LIMIT_EXCEEDED,
    "charge_already_refunded": DeclineCode.NOT_ALLOWED,
    "charge_disputed": DeclineCode.NOT_ALLOWED,
    "currency_not_supported": DeclineCode.CURRENCY_NOT_SUPPORTED,
    "expired_card": DeclineCode.EXPIRED_CARD,
    "fraudulent": DeclineCode.SUSPECTED_FRAUD,
    "incorrect_cvc": DeclineCode.WRONG_SECURITY_CODE,
    "insufficient_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "invalid_amount": DeclineCode.AMOUNT_NOT_ALLOWED,
    "invalid_cvc": DeclineCode.WRONG_SECURITY_CODE,
    "lost_card": DeclineCode.LOST_OR_STOLEN,
    "merchant_blacklist": DeclineCode.SUSPECTED_FRAUD,
    "payment_intent_authentication_failure": DeclineCode.AUTHENTICATION_FAILED,
    "payment_intent_payment_attempt_expired": DeclineCode.TIMED_OUT,
    "payment_method_customer_decline": DeclineCode.CANCELLED_BY_CUSTOMER,
    "pickup_card": DeclineCode.LOST_OR_STOLEN,
    "stolen_card": DeclineCode.LOST_OR_STOLEN,
    "withdrawal_count_limit_exceeded": DeclineCode.LIMIT_EXCEEDED,
}

#: Stripe advises another try only for these; for the others, another means of payment.
_TRY_AGAIN = {
    *("approve_with_id", "issuer_not_available", "processing_error", "reenter_transaction", "try_again_later"),
    *("incorrect_cvc", "invalid_cvc", "authentication_required", "payment_intent_authentication_failure"),
}

#: What the shopper may be told; the bank's other reasons are not theirs to know.
_TEXTS = {
    DeclineCode.EXPIRED_CARD: "The card has expired.",
    DeclineCode.INSUFFICIENT_FUNDS: "The card has insufficient funds.",
    DeclineCode.WRONG_SECURITY_CODE: "The security code is wrong.",
    DeclineCode.AUTHENTICATION_FAILED: "The payment was not confirmed with the bank.",
}


def decline_code(error: Mapping[str, Any]) -> DeclineCode:
    """Our word for an error of Stripe's."""
    code, reason = str(error.get("code") or ""), str(error.get("decline_code") or "")
    for name in (reason, code):
        if name in _CODES:
            return _CODES[name]
    if reason or error.get("type") == "card_error":
        return DeclineCode.DECLINED
    named = {"amount": DeclineCode.AMOUNT_NOT_ALLOWED, "currency": DeclineCode.CURRENCY_NOT_SUPPORTED}
    if code == "resource_missing" and error.get("param") == "payment_method":
        return DeclineCode.INVALID_TOKEN
    return named.get(str(error.get("param") or ""), DeclineCode.NOT_ALLOWED)


def refusal(error: Mapping[str, Any]) -> Declined:
    """The answer that an error of Stripe's is, or the ``last_payment_error`` of an intent."""
    code = decline_code(error)
    vendor_code = str(error.get("decline_code") or error.get("code") or error.get("type") or "")
    intent = error.get("payment_intent")
    return Declined(
        code=code,
        message=_TEXTS.get(code, ""),
        may_retry=vendor_code in _TRY_AGAIN,
        vendor_code=vendor_code,
        reference=str(intent["id"]) if isinstance(intent, Mapping) else "",
    )
