"""Laws that hold for every cart, every promotion and every policy."""

from collections.abc import Callable, Iterable
from itertools import chain, combinations, pairwise
from random import Random

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotions.carts import NOW, Case, Maker, cases, makers, sums

from commerce.adapters.promotion_json import PromotionJson
from commerce.kernel import AdjustmentKind, Rounding, total
from commerce.promotions import (
    GroupChoice,
    Level,
    PercentOff,
    Promotion,
    PromotionContext,
    PromotionResult,
    Reason,
    StackingMode,
    apply,
)

JSON = PromotionJson()


def worth(result: PromotionResult) -> int:
    return sum(outcome.amount.minor for outcome in result.outcomes)


@given(cases())
@settings(max_examples=120)
def test_shares_sum_to_the_discount_and_nothing_is_below_its_floor(case: Case) -> None:
    """Adjustments of one promotion sum to its outcome; no line, unit, charge or total below zero or its floor."""
    priced, promotions, context, policy = case
    result = apply(priced, promotions, context, policy)
    found = sums(result)
    for outcome in result.outcomes:
        assert outcome.amount.minor == (found.get(outcome.promotion_id, 0) if outcome.applied else 0)
    assert sum(found.values()) == result.cart.discount_total.minor
    for part in result.cart.parts:
        assert 0 <= part.total.minor <= part.subtotal.minor
        assert all(one.amount.minor < 0 for one in part.adjustments)
    for line in result.cart.lines:
        floor = context.floors.get(line.line.item.sku)
        if floor is not None:
            least = min(line.subtotal, floor.times(line.line.quantity, Rounding.UP))
            assert line.total >= least
        if policy.line_cap is not None and not line.line.id.startswith("gift:"):
            assert line.discount.minor * 100 <= line.subtotal.minor * policy.line_cap
    for category, cap in policy.category_caps.items():
        inside = [line for line in result.cart.lines if category in line.line.item.categories]
        full = sum(line.subtotal.minor for line in inside)
        assert sum(line.discount.minor for line in inside) * 100 <= full * cap


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_order_changes_nothing(case: Case, random: Random) -> None:
    """Lines, promotions, codes and coupons in any order: the same adjustments, outcomes and uses."""
    priced, promotions, context, policy = case
    result = apply(priced, promotions, context, policy)
    lines, rules, codes, coupons = list(priced.lines), list(promotions), list(context.codes), list(context.coupons)
    for some in (lines, rules, codes, coupons):
        random.shuffle(some)
    other = apply(
        evolve(priced, lines=tuple(lines)),
        rules,
        evolve(context, codes=tuple(codes), coupons=tuple(coupons)),
        policy,
    )
    assert (other.outcomes, other.uses, other.grants) == (result.outcomes, result.uses, result.grants)
    assert sorted(other.cart.lines, key=lambda x: x.line.id) == sorted(result.cart.lines, key=lambda x: x.line.id)
    assert other.cart.charges == result.cart.charges


@given(cases())
@settings(max_examples=80)
def test_asking_again_gives_the_same(case: Case) -> None:
    """Twice on the cart, and on its own answer: what these promotions did is worked out anew."""
    priced, promotions, context, policy = case
    result = apply(priced, promotions, context, policy)
    assert apply(priced, promotions, context, policy) == result
    assert apply(result.cart, promotions, context, policy) == result


@given(cases())
@settings(max_examples=150)
def test_what_is_not_applied_has_a_reason_and_no_part(case: Case) -> None:
    """Whatever the policy and the choices in groups: one outcome each; without a refused one all stays the same."""
    priced, promotions, context, policy = case
    result = apply(priced, promotions, context, policy)
    told = [outcome.promotion_id for outcome in result.outcomes if outcome.label]
    assert sorted(told) == sorted(promotion.id for promotion in promotions)
    codes = {outcome.code for outcome in result.outcomes if outcome.code}
    assert codes == {"CODE0", "CODE1", "CODE1B", "CODE2", "NONSENSE"}
    applied = {outcome.promotion_id for outcome in result.applied}
    assert {use.promotion_id for use in result.uses} == applied
    for outcome in result.outcomes:
        assert outcome.reason in set(Reason)
        assert set(outcome.excluded_by) <= applied
        assert bool(outcome.excluded_by) == (outcome.reason == Reason.EXCLUDED_BY)
    for refused in [promotion for promotion in promotions if promotion.id not in applied]:
        rest = [promotion for promotion in promotions if promotion is not refused]
        assert apply(priced, rest, context, policy).cart == result.cart


