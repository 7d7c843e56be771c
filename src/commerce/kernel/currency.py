"""ISO 4217 currencies and their exponents, from py-moneyed's table."""

from functools import cache

from moneyed import Currency, CurrencyDoesNotExist, get_currency

from commerce.kernel.errors import InvalidValue

__all__ = ["Currency", "currency", "exponent"]

#: Currencies whose sub-unit is not a power of ten; ISO 4217 gives them exponent 2.
_FIFTHS = {"MGA": 2, "MRU": 2}


@cache
def _by_code(code: str) -> Currency:
    try:
        return get_currency(code.upper())
    except CurrencyDoesNotExist:
        raise InvalidValue(
            field="currency", reason=f"{code!r} is not an ISO 4217 code: use one such as EUR, USD, VND"
        ) from None


def currency(code: str | Currency) -> Currency:
    """The currency with that ISO 4217 code; a `Currency` passes through."""
    return code if isinstance(code, Currency) else _by_code(code)


@cache
def exponent(of: Currency) -> int:
    """Digits after the point: 2 for EUR, 0 for JPY and VND, 3 for KWD, 4 for CLF."""
    return _FIFTHS.get(of.code, len(str(of.sub_unit)) - 1)
