"""The statement budget of payments, and that nothing is open while the gateway is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from tests.payments.shop import TEN, Till

from commerce.adapters.sql import SqlStorage


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(" ".join(statement.split("(", maxsplit=1)[0].split()[:3]))

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


@pytest.fixture
def till(commerce_sqlite_storage: SqlStorage) -> Till:
    till = Till(commerce_sqlite_storage)
    till.service.get(till.pay("warm", gateway="cash").id)
    till.service.void(till.service.of_order("order-1")[0].id, "warm")
    return till


def test_authorizing_takes_two_transactions(till: Till, commerce_sqlite_storage: SqlStorage) -> None:
    """Two statements before the gateway is called, five after; and none while it is."""
    seen: list[str] = []

    def look() -> None:
        assert commerce_sqlite_storage.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        seen.append("call")

    till.fake.script("authorize", before=look)
    with _counted(commerce_sqlite_storage) as statements:
        statements_and_call = seen
        till.fake.script("authorize")
        till.pay()
    assert statements_and_call == ["call"]
    assert [s.split()[0] for s in statements] == ["INSERT", "INSERT", "SELECT", "SELECT", "UPDATE", "UPDATE", "INSERT"]


def test_capturing_takes_two_transactions(till: Till, commerce_sqlite_storage: SqlStorage) -> None:
    """However many entries the ledger has."""
    payment = till.pay()
    for n in range(3):
        till.service.capture(payment.id, f"c{n}", TEN)
    with _counted(commerce_sqlite_storage) as seen:
        till.service.capture(payment.id, "c", TEN)
    kinds = [statement.split()[0] for statement in seen]
    assert kinds == [*["SELECT"] * 4, "UPDATE", "INSERT", "SELECT", "SELECT", "UPDATE", "UPDATE", "INSERT"]
