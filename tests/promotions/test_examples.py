"""Golden numbers and what each kind of promotion does, by example."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from attrs import frozen
from tests.promotions.carts import NOW, cart, euro, line, now, percent, promotion

from commerce.adapters.promotion_json import PromotionJson
from commerce.kernel import AdjustmentKind, CurrencyMismatch, InvalidValue, Item, Line, Money, Price, PricedLine
from commerce.promotions import (
    Basis,
    Basket,
    Benefit,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    Choice,
    Code,
    Condition,
    Country,
    CurrencyIs,
    DeferredReward,
    FixedOff,
    FixedPrice,
    Gift,
    GiftLines,
    GroupChoice,
    InvalidPromotion,
    Level,
    NthItem,
    Per,
    PercentOff,
    PointsMultiplier,
    PromotionBook,
    PromotionPolicy,
    QuantityTier,
    QuantityTiers,
    Reason,
    Reward,
    Selector,
    ShippingOff,
    SomeUnits,
    Stacking,
    StackingMode,
    Subtotal,
    Unmet,
    apply,
    hooks,
)
from commerce.runtime import build_hooks, hookimpl

ORDER = AdjustmentKind.ORDER


def discounts(priced: Any, *promotions: Any, **context: Any) -> list[str]:
    result = apply(priced, promotions, now(**context))
    return [str(part.discount.amount) for part in result.cart.parts]


def test_shares_of_an_order_discount() -> None:
    """15.00 over 22, 14, 43, 7.50 and 0; 2.99 over 43, 14 and 23: largest remainder."""
    priced = cart(*(line(f"L{n}", 1, p) for n, p in enumerate(["22.00", "14.00", "43.00", "7.50", "0.00"])))
    fifteen = promotion("p", FixedOff(amount=euro("15.00")), phase=ORDER)
    assert discounts(priced, fifteen) == ["3.81", "2.43", "7.46", "1.30", "0.00"]
    priced = cart(*(line(f"L{n}", 1, p) for n, p in enumerate(["43.00", "14.00", "23.00"])))
    assert discounts(priced, promotion("p", FixedOff(amount=euro("2.99")), phase=ORDER)) == ["1.61", "0.52", "0.86"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.LINE, ["220.08", "113.93"]), (Level.UNIT, ["220.08", "113.94"]), (Level.TOTAL, ["220.08", "113.94"])],
)
def test_ten_percent_rounded_per_line_unit_or_total(level: Level, expected: list[str]) -> None:
    """10 % of 733.61 x 3 + 569.67 x 2, the discounts behind 3667.52, 3667.51 and 3667.50 with 22 % tax."""
    priced = cart(line("A", 3, "733.61"), line("B", 2, "569.67"))
    assert discounts(priced, promotion("p", PercentOff(percent=Decimal(10), level=level))) == expected


@pytest.mark.parametrize(
    ("benefit", "expected"),
    [
        (FixedOff(amount=euro("1.00"), per=Per.UNIT), ["3.00", "1.00"]),
        (FixedOff(amount=euro("1.00"), per=Per.LINE), ["1.00", "1.00"]),
        (FixedOff(amount=euro("8.00"), per=Per.SPREAD), ["6.00", "2.00"]),
        (FixedOff(amount=euro("12.00"), per=Per.ONCE), ["10.00", "0.00"]),
        (FixedOff(amount=euro("99.00")), ["30.00", "10.00"]),
        (FixedPrice(price=euro("7.50")), ["7.50", "2.50"]),
        (BundlePrice(price=euro("25.00"), parts=(BundlePart(quantity=3),)), ["5.00", "0.00"]),
        (BuyXGetY(buy=2, get=1), ["10.00", "0.00"]),
        (BuyXGetY(buy=1, get=1, reward=Reward(percent=Decimal(50))), ["10.00", "0.00"]),
        (BuyXGetY(buy=1, bought=Selector(skus={"B"}), choice=Choice.DEAREST), ["10.00", "0.00"]),
        (BuyXGetY(buy=1, repeats=1), ["10.00", "0.00"]),
        (NthItem(n=2, reward=Reward(amount=euro("3.00"))), ["3.00", "3.00"]),
        (SomeUnits(reward=Reward(price=euro("1.00")), count=2), ["18.00", "0.00"]),
        (
            QuantityTiers(
                tiers=(QuantityTier(start=2, below=4, benefit=percent(5)), QuantityTier(start=4, benefit=percent(20)))
            ),
            ["6.00", "2.00"],
        ),
    ],
)
def test_every_kind_of_benefit(benefit: Any, expected: list[str]) -> None:
    """Three A and one B at 10.00 each."""
    assert discounts(cart(line("A", 3, "10.00"), line("B", 1, "10.00")), promotion("p", benefit)) == expected


def test_gifts_are_lines_of_their_own_and_can_be_refused() -> None:
    """The gift is on the bill at its price and costs nothing; what is refused or missing is told."""
    priced = cart(line("A", 1, "10.00"))
    cap = Line.of("x", Item(sku="CAP"), 1, euro("4.00"))
    rule = promotion("p", GiftLines(gifts=(Gift(sku="CAP", quantity=2),)))
    result = apply(priced, [rule], now(gifts={"CAP": cap}))
    (gift,) = result.gifts
    assert (gift.line.quantity, gift.subtotal, gift.total) == (2, euro("8.00"), euro("0.00"))
    assert result.cart.grand_total == euro("10.00")
    assert apply(priced, [rule], now()).outcomes[0].reason == Reason.GIFT_UNAVAILABLE
    assert apply(priced, [rule], now(refused_gifts={"CAP"})).outcomes[0].reason == Reason.GIFT_REFUSED


def test_a_gift_worth_nothing_is_given_once_however_often_the_cart_is_priced() -> None:
    free = Line.of("x", Item(sku="LEAFLET"), 1, euro("0.00"))
    book = PromotionBook([promotion("p", GiftLines(gifts=(Gift(sku="LEAFLET"),)))])
    once = book.apply(cart(line("A", 1, "10.00")), now(gifts={"LEAFLET": free}))
    assert book.apply(once.cart, now(gifts={"LEAFLET": free})).cart == once.cart
    assert [part.line.id for part in once.cart.lines] == ["A", "gift:p:LEAFLET"]


def test_a_gift_dearer_than_the_cap_is_not_given() -> None:
    cap = Line.of("x", Item(sku="CAP"), 1, euro("4.01"))
    rule = promotion("p", GiftLines(gifts=(Gift(sku="CAP"),)), cap=euro("4.00"))
    assert apply(cart(line("A", 1, "10.00")), [rule], now(gifts={"CAP": cap})).outcomes[0].reason == Reason.BUDGET_SPENT


@pytest.mark.parametrize(
    ("reward", "off"),
    [
        (Reward(percent=Decimal(100), acts_on=Basis.LIST), "5.00"),
        (Reward(percent=Decimal(40), acts_on=Basis.LIST), "4.00"),
        (Reward(amount=euro("8.00")), "5.00"),
        (Reward(price=euro("1.00")), "4.00"),
    ],
)
def test_a_rewarded_unit_loses_no_more_than_it_still_costs(reward: Reward, off: str) -> None:
    """Two units of 10.00 are at half the price; one of them is rewarded, the other one is not touched."""
    half = promotion("half", percent(50), priority=9)
    rule = promotion("p", SomeUnits(reward=reward), phase=ORDER)
    result = apply(cart(line("A", 2, "10.00")), [half, rule], now())
    assert result.cart.discount_total == euro("10.00") + euro(off)


def test_a_reward_on_the_list_price_may_rise_when_others_go_first() -> None:
    """11.00 off the dear one make it the cheapest, and half its list price more than half of the other's."""
    rules = [
        promotion("a", FixedOff(amount=euro("11.00")), target=Selector(skus={"A"})),
        promotion("b", SomeUnits(reward=Reward(percent=Decimal(50), acts_on=Basis.LIST)), phase=ORDER),
        promotion("c", FixedOff(amount=euro("18.00")), stacking=Stacking(classes=())),
    ]
    result = apply(cart(line("A", 1, "20.00"), line("B", 1, "10.00")), rules, now())
    assert (result.cart.discount_total, result.bound_hit) == (euro("20.00"), False)


