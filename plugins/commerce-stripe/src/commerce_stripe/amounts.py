"""Amounts as Stripe counts them (docs.stripe.com/currencies)."""

from commerce.kernel import Currency, Money, currency, exponent

__all__ = ["of_stripe", "to_stripe"]

#: Charged in whole units.
_WHOLE = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)

#: Charged in thousandths, of which the last digit has to be zero.
_THOUSANDTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))

_POWERS = (1, 10, 100, 1000, 10_000)


def _decimals(code: str) -> int:
    """All others count in hundredths: ISK and UGX too, which have none, and HUF and TWD, whole only when paid out."""
    if code in _WHOLE:
        return 0
    return 3 if code in _THOUSANDTHS else 2


def to_stripe(money: Money) -> int | None:
    """The amount as Stripe counts; nothing if Stripe cannot say it."""
    code = money.currency.code
    shift = _decimals(code) - exponent(money.currency)
    amount, lost = (money.minor * _POWERS[shift], 0) if shift >= 0 else divmod(money.minor, _POWERS[-shift])
    if lost or (code in _THOUSANDTHS and amount % 10):
        return None
    return amount


def of_stripe(amount: int, code: str) -> Money:
    """What Stripe's amount is."""
    unit: Currency = currency(code)
    shift = exponent(unit) - _decimals(unit.code)
    minor = amount * _POWERS[shift] if shift >= 0 else amount // _POWERS[-shift]
    return Money.of_minor(minor, unit)
