"""Use cases of pricing: what is refused, what is converted, what is promised, and how many statements it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.sql import SqlStorage
from commerce.kernel import CurrencyMismatch, InvalidValue, Money, Price, Rounding
from commerce.pricing import (
    ConversionPolicy,
    DynamicPolicy,
    ExchangeRate,
    ListKind,
    NoSinglePrice,
    OverlappingPrices,
    PriceContext,
    PriceEntry,
    PriceList,
    PricingService,
    Selected,
    Signals,
)
from commerce.pricing import hooks as pricing_hooks
from commerce.runtime import Storage, build_hooks, hookimpl, unit_of_work
from commerce.testing.conformance.storage import NOW

SEK = PriceContext(currency="SEK", at=NOW)
EUR = PriceContext(currency="EUR", at=NOW)
DAILY = ConversionPolicy(name="daily", base="EUR", rounding=Rounding.HALF_UP)


def rate(text: str, at: datetime = NOW, source: str = "stated") -> ExchangeRate:
    return ExchangeRate(base="EUR", target="SEK", rate=Decimal(text), source=source, at=at)


def entry(sku: str, amount: str, currency: str = "EUR", **more: Any) -> PriceEntry:
    return PriceEntry(list_id="retail", sku=sku, price=Price(Money(amount, currency)), **more)


def service_over(storage: Storage, *plugins: object, **more: Any) -> PricingService:
    begin = unit_of_work(storage, "pricing", lambda: NOW, lambda name: True, lambda: None)
    service = PricingService(begin, lambda: NOW, build_hooks([pricing_hooks], plugins), **more)
    service.add_list(PriceList(id="retail", name="Retail", currency="EUR"))
    service.set_prices("retail", [entry("A", "10.00"), entry("A", "9.00", min_quantity=5), entry("B", "2.00")])
    return service


@contextmanager
def counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


def test_selecting_takes_two_statements_and_a_listing_three(commerce_sqlite_storage: SqlStorage) -> None:
    service = service_over(commerce_sqlite_storage, conversion=DAILY)
    wanted = {f"l{n}": ("AB"[n % 2], n + 1) for n in range(200)}
    with counted(commerce_sqlite_storage) as seen:
        service.select(wanted, EUR)
    assert len(seen) == 2
    with counted(commerce_sqlite_storage) as seen:
        service.select(wanted, SEK)
    assert len(seen) == 3, "and the stored exchange rate, where one is needed"
    sale = PriceList(id="sale", name="Sale", currency="EUR", kind=ListKind.SALE)
    service.add_list(sale)
    service.set_prices("sale", [evolve(entry("A", "8.00"), list_id="sale")])
    with counted(commerce_sqlite_storage) as seen:
        assert service.listing(["A", "B"], EUR)["A"].compare_at is not None
    assert len(seen) == 3, "and the history of what is reduced"


def test_bad_prices_leave_everything_as_it_was() -> None:
    service = service_over(MemoryStorage())
    before = service.entries(["A", "B"])
    with pytest.raises(OverlappingPrices):
        service.set_prices("retail", [entry("B", "1.00"), entry("A", "1.00"), entry("A", "2.00")])
    with pytest.raises(CurrencyMismatch, match="expected EUR, got USD"):
        service.set_prices("retail", [entry("B", "1.00"), entry("A", "1.00", "USD")])
    with pytest.raises(InvalidValue, match="list_id: A is for list other, not retail"):
        service.set_prices("retail", [evolve(entry("A", "1.00"), list_id="other")])
    moved = service.get_list("retail")
    moved.currency = "USD"
    with pytest.raises(InvalidValue, match="currency: list retail is in EUR"):
        service.change_list(moved)
    assert service.entries(["A", "B"]) == before


def test_conversion_is_off_unless_named() -> None:
    assert service_over(MemoryStorage()).prices_of(["A"], SEK) == {}
    service = service_over(MemoryStorage(), conversion=DAILY)
    assert service.prices_of(["A"], SEK) == {}, "and needs a rate"
    service.set_exchange_rates([rate("11.10", NOW - timedelta(days=1)), rate("11.20"), rate("12", NOW + timedelta(1))])
    assert service.prices_of(["A"], SEK) == {"A": Price(Money("112.00", "SEK"))}
    assert service.exchange_rate("eur", "sek") == rate("11.20")


def test_an_outside_source_of_rates_goes_before_stored_ones() -> None:
    class Bank:
        def rate(self, base: str, target: str, at: datetime) -> ExchangeRate | None:
            return rate("11.50", at, "bank") if (base, target) == ("EUR", "SEK") else None

    service = service_over(MemoryStorage(), conversion=DAILY, exchange=Bank())
    service.set_exchange_rates([rate("11.20")])
    answer = service.select({"l": ("A", 1)}, SEK)["l"]
    assert isinstance(answer, Selected)
    assert answer.exchange_rate == rate("11.50", NOW, "bank")
    assert service.exchange_rate("EUR", "SEK") == rate("11.50", NOW, "bank")
    assert service.exchange_rate("EUR", "NOK") is None


def test_a_promise_is_kept_by_the_service() -> None:
    service = service_over(MemoryStorage())
    wanted = {"l": ("A", 1)}
    hold = service.hold(wanted, EUR, NOW + timedelta(minutes=30))
    service.set_prices("retail", [entry("A", "11.00")])
    kept, fresh = service.select(wanted, EUR, hold)["l"], service.select(wanted, EUR)["l"]
    assert isinstance(kept, Selected)
    assert isinstance(fresh, Selected)
    assert (kept.price.amount, fresh.price.amount) == (Money("10.00", "EUR"), Money("11.00", "EUR"))


def test_a_hook_may_answer_with_another_price() -> None:
    class HalfPrice:
        @hookimpl
        def commerce_adjust_price(self, sku: str, selected: Selected) -> Selected | None:
            half = Price(selected.price.amount.scale("0.5", Rounding.HALF_UP))
            return evolve(selected, price=half) if sku == "A" else None

    prices = service_over(MemoryStorage(), HalfPrice()).prices_of(["A", "B", "C"], EUR)
    assert prices == {"A": Price(Money("5.00", "EUR")), "B": Price(Money("2.00", "EUR"))}


def test_only_a_plain_price_moves_by_itself() -> None:
    service = service_over(MemoryStorage())
    policy = DynamicPolicy(
        name="p",
        floor=Money("1.00", "EUR"),
        ceiling=Money("20.00", "EUR"),
        target_days=10,
        largest_step=Decimal("0.10"),
        cool_down=timedelta(0),
        rounding=Rounding.HALF_UP,
    )
    signals = Signals(available=1, sold=100, days=10)
    with pytest.raises(NoSinglePrice, match="list retail has 2 prices for A: give it exactly one"):
        service.propose("retail", "A", policy, signals)
    with pytest.raises(NoSinglePrice, match="has 0 prices for X"):
        service.propose("retail", "X", policy, signals)
    assert service.propose("retail", "B", policy, signals).proposed == Money("2.20", "EUR")
