"""Which lines a selector means, and what the answer says of what was done to them."""

from datetime import timedelta

import pytest
from attrs import evolve
from tests.promotions.carts import NOW, cart, euro, line, now, outcome, percent, promotion

from commerce.kernel import Adjustment, AdjustmentKind, Charge, Item, Line, PricedCharge, TaxShare
from commerce.promotions import (
    Coupon,
    FixedOff,
    Gift,
    GiftLines,
    PromotionBook,
    PromotionContext,
    PromotionPolicy,
    Selector,
    ShippingOff,
    Stacking,
    StackingMode,
    Subtotal,
    apply,
)

CONTEXT = PromotionContext(at=NOW)
LINES = (
    line("a", 1, "10.00", "shoes", product_id="P1", attributes={"colour": "red"}),
    line("b", 1, "10.00", "shoes", "sale", product_id="P2", attributes={"colour": "blue", "size": "L"}),
    line("c", 1, "10.00", "hats", product_id="P2", collections=frozenset({"spring"})),
    line("d", 1, "10.00"),
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (Selector(), "abcd"),
        (Selector(skus={"a", "d", "none"}), "ad"),
        (Selector(products={"P2"}), "bc"),
        (Selector(products={"P1", "P2"}), "abc"),
        (Selector(categories={"shoes"}), "ab"),
        (Selector(categories={"sale", "hats"}), "bc"),
        (Selector(collections={"spring"}), "c"),
        (Selector(attributes={"colour": {"red"}}), "a"),
        (Selector(attributes={"colour": {"red", "blue"}}), "ab"),
        (Selector(attributes={"colour": {"red", "blue"}, "size": {"L"}}), "b"),
        (Selector(products={"P2"}, categories={"shoes"}), "b"),
        (Selector(skus={"a"}, categories={"hats"}), ""),
        (Selector(excluding=Selector(categories={"shoes"})), "cd"),
        (Selector(products={"P2"}, excluding=Selector(collections={"spring"})), "b"),
        (Selector(categories={"shoes"}, excluding=Selector(attributes={"size": {"L", "M"}})), "a"),
    ],
)
def test_any_value_of_a_field_and_every_field(selector: Selector, expected: str) -> None:
    result = apply(cart(*LINES), [promotion("p", percent(10), target=selector)], CONTEXT)
    assert "".join(one.line.item.sku for one in result.cart.lines if one.discount) == expected


def test_an_order_promotion_means_the_same_lines_and_leaves_the_others() -> None:
    target = Selector(products={"P2"})
    off = promotion("p", FixedOff(amount=euro("3.00")), target=target, phase=AdjustmentKind.ORDER)
    assert [str(one.discount.amount) for one in apply(cart(*LINES), [off], CONTEXT).cart.lines] == [
        "0.00",
        "1.50",
        "1.50",
        "0.00",
    ]


@pytest.mark.parametrize("included", [True, False])
def test_what_others_did_stays_and_taxes_come_anew(included: bool) -> None:
    """A discount of the staff and one of an earlier answer, on a line and on shipping; net or gross as before."""
    share = TaxShare(name="VAT", rate=percent(19).percent / 100, base=euro("1.00"), amount=euro("0.19"))
    staff = Adjustment(kind=AdjustmentKind.ITEM, source="staff", label="sorry", amount=euro("-1.00"))
    before = Adjustment(kind=AdjustmentKind.ITEM, source="p", label="p", amount=euro("-5.00"))
    goods = evolve(line("a", 1, "11.00"), adjustments=(staff, before), taxes=(share,), tax_included=included)
    plain = evolve(line("b", 1, "5.00"), taxes=(share,), tax_included=included)
    fee = PricedCharge(
        charge=Charge(id="shipping", label="Post", subtotal=euro("6.00")),
        adjustments=(evolve(staff, kind=AdjustmentKind.SHIPPING), evolve(before, source="s")),
        taxes=(share,),
        tax_included=included,
    )
    rules = [promotion("p", percent(10), target=Selector(skus={"a"})), promotion("s", ShippingOff())]
    result = apply(cart(goods, plain, charges=(fee,), tax_included=included), rules, CONTEXT)
    told = [[(one.source, str(one.amount.amount)) for one in part.adjustments] for part in result.cart.parts]
    assert told == [[("staff", "-1.00"), ("p", "-1.00")], [], [("staff", "-1.00"), ("s", "-5.00")]]
    assert [(part.taxes, part.tax_included) for part in result.cart.parts] == [((), included)] * 3
    taxed = evolve(fee, adjustments=())
    assert not apply(cart(plain, charges=(taxed,), tax_included=included), [], CONTEXT).cart.charges[0].taxes


