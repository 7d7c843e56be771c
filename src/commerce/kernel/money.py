"""Money: a strict ``moneyed.Money`` over a whole number of minor units."""

from collections.abc import Iterable, Sequence
from copy import copy
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self
from unicodedata import decimal

import moneyed
from attrs import field, frozen

from commerce.kernel.allocation import Allocation, allocate, unit_share
from commerce.kernel.currency import Currency, exponent
from commerce.kernel.currency import currency as to_currency
from commerce.kernel.errors import CurrencyMismatch, InvalidMoney, InvalidValue
from commerce.kernel.locales import fallbacks, locale_tag
from commerce.kernel.numbers import exact_number
from commerce.kernel.rounding import Rounding, divide

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["Money", "Price", "total"]

#: Refuses to round, and ends minor units at 31 digits: no economy counts further, and a short text such as
#: "1e9999999" cannot stand for a huge integer.
_EXACT = Context(prec=31, Emax=30, Emin=-30, traps=[Inexact, InvalidOperation, Overflow])
#: Moves the point of any number without rounding, whatever the host's decimal context is.
_WIDE = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

Ratio = int | str | Decimal | Fraction


class Money(moneyed.Money):
    """An exact amount in one currency, held as an integer of minor units.

    Is a :class:`moneyed.Money`, so code for py-moneyed and django-money takes
    it; but strict: no floats, no more decimals than ISO 4217 gives the
    currency, no mixing of currencies, and no hidden rounding (division and
    percentages only through :meth:`scale`).

    >>> Money("19.99", "EUR") * 3
    Money('59.97', 'EUR')
    >>> Money("0.10", "EUR").allocate([1, 1, 1])
    (Money('0.04', 'EUR'), Money('0.03', 'EUR'), Money('0.03', 'EUR'))
    """

    minor: int
    currency: Currency  # type: ignore[misc]  # the base's Final, kept: __setattr__ refuses

    def __init__(self, amount: object = 0, currency: str | Currency | None = None) -> None:
        if isinstance(amount, moneyed.Money):
            if currency is not None and to_currency(currency) != amount.currency:
                raise CurrencyMismatch(expected=str(currency), actual=amount.currency.code)
            currency, amount = amount.currency, amount.amount
        if currency is None:
            raise InvalidMoney(amount=str(amount), currency="?", reason="name its currency")
        unit = to_currency(currency)
        self.__dict__["currency"] = unit
        self.__dict__["minor"] = _minor(amount, unit)

    @classmethod
    def of_minor(cls, minor: int, currency: str | Currency) -> Self:
        """``minor`` whole minor units: ``Money.of_minor(1999, "EUR")`` is 19.99 EUR."""
        if type(minor) is not int:
            raise InvalidMoney(amount=str(minor), currency=str(currency), reason="minor units are whole numbers (int)")
        return cls._make(minor, currency if type(currency) is Currency else to_currency(currency))

    @classmethod
    def _make(cls, minor: int, currency: Currency) -> Self:
        self = cls.__new__(cls)
        fields = self.__dict__
        fields["minor"] = minor
        fields["currency"] = currency
        return self

    @classmethod
    def zero(cls, currency: str | Currency) -> Self:
        """Nothing, in a currency."""
        return cls.of_minor(0, currency)

    @property  # type: ignore[misc]  # derived here, stored there
    def amount(self) -> Decimal:
        """The amount as a `Decimal` with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency), _WIDE)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Money is immutable: cannot set {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Money.of_minor, (self.minor, self.currency.code)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    __pos__ = __copy__

    def _other(self, other: object) -> int:
        """The minor units of an operand in this currency."""
        if isinstance(other, moneyed.Money):
            # Ours share one object per currency, and comparing two costs more than the sum.
            if other.currency is not self.currency and other.currency != self.currency:
                raise CurrencyMismatch(expected=self.currency.code, actual=other.currency.code)
            return other.minor if isinstance(other, Money) else _minor(other.amount, other.currency)
        if type(other) is int and other == 0:  # sum() starts at 0
            return 0
        raise InvalidMoney(
            amount=str(other), currency=self.currency.code, reason="money adds to and compares with money"
        )

    def __add__(self, other: object) -> Self:
        return self._make(self.minor + self._other(other), self.currency)

    __radd__ = __add__

    def __sub__(self, other: object) -> Self:
        return self._make(self.minor - self._other(other), self.currency)

    def __rsub__(self, other: object) -> Self:
        return self._make(self._other(other) - self.minor, self.currency)

    def __neg__(self) -> Self:
        return self._make(-self.minor, self.currency)

    def __abs__(self) -> Self:
        return self._make(abs(self.minor), self.currency)

    def __mul__(self, other: object) -> Self:
        if type(other) is not int:
            raise InvalidMoney(
                amount=str(self.amount),
                currency=self.currency.code,
                reason="multiplies by whole numbers only; use scale(ratio, rounding) for fractions and percentages",
            )
        return self._make(self.minor * other, self.currency)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Self:
        raise InvalidMoney(
            amount=str(self.amount),
            currency=self.currency.code,
            reason="division would round: use scale(ratio, rounding), allocate(weights) or ratio(other)",
        )

    __rtruediv__ = __floordiv__ = __mod__ = __rmod__ = __truediv__  # type: ignore[assignment]

    def round(self, ndigits: int | None = 0) -> Self:
        """Refused: an amount is already exact."""
        raise InvalidMoney(
            amount=str(self.amount), currency=self.currency.code, reason="already exact; use scale(1, rounding)"
        )

    def __bool__(self) -> bool:
        return self.minor != 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Money):
            return self.minor == other.minor and self.currency.code == other.currency.code
        return isinstance(other, moneyed.Money) and self.currency == other.currency and self.amount == other.amount

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __lt__(self, other: object) -> bool:
        return self.minor < self._other(other)

    def __le__(self, other: object) -> bool:
        return self.minor <= self._other(other)

    def __gt__(self, other: object) -> bool:
        return self.minor > self._other(other)

    def __ge__(self, other: object) -> bool:
        return self.minor >= self._other(other)

    def scale(self, ratio: Ratio, rounding: Rounding) -> Self:
        """This amount times an exact ratio, rounded once: 10 % is ``scale("0.10", …)``."""
        exact = _ratio(ratio)
        return self._make(divide(self.minor * exact.numerator, exact.denominator, rounding), self.currency)

    def ratio(self, other: "Money") -> Fraction:
        """This amount as an exact multiple of another of the same currency, which is not zero."""
        whole = self._other(other)
        if whole == 0:
            raise InvalidValue(field="other", reason="nothing is a multiple of zero: pass another amount")
        return Fraction(self.minor, whole)

    def allocate(
        self, weights: "Sequence[int | Fraction | Money]", method: Allocation = Allocation.LARGEST_REMAINDER
    ) -> tuple[Self, ...]:
        """Split by weights without losing a minor unit; see `commerce.kernel.allocation`.

        Weights of money are of one currency, which need not be this one.
        """
        plain = _weights(weights)
        return tuple(self._make(share, self.currency) for share in allocate(self.minor, plain, method))

    def units(self, quantity: int, start: int, count: int) -> Self:
        """The part that ``count`` of ``quantity`` units carry, from unit ``start`` on (0-based)."""
        return self._make(unit_share(self.minor, quantity, start, count), self.currency)

    def __repr__(self) -> str:
        return f"Money('{self.amount}', '{self.currency.code}')"

    def __str__(self) -> str:
        return f"{self.amount} {self.currency.code}"

    def format(self, locale: str) -> str:
        """For people, by the rules of a CLDR locale, in Latin digits: ``19,99 €`` in ``de_DE`` or ``de-DE``.

        Some currencies are written with fewer decimals than they have, such as dinars without paras.
        An amount that would be rounded by that is written with all of them.
        """
        from babel.numbers import get_currency_precision

        rules, most = _cldr(locale), exponent(self.currency)
        digits = min(get_currency_precision(self.currency.code), most)
        if self.minor % 10 ** (most - digits):
            digits = most
        pattern = copy(rules.currency_formats["standard"])
        pattern.frac_prec = (digits, digits)
        return str(pattern.apply(self.amount, rules, currency=self.currency.code, currency_digits=False))

    @classmethod
    def parse(cls, text: str, currency: str | Currency, locale: str) -> Self:
        """What a person typed, by the rules of a CLDR locale, without a currency sign; in the digits of any script."""
        from babel.numbers import NumberFormatError, parse_decimal

        rules = _cldr(locale)
        try:
            return cls(parse_decimal(_in_latin(text, rules), locale=rules, strict=True), currency)
        except NumberFormatError as error:
            raise InvalidMoney(amount=text, currency=str(currency), reason=f"not a number in {locale}") from error


def _minor(amount: object, currency: Currency) -> int:
    """Exact minor units of an amount given as int, str or Decimal."""
    if isinstance(amount, bool | float) or not isinstance(amount, int | str | Decimal):
        raise InvalidMoney(
            amount=str(amount),
            currency=currency.code,
            reason=f"pass a string, int or Decimal, not {type(amount).__name__}",
        )
    try:
        scaled = Decimal(amount).scaleb(exponent(currency), _EXACT)
        whole = int(scaled)
    except (ArithmeticError, ValueError):
        shown = amount[:40] if isinstance(amount, str) else f"{Decimal(amount):.6g}"
        raise InvalidMoney(
            amount=shown, currency=currency.code, reason="not a finite decimal number of at most 31 digits"
        ) from None
    if scaled != whole:
        raise InvalidMoney(
            amount=str(amount),
            currency=currency.code,
            reason=f"{currency.code} has {exponent(currency)} decimals; use Price(amount, per=…) for finer unit prices",
        )
    return whole


def _ratio(ratio: object) -> Fraction:
    """An exact ratio; texts and decimals are as short as `exact_number` wants them."""
    if isinstance(ratio, Fraction | int):
        return Fraction(ratio)
    if isinstance(ratio, float):
        raise InvalidValue(field="ratio", reason="a float is not exact: pass a string, Decimal or Fraction")
    if isinstance(ratio, str) and "/" in ratio:
        try:
            return Fraction(ratio)
        except (ValueError, ArithmeticError):
            raise InvalidValue(field="ratio", reason=f"{ratio[:40]!r} is no ratio: 1/3 is one") from None
    return Fraction(exact_number(ratio, "ratio"))


def _weights(weights: Sequence[object]) -> list[int | Fraction]:
    """Weights as numbers: minor units for money, which has to be of one currency."""
    currencies = sorted({weight.currency.code for weight in weights if isinstance(weight, Money)})
    if len(currencies) > 1:
        raise CurrencyMismatch(expected=currencies[0], actual=currencies[1])
    found = []
    for weight in weights:
        plain = weight.minor if isinstance(weight, Money) else weight
        if not isinstance(plain, int | Fraction):
            raise InvalidValue(field="weights", reason=f"{plain!r} is not exact: pass an int, a Fraction or money")
        found.append(plain)
    return found


def _cldr(locale: str) -> "Locale":
    """The rules for a language tag, or for the nearest that CLDR has some for."""
    from babel import Locale, UnknownLocaleError

    for tag in fallbacks(locale_tag(locale)):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    raise InvalidValue(field="locale", reason=f"nobody knows how to write money in {locale!r}: de-AT is a locale")


def _in_latin(text: str, rules: "Locale") -> str:
    """What was typed, in the digits and separators that babel reads. Raises babel's error for what is no figure."""
    from babel.numbers import NumberFormatError, get_decimal_symbol, get_group_symbol

    if any(sign.isalpha() or sign == "_" for sign in text):  # Decimal reads 1e3 and 1_0, nobody else does
        raise NumberFormatError(text)
    digits = "".join(str(decimal(sign, sign)) for sign in text)
    return digits.replace("\u066b", get_decimal_symbol(rules)).replace("\u066c", get_group_symbol(rules))


