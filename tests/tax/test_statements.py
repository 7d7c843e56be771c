"""The statement budget of tax: a quote asks for it every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.kernel import QUICK_START, Address, Item, Line, Money, PricedCart, PricedLine
from commerce.runtime import unit_of_work
from commerce.tax import TaxPolicy, TaxRate, TaxService, standard_rates

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


def test_a_cart_of_any_size_takes_one_statement(commerce_sqlite_storage: SqlStorage) -> None:
    """Two where the seller's own rates may hold instead; none for an exempt buyer."""
    begin = unit_of_work(commerce_sqlite_storage, "tax", lambda: NOW, lambda name: True, lambda: None)
    policy = TaxPolicy(name="small-seller", distance_selling=Money("10000", "EUR"))
    plain, small = TaxService(begin, "DE"), TaxService(begin, "DE", policy)
    plain.set_rates(standard_rates())
    plain.set_rates([TaxRate(id="by", name="BY", country="DE", region="BY", rate=Decimal("0.01"))])
    lines = tuple(
        PricedLine(line=Line.of(str(n), Item(sku=str(n), tax_category=f"c{n % 7}"), 1, Money("1.00", "EUR")))
        for n in range(100)
    )
    cart = PricedCart(currency="EUR", lines=lines, profile=QUICK_START)
    france, sold = Address(country="FR"), Money.zero("EUR")
    asks = (
        (plain.context(france, NOW), plain, 1, "20.00"),
        (small.context(france, NOW, this_year=sold, last_year=sold), small, 2, "19.00"),
        (plain.context(france, NOW, exempt="resale"), plain, 0, "0.00"),
        (plain.context(Address(country="DE", region="by"), NOW), plain, 1, "20.00"),
    )
    for context, service, statements, tax in asks:
        with counted(commerce_sqlite_storage) as seen:
            answer = service.calculate(cart, context)
        assert isinstance(answer, PricedCart)
        assert (len(seen), str(answer.tax_total.amount)) == (statements, tax)
