"""Carts in which somebody else was at work before: parts that cost less than nothing, and surcharges."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from tests.promotions.carts import Maker, cart, euro, line, makers, now, outcome, percent, promotion

from commerce.kernel import Adjustment, AdjustmentKind, Item, Line, Money, PricedCart, PricedLine
from commerce.promotions import (
    Basis,
    Benefit,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    FixedOff,
    FixedPrice,
    GroupChoice,
    Level,
    NthItem,
    Per,
    PercentOff,
    PromotionPolicy,
    Reason,
    Reward,
    SomeUnits,
    StackingMode,
    apply,
)

FREE = Reward(percent=Decimal(100))


def changed(part: PricedLine, amount: Money) -> PricedLine:
    """A line that staff made dearer or cheaper."""
    by = Adjustment(kind=AdjustmentKind.ITEM, source="staff", label="Staff", amount=amount)
    return evolve(part, adjustments=(by,))


def traded_in(price: str) -> PricedLine:
    return PricedLine(line=Line.of("old", Item(sku="old"), 1, euro(price)))


@pytest.mark.parametrize(
    "benefit",
    [
        SomeUnits(reward=FREE),
        SomeUnits(reward=Reward(percent=Decimal(50), acts_on=Basis.LIST)),
        NthItem(n=2, reward=FREE),
        BuyXGetY(buy=1),
        PercentOff(percent=Decimal(50), acts_on=Basis.LIST),
        *(PercentOff(percent=Decimal(50), level=level) for level in Level),
        *(FixedOff(amount=euro("1.00"), per=per) for per in Per),
        FixedPrice(price=euro("1.00")),
        BundlePrice(price=euro("1.00"), parts=(BundlePart(),)),
    ],
    ids=lambda benefit: benefit.kind,
)
@pytest.mark.parametrize(
    "odd", [changed(line("old", 1, "10.00"), euro("-12.00")), traded_in("-2.00")], ids=["cut", "traded in"]
)
def test_what_costs_less_than_nothing_stays_as_it_is(benefit: Benefit, odd: PricedLine) -> None:
    """A credit of 2.00 beside a unit at 4.00: no promotion makes it smaller, or takes less than nothing off."""
    result = apply(cart(odd, line("new", 1, "4.00")), [promotion("p", benefit)], now())
    assert result.cart.lines[0].total == euro("-2.00")
    assert euro("0.00") <= result.cart.lines[1].discount <= euro("4.00")
    assert outcome(result, "p").amount == result.cart.lines[1].discount


def test_half_of_a_cart_is_half_of_what_costs_something() -> None:
    """4.00 less 50 %, whatever credit is beside it and wherever it is rounded; and so is an amount spread over it."""
    for benefit in (*(PercentOff(percent=50, level=level) for level in Level), FixedOff(amount=euro("2.00"))):
        result = apply(cart(traded_in("-2.00"), line("new", 1, "4.00")), [promotion("p", benefit)], now())
        assert [str(one.discount.amount) for one in result.cart.lines] == ["0.00", "2.00"]


def test_a_category_of_credits_has_nothing_to_take_off() -> None:
    credit = PricedLine(line=Line.of("old", Item(sku="old", categories=frozenset({"shoes"})), 1, euro("-9.00")))
    policy = PromotionPolicy(name="capped", category_caps={"shoes": Decimal(50)})
    result = apply(cart(credit, line("new", 1, "4.00", "shoes")), [promotion("p", percent(50))], now(), policy)
    assert outcome(result, "p").reason == Reason.NOT_NEEDED


def test_a_line_cap_is_of_the_list_amount_whatever_others_added() -> None:
    """10.00 with a surcharge of 10.00: at most 4.00 off; with 3.00 off by others, 1.00 is left."""
    policy = PromotionPolicy(name="capped", line_cap=Decimal(40))
    for change, most in (("10.00", "4.00"), ("-3.00", "1.00"), ("-5.00", "0.00")):
        priced = cart(changed(line("a", 1, "10.00"), euro(change)))
        assert outcome(apply(priced, [promotion("p", percent(100))], now(), policy), "p").amount == euro(most)


def odd_cart(maker: Maker) -> PricedCart:
    """One of every cart, where others made some lines dearer or cheaper, to below zero too."""
    priced = maker.cart()
    lines = [changed(one, maker.money(-4000, 4000)) if maker.one(True, False) else one for one in priced.lines]
    return evolve(priced, lines=tuple(lines))


@given(makers())
@settings(max_examples=300)
def test_no_promotion_makes_anything_dearer(maker: Maker) -> None:
    """What others left is lowered, never below zero, and what is below stays; all are told what they took."""
    _, rules, context, policy = maker.case(None, 6, tuple(GroupChoice))
    priced = odd_cart(maker)
    result = apply(priced, rules, context, policy)
    before = {one.line.id: one.total for one in priced.lines}
    for one in result.cart.lines:
        if one.line.id in before:
            was = before[one.line.id]
            assert min(was, was * 0) <= one.total <= was
    assert all(one.amount.minor >= 0 for one in result.outcomes)


@given(makers())
@settings(max_examples=60)
def test_in_odd_carts_too_no_single_promotion_takes_more_than_the_best(maker: Maker) -> None:
    _, rules, context, policy = maker.case(StackingMode.BEST_COMBINATION, 4, tuple(GroupChoice))
    rules = [rule for rule in rules if not rule.stacking.group]
    assume(rules)
    priced = odd_cart(maker)
    best = sum(one.amount.minor for one in apply(priced, rules, context, policy).outcomes)
    for rule in rules:
        assert sum(one.amount.minor for one in apply(priced, [rule], context, policy).outcomes) <= best