@given(cases(stacking=StackingMode.BEST_COMBINATION, most=5))
@settings(max_examples=120)
def test_the_best_combination_is_the_best_there_is(case: Case) -> None:
    """No set of promotions, tried one after the other, takes more off: not one alone, not in order of priority.

    Of sets that keep what groups with the choice first or lowest keep.
    """
    priced, promotions, context, policy = case
    result = apply(priced, promotions, context, policy)
    in_order = evolve(policy, stacking=StackingMode.SEQUENTIAL)

    def tried(some: Iterable[Promotion]) -> PromotionResult:
        return apply(priced, [evolve_choice(promotion) for promotion in some], context, in_order)

    def kept(some: Iterable[Promotion]) -> bool:
        return set(ids(some)) == {outcome.promotion_id for outcome in tried(some).applied}

    stay: list[Promotion] = []
    for member in settling(promotions, lambda promotion: tried([promotion])):
        if kept([*stay, member]):
            stay.append(member)
    others = [promotion for promotion in promotions if promotion not in stay]
    sets = chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))
    results = [tried([*stay, *some]) for some in sets]
    must = set(ids(stay))
    best = max(worth(each) for each in results if must <= {outcome.promotion_id for outcome in each.applied})
    assert not result.bound_hit
    assert must <= {outcome.promotion_id for outcome in result.applied}
    assert worth(result) == best


def ids(promotions: Iterable[Promotion]) -> list[str]:
    return [promotion.id for promotion in promotions]


def settling(promotions: list[Promotion], tried: Callable[[Promotion], PromotionResult]) -> list[Promotion]:
    """Members of groups that keep the first or lowest: by phase and group, the one to stay first."""

    def key(promotion: Promotion) -> tuple[int, str, bool, int, int, str]:
        result = tried(promotion)
        lowest = promotion.stacking.choice is GroupChoice.LOWEST
        value = (not result.applied, worth(result)) if lowest else (False, 0)
        phase = ("item", "order", "shipping").index(promotion.phase)
        return phase, promotion.stacking.group, *value, -promotion.priority, promotion.id

    grouped = (p for p in promotions if p.stacking.group and p.stacking.choice is not GroupChoice.HIGHEST)
    return sorted(grouped, key=key)


def evolve_choice(promotion: Promotion) -> Promotion:
    """The same, but of its group the first that is tried stays."""
    twin = promotion.snapshot()
    twin.stacking = evolve(twin.stacking, choice=GroupChoice.FIRST)
    return twin


@given(cases(stacking=StackingMode.BEST_COMBINATION), st.integers(1, 8))
@settings(max_examples=60)
def test_a_search_that_ends_early_is_still_no_worse(case: Case, bound: int) -> None:
    """Whatever the bound: not worse than in order of priority, nor than the best single one."""
    priced, promotions, context, policy = case
    single = [p for p in promotions if not p.stacking.group]
    result = apply(priced, single, context, evolve(policy, search_bound=bound))
    in_order = evolve(policy, stacking=StackingMode.SEQUENTIAL)
    alone = [worth(apply(priced, [promotion], context, in_order)) for promotion in single]
    assert worth(result) >= max([worth(apply(priced, single, context, in_order)), *alone])
    full = apply(priced, single, context, policy)
    assert result.bound_hit or worth(result) == worth(full)


@given(cases())
@settings(max_examples=80)
def test_json_there_and_back_prices_the_same(case: Case) -> None:
    """A promotion written and read again is the same promotion."""
    priced, promotions, context, policy = case
    again = [JSON.build(JSON.plain(promotion)) for promotion in promotions]
    assert [JSON.plain(promotion) for promotion in again] == [JSON.plain(promotion) for promotion in promotions]
    assert apply(priced, again, context, policy) == apply(priced, promotions, context, policy)


@given(makers(), st.sampled_from([AdjustmentKind.ITEM, AdjustmentKind.ORDER]), st.sampled_from([None, *Level]))
@settings(max_examples=60)
def test_all_off_is_exactly_nothing(maker: Maker, phase: AdjustmentKind, level: Level | None) -> None:
    """100 % off leaves 0 on every line, whatever the rounding, and wherever."""
    everything = Promotion(id="all", name="All", benefit=PercentOff(percent=100, level=level), phase=phase)
    result = apply(maker.cart(), [everything], PromotionContext(at=NOW))
    assert all(line.total.minor == 0 for line in result.cart.lines)


@given(cases(), st.data())
@settings(max_examples=60)
def test_units_refunded_in_any_grouping_sum_to_what_was_paid(case: Case, data: st.DataObject) -> None:
    """Cut every line into parts: subtotal, discount and value of the parts sum to those of the line."""
    priced, promotions, context, policy = case
    for line in apply(priced, promotions, context, policy).cart.lines:
        quantity = line.line.quantity
        cuts = sorted({0, quantity, *data.draw(st.sets(st.integers(0, quantity), max_size=3))})
        parts = [line.units(start, end - start) for start, end in pairwise(cuts)]
        assert total((part.gross for part in parts), line.currency) == line.gross
        assert total((part.discount for part in parts), line.currency) == line.discount
        assert all(part.gross.minor >= 0 for part in parts)


@given(cases())
@settings(max_examples=60)
def test_codes_without_effect_are_not_used(case: Case) -> None:
    """On an empty cart nothing is counted, whatever was entered."""
    priced, promotions, context, policy = case
    result = apply(evolve(priced, lines=(), charges=()), promotions, context, policy)
    assert result.uses == ()
    assert not result.applied
