"""Rounding of exact ratios to whole minor units, by five named modes."""

from enum import StrEnum
from fractions import Fraction

__all__ = ["Rounding", "divide"]


class Rounding(StrEnum):
    """How a fraction of a minor unit becomes a whole one.

    The modes are those of General Decimal Arithmetic (as in :mod:`decimal`):
    halves away from zero, to even, or towards zero; always towards zero
    (``down``); always away from zero (``up``).
    """

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    DOWN = "down"
    UP = "up"

    def __call__(self, value: Fraction | int) -> int:
        """Round an exact number to an integer."""
        return value if isinstance(value, int) else divide(value.numerator, value.denominator, self)


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """``numerator / denominator`` as an integer, exact up to the one rounding.

    >>> divide(5, 2, Rounding.HALF_UP), divide(5, 2, Rounding.HALF_EVEN), divide(-5, 2, Rounding.HALF_UP)
    (3, 2, -3)
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(abs(numerator), denominator)
    if remainder:
        twice = 2 * remainder
        if (
            rounding is Rounding.UP
            or (twice > denominator and rounding is not Rounding.DOWN)
            or (
                twice == denominator
                and (rounding is Rounding.HALF_UP or (rounding is Rounding.HALF_EVEN and quotient % 2 == 1))
            )
        ):
            quotient += 1
    return quotient if numerator >= 0 else -quotient
