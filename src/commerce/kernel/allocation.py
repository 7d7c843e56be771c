"""Splitting a whole number of minor units so that the parts sum to the whole."""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from math import lcm

from commerce.kernel.errors import InvalidValue
from commerce.kernel.rounding import Rounding, divide

__all__ = ["Allocation", "allocate", "allocate_capped", "unit_share", "unit_shares"]


class Allocation(StrEnum):
    """Who gets the minor units that do not divide evenly.

    ``largest_remainder`` (Hamilton's method) is the default; the others exist
    so that a shop moving here keeps its cents. ``per_line_rounded`` rounds each
    share half up by itself and lets the last weighted share absorb the rest.
    """

    LARGEST_REMAINDER = "largest_remainder"
    REMAINDER_FIRST = "remainder_first"
    REMAINDER_LAST = "remainder_last"
    PER_LINE_ROUNDED = "per_line_rounded"


def allocate(
    amount: int,
    weights: Sequence[int | Fraction],
    method: Allocation = Allocation.LARGEST_REMAINDER,
) -> list[int]:
    """Split ``amount`` over ``weights``; the shares sum to ``amount`` exactly.

    Zero weight gets zero. Ties go to the earlier position. A negative amount
    is the mirror image of the positive one. All weights zero is refused unless
    the amount is zero too.

    >>> allocate(1500, [2200, 1400, 4300, 750, 0])
    [381, 243, 746, 130, 0]
    """
    if any(weight < 0 for weight in weights):
        raise InvalidValue(field="weights", reason="a weight below zero has no share: pass zero or more")
    whole = _whole(weights)
    total = sum(whole)
    if total == 0:
        if amount:
            raise InvalidValue(
                field="weights", reason="nothing to share over: at least one weight above zero is needed"
            )
        return [0] * len(whole)
    if amount < 0:
        return [-share for share in allocate(-amount, whole, method)]
    if method is Allocation.PER_LINE_ROUNDED:
        return _per_line(amount, whole, total)
    pairs = [divmod(amount * weight, total) for weight in whole]
    shares = [share for share, _ in pairs]
    rest = amount - sum(shares)
    if rest:
        weighted = [i for i, weight in enumerate(whole) if weight]
        if method is Allocation.LARGEST_REMAINDER:
            weighted.sort(key=lambda i: -pairs[i][1])  # a stable sort: ties stay in position
            for i in weighted[:rest]:
                shares[i] += 1
        elif method is Allocation.REMAINDER_FIRST:
            shares[weighted[0]] += rest
        else:
            shares[weighted[-1]] += rest
    return shares


def _whole(weights: Sequence[int | Fraction]) -> list[int]:
    """The same proportions in whole numbers, over one common denominator."""
    whole = [weight for weight in weights if isinstance(weight, int)]
    if len(whole) == len(weights):
        return whole
    common = lcm(*(weight.denominator for weight in weights))
    return [weight.numerator * (common // weight.denominator) for weight in weights]


def _per_line(amount: int, weights: Sequence[int], total: int) -> list[int]:
    shares = [0] * len(weights)
    left = amount
    weighted = [i for i, weight in enumerate(weights) if weight]
    for i in weighted[:-1]:
        shares[i] = min(left, divide(amount * weights[i], total, Rounding.HALF_UP))
        left -= shares[i]
    shares[weighted[-1]] = left
    return shares


def allocate_capped(
    amount: int,
    weights: Sequence[int | Fraction],
    caps: Sequence[int],
    method: Allocation = Allocation.LARGEST_REMAINDER,
) -> list[int]:
    """Split a non-negative ``amount`` so that no share exceeds its cap.

    What a capped share cannot take is redistributed over the others by weight.
    If the caps together hold less than ``amount``, every weighted share is at
    its cap and the sum is smaller: the caller sees how much found a place.
    """
    shares = [0] * len(weights)
    live = [i for i, weight in enumerate(weights) if weight > 0 and caps[i] > 0]
    left = amount
    while left and live:
        part = allocate(left, [weights[i] for i in live], method)
        over = [n for n, i in enumerate(live) if part[n] > caps[i]]
        if not over:
            for n, i in enumerate(live):
                shares[i] = part[n]
            return shares
        for n in over:
            shares[live[n]] = caps[live[n]]
            left -= caps[live[n]]
        full = set(over)
        live = [i for n, i in enumerate(live) if n not in full]
    return shares


def unit_share(amount: int, quantity: int, start: int, count: int) -> int:
    """What units ``start … start + count - 1`` of ``quantity`` carry of ``amount``.

    Cumulative difference with half-up rounding: any grouping of units, in any
    order, sums to the whole.
    """
    return divide(amount * (start + count), quantity, Rounding.HALF_UP) - divide(
        amount * start, quantity, Rounding.HALF_UP
    )


def unit_shares(amount: int, quantity: int) -> list[int]:
    """The share of every unit of a line.

    >>> unit_shares(1000, 3)
    [333, 334, 333]
    """
    return [unit_share(amount, quantity, start, 1) for start in range(quantity)]