def test_a_code_is_named_where_it_took_effect() -> None:
    rule = promotion("p", percent(10), automatic=False)
    coupon = Coupon(code="SPRING", promotion_id="p")
    result = apply(cart(*LINES), [rule], now(codes=("spring",), coupons=(coupon,)))
    assert {one.code for priced in result.cart.lines for one in priced.adjustments} == {"SPRING"}
    assert [(use.promotion_id, use.code, use.amount) for use in result.uses] == [("p", "SPRING", euro("4.00"))]
    without = apply(cart(*LINES), [rule], CONTEXT)
    assert outcome(without, "p").reason == "code_required"


def test_an_answer_names_the_policy_it_was_made_by() -> None:
    policy = PromotionPolicy(name="ours", version=3)
    assert apply(cart(*LINES), [], CONTEXT, policy).policy == policy


def test_one_book_answers_for_every_moment_and_currency() -> None:
    """What it keeps for carts that have nothing to do with a promotion is of that moment and currency."""
    later = promotion("later", percent(10), target=Selector(skus={"none"}), starts_at=NOW + timedelta(days=1))
    coded = promotion("coded", percent(10), target=Selector(skus={"none"}), automatic=False)
    book = PromotionBook([later, coded])
    found = [
        outcome(book.apply(cart(currency=currency), PromotionContext(at=NOW + timedelta(days=days))), "later")
        for currency, days in (("EUR", 0), ("EUR", 1), ("USD", 1), ("EUR", 0))
    ]
    assert [(one.reason, one.amount.currency.code) for one in found] == [
        ("not_started", "EUR"),
        ("no_target", "EUR"),
        ("no_target", "USD"),
        ("not_started", "EUR"),
    ]
    assert outcome(book.apply(cart(*LINES), CONTEXT), "coded").reason == "code_required"


def test_the_order_of_equals_is_that_of_their_ids_and_in_turn_a_group_stands_together() -> None:
    """Of two that are worth the same the first by id is best, whatever its group; in turn a group's highest stays."""
    one = promotion("a", percent(5), stacking=Stacking(group="z", classes=()))
    other = promotion("b", percent(5), stacking=Stacking(classes=()))
    assert [found.promotion_id for found in apply(cart(*LINES), [other, one], CONTEXT).applied] == ["a"]
    group = Stacking(group="g")
    rules = [
        promotion("a", percent(1), stacking=group),
        promotion("m", percent(1)),
        promotion("z", percent(9), stacking=group),
    ]
    in_turn = PromotionPolicy(name="in turn", stacking=StackingMode.SEQUENTIAL)
    assert sorted(found.promotion_id for found in apply(cart(*LINES), rules, CONTEXT, in_turn).applied) == ["m", "z"]


def test_the_highest_of_a_group_is_told_by_what_each_does_alone() -> None:
    """One that a maximum keeps out, until a discount helps it, does nothing alone: the other stays."""
    group = Stacking(group="g")
    rules = [
        promotion("cut", FixedOff(amount=euro("15.00")), priority=9),
        promotion("a", percent(1), stacking=group, conditions=[Subtotal(maximum=euro("30.00"))]),
        promotion("z", percent(9), stacking=group),
    ]
    in_turn = PromotionPolicy(name="in turn", stacking=StackingMode.SEQUENTIAL)
    assert [found.promotion_id for found in apply(cart(*LINES), rules, CONTEXT, in_turn).applied] == ["cut", "z"]


