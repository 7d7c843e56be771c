"""Whose tax it is: places, stacked jurisdictions, borders of the EU, thresholds, dates."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import (
    QUICK_START,
    Address,
    CurrencyMismatch,
    InvalidValue,
    Item,
    Line,
    Money,
    Price,
    PricedCart,
    PricedLine,
    Rounding,
)
from commerce.runtime import unit_of_work
from commerce.tax import (
    DistanceSelling,
    MissingRate,
    Sourcing,
    TaxContext,
    TaxPolicy,
    TaxRate,
    TaxService,
    calculate,
    in_eu_vat_area,
    rates_for,
    restate,
    standard_rates,
    tax_context,
    tax_totals,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DE, FR, US_TX = Address(country="DE"), Address(country="FR"), Address(country="US", region="TX", postal_code="78701")


def rate(id: str, percent: str, **more: Any) -> TaxRate:
    fields: dict[str, Any] = {"id": id, "name": id.upper(), "country": "US"} | more
    return TaxRate(rate=Decimal(percent) / 100, **fields)


def cart(unit: str, currency: str = "EUR", included: bool = False, quantity: int = 1) -> PricedCart:
    line = Line.of("a", Item(sku="A"), quantity, Money(unit, currency))
    return PricedCart(currency=currency, lines=(PricedLine(line=line),), tax_included=included, profile=QUICK_START)


def taxed(priced: PricedCart, rates: list[TaxRate], context: TaxContext) -> PricedCart:
    answer = calculate(priced, rates, context)
    assert isinstance(answer, PricedCart), answer
    return answer


@pytest.mark.parametrize(
    ("year", "taxes", "total"),
    [
        # Quebec: QST 8.5 % on price and GST until 2011, 9.5 % in 2012; since 2013 9.975 % on the
        # price alone, which takes the same from the buyer (Revenu Québec, rates of the GST and QST).
        (2011, ["5.00", "8.93"], "113.93"),
        (2012, ["5.00", "9.98"], "114.98"),
        (2013, ["5.00", "9.98"], "114.98"),
    ],
)
def test_the_history_of_a_compounding_tax(year: int, taxes: list[str], total: str) -> None:
    qst: dict[str, Any] = {"country": "CA", "region": "QC", "order": 1}
    rates = [
        rate("gst", "5", country="CA", starts_at=datetime(2008, 1, 1, tzinfo=UTC)),
        rate("qst-2011", "8.5", compound=True, ends_at=datetime(2012, 1, 1, tzinfo=UTC), **qst),
        rate(
            "qst-2012",
            "9.5",
            compound=True,
            starts_at=datetime(2012, 1, 1, tzinfo=UTC),
            ends_at=datetime(2013, 1, 1, tzinfo=UTC),
            **qst,
        ),
        rate("qst", "9.975", starts_at=datetime(2013, 1, 1, tzinfo=UTC), **qst),
    ]
    montreal = Address(country="CA", region="QC", postal_code="H2X 1Y4")
    answer = taxed(cart("100.00", "CAD"), rates, TaxContext(destination=montreal, at=datetime(year, 6, 1, tzinfo=UTC)))
    assert [str(share.amount.amount) for share in answer.lines[0].taxes] == taxes
    assert answer.grand_total == Money(total, "CAD")
    before = TaxContext(destination=montreal, at=datetime(2007, 6, 1, tzinfo=UTC))
    assert [t.name for t in taxed(cart("1", "CAD"), rates, before).lines[0].taxes] == ["QST-2011"]


def test_compound_is_on_lower_orders_only() -> None:
    """Two taxes of one order do not tax each other, whatever their ids."""
    rates = [rate("a", "10", order=1, compound=True), rate("b", "10", order=1, compound=True), rate("z", "10")]
    answer = taxed(cart("100.00", "USD"), rates, TaxContext(destination=US_TX, at=NOW))
    assert [(t.name, t.base.minor, t.amount.minor) for t in answer.lines[0].taxes] == [
        ("Z", 10000, 1000),
        ("A", 11000, 1100),
        ("B", 11000, 1100),
    ]
    gross = taxed(cart("132.00", "USD", included=True), rates, TaxContext(destination=US_TX, at=NOW))
    assert [(t.base.minor, t.amount.minor) for t in gross.lines[0].taxes] == [
        (10000, 1000),
        (11000, 1100),
        (11000, 1100),
    ]


def test_postal_codes_match_however_they_are_written() -> None:
    rates = [rate("london", "20", country="gb", postal_prefixes=("sw1a",))]
    for written in ("SW1A 1AA", "sw1a1aa", "SW1A-1AA"):
        place = Address(country="GB", postal_code=written)
        assert taxed(cart("1.00", "GBP"), rates, TaxContext(destination=place, at=NOW)).tax_total.minor == 20
    assert rate("x", "1", region="ca").applies(Address(country="US", region="Ca"), NOW)


@pytest.mark.parametrize(
    ("country", "code", "inside"),
    [
        ("ES", "28013", True),
        ("ES", "35001", False),  # Canary Islands
        ("DE", "27498", False),  # Helgoland
        ("IT", "23041", False),  # Livigno
        ("FR", "97400", False),  # La Réunion
        ("FI", "22100", False),  # Åland
        ("GR", "630-86", False),  # Mount Athos
        ("DE", " 78266", False),  # Büsingen
        ("CH", "8001", False),
        ("MC", "98000", True),  # Monaco: as France
    ],
)
def test_territories_outside_the_vat_area_have_no_standard_rate(country: str, code: str, inside: bool) -> None:
    place = Address(country=country, postal_code=code)
    assert in_eu_vat_area(place) is inside
    answer = calculate(cart("1.00"), standard_rates(), TaxContext(destination=place, at=NOW))
    assert isinstance(answer, PricedCart) is inside
    assert inside or answer == MissingRate(country=country, region="", category="standard")


PARIS, LISBON, TENERIFE = "FR40303265045", "PT501964843", "ESB58378431"


@pytest.mark.parametrize(
    ("origin", "destination", "vat_id", "charged"),
    [
        (("DE", "10115"), ("FR", "75001"), PARIS, True),
        (("DE", ""), ("FR", ""), PARIS, True),  # not told where in the country: on its mainland
        (("FR", "69001"), ("FR", "75001"), PARIS, False),  # at home
        (("DE", "10115"), ("PT", "1000-001"), PARIS, False),  # the id of another country
        (("DE", "10115"), ("PT", "1000-001"), LISBON, True),
        (("DE", "78266"), ("FR", "75001"), PARIS, False),  # from Büsingen
        (("CH", "8001"), ("FR", "75001"), PARIS, False),  # an import
        (("DE", "10115"), ("FR", "97400"), PARIS, False),  # La Réunion: an export
        (("DE", "10115"), ("ES", "38001"), TENERIFE, False),  # the Canary Islands: an export
        (("DE", "10115"), ("ES", "28013"), TENERIFE, True),
        (("DE", "10115"), ("GB", "bt1 5gs"), "XI432525179", True),  # goods to Northern Ireland
        (("DE", "10115"), ("GB", "BT1 5GS"), "GB432525179", False),
        (("DE", "10115"), ("GB", "SW1A 1AA"), "XI432525179", False),
        (("GB", "BT1 5GS"), ("FR", "75001"), PARIS, True),
        (("DE", "10115"), ("MC", "98000"), PARIS, True),  # Monaco, whose VAT ids are French
        (("FR", "75001"), ("MC", "98000"), PARIS, False),
    ],
)
def test_the_buyer_owes_the_tax_only_on_goods_between_member_states(
    origin: tuple[str, str], destination: tuple[str, str], vat_id: str, charged: bool
) -> None:
    """Council directive 2006/112/EC, articles 6, 138 and 196: the VAT area counts, and where the goods leave."""
    leave, go = (Address(country=country, postal_code=code) for country, code in (origin, destination))
    context = tax_context(TaxPolicy(name="any"), go, NOW, origin=leave, vat_id=vat_id)
    assert context.exempt == ("reverse charge" if charged else "")


def test_without_a_place_the_goods_leave_the_seller_owes_the_tax() -> None:
    assert tax_context(TaxPolicy(name="any"), FR, NOW, vat_id=PARIS).exempt == ""


@pytest.mark.parametrize(
    ("sourcing", "destination", "place"),
    [
        (Sourcing.DESTINATION, Address(country="US", region="TX", postal_code="75001"), "75001"),
        (Sourcing.ORIGIN, Address(country="US", region="CA", postal_code="90012"), "78701"),
        (Sourcing.ORIGIN_WITHIN_REGION, Address(country="US", region="tx", postal_code="75001"), "78701"),
        (Sourcing.ORIGIN_WITHIN_REGION, Address(country="US", region="CA", postal_code="90012"), "90012"),
    ],
)
def test_the_rate_of_origin_or_destination_is_a_policy(sourcing: Sourcing, destination: Address, place: str) -> None:
    context = TaxContext(destination=destination, at=NOW, origin=US_TX, sourcing=sourcing)
    rates = [rate(f"us-{code}", "1", postal_prefixes=(code,)) for code in ("75001", "78701", "90012")]
    assert [t.name for t in taxed(cart("1.00", "USD"), rates, context).lines[0].taxes] == [f"US-{place}"]
    with pytest.raises(InvalidValue, match="origin: sourcing by origin asks where the goods leave"):
        TaxContext(destination=destination, at=NOW, sourcing=Sourcing.ORIGIN)


def small_seller(this_year: str, last_year: str = "0", to: Address = FR) -> TaxContext:
    threshold = DistanceSelling(
        threshold=Money("10000", "EUR"), this_year=Money(this_year, "EUR"), last_year=Money(last_year, "EUR")
    )
    return TaxContext(destination=to, at=NOW, origin=DE, distance_selling=threshold)


@pytest.mark.parametrize(
    ("this_year", "last_year", "unit", "included", "country"),
    [
        ("9900.00", "10000.00", "100.00", False, "DE"),  # exactly the threshold is not over it
        ("9900.00", "0", "100.01", False, "FR"),  # the sale that goes over it
        ("0", "10000.01", "1.00", False, "FR"),  # over it last year
        ("9900.00", "0", "119.00", True, "DE"),  # 100.00 without the German VAT
        ("9900.00", "0", "119.02", True, "FR"),
    ],
)
def test_a_small_seller_charges_home_vat_up_to_the_threshold(
    this_year: str, last_year: str, unit: str, included: bool, country: str
) -> None:
    answer = taxed(cart(unit, included=included), list(standard_rates()), small_seller(this_year, last_year))
    assert [t.jurisdiction for t in answer.lines[0].taxes] == [country]


def test_the_threshold_is_for_borders_inside_the_eu_only() -> None:
    rates = [*standard_rates(), rate("ch", "8.1", country="CH")]
    for to, jurisdiction in ((Address(country="CH"), "CH"), (DE, "DE")):
        answer = taxed(cart("1.00"), rates, small_seller("0", to=to))
        assert [t.jurisdiction for t in answer.lines[0].taxes] == [jurisdiction]
    tenerife = calculate(cart("1.00"), rates, small_seller("0", to=Address(country="ES", postal_code="38001")))
    assert isinstance(tenerife, MissingRate), "not taxed at home, and not silently zero"
    exempt = taxed(cart("1.00"), [], evolve(small_seller("0"), exempt="reverse charge"))
    assert exempt.tax_total.minor == 0
    with pytest.raises(CurrencyMismatch):
        calculate(cart("1.00", "SEK"), rates, small_seller("0"))


@pytest.mark.parametrize(("this_year", "last_year"), [("10000.01", "0"), ("0", "10000.01")])
def test_a_seller_who_is_over_the_threshold_needs_no_rate_at_home(this_year: str, last_year: str) -> None:
    rates = [rate("fr", "20", country="FR")]
    answer = taxed(cart("1.00"), rates, small_seller(this_year, last_year))
    assert [t.jurisdiction for t in answer.lines[0].taxes] == ["FR"]


def test_a_gross_price_can_follow_the_destination() -> None:
    """119.00 with German VAT is 120.00 with French VAT, and 100.00 for a buyer who owes the VAT herself."""
    home, there = (rates_for(standard_rates(), "standard", TaxContext(destination=to, at=NOW)) for to in (DE, FR))
    assert isinstance(home, tuple)
    assert isinstance(there, tuple)
    gross = Price(Money("119.00", "EUR"))
    assert restate(gross, home, there, Rounding.HALF_UP).amount == Money("120.00", "EUR")
    assert restate(gross, home, (), Rounding.HALF_UP).amount == Money("100.00", "EUR")
    assert restate(Price(Money("9.99", "EUR"), per=100), home, home, Rounding.DOWN) == Price(
        Money("9.99", "EUR"), per=100
    )


def test_a_restated_price_compounds_whatever_the_order_of_rates() -> None:
    """5 % and, on top of it, 10 %: 15.5 % on the net price, in either order."""
    state, city = rate("state", "5"), rate("city", "10", order=1, compound=True)
    for group in ((state, city), (city, state)):
        assert restate(Price(Money("115.50", "USD")), group, (), Rounding.HALF_UP).amount == Money("100.00", "USD")
        assert restate(Price(Money("100.00", "USD")), (), group, Rounding.HALF_UP).amount == Money("115.50", "USD")


@pytest.mark.parametrize("field", ["postal_prefixes", "except_postal_prefixes"])
def test_a_single_prefix_is_not_taken_for_its_digits(field: str) -> None:
    """The Canary Islands are 35, not all that begins with 3 or with 5."""
    with pytest.raises(InvalidValue, match="pass several in a list or set, not the text '35'"):
        rate("x", "7", country="ES", **{field: "35"})


@pytest.mark.parametrize("field", ["postal_prefixes", "except_postal_prefixes"])
@pytest.mark.parametrize("prefix", ["", " - ", "北京"])
def test_a_prefix_that_nothing_is_left_of_is_not_everywhere(field: str, prefix: str) -> None:
    with pytest.raises(InvalidValue, match="one without a letter A-Z or a digit is everywhere"):
        rate("x", "7", country="ES", **{field: ("35", prefix)})


def test_a_bill_has_one_row_for_each_rate() -> None:
    rates = [
        rate("std", "19", name="USt", country="DE"),
        rate("books", "7", name="USt", country="DE", category="books"),
        rate("food", "7", name="USt", country="DE", category="food"),
    ]
    lines = tuple(
        PricedLine(line=Line.of(c, Item(sku=c, tax_category=c), 1, Money("1.05", "EUR")))
        for c in ("books", "x", "food")
    )
    answer = taxed(evolve(cart("1"), lines=lines), rates, TaxContext(destination=DE, at=NOW))
    assert [(row.rate, row.base.minor, row.amount.minor) for row in tax_totals(answer)] == [
        (Decimal("0.07"), 210, 14),
        (Decimal("0.19"), 105, 20),
    ]


def test_rates_have_sane_dates() -> None:
    with pytest.raises(InvalidValue, match="ends_at: it ends before it starts"):
        rate("x", "1", starts_at=NOW, ends_at=NOW)
    with pytest.raises(InvalidValue, match="starts_at: pass a timezone-aware"):
        rate("x", "1", starts_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidValue, match="at: pass a timezone-aware"):
        TaxContext(destination=DE, at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_the_service_asks_by_the_policy_of_the_shop() -> None:
    begin = unit_of_work(MemoryStorage(), "tax", lambda: NOW, lambda name: True, lambda: None)
    policy = TaxPolicy(name="small-seller", distance_selling=Money("10000", "EUR"))
    service = TaxService(begin, "DE", policy)
    service.set_rates(standard_rates())
    zero = Money.zero("EUR")
    for sold, country in ((zero, "DE"), (Money("10000", "EUR"), "FR")):
        context = service.context(FR, NOW, this_year=sold, last_year=zero)
        answer = service.calculate(cart("1.00"), context)
        assert isinstance(answer, PricedCart)
        assert [t.jurisdiction for t in answer.lines[0].taxes] == [country]
    with pytest.raises(InvalidValue, match=r"this_year: policy small-seller has a threshold of 10000\.00 EUR"):
        service.context(FR, NOW)
    business = service.context(FR, NOW, vat_id="FR40303265045", this_year=zero, last_year=zero)
    assert business.exempt == "reverse charge"
    assert isinstance(service.calculate(cart("1.00"), business), PricedCart)
    abroad = service.context(FR, NOW, vat_id="FR40303265045", origin=FR, this_year=zero, last_year=zero)
    assert abroad.exempt == "", "goods that lie in the buyer's country do not cross a border"
    at_home = service.context(DE, NOW, vat_id="DE136695976", this_year=zero, last_year=zero)
    assert at_home.exempt == "", "at home the seller owes the tax"
    service.remove_rates(["vat-fr"])
    assert list(service.rates("fr")) == []
