"""Rates: who serves what, what it costs, why not, and when it arrives."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shipping.requests import boxes, euros, item, method, rate_line, request

from commerce.kernel import Address, CurrencyMismatch, InvalidValue, Money
from commerce.shipping import (
    Box,
    Conditions,
    RateAnswer,
    RateBasis,
    RateLine,
    RateRequest,
    RateTable,
    RateTier,
    ShippingMethod,
    ShippingRate,
    Transit,
    Unavailable,
    UnavailableReason,
    Zone,
    answer,
    promise,
    quote,
)


def price(of: ShippingMethod, what: RateRequest) -> Money:
    found = quote(of, what)
    assert isinstance(found, ShippingRate), found
    return found.price


def reason(of: ShippingMethod, what: RateRequest) -> UnavailableReason:
    found = quote(of, what)
    assert isinstance(found, Unavailable), found
    return found.reason


def tiers(*prices: tuple[int | None, str]) -> tuple[RateTier, ...]:
    return tuple(RateTier(up_to=up_to, price=euros(amount)) for up_to, amount in prices)


BY_WEIGHT = RateTable(basis=RateBasis.WEIGHT, tiers=tiers((1000, "4.00"), (5000, "6.00")))


# What it costs.


@pytest.mark.parametrize(("grams", "cost"), [(0, "4.00"), (1000, "4.00"), (1001, "6.00"), (5000, "6.00")])
def test_a_tier_holds_up_to_and_including_its_end(grams: int, cost: str) -> None:
    assert price(method(rates=BY_WEIGHT), request(rate_line(item(grams=grams)))) == euros(cost)


def test_beyond_the_last_tier_there_is_no_price() -> None:
    assert reason(method(rates=BY_WEIGHT), request(rate_line(item(grams=5001)))) is UnavailableReason.BEYOND_TABLE


@pytest.mark.parametrize(("grams", "cost"), [(2000, "4.00"), (2001, "5.50"), (3000, "5.50"), (3001, "7.00")])
def test_each_started_step_above_the_tier_before_costs_more(grams: int, cost: str) -> None:
    table = RateTable(
        basis=RateBasis.WEIGHT,
        tiers=(
            RateTier(up_to=2000, price=euros("4.00")),
            RateTier(price=euros("4.00"), step=1000, step_price=euros("1.50")),
        ),
    )
    assert price(method(rates=table), request(rate_line(item(grams=grams)))) == euros(cost)


def test_a_table_measures_what_it_says() -> None:
    lines = (rate_line(item(grams=300), 2, "30.00"), rate_line(item(grams=500), 1, "5.00"))
    asked = request(*lines)
    for basis, measure in ((RateBasis.WEIGHT, 1100), (RateBasis.QUANTITY, 3), (RateBasis.VALUE, 3500)):
        table = RateTable(basis=basis, tiers=tiers((measure - 1, "1.00"), (measure, "2.00"), (None, "3.00")))
        assert price(method(rates=table), asked) == euros("2.00")


def test_volume_counts_where_it_is_more_than_the_weight() -> None:
    """A pillow of 60 x 40 x 20 cm and 800 g weighs 9.6 kg at a divisor of 5000."""
    table = RateTable(basis=RateBasis.VOLUMETRIC, tiers=tiers((1000, "4.00"), (9600, "9.00"), (None, "20.00")))
    assert price(method(rates=table), request(rate_line(item(grams=800, size=(600, 400, 200))))) == euros("9.00")
    assert price(method(rates=table), request(rate_line(item(grams=800, size=(100, 100, 100))))) == euros("4.00")
    unknown = request(rate_line(item(size=None)))
    assert reason(method(rates=table), unknown) is UnavailableReason.DIMENSIONS_UNKNOWN


def test_boxes_count_with_their_own_weight_and_volume() -> None:
    box = Box(name="M", dimensions_mm=(500, 400, 300), max_weight_grams=10_000, tare_grams=900)
    table = RateTable(basis=RateBasis.WEIGHT, tiers=tiers((1000, "4.00"), (None, "6.00")))
    assert price(method(rates=table, boxes=(box,)), request(rate_line(item(grams=200)))) == euros("6.00")
    table = RateTable(basis=RateBasis.VOLUMETRIC, tiers=tiers((11_999, "4.00"), (12_000, "6.00")))
    assert price(method(rates=table, boxes=(box,)), request(rate_line(item(grams=200)))) == euros("6.00")


def test_a_table_per_parcel_is_asked_for_each() -> None:
    box = Box(name="M", dimensions_mm=(300, 200, 100), max_weight_grams=1000)
    heavy = rate_line(item(grams=600, size=(100, 100, 100)), 3)
    table = RateTable(
        basis=RateBasis.WEIGHT,
        tiers=tiers(
            (600, "4.00"),
        ),
        per_parcel=True,
    )
    assert price(method(rates=table, boxes=(box,)), request(heavy)) == euros("12.00")
    table = RateTable(
        basis=RateBasis.QUANTITY,
        tiers=tiers(
            (1, "4.00"),
        ),
        per_parcel=True,
    )
    two = rate_line(item(grams=500, size=(100, 100, 100)), 2)
    assert reason(method(rates=table, boxes=(box,)), request(two)) is UnavailableReason.BEYOND_TABLE


@pytest.mark.parametrize(("value", "cost"), [("49.99", "5.40"), ("50.00", "0.00")])
def test_from_a_value_on_it_is_free_and_the_fee_with_it(value: str, cost: str) -> None:
    generous = method(free_above=euros("50.00"), handling_fee=euros("0.50"))
    assert price(generous, request(rate_line(value=value))) == euros(cost)


def test_what_needs_no_shipping_counts_for_nothing() -> None:
    download = rate_line(item("MP3", 9000, requires_shipping=False), 5, "500.00")
    generous = method(rates=BY_WEIGHT, free_above=euros("50.00"), conditions=Conditions(max_weight_grams=1000))
    assert price(generous, request(rate_line(), download)) == euros("4.00")
    assert reason(generous, request(download)) is UnavailableReason.NOTHING_TO_SHIP


# Whom it serves.


def test_a_disabled_method_says_so() -> None:
    assert reason(method(enabled=False), request()) is UnavailableReason.DISABLED


def test_a_method_serves_its_currency_only() -> None:
    dollars = RateRequest(
        destination=Address(country="US"),
        currency="USD",
        lines=(RateLine(item=item(), quantity=1, value=Money("5.00", "USD")),),
        at=request().at,
    )
    assert reason(method(), dollars) is UnavailableReason.OTHER_CURRENCY
    with pytest.raises(CurrencyMismatch):
        quote(method(), request(RateLine(item=item(), quantity=1, value=Money("5.00", "USD"))))


GERMANY = Zone(countries=frozenset({"de"}))
SYLT = Zone(countries=frozenset({"DE"}), postal_prefixes=("2599", "2598"))
MAINLAND = Zone(countries=frozenset({"GB"}), without_postal_prefixes=("BT", "IM", "JE"))
CALIFORNIA = Zone(countries=frozenset({"US"}), regions=frozenset({"us-ca"}))


@pytest.mark.parametrize(
    ("zones", "to", "expected"),
    [
        ((), Address(country="NZ"), None),
        ((GERMANY,), Address(country="DE"), None),
        ((GERMANY,), Address(country="AT"), UnavailableReason.NOT_IN_ZONE),
        ((GERMANY, CALIFORNIA), Address(country="US", region="ca"), None),
        ((GERMANY, CALIFORNIA), Address(country="US"), UnavailableReason.NEEDS_REGION),
        ((GERMANY, CALIFORNIA), Address(country="US", region="NY"), UnavailableReason.NOT_IN_ZONE),
        ((SYLT,), Address(country="DE", postal_code="25 980"), None),
        ((SYLT,), Address(country="DE", postal_code="10117"), UnavailableReason.NOT_IN_ZONE),
        ((SYLT,), Address(country="DE"), UnavailableReason.NEEDS_POSTAL_CODE),
        ((MAINLAND,), Address(country="GB", postal_code="sw1a 1aa"), None),
        ((MAINLAND,), Address(country="GB", postal_code="bt1 1aa"), UnavailableReason.NOT_IN_ZONE),
        ((MAINLAND,), Address(country="GB"), UnavailableReason.NEEDS_POSTAL_CODE),
        ((SYLT, GERMANY), Address(country="DE"), None),
    ],
)
def test_a_zone_is_a_place_and_says_what_it_would_have_to_know(
    zones: tuple[Zone, ...], to: Address, expected: UnavailableReason | None
) -> None:
    found = quote(method(zones=zones), request(to=to))
    assert (found.reason if isinstance(found, Unavailable) else None) is expected


@pytest.mark.parametrize(
    "wrong", [{"countries": frozenset({"Germany"})}, {"regions": frozenset({"CA"})}, {"regions": frozenset({"US-"})}]
)
def test_a_zone_is_named_by_codes(wrong: dict[str, frozenset[str]]) -> None:
    with pytest.raises(InvalidValue):
        Zone(**wrong)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (Conditions(only_categories=frozenset({"clothes", "toys"})), None),
        (Conditions(only_categories=frozenset({"toys"})), UnavailableReason.ITEM_EXCLUDED),
        (Conditions(only_collections=frozenset({"summer"})), None),
        (Conditions(only_collections=frozenset({"winter"})), UnavailableReason.ITEM_EXCLUDED),
        (Conditions(never_categories=frozenset({"clothes"})), UnavailableReason.ITEM_EXCLUDED),
        (Conditions(never_categories=frozenset({"toys"})), None),
        (Conditions(never_collections=frozenset({"summer"})), UnavailableReason.ITEM_EXCLUDED),
        (Conditions(max_weight_grams=400), None),
        (Conditions(max_weight_grams=399), UnavailableReason.TOO_HEAVY),
    ],
)
def test_conditions_look_at_every_item(conditions: Conditions, expected: UnavailableReason | None) -> None:
    shirt = item(categories=frozenset({"clothes"}), collections=frozenset({"summer"}))
    found = quote(method(conditions=conditions), request(rate_line(shirt, 2)))
    assert (found.reason if isinstance(found, Unavailable) else None) is expected


def test_one_item_of_another_kind_is_enough_to_refuse() -> None:
    only_toys = method(conditions=Conditions(only_categories=frozenset({"toys"})))
    toy = item(categories=frozenset({"toys"}))
    assert price(only_toys, request(rate_line(toy))) == euros("4.90")
    assert reason(only_toys, request(rate_line(toy), rate_line())) is UnavailableReason.ITEM_EXCLUDED


def test_what_fits_into_no_box_cannot_travel_this_way() -> None:
    box = Box(name="S", dimensions_mm=(100, 100, 100), max_weight_grams=1000)
    assert reason(method(boxes=(box,)), request()) is UnavailableReason.TOO_LARGE


# What it is called.


def test_a_method_has_a_name_for_every_language() -> None:
    named = method(names={"zh-Hant": "標準", "de": "Standardversand", "en": "Standard", "pt_br": "Padrão"})
    assert [named.name(locale) for locale in ("de", "de_AT", "PT-br", "zh-Hant-TW", "fr")] == [
        "Standardversand",
        "Standardversand",
        "Padrão",
        "標準",
        "Standard",
    ]
    with pytest.raises(InvalidValue, match="locale"):
        method(names={"not a language": "Standard"})
    found = quote(named, request(locale="de-DE"))
    assert isinstance(found, ShippingRate)
    assert found.label == "Standardversand"


@pytest.mark.parametrize(
    "wrong",
    [
        {"names": {}},
        {"id": ""},
        {"free_above": Money("1.00", "USD")},
        {"handling_fee": Money("1.00", "USD")},
        {"currency": "USD"},
        {"currency": "EURO"},
    ],
)
def test_a_method_that_could_not_be_offered_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        method(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": ()},
        {"tiers": tiers((5, "1.00"), (5, "2.00"))},
        {"tiers": tiers((9, "1.00"), (5, "2.00"))},
        {"tiers": tiers((None, "1.00"), (5, "2.00"))},
        {"tiers": tiers((-1, "1.00"))},
        {"divisor": 0},
        {"basis": RateBasis.VALUE, "per_parcel": True},
        {"basis": RateBasis.FLAT},
    ],
)
def test_a_table_that_says_two_things_is_refused(wrong: dict[str, object]) -> None:
    sound = {"basis": RateBasis.WEIGHT, "tiers": tiers((5, "1.00"))}
    with pytest.raises(InvalidValue):
        RateTable(**sound | wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": euros("-0.01")},
        {"step": 100},
        {"step_price": euros("1.00")},
        {"step": -5, "step_price": euros("1.00")},
        {"step": 100, "step_price": euros("-1.00")},
    ],
)
def test_a_tier_that_costs_less_than_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        RateTier(**{"price": euros("1.00")} | wrong)  # type: ignore[arg-type]  # wrong on purpose


# When it arrives. 2026-03-06 is a Friday.


@pytest.mark.parametrize(
    ("at", "transit", "expected"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), Transit(min_days=1, max_days=3), (date(2026, 3, 3), date(2026, 3, 5))),
        (datetime(2026, 3, 6, 9, tzinfo=UTC), Transit(min_days=1, max_days=2), (date(2026, 3, 9), date(2026, 3, 10))),
        (datetime(2026, 3, 7, 9, tzinfo=UTC), Transit(min_days=0, max_days=1), (date(2026, 3, 9), date(2026, 3, 10))),
        (
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            Transit(min_days=1, max_days=1, handling_days=2),
            (date(2026, 3, 5), date(2026, 3, 5)),
        ),
        (
            datetime(2026, 3, 2, 12, 59, tzinfo=UTC),
            Transit(min_days=1, max_days=1, cut_off_hour=14, time_zone="Europe/Berlin"),
            (date(2026, 3, 3), date(2026, 3, 3)),
        ),
        (
            datetime(2026, 3, 2, 13, 0, tzinfo=UTC),
            Transit(min_days=1, max_days=1, cut_off_hour=14, time_zone="Europe/Berlin"),
            (date(2026, 3, 4), date(2026, 3, 4)),
        ),
        (
            datetime(2026, 3, 6, 9, tzinfo=UTC),
            Transit(min_days=1, max_days=1, weekdays=frozenset(range(6)), holidays=frozenset({date(2026, 3, 7)})),
            (date(2026, 3, 9), date(2026, 3, 9)),
        ),
        (
            datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
            Transit(min_days=0, max_days=0, time_zone="Asia/Ho_Chi_Minh"),
            (date(2026, 3, 2), date(2026, 3, 2)),
        ),
    ],
)
def test_promises_count_business_days(at: datetime, transit: Transit, expected: tuple[date, date]) -> None:
    assert promise(transit, at) == expected


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1 < at.year < 9998), st.integers(0, 9), st.integers(0, 9))
def test_a_promise_ends_on_business_days_and_not_before_it_begins(at: datetime, least: int, more: int) -> None:
    first, last = promise(Transit(min_days=least, max_days=least + more), at)
    assert at.date() <= first <= last
    assert {first.weekday(), last.weekday()} <= set(range(5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_days": 0},
        {"min_days": -1},
        {"handling_days": -1},
        {"cut_off_hour": 24},
        {"time_zone": "Berlin"},
        {"weekdays": frozenset()},
        {"weekdays": frozenset({7})},
    ],
)
def test_a_transit_that_never_ends_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Transit(**{"min_days": 1, "max_days": 2} | wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_a_rate_carries_its_promise() -> None:
    """12:00 UTC on a Sunday: sent on Monday, there on Tuesday."""
    found = quote(method(transit=Transit(min_days=1, max_days=2)), request())
    assert isinstance(found, ShippingRate)
    assert (found.promised_from, found.promised_until) == (date(2026, 3, 3), date(2026, 3, 4))


# Laws.

_steps = st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 500)), min_size=1, max_size=5)


def _rising(drawn: list[tuple[int, int]], basis: RateBasis, *, endless: bool) -> RateTable:
    """A table whose prices rise with its tiers."""
    up_to, minor, found = 0, 0, []
    for width, more in drawn:
        up_to, minor = up_to + width, minor + more
        found.append(RateTier(up_to=up_to, price=Money.of_minor(minor, "EUR")))
    if endless:
        found.append(RateTier(price=Money.of_minor(minor, "EUR"), step=100, step_price=Money.of_minor(7, "EUR")))
    return RateTable(basis=basis, tiers=tuple(found))


@given(
    _steps,
    st.booleans(),
    st.sampled_from([RateBasis.WEIGHT, RateBasis.VOLUMETRIC]),
    st.integers(0, 9000),
    st.integers(0, 9000),
)
def test_more_weight_never_costs_less(
    drawn: list[tuple[int, int]], endless: bool, basis: RateBasis, grams: int, more: int
) -> None:
    of = method(rates=_rising(drawn, basis, endless=endless))
    light, heavy = (quote(of, request(rate_line(item(grams=g)))) for g in (grams, grams + more))
    if isinstance(heavy, ShippingRate):
        assert isinstance(light, ShippingRate)
        assert light.price <= heavy.price


@given(_steps, st.integers(1, 30), st.integers(0, 30), boxes)
def test_more_units_never_cost_less_by_quantity(
    drawn: list[tuple[int, int]], units: int, more: int, available: tuple[Box, ...]
) -> None:
    table = _rising(drawn, RateBasis.QUANTITY, endless=True)
    of = method(rates=table, boxes=available)
    few, many = (quote(of, request(rate_line(item(grams=1), count))) for count in (units, units + more))
    assert isinstance(few, ShippingRate)
    assert isinstance(many, ShippingRate)
    assert few.price <= many.price


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_cheapest_comes_first_and_every_method_is_answered(
    drawn: list[tuple[int, int, bool]], chance: Random
) -> None:
    methods = [
        method(
            f"m{n}",
            RateTable.flat(Money.of_minor(minor, "EUR")),
            transit=Transit(min_days=0, max_days=days) if days else None,
            enabled=enabled,
        )
        for n, (minor, days, enabled) in enumerate(drawn)
    ]
    found = answer(methods, request())
    chance.shuffle(methods)
    again = answer(methods, request())
    assert found.rates == again.rates
    assert [rate.price for rate in found.rates] == sorted(rate.price for rate in found.rates)
    ids = [rate.method_id for rate in found.rates] + [refused.method_id for refused in found.unavailable]
    assert sorted(ids) == sorted(of.id for of in methods)


def test_of_equal_prices_the_earlier_promise_comes_first_then_the_id() -> None:
    """What promises nothing comes last."""
    days = {"b": 2, "a": 2, "slow": 5, "quick": 1}
    methods = [method("any"), *(method(id, transit=Transit(min_days=1, max_days=n)) for id, n in days.items())]
    assert [rate.method_id for rate in answer(methods, request()).rates] == ["quick", "a", "b", "slow", "any"]


def test_no_methods_are_no_rates() -> None:
    assert answer([], request()) == RateAnswer(rates=(), unavailable=())


@pytest.mark.parametrize("quantity", [0, -1, 1.5])
def test_units_are_whole(quantity: int) -> None:
    with pytest.raises(InvalidValue, match="pass 1 or more"):
        rate_line(quantity=quantity)


def test_a_request_says_when_it_is() -> None:
    with pytest.raises(InvalidValue, match="timezone-aware"):
        RateRequest(destination=Address(country="DE"), currency="EUR", lines=(), at=datetime(2026, 3, 1))  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize("field", ["countries", "regions", "postal_prefixes", "without_postal_prefixes"])
def test_a_single_text_is_not_taken_for_its_letters(field: str) -> None:
    """A zone of the postal codes "35" is not one of all that begin with 3 or 5."""
    with pytest.raises(InvalidValue, match="pass several"):
        Zone(**{field: "35"})