def test_gifts_of_others_are_lines_like_any() -> None:
    """What a promotion of another book gave stays, and what this one gave before is worked out anew."""
    gifts = now(gifts={"g": Line.of("g", Item(sku="g"), 1, euro("1.00"))})
    rule = promotion("mine", GiftLines(gifts=(Gift(sku="g"),)))
    foreign = line("x", 1, "3.00", id="gift:other:x")
    first = apply(cart(*LINES, foreign), [rule], gifts).cart
    again = apply(first, [rule], gifts).cart
    assert [priced.line.id for priced in again.lines] == ["a", "b", "c", "d", "gift:other:x", "gift:mine:g"]


def test_what_is_worth_less_names_what_is_worth_more() -> None:
    """It would combine with neither, and neither is in its group: all that took effect is in its way."""
    alone = Stacking(classes=())
    rules = [
        promotion("nine", percent(9), stacking=alone, target=Selector(skus={"a"})),
        promotion("five", percent(5), stacking=alone, target=Selector(skus={"a"})),
    ]
    result = apply(cart(*LINES), rules, CONTEXT)
    assert (outcome(result, "five").reason, outcome(result, "five").excluded_by) == ("excluded_by", ("nine",))


def test_after_one_that_stops_nothing_comes_and_before_it_everything() -> None:
    """Two of them: in order the first ends it, whatever comes."""
    rules = [
        promotion("1-first", percent(1), target=Selector(skus={"a"})),
        promotion("2-stops", percent(1), target=Selector(skus={"b"}), stacking=Stacking(stop_after=True)),
        promotion("3-later", percent(1), target=Selector(skus={"c"})),
        promotion("4-stops", percent(1), target=Selector(skus={"d"}), stacking=Stacking(stop_after=True)),
        promotion("5-order", percent(1), phase=AdjustmentKind.ORDER),
    ]
    result = apply(cart(*LINES), rules, CONTEXT, PromotionPolicy(name="in turn", stacking=StackingMode.SEQUENTIAL))
    assert [one.promotion_id for one in result.applied] == ["1-first", "2-stops"]
    assert {outcome(result, name).excluded_by for name in ("3-later", "4-stops", "5-order")} == {("2-stops",)}


def test_the_first_alone() -> None:
    """By phase, priority, then id; one without an effect does not count."""
    rules = [
        promotion("nothing", percent(50), target=Selector(skus={"none"}), priority=9),
        promotion("b", percent(1), priority=5),
        promotion("a", percent(1), priority=5, phase=AdjustmentKind.ORDER),
        promotion("c", percent(90)),
    ]
    policy = PromotionPolicy(name="one", stacking=StackingMode.EXCLUSIVE_BY_PRIORITY)
    result = apply(cart(*LINES), rules, CONTEXT, policy)
    assert [one.promotion_id for one in result.applied] == ["b"]
    assert {outcome(result, name).excluded_by for name in "ac"} == {("b",)}
    assert outcome(result, "nothing").reason == "no_target"


def test_a_book_says_how_many_gifts_may_be_asked_for() -> None:
    gifts = [
        promotion("one", GiftLines(gifts=(Gift(sku="g", quantity=2), Gift(sku="h")))),
        promotion("two", GiftLines(gifts=(Gift(sku="g", quantity=3),))),
        promotion("off", percent(1)),
    ]
    assert PromotionBook(gifts).gifts == {"g": 5, "h": 1}
    context = now(gifts={sku: Line.of(sku, Item(sku=sku), 1, euro("1.00")) for sku in "gh"})
    given = apply(cart(*LINES), gifts, context).gifts
    assert sorted((gift.line.item.sku, gift.line.quantity) for gift in given) == [("g", 2), ("g", 3), ("h", 1)]
