"""Picking units: the cheapest, the dearest, every nth. Lines are runs of equal units, never expanded."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm

from commerce.kernel import Rounding, divide
from commerce.promotions.calculators.sharing import ratio_of
from commerce.promotions.values import Basis, Choice, Reward

__all__ = ["every_nth", "most_for", "pick", "ranked", "reward_for", "unit_value"]

#: Up to here amounts are compared over a common denominator, which is quicker than as fractions.
_HUGE = 1 << 64


def unit_value(value: int, quantity: int) -> int | Fraction:
    """What one of some equal units costs, exactly."""
    whole, rest = divmod(value, quantity)
    return Fraction(value, quantity) if rest else whole


def ranked(values: Sequence[int], quantities: Sequence[int], choice: Choice) -> list[int]:
    """Indices by unit value, cheapest or dearest first; ties keep their order."""
    common = lcm(*set(quantities))
    units: Sequence[int | Fraction]
    if common < _HUGE:
        units = [value * (common // quantity) for value, quantity in zip(values, quantities, strict=True)]
    else:
        units = [unit_value(value, quantity) for value, quantity in zip(values, quantities, strict=True)]
    return sorted(range(len(units)), key=units.__getitem__, reverse=choice is Choice.DEAREST)


def pick(order: Iterable[int], available: Sequence[int], count: int) -> list[int]:
    """How many units of each index are taken, in that order, until ``count`` are."""
    taken = [0] * len(available)
    for i in order:
        if count <= 0:
            break
        taken[i] = min(count, available[i])
        count -= taken[i]
    return taken


def every_nth(order: Iterable[int], quantities: Sequence[int], n: int, most: int | None) -> list[int]:
    """How many of each index are an nth unit when all units stand in that order."""
    taken = [0] * len(quantities)
    before = got = 0
    for i in order:
        after = before + quantities[i]
        hits = after // n - before // n
        if most is not None:
            hits = min(hits, most - got)
        taken[i] = hits
        got += hits
        before = after
    return taken


def reward_for(reward: Reward, *, full: int, left: int, quantity: int, count: int, rounding: Rounding) -> int:
    """What ``count`` of ``quantity`` equal units lose by a reward, at most what they still cost."""
    if not count:
        return 0
    if reward.percent is not None:
        numerator, denominator = ratio_of(reward.percent)
        base = full if reward.acts_on is Basis.LIST else left
        worth = divide(left * count, quantity, rounding)
        return min(divide(base * count * numerator, quantity * denominator, rounding), worth)
    if reward.amount is not None:
        return min(reward.amount.minor * count, left * count // quantity)
    assert reward.price is not None  # noqa: S101 - one of the three is given
    return max(0, divide(left * count, quantity, rounding) - reward.price.minor * count)


def most_for(reward: Reward, full: Sequence[int], quantities: Sequence[int], count: int) -> int:
    """The most that ``count`` units can lose by a percentage of their list price, whichever they are."""
    assert reward.percent is not None  # noqa: S101 - the caller's case
    numerator, denominator = ratio_of(reward.percent)
    units = [
        -(-value * numerator // (quantity * denominator)) for value, quantity in zip(full, quantities, strict=True)
    ]
    taken = pick(sorted(range(len(units)), key=units.__getitem__, reverse=True), quantities, count)
    return sum(unit * times for unit, times in zip(units, taken, strict=True))
