"""What benefits and conditions say of themselves holds: the search for the best combination is exact because of it."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotions.carts import NOW, Maker, cart, euro, line, makers, outcome, promotion

from commerce.kernel import QUICK_START, AdjustmentKind, Money, Rounding
from commerce.promotions import (
    BEST_FOR_CUSTOMER,
    AllOf,
    AnyOf,
    Basis,
    Benefit,
    Condition,
    FixedOff,
    Not,
    Per,
    PromotionContext,
    Reward,
    Selector,
    SomeUnits,
    Subtotal,
    Unmet,
    Work,
    apply,
)
from commerce.promotions.calculators import Basket


def a_basket(maker: Maker) -> Basket:
    context = PromotionContext(at=NOW, customer_id="c1", channel="web", country="DE")
    return Basket(maker.cart(), context, BEST_FOR_CUSTOMER, frozenset())


def cuts(random: Random, left: Sequence[int], most: int | None = None) -> list[int]:
    """Discounts on some lines, of at most so much together."""
    room = sum(left) if most is None else min(most, sum(left))
    return exactly(random, left, random.choice([room, random.randint(0, room)]))


def exactly(random: Random, left: Sequence[int], room: int) -> list[int]:
    """Discounts of so much together, on some lines."""
    found = [0] * len(left)
    order = random.sample(range(len(left)), len(left))
    for whole in (False, True):
        for i in order:
            part = min(left[i] - found[i], room)
            part = part if whole else random.choice([part, random.randint(0, part)])
            found[i] += part
            room -= part
    return found


def cut(basket: Basket, before: Sequence[int], off: Sequence[int]) -> None:
    basket.goods.left = [value - taken for value, taken in zip(before, off, strict=True)]


def a_close_one(maker: Maker, basket: Basket) -> Condition:
    """One of which a discount of a cent or three decides, alone or with others."""
    of = maker.selector()
    amount = basket.amount(basket.select(of))
    minimum = Money.of_minor(max(amount - maker.number(0, 3), 0), maker.currency)
    maximum = maker.maybe(lambda: Money.of_minor(amount + maker.number(0, 3), maker.currency))
    close = Subtotal(minimum=minimum, maximum=maximum, of=of, basis=maker.one(None, *Basis))
    return maker.one(
        close,
        close,
        AllOf(conditions=(close, maker.plain_condition())),
        AnyOf(conditions=(maker.plain_condition(), close)),
        Not(condition=Not(condition=close)),
    )


@given(makers())
@settings(max_examples=1500)
def test_conditions_say_what_discounts_may_do_to_them(maker: Maker) -> None:
    """`moving`, `falling`, `slack` and `by_total`, of every kind, alone and together."""
    random, basket = maker.random, a_basket(maker)
    condition = maker.one(maker.condition(), a_close_one(maker, basket))
    full = basket.goods.left
    holds, slack, by_total = condition.check(basket) is None, condition.slack(basket), condition.by_total(basket)
    taken = cuts(random, full)
    cut(basket, full, taken)
    after = condition.check(basket) is None
    if not condition.moving:
        assert after == holds
    if condition.falling and not holds:
        assert not after
    if holds and by_total:
        cut(basket, full, exactly(random, full, sum(taken)))
        assert (condition.check(basket) is None) == after
    if holds:
        cut(basket, full, cuts(random, full, max(slack, 0)))
        assert condition.check(basket) is None


def amounts(benefit: Benefit, basket: Basket, places: tuple[int, ...], *, by_total: bool) -> list[int]:
    """What it takes off each place: no more than that costs."""
    shares = benefit.shares(Work(basket, basket.goods, places, by_total=by_total))
    return [0] * len(places) if isinstance(shares, Unmet) else list(map(min, shares, basket.goods.rooms(places)))


@given(makers())
@settings(max_examples=3000)
def test_benefits_say_what_discounts_may_do_to_them(maker: Maker) -> None:
    """`steady`, `calm`, `local` and `apart`, of every kind on goods, at prices that lie well apart.

    Where they lie within cents, rewards of some units are steady but for the rounding on their lines: see below.
    """
    random, basket, benefit = maker.random, a_basket(maker), maker.benefit()
    if AdjustmentKind.ITEM not in benefit.phases or not basket.lines:
        return
    every = range(len(basket.lines))
    places, by_total = tuple(sorted(random.sample(every, random.randint(1, len(every))))), maker.one(True, False)
    full = basket.goods.left
    alone = amounts(benefit, basket, places, by_total=by_total)
    most = maker.one(None, maker.number(0, 500))
    taken = cuts(random, full, most)
    before = sum(taken[i] for i in places) if benefit.local else sum(taken)
    calm = benefit.calm(basket, places, before)
    cut(basket, full, taken)
    after = amounts(benefit, basket, places, by_total=by_total)
    if benefit.steady or calm:
        assert sum(alone) - before <= sum(after) <= sum(alone)
    if benefit.local:
        elsewhere = [0 if i in places else off for i, off in enumerate(cuts(random, full))]
        cut(basket, full, elsewhere)
        assert amounts(benefit, basket, places, by_total=by_total) == alone
    if benefit.apart(by_total=by_total):
        assert all(share <= other for share, other in zip(after, alone, strict=True))
        one = random.choice(places)
        cut(basket, full, [off if i == one else 0 for i, off in enumerate(taken)])
        single = amounts(benefit, basket, places, by_total=by_total)
        assert all(s == (a if i == one else o) for i, s, a, o in zip(places, single, after, alone, strict=True))


@given(st.integers(2, 5), st.integers(1, 500), st.sampled_from(["10", "33.333", "50", "75"]), st.sampled_from(Rounding))
@settings(max_examples=100)
def test_a_reward_of_some_units_is_steady_but_for_the_rounding_on_their_lines(
    count: int, price: int, percent: str, rounding: Rounding
) -> None:
    """As many units in one line as in single ones that are dearer by a cent, and then are not: a unit off each line."""
    single = [line(f"a{n}", 1, str(Decimal(price + 1) / 100)) for n in range(count)]
    profile = evolve(QUICK_START, price_rounding=rounding)
    priced = cart(*single, line("b", count, str(Decimal(price) / 100)), profile=profile)
    basket = Basket(priced, PromotionContext(at=NOW), BEST_FOR_CUSTOMER, frozenset())
    benefit, places = SomeUnits(reward=Reward(percent=Decimal(percent)), count=count), tuple(range(count + 1))
    alone = sum(amounts(benefit, basket, places, by_total=False))
    cut(basket, basket.goods.left, [1] * count + [0])
    after = sum(amounts(benefit, basket, places, by_total=False))
    assert abs(after - alone) <= count


def test_half_of_four_units_is_rounded_once_in_one_line_and_four_times_in_four() -> None:
    """As the docs say: what four discounts of a cent do to the cheapest four at 1.01."""
    half = SomeUnits(reward=Reward(percent=Decimal(50)), count=4)
    priced = cart(*(line(f"a{n}", 1, "1.02") for n in range(4)), line("b", 4, "1.01"))
    cents = FixedOff(amount=euro("0.01"), per=Per.LINE)
    cheaper = promotion("cents", cents, target=Selector(skus={f"a{n}" for n in range(4)}), priority=1)
    alone = apply(priced, [promotion("half", half)], PromotionContext(at=NOW))
    after = apply(priced, [promotion("half", half), cheaper], PromotionContext(at=NOW))
    assert [outcome(result, "half").amount for result in (alone, after)] == [euro("2.02"), euro("2.04")]