def test_all_off_leaves_nothing_of_units_that_do_not_divide() -> None:
    """Three for 10.00: rounded on each unit, 3.33 three times would leave a cent."""
    each = Price(euro("10.00"), per=3)
    odd = PricedLine(line=Line(id="A", item=Item(sku="A"), quantity=3, unit_price=each, subtotal=euro("10.00")))
    rule = promotion("p", PercentOff(percent=Decimal(100), level=Level.UNIT))
    assert apply(cart(odd), [rule], now()).cart.grand_total == euro("0.00")


def test_a_floor_is_rounded_up_and_in_the_currency_of_the_cart() -> None:
    """1.00 for three is 0.67 for two, and 0.34 for one."""
    priced, rule = cart(line("A", 2, "9.00")), promotion("p", percent(100))
    left = apply(priced, [rule], now(floors={"A": Price(euro("1.00"), per=3)})).cart.grand_total
    assert left == euro("0.67")
    one = apply(cart(line("A", 1, "9.00")), [rule], now(floors={"A": Price(euro("1.00"), per=3)}))
    assert one.cart.grand_total == euro("0.34")
    with pytest.raises(CurrencyMismatch) as refused:
        apply(priced, [rule], now(floors={"A": Price(Money(1500, "JPY"))}))
    assert (refused.value.expected, refused.value.actual) == ("EUR", "JPY")


