"""Limits, caps, gifts and lines, where one unit or one cent more or less would show."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen
from tests.promotions.carts import cart, euro, line, now, percent, promotion

from commerce.kernel import QUICK_START, AdjustmentKind, Allocation, Item, Line, Price, Rounding
from commerce.promotions import (
    Benefit,
    Counter,
    Coupon,
    FixedOff,
    Gift,
    GiftLines,
    Grant,
    Limits,
    Per,
    Period,
    PromotionBook,
    PromotionPolicy,
    PromotionResult,
    Reason,
    Selector,
    ShippingOff,
    Stacking,
    StackingMode,
    Subtotal,
    Work,
    apply,
)

PER_LINE = PromotionPolicy(name="per line", stacking=StackingMode.BEST_PER_LINE)
CAP = Line.of("cap", Item(sku="CAP"), 1, euro("4.00"))


def applied(result: PromotionResult) -> list[str]:
    return [outcome.promotion_id for outcome in result.applied]


@pytest.mark.parametrize(
    ("limits", "counter", "last", "full"),
    [
        (Limits(total=2), "p/total", 1, Reason.LIMIT_REACHED),
        (Limits(total=1), "p/total", 0, Reason.LIMIT_REACHED),
        (Limits(per_customer=3), "p/customer/ada", 2, Reason.LIMIT_REACHED),
        (Limits(budget=euro("5.00")), "p/budget", 499, Reason.BUDGET_SPENT),
    ],
)
def test_a_limit_is_reached_by_its_last_use(limits: Limits, counter: str, last: int, full: Reason) -> None:
    """The last use is given, one more is not."""
    rule, priced = promotion("p", percent(10), limits=limits), cart(line("A", 1, "10.00"))
    used = {counter: last} if last else {}
    assert apply(priced, [rule], now(customer_id="ada", used=used)).applied
    (outcome,) = apply(priced, [rule], now(customer_id="ada", used={counter: last + 1})).outcomes
    assert outcome.reason == full


@pytest.mark.parametrize(
    ("limits", "own", "moved"),
    [
        (Limits(), None, []),
        (Limits(), 7, [("p/code/X", 1, 7)]),
        (Limits(per_code=2), None, [("p/code/X", 1, 2)]),
        (Limits(per_code=2), 7, [("p/code/X", 1, 7)]),
        (
            Limits(total=9, per_customer=3, per_code=2, per_period=4, period=Period.DAY, budget=euro("5.00")),
            None,
            [
                ("p/budget", 100, 500),
                ("p/code/X", 1, 2),
                ("p/customer/ada", 1, 3),
                ("p/day/2026-03-01", 1, 4),
                ("p/total", 1, 9),
            ],
        ),
    ],
)
def test_a_use_moves_every_counter_that_has_a_limit(
    limits: Limits, own: int | None, moved: list[tuple[str, int, int]]
) -> None:
    """One use, or the cents that it took off the budget; a code's own limit goes before that of its promotion."""
    rule = promotion("p", percent(10), limits=limits, automatic=False)
    context = now(customer_id="ada", codes=["x"], coupons=(Coupon(code="X", promotion_id="p", limit=own),))
    (use,) = apply(cart(line("A", 1, "10.00")), [rule], context).uses
    assert use.counters == tuple(Counter(name=name, step=step, limit=limit) for name, step, limit in moved)


@pytest.mark.parametrize(
    ("period", "at", "name"),
    [
        (Period.DAY, datetime(2026, 3, 1, 22, 59, tzinfo=UTC), "day/2026-03-01"),
        (Period.DAY, datetime(2026, 3, 1, 23, 0, tzinfo=UTC), "day/2026-03-02"),
        (Period.WEEK, datetime(2026, 3, 1, 22, 59, tzinfo=UTC), "week/2026-W09"),
        (Period.WEEK, datetime(2026, 3, 1, 23, 0, tzinfo=UTC), "week/2026-W10"),
        (Period.WEEK, datetime(2027, 1, 1, tzinfo=UTC), "week/2026-W53"),  # ISO 8601: the week of its Thursday
        (Period.MONTH, datetime(2026, 2, 28, 23, 0, tzinfo=UTC), "month/2026-03"),
        (Period.YEAR, datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "year/2026"),
        (Period.YEAR, datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "year/2027"),
    ],
)
def test_a_period_is_that_of_the_shops_calendar(period: Period, at: datetime, name: str) -> None:
    """In Berlin a day, week, month or year begins an hour before it does in UTC."""
    rule = promotion("p", percent(10), limits=Limits(per_period=1, period=period))
    assert PromotionBook([rule]).counter_names(now(at=at, timezone="Europe/Berlin")) == {f"p/{name}"}


