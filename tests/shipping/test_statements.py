"""The statement budget of shipping: rates are asked at every look at a cart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from tests.shipping.requests import BERLIN, method, request

from commerce.adapters.sql import SqlStorage
from commerce.runtime import Providers, build_hooks, unit_of_work
from commerce.shipping import Carrier, ShipmentLine, ShippingService
from commerce.shipping import hooks as shipping_hooks
from commerce.testing.carriers import FakeCarrier
from commerce.testing.conformance.storage import NOW


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
def service(commerce_sqlite_storage: SqlStorage) -> ShippingService:
    begin = unit_of_work(commerce_sqlite_storage, "shipping", lambda: NOW, lambda name: True, lambda: None)
    carriers: Providers[Carrier] = Providers("carrier", {"fake": FakeCarrier()})
    service = ShippingService(begin, lambda: NOW, carriers, build_hooks([shipping_hooks], []))
    for n in range(5):
        service.add_method(method(f"m{n}"))
    return service


def test_rates_take_one_statement(service: ShippingService, commerce_sqlite_storage: SqlStorage) -> None:
    """However many methods there are."""
    with _counted(commerce_sqlite_storage) as seen:
        assert len(service.rates(request()).rates) == 5
    assert len(seen) == 1


def test_shipping_takes_seven_statements_in_two_transactions(
    service: ShippingService, commerce_sqlite_storage: SqlStorage
) -> None:
    """The wish and its event; then the shipment again, the label, its numbers, its event."""
    line = ShipmentLine(line_id="l1", sku="TEE-M", quantity=1)
    with _counted(commerce_sqlite_storage) as seen:
        service.ship("key-1", "order-1", [line], carrier="fake", destination=BERLIN)
    assert seen == [
        "INSERT INTO shipment",
        "INSERT INTO outbox",
        "SELECT shipment.id, shipment.version,",
        "UPDATE shipment SET",
        "INSERT INTO shipment_label",
        "INSERT INTO shipment_tracking",
        "INSERT INTO outbox",
    ]
