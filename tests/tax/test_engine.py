"""Tax is exact, adds up on every line and total, and a missing rate is said, never guessed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from commerce.kernel import (
    QUICK_START,
    Address,
    Adjustment,
    AdjustmentKind,
    Charge,
    CurrencyMismatch,
    InvalidValue,
    Item,
    Line,
    Money,
    PricedCart,
    PricedCharge,
    PricedLine,
    Rounding,
    RoundingProfile,
    TaxLevel,
    TaxTarget,
)
from commerce.tax import (
    MissingRate,
    ShippingTax,
    TaxContext,
    TaxRate,
    calculate,
    standard_rates,
    tax_totals,
    valid_vat_id,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rate(percent: str, **more: Any) -> TaxRate:
    fields: dict[str, Any] = {"id": f"r{percent}", "name": f"{percent} %", "country": "DE"} | more
    return TaxRate(rate=Decimal(percent) / 100, **fields)


def there(country: str = "DE", **more: Any) -> TaxContext:
    place = Address(country=country, region=more.pop("region", ""), postal_code=more.pop("postal_code", ""))
    return TaxContext(destination=place, at=NOW, **more)


def line(id: str, unit: str, quantity: int, off: str = "0", category: str = "standard") -> PricedLine:
    plain = Line.of(id, Item(sku=id, tax_category=category), quantity, Money(unit, "EUR"))
    shares = (Adjustment(kind=AdjustmentKind.ITEM, source="p", label="off", amount=-Money(off, "EUR")),)
    return PricedLine(line=plain, adjustments=shares if Decimal(off) else ())


def cart(*lines: PricedLine, shipping: str = "", included: bool = False, **profile: Any) -> PricedCart:
    charges = (
        (PricedCharge(charge=Charge(id="s", label="Shipping", subtotal=Money(shipping, "EUR")), tax_included=included),)
        if shipping
        else ()
    )
    return PricedCart(
        currency="EUR",
        lines=tuple(evolve(one, tax_included=included) for one in lines),
        charges=charges,
        tax_included=included,
        profile=evolve(QUICK_START, **profile),
    )


def taxed(priced: PricedCart, rates: list[TaxRate], context: TaxContext | None = None) -> PricedCart:
    answer = calculate(priced, rates, context or there())
    assert isinstance(answer, PricedCart)
    assert_adds_up(answer)
    return answer


def assert_adds_up(priced: PricedCart) -> None:
    for part in priced.parts:
        assert part.net + part.tax == part.gross
        assert (part.gross if priced.tax_included else part.net) == part.subtotal - part.discount
    assert priced.net_total + priced.tax_total == priced.grand_total


@pytest.mark.parametrize(
    ("level", "total"), [(TaxLevel.LINE, "3.86"), (TaxLevel.UNIT, "3.87"), (TaxLevel.TOTAL, "3.86")]
)
def test_where_tax_is_rounded_shows(level: TaxLevel, total: str) -> None:
    assert taxed(cart(line("a", "1.08", 3), tax_level=level), [rate("19")]).grand_total == Money(total, "EUR")


@pytest.mark.parametrize(
    ("level", "discounts", "total"),
    [
        (TaxLevel.LINE, ("220.08", "113.93"), "3667.52"),
        (TaxLevel.UNIT, ("220.08", "113.94"), "3667.51"),
        (TaxLevel.TOTAL, ("220.08", "113.94"), "3667.50"),
    ],
)
def test_ten_percent_off_at_each_level(level: TaxLevel, discounts: tuple[str, str], total: str) -> None:
    """The discount is taken where the tax is: per line, per unit, on the total (334.02 shared out)."""
    lines = line("a", "733.61", 3, discounts[0]), line("b", "569.67", 2, discounts[1])
    assert taxed(cart(*lines, tax_level=level), [rate("22")]).grand_total == Money(total, "EUR")


@pytest.mark.parametrize(("target", "net", "tax"), [(TaxTarget.NET, "8.33", "1.66"), (TaxTarget.TAX, "8.32", "1.67")])
def test_included_tax_is_found_by_subtraction(target: TaxTarget, net: str, tax: str) -> None:
    priced = taxed(cart(line("a", "9.99", 1), included=True, tax_target=target), [rate("20")])
    assert (priced.net_total, priced.tax_total) == (Money(net, "EUR"), Money(tax, "EUR"))
    assert priced.grand_total == Money("9.99", "EUR")


def test_state_county_and_city_are_charged_together() -> None:
    rates = [
        rate("6.25", id="state", country="US", region="CA"),
        rate("1", id="county", country="US", region="CA", postal_prefixes=("90",), order=1),
        rate("2.25", id="city", country="US", region="CA", postal_prefixes=("900", "901"), order=2),
        rate("4", id="ny", country="US", region="NY"),
    ]
    priced = taxed(cart(line("a", "10.00", 1)), rates, there("US", region="CA", postal_code="90012"))
    assert [str(t.amount.amount) for t in priced.lines[0].taxes] == ["0.63", "0.10", "0.23"]
    outside = taxed(cart(line("a", "10.00", 1)), rates, there("US", region="CA", postal_code="94016"))
    assert [t.jurisdiction for t in outside.lines[0].taxes] == ["US-CA"]


@pytest.mark.parametrize("included", [False, True])
def test_a_compound_tax_is_charged_on_the_tax_before(included: bool) -> None:
    rates = [rate("5", id="gst", order=1), rate("10", id="qst", order=2, compound=True)]
    unit = "115.50" if included else "100.00"
    priced = taxed(cart(line("a", unit, 1), included=included), rates)
    assert [str(t.amount.amount) for t in priced.lines[0].taxes] == ["5.00", "10.50"]
    assert [str(t.base.amount) for t in priced.lines[0].taxes] == ["100.00", "105.00"]


def test_shipping_has_its_own_rate_or_that_of_the_lines() -> None:
    rates = [rate("19"), rate("7", category="books"), rate("10", category="shipping")]
    lines = line("a", "30.00", 1), line("b", "10.00", 1, category="books")
    own = taxed(cart(*lines, shipping="4.00"), rates)
    assert [(t.rate, t.amount.minor) for t in own.charges[0].taxes] == [(Decimal("0.10"), 40)]
    weighted = taxed(cart(*lines, shipping="4.00"), rates, there(shipping=ShippingTax.WEIGHTED))
    assert [(t.rate, t.base.minor, t.amount.minor) for t in weighted.charges[0].taxes] == [
        (Decimal("0.19"), 300, 57),
        (Decimal("0.07"), 100, 7),
    ]


@pytest.mark.parametrize("included", [False, True])
def test_the_order_of_lines_does_not_move_shipping_between_rates(included: bool) -> None:
    """The odd minor unit of 0.05 over two equal halves goes to the same rate either way."""
    rates = [rate("19"), rate("7", category="books")]
    lines = [line("a", "10.00", 1), line("b", "10.00", 1, category="books")]
    there_weighted = there(shipping=ShippingTax.WEIGHTED)
    one, other = (
        taxed(cart(*order, shipping="0.05", included=included), rates, there_weighted) for order in (lines, lines[::-1])
    )
    assert one.charges == other.charges


def test_a_category_without_a_rate_takes_the_standard_one() -> None:
    assert taxed(cart(line("a", "1.00", 1, category="toys")), [rate("19")]).tax_total == Money("0.19", "EUR")


def test_a_missing_rate_is_a_result() -> None:
    missing = calculate(cart(line("a", "1.00", 1)), list(standard_rates()), there("BR", region="SP"))
    assert missing == MissingRate(country="BR", region="SP", category="standard")
    stated = taxed(cart(line("a", "1.00", 1)), [rate("0", country="BR")], there("BR"))
    assert stated.tax_total == Money(0, "EUR")


def test_in_the_hour_that_happens_twice_the_later_one_is_later() -> None:
    """Summer time ends in Berlin: 02:15 for the second time is after 02:30 for the first."""
    berlin = ZoneInfo("Europe/Berlin")
    turns, later = datetime(2026, 10, 25, 2, 30, tzinfo=berlin), datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1)
    rates = [rate("19", ends_at=turns), rate("21", starts_at=turns)]
    taxed = calculate(cart(line("A", "100.00", 1)), rates, evolve(there(), at=later))
    assert isinstance(taxed, PricedCart)
    assert str(taxed.tax_total) == "21.00 EUR"


def test_rates_are_dated() -> None:
    rates = [rate("19", ends_at=NOW), rate("21", starts_at=NOW)]
    assert taxed(cart(line("a", "1.00", 1)), rates).tax_total == Money("0.21", "EUR")
    before = evolve(there(), at=NOW - timedelta(seconds=1))
    assert taxed(cart(line("a", "1.00", 1)), rates, before).tax_total == Money("0.19", "EUR")


def test_one_rate_is_never_charged_twice() -> None:
    """A rate that was meant to replace another of its id would otherwise be added to it."""
    with pytest.raises(InvalidValue, match="rates: two rates with the id vat-de hold at once"):
        calculate(cart(line("a", "1.00", 1)), [*standard_rates(), rate("16", id="vat-de")], there())
    later = rate("16", id="vat-de", starts_at=NOW + timedelta(days=1))
    assert taxed(cart(line("a", "1.00", 1)), [*standard_rates(), later]).tax_total == Money("0.19", "EUR")


def test_an_exempt_buyer_pays_none_and_reads_why() -> None:
    priced = taxed(cart(line("a", "1.00", 1)), [], there("BR", exempt="reverse charge"))
    assert priced.tax_total == Money(0, "EUR")
    assert [t.note for t in priced.lines[0].taxes] == ["reverse charge"]


def test_shipping_is_weighted_by_all_lines_of_a_rate() -> None:
    """Two lines at 19 %, one at 7 %: 30.00 to 10.00, whatever the order."""
    rates = [rate("19"), rate("7", category="books")]
    lines = line("a", "20.00", 1), line("b", "10.00", 1, category="books"), line("c", "10.00", 1)
    weighted = taxed(cart(*lines, shipping="4.00"), rates, there(shipping=ShippingTax.WEIGHTED))
    assert [(t.base.minor, t.amount.minor) for t in weighted.charges[0].taxes] == [(300, 57), (100, 7)]


def test_a_rate_group_is_what_a_bill_cannot_tell_apart() -> None:
    """Books and food at 7 % are one row of the bill, so rounded together; a compound rate is another."""
    rates = [rate("7", id="books", category="books"), rate("7", id="food", category="food")]
    lines = line("a", "1.05", 1, category="books"), line("b", "1.05", 1, category="food")
    together = taxed(cart(*lines, tax_level=TaxLevel.TOTAL), rates)
    assert [part.tax.minor for part in together.lines] == [8, 7], "0.147 of 2.10, not twice 0.0735"
    first = rate("50", id="first", category="food", order=-1)
    compound = [rates[0], first, evolve(rates[1], compound=True)]
    apart = taxed(cart(*lines, tax_level=TaxLevel.TOTAL), [*compound, evolve(first, id="other", category="books")])
    assert [[t.amount.minor for t in part.taxes] for part in apart.lines] == [[53, 7], [52, 11]]
    assert [(t.base.minor, t.amount.minor) for t in tax_totals(apart)] == [(210, 105), (262, 18)]


def test_one_tax_on_lines_of_different_groups_is_one_row_of_the_bill() -> None:
    """GST on books, GST and PST on the rest: 5 % of 20.20 is 1.01, not twice 0.51."""
    gst, books = (
        rate("5", id=id, name="GST", category=id, order=order) for id, order in (("standard", 0), ("books", 3))
    )
    lines = line("a", "10.10", 1), line("b", "10.10", 1, category="books")
    answer = taxed(cart(*lines, tax_level=TaxLevel.TOTAL), [gst, books, rate("7", name="PST", order=1)])
    assert [(t.name, t.base.minor, t.amount.minor) for t in tax_totals(answer)] == [
        ("GST", 2020, 101),
        ("PST", 1010, 71),
    ]


def test_the_order_in_which_a_rate_is_charged_does_not_make_it_another() -> None:
    """Where nothing compounds, ``order`` only sorts: 10 % of 0.10, whatever the order of either rate."""
    rates = [rate("10", id="a"), rate("10", id="b", category="books", order=1)]
    lines = line("a", "0.05", 1), line("b", "0.05", 1, category="books")
    for included, tax in ((False, 1), (True, 1)):
        answer = taxed(cart(*lines, included=included, tax_level=TaxLevel.TOTAL), rates)
        assert [(row.amount.minor) for row in tax_totals(answer)] == [tax]


@pytest.mark.parametrize("level", TaxLevel)
def test_no_line_holds_more_tax_than_money(level: TaxLevel) -> None:
    """Thirty times one cent with three taxes of 20 % inside: 11 cents of tax, a cent a line at most."""
    rates = [rate("20", id=id, name=id) for id in "abc"]
    answer = taxed(cart(*(line(str(n), "0.01", 1) for n in range(30)), included=True, tax_level=level), rates)
    assert min(part.net.minor for part in answer.lines) >= 0
    if level is TaxLevel.TOTAL:
        assert [row.amount.minor for row in tax_totals(answer)] == [4, 4, 3]
        assert sorted(part.tax.minor for part in answer.lines) == [0] * 19 + [1] * 11


def test_bad_rates_are_refused_by_field() -> None:
    for wrong, field in (
        ({"country": "Germany"}, "country"),
        ({"id": "x" * 65}, "id"),
        ({"region": "x" * 17}, "region"),
    ):
        with pytest.raises(InvalidValue, match=f"^{field}: "):
            rate("19", **wrong)
    with pytest.raises(InvalidValue, match="rate: a rate has at most 32"):
        TaxRate(id="x", name="x", country="DE", rate=Decimal("0." + "1" * 40))


def test_a_line_in_another_currency_is_refused() -> None:
    dollars = PricedLine(line=Line.of("d", Item(sku="d"), 1, Money(1, "USD")))
    off = Adjustment(kind=AdjustmentKind.ITEM, source="p", label="off", amount=Money(-1, "USD"))
    for wrong in (dollars, evolve(line("a", "2.00", 1), adjustments=(off,))):
        with pytest.raises(CurrencyMismatch, match="expected EUR, got USD"):
            calculate(cart(wrong), [rate("19")], there())


@pytest.mark.parametrize("no_ratio", ["19", "-0.1", "NaN", "sNaN", "Infinity"])
def test_a_percentage_is_no_ratio(no_ratio: str) -> None:
    with pytest.raises(InvalidValue, match=r"pass Decimal\('0.19'\) for 19 %"):
        TaxRate(id="x", name="x", country="DE", rate=Decimal(no_ratio))


@pytest.mark.parametrize(
    ("vat_id", "country", "valid"),
    [
        ("DE136695976", "DE", True),
        ("DE136695978", "DE", False),
        ("EL094259216", "GR", True),
        ("FR40303265045", "DE", False),
    ],
)
def test_vat_ids_have_check_digits(vat_id: str, country: str, valid: bool) -> None:
    assert valid_vat_id(vat_id, country) is valid


profiles = st.builds(
    RoundingProfile,
    name=st.just("any"),
    price_rounding=st.sampled_from(Rounding),
    tax_rounding=st.sampled_from(Rounding),
    tax_level=st.sampled_from(TaxLevel),
    tax_target=st.sampled_from(TaxTarget),
)
lines = st.builds(
    lambda id, unit, quantity, percent, category: line(
        str(id), str(Decimal(unit) / 100), quantity, str(Decimal(unit * quantity * percent // 100) / 100), category
    ),
    st.uuids(),
    st.integers(0, 100_000),
    st.integers(1, 40),
    st.integers(0, 100),
    st.sampled_from(["standard", "books"]),
)
RATES = [rate("19"), rate("7", category="books"), rate("9.975", id="q", order=1, compound=True)]


@given(
    st.lists(lines, min_size=1, max_size=8),
    profiles,
    st.booleans(),
    st.sampled_from(ShippingTax),
    st.sampled_from(["", "4.99"]),
)
def test_it_always_adds_up(
    some: list[PricedLine],
    profile: RoundingProfile,
    included: bool,
    shipping: ShippingTax,
    charge: str,
) -> None:
    priced = evolve(cart(*some, shipping=charge, included=included), profile=profile)
    answer = taxed(priced, RATES, there(shipping=shipping))
    assert all(share.amount.minor >= 0 for part in answer.parts for share in part.taxes)
    assert all(part.net.minor >= 0 for part in answer.parts)
    for part in answer.lines:
        quantity = part.line.quantity
        units = [part.units(n, 1) for n in range(quantity)]
        assert sum(u.gross.minor for u in units) == part.gross.minor
        assert all(u.net + u.tax == u.gross for u in units)
    reordered = evolve(priced, lines=priced.lines[::-1])
    if profile.tax_level is not TaxLevel.TOTAL:
        assert taxed(reordered, RATES, there(shipping=shipping)).grand_total == answer.grand_total


@given(st.lists(lines, min_size=1, max_size=8), profiles, st.booleans())
def test_a_rate_group_is_off_by_less_than_its_roundings(
    some: list[PricedLine],
    profile: RoundingProfile,
    included: bool,
) -> None:
    """Against exact fractions: one minor unit for a total, one per line, or one per unit, as the level says."""
    priced = evolve(cart(*some, included=included), profile=profile)
    answer = taxed(priced, [rate("19")])
    value = Fraction(sum(part.total.minor for part in priced.lines))
    exact = value * 19 / 119 if included else value * Fraction(19, 100)
    roundings = {
        TaxLevel.TOTAL: 1,
        TaxLevel.LINE: len(some),
        TaxLevel.UNIT: sum(part.line.quantity for part in some),
    }
    assert abs(answer.tax_total.minor - exact) <= roundings[profile.tax_level]