def test_shipping_has_no_lines_to_leave_out_either() -> None:
    bulky = Selector(excluding=Selector(categories={"bulky"}))
    with pytest.raises(InvalidPromotion, match="shipping has no lines to target"):
        promotion("p", ShippingOff(), target=bulky).require_valid()


def test_grants_are_promised_beside_the_price() -> None:
    """Points and credit for later take nothing off."""
    rules = [
        promotion("x2", PointsMultiplier(factor=Decimal(2))),
        promotion("credit", DeferredReward(percent=Decimal(10))),
    ]
    result = apply(cart(line("A", 1, "15.00")), rules, now())
    assert [(g.kind, g.factor, g.amount) for g in result.grants] == [
        ("store_credit", None, euro("1.50")),
        ("points_multiplier", Decimal(2), None),
    ]
    assert result.cart.discount_total == euro("0.00")


def test_what_is_missing_is_said() -> None:
    """An amount to a minimum, units to a reward; and explain says it in words."""
    rules = [
        promotion("ship", ShippingOff(), conditions=[Subtotal(minimum=euro("50.00"))]),
        promotion("three", BuyXGetY(buy=2)),
    ]
    result = apply(cart(line("A", 1, "42.00"), shipping="4.90"), rules, now())
    missing = {outcome.promotion_id: (outcome.reason, outcome.missing) for outcome in result.outcomes}
    assert missing == {"ship": (Reason.BELOW_MINIMUM, euro("8.00")), "three": (Reason.BELOW_MINIMUM, 2)}
    assert "ship: not applied, below minimum, 8.00 EUR missing" in result.explain()


ANY, SHOES = BundlePart(of=Selector()), BundlePart(of=Selector(categories={"shoes"}))
TWO_SHOES = BundlePart(of=Selector(categories={"shoes"}), quantity=2)


