"""Laws of rounding and splitting, over every policy: what a shop that moves here may rely on."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commerce.kernel import (
    Allocation,
    CurrencyMismatch,
    InvalidValue,
    Money,
    Rounding,
    allocate,
    allocate_capped,
    divide,
    unit_share,
    unit_shares,
)
from commerce.kernel.profile import CashRounding

amounts = st.integers(0, 10**7)
weights = st.lists(st.integers(0, 10**5), min_size=1, max_size=12).filter(any)
methods = st.sampled_from(Allocation)


def naive(amount: int, by: list[int]) -> list[int]:
    """Hamilton's method in fractions: floors first, then a unit each to the largest remainders."""
    exact = [Fraction(amount * weight, sum(by)) for weight in by]
    shares = [int(share) for share in exact]
    order = sorted((i for i, weight in enumerate(by) if weight), key=lambda i: (shares[i] - exact[i], i))
    for i in order[: amount - sum(shares)]:
        shares[i] += 1
    return shares


@given(amounts, weights)
def test_largest_remainder_is_hamiltons_method(amount: int, by: list[int]) -> None:
    assert allocate(amount, by) == naive(amount, by)


@given(amounts, weights, methods)
def test_a_split_mirrors_below_zero(amount: int, by: list[int], method: Allocation) -> None:
    assert allocate(-amount, by, method) == [-share for share in allocate(amount, by, method)]


@given(amounts, weights, methods, st.integers(1, 97), st.integers(1, 97))
def test_only_the_proportions_of_weights_count(
    amount: int, by: list[int], method: Allocation, factor: int, divisor: int
) -> None:
    scaled = [Fraction(weight * factor, divisor) for weight in by]
    assert allocate(amount, scaled, method) == allocate(amount, by, method)
    mixed = [*scaled[:-1], Fraction(by[-1] * factor, divisor)]
    assert allocate(amount, mixed, method) == allocate(amount, by, method)


@given(amounts, weights, st.data())
def test_the_order_of_lines_moves_at_most_the_last_unit(amount: int, by: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(by))))
    moved = allocate(amount, [by[i] for i in order])
    for place, i in enumerate(order):
        assert abs(moved[place] - allocate(amount, by)[i]) <= 1


@given(amounts, weights)
def test_a_larger_weight_never_gets_less(amount: int, by: list[int]) -> None:
    shares = allocate(amount, by)
    for one, share in zip(by, shares, strict=True):
        for other, theirs in zip(by, shares, strict=True):
            assert one <= other or share >= theirs


@given(amounts, weights)
def test_the_remainder_goes_where_the_policy_says(amount: int, by: list[int]) -> None:
    floors = [amount * weight // sum(by) for weight in by]
    weighted = [i for i, weight in enumerate(by) if weight]
    for method, taker in ((Allocation.REMAINDER_FIRST, weighted[0]), (Allocation.REMAINDER_LAST, weighted[-1])):
        shares = allocate(amount, by, method)
        assert [share for i, share in enumerate(shares) if i != taker] == [
            f for i, f in enumerate(floors) if i != taker
        ]
        assert shares[taker] >= floors[taker]


@given(amounts, weights)
def test_per_line_rounds_each_line_but_the_last(amount: int, by: list[int]) -> None:
    shares, left = allocate(amount, by, Allocation.PER_LINE_ROUNDED), amount
    weighted = [i for i, weight in enumerate(by) if weight]
    for i in weighted[:-1]:
        assert shares[i] == min(left, divide(amount * by[i], sum(by), Rounding.HALF_UP))
        left -= shares[i]
    assert shares[weighted[-1]] == left


@given(amounts, weights, methods)
def test_everything_off_is_everything(amount: int, by: list[int], method: Allocation) -> None:
    """A discount of the whole, weighted by what is left, takes each line to zero: 100 % off is 0."""
    assert allocate(sum(by), by, method) == by
    assert allocate_capped(sum(by), by, by, method) == by
    assert allocate_capped(amount, by, by, method) == allocate_capped(min(amount, sum(by)), by, by, method)


@given(amounts, st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**5)), min_size=1, max_size=8), methods)
def test_caps_hold_under_every_policy(amount: int, rows: list[tuple[int, int]], method: Allocation) -> None:
    by, caps = [w for w, _ in rows], [c for _, c in rows]
    shares = allocate_capped(amount, by, caps, method)
    assert sum(shares) == min(amount, sum(cap for weight, cap in rows if weight))
    assert all(0 <= share <= cap for share, cap in zip(shares, caps, strict=True))
    free = [1 for share, (weight, cap) in zip(shares, rows, strict=True) if weight and share < cap]
    assert sum(shares) == amount or not free, "nothing is left over while somebody has room"