def test_only_counters_of_what_a_cart_may_meet_are_asked_for() -> None:
    """Ten thousand limited promotions for other goods cost no statement; a code's counter is always asked for."""
    few = Limits(total=5)
    rules = [
        promotion("here", percent(1), target=Selector(skus={"A"}), limits=few),
        promotion("there", percent(1), target=Selector(skus={"B"}), limits=few),
        promotion("free", percent(1)),
        promotion("coded", percent(1), target=Selector(skus={"B"}), automatic=False),
    ]
    book, coupon = PromotionBook(rules), Coupon(code="c", promotion_id="coded", limit=1)
    assert book.counter_names(now(), cart(line("A", 1, "1.00"))) == {"here/total"}
    assert book.counter_names(now(coupons=[coupon]), cart(line("A", 1, "1.00"))) == {"here/total", "coded/code/C"}
    assert book.counter_names(now()) == {"here/total", "there/total"}


def test_per_line_every_phase_keeps_its_reasons() -> None:
    rules = [
        promotion("item", percent(10), conditions=[Subtotal(minimum=euro("11.00"))]),
        promotion("order", percent(10), phase=AdjustmentKind.ORDER, conditions=[Subtotal(minimum=euro("12.00"))]),
    ]
    result = apply(cart(line("A", 1, "10.00")), rules, now(), PER_LINE)
    assert [(outcome.reason, outcome.missing) for outcome in result.outcomes] == [
        (Reason.BELOW_MINIMUM, euro("1.00")),
        (Reason.BELOW_MINIMUM, euro("2.00")),
    ]


def test_per_line_a_group_that_has_a_line_gets_no_other_whoever_won_in_between() -> None:
    group = Stacking(group="g")
    rules = [
        promotion("a", percent(30), target=Selector(skus={"A"}), stacking=group),
        promotion("b", percent(20), target=Selector(skus={"B"})),
        promotion("c", percent(10), target=Selector(skus={"C"}), stacking=group),
    ]
    priced = cart(*(line(sku, 1, "10.00") for sku in ("A", "B", "C")))
    assert sorted(applied(apply(priced, rules, now(), PER_LINE))) == ["a", "b"]


@frozen(kw_only=True)
class Bonus(Benefit):
    """Some cents off each line, a cap and points: a kind of a plugin in the item phase."""

    kind: ClassVar[str] = "bonus"
    phases: ClassVar[frozenset[AdjustmentKind]] = frozenset({AdjustmentKind.ITEM})

    off: int = 0
    gifts: tuple[Gift, ...] = (Gift(sku="CAP"),)

    def shares(self, work: Work) -> list[int]:
        return [self.off] * len(work.places)

    def grants(self, work: Work, promotion_id: str) -> tuple[Grant, ...]:
        return (Grant(promotion_id=promotion_id, kind="points", units=7),)


def given(*rules: Any) -> tuple[dict[str, str], list[str], list[int | None]]:
    result = apply(cart(line("A", 1, "10.00"), line("B", 1, "9.00")), rules, now(gifts={"CAP": CAP}), PER_LINE)
    amounts = {outcome.promotion_id: str(outcome.amount.amount) for outcome in result.applied}
    return amounts, [gift.line.id for gift in result.gifts], [grant.units for grant in result.grants]


def test_per_line_what_is_given_beside_the_price_comes_with_a_line() -> None:
    """With the lines that it won, or if it asks for none; not if all its lines went to others."""
    bonus, ten = promotion("bonus", Bonus(off=50)), percent(10)
    assert given(bonus) == ({"bonus": "5.00"}, ["gift:bonus:CAP"], [7])
    on_a = promotion("ten", ten, target=Selector(skus={"A"}))
    assert given(bonus, on_a) == ({"bonus": "4.50", "ten": "1.00"}, ["gift:bonus:CAP"], [7])
    assert given(bonus, promotion("ten", ten)) == ({"ten": "1.90"}, [], [])
    assert given(promotion("free", Bonus()), promotion("ten", ten)) == (
        {"free": "4.00", "ten": "1.90"},
        ["gift:free:CAP"],
        [7],
    )


