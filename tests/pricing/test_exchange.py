"""Prices in another currency: exact rates, one rounding, and only where a shop asked for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from commerce.kernel import CurrencyMismatch, InvalidValue, Item, Money, Price, Rounding, exponent
from commerce.pricing import (
    Conversion,
    ConversionPolicy,
    ExchangeRate,
    ListKind,
    NoPrice,
    PriceBook,
    PriceContext,
    PriceEntry,
    PriceList,
    Selected,
    convert,
    explain,
    explain_line,
    price_line,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rate(text: str, target: str = "SEK", base: str = "EUR") -> ExchangeRate:
    return ExchangeRate(base=base, target=target, rate=Decimal(text), source="ECB", at=NOW)


@pytest.mark.parametrize(
    ("amount", "target", "text", "converted"),
    [
        (Money("19.99", "EUR"), "SEK", "11.2034", Money("223.96", "SEK")),
        (Money("19.99", "EUR"), "JPY", "182.45", Money("3647", "JPY")),
        (Money("19.99", "EUR"), "KWD", "0.3567", Money("7.130", "KWD")),
        (Money("-0.05", "EUR"), "SEK", "0.1", Money("-0.01", "SEK")),
    ],
)
def test_a_rate_is_applied_over_the_decimals_of_both_currencies(
    amount: Money, target: str, text: str, converted: Money
) -> None:
    assert convert(amount, rate(text, target), Rounding.HALF_UP) == converted


def test_a_unit_price_keeps_its_fineness() -> None:
    fine = Price(Money("3.75", "EUR"), per=100)
    assert convert(fine, rate("11.2034"), Rounding.HALF_UP) == Price(Money("42.01", "SEK"), per=100)


def test_a_rate_is_for_its_base_and_above_zero() -> None:
    with pytest.raises(CurrencyMismatch, match="expected EUR, got USD"):
        convert(Money(1, "USD"), rate("11"), Rounding.HALF_UP)
    for wrong in ("0", "-1", "NaN", "Infinity"):
        with pytest.raises(InvalidValue, match="pass a Decimal above zero"):
            rate(wrong)
    with pytest.raises(InvalidValue, match="target: EUR needs no rate to itself"):
        rate("1", "EUR")
    with pytest.raises(InvalidValue, match="rate: a rate has at most 64"):
        rate("1." + "1" * 63)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        ExchangeRate(base="EUR", target="SEK", rate=Decimal(1), source="x", at=datetime(2026, 1, 1))  # noqa: DTZ001


@given(
    st.integers(-(10**9), 10**9),
    st.decimals("0.00001", "100000", places=6),
    st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    st.sampled_from(["SEK", "VND", "BHD"]),
    st.sampled_from(Rounding),
)
def test_converting_rounds_once(minor: int, factor: Decimal, base: str, target: str, rounding: Rounding) -> None:
    amount = Money.of_minor(minor, base)
    got = convert(amount, rate(str(factor), target, base), rounding)
    exact = Fraction(amount.amount) * Fraction(factor) * 10 ** exponent(got.currency)
    assert got.minor == rounding(exact)


def test_a_missing_price_is_converted_only_if_the_shop_says_so() -> None:
    lists = [
        PriceList(id="eur", name="Euro", currency="EUR"),
        PriceList(id="sale", name="Sale", currency="EUR", kind=ListKind.SALE),
        PriceList(id="sek", name="Krona", currency="SEK"),
    ]
    entries = [
        PriceEntry(list_id="eur", sku="A", price=Price(Money("10.00", "EUR"))),
        PriceEntry(list_id="sale", sku="A", price=Price(Money("8.00", "EUR")), floor=Price(Money("5.00", "EUR"))),
        PriceEntry(list_id="eur", sku="B", price=Price(Money("10.00", "EUR"))),
        PriceEntry(list_id="sek", sku="B", price=Price(Money("99.00", "SEK"))),
    ]
    here = PriceContext(currency="SEK", at=NOW)
    assert isinstance(PriceBook(lists, entries).select("A", 1, here), NoPrice)
    book = PriceBook(lists, entries, Conversion(rate=rate("11.2034"), rounding=Rounding.HALF_UP))
    found = book.select("A", 1, here)
    assert isinstance(found, Selected)
    assert (found.price, found.list_price) == (Price(Money("89.63", "SEK")), Price(Money("112.03", "SEK")))
    assert found.floor == Price(Money("56.02", "SEK"))
    assert found.exchange_rate == rate("11.2034"), "to be stored with the order"
    assert explain(found) == (
        "Euro, 10.00 EUR: not taken: a more specific or cheaper list comes first",
        "Sale, 8.00 EUR: taken",
        "converted at 1 EUR = 11.2034 SEK (ECB): 89.63 SEK",
    )
    assert explain_line(price_line("1", Item(sku="A"), 2, found, Rounding.HALF_UP), found) == (
        "2 x A at 89.63 SEK (list Sale) = 179.26 SEK, regular price 112.03 SEK; "
        "Euro, 10.00 EUR: not taken: a more specific or cheaper list comes first; "
        "converted at 1 EUR = 11.2034 SEK (ECB): 89.63 SEK"
    )
    own = book.select("B", 1, here)
    assert isinstance(own, Selected)
    assert (own.price, own.exchange_rate) == (Price(Money("99.00", "SEK")), None), "a stated price is never converted"
    assert [t.outcome for t in own.trace] == ["currency", "taken"]
    nothing = book.select("C", 1, here)
    assert nothing == NoPrice(sku="C")
    other = book.select("A", 1, PriceContext(currency="NOK", at=NOW))
    assert isinstance(other, NoPrice)
    assert explain(other)[-1] == "no price for A"


def test_a_sale_that_vanishes_in_rounding_is_no_sale() -> None:
    lists = [
        PriceList(id="b", name="B", currency="VND"),
        PriceList(id="s", name="S", currency="VND", kind=ListKind.SALE),
    ]
    entries = [
        PriceEntry(list_id="b", sku="A", price=Price(Money(1001, "VND"))),
        PriceEntry(list_id="s", sku="A", price=Price(Money(1000, "VND"))),
    ]
    coarse = Conversion(rate=rate("0.00003", "EUR", "VND"), rounding=Rounding.HALF_UP)
    found = PriceBook(lists, entries, coarse).select("A", 1, PriceContext(currency="EUR", at=NOW))
    assert isinstance(found, Selected)
    assert (found.price, found.list_price) == (Price(Money("0.03", "EUR")), None)


def test_a_rate_that_is_too_old_is_not_used() -> None:
    policy = ConversionPolicy(name="daily", base="eur", rounding=Rounding.UP, max_age=timedelta(days=2))
    assert policy.conversion(rate("11"), NOW + timedelta(days=2)) == Conversion(rate=rate("11"), rounding=Rounding.UP)
    assert policy.conversion(rate("11"), NOW + timedelta(days=2, seconds=1)) is None
    assert policy.conversion(None, NOW) is None


def test_the_age_of_a_rate_is_real_time() -> None:
    """Berlin's clocks jump from 2 to 3 that night: a rate of 1.45 is 45 minutes old at 3.30."""
    berlin = ZoneInfo("Europe/Berlin")
    told = evolve(rate("11.2"), at=datetime(2026, 3, 29, 1, 45, tzinfo=berlin))
    policy = ConversionPolicy(name="hourly", base="EUR", rounding=Rounding.HALF_UP, max_age=timedelta(hours=1))
    assert policy.conversion(told, datetime(2026, 3, 29, 3, 30, tzinfo=berlin)) is not None
    assert policy.conversion(told, datetime(2026, 3, 29, 3, 50, tzinfo=berlin)) is None
