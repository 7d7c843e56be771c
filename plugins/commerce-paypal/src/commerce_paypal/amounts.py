"""Amounts as PayPal writes them (developer.paypal.com/api/rest/reference/currency-codes)."""

from collections.abc import Mapping

from commerce.kernel import Money
from commerce.payments import DeclineCode, Declined

__all__ = ["CURRENCIES", "of_paypal", "refused", "to_paypal"]

#: No decimals, though ISO 4217 gives two of them to HUF and TWD.
_WHOLE = frozenset(("HUF", "JPY", "TWD"))

CURRENCIES = _WHOLE | frozenset(
    (
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS"),
        *("MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD"),
    )
)


def refused(money: Money) -> Declined | None:
    """Why PayPal cannot take this amount, if it cannot."""
    if money.currency.code not in CURRENCIES:
        return Declined(code=DeclineCode.CURRENCY_NOT_SUPPORTED, vendor_code="INVALID_CURRENCY_CODE")
    if money.currency.code in _WHOLE and money.amount != int(money.amount):
        return Declined(code=DeclineCode.AMOUNT_NOT_ALLOWED, vendor_code="DECIMALS_NOT_SUPPORTED")
    return None


def to_paypal(money: Money) -> dict[str, str]:
    """The amount as PayPal writes it."""
    code = money.currency.code
    value = str(int(money.amount)) if code in _WHOLE else str(money.amount)
    return {"currency_code": code, "value": value}


def of_paypal(amount: Mapping[str, str]) -> Money:
    """What PayPal's amount is."""
    return Money(amount["value"], amount["currency_code"])
