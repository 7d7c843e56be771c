"""Large carts fall into parts, and the best of all is the best of each."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotions.carts import NOW, cart, euro, line, percent, promotion

from commerce.kernel import PricedLine
from commerce.promotions import FixedOff, Promotion, PromotionContext, PromotionPolicy, Selector, Stacking, apply


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_parts_that_have_nothing_to_do_with_each_other_are_solved_one_by_one(random: Random) -> None:
    """Forty lines with four rivals each are 5**40 sets: the best of all is the best of each, well within the bound."""
    lines = tuple(line(f"S{n:02}", random.randint(1, 3), f"{random.randint(1, 99)}.00") for n in range(40))
    rules = [
        promotion(
            f"{n:02}-{k}",
            random.choice([percent(random.randint(1, 9)), FixedOff(amount=euro(f"{random.randint(1, 9)}.00"))]),
            target=Selector(skus={f"S{n:02}"}),
            priority=random.randint(0, 2),
            stacking=Stacking(group=f"g{n}"),
        )
        for n in range(40)
        for k in range(4)
    ]
    policy = PromotionPolicy(name="small", search_bound=10_000)
    result = apply(cart(*lines), rules, PromotionContext(at=NOW), policy)
    assert not result.bound_hit
    alone = [apply(cart(one), [rule], PromotionContext(at=NOW)) for one in lines for rule in rules_of(rules, one)]
    best = [max(each.cart.discount_total.minor for each in alone[n : n + 4]) for n in range(0, len(alone), 4)]
    assert [priced.discount.minor for priced in result.cart.lines] == best


def rules_of(rules: list[Promotion], priced: PricedLine) -> list[Promotion]:
    return [rule for rule in rules if priced.line.item.sku in rule.target.skus]
