"""Where each condition begins and ends to hold, and what it says if it does not."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from tests.promotions.carts import NOW, cart, euro, line, outcome, percent, promotion

from commerce.kernel import Adjustment, AdjustmentKind, Money
from commerce.promotions import (
    AllOf,
    AnyOf,
    Basis,
    Condition,
    Contains,
    Dates,
    DistinctLines,
    FirstOrder,
    FixedOff,
    Hours,
    Not,
    PromotionContext,
    PromotionPolicy,
    Quantity,
    Selector,
    Subtotal,
    Weekdays,
    apply,
)
from commerce.promotions.calculators import Basket

HOLDS = ("applied", None)
SHOES = Selector(categories={"shoes"})
#: 60.00 in four units of three lines; two SKUs and 40.00 in three units are shoes.
CART = cart(
    line("a", 1, "10.00", "shoes"),
    line("a", 1, "10.00", "shoes", id="a2"),
    line("b", 1, "20.00", "shoes"),
    line("c", 1, "20.00"),
)


def told(condition: Condition, context: PromotionContext | None = None) -> tuple[str, Money | int | None]:
    """What a promotion with that condition says."""
    rule = promotion("p", percent(10), phase=AdjustmentKind.ORDER, conditions=[condition])
    found = outcome(apply(CART, [rule], context or PromotionContext(at=NOW)), "p")
    return found.reason, found.missing


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Subtotal(minimum=euro("60.00")), HOLDS),
        (Subtotal(minimum=euro("60.01")), ("below_minimum", euro("0.01"))),
        (Subtotal(maximum=euro("60.00")), HOLDS),
        (Subtotal(maximum=euro("59.99")), ("above_maximum", None)),
        (Subtotal(minimum=euro("40.00"), maximum=euro("40.00"), of=SHOES), HOLDS),
        (Subtotal(minimum=euro("45.00"), of=SHOES), ("below_minimum", euro("5.00"))),
        (Quantity(minimum=4), HOLDS),
        (Quantity(minimum=5), ("below_minimum", 1)),
        (Quantity(maximum=4), HOLDS),
        (Quantity(maximum=3), ("above_maximum", None)),
        (Quantity(minimum=3, maximum=3, of=SHOES), HOLDS),
        (Quantity(minimum=5, of=SHOES), ("below_minimum", 2)),
        (DistinctLines(minimum=3), HOLDS),
        (DistinctLines(minimum=4), ("below_minimum", 1)),
        (DistinctLines(maximum=3), HOLDS),
        (DistinctLines(maximum=2), ("above_maximum", None)),
        (DistinctLines(minimum=2, maximum=2, of=SHOES), HOLDS),
        (Contains(of=SHOES), HOLDS),
        (Contains(of=Selector(skus={"d"})), ("no_target", None)),
        (Not(condition=Contains(of=SHOES)), ("condition_not_met", None)),
        (Not(condition=Contains(of=Selector(skus={"d"}))), HOLDS),
    ],
)
def test_what_is_in_the_cart(condition: Condition, expected: tuple[str, object]) -> None:
    """Both ends belong to it, and a line that was split counts as one SKU."""
    assert told(condition) == expected


LITTLE, FEW = Subtotal(minimum=euro("70.00")), Quantity(minimum=9)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AllOf(conditions=(Quantity(minimum=1), Quantity(minimum=2))), HOLDS),
        (AllOf(conditions=(Quantity(minimum=1), LITTLE, FEW)), ("below_minimum", euro("10.00"))),
        (AnyOf(conditions=(LITTLE, FEW, Quantity(minimum=1))), HOLDS),
        (AnyOf(conditions=(FEW, LITTLE)), ("below_minimum", 5)),
        (Not(condition=AllOf(conditions=(FirstOrder(), Quantity(minimum=1)))), HOLDS),
    ],
)
def test_of_several_the_first_that_does_not_hold_says_why(condition: Condition, expected: tuple[str, object]) -> None:
    assert told(condition) == expected


def test_list_or_discounted_amounts() -> None:
    """After ten euros off, 60.00 are 50.00: by the policy, or as the condition says."""
    cut = promotion("cut", FixedOff(amount=euro("10.00")), priority=1)
    found = {}
    for basis in (None, *Basis):
        least = Subtotal(minimum=euro("55.00"), basis=basis)
        rule = promotion("p", FixedOff(amount=euro("1.00")), phase=AdjustmentKind.ORDER, conditions=[least])
        found[basis] = outcome(apply(CART, [cut, rule], PromotionContext(at=NOW)), "p")
    assert {basis: one.reason for basis, one in found.items()} == {
        None: "below_minimum",
        Basis.DISCOUNTED: "below_minimum",
        Basis.LIST: "applied",
    }
    assert found[None].missing == found[Basis.DISCOUNTED].missing == euro("5.00")


def test_what_others_took_off_is_no_slack() -> None:
    """Of 60.00 the staff took 5.00: from 52.00 after discounts 3.00 are left to take, whatever the policy counts."""
    staff = Adjustment(kind=AdjustmentKind.ITEM, source="staff", label="sorry", amount=euro("-5.00"))
    priced = evolve(CART, lines=(evolve(CART.lines[0], adjustments=(staff,)), *CART.lines[1:]))
    for threshold in Basis:
        policy = PromotionPolicy(name="made", threshold=threshold)
        basket = Basket(priced, PromotionContext(at=NOW), policy, frozenset())
        assert Subtotal(minimum=euro("52.00"), basis=Basis.DISCOUNTED).slack(basket) == 300


def test_dates_begin_with_their_start_and_end_before_their_end() -> None:
    day = timedelta(days=1)
    found = [
        told(Dates(starts_at=start, ends_at=end))[0]
        for start, end in (
            (NOW, None),
            (NOW + timedelta(microseconds=1), None),
            (None, NOW),
            (None, NOW + timedelta(microseconds=1)),
            (NOW - day, NOW + day),
            (NOW - day, NOW - timedelta(hours=1)),
        )
    ]
    assert found == ["applied", "not_started", "expired", "applied", "applied", "expired"]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (time(8), time(18), {8, 12, 17}),
        (time(22), time(6), {22, 23, 0, 5}),  # over midnight
        (time(6), time(22), {6, 8, 12, 17, 18, 21}),
    ],
)
def test_hours_begin_with_their_start_and_end_before_their_end(start: time, end: time, hours: set[int]) -> None:
    """On the clock of the shop's time zone: in Hanoi it is seven hours later than UTC."""
    condition = Hours(start=start, end=end)
    for hour in (0, 5, 6, 8, 12, 17, 18, 21, 22, 23):
        utc = PromotionContext(at=datetime(2026, 3, 1, hour, tzinfo=UTC))
        hanoi = PromotionContext(
            at=datetime(2026, 3, 1, hour, tzinfo=UTC) - timedelta(hours=7), timezone="Asia/Ho_Chi_Minh"
        )
        expected = "applied" if hour in hours else "wrong_time"
        assert (told(condition, utc)[0], told(condition, hanoi)[0]) == (expected, expected), hour


def test_a_weekday_is_that_of_the_shops_calendar() -> None:
    """Sunday at 20:00 UTC is Monday in Hanoi."""
    at = datetime(2026, 3, 1, 20, tzinfo=UTC)
    for zone, day in (("UTC", 7), ("Asia/Ho_Chi_Minh", 1)):
        context = PromotionContext(at=at, timezone=zone)
        found = {n: told(Weekdays(days={n}), context)[0] for n in range(1, 8)}
        assert [n for n, reason in found.items() if reason == "applied"] == [day]
        assert {reason for n, reason in found.items() if n != day} == {"wrong_time"}


def test_in_the_hour_that_happens_twice_the_later_one_is_later() -> None:
    """Summer time ends: 02:15 for the second time is after 02:30 for the first, though the clock says less."""
    berlin = ZoneInfo("Europe/Berlin")
    ends, later = datetime(2026, 10, 25, 2, 30, tzinfo=berlin), datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1)
    context = PromotionContext(at=later)
    rules = [promotion("p", percent(10), ends_at=ends), promotion("q", percent(10), conditions=[Dates(ends_at=ends)])]
    result = apply(CART, rules, context)
    assert [outcome(result, name).reason for name in "pq"] == ["expired", "expired"]
