"""The statement budget of orders: checkout places them at its pivot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.orders import DatedNumbers, OrderService
from commerce.orders import hooks as order_hooks
from commerce.runtime import build_hooks, unit_of_work
from commerce.testing.conformance.orders import order_draft
from commerce.testing.conformance.storage import NOW


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split("(", maxsplit=1)[0].strip())

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


@pytest.fixture
def service(commerce_sqlite_storage: SqlStorage) -> OrderService:
    begin = unit_of_work(commerce_sqlite_storage, "orders", lambda: NOW, lambda name: True, lambda: None)
    service = OrderService(begin, lambda: NOW, DatedNumbers(), build_hooks([order_hooks], []))
    service.place("warm", order_draft())
    return service


def test_placing_takes_three_statements(service: OrderService, commerce_sqlite_storage: SqlStorage) -> None:
    """The order, its lines, its events, however many there are; with a key that is known, nothing is written."""
    with _counted(commerce_sqlite_storage) as seen:
        service.place("key-1", order_draft())
    assert seen == ["INSERT INTO orders", "INSERT INTO order_line", "INSERT INTO outbox"]
    with _counted(commerce_sqlite_storage) as seen:
        service.place("key-1", order_draft())
    assert [statement.split()[0] for statement in seen] == ["INSERT", "SELECT", "SELECT"]


def test_shipping_takes_five_statements(service: OrderService, commerce_sqlite_storage: SqlStorage) -> None:
    """Two to read; the order, the lines that moved and the events to write."""
    id = service.place("key-1", order_draft()).id
    with _counted(commerce_sqlite_storage) as seen:
        service.ship_lines(id, "ship", {"z-line": 1, "a-line": 1})
    assert [statement.split()[0] for statement in seen] == [
        "SELECT",
        "SELECT",
        "UPDATE",
        "UPDATE",
        "INSERT",
    ]
