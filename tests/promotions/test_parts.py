"""Any graph of conflicts is searched exactly; large carts fall into parts, and the best of all is the best of each."""

from decimal import Decimal
from itertools import chain, combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotions.carts import NOW, cart, euro, line, percent, promotion

from commerce.kernel import AdjustmentKind, Money, PricedLine, total
from commerce.promotions import (
    AmountTier,
    AmountTiers,
    Basis,
    BuyXGetY,
    FixedOff,
    NthItem,
    Per,
    Promotion,
    PromotionContext,
    PromotionPolicy,
    Reward,
    Selector,
    SomeUnits,
    Stacking,
    StackingMode,
    Subtotal,
    apply,
)


@given(st.randoms(use_true_random=False), st.sampled_from([0.2, 0.5, 0.8]))
@settings(max_examples=100)
def test_the_search_is_exact_on_any_graph_of_conflicts(random: Random, density: float) -> None:
    """Ten promotions on ten lines, a few cents each: the set that takes most, of equals the one that begins first."""
    count = 10
    against = [0] * count
    for n, k in combinations(range(count), 2):
        if random.random() < density:
            against[n] |= 1 << k
            against[k] |= 1 << n
    worth = [random.randint(1, 4) for _ in range(count)]
    rules = [
        promotion(
            str(n),
            FixedOff(amount=Money.of_minor(worth[n], "EUR")),
            target=Selector(skus={str(n)}),
            stacking=Stacking(
                classes=(), tags={str(n)}, with_tags={str(k) for k in range(count) if not against[n] >> k & 1}
            ),
        )
        for n in range(count)
    ]
    result = apply(cart(*(line(str(n), 1, "9.00") for n in range(count))), rules, PromotionContext(at=NOW))
    allowed = [mask for mask in range(1 << count) if not any(mask >> n & 1 and against[n] & mask for n in range(count))]
    taken = [[n for n in range(count) if mask >> n & 1] for mask in allowed]
    best = max(taken, key=lambda some: (sum(worth[n] for n in some), [n in some for n in range(count)]))
    assert [outcome.promotion_id for outcome in result.applied] == [str(n) for n in best]


@given(st.randoms(use_true_random=False), st.sampled_from(["", "item", "shoes"]))
@settings(max_examples=40)
def test_the_search_is_exact_where_discounts_undercut_minimums(random: Random, odd: str) -> None:
    """Three on the items, three on the order from an amount that the others may undercut: no set takes more."""
    most = 40 if odd == "item" else 60
    rules = [
        promotion(
            f"p{n}",
            FixedOff(amount=euro(f"{random.randint(1, 6)}.00")),
            target=Selector(skus={str(random.randint(0, 2))}) if n < 3 else Selector(),
            phase=AdjustmentKind.ITEM if n < 3 else AdjustmentKind.ORDER,
            conditions=[Subtotal(minimum=euro(f"{random.randint(most - 20, most)}.00"), of=some(odd))]
            if n >= 2
            else [],
            stacking=Stacking(classes={random.choice(["item", "order"]), "order"}),
        )
        for n in range(6)
    ]
    priced = cart(*(line(str(n), 1, "20.00", "shoes") for n in range(3)))
    context, in_turn = PromotionContext(at=NOW), PromotionPolicy(name="in turn", stacking=StackingMode.SEQUENTIAL)
    sets = (chosen for n in range(7) for chosen in combinations(rules, n))
    tried = [apply(priced, chosen, context, in_turn).cart.discount_total for chosen in sets]
    result = apply(priced, rules, context)
    assert not result.bound_hit
    assert result.cart.discount_total == max(tried)


def some(odd: str) -> Selector:
    return {"": Selector(), "item": Selector(skus={"0", "1"}), "shoes": Selector(categories={"shoes"})}[odd]


@given(st.randoms(use_true_random=False))
@settings(max_examples=15)
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


@given(st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_rewards_on_list_prices_are_solved_with_what_touches_their_lines_only(random: Random) -> None:
    """Thirty categories, each with a discount and then half the list price off a unit, the cheapest by then."""
    half = Reward(percent=Decimal(50), acts_on=Basis.LIST)
    lines, rules = {}, {}
    for n in range(30):
        name = f"c{n:02}"
        lines[n] = [line(f"{name}-{k}", 1, f"{random.randint(10, 30)}.00", name) for k in range(3)]
        cut = FixedOff(amount=euro(f"{random.randint(1, 15)}.00"), per=Per.ONCE)
        reward = random.choice([SomeUnits(reward=half), NthItem(n=3, reward=half), BuyXGetY(buy=2, reward=half)])
        target = Selector(categories={name})
        rules[n] = [promotion(f"{name}-cut", cut, target=target), promotion(f"{name}-half", reward, target=target)]
    policy = PromotionPolicy(name="small", search_bound=10_000)
    context = PromotionContext(at=NOW)
    result = apply(cart(*chain(*lines.values())), list(chain(*rules.values())), context, policy)
    assert not result.bound_hit
    best = [apply(cart(*lines[n]), rules[n], context).cart.discount_total for n in lines]
    assert result.cart.discount_total == total(best, "EUR")


def test_a_tier_that_no_discount_can_leave_needs_no_search() -> None:
    """Thirty discounts before a tier that is reached whatever they take: all apply, without trying all their sets."""
    priced = cart(*(line(f"S{n:02}", 1, "100.00") for n in range(30)))
    few = [promotion(f"{n:02}", percent(1), target=Selector(skus={f"S{n:02}"})) for n in range(30)]

    def tiers(start: str) -> Promotion:
        tier = AmountTier(start=euro(start), benefit=percent(10))
        return promotion("tiers", AmountTiers(tiers=(tier,)), phase=AdjustmentKind.ORDER)

    policy = PromotionPolicy(name="small", search_bound=2_000)
    safe = apply(priced, [*few, tiers("2970.00")], PromotionContext(at=NOW), policy)
    assert (safe.bound_hit, safe.cart.discount_total) == (False, euro("327.00"))
    assert apply(priced, [*few, tiers("2970.01")], PromotionContext(at=NOW), policy).bound_hit
    close = apply(priced, [*few[:3], tiers("2999.00")], PromotionContext(at=NOW), policy)
    assert (close.bound_hit, close.cart.discount_total) == (False, euro("300.90")), "of three only one leaves the tier"


def rules_of(rules: list[Promotion], priced: PricedLine) -> list[Promotion]:
    return [rule for rule in rules if priced.line.item.sku in rule.target.skus]