def test_per_line_of_a_group_one_gives_something_beside_the_price() -> None:
    group = Stacking(group="g")
    rules = [promotion("a", Bonus(), stacking=group), promotion("b", Bonus()), promotion("c", Bonus(), stacking=group)]
    assert given(*rules)[0] == {"a": "4.00", "b": "4.00"}
    on_a = promotion("ten", percent(10), target=Selector(skus={"A"}), stacking=group)
    assert given(on_a, *rules)[0] == {"b": "4.00", "ten": "1.00"}


@pytest.mark.parametrize(
    ("allocation", "shares"),
    [
        (Allocation.REMAINDER_FIRST, ["0.34", "0.33", "0.33"]),
        (Allocation.REMAINDER_LAST, ["0.33", "0.33", "0.34"]),
    ],
)
def test_what_a_cap_leaves_is_shared_as_the_profile_says(allocation: Allocation, shares: list[str]) -> None:
    """1.00 of 3.00 over three equal lines: by the cap of a promotion, or of a category."""
    profile = evolve(QUICK_START, allocation=allocation)
    priced = cart(*(line(sku, 1, "10.00", "shoes") for sku in ("A", "B", "C")), profile=profile)
    own = apply(priced, [promotion("p", percent(10), cap=euro("1.00"))], now())
    shoes = PromotionPolicy(name="shoes", category_caps={"shoes": Decimal("3.3334")})
    capped = apply(priced, [promotion("p", percent(10))], now(), shoes)
    for result in (own, capped):
        assert [str(each.discount.amount) for each in result.cart.lines] == shares


def test_a_capped_category_leaves_shipping_alone() -> None:
    """10 % of 10.00 may be taken off the shoes; free shipping takes 5.00 off the shipping."""
    policy = PromotionPolicy(name="shoes", category_caps={"shoes": Decimal(10)})
    priced = cart(line("A", 1, "10.00", "shoes"), shipping="5.00")
    assert apply(priced, [promotion("ship", ShippingOff())], now(), policy).cart.discount_total == euro("5.00")


@pytest.mark.parametrize(("cap", "amount"), [("4.00", "4.00"), ("3.99", "0.00")])
def test_a_gift_may_be_worth_its_cap_and_not_a_cent_more(cap: str, amount: str) -> None:
    rule = promotion("gift", GiftLines(gifts=(Gift(sku="CAP"),)), cap=euro(cap))
    (outcome,) = apply(cart(line("A", 1, "10.00")), [rule], now(gifts={"CAP": CAP})).outcomes
    assert outcome.amount == euro(amount)


SCREWS, LEAFLET = Price(euro("3.75"), per=100), Price(euro("0.00"))


@pytest.mark.parametrize(
    ("price", "rounding", "worth"),
    [
        (SCREWS, Rounding.HALF_UP, "1.58"),
        (SCREWS, Rounding.DOWN, "1.57"),
        (SCREWS, Rounding.UP, "1.58"),
        (LEAFLET, Rounding.HALF_UP, "0.00"),
    ],
)
def test_a_gift_is_worth_what_the_cart_would_ask_for_it(price: Price, rounding: Rounding, worth: str) -> None:
    """42 screws at 3.75 per 100 are 1.575, rounded as every price of the shop; a leaflet is worth nothing."""
    profile = evolve(QUICK_START, price_rounding=rounding)
    one = evolve(CAP, item=Item(sku="G"), unit_price=price, subtotal=price.times(1, rounding))
    rule = promotion("gift", GiftLines(gifts=(Gift(sku="G", quantity=42),)))
    result = apply(cart(line("A", 1, "10.00"), profile=profile), [rule], now(gifts={"G": one}))
    assert applied(result) == ["gift"]
    assert (result.outcomes[0].amount, result.gifts[0].subtotal) == (euro(worth), euro(worth))


def test_a_discount_gives_way_to_a_gift_that_is_dearer_than_what_it_is_for() -> None:
    """3.00 off the tent would cost the cap, worth 4.00, that comes with a sticker for 1.00 and a tent for 60.00."""
    cut = promotion("cut", FixedOff(amount=euro("3.00"), per=Per.ONCE), target=Selector(skus={"TENT"}))
    gift = promotion(
        "gift",
        GiftLines(gifts=(Gift(sku="CAP"),)),
        target=Selector(skus={"STICKER"}),
        conditions=[Subtotal(minimum=euro("60.00"), of=Selector(skus={"TENT"}))],
    )
    priced = cart(line("STICKER", 1, "1.00"), line("TENT", 1, "60.00"))
    assert applied(apply(priced, [cut, gift], now(gifts={"CAP": CAP}))) == ["gift"]
