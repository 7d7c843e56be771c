"""What each benefit takes off, worked out by hand: whose units, which boundary, which cent."""

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from tests.promotions.carts import NOW, cart, euro, line, now, outcome, percent, promotion

from commerce.kernel import QUICK_START, AdjustmentKind, Charge, Item, Line, Money, PricedCart, PricedCharge, Rounding
from commerce.promotions import (
    AmountTier,
    AmountTiers,
    Basis,
    Benefit,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    Choice,
    DeferredReward,
    FixedOff,
    FixedPrice,
    Gift,
    GiftLines,
    Level,
    NthItem,
    Per,
    PercentOff,
    PromotionContext,
    QuantityTier,
    QuantityTiers,
    Reward,
    Selector,
    ShippingOff,
    SomeUnits,
    apply,
)

FREE = Reward(percent=Decimal(100))
HALF = Reward(percent=Decimal(50))
CONTEXT = PromotionContext(at=NOW)


def only(*skus: str) -> Selector:
    return Selector(skus=set(skus))


def off(benefit: Benefit, priced: PricedCart, **facts: Any) -> list[str]:
    """What it takes off each line."""
    result = apply(priced, [promotion("p", benefit, **facts)], CONTEXT)
    return [str(one.discount.amount) for one in result.cart.lines]


def refused(benefit: Benefit, priced: PricedCart, **facts: Any) -> tuple[str, Money | int | None]:
    """Why it takes nothing, and what is missing."""
    found = outcome(apply(priced, [promotion("p", benefit, **facts)], CONTEXT), "p")
    return found.reason, found.missing


def goods(**quantities: tuple[int, str]) -> PricedCart:
    return cart(*(line(sku, quantity, price) for sku, (quantity, price) in quantities.items()))


@pytest.mark.parametrize(
    ("choice", "expected"), [(Choice.CHEAPEST, ["5.00", "10.00"]), (Choice.DEAREST, ["0.00", "20.00"])]
)
def test_some_units_are_the_cheapest_or_the_dearest(choice: Choice, expected: list[str]) -> None:
    """Half off two of three: one at 10.00 and two at 20.00."""
    assert off(SomeUnits(reward=HALF, count=2, choice=choice), goods(a=(1, "10.00"), b=(2, "20.00"))) == expected


@pytest.mark.parametrize(
    ("rounding", "expected"), [(Rounding.HALF_UP, "0.03"), (Rounding.DOWN, "0.02"), (Rounding.HALF_EVEN, "0.02")]
)
def test_a_reward_is_rounded_as_the_profile_says(rounding: Rounding, expected: str) -> None:
    """Half of 0.05 off one unit, and off shipping, which comes for half."""
    profile = evolve(QUICK_START, price_rounding=rounding)
    rules = [promotion("unit", SomeUnits(reward=HALF)), promotion("shipping", ShippingOff(reward=HALF))]
    result = apply(cart(line("a", 1, "0.05"), shipping="0.05", profile=profile), rules, CONTEXT)
    assert [str(part.discount.amount) for part in result.cart.parts] == [expected, expected]


@pytest.mark.parametrize(
    ("choice", "expected"), [(Choice.CHEAPEST, ["10.00", "0.00"]), (Choice.DEAREST, ["0.00", "20.00"])]
)
def test_of_what_is_bought_and_got_the_choice_is_free(choice: Choice, expected: list[str]) -> None:
    assert off(BuyXGetY(buy=1, choice=choice), goods(a=(1, "10.00"), b=(1, "20.00"))) == expected


@pytest.mark.parametrize(
    ("bought", "expected"),
    [
        (2, ["0.00", "10.00"]),  # both are needed to buy
        (3, ["5.00", "0.00"]),  # one is left, and it is the cheapest
    ],
)
def test_a_unit_that_is_needed_to_buy_is_not_got(bought: int, expected: list[str]) -> None:
    """Buy two of a, get one of a or b: the cheapest that is not needed."""
    benefit = BuyXGetY(buy=2, bought=only("a"))
    assert off(benefit, goods(a=(bought, "5.00"), b=(1, "10.00")), target=only("a", "b")) == expected


def test_what_is_left_of_what_was_bought_is_got_once() -> None:
    """Buy three of a or b, get two: of four one is left to be got, an a; the other unit is the c."""
    benefit = BuyXGetY(buy=3, get=2, bought=only("a", "b"))
    assert off(benefit, goods(a=(2, "5.00"), b=(2, "6.00"), c=(2, "10.00"))) == ["5.00", "0.00", "10.00"]


def test_an_amount_once_is_taken_off_the_dearest_unit() -> None:
    once = FixedOff(amount=euro("12.00"), per=Per.ONCE)
    assert off(once, goods(a=(9, "5.00"), b=(2, "10.00"))) == ["0.00", "10.00"], "no more than that unit costs"