@pytest.mark.parametrize("parts", [(TWO_SHOES, ANY), (ANY, TWO_SHOES)])
def test_a_bundle_counts_no_unit_twice(parts: tuple[BundlePart, ...]) -> None:
    """Two shoes and anything are three units: who has two shoes lacks one, who has one lacks two."""
    rule = promotion("p", BundlePrice(price=euro("20.00"), parts=parts))
    for shoes, missing in ((2, 1), (1, 2)):
        (outcome,) = apply(cart(line("SHOE", shoes, "15.00", "shoes")), [rule], now()).outcomes
        assert (outcome.reason, outcome.missing) == (Reason.BELOW_MINIMUM, missing)
    dear = promotion("p", BundlePrice(price=euro("60.00"), parts=parts))
    (outcome,) = apply(cart(line("SHOE", 3, "15.00", "shoes")), [dear], now()).outcomes
    assert outcome.reason == Reason.NOT_NEEDED


@pytest.mark.parametrize("parts", [(ANY, SHOES), (SHOES, ANY)])
def test_a_part_that_takes_anything_leaves_the_others_what_only_they_can_use(parts: tuple[BundlePart, ...]) -> None:
    """Shoes and a cheaper sock are a bundle of anything and shoes, in whatever order it is written."""
    priced = cart(line("SHOE", 1, "15.00", "shoes"), line("SOCK", 1, "10.00"))
    result = apply(priced, [promotion("p", BundlePrice(price=euro("20.00"), parts=parts))], now())
    assert result.cart.discount_total == euro("5.00")


def test_two_combine_only_if_both_agree() -> None:
    """The better one wins whatever the priority; the other names it. A tag can let them combine."""
    alone = Stacking(classes=())
    small, big = promotion("small", percent(10), priority=9, stacking=alone), promotion("big", percent(20))
    result = apply(cart(line("A", 1, "10.00")), [small, big], now())
    assert [(o.promotion_id, o.reason, o.excluded_by) for o in result.outcomes] == [
        ("small", Reason.EXCLUDED_BY, ("big",)),
        ("big", Reason.APPLIED, ()),
    ]
    friendly = promotion("small", percent(10), stacking=Stacking(classes=(), with_tags={"vip"}))
    tagged = promotion("big", percent(20), stacking=Stacking(tags={"vip"}))
    assert discounts(cart(line("A", 1, "10.00")), friendly, tagged) == ["2.80"]


@pytest.mark.parametrize(
    ("choice", "stays"), [(GroupChoice.FIRST, "a"), (GroupChoice.HIGHEST, "c"), (GroupChoice.LOWEST, "b")]
)
@pytest.mark.parametrize("mode", [StackingMode.SEQUENTIAL, StackingMode.BEST_COMBINATION])
def test_of_an_exclusive_group_one_stays(choice: GroupChoice, stays: str, mode: StackingMode) -> None:
    """The first, the one worth most, or the one worth least."""
    group = Stacking(group="season", choice=choice)
    rules = [promotion(id, percent(p), stacking=group) for id, p in (("a", 10), ("b", 5), ("c", 20))]
    result = apply(cart(line("A", 1, "10.00")), rules, now(), PromotionPolicy(name="p", stacking=mode))
    assert [outcome.promotion_id for outcome in result.applied] == [stays]


def test_a_smaller_discount_gives_way_to_a_minimum() -> None:
    """5.00 off the items would cost 20.00 off from 100.00; from 95.00 both are given."""
    small = promotion("small", FixedOff(amount=euro("5.00")))

    def off(minimum: str) -> list[str]:
        conditions = [Subtotal(minimum=euro(minimum))]
        big = promotion("big", FixedOff(amount=euro("20.00")), phase=ORDER, conditions=conditions)
        return [o.promotion_id for o in apply(cart(line("A", 1, "100.00")), [small, big], now()).applied]

    assert (off("100.00"), off("95.00"), off("100.01")) == (["big"], ["small", "big"], ["small"])
    ship = promotion("ship", ShippingOff(), conditions=[Subtotal(minimum=euro("100.00"))])
    shipped = apply(cart(line("A", 1, "100.00"), shipping="20.00"), [small, ship], now())
    assert [outcome.promotion_id for outcome in shipped.applied] == ["ship"]


