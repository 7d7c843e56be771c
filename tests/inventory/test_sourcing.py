"""Sourcing: the cheapest split under the rules, proved against every possible split."""

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.adapters.highs import Highs, solve
from commerce.inventory import (
    InventoryService,
    NoSource,
    OutOfStock,
    Source,
    SourceReason,
    Sourcing,
    SourcingAnswer,
    SourcingPlan,
    SourcingPolicy,
    SourcingSolver,
    SourcingTask,
    StockItem,
    StockMode,
    UnknownStockItem,
    WrongAnswer,
    search_parcels,
    source,
)
from commerce.inventory.engine.descent import Descent
from commerce.inventory.engine.filling import FINE, Problem
from commerce.inventory.engine.prices import ask
from commerce.inventory.engine.search import _Search
from commerce.kernel import InvalidValue
from commerce.testing.conformance.inventory import want
from commerce.testing.conformance.storage import NOW

Split = dict[tuple[str, str], int]


def stock(**places: Mapping[str, int]) -> list[StockItem]:
    return [
        StockItem(sku=sku, location_id=place, on_hand=units)
        for place, skus in places.items()
        for sku, units in skus.items()
    ]


def price(split: Split, sources: list[Source], policy: SourcingPolicy) -> int | None:
    """What a split costs, computed from the words of the docstrings; None if a rule forbids it."""
    used = {place for (place, _), units in split.items() if units}
    cost = policy.split_penalty * max(len(used) - 1, 0)
    if policy.most_locations is not None and len(used) > policy.most_locations:
        return None
    for one in sources:
        if one.location_id not in used:
            continue
        units = sum(n for (place, _), n in split.items() if place == one.location_id)
        if one.capacity is not None and units > one.capacity:
            return None
        if policy.destination and one.zones and policy.destination not in one.zones:
            return None
        parcels = 1 if one.parcel_units is None else -(-units // one.parcel_units)
        late = 0 if policy.due_days is None else max(0, one.days - policy.due_days)
        cost += one.distance + parcels * one.parcel_cost + units * one.handling + late * policy.late_per_day
    return cost


def every_split(wanted: Mapping[str, int], items: list[StockItem]) -> Iterator[Split]:
    """All ways to take exactly what is wanted."""
    ranges = [range(min(item.on_hand, wanted[item.sku]) + 1) for item in items]
    for units in product(*ranges):
        split = {(item.location_id, item.sku): n for item, n in zip(items, units, strict=True)}
        if all(sum(n for (_, s), n in split.items() if s == sku) == quantity for sku, quantity in wanted.items()):
            yield split


def as_split(plan: SourcingPlan) -> Split:
    return {(line.location_id, line.sku): line.quantity for line in plan.lines}


@st.composite
def instances(draw: st.DrawFn, places: int = 3) -> tuple[dict[str, int], list[StockItem], list[Source], SourcingPolicy]:
    names = "xyzuvwrstq"[:places]
    small = st.integers(0, 9)
    sources = [
        Source(
            location_id=name,
            parcel_cost=draw(small),
            parcel_units=draw(st.none() | st.integers(1, 3)),
            handling=draw(st.integers(0, 4)),
            distance=draw(small),
            days=draw(st.integers(0, 3)),
            capacity=draw(st.none() | st.integers(0, 5)),
            zones=draw(st.sampled_from([(), ("AT",), ("DE",)])),
        )
        for name in names
    ]
    wanted = draw(st.dictionaries(st.sampled_from("AB"), st.integers(1, 4), min_size=1))
    items = [
        StockItem(sku=sku, location_id=name, on_hand=draw(st.integers(0, 4)))
        for name in names
        for sku in sorted(wanted)
    ]
    policy = SourcingPolicy(
        split_penalty=draw(small),
        due_days=draw(st.none() | st.integers(0, 2)),
        late_per_day=draw(st.integers(0, 5)),
        most_locations=draw(st.none() | st.integers(1, 3)),
        destination=draw(st.sampled_from(["", "AT"])),
    )
    return wanted, items, sources, policy


each_solver = pytest.mark.parametrize(
    ("solver", "examples"),
    [
        pytest.param(search_parcels, 300, id="search"),
        pytest.param(partial(solve, seconds=60), 100, id="highs alone"),
        pytest.param(Highs(), 100, id="both"),
    ],
)


def check_that_no_split_is_cheaper(case: Any, solver: SourcingSolver) -> None:
    wanted, items, sources, policy = case
    prices = [cost for split in every_split(wanted, items) if (cost := price(split, sources, policy)) is not None]
    if not prices:
        with pytest.raises((OutOfStock, NoSource)):
            source(wanted, items, sources, policy, NOW, solver=solver)
        return
    plan = source(wanted, items, sources, policy, NOW, solver=solver)
    assert (plan.cost, plan.gap) == (min(prices), 0)
    check_that_it_keeps_every_rule(plan, case)


def check_that_it_keeps_every_rule(plan: SourcingPlan, case: Any) -> None:
    """The units sum to the demand and are there, and the price is right."""
    wanted, items, sources, policy = case
    split = as_split(plan)
    assert price(split, sources, policy) == plan.cost
    for sku, quantity in wanted.items():
        assert sum(units for (_, one), units in split.items() if one == sku) == quantity
    on_hand = {(item.location_id, item.sku): item.on_hand for item in items}
    assert all(units <= on_hand[at] for at, units in split.items())


@each_solver
def test_no_split_is_cheaper(solver: SourcingSolver, examples: int) -> None:
    """Against every split there is; and where none is allowed, that is said."""

    @settings(max_examples=examples)
    @given(instances())
    def law(case: Any) -> None:
        check_that_no_split_is_cheaper(case, solver)

    law()


def as_task(case: Any) -> SourcingTask | None:
    """What a solver is asked; None if it comes to no question."""
    wanted, items, sources, policy = case
    asked: list[SourcingTask] = []

    def remember(task: SourcingTask) -> SourcingAnswer:
        asked.append(task)
        return SourcingAnswer(bound=0)

    with suppress(OutOfStock, NoSource):
        source(wanted, items, sources, policy, NOW, solver=remember)
    return asked[0] if asked else None


@settings(max_examples=200)
@given(instances(places=4), st.lists(st.integers(0, 20), min_size=2, max_size=2))
def test_no_plan_is_below_the_bound_whatever_the_prices(case: Any, prices: list[int]) -> None:
    """And proof alone, from the worst plan on, ends at the best."""
    if (task := as_task(case)) is None:
        return
    exact = solve(task, 60)
    problem, ranges = Problem(task), tuple((0, place.parcels) for place in task.places)
    market = ask(problem, tuple(price * FINE for price in prices[: len(task.wanted)]), ranges)
    proof = _Search(problem, Descent(problem, 20_000), ranges)
    if problem.covers({p: place.most for p, place in enumerate(task.places)}):
        proof.descent.offer(problem.filled(place.parcels for place in task.places))
        proof._prove(market)
    if not exact.parcels:
        assert proof.descent.best is None
        return
    assert market.least <= exact.cost
    assert proof.descent.best is not None
    assert (proof.descent.best.cost, proof.bound) == (exact.cost, exact.cost)


@settings(max_examples=150)
@given(instances(places=6), st.integers(0, 60))
def test_a_solver_and_the_search_agree(case: Any, effort: int) -> None:
    """Where every split would be too many to look at: the costs are the same, and no bound is above them."""
    wanted, items, sources, policy = case
    try:
        exact = source(wanted, items, sources, policy, NOW, solver=partial(solve, seconds=60))
    except (OutOfStock, NoSource) as refusal:
        with pytest.raises(type(refusal), match=re.escape(str(refusal))):
            source(wanted, items, sources, policy, NOW)
        return
    best = source(wanted, items, sources, policy, NOW)
    assert (best.cost, best.gap, exact.gap) == (exact.cost, 0, 0)
    hurry = evolve(policy, effort=effort)
    both = source(wanted, items, sources, hurry, NOW, solver=Highs())
    assert (both.cost, both.gap) == (exact.cost, 0)
    if policy.most_locations is None:
        quick = source(wanted, items, sources, hurry, NOW)
        assert quick.bound <= exact.cost <= quick.cost


def large(seed: int, places: int, skus: int) -> tuple[dict[str, int], list[StockItem], list[Source], SourcingPolicy]:
    """As an order of a business: many articles, seldom all in one place."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    wanted = {f"s{n}": rng.randint(1, 6) for n in range(skus)}
    items = [
        StockItem(sku=sku, location_id=f"p{n}", on_hand=rng.choice([0, 0, rng.randint(1, 6)]))
        for n in range(places)
        for sku in wanted
    ]
    items += [StockItem(sku=sku, location_id="last", on_hand=units) for sku, units in wanted.items()]
    sources = [
        Source(
            location_id=f"p{n}",
            parcel_cost=rng.randint(200, 900),
            parcel_units=rng.choice([None, 5, 10]),
            handling=rng.randint(0, 60),
            distance=rng.randint(0, 700),
        )
        for n in range(places)
    ]
    last = Source(location_id="last", parcel_cost=1500, handling=90, distance=1000)
    return wanted, items, [*sources, last], SourcingPolicy(split_penalty=100)


@pytest.mark.parametrize("seed", range(6))
def test_a_large_order_is_split_nearly_best(seed: int) -> None:
    """Within two of a hundred of the best."""
    case = large(seed, places=20, skus=12)
    plan, exact = source(*case, NOW), source(*case, NOW, solver=partial(solve, seconds=60))
    check_that_it_keeps_every_rule(plan, case)
    check_that_it_keeps_every_rule(exact, case)
    assert exact.gap == 0
    assert plan.bound <= exact.cost <= plan.cost <= exact.cost * 1.02


def test_more_effort_is_never_worse_and_the_same_question_has_the_same_answer() -> None:
    wanted, items, sources, policy = large(1, places=15, skus=9)
    plans = [source(wanted, items, sources, evolve(policy, effort=n), NOW) for n in (0, 10, 100, 1000, 10_000, 100_000)]
    assert [plan.cost for plan in plans] == sorted((plan.cost for plan in plans), reverse=True)
    assert [plan.bound for plan in plans] == sorted(plan.bound for plan in plans)
    assert plans[0].gap > plans[-1].gap == 0
    backwards = source(wanted, items[::-1], sources[::-1], evolve(policy, effort=100), NOW)
    assert (backwards.lines, backwards.bound) == (plans[2].lines, plans[2].bound)


def answered(parcels: Mapping[str, int], _: SourcingTask) -> SourcingAnswer:
    return SourcingAnswer(bound=0, parcels=parcels)


def test_an_answer_that_breaks_the_task_is_not_believed() -> None:
    items = stock(near={"A": 1, "B": 1}, far={"A": 1})
    sources = [Source(location_id="near"), Source(location_id="far")]
    few = SourcingPolicy(most_locations=1)
    for wanted, parcels in (({"A": 1, "B": 1}, {"far": 1}), ({"A": 2}, {"far": 1, "near": 1})):
        with pytest.raises(WrongAnswer, match="breaks the task"):
            source(wanted, items, sources, few, NOW, solver=partial(answered, parcels))


@settings(max_examples=150)
@given(instances(places=6), st.integers(0, 4))
def test_a_plan_in_a_hurry_keeps_every_rule_and_its_word(case: Any, effort: int) -> None:
    """The units sum to the demand, the price is right, and the best plan is not below the bound."""
    wanted, items, sources, policy = case
    try:
        best = source(wanted, items, sources, evolve(policy, effort=20_000), NOW)
        quick = source(wanted, items, sources, evolve(policy, effort=effort), NOW)
    except (OutOfStock, NoSource):
        return
    assert quick.bound <= best.bound <= best.cost <= quick.cost
    check_that_it_keeps_every_rule(quick, case)


def test_reasons_are_for_people() -> None:
    items = stock(berlin={"A": 2}, graz={"A": 3}, linz={"A": 0}, oslo={"A": 9}, rome={"A": 9}, wien={"A": 9})
    sources = [
        Source(location_id="berlin", parcel_cost=590, zones={"DE"}),
        Source(location_id="graz", parcel_cost=490, handling=10, parcel_units=2, days=4),
        Source(location_id="linz", parcel_cost=1),
        Source(location_id="oslo", parcel_cost=1, capacity=0),
        Source(location_id="wien", parcel_cost=2000),
    ]
    policy = SourcingPolicy(destination="AT", due_days=2, late_per_day=100)
    plan = source({"A": 3}, items, sources, policy, NOW)
    assert [str(note) for note in plan.notes] == [
        "berlin does not deliver there",
        "graz sends 3 units in 2 parcels for 1210, 2 days late",
        "linz has none of this",
        "oslo cannot pack more today",
        "rome is not among the sources asked",
        "wien can deliver, but costs more",
    ]
    with pytest.raises(NoSource, match="berlin does not deliver there; graz"):
        source({"A": 3}, items, sources[:1], policy, NOW)
    with pytest.raises(OutOfStock, match="32 of A available, 99 wanted"):
        source({"A": 99}, items, sources, policy, NOW)
    with pytest.raises(UnknownStockItem):
        source({"B": 1}, items, sources, policy, NOW)


def test_a_split_must_be_worth_it() -> None:
    items = stock(near={"A": 1, "B": 1}, far={"B": 1, "A": 1, "C": 1})
    sources = [
        Source(location_id="near", parcel_cost=100),
        Source(location_id="far", parcel_cost=100, handling=40),
    ]
    wanted = {"A": 1, "B": 1, "C": 1}
    split = source(wanted, items, sources, SourcingPolicy(split_penalty=0), NOW)
    assert (split.cost, {line.location_id for line in split.lines}) == (220, {"far"})
    dear = [sources[0], evolve(sources[1], handling=80)]
    split = source(wanted, items, dear, SourcingPolicy(split_penalty=50), NOW)
    assert (split.cost, {line.location_id for line in split.lines}) == (330, {"far", "near"})
    whole = source(wanted, items, dear, SourcingPolicy(most_locations=1), NOW)
    assert (whole.cost, {line.location_id for line in whole.lines}) == (340, {"far"})
    with pytest.raises(NoSource, match="allow more locations"):
        source({"A": 2}, items, sources, SourcingPolicy(most_locations=1), NOW)


def test_picked_up_means_one_place_and_no_parcel() -> None:
    items = stock(shop={"A": 1}, store={"A": 9})
    sources = [
        Source(location_id="shop", parcel_cost=500, handling=3, pickup=True, zones={"DE"}),
        Source(location_id="store", parcel_cost=1),
    ]
    policy = SourcingPolicy(pickup_at="shop", destination="AT")
    plan = source({"A": 1}, items, sources, policy, NOW)
    assert (plan.cost, [note.reason for note in plan.notes]) == (3, [SourceReason.CHOSEN, SourceReason.NOT_THE_PICKUP])
    with pytest.raises(NoSource):
        source({"A": 2}, items, sources, policy, NOW)
    with pytest.raises(NoSource):
        source({"A": 1}, items, sources, evolve(policy, pickup_at="store"), NOW)


def test_what_is_not_limited_needs_no_search() -> None:
    items = [
        StockItem(sku="FILE", location_id="a", mode=StockMode.UNTRACKED),
        StockItem(sku="T", location_id="a", mode=StockMode.TRACKED),
    ]
    one = [Source(location_id="a", parcel_cost=5)]
    assert source({"FILE": 9}, items, one, SourcingPolicy(), NOW).lines == ()
    assert [line.quantity for line in source({"FILE": 9, "T": 7}, items, one, SourcingPolicy(), NOW).lines] == [7]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (partial(Source, location_id="a"), {"parcel_cost": -1}),
        (partial(Source, location_id="a"), {"parcel_units": 0}),
        (partial(Source, location_id="a"), {"capacity": -1}),
        (SourcingPolicy, {"split_penalty": -1}),
        (SourcingPolicy, {"most_locations": 0}),
    ],
)
def test_costs_and_limits_are_whole_and_not_negative(kind: Any, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match=next(iter(wrong))):
        kind(**wrong)


@pytest.mark.parametrize("solver", [search_parcels, Highs()], ids=["search", "highs"])
def test_the_policy_chooses_where_a_hold_is(service: InventoryService, solver: SourcingSolver) -> None:
    """And where the rest of it goes, when a location rejects its share."""
    service.receive("far A", "A", "far", 9)
    cheap_far = Sourcing(
        sources=(Source(location_id="near", parcel_cost=900), Source(location_id="far", parcel_cost=500)),
        policy=SourcingPolicy(split_penalty=100, effort=0),
        solver=solver,
    )
    hold = service.reserve("order", want(A=3), policy=cheap_far)
    assert [(line.location_id, line.quantity) for line in hold.lines] == [("far", 3)]
    service.reserve("all of far", want(A=6), location_id="far")
    with pytest.raises(OutOfStock):
        service.reserve("more", want(A=6), policy=cheap_far)
    only_far = Sourcing(sources=cheap_far.sources[1:])
    with pytest.raises(NoSource):
        service.reject("order", "far", {"A": 2}, part="torn", policy=only_far)
    service.reject("order", "far", {"A": 2}, part="torn", policy=cheap_far)
    lines = service.reservation("order").lines  # type: ignore[union-attr]
    assert {line.location_id: line.open for line in lines} == {"far": 1, "near": 2}


def test_at_is_when_limits_are_looked_at() -> None:
    item = StockItem(sku="A", location_id="a", backorder_limit=2, backorder_until=NOW)
    one = [Source(location_id="a")]
    earlier = datetime(2026, 1, 1, tzinfo=NOW.tzinfo)
    assert source({"A": 2}, [item], one, SourcingPolicy(), earlier).lines[0].quantity == 2
    with pytest.raises(OutOfStock):
        source({"A": 2}, [item], one, SourcingPolicy(), NOW)
