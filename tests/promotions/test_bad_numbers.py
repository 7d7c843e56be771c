"""Bad numbers are refused by name, and what one storage could not keep is refused by all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.promotions.carts import cart, euro, line, now, percent, promotion
from tests.promotions.services import service_on

from commerce.adapters.promotion_json import PromotionJson
from commerce.kernel import CommerceError, InvalidValue, Item, KeyReused, Line, Money, Price, Rounding, new_id
from commerce.pricing import DynamicPolicy, ExchangeRate, PriceList
from commerce.promotions import (
    AmountTier,
    AmountTiers,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    Condition,
    Coupon,
    DeferredReward,
    DistinctLines,
    FirstOrder,
    FixedOff,
    FixedPrice,
    Gift,
    GiftLines,
    InvalidPromotion,
    Limits,
    Not,
    NthItem,
    PercentOff,
    PointsMultiplier,
    PromotionPolicy,
    Quantity,
    QuantityTier,
    QuantityTiers,
    Reward,
    Selector,
    SomeUnits,
    Stacking,
    Subtotal,
    Weekdays,
    apply,
)
from commerce.runtime import Storage
from commerce.tax import TaxRate

FREE = Reward(percent=Decimal(100))
MUCH = Money.of_minor(2**53, "EUR")

#: No whole numbers of one or more that every storage keeps.
NO_COUNTS: list[Any] = [0, -1, True, 1.5, "2", 2**31, 10**5000, -(10**5000)]
#: No exact decimals above zero that can be reckoned with.
NO_DECIMALS: list[Any] = [
    "abc",
    "",
    "NaN",
    "Infinity",
    "sNaN",
    -1,
    0,
    1.5,
    True,
    None,
    "1e-9999999",
    "1e9999999",
    10**31,
]
#: No amounts above zero.
NO_AMOUNTS: list[Any] = [5, "5.00", Decimal(5), Money("0.00", "EUR"), Money("-1.00", "EUR"), MUCH]

COUNTS: dict[str, Callable[[Any], object]] = {
    "quantity": lambda n: Gift(sku="A", quantity=n),
    "most": lambda n: GiftLines(gifts=(Gift(sku="A"),), most=n),
    "buy": lambda n: BuyXGetY(buy=n),
    "get": lambda n: BuyXGetY(buy=1, get=n),
    "repeats": lambda n: BuyXGetY(buy=1, repeats=n),
    "n": lambda n: NthItem(n=n, reward=FREE),
    "count": lambda n: SomeUnits(reward=FREE, count=n),
    "points": lambda n: DeferredReward(pays="points", points=n),
    "total": lambda n: Limits(total=n),
    "per_customer": lambda n: Limits(per_customer=n),
    "per_code": lambda n: Limits(per_code=n),
    "limit": lambda n: Coupon(code="c", promotion_id="p", limit=n),
    "search_bound": lambda n: PromotionPolicy(name="p", search_bound=n),
    r"tiers\[0\].start": lambda n: QuantityTiers(tiers=(QuantityTier(start=n, benefit=percent(1)),)),
}
MORE_COUNTS: list[tuple[str, Callable[[Any], object]]] = [
    ("quantity", lambda n: Line(id="1", item=Item(sku="A"), quantity=n, unit_price=Price(euro("1.00")), subtotal=MUCH)),
    ("repeats", lambda n: NthItem(n=2, reward=FREE, repeats=n)),
    ("repeats", lambda n: BundlePrice(price=euro("1.00"), parts=(BundlePart(),), repeats=n)),
    ("quantity", lambda n: BundlePart(quantity=n)),
]
FROM_ZERO: list[tuple[str, Callable[[Any], object]]] = [
    ("minimum", lambda n: Quantity(minimum=n)),
    ("maximum", lambda n: Quantity(maximum=n)),
    ("minimum", lambda n: DistinctLines(minimum=n)),
    ("maximum", lambda n: DistinctLines(maximum=n)),
]
DECIMALS: dict[str, Callable[[Any], object]] = {
    "percent": lambda n: PercentOff(percent=n),
    "factor": lambda n: PointsMultiplier(factor=n),
    "line_cap": lambda n: PromotionPolicy(name="p", line_cap=n),
    "category_caps.shoes": lambda n: PromotionPolicy(name="p", category_caps={"shoes": n}),
}
AMOUNTS: list[tuple[str, Callable[[Any], object]]] = [
    ("amount", lambda a: FixedOff(amount=a)),
    ("amount", lambda a: Reward(amount=a)),
    ("amount", lambda a: DeferredReward(amount=a)),
    ("budget", lambda a: Limits(budget=a)),
    ("cap", lambda a: promotion("p", percent(1), cap=a)),
    (r"tiers\[0\].below", lambda a: AmountTiers(tiers=(AmountTier(start=euro("0.00"), below=a, benefit=percent(1)),))),
]
PRICES: list[tuple[str, Callable[[Any], object]]] = [
    ("price", lambda a: FixedPrice(price=a)),
    ("price", lambda a: Reward(price=a)),
    ("price", lambda a: BundlePrice(price=a, parts=(BundlePart(),))),
    ("minimum", lambda a: Subtotal(minimum=a)),
    ("maximum", lambda a: Subtotal(maximum=a)),
    (r"tiers\[0\].start", lambda a: AmountTiers(tiers=(AmountTier(start=a, benefit=percent(1)),))),
]


def refused(name: str, make: Callable[[Any], object], wrong: Any) -> None:
    """With a typed error that begins with the place, and is short enough to be read."""
    with pytest.raises((InvalidValue, InvalidPromotion), match=rf"(^|: ){name}: ") as raised:
        make(wrong)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("wrong", NO_COUNTS, ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_count_is_refused(wrong: Any) -> None:
    for name, make in (*COUNTS.items(), *MORE_COUNTS):
        refused(name, make, wrong)
    for name, make in FROM_ZERO:
        if type(wrong) is not int or wrong != 0:
            refused(name, make, wrong)


@pytest.mark.parametrize("wrong", NO_DECIMALS, ids=repr)
def test_what_is_no_exact_decimal_is_refused(wrong: Any) -> None:
    """Also a short text that stands for a fraction with millions of digits: nothing is reckoned with it."""
    for name, make in DECIMALS.items():
        if wrong is not None or name != "line_cap":
            refused(name, make, wrong)


def test_more_than_everything_and_factors_that_give_nothing_are_refused() -> None:
    for name in ("percent", "line_cap", "category_caps.shoes"):
        refused(name, DECIMALS[name], "100.01")
    for factor in (1, "0.5", "1000.01"):
        refused("factor", DECIMALS["factor"], factor)
    assert PointsMultiplier(factor="1.5").factor == Decimal("1.5")


@pytest.mark.parametrize("wrong", NO_AMOUNTS, ids=repr)
def test_what_is_no_amount_is_refused(wrong: Any) -> None:
    for name, make in AMOUNTS:
        refused(name, make, wrong)
    for name, make in PRICES:
        if not isinstance(wrong, Money) or wrong:
            refused(name, make, wrong)


def test_days_and_priorities_are_whole() -> None:
    for days in ([0], [8], [], [1, 9]):
        refused("days", lambda days: Weekdays(days=days), days)
    assert Weekdays(days=[1, 7]) == Weekdays(days={7, 1})
    for priority in (2**31, -(2**31), 10**5000, 1.0, "1", True):
        refused("priority", lambda n: promotion("p", percent(1), priority=n), priority)
        refused("priority", lambda n: PriceList(id="l", name="n", currency="EUR", priority=n), priority)
        refused("order", lambda n: rate(order=n), priority)


def test_rates_that_would_take_hours_are_refused() -> None:
    """``1E-999999`` has nine characters and a million digits."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for wrong in (Decimal("1e-999999"), Decimal("1e-31")):
        refused("rate", lambda ratio: rate(rate=ratio), wrong)
        refused("rate", lambda r: ExchangeRate(base="EUR", target="USD", rate=r, source="s", at=at), wrong)
        refused("tolerance", lambda ratio: dynamic(tolerance=ratio), wrong)
        refused("largest_step", lambda ratio: dynamic(largest_step=ratio), wrong)
    with pytest.raises(InvalidValue, match=r"^rate: "):
        rate(rate=Decimal("0e999999"))
    assert rate(rate=Decimal("0.1999999999999999999999")).rate == Decimal("0.1999999999999999999999")


