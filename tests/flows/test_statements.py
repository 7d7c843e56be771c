"""Statement budgets: what a use case costs the database, however many lines it has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import define, field

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.testing.builders import a_cart, a_shop, add_goods

WRITES = ("INSERT", "UPDATE", "DELETE")


@define
class Count:
    statements: int = 0
    commits: int = 0
    _wrote: bool = field(default=False, init=False)

    def statement(self, text: str) -> None:
        if not text.startswith(("BEGIN", "PRAGMA")):
            self.statements += 1
            self._wrote |= text.startswith(WRITES)

    def commit(self) -> None:
        """Only transactions that wrote: reading ones cost no disk."""
        self.commits += self._wrote
        self._wrote = False


@pytest.fixture
def shop(commerce_sqlite_storage: SqlStorage) -> Commerce:
    shop = a_shop(storage=commerce_sqlite_storage)
    with shop.relay.hold():
        add_goods(shop, {f"SKU-{n}": ("9.90", 1000) for n in range(30)})
    shop.checkout.place_order(a_cart(shop).id, gateway="manual", key="warm")
    return shop


@pytest.fixture
def counted(commerce_sqlite_storage: SqlStorage) -> Callable[[], Any]:
    @contextmanager
    def count() -> Iterator[Count]:
        seen, engine = Count(), commerce_sqlite_storage.engine

        def statement(_: Any, __: Any, text: str, *___: Any) -> None:
            seen.statement(text)

        def commit(_: Any) -> None:
            seen.commit()

        sa.event.listen(engine, "before_cursor_execute", statement)
        sa.event.listen(engine, "commit", commit)
        yield seen
        sa.event.remove(engine, "before_cursor_execute", statement)
        sa.event.remove(engine, "commit", commit)

    return count


@pytest.mark.parametrize("lines", [1, 30])
def test_budgets(shop: Commerce, counted: Callable[[], Any], lines: int) -> None:
    goods = {f"SKU-{n}": 2 for n in range(lines)}
    cart = a_cart(shop, goods)
    with counted() as adding:
        shop.cart.add_line(cart.id, "MUG")
    with counted() as quoting:
        shop.checkout.quote(cart.id)
    with counted() as placing:
        order = shop.checkout.place_order(cart.id, gateway="manual", key="click").order
    with counted() as shipping:
        shipment = shop.fulfillment.ship(order.id, key="ship")
    with counted() as delivering:
        shop.fulfillment.deliver(shipment.id, key="arrived")
    assert (adding.statements, adding.commits) == (4, 1)
    assert (quoting.statements, quoting.commits) == (8, 0)
    assert (placing.statements, placing.commits) == (61, 16)
    assert (shipping.statements, shipping.commits) == (29, 9)
    assert (delivering.statements, delivering.commits) == (11, 5)