def test_a_discount_may_bring_a_cart_under_a_maximum() -> None:
    """10 % off carts up to 95.00: 5.00 off the items first, and a cart of 100.00 is one."""
    small = promotion("small", FixedOff(amount=euro("5.00")))
    up_to = promotion("up-to", percent(10), phase=ORDER, conditions=[Subtotal(maximum=euro("95.00"))])
    assert discounts(cart(line("A", 1, "100.00")), small, up_to) == ["14.50"]
    assert discounts(cart(line("A", 1, "100.01")), small, up_to) == ["5.00"]


@pytest.mark.parametrize("choice", [GroupChoice.FIRST, GroupChoice.LOWEST])
@pytest.mark.parametrize("mode", [StackingMode.BEST_COMBINATION, StackingMode.BEST_PER_LINE])
def test_what_a_group_keeps_against_the_best_is_settled_first(choice: GroupChoice, mode: StackingMode) -> None:
    """10 % stay of a group of 10 and 20, so 15 % that do not combine give way, whether the 20 % are there or not."""
    policy = PromotionPolicy(name="p", stacking=mode)
    ten, twenty = (
        promotion(f"{n}", percent(n), stacking=Stacking(classes=(), group="g", choice=choice)) for n in (10, 20)
    )
    fifteen = promotion("15", percent(15), priority=1, stacking=Stacking(classes=()))
    priced = cart(line("A", 1, "10.00"))
    for rules in ([ten, twenty, fifteen], [ten, fifteen]):
        result = apply(priced, rules, now(), policy)
        assert [outcome.promotion_id for outcome in result.applied] == ["10"]
        assert {o.excluded_by for o in result.outcomes if not o.applied} == {("10",)}
    assert [o.promotion_id for o in apply(priced, [fifteen, promotion("9", percent(9))], now(), policy).applied] == [
        "15"
    ]


def test_in_order_priority_goes_before_the_choice_of_a_group() -> None:
    """Among equals of one priority the choice says who is first; a higher priority is looked at before."""
    policy = PromotionPolicy(name="p", stacking=StackingMode.SEQUENTIAL)
    group = Stacking(group="g", choice=GroupChoice.HIGHEST)
    ten, twenty = (promotion(f"{n}", percent(n), stacking=group) for n in (10, 20))
    priced = cart(line("A", 1, "10.00"))
    assert [o.promotion_id for o in apply(priced, [ten, twenty], now(), policy).applied] == ["20"]
    ten.priority = 1
    assert [o.promotion_id for o in apply(priced, [ten, twenty], now(), policy).applied] == ["10"]


def test_per_line_members_of_a_group_do_not_share_the_lines() -> None:
    """The line with the highest share decides which member stays; strangers may each have a line."""
    policy = PromotionPolicy(name="p", stacking=StackingMode.BEST_PER_LINE)
    priced = cart(line("A", 1, "10.00"), line("B", 1, "20.00"))

    def off(group: str) -> list[str]:
        stacking = Stacking(group=group)
        rules = [promotion(sku, percent(10), target=Selector(skus={sku}), stacking=stacking) for sku in ("A", "B")]
        return [str(part.discount.amount) for part in apply(priced, rules, now(), policy).cart.parts]

    assert (off(""), off("g")) == (["1.00", "2.00"], ["0.00", "2.00"])