@pytest.mark.parametrize(
    ("rounding", "reward", "expected"),
    [
        (Rounding.HALF_UP, Reward(price=euro("1.00")), "2.33"),
        (Rounding.DOWN, Reward(price=euro("1.00")), "2.32"),
        (Rounding.HALF_UP, Reward(percent=Decimal(100), acts_on=Basis.LIST), "3.33"),
        (Rounding.DOWN, Reward(percent=Decimal(100), acts_on=Basis.LIST), "3.32"),
    ],
)
def test_a_unit_costs_its_part_of_what_is_left(rounding: Rounding, reward: Reward, expected: str) -> None:
    """Three units, of which a discount left 9.98: one of them is 3.32 and two thirds; for 1.00 it saves the rest."""
    rules = [
        promotion("cut", FixedOff(amount=euro("0.01")), priority=1),
        promotion("one", SomeUnits(reward=reward)),
    ]
    profile = evolve(QUICK_START, price_rounding=rounding)
    result = apply(cart(line("a", 3, "3.33"), profile=profile), rules, CONTEXT)
    assert str(outcome(result, "one").amount.amount) == expected


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.UNIT, ["0.07", "0.04"]), (Level.LINE, ["0.06", "0.05"]), (Level.TOTAL, ["0.06", "0.05"])],
)
def test_a_percentage_is_rounded_where_it_says_and_as_the_profile_says(level: Level, expected: list[str]) -> None:
    """Half of two units at 0.05 and of one at 0.01: 2.5 and 2.5 and 0.5, or 5 and 0.5, or 5.5; half up, or down."""
    rule = promotion("p", PercentOff(percent=Decimal(50), level=level))
    found = []
    for rounding in (Rounding.HALF_UP, Rounding.DOWN):
        profile = evolve(QUICK_START, price_rounding=rounding)
        priced = cart(line("a", 2, "0.05"), line("b", 1, "0.01"), profile=profile)
        found.append(str(apply(priced, [rule], CONTEXT).cart.discount_total.amount))
    assert found == expected


def test_a_repeat_that_is_not_full_needs_all_that_it_costs() -> None:
    """Buy two of a, get two: of five a and two b three are got, for four that are bought: so one of them is an a."""
    benefit = BuyXGetY(buy=2, get=2, bought=only("a"))
    assert off(benefit, goods(a=(5, "5.00"), b=(2, "10.00")), target=only("a", "b")) == ["5.00", "20.00"]
    assert off(BuyXGetY(buy=2, get=2), goods(a=(7, "5.00"))) == ["15.00"], "four are bought, three got"
    assert off(BuyXGetY(buy=2, get=2, repeats=1), goods(a=(7, "5.00"))) == ["10.00"]


def test_what_must_be_bought_yet_is_said() -> None:
    """Of something else the units bought only; of the same the ones got too."""
    benefit = BuyXGetY(buy=2, bought=only("a"))
    assert refused(benefit, goods(a=(1, "5.00"), b=(1, "9.00")), target=only("b")) == ("below_minimum", 1)
    assert refused(BuyXGetY(buy=2), goods(a=(1, "5.00"))) == ("below_minimum", 2)


@pytest.mark.parametrize("target", [only("a"), only("a", "b")])
@pytest.mark.parametrize("bought", [None, only("a"), only("a", "c")])
@pytest.mark.parametrize(("buy", "get"), [(1, 1), (2, 1), (2, 3), (3, 2)])
def test_what_must_be_bought_yet_is_no_more_than_it_takes(
    target: Selector, bought: Selector | None, buy: int, get: int
) -> None:
    """With as many more of a as are said to be missing it applies, and with one less it does not."""
    benefit = BuyXGetY(buy=buy, get=get, bought=bought)
    for others in ({}, {"b": (1, "9.00")}, {"c": (1, "9.00")}, {"b": (2, "9.00"), "c": (1, "1.00")}):
        reason, missing = refused(benefit, goods(a=(1, "5.00"), **others), target=target)
        if reason == "below_minimum":
            assert isinstance(missing, int)
            assert refused(benefit, goods(a=(1 + missing, "5.00"), **others), target=target)[0] == "applied"
            if missing > 1:
                assert refused(benefit, goods(a=(missing, "5.00"), **others), target=target)[0] == reason


def test_every_nth_counts_from_the_dearest() -> None:
    """Of 10, 8, 6 and 4 the second and the fourth; once, the second."""
    priced = goods(a=(1, "4.00"), b=(1, "6.00"), c=(1, "8.00"), d=(1, "10.00"))
    assert off(NthItem(n=2, reward=FREE), priced) == ["4.00", "0.00", "8.00", "0.00"]
    assert off(NthItem(n=2, reward=FREE, repeats=1), priced) == ["0.00", "0.00", "8.00", "0.00"]
    assert off(NthItem(n=4, reward=FREE), priced) == ["4.00", "0.00", "0.00", "0.00"]
    assert refused(NthItem(n=5, reward=FREE), priced) == ("below_minimum", 1)


