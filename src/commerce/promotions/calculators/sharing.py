"""Percentages and shares over lists of integers: the inner loop."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from commerce.kernel import Allocation, Rounding, allocate_capped, divide

__all__ = ["parts_of", "ratio_of", "share"]


@lru_cache(maxsize=1024)
def ratio_of(percent: Decimal) -> tuple[int, int]:
    """A percentage as an exact fraction: 12.5 is (1, 8)."""
    ratio = Fraction(percent) / 100  # not by Decimal: the host's context may round
    return ratio.numerator, ratio.denominator


def parts_of(values: Sequence[int], ratio: tuple[int, int], rounding: Rounding) -> list[int]:
    """A ratio of each of some non-negative amounts, each rounded by itself."""
    numerator, denominator = ratio
    if numerator == denominator:
        return list(values)
    if rounding is Rounding.HALF_UP:
        twice, double = 2 * numerator, 2 * denominator
        return [(value * twice + denominator) // double for value in values]
    return [divide(value * numerator, denominator, rounding) for value in values]


def share(amount: int, weights: Sequence[int], rooms: Sequence[int], method: Allocation) -> list[int]:
    """`commerce.kernel.allocate_capped`, quick where no room is too small.

    Like there, shares sum to ``amount`` unless the rooms of weighted positions hold less.
    """
    total = sum(weights)
    if total and method is Allocation.LARGEST_REMAINDER:
        scaled = [amount * weight for weight in weights]
        shares = [value // total for value in scaled]
        rest = amount - sum(shares)
        if rest:
            left = [value % total for value in scaled]
            for i in sorted(range(len(left)), key=left.__getitem__, reverse=True)[:rest]:
                shares[i] += 1
        if all(map(int.__le__, shares, rooms)):
            return shares
    return allocate_capped(amount, weights, rooms, method)