@pytest.mark.parametrize("mode", [StackingMode.SEQUENTIAL, StackingMode.BEST_COMBINATION, StackingMode.BEST_PER_LINE])
def test_a_capped_category_has_one_room_for_all_lines(mode: StackingMode) -> None:
    """20 % of 20.00 are 4.00: the first line takes 3.00 of it, the other one what is left."""
    policy = PromotionPolicy(name="p", stacking=mode, category_caps={"shoes": Decimal(20)})
    priced = cart(line("A", 1, "10.00", "shoes"), line("B", 1, "10.00", "shoes"))
    rules = [promotion(sku, percent(30), target=Selector(skus={sku})) for sku in ("A", "B")]
    result = apply(priced, rules, now(), policy)
    assert [str(part.discount.amount) for part in result.cart.parts] == ["3.00", "1.00"]


def test_different_choices_in_one_group_are_refused() -> None:
    """There is no telling which one stays; in another phase it is another group."""
    one = promotion("one", percent(10), stacking=Stacking(group="g", choice=GroupChoice.LOWEST))
    other = promotion("other", percent(20), stacking=Stacking(group="g"))
    with pytest.raises(InvalidPromotion) as caught:
        PromotionBook([one, other])
    assert [str(problem) for problem in caught.value.problems] == [
        "stacking.choice: group g: other says highest, one says lowest: name one choice per group"
    ]
    PromotionBook([one, promotion("other", percent(20), stacking=Stacking(group="g"), phase=ORDER)])


def test_dates_and_switches_have_their_reasons() -> None:
    """Not yet, no more, not at all."""
    rules = [
        promotion("early", percent(5), starts_at=NOW + timedelta(seconds=1)),
        promotion("late", percent(5), ends_at=NOW),
        promotion("off", percent(5), enabled=False),
        promotion("yen", FixedOff(amount=Money(5, "JPY"))),
    ]
    reasons = {o.promotion_id: o.reason for o in apply(cart(line("A", 1, "9.00")), rules, now()).outcomes}
    assert reasons == {"early": "not_started", "late": "expired", "off": "disabled", "yen": "wrong_currency"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"benefit": {"kind": "percent_off", "percent": "101"}}, "benefit.percent"),
        ({"benefit": {"kind": "percent"}}, "benefit"),
        ({"benefit": {"kind": "percent_off"}}, "benefit.percent"),
        ({"cap": {"amount": "1.001", "currency": "EUR"}}, "cap"),
        (
            {"conditions": [{"kind": "subtotal", "minimum": {"amount": "5", "currency": "USD"}}]},
            "cap",
        ),
        ({"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}, "ends_at"),
        ({"phase": "shipping", "target": {"skus": ["A"]}}, "target"),
        ({"colour": "red"}, "colour"),
        (
            {
                "benefit": {
                    "kind": "quantity_tiers",
                    "tiers": [
                        {"start": 1, "below": 3, "benefit": {"kind": "percent_off", "percent": "5"}},
                        {"start": 4, "benefit": {"kind": "percent_off", "percent": "9"}},
                    ],
                }
            },
            "benefit.tiers[1].start",
        ),
    ],
)
def test_json_says_what_is_wrong_and_where(change: dict[str, Any], path: str) -> None:
    """Every contradiction is named by its JSON path."""
    plain = {
        "id": "p",
        "name": "P",
        "benefit": {"kind": "percent_off", "percent": "10"},
        "cap": {"amount": "5.00", "currency": "EUR"},
    }
    PromotionJson().loads(json.dumps(plain))
    with pytest.raises(InvalidPromotion) as caught:
        PromotionJson().loads(json.dumps({**plain, **change}))
    assert path in [problem.path for problem in caught.value.problems]


@frozen(kw_only=True)
class FullMoon(Condition):
    """Only when the moon is full."""

    kind: ClassVar[str] = "full_moon"

    nights: int = 1

    def check(self, basket: Basket) -> Unmet | None:
        return None if basket.context.at.day <= self.nights else Unmet("moon_not_full")


