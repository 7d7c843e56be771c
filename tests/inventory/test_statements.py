"""The statement budget of inventory: however many items, as few statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.inventory import InventoryService, OutOfStock
from commerce.testing.conformance.inventory import inventory_on, stocked, want
from commerce.testing.conformance.storage import NOW


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split(maxsplit=1)[0])

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


READ, TAKE, WRITE = ["SELECT"] * 2, ["INSERT", "INSERT", "UPDATE", "INSERT"], ["UPDATE", "INSERT", "UPDATE", "INSERT"]


@pytest.fixture
def hour() -> list[int]:
    return [0]


@pytest.fixture
def service(commerce_sqlite_storage: SqlStorage, hour: list[int]) -> InventoryService:
    service = inventory_on(commerce_sqlite_storage, lambda: timedelta(hours=hour[0]))
    stocked(service, A=50, B=50, C=50).reserve("warm", want(A=1))
    return service


def test_each_step_of_an_order_takes_few_statements(
    service: InventoryService, commerce_sqlite_storage: SqlStorage
) -> None:
    """Hold, ledger, counters and events are one statement each; the counters come last of what is locked."""
    units = {"A": 2, "B": 3, "C": 4}
    steps: dict[str, tuple[Callable[[], object], list[str]]] = {
        "reserve": (lambda: service.reserve("order", want(**units)), READ + TAKE),
        "reserve again": (lambda: service.reserve("order", want(**units)), ["SELECT"]),
        "commit": (lambda: service.commit("order"), ["SELECT", "UPDATE", "INSERT"]),
        "commit again": (lambda: service.commit("order"), ["SELECT"]),
        "ship": (lambda: service.ship("order", {"A": 1, "B": 1, "C": 1}, part="p"), ["SELECT", *WRITE]),
        "ship again": (lambda: service.ship("order", {"A": 1, "B": 1, "C": 1}, part="p"), ["SELECT"]),
        "release": (lambda: service.release("order"), ["SELECT", *WRITE]),
        "availability": (lambda: service.availability(["A", "B", "C"]), ["SELECT"]),
    }
    for name, (act, budget) in steps.items():
        with _counted(commerce_sqlite_storage) as seen:
            act()
        assert seen == budget, name


def test_a_refusal_only_reads(service: InventoryService, commerce_sqlite_storage: SqlStorage) -> None:
    with _counted(commerce_sqlite_storage) as seen, pytest.raises(OutOfStock):
        service.reserve("order", want(A=99, B=1, C=1))
    assert seen == ["SELECT"] * 3


def test_a_sweep_takes_five_statements(
    service: InventoryService, commerce_sqlite_storage: SqlStorage, hour: list[int]
) -> None:
    """However many holds are out of time."""
    for n in range(12):
        service.reserve(f"cart {n}", want(A=1, B=2), expires_at=NOW + timedelta(minutes=5))
    hour[0] = 1
    with _counted(commerce_sqlite_storage) as seen:
        assert service.expire() == 12
    assert seen == ["SELECT", *WRITE]
