"""Numbers from outside: whole ones that every storage keeps, and exact decimals that cost nothing to reckon with."""

from decimal import Decimal

from commerce.kernel.errors import InvalidValue

__all__ = ["MOST_WHOLE", "exact_number", "whole_number"]

#: The most that every database keeps as a plain whole number (32 bits with a sign).
MOST_WHOLE = 2**31 - 1

#: How many digits a decimal may have, before and after its point: a short text such as "1e-9999999" cannot stand
#: for a fraction that takes hours.
_MOST_DIGITS = 30


def whole_number(value: object, field: str, *, least: int = 0, most: int = MOST_WHOLE) -> int:
    """An ``int`` in a range, or `InvalidValue`; booleans, floats and text are none.

    >>> whole_number(3, "quantity", least=1)
    3
    """
    if type(value) is not int or not least <= value <= most:
        raise InvalidValue(field=field, reason=f"{_shown(value)}: pass a whole number from {least} to {most}")
    return value


def exact_number(value: object, field: str) -> Decimal:
    """A finite decimal given as text, int or `Decimal`, of at most 30 digits on each side; or `InvalidValue`.

    >>> exact_number("12.5", "percent")
    Decimal('12.5')
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise InvalidValue(field=field, reason="pass a string, int or Decimal: a float is not exact")
    try:
        exact = Decimal(value)
    except (ArithmeticError, ValueError):
        raise InvalidValue(field=field, reason=f"{_shown(value)} is not a number") from None
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidValue(field=field, reason=f"{exact} is not a number")
    if exponent < -_MOST_DIGITS or exact.adjusted() >= _MOST_DIGITS or exponent > _MOST_DIGITS:
        raise InvalidValue(field=field, reason=f"it has at most {_MOST_DIGITS} digits before and after its point")
    return exact


def _shown(value: object) -> str:
    """A value as an error repeats it: Python refuses to write out huge integers, and nobody reads them."""
    if isinstance(value, int) and value.bit_length() > 128:  # noqa: PLR2004 - 39 digits
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004 - a line of an error
