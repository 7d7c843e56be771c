"""What is stored in two tables is read as of one moment, whoever commits between the two statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.payments import PaymentStatus
from commerce.testing.builders import a_cart, a_shop
from commerce.testing.gateways import FakeGateway, Tokens


@contextmanager
def just_before(storage: SqlStorage, table: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Let something happen, once, before the next statement that reads from a table."""
    done: list[str] = []

    def look(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if not done and statement.startswith("SELECT") and f"FROM {table}" in statement:
            done.append(statement)
            act()

    sa.event.listen(storage.engine, "before_cursor_execute", look)
    yield done
    sa.event.remove(storage.engine, "before_cursor_execute", look)


@pytest.fixture
def shops(commerce_postgres_url: str) -> Iterator[tuple[Commerce, Commerce, SqlStorage]]:
    """Two processes of one shop, and the storage of the first."""
    first, second = SqlStorage(commerce_postgres_url), SqlStorage(commerce_postgres_url)
    bank = FakeGateway()
    with (
        a_shop(storage=first, gateways={"bank": bank}) as shop,
        Commerce(currency="EUR", country="DE", storage=second, gateways={"bank": bank}) as other,
    ):
        yield shop, other, first


def test_an_order_and_its_lines_are_of_one_moment(shops: tuple[Commerce, Commerce, SqlStorage]) -> None:
    shop, other, storage = shops
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    units = {order.lines[0].id: 1}
    with just_before(storage, "order_line", lambda: other.orders.ship_lines(order.id, "ship", units)) as done:
        read = shop.orders.get(order.id)
    assert done
    assert (read.lines[0].shipped, read.fulfilment.value, len(read.timeline)) == (1, "partially_shipped", 2)


@pytest.mark.parametrize("several", [False, True])
def test_a_payment_and_its_ledger_are_of_one_moment(
    shops: tuple[Commerce, Commerce, SqlStorage],
    several: bool,
) -> None:
    shop, other, storage = shops
    waiting = shop.checkout.place_order(a_cart(shop).id, gateway="bank", token=Tokens.ACTION, key="click")
    (payment,) = shop.payments.of_order(waiting.id)
    bank: Any = shop.payments.gateways["bank"]
    bank.customer_acts(payment.id)
    with just_before(storage, "payment_entry", lambda: other.payments.settle(payment.id)) as done:
        read = shop.payments.of_order(waiting.id)[0] if several else shop.payments.get(payment.id)
    assert done
    assert (read.status, read.captured) == (PaymentStatus.CAPTURED, read.amount), "the news made the order, too"
    assert read.version == other.payments.get(payment.id).version > payment.version