def test_units_of_lines_are_counted_and_not_lines() -> None:
    """Seven units: the third and the sixth, which stand in lines of two and of three."""
    priced = goods(a=(2, "9.00"), b=(2, "7.00"), c=(3, "5.00"))
    assert off(NthItem(n=3, reward=FREE), priced) == ["0.00", "7.00", "5.00"]
    assert off(NthItem(n=2, reward=FREE, repeats=2), priced) == ["9.00", "7.00", "0.00"]


def two_for(price: str, **facts: Any) -> BundlePrice:
    return BundlePrice(price=euro(price), parts=(BundlePart(quantity=2),), **facts)


def test_bundles_are_made_of_the_dearest_while_they_save() -> None:
    """Two for 25.00: 30 and 20 save 25.00, 18 and 9 save 2.00; two for 30.00: only the first pair saves."""
    priced = goods(a=(1, "30.00"), b=(1, "20.00"), c=(1, "18.00"), d=(1, "9.00"))
    assert sum(map(Decimal, off(two_for("25.00"), priced))) == 27
    assert off(two_for("25.00", repeats=1), priced) == ["15.00", "10.00", "0.00", "0.00"]
    assert off(two_for("30.00"), priced) == ["12.00", "8.00", "0.00", "0.00"]


def test_a_bundle_that_saves_a_cent_is_made_and_one_that_saves_none_is_not() -> None:
    assert off(two_for("19.99"), goods(a=(2, "10.00"))) == ["0.01"]
    assert refused(two_for("20.00"), goods(a=(2, "10.00"))) == ("not_needed", None)
    assert refused(two_for("5.00"), goods(a=(1, "10.00"))) == ("below_minimum", 1)


def test_bundles_repeat_as_often_as_they_may() -> None:
    """Six units make three; a line may be in several of them."""
    assert off(two_for("12.00"), goods(a=(6, "10.00"))) == ["24.00"]
    assert off(two_for("12.00", repeats=2), goods(a=(6, "10.00"))) == ["16.00"]
    assert off(two_for("12.00"), goods(a=(3, "10.00"), b=(1, "20.00"))) == ["15.60", "10.40"], "by what is bundled"


def test_parts_of_a_bundle_share_a_line_but_no_unit() -> None:
    """One of a and one of any: two units of a. And who takes anything leaves a to the part that needs two of it."""
    pair = BundlePrice(price=euro("15.00"), parts=(BundlePart(of=only("a")), BundlePart()))
    assert off(pair, goods(a=(2, "10.00"))) == ["5.00"]
    three = BundlePrice(price=euro("25.00"), parts=(BundlePart(), BundlePart(of=only("a"), quantity=2)))
    assert off(three, goods(a=(2, "10.00"), b=(1, "9.00"))) == ["2.76", "1.24"]


def test_tiers_of_units_begin_and_end_where_they_say() -> None:
    tiers = QuantityTiers(
        tiers=(
            QuantityTier(start=3, below=6, benefit=percent(10)),
            QuantityTier(start=6, below=9, benefit=percent(20)),
        )
    )
    found = {n: off(tiers, goods(a=(n, "10.00"))) for n in (2, 3, 5, 6, 8, 9)}
    assert found == {2: ["0.00"], 3: ["3.00"], 5: ["5.00"], 6: ["12.00"], 8: ["16.00"], 9: ["0.00"]}
    assert refused(tiers, goods(a=(1, "10.00"), b=(1, "1.00"))) == ("below_minimum", 1)
    assert refused(tiers, goods(a=(9, "10.00"))) == ("above_maximum", None)


def test_tiers_of_an_amount_begin_and_end_where_they_say() -> None:
    tiers = AmountTiers(
        tiers=(
            AmountTier(start=euro("30.00"), below=euro("60.00"), benefit=percent(10)),
            AmountTier(start=euro("60.00"), below=euro("90.00"), benefit=percent(20)),
        )
    )
    found = {price: off(tiers, goods(a=(1, price))) for price in ("29.90", "30.00", "59.90", "60.00", "89.90", "90.00")}
    assert list(found.values()) == [["0.00"], ["3.00"], ["5.99"], ["12.00"], ["17.98"], ["0.00"]]
    assert refused(tiers, goods(a=(1, "29.90"))) == ("below_minimum", euro("0.10"))
    assert refused(tiers, goods(a=(1, "90.00"))) == ("above_maximum", None)


