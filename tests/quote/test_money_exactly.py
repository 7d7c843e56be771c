"""What mutation testing found untold: the words of refusals, and corners of the arithmetic."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import moneyed
import pytest

from commerce.kernel import (
    Allocation,
    CommerceError,
    CurrencyMismatch,
    Invalid,
    InvalidMoney,
    InvalidValue,
    Money,
    Price,
    Rounding,
    allocate,
    allocate_capped,
    total,
)

EUR = Money("19.99", "EUR")
DIVISION = "division would round: use scale(ratio, rounding), allocate(weights) or ratio(other)"
MULTIPLY = "multiplies by whole numbers only; use scale(ratio, rounding) for fractions and percentages"


def money(amount: str, currency: str, reason: str) -> InvalidMoney:
    return InvalidMoney(amount=amount, currency=currency, reason=reason)


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (lambda: Money(EUR, "USD"), CurrencyMismatch(expected="USD", actual="EUR")),
        (lambda: Money(5), money("5", "?", "name its currency")),
        (lambda: Money(1.5, "EUR"), money("1.5", "EUR", "pass a string, int or Decimal, not float")),
        (lambda: Money("x", "EUR"), money("x", "EUR", "not a finite decimal number of at most 31 digits")),
        (lambda: Money("1" * 50, "EUR"), money("1" * 40, "EUR", "not a finite decimal number of at most 31 digits")),
        (
            lambda: Money(Decimal("Infinity"), "EUR"),
            money("Infinity", "EUR", "not a finite decimal number of at most 31 digits"),
        ),
        (
            lambda: Money("0.001", "EUR"),
            money("0.001", "EUR", "EUR has 2 decimals; use Price(amount, per=…) for finer unit prices"),
        ),
        (lambda: Money.of_minor("5", "EUR"), money("5", "EUR", "minor units are whole numbers (int)")),  # type: ignore[arg-type]
        (lambda: EUR + 5, money("5", "EUR", "money adds to and compares with money")),
        (lambda: EUR + Money(1, "USD"), CurrencyMismatch(expected="EUR", actual="USD")),
        (lambda: moneyed.Money(1, "USD") > EUR, CurrencyMismatch(expected="EUR", actual="USD")),
        (lambda: EUR * Decimal(2), money("19.99", "EUR", MULTIPLY)),
        (lambda: EUR / 2, money("19.99", "EUR", DIVISION)),
        (lambda: EUR // 2, money("19.99", "EUR", DIVISION)),
        (lambda: 2 / EUR, money("19.99", "EUR", DIVISION)),
        (EUR.round, money("19.99", "EUR", "already exact; use scale(1, rounding)")),
        (
            lambda: EUR.scale(0.1, Rounding.UP),  # type: ignore[arg-type]
            InvalidValue(field="ratio", reason="a float is not exact: pass a string, Decimal or Fraction"),
        ),
        (lambda: Money.parse("1,x", "EUR", "de_DE"), money("1,x", "EUR", "not a number in de_DE")),
        (lambda: total([EUR, Money(1, "USD")], "EUR"), CurrencyMismatch(expected="EUR", actual="USD")),
        (lambda: Price(EUR, per=0), InvalidValue(field="per", reason="a price is per one or more units")),
        (
            lambda: allocate(1, [1, -1]),
            InvalidValue(field="weights", reason="a weight below zero has no share: pass zero or more"),
        ),
        (
            lambda: allocate(1, [0, 0]),
            InvalidValue(field="weights", reason="nothing to share over: at least one weight above zero is needed"),
        ),
    ],
)
def test_what_is_no_money_is_refused_with_these_words(refused: Callable[[], Any], error: CommerceError) -> None:
    """Each refusal names the amount, the currency and what to do, to the letter."""
    with pytest.raises(Invalid) as caught:
        refused()
    assert caught.value == error


def test_plain_money_of_py_moneyed_mixes_in() -> None:
    plain = moneyed.Money("0.99", "EUR")
    assert EUR + plain == Money("20.98", "EUR")
    assert plain - EUR == Money("-19.00", "EUR")
    assert Money("-19.99", "EUR") == 0 - EUR
    assert Money("0.99", "EUR") == plain
    assert moneyed.Money("0.99", "USD") != Money("0.99", "EUR")
    assert Money("0.98", "EUR") != plain
    assert plain < EUR
    assert plain <= EUR
    with pytest.raises(InvalidMoney):
        EUR + moneyed.Money("0.001", "EUR")
    assert EUR.__eq__(5) is False
    assert EUR != "19.99"


def test_money_is_shared_by_numbers_and_by_money() -> None:
    weights = (Money("59.90", "EUR"), Money("15.00", "EUR"), Money("15.00", "EUR"), Money("8.35", "EUR"))
    shared = Money("10.00", "EUR").allocate(weights, Allocation.REMAINDER_LAST)
    assert [share.minor for share in shared] == [609, 152, 152, 87]
    assert Money("0.10", "EUR").allocate([1, Fraction(1), 1]) == tuple(
        Money(x, "EUR") for x in ("0.04", "0.03", "0.03")
    )
    assert {share.currency.code for share in shared} == {"EUR"}


@pytest.mark.parametrize(
    ("rounding", "minor"),
    [
        (Rounding.HALF_UP, 13),
        (Rounding.HALF_EVEN, 12),
        (Rounding.HALF_DOWN, 12),
        (Rounding.DOWN, 12),
        (Rounding.UP, 13),
    ],
)
def test_a_price_finer_than_a_cent_rounds_as_told(rounding: Rounding, minor: int) -> None:
    """4 of 0.50 per 16 are 0.125."""
    assert Price(Money("0.50", "EUR"), per=16).times(4, rounding).minor == minor
    assert Price(Money("0.50", "EUR")).times(4, rounding).minor == 200
    assert str(Price(Money("0.50", "EUR"))) == "0.50 EUR"
    assert str(Price(Money("0.50", "EUR"), per=2)) == "0.50 EUR per 2"


def test_lines_that_are_rounded_by_themselves_round_halves_up() -> None:
    assert allocate(5, [1, 1], Allocation.PER_LINE_ROUNDED) == [3, 2]
    assert allocate(-5, [1, 1], Allocation.PER_LINE_ROUNDED) == [-3, -2]


def test_a_place_without_room_takes_no_part_in_sharing() -> None:
    """Its weight would move cents between the others: 2 over 1 and 4 are 0 and 2, whoever is full beside them."""
    assert allocate_capped(2, [1, 4, 1], [9, 9, 0]) == [*allocate_capped(2, [1, 4], [9, 9]), 0] == [0, 2, 0]


def test_no_amount_is_nothing() -> None:
    assert Money(currency="EUR") == Money.zero("EUR")
    assert Money(currency="EUR").minor == 0