def dynamic(**facts: Any) -> DynamicPolicy:
    plain = {"floor": euro("1.00"), "ceiling": euro("9.00"), "target_days": 9, "largest_step": Decimal("0.1")}
    return DynamicPolicy(**{"name": "d", "cool_down": timedelta(1), "rounding": Rounding.UP, **plain, **facts})


def rate(**facts: Any) -> TaxRate:
    return TaxRate(**{"id": "r", "name": "VAT", "country": "DE", "rate": Decimal("0.19"), **facts})


def test_the_place_is_named_in_json_too() -> None:
    """Wherever it lies."""
    plain = {
        "id": "p",
        "name": "n",
        "benefit": {
            "kind": "quantity_tiers",
            "tiers": [{"start": 1, "benefit": {"kind": "percent_off", "percent": "1"}}],
        },
        "limits": {"total": 2**31},
        "conditions": [{"kind": "not", "condition": {"kind": "quantity", "minimum": 10**12}}],
    }
    with pytest.raises(InvalidPromotion) as raised:
        PromotionJson().build(plain)
    assert [problem.path for problem in raised.value.problems] == ["conditions[0].condition.minimum", "limits.total"]
    with pytest.raises(InvalidPromotion, match=r"benefit\.factor: "):
        PromotionJson().build({"id": "p", "name": "n", "benefit": {"kind": "points_multiplier", "factor": "1e-999999"}})