@frozen
class Price:
    """A unit price that may be finer than the minor unit: 3.75 EUR per 100.

    >>> Price(Money("3.75", "EUR"), per=100).times(40, Rounding.HALF_UP)
    Money('1.50', 'EUR')
    """

    amount: Money
    per: int = field(default=1)

    @per.validator
    def _positive(self, _: object, per: int) -> None:
        if type(per) is not int or per < 1:
            raise InvalidValue(field="per", reason="a price is per one or more units")

    @property
    def currency(self) -> Currency:
        """The currency the price is in."""
        return self.amount.currency

    @property
    def exact(self) -> Fraction:
        """Minor units of one unit, unrounded: what prices are compared by."""
        return Fraction(self.amount.minor, self.per)

    def times(self, quantity: int, rounding: Rounding) -> Money:
        """The price of ``quantity`` units, rounded once."""
        if self.per == 1:
            return self.amount * quantity
        return self.amount.scale(Fraction(quantity, self.per), rounding)

    def __str__(self) -> str:
        return str(self.amount) if self.per == 1 else f"{self.amount} per {self.per}"


def total(amounts: Iterable[Money], currency: str | Currency) -> Money:
    """The sum in one currency; nothing sums to zero of that currency."""
    unit = to_currency(currency)
    minor = 0
    for amount in amounts:
        if amount.currency is not unit and amount.currency != unit:
            raise CurrencyMismatch(expected=unit.code, actual=amount.currency.code)
        minor += amount.minor
    return Money.of_minor(minor, unit)
