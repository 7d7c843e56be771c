"""The reference price is what was really asked of everybody, stretch by stretch."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commerce.kernel import Money, Price
from commerce.pricing import (
    ListKind,
    PriceChange,
    PriceContext,
    PriceEntry,
    PriceHistory,
    PriceList,
    PriceRecord,
    reference_price,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = PriceContext(currency="EUR", at=NOW, groups=frozenset({"vip"}))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def plist(id: str, **more: Any) -> PriceList:
    return PriceList(id=id, name=id, currency="EUR", **more)


BASE, SALE = plist("base"), plist("sale", kind=ListKind.SALE)


def said(days: float, amount: str | None, list_id: str = "base", **dates: Any) -> PriceRecord:
    entry = PriceEntry(list_id=list_id, sku="A", price=Price(Money(amount, "EUR")), **dates) if amount else None
    return PriceRecord(list_id=list_id, sku="A", at=ago(days), revision=1000 - int(days * 10), entry=entry)


def reference(*records: PriceRecord, lists: tuple[PriceList, ...] = (BASE, SALE)) -> str | None:
    found = PriceHistory(lists, records).reference("A", HERE)
    return None if found is None else str(found.amount.amount)


def test_without_a_reduction_there_is_nothing_to_refer_to() -> None:
    assert reference(said(50, "10.00")) is None
    assert reference() is None


def test_raising_the_price_just_before_does_not_help() -> None:
    assert reference(said(50, "10.00"), said(3, "15.00"), said(0, "12.00", "sale")) == "10.00"


def test_an_earlier_sale_in_the_window_counts() -> None:
    earlier = said(20, "7.00", "sale", starts_at=ago(20), ends_at=ago(10))
    assert reference(said(50, "10.00"), earlier, said(1, "8.00", "sale")) == "7.00"
    before_the_window = said(60, "7.00", "sale", starts_at=ago(60), ends_at=ago(40))
    assert reference(said(90, "10.00"), before_the_window, said(1, "8.00", "sale")) == "10.00"


def test_a_reduction_in_steps_refers_to_the_time_before_the_first() -> None:
    assert reference(
        said(90, "10.00"), said(20, "9.00", "sale"), said(10, "8.00", "sale"), said(2, "7.00", "sale")
    ) == ("10.00")


def test_a_price_that_was_called_off_before_it_began_was_never_asked() -> None:
    planned = said(20, "1.00", "base", starts_at=ago(5))
    assert reference(said(90, "10.00"), planned, said(15, "10.00"), said(1, "9.00", "sale")) == "10.00"


def test_a_time_without_a_price_has_none() -> None:
    """Not on offer when the window opens: the price before that does not count."""
    assert reference(said(90, "4.00"), said(45, None), said(20, "10.00"), said(1, "9.00", "sale")) == "10.00"


def test_prices_for_a_group_are_no_public_offer() -> None:
    vip = plist("vip", priority=9, groups=frozenset({"vip"}))
    lists = (BASE, SALE, vip)
    assert reference(said(90, "10.00"), said(80, "2.00", "vip"), said(1, "9.00", "sale"), lists=lists) == "10.00"


def test_a_new_item_on_sale_has_no_reference_price() -> None:
    assert reference(said(1, "10.00"), said(1, "9.00", "sale")) is None


def test_a_list_that_starts_by_its_own_date_begins_the_reduction() -> None:
    dated = plist("sale", kind=ListKind.SALE, starts_at=ago(2))
    assert reference(said(90, "10.00"), said(40, "9.00", "sale"), said(31, "12.00"), lists=(BASE, dated)) == "10.00"


def test_two_statements_of_one_moment_count_in_their_order() -> None:
    first, second = said(10, "5.00"), said(10, "10.00")
    later = PriceRecord(list_id="base", sku="A", at=second.at, revision=first.revision + 1, entry=second.entry)
    assert reference(first, later, said(0, "9.00", "sale")) == "10.00"


def test_a_shorter_window_for_fresh_goods() -> None:
    records = [said(50, "10.00"), said(20, "6.00"), said(10, "9.00"), said(1, "8.00", "sale")]
    history = PriceHistory([BASE, SALE], records)
    assert history.reference("A", HERE, window=timedelta(days=5)) == Price(Money("9.00", "EUR"))
    changes = [PriceChange(sku="A", price=Price(Money("6.00", "EUR")), at=ago(20), until=ago(10))]
    assert reference_price(changes, NOW, window=timedelta(days=5)) is None


@given(
    st.lists(st.tuples(st.integers(1, 80), st.integers(500, 2000)), min_size=1, max_size=8, unique_by=lambda d: d[0])
)
def test_it_is_never_above_any_price_of_the_window(changes: list[tuple[int, int]]) -> None:
    records = [said(90, "20.00"), *(said(days, str(Money.of_minor(minor, "EUR").amount)) for days, minor in changes)]
    records.append(said(0.5, "1.00", "sale"))
    found = PriceHistory([BASE, SALE], records).reference("A", HERE)
    began = ago(0.5)
    opens = began - timedelta(days=30)
    timeline = sorted(
        ((record.at, record.entry.price) for record in records if record.entry and record.list_id == "base"),
        key=lambda pair: pair[0],
    )
    asked = [price for at, price in timeline if opens < at < began]
    at_opening = [price for at, price in timeline if at <= opens]
    assert found == min([*asked, *at_opening[-1:]], key=lambda price: price.amount)


def test_the_window_opens_to_the_second() -> None:
    """A price that begins as the window opens is in it; one that ends then is not."""

    def change(days: int, amount: str, until: int | None = None) -> PriceChange:
        ended = None if until is None else ago(until)
        return PriceChange(sku="A", price=Price(Money(amount, "EUR")), at=ago(days), until=ended)

    assert reference_price([change(30, "7.00"), change(10, "9.00")], NOW) == Price(Money("7.00", "EUR"))
    assert reference_price([change(40, "7.00", until=30), change(10, "9.00")], NOW) == Price(Money("9.00", "EUR"))


def test_a_reduction_after_a_deeper_one_is_another() -> None:
    """Ten off after twenty off: article 6a(5) is for reductions that go deeper, so the deeper one's price counts."""
    deeper, now = said(40, "8.00", "sale"), said(20, "9.00", "sale")
    assert reference(said(90, "10.00"), deeper, now) == "8.00"
    assert reference(said(90, "10.00"), deeper, now, said(5, "8.50", "sale")) == "8.00"
    assert reference(said(90, "10.00"), said(80, "8.00", "sale"), said(40, "9.00", "sale")) == "8.00"
    assert reference(
        said(120, "10.00"), said(90, "8.00", "sale"), said(60, None, "sale"), said(20, "9.00", "sale")
    ) == ("10.00")
