"""One price for one question, and the reason for it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.kernel import CurrencyMismatch, InvalidValue, Item, Money, Price, Rounding
from commerce.pricing import (
    ListKind,
    NoPrice,
    OverlappingPrices,
    PriceBook,
    PriceChange,
    PriceContext,
    PriceEntry,
    PriceList,
    Selected,
    price_line,
    reference_price,
    require_no_overlap,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = PriceContext(currency="EUR", at=NOW, channel="web", country="DE", groups=frozenset({"vip"}))


def plist(id: str, **more: Any) -> PriceList:
    return PriceList(id=id, name=id.title(), currency=more.pop("currency", "EUR"), **more)


def entry(list_id: str, amount: str, **more: Any) -> PriceEntry:
    return PriceEntry(list_id=list_id, sku="A", price=Price(Money(amount, more.pop("currency", "EUR"))), **more)


def chosen(lists: list[PriceList], entries: list[PriceEntry], quantity: int = 1) -> Selected:
    answer = PriceBook(lists, entries).select("A", quantity, HERE)
    assert isinstance(answer, Selected)
    return answer


def test_priority_beats_conditions_and_conditions_beat_price() -> None:
    lists = [
        plist("plain"),
        plist("german", countries=frozenset({"DE"})),
        plist("first", priority=1),
    ]
    entries = [entry("plain", "1.00"), entry("german", "2.00"), entry("first", "3.00")]
    assert chosen(lists, entries).list_id == "first"
    assert chosen(lists[:2], entries).list_id == "german"
    assert chosen([plist("a"), plist("b")], [entry("a", "2.00"), entry("b", "1.00")]).list_id == "b"


def test_a_sale_list_is_never_dearer() -> None:
    lists = [plist("base"), plist("sale", kind=ListKind.SALE, priority=-5)]
    cheaper = chosen(lists, [entry("base", "10.00"), entry("sale", "8.00")])
    assert (cheaper.price.amount, cheaper.list_price) == (Money("8.00", "EUR"), Price(Money("10.00", "EUR")))
    dearer = chosen(lists, [entry("base", "10.00"), entry("sale", "12.00")])
    assert (dearer.price.amount, dearer.list_price) == (Money("10.00", "EUR"), None)
    assert [(t.list_id, t.outcome) for t in dearer.trace] == [("base", "taken"), ("sale", "dearer")]
    same = chosen(lists, [entry("base", "10.00"), entry("sale", "10.00")])
    assert (same.list_id, same.list_price) == ("base", None), "what is not cheaper is no sale"


def test_where_all_else_is_equal_the_id_decides() -> None:
    assert chosen([plist("b"), plist("a")], [entry("b", "1.00"), entry("a", "1.00")]).list_id == "a"


def test_codes_are_matched_in_any_case() -> None:
    lists = [plist("de", countries=frozenset({"de"}), currency="eur")]
    answer = PriceBook(lists, [entry("de", "1.00")]).select("A", 1, PriceContext(currency="eur", at=NOW, country="De"))
    assert isinstance(answer, Selected)


@pytest.mark.parametrize("field", ["channels", "countries", "groups"])
def test_a_single_text_is_not_taken_for_its_letters(field: str) -> None:
    """A list for the channel ``web`` is not one for the channels w, e and b."""
    with pytest.raises(InvalidValue, match="pass several in a list or set, not the text 'web'"):
        plist("a", **{field: "web"})
    with pytest.raises(InvalidValue, match="pass several"):
        PriceContext(currency="EUR", at=NOW, groups="vip")


def test_a_book_refuses_what_it_cannot_choose() -> None:
    with pytest.raises(CurrencyMismatch, match="expected USD, got EUR"):
        PriceBook([plist("usd", currency="USD")], [entry("usd", "1.00")])
    twice = PriceBook([plist("base")], [entry("base", "1.00"), entry("base", "2.00")])
    with pytest.raises(OverlappingPrices):
        twice.select("A", 1, HERE)


def test_a_unit_is_compared_however_many_a_price_is_for() -> None:
    """2.00 for 3 is cheaper than 0.70 for one, though 2.00 is more."""
    bundle = PriceEntry(list_id="b", sku="A", price=Price(Money("2.00", "EUR"), per=3))
    assert chosen([plist("a"), plist("b")], [entry("a", "0.70"), bundle]).list_id == "b"


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"currency": "USD"}, "currency"),
        ({"channels": frozenset({"shop"})}, "channel"),
        ({"countries": frozenset({"FR"})}, "country"),
        ({"groups": frozenset({"staff"})}, "group"),
        ({"starts_at": NOW + timedelta(seconds=1)}, "not_started"),
        ({"ends_at": NOW}, "ended"),
        ({"enabled": False}, "disabled"),
    ],
)
def test_every_refusal_has_its_reason(conditions: dict[str, Any], reason: str) -> None:
    prices = [entry("other", "1.00", currency=conditions.get("currency", "EUR"))]
    answer = PriceBook([plist("other", **conditions)], prices).select("A", 1, HERE)
    assert isinstance(answer, NoPrice)
    assert [t.outcome for t in answer.trace] == [reason]


def test_the_highest_tier_reached_counts_over_all_lines_of_a_sku() -> None:
    entries = [entry("base", "10.00"), entry("base", "9.00", min_quantity=5), entry("base", "8.00", min_quantity=10)]
    book = PriceBook([plist("base")], entries)
    assert [chosen([plist("base")], entries, n).price.amount.minor for n in (1, 4, 5, 9, 10, 99)] == [
        1000, 1000, 900, 900, 800, 800,
    ]  # fmt: skip
    split = book.select_all({"l1": ("A", 4), "l2": ("A", 6)}, HERE)
    assert [answer.price.amount.minor for answer in split.values() if isinstance(answer, Selected)] == [800, 800]


def test_nobody_has_a_price() -> None:
    assert PriceBook([], []).select("A", 1, HERE) == NoPrice(sku="A")
    below = PriceBook([plist("bulk")], [entry("bulk", "1.00", min_quantity=10)]).select("A", 9, HERE)
    assert isinstance(below, NoPrice)
    assert below.trace[0].outcome == "no_entry"


def test_a_unit_price_finer_than_a_cent_rounds_once_per_line() -> None:
    price = Price(Money("3.75", "EUR"), per=100)
    selected = Selected(price=price, list_id="base", tax_included=False)
    line = price_line("l1", Item(sku="A"), 43, selected, Rounding.HALF_UP)
    assert line.subtotal == Money("1.61", "EUR")


def test_two_prices_at_once_in_one_list_are_refused() -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    require_no_overlap([entry("base", "1.00", ends_at=june), entry("base", "2.00", starts_at=june)])
    require_no_overlap([entry("base", "1.00"), entry("base", "2.00", min_quantity=2), entry("other", "3.00")])
    with pytest.raises(OverlappingPrices, match="base has two prices for A from 1 units"):
        require_no_overlap([entry("base", "1.00"), entry("base", "2.00", starts_at=june)])


def test_the_floor_is_that_of_the_price_that_is_taken() -> None:
    """Of a sale its own, and converted with the price."""
    entries = [
        entry("base", "10.00", floor=Price(Money("8.00", "EUR"))),
        entry("sale", "9.00", floor=Price(Money("7.00", "EUR"))),
    ]
    lists = [plist("base"), plist("sale", kind=ListKind.SALE)]
    for some, floor in ((entries, "7.00"), (entries[:1], "8.00"), ([entry("base", "10.00")], None)):
        found = chosen(lists, some).floor
        assert (None if found is None else str(found.amount.amount)) == floor


def test_bad_prices_are_refused_by_field() -> None:
    with pytest.raises(InvalidValue, match="price"):
        entry("base", "-1.00")
    with pytest.raises(InvalidValue, match="min_quantity"):
        entry("base", "1.00", min_quantity=0)
    for wrong, field in ((2**31, "min_quantity"), (True, "min_quantity")):
        with pytest.raises(InvalidValue, match=f"^{field}: a tier starts at 1 unit or more"):
            entry("base", "1.00", min_quantity=wrong)
    with pytest.raises(InvalidValue, match=r"price: A costs .* that is no price"):
        entry("base", "99999999999.00")
    for wrong_price in (5, "9.90", Money("9.90", "EUR"), Price(5)):  # type: ignore[arg-type]  # that is the point
        with pytest.raises(InvalidValue, match=r"^price: it is no price: pass Price\(Money"):
            PriceEntry(list_id="base", sku="A", price=wrong_price)  # type: ignore[arg-type]  # that is the point
    for floor, reason in (
        (Money("9.90", "EUR"), "it is no price"),
        (Price(Money("9.90", "USD")), "the price is in EUR: use one currency"),
        (Price(Money("-0.01", "EUR")), "A costs -0.01 EUR: a price is zero or more"),
        (Price(Money("10000000000.01", "EUR")), "A costs 10000000000.01 EUR: that is no price"),
    ):
        with pytest.raises(InvalidValue, match=f"^floor: {reason}"):
            entry("base", "9.90", floor=floor)
    with pytest.raises(InvalidValue, match="sku: a SKU has 1 to 128"):
        PriceEntry(list_id="base", sku="", price=Price(Money(1, "EUR")))
    with pytest.raises(InvalidValue, match="id: a price list has an id"):
        plist("x" * 37)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        PriceContext(currency="EUR", at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidValue, match="ends_at: it ends before it starts"):
        plist("base", starts_at=NOW, ends_at=NOW)
    with pytest.raises(InvalidValue, match="starts_at: pass a timezone-aware"):
        entry("base", "1.00", starts_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def history(*changes: tuple[int, str]) -> list[PriceChange]:
    """Prices by how many days before the reduction they began."""
    return [PriceChange(sku="A", price=Price(Money(p, "EUR")), at=NOW - timedelta(days=day)) for day, p in changes]


def test_the_reference_price_is_the_lowest_of_thirty_days_before() -> None:
    assert reference_price([], NOW) is None
    assert reference_price(history((5, "9.00"), (20, "7.00"), (31, "8.00"), (60, "5.00")), NOW) == Price(
        Money("7.00", "EUR")
    )
    lasting = reference_price(history((60, "5.00")), NOW)
    assert lasting == Price(Money("5.00", "EUR")), "still in force when the window opened"
    assert reference_price(history((-1, "1.00"), (0, "2.00"), (10, "6.00")), NOW) == Price(Money("6.00", "EUR"))


@given(st.permutations(range(4)), st.integers(1, 20))
def test_the_order_of_lists_and_entries_does_not_matter(order: list[int], quantity: int) -> None:
    lists = [
        plist("a"),
        plist("b"),
        plist("c", priority=1, channels=frozenset({"web"})),
        plist("d", kind=ListKind.SALE),
    ]
    entries = [entry("a", "5.00"), entry("b", "5.00"), entry("c", "6.00", min_quantity=3), entry("d", "5.50")]
    answer = PriceBook([lists[n] for n in order], [entries[n] for n in order]).select("A", quantity, HERE)
    assert answer == PriceBook(lists, entries).select("A", quantity, HERE)


def test_a_sale_list_that_is_dearer_hides_no_other() -> None:
    lists = [plist("base"), plist("old", kind=ListKind.SALE, priority=5), plist("sale", kind=ListKind.SALE)]
    found = chosen(lists, [entry("base", "10.00"), entry("old", "12.00"), entry("sale", "8.00")])
    assert (found.list_id, found.list_price) == ("sale", Price(Money("10.00", "EUR")))
    outcomes = {tried.list_id: tried.outcome for tried in found.trace}
    assert outcomes == {"old": "dearer", "base": "outranked", "sale": "taken"}


#: The hour from 2 to 3 happens twice on that night in Berlin: 2.45 of the first is before 2.30 of the second.
BERLIN = ZoneInfo("Europe/Berlin")
FIRST, SECOND = datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)


def test_the_hour_that_happens_twice_is_told_apart() -> None:
    assert plist("sale", ends_at=FIRST).refuses(PriceContext(currency="EUR", at=SECOND)) == "ended"
    assert plist("sale", starts_at=FIRST, ends_at=SECOND).ends_at == SECOND.astimezone(UTC)
    with pytest.raises(InvalidValue, match="ends_at: it ends before it starts"):
        plist("sale", starts_at=SECOND, ends_at=FIRST)
    assert entry("base", "1.00", starts_at=SECOND) == entry("base", "1.00", starts_at=SECOND.astimezone(UTC))
    require_no_overlap([entry("base", "1.00", ends_at=FIRST), entry("base", "2.00", starts_at=SECOND)])
    with pytest.raises(OverlappingPrices):
        require_no_overlap([entry("base", "1.00", ends_at=SECOND), entry("base", "2.00", starts_at=FIRST)])


def test_a_list_that_is_changed_keeps_moments_of_utc() -> None:
    changed = plist("sale")
    changed.ends_at = FIRST
    assert changed.ends_at.tzinfo is UTC


def test_a_moment_beyond_the_calendar_of_utc_is_refused_by_field() -> None:
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
    with pytest.raises(InvalidValue, match=r"^ends_at: the calendar of UTC does not reach 9999"):
        plist("sale", ends_at=late)
    with pytest.raises(InvalidValue, match=r"^starts_at: the calendar of UTC does not reach 0001"):
        entry("base", "1.00", starts_at=early)
    with pytest.raises(InvalidValue, match=r"^at: the calendar"):
        PriceContext(currency="EUR", at=late)


@pytest.mark.parametrize("currency", ["IDR", "IRR", "LBP"])
def test_a_price_of_many_minor_units_is_one(currency: str) -> None:
    amount = Money("25000000.00", currency)
    assert entry("base", "25000000.00", currency=currency).price == Price(amount)