def test_the_last_tier_may_be_open() -> None:
    units = QuantityTiers(
        tiers=(QuantityTier(start=1, below=2, benefit=percent(10)), QuantityTier(start=2, benefit=percent(20)))
    )
    amounts = AmountTiers(
        tiers=(
            AmountTier(start=euro("1.00"), below=euro("2.00"), benefit=percent(10)),
            AmountTier(start=euro("2.00"), benefit=percent(20)),
        )
    )
    for tiers in (units, amounts):
        assert off(tiers, goods(a=(99, "1.00"))) == ["19.80"]


def test_what_costs_the_price_already_stays() -> None:
    assert off(FixedPrice(price=euro("9.00")), goods(a=(2, "10.00"), b=(3, "9.00"), c=(1, "8.00"))) == [
        "2.00",
        "0.00",
        "0.00",
    ]


def test_shipping_may_be_rewarded_by_its_list_price() -> None:
    """Half of 5.00, and then half of 5.00 again or half of what is left."""
    again = Reward(percent=Decimal(50), acts_on=Basis.LIST)
    for reward, left in ((again, "0.00"), (HALF, "1.25")):
        rules = [
            promotion("first", ShippingOff(reward=HALF), priority=1),
            promotion("second", ShippingOff(reward=reward)),
        ]
        result = apply(cart(line("a", 1, "9.00"), shipping="5.00"), rules, CONTEXT)
        assert str(result.cart.charges[0].total.amount) == left


def test_every_shipping_charge_is_rewarded_and_no_other() -> None:
    charges = tuple(
        PricedCharge(charge=Charge(id=id, label=id, subtotal=euro("4.00")))
        for id in ("shipping-1", "fee", "shipping-2")
    )
    result = apply(cart(line("a", 1, "9.00"), charges=charges), [promotion("p", ShippingOff())], CONTEXT)
    assert [str(charge.discount.amount) for charge in result.cart.charges] == ["4.00", "0.00", "4.00"]


@pytest.mark.parametrize("per", Per)
def test_a_charge_is_one_unit(per: Per) -> None:
    rule = promotion("p", FixedOff(amount=euro("2.00"), per=per), phase=AdjustmentKind.SHIPPING)
    assert apply(cart(line("a", 3, "9.00"), shipping="5.00"), [rule], CONTEXT).cart.discount_total == euro("2.00")


def test_the_order_of_charges_moves_no_cent() -> None:
    """Of two equal ones the first by id gets the odd cent."""
    charges = [
        PricedCharge(charge=Charge(id=id, label=id, subtotal=euro("1.00"))) for id in ("shipping-2", "shipping-1")
    ]
    rule = promotion("p", FixedOff(amount=euro("0.01")), phase=AdjustmentKind.SHIPPING)
    for some in (charges, charges[::-1]):
        found = apply(cart(line("a", 1, "9.00"), charges=tuple(some)), [rule], CONTEXT).cart.charges
        assert {one.charge.id: str(one.discount.amount) for one in found} == {
            "shipping-1": "0.01",
            "shipping-2": "0.00",
        }


@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.DOWN])
def test_a_reward_for_later_is_a_part_of_what_is_paid_now(rounding: Rounding) -> None:
    """Ten percent of 10.00 less 1.05 is 0.895."""
    profile = evolve(QUICK_START, price_rounding=rounding)
    rules = [
        promotion("cut", percent("10.5")),
        promotion("later", DeferredReward(percent=Decimal(10))),
        promotion("plain", DeferredReward(amount=euro("3.00"), pays="coupon")),
        promotion("points", DeferredReward(points=7, pays="points")),
    ]
    result = apply(cart(line("a", 1, "10.00"), profile=profile), rules, CONTEXT)
    grants = {grant.promotion_id: (grant.kind, grant.amount, grant.units) for grant in result.grants}
    assert grants == {
        "later": ("store_credit", euro("0.90" if rounding is Rounding.HALF_UP else "0.89"), None),
        "plain": ("coupon", euro("3.00"), None),
        "points": ("points", None, 7),
    }


@pytest.mark.parametrize("included", [True, False])
def test_a_gift_is_a_line_like_the_others(included: bool) -> None:
    """Its price is in their terms, net or gross; what costs nothing anyway needs no discount."""
    context = now(
        gifts={
            "g": Line.of("g", Item(sku="g"), 1, euro("5.00")),
            "zero": Line.of("zero", Item(sku="zero"), 1, euro("0.00")),
        }
    )
    gifts = GiftLines(gifts=(Gift(sku="g", quantity=2), Gift(sku="zero")))
    priced = evolve(goods(a=(1, "9.00")), tax_included=included)
    found = apply(priced, [promotion("p", gifts, phase=AdjustmentKind.ORDER)], context).gifts
    assert [(gift.line.item.sku, gift.tax_included) for gift in found] == [("g", included), ("zero", included)]
    assert [[str(one.amount.amount) for one in gift.adjustments] for gift in found] == [["-10.00"], []]
