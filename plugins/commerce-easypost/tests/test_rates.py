"""What it costs: exact, in the currency asked for, each service once."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from commerce_easypost import EasyPostCannotQuote, EasyPostCarrier, EasyPostUnavailable
from commerce_easypost.measures import inches, ounces
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.kernel import Address, Money
from commerce.shipping import CarrierCannot
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Asker

Make = Callable[..., EasyPostCarrier]


@pytest.fixture
def tariff(server: EasyPostServer) -> Iterator[dict[tuple[str, str, str], tuple[str, str]]]:
    """Prices that a test may change."""
    before, currency = dict(server.tariff), server.currency
    yield server.tariff
    server.tariff.clear()
    server.tariff.update(before)
    server.currency = currency


def priced(carrier: EasyPostCarrier, ask: "Asker", count: int = 1, **changes: object) -> dict[str, str]:
    return {rate.service: str(rate.price.amount) for rate in carrier.rates(ask.rates(count, **changes))}


def test_each_service_has_its_price(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """500 g are 17.7 ounces, two pounds begun."""
    assert priced(carrier, ask) == {
        "UPSDAP:Ground": "9.92",
        "USPS:Express": "36.25",
        "USPS:GroundAdvantage": "6.62",
        "USPS:Priority": "8.22",
    }
    assert server.bought == []


def test_parcels_add_up_and_those_alike_are_asked_about_once(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    light, heavy = ask.parcels(1)[0], evolve(ask.parcels(1)[0], weight_grams=5_000)
    prices = priced(carrier, ask, parcels=(light, heavy, light))
    assert Money(prices["USPS:Priority"], "USD") == Money("8.22", "USD") * 2 + Money("16.22", "USD")
    assert server.count("POST", "/v2/shipments") == 2


def test_a_service_that_does_not_take_all_parcels_is_left_out(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", tariff: dict[tuple[str, str, str], tuple[str, str]]
) -> None:
    def without_priority() -> None:
        del tariff["ca_usps", "USPS", "Priority"]

    server.script(method="POST", path="/v2/shipments", meanwhile=without_priority)
    prices = priced(carrier, ask, 2)
    assert "USPS:Priority" not in prices
    assert prices


def test_two_accounts_of_one_carrier_are_one_service(
    server: EasyPostServer, make: Make, ask: "Asker", tariff: dict[tuple[str, str, str], tuple[str, str]]
) -> None:
    """At the cheaper price, which is also what a label costs; the settings may leave an account out."""
    tariff["ca_cheap", "USPS", "Priority"] = ("5.00", "0.10")
    tariff["ca_dear", "USPS", "Priority"] = ("50.00", "0.10")
    assert priced(make(), ask)["USPS:Priority"] == "5.10"
    assert make().buy_label(ask()).cost == Money("5.10", "USD")
    picky = make(carrier_accounts=("ca_dear", "ca_ups"))
    assert priced(picky, ask) == {"USPS:Priority": "50.10", "UPSDAP:Ground": "9.92"}
    assert picky.buy_label(ask(key=f"{ask.key}-2")).cost == Money("50.10", "USD")


def test_only_the_currency_asked_for(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """And it is asked for."""
    assert priced(carrier, ask, currency="EUR") == {}
    assert server.requests[-1].json()["shipment"]["options"] == {"currency": "EUR"}


def test_what_is_no_price_is_left_out(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", tariff: dict[tuple[str, str, str], tuple[str, str]]
) -> None:
    """Finer than a cent, or below zero; zeros at the end are no decimals."""
    tariff.clear()
    tariff["ca_usps", "USPS", "Fine"] = ("1.005", "0")
    tariff["ca_usps", "USPS", "Gift"] = ("-1.00", "0")
    tariff["ca_usps", "USPS", "Exact"] = ("1.50000", "0")
    assert priced(carrier, ask) == {"USPS:Exact": "1.50"}
    assert carrier.buy_label(ask(service="USPS:Exact")).cost == Money("1.50", "USD")


def test_currencies_without_decimals(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", tariff: dict[tuple[str, str, str], tuple[str, str]]
) -> None:
    server.currency = "JPY"
    tariff.clear()
    tariff["ca_usps", "USPS", "Priority"] = ("1200.00", "80.00")
    assert priced(carrier, ask, currency="JPY") == {"USPS:Priority": "1280"}


def test_nobody_is_named_for_a_price(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    carrier.rates(ask.rates())
    (asked,) = server.requests
    assert not any(word in asked.body.decode() for word in ("Zebulon", "8573875756", "example.com", "Tees"))


def test_without_a_street_there_is_a_price(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """A cart may know no more."""
    assert priced(carrier, ask, destination=Address(country="US", postal_code="90277"))


def test_what_cannot_be_quoted_says_why(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """As what a carrier cannot do, so a checkout offers its other methods."""
    (parcel,) = ask.parcels(1)
    cases: list[tuple[EasyPostCarrier, dict[str, Any], str]] = [
        (make(), {"destination": Address(country="US")}, "no postal code"),
        (make(), {"parcels": (evolve(parcel, weight_grams=0),)}, "weight of parcel 1"),
        (make(), {"parcels": ()}, "no parcels"),
        (make(sender=None), {}, "set sender="),
    ]
    for carrier, changes, says in cases:
        with pytest.raises(CarrierCannot, match=says):
            carrier.rates(ask.rates(**changes))
    assert server.requests == []
    with pytest.raises(EasyPostCannotQuote, match=r"ADDRESS\.PARAMETERS\.INVALID \(to_address\.zip\)"):
        make().rates(ask.rates(destination=Address(country="US", postal_code="x")))


def test_the_request_says_where_from(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """What the shop says goes before the settings."""
    carrier.rates(ask.rates(origin=Address(country="US", postal_code="10001")))
    assert server.requests[-1].json()["shipment"]["from_address"] == {"country": "US", "zip": "10001"}
    carrier.rates(ask.rates())
    assert server.requests[-1].json()["shipment"]["from_address"]["street2"] == "5th Floor"
    carrier.rates(ask.rates(destination=evolve(ask.receiver, lines=("", "Harbor Dr 1", "", "Unit 2", "Rear"))))
    to = server.requests[-1].json()["shipment"]["to_address"]
    assert (to["street1"], to["street2"]) == ("Harbor Dr 1", "Unit 2, Rear")


@pytest.mark.parametrize("fault", [fault for fault in HttpFault if fault is not HttpFault.STALLED])
def test_a_price_is_never_in_doubt(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", fault: HttpFault
) -> None:
    """Nothing is bought, so whatever fails, nothing happened."""
    server.script(fault)
    with pytest.raises(EasyPostUnavailable):
        carrier.rates(ask.rates())
    assert priced(carrier, ask)


def test_parcels_in_their_measures(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Longest side first; without a box no sides."""
    (boxed,) = ask.parcels(1)
    carrier.rates(ask.rates())
    assert server.requests[-1].json()["shipment"]["parcel"] == {
        "weight": "17.7",
        "length": "11.9",
        "width": "7.9",
        "height": "4.0",
    }
    carrier.rates(ask.rates(parcels=(evolve(boxed, dimensions_mm=None),)))
    assert server.requests[-1].json()["shipment"]["parcel"] == {"weight": "17.7"}


@settings(deadline=None)
@given(st.integers(1, 10**9))
def test_weights_are_rounded_up_to_a_tenth_and_no_further(grams: int) -> None:
    """Never less than it weighs, and less than a tenth of an ounce more."""
    more = Fraction(ounces(grams)) * Fraction("28.349523125") - grams
    assert 0 <= more < Fraction("2.8349523125")


@settings(deadline=None)
@given(st.integers(1, 10**7))
def test_sides_are_rounded_up_to_a_tenth_and_no_further(millimetres: int) -> None:
    """Never less than it measures, and less than a tenth of an inch more."""
    more = Fraction(inches(millimetres)) * Fraction("25.4") - millimetres
    assert 0 <= more < Fraction("2.54")