def nested(deep: int) -> dict[str, Any]:
    """A promotion with conditions in one another, as JSON says it."""
    condition: dict[str, Any] = {"kind": "first_order"}
    for _ in range(deep):
        condition = {"kind": "not", "condition": condition}
    benefit = {"kind": "percent_off", "percent": "5"}
    return {"id": "nested", "name": "n", "benefit": benefit, "conditions": [condition]}


def test_conditions_lie_only_as_deep_in_one_another_as_every_storage_reads(any_storage: Storage) -> None:
    """The deepest is stored, read again and tried; a deeper one is refused, and breaks no later cart."""
    form = PromotionJson()
    service_on(any_storage).add(form.loads(json.dumps(nested(98))))
    assert service_on(any_storage).evaluate(cart(line("A", 1, "1.00")), now()).outcomes[0].label == "n"
    for deep in (99, 190):
        with pytest.raises(InvalidPromotion, match=r"^conditions: .* lie in one another"):
            form.build(nested(deep))
    condition: Condition = FirstOrder()
    for _ in range(5000):
        condition = Not(condition=condition)
    with pytest.raises(InvalidPromotion, match=r"^conditions: "):
        promotion("p", percent(5), conditions=[condition])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"id":' * 100_000], ids=["lists", "objects"])
def test_json_that_no_reader_goes_into_is_refused(text: str) -> None:
    with pytest.raises(InvalidPromotion, match="recursion"):
        PromotionJson().loads(text)


@pytest.mark.parametrize("wrong", ["", "Mars/Base", "Europe", "../etc/passwd", "/etc/localtime", "a\x00", "x" * 999])
def test_what_is_no_time_zone_is_refused(wrong: str) -> None:
    refused("timezone", lambda name: now(timezone=name), wrong)
    assert now(timezone="Asia/Ho_Chi_Minh").timezone == "Asia/Ho_Chi_Minh"


_texts = st.text(max_size=4) | st.sampled_from(["\x00", "\ud800", "x" * 36, "x" * 37, "x" * 255, "x" * 256])
_counts = st.integers(1, 2**31 - 1) | st.sampled_from([2**31, 2**63, 10**30])
_amounts = (st.integers(1, 2**53 - 1) | st.sampled_from([2**53, 2**63, 10**30])).map(lambda n: Money.of_minor(n, "EUR"))
_facts: dict[str, st.SearchStrategy[Any]] = {
    "id": _texts,
    "name": _texts,
    "benefit": st.builds(FixedOff, amount=_amounts) | st.builds(Gift, sku=_texts).map(lambda g: GiftLines(gifts=(g,))),
    "conditions": st.tuples(st.builds(Subtotal, minimum=_amounts) | st.builds(Quantity, minimum=_counts)),
    "target": _texts.map(lambda text: Selector(skus={text}, attributes={text: {text}})),
    "priority": _counts,
    "cap": _amounts,
    "stacking": st.builds(Stacking, group=_texts) | _texts.map(lambda tag: Stacking(tags={tag})),
    "limits": st.builds(Limits, total=_counts) | st.builds(Limits, budget=_amounts),
}


@given(data=st.data(), odd=st.sampled_from(sorted(_facts)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_promotion_may_be_every_storage_keeps(data: st.DataObject, odd: str, any_storage: Storage) -> None:
    """Memory, SQLite and PostgreSQL take the same: it is stored, read back alike, and its uses are counted."""
    service = service_on(any_storage)
    try:
        made = promotion(**{"id": new_id(), "benefit": percent(50), odd: data.draw(_facts[odd])})
    except CommerceError:
        return
    try:
        service.add(made)
    except KeyReused:
        return
    assert service.get(made.id).alike(made)
    service.reserve(
        new_id(), apply(cart(line("A", 1, "1.00")), [promotion(made.id, percent(50), limits=made.limits)], now()).uses
    )


@given(st.decimals(min_value="0.0001", max_value=100, allow_nan=False, places=20))
def test_percentages_are_exact_whatever_the_hosts_decimal_context(value: Decimal) -> None:
    """A host that reckons with three digits changes no cent."""
    priced, rules = cart(line("A", 1, "99999999.99")), [promotion("p", PercentOff(percent=value))]
    exact = round(Fraction(value) / 100 * 9_999_999_999 + Fraction(1, 10**30))
    with localcontext(prec=3):
        assert abs(apply(priced, rules, now()).cart.discount_total.minor - exact) <= 1
        assert apply(priced, rules, now()).cart.discount_total == apply(priced, rules, now()).cart.discount_total
    assert abs(apply(priced, rules, now()).cart.discount_total.minor - exact) <= 1
