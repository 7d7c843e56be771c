"""A dynamic price moves with stock and demand, and never outside what the shop allowed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.kernel import CurrencyMismatch, InvalidValue, Money, Rounding
from commerce.pricing import DynamicPolicy, Move, Proposal, Signals, propose

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def policy(**more: Any) -> DynamicPolicy:
    fields: dict[str, Any] = {
        "name": "summer",
        "floor": Money("8.00", "EUR"),
        "ceiling": Money("12.00", "EUR"),
        "target_days": 10,
        "largest_step": Decimal("0.10"),
        "cool_down": timedelta(days=1),
        "rounding": Rounding.HALF_UP,
    }
    return DynamicPolicy(**fields | more)


def proposed(current: str, available: int, sold: int, changed: timedelta | None = None, **more: Any) -> Proposal:
    signals = Signals(available=available, sold=sold, days=10)
    changed_at = None if changed is None else NOW - changed
    return propose("A", Money(current, "EUR"), policy(**more), signals, at=NOW, changed_at=changed_at)


@pytest.mark.parametrize(
    ("current", "available", "sold", "price", "move"),
    [
        ("10.00", 5, 10, "10.50", Move.SCARCE),  # lasts 5 days of 10: half of the largest step up
        ("10.00", 15, 10, "9.50", Move.SLOW),
        ("10.00", 100, 10, "9.00", Move.SLOW),  # ten times too much, but one step at most
        ("10.00", 50, 0, "9.00", Move.SLOW),  # nobody wants it
        ("10.00", 11, 10, "10.00", Move.ON_TARGET),  # within the tolerance
        ("10.00", 0, 10, "10.00", Move.SOLD_OUT),
        ("11.90", 2, 10, "12.00", Move.CEILING),
        ("8.10", 50, 1, "8.00", Move.FLOOR),
        ("7.60", 50, 1, "8.00", Move.FLOOR),  # below the floor: back, whatever the demand
        ("20.00", 50, 1, "18.00", Move.CEILING),  # far above: back by one step
        ("5.00", 1, 99, "5.50", Move.FLOOR),
    ],
)
def test_the_price_follows_the_days_that_stock_lasts(
    current: str, available: int, sold: int, price: str, move: Move
) -> None:
    got = proposed(current, available, sold)
    assert (got.proposed, got.move) == (Money(price, "EUR"), move)
    assert got.changes is (price != current)


def test_rounding_up_does_not_pass_the_largest_step() -> None:
    assert proposed("10.05", 1, 1000, rounding=Rounding.UP).proposed == Money("11.05", "EUR"), "not 11.06"


def test_nothing_moves_while_it_cools_down() -> None:
    assert proposed("10.00", 5, 10, timedelta(hours=23)).move is Move.COOLING_DOWN
    assert proposed("10.00", 5, 10, timedelta(days=1)).move is Move.SCARCE


def test_the_reason_names_policy_and_signals() -> None:
    assert proposed("10.00", 5, 10).reason == (
        "summer v1: scarce, 10.00 EUR to 10.50 EUR; stock lasts 5 days, aim is 10; 5 available, 10 sold in 10 days"
    )
    assert "no sales" in proposed("10.00", 5, 0).reason


@given(
    st.integers(1, 10_000),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.decimals("0", "0.99", places=3),
    st.sampled_from(Rounding),
)
def test_no_proposal_leaves_its_limits(
    current: int, available: int, sold: int, step: Decimal, rounding: Rounding
) -> None:
    price = Money.of_minor(current, "EUR")
    rules = policy(largest_step=step, rounding=rounding)
    got = propose("A", price, rules, Signals(available=available, sold=sold, days=7), at=NOW, changed_at=None).proposed
    assert abs(got.minor - current) <= current * step
    if rules.floor <= price <= rules.ceiling:
        assert rules.floor <= got <= rules.ceiling


@given(st.integers(800, 1200), st.integers(1, 500), st.integers(0, 500), st.integers(0, 50))
def test_more_demand_never_means_a_lower_price(current: int, available: int, sold: int, more: int) -> None:
    def price(units: int) -> int:
        signals = Signals(available=available, sold=units, days=7)
        return propose("A", Money.of_minor(current, "EUR"), policy(), signals, at=NOW, changed_at=None).proposed.minor

    assert price(sold) <= price(sold + more)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"floor": Money("0", "EUR")}, "floor"),
        ({"ceiling": Money("7.99", "EUR")}, "ceiling"),
        ({"target_days": 0}, "target_days"),
        ({"largest_step": Decimal(5)}, "largest_step"),
        ({"largest_step": Decimal("NaN")}, "largest_step"),
        ({"tolerance": Decimal(-1)}, "tolerance"),
        ({"tolerance": Decimal("Infinity")}, "tolerance"),
        ({"cool_down": timedelta(days=-1)}, "cool_down"),
    ],
)
def test_contradictions_are_refused_by_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{field}: "):
        policy(**wrong)


def test_bad_signals_are_refused_by_field() -> None:
    for wrong, field in (((-1, 0, 1), "available"), ((0, -1, 1), "sold"), ((0, 0, 0), "days")):
        with pytest.raises(InvalidValue, match=f"^{field}: "):
            Signals(available=wrong[0], sold=wrong[1], days=wrong[2])
    with pytest.raises(CurrencyMismatch):
        propose("A", Money(1, "USD"), policy(), Signals(available=1, sold=1, days=1), at=NOW, changed_at=None)


def test_a_cool_down_is_real_time() -> None:
    """Berlin's clocks jump from 2 to 3 that night: 1.45 is 45 minutes before 3.30."""
    berlin = ZoneInfo("Europe/Berlin")
    changed, now = datetime(2026, 3, 29, 1, 45, tzinfo=berlin), datetime(2026, 3, 29, 3, 30, tzinfo=berlin)
    signals, hourly = Signals(available=1, sold=10, days=1), policy(cool_down=timedelta(hours=1))
    assert propose("A", Money("10.00", "EUR"), hourly, signals, at=now, changed_at=changed).move is Move.COOLING_DOWN
    for wrong in ({"at": now.replace(tzinfo=None)}, {"changed_at": changed.replace(tzinfo=None)}):
        with pytest.raises(InvalidValue, match="timezone-aware"):
            propose("A", Money("10.00", "EUR"), hourly, signals, **{"at": now, "changed_at": changed} | wrong)
    with pytest.raises(InvalidValue, match=r"^available: a number of 16610 bits"):
        Signals(available=10**5000, sold=1, days=1)
