"""Exchange: exact rates with a source and a time, and one rounding."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from attrs import field, frozen

from commerce.kernel import (
    CurrencyMismatch,
    InvalidValue,
    Money,
    Price,
    Rounding,
    aware,
    currency,
    divide,
    exact_number,
    exponent,
    storable_text,
)

__all__ = ["Conversion", "ConversionPolicy", "ExchangeRate", "convert"]

#: What every storage can keep.
_LONGEST_RATE, _LONGEST_SOURCE = 64, 255

Amount = TypeVar("Amount", Money, Price)


def _code(code: str) -> str:
    return currency(code).code


@frozen(kw_only=True)
class ExchangeRate:
    """One ``base`` is ``rate`` of ``target``; where it came from and when it was asked."""

    base: str = field(converter=_code)
    target: str = field(converter=_code)
    rate: Decimal = field()
    source: str = field(validator=storable_text(_LONGEST_SOURCE))
    at: datetime = field(converter=aware)

    @rate.validator
    def _positive(self, _: object, rate: Decimal) -> None:
        if type(rate) is not Decimal or not rate.is_finite() or rate <= 0:
            raise InvalidValue(field="rate", reason=f"{rate!r} is not a rate: pass a Decimal above zero")
        if len(str(rate)) > _LONGEST_RATE:
            raise InvalidValue(field="rate", reason=f"a rate has at most {_LONGEST_RATE} characters: round it")
        exact_number(rate, "rate")

    def __attrs_post_init__(self) -> None:
        if self.base == self.target:
            raise InvalidValue(field="target", reason=f"{self.base} needs no rate to itself: name two currencies")


def convert(amount: Amount, rate: ExchangeRate, rounding: Rounding) -> Amount:
    """An amount or a unit price in the target currency, rounded once.

    >>> from datetime import UTC, datetime
    >>> ecb = ExchangeRate(
    ...     base="EUR", target="JPY", rate=Decimal("182.45"), source="ECB", at=datetime(2026, 3, 2, tzinfo=UTC)
    ... )
    >>> convert(Money("19.99", "EUR"), ecb, Rounding.HALF_UP)
    Money('3647', 'JPY')
    """
    if isinstance(amount, Price):
        return Price(convert(amount.amount, rate, rounding), per=amount.per)
    if amount.currency.code != rate.base:
        raise CurrencyMismatch(expected=rate.base, actual=amount.currency.code)
    target = currency(rate.target)
    exact = Fraction(rate.rate) * Fraction(10) ** (exponent(target) - exponent(amount.currency)) * amount.minor
    return Money.of_minor(divide(exact.numerator, exact.denominator, rounding), target)


@frozen(kw_only=True)
class Conversion:
    """What to do where no list has a price in the cart's currency: convert, at this rate, rounded so."""

    rate: ExchangeRate
    rounding: Rounding


@frozen(kw_only=True)
class ConversionPolicy:
    """A shop's choice to convert prices of its ``base`` currency where a list has none; off unless named.

    A rate older than ``max_age`` is not used: no price rather than a wrong one.
    """

    name: str
    version: int = 1
    base: str = field(converter=_code)
    rounding: Rounding
    max_age: timedelta | None = None

    def conversion(self, rate: ExchangeRate | None, at: datetime) -> Conversion | None:
        """The conversion at a moment, if there is a rate and it is young enough."""
        if rate is None or (self.max_age is not None and aware(at) - rate.at > self.max_age):
            return None
        return Conversion(rate=rate, rounding=self.rounding)