@frozen(kw_only=True)
class Lacks(Condition):
    """A kind with a field that a built-in one has, too, and another meaning."""

    kind: ClassVar[str] = "lacks"
    of: Selector

    def check(self, basket: Basket) -> Unmet | None:
        """Nothing of it is there."""
        return Unmet("has_it") if basket.select(self.of) else None


def test_a_kind_of_a_plugin_is_asked_about_every_cart() -> None:
    rule = promotion("p", percent(10), conditions=[Lacks(of=Selector(skus={"Z"}))])
    assert discounts(cart(line("A", 1, "9.00")), rule) == ["0.90"]
    assert discounts(cart(line("A", 1, "9.00"), line("Z", 1, "1.00")), rule) == ["0.00", "0.00"]


def test_stored_promotions_are_read_whatever_the_garbage_collector_did() -> None:
    """Attrs makes a class with slots anew; until the first one is collected, Python lists both."""
    program = "import gc; gc.disable(); from commerce.adapters.promotion_json import storage_json; storage_json()"
    subprocess.run([sys.executable, "-c", program], check=True)


@frozen(kw_only=True)
class Sample(Benefit):
    """A benefit of a plugin that gives two things, and has a field called ``most`` for itself."""

    kind: ClassVar[str] = "sample"
    phases: ClassVar[frozenset[AdjustmentKind]] = frozenset({ORDER})
    phase: ClassVar[AdjustmentKind] = ORDER
    gifts: tuple[Gift, ...] = (Gift(sku="CAP"), Gift(sku="PIN"))
    most: str = "one of each"


def test_what_a_plugin_calls_its_fields_does_not_limit_its_gifts() -> None:
    gifts = {sku: Line.of(sku, Item(sku=sku), 1, euro("1.00")) for sku in ("CAP", "PIN")}
    result = apply(cart(line("A", 1, "10.00")), [promotion("p", Sample())], now(gifts=gifts))
    assert [gift.line.item.sku for gift in result.gifts] == ["CAP", "PIN"]


class Moon:
    @hookimpl
    def commerce_promotion_conditions(self) -> list[type[Condition]]:
        return [FullMoon]


@pytest.mark.parametrize(
    "make",
    [
        lambda text: Selector(skus=text),
        lambda text: Selector(attributes={"colour": text}),
        lambda text: Country(values=text),
        lambda text: Code(values=text),
        lambda text: Stacking(tags=text),
        lambda text: now(codes=text),
    ],
)
def test_a_single_text_is_not_taken_for_its_letters(make: Callable[[str], object]) -> None:
    """What is red is not what is r, e or d."""
    with pytest.raises(InvalidValue, match="pass several in a list or set, not the text 'red'"):
        make("red")


@pytest.mark.parametrize("condition", [Country(values=["de"]), CurrencyIs(values=["eur"])])
def test_countries_and_currencies_match_in_any_case(condition: Condition) -> None:
    """``de`` is Germany, said by a promotion or by a cart."""
    rule = promotion("p", percent(10), conditions=[condition])
    for country in ("DE", "de"):
        assert apply(cart(line("A", 1, "10.00")), [rule], now(country=country)).applied


def test_a_plugin_adds_a_kind_of_condition() -> None:
    """It can be written in JSON, is in the schema, and gives its own reason; twice the same kind is refused."""
    form = PromotionJson.of(build_hooks([hooks], [Moon()]))
    assert "FullMoon" in form.schema()["$defs"]
    rule = promotion("p", percent(10), conditions=[FullMoon(nights=1)])
    again = form.loads(json.dumps(form.plain(rule)))
    assert discounts(cart(line("A", 1, "9.00")), again) == ["0.90"]
    later = apply(cart(line("A", 1, "9.00")), [again], now(at=NOW + timedelta(days=3)))
    assert later.outcomes[0].reason == "moon_not_full"
    with pytest.raises(InvalidValue):
        PromotionJson([FullMoon, type("Other", (FullMoon,), {})])
