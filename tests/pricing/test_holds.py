"""Promised prices stand until their time, in both directions, and no longer."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from commerce.adapters import wire
from commerce.kernel import InvalidValue, Item, Money, Price, Rounding
from commerce.pricing import (
    NoPrice,
    PriceBook,
    PriceContext,
    PriceEntry,
    PriceHold,
    PriceList,
    Selected,
    explain,
    explain_line,
    hold_prices,
    price_line,
    with_held,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = PriceContext(currency="EUR", at=NOW)
LATER = PriceContext(currency="EUR", at=NOW + timedelta(minutes=29))
UNTIL = NOW + timedelta(minutes=30)
WANTED = {"l1": ("A", 2), "l2": ("A", 3), "l3": ("B", 1)}


def book(single: str, ten: str, *skus: str) -> PriceBook:
    entries = [
        PriceEntry(list_id="retail", sku=sku, price=Price(Money(amount, "EUR")), min_quantity=units)
        for sku in skus or ("A", "B")
        for units, amount in ((1, single), (10, ten))
    ]
    return PriceBook([PriceList(id="retail", name="Retail", currency="EUR")], entries)


def promised(wanted: dict[str, tuple[str, int]]) -> PriceHold:
    return hold_prices(wanted, book("10.00", "8.00").select_all(wanted, HERE), HERE, UNTIL)


def cents(wanted: dict[str, tuple[str, int]], fresh: PriceBook, hold: PriceHold | None, at: PriceContext) -> list[int]:
    answers = with_held(wanted, fresh.select_all(wanted, at), at, hold)
    return [a.price.amount.minor if isinstance(a, Selected) else -1 for a in answers.values()]


def test_a_promise_stands_against_a_dearer_and_a_cheaper_price() -> None:
    for single, ten in (("12.00", "9.00"), ("7.00", "6.00")):
        assert cents(WANTED, book(single, ten), promised(WANTED), LATER) == [1000, 1000, 1000]


def test_a_promise_stands_when_the_price_is_taken_away() -> None:
    assert cents(WANTED, book("12.00", "9.00", "B"), promised(WANTED), LATER) == [1000, 1000, 1000]


def test_a_promise_ends_at_its_time_and_is_for_one_currency() -> None:
    over = PriceContext(currency="EUR", at=UNTIL)
    assert cents(WANTED, book("12.00", "9.00"), promised(WANTED), over) == [1200, 1200, 1200]
    dollars = PriceContext(currency="USD", at=LATER.at)
    assert cents(WANTED, book("12.00", "9.00"), promised(WANTED), dollars) == [-1, -1, -1]
    assert cents(WANTED, book("12.00", "9.00"), None, LATER) == [1200, 1200, 1200]


def test_what_was_not_in_the_cart_is_not_promised() -> None:
    assert cents(WANTED, book("12.00", "9.00"), promised({"l1": ("A", 2)}), LATER) == [1200 - 200, 1000, 1200]


def test_other_quantities_keep_the_promise_of_their_tier() -> None:
    hold = promised({"l1": ("A", 10)})
    dearer = book("12.00", "9.00")
    assert cents({"l1": ("A", 11)}, dearer, hold, LATER) == [800], "more units, same tier"
    assert cents({"l1": ("A", 9)}, dearer, hold, LATER) == [1200], "fewer than the promised tier asks for"
    single = promised({"l1": ("A", 1)})
    assert cents({"l1": ("A", 5)}, dearer, single, LATER) == [1000]
    assert cents({"l1": ("A", 10)}, dearer, single, LATER) == [900], "a higher tier is cheaper than the promise"
    assert cents({"l1": ("A", 10)}, book("15.00", "11.00"), single, LATER) == [1000], "and here it is not"


def test_a_promise_says_so_and_travels_as_json() -> None:
    hold = promised(WANTED)
    again = wire.loads(PriceHold, wire.dumps(hold))
    assert again == hold
    answer = with_held(WANTED, book("12.00", "9.00").select_all(WANTED, LATER), LATER, again)["l3"]
    assert explain(answer) == ("Retail, 10.00 EUR: taken: this price was promised earlier",)
    assert isinstance(answer, Selected)
    line = price_line("l3", Item(sku="A"), 1, answer, Rounding.HALF_UP)
    assert explain_line(line, answer) == (
        "1 x A at 10.00 EUR (list Retail) = 10.00 EUR; Retail, 10.00 EUR: taken: this price was promised earlier"
    )
    assert explain_line(evolve(line, price_list="agreed"), None) == "1 x A at 10.00 EUR (agreed) = 10.00 EUR"


def test_nothing_is_promised_backwards_or_without_a_price() -> None:
    with pytest.raises(InvalidValue, match="until: a promise ends after it is made"):
        hold_prices(WANTED, {}, HERE, NOW)
    assert hold_prices({"l": ("X", 1)}, {"l": NoPrice(sku="X")}, HERE, UNTIL).prices == ()
    with pytest.raises(InvalidValue, match="until: pass a timezone-aware datetime"):
        hold_prices(WANTED, {}, HERE, UNTIL.replace(tzinfo=None))


def test_beside_a_promise_no_other_list_is_taken() -> None:
    lists = [PriceList(id="retail", name="Retail", currency="EUR"), PriceList(id="b", name="B", currency="EUR")]
    entries = [
        PriceEntry(list_id="retail", sku="A", price=Price(Money("12.00", "EUR"))),
        PriceEntry(list_id="b", sku="A", price=Price(Money("11.00", "EUR"))),
    ]
    answer = with_held(WANTED, PriceBook(lists, entries).select_all(WANTED, LATER), LATER, promised(WANTED))["l1"]
    assert explain(answer) == (
        "Retail, 10.00 EUR: taken: this price was promised earlier",
        "B, 11.00 EUR: not taken: a more specific or cheaper list comes first",
    )