@given(st.integers(-(10**7), 10**7), st.integers(1, 200))
def test_units_differ_by_one_at_most(amount: int, quantity: int) -> None:
    """So that two unit prices stand for all: taxes per unit need no loop over the units."""
    shares = unit_shares(amount, quantity)
    assert sum(shares) == amount
    floor, dearer = divmod(amount, quantity)
    assert sorted(shares) == [floor] * (quantity - dearer) + [floor + 1] * dearer


@given(st.integers(-(10**7), 10**7), st.integers(1, 60), st.data())
def test_a_unit_has_one_share_however_it_is_grouped(amount: int, quantity: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, quantity - 1))
    count = data.draw(st.integers(1, quantity - start))
    assert unit_share(amount, quantity, start, count) == sum(unit_shares(amount, quantity)[start : start + count])


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.sampled_from(Rounding))
def test_rounding_is_odd_and_keeps_order(numerator: int, denominator: int, rounding: Rounding) -> None:
    value = divide(numerator, denominator, rounding)
    assert divide(-numerator, denominator, rounding) == -value
    assert divide(numerator, -denominator, rounding) == -value
    assert value <= divide(numerator + 1, denominator, rounding)
    assert rounding(Fraction(numerator, denominator)) == value


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_the_modes_are_ordered(numerator: int, denominator: int) -> None:
    down, half_down, half_up, up = (
        divide(numerator, denominator, mode)
        for mode in (Rounding.DOWN, Rounding.HALF_DOWN, Rounding.HALF_UP, Rounding.UP)
    )
    even = divide(numerator, denominator, Rounding.HALF_EVEN)
    assert down <= half_down <= even <= half_up <= up <= down + 1
    assume(2 * (numerator % denominator) != denominator)
    assert half_down == even == half_up


@given(amounts, weights, st.data(), methods)
def test_caps_that_nobody_passes_change_nothing(
    amount: int, by: list[int], data: st.DataObject, method: Allocation
) -> None:
    shares = allocate(amount, by, method)
    caps = [share + data.draw(st.integers(0, 3)) if weight else 1 for share, weight in zip(shares, by, strict=True)]
    assume(all(cap for cap in caps))
    assert allocate_capped(amount, by, caps, method) == shares


@given(st.integers(-(10**6), 10**6), st.sampled_from([5, 10, 50, 100]), st.sampled_from(Rounding))
def test_cash_is_paid_in_coins(minor: int, coin: int, rounding: Rounding) -> None:
    policy = CashRounding(name="any", step=Money.of_minor(coin, "CHF"), rounding=rounding)
    total = Money.of_minor(minor, "CHF")
    difference = policy.difference(total)
    assert (total + difference).minor % coin == 0
    assert abs(difference.minor) < coin
    if rounding in {Rounding.HALF_UP, Rounding.HALF_DOWN, Rounding.HALF_EVEN}:
        assert 2 * abs(difference.minor) <= coin


def test_cash_rounding_is_for_one_currency_and_real_coins() -> None:
    swiss = CashRounding(name="swiss", step=Money("0.05", "CHF"), rounding=Rounding.HALF_UP)
    pairs = {"19.97": "-0.02", "19.98": "0.02", "20.00": "0.00", "-19.98": "-0.02"}
    assert {t: str(swiss.difference(Money(t, "CHF")).amount) for t in pairs} == pairs
    with pytest.raises(CurrencyMismatch):
        swiss.difference(Money(1, "EUR"))
    with pytest.raises(InvalidValue, match="step"):
        CashRounding(name="x", step=Money(0, "CHF"), rounding=Rounding.UP)


def test_weights_below_zero_and_no_weights_are_refused() -> None:
    for by in ([Fraction(-1, 2), Fraction(1)], [1, -1]):
        with pytest.raises(InvalidValue, match="weights: a weight below zero"):
            allocate(1, by)
    for nothing in ([], [0, 0], [Fraction(0)]):
        with pytest.raises(InvalidValue, match="weights: nothing to share over"):
            allocate(1, nothing)
        assert allocate(0, nothing) == [0] * len(nothing)
