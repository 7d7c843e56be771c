"""Two hundred buyers, fifty units: threads and processes, one truth."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.flows import NewUnits, OrderEdit
from commerce.kernel import CommerceError
from commerce.payments import OperationKind
from commerce.testing.builders import a_cart, a_shop, stock_of
from commerce.testing.gateways import FakeGateway

BUYERS, UNITS = 200, 50


@pytest.fixture
def shop(commerce_postgres_url: str) -> Iterator[Commerce]:
    storage = SqlStorage(commerce_postgres_url, pool_size=8, max_overflow=0)
    with a_shop({"RARE": ("10.00", UNITS), "A": ("1.00", 500), "B": ("1.00", 500)}, storage=storage) as shop:
        yield shop


def buy(shop: Commerce, cart_id: str, key: str) -> str:
    try:
        return shop.checkout.place_order(cart_id, gateway="manual", key=key).order.id
    except CommerceError as error:
        return error.code


def proved(shop: Commerce, outcomes: Counter[str]) -> None:
    """Exactly as many orders as units, typed refusals for the rest, nothing else, and the books agree."""
    refused = outcomes.pop("out_of_stock")
    assert (sum(outcomes.values()), len(outcomes), refused) == (UNITS, UNITS, BUYERS - UNITS)
    assert stock_of(shop, "RARE") == (UNITS, UNITS)
    assert len(shop.orders.list(limit=500).items) == UNITS
    assert shop.inventory.reconcile() == []
    assert shop.storage.outbox.pending() == 0


def test_threads(shop: Commerce) -> None:
    carts = [a_cart(shop, {"RARE": 1}).id for _ in range(BUYERS)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(lambda n: buy(shop, carts[n], f"click-{n}"), range(BUYERS)))
    proved(shop, outcomes)


def test_processes(shop: Commerce, commerce_postgres_url: str) -> None:
    carts = [a_cart(shop, {"RARE": 1}).id for _ in range(BUYERS)]
    script = Path(__file__).with_name("racing.py")
    processes = [
        subprocess.Popen(
            [sys.executable, script, commerce_postgres_url, json.dumps(carts[n::4])], stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    outcomes: Counter[str] = Counter()
    for process in processes:
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        outcomes.update(json.loads(told))
    shop.timers.run()
    proved(shop, outcomes)


def test_carts_with_the_same_lines_in_opposite_order_never_deadlock(shop: Commerce) -> None:
    carts = [a_cart(shop, {"A": 1, "B": 1} if n % 2 else {"B": 1, "A": 1}).id for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(lambda n: buy(shop, carts[n], f"click-{n}"), range(60)))
    assert len(outcomes) == 60, outcomes.most_common(3)
    assert (stock_of(shop, "A"), stock_of(shop, "B")) == ((500, 60), (500, 60))


def test_the_same_key_at_the_same_time_is_one_order(shop: Commerce) -> None:
    cart = a_cart(shop, {"RARE": 1}).id
    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(lambda _: buy(shop, cart, "one click"), range(24)))
    outcomes.pop("in_progress", None)
    assert len(outcomes) == 1, outcomes
    assert len(shop.orders.list().items) == 1
    assert stock_of(shop, "RARE") == (UNITS, 1)


def test_many_edit_one_order_at_once(commerce_postgres_url: str) -> None:
    """Three units may go out, eight want to swap one: three do, each for its own difference, and the books agree."""
    bank = FakeGateway()
    storage = SqlStorage(commerce_postgres_url, pool_size=8, max_overflow=0)
    with a_shop({"A": ("1.00", 500), "RARE": ("10.00", UNITS)}, storage=storage, gateways={"bank": bank}) as shop:
        order = shop.checkout.place_order(a_cart(shop, {"A": 3}).id, gateway="bank", key="click").order
        swap = OrderEdit(add=(NewUnits(sku="RARE"),), remove={order.lines[0].id: 1})

        def edit(n: int) -> str:
            while True:
                try:
                    return shop.editing.commit(order.id, swap, key=f"edit-{n}", gateway="bank").order.id
                except CommerceError as error:
                    if not error.retryable:
                        return error.code

        with ThreadPoolExecutor(8) as pool:
            outcomes = Counter(pool.map(edit, range(8)))
        shop.timers.run()
        edited = shop.orders.get(order.id)
        assert outcomes == {order.id: 3, "too_many_units": 5}
        assert (len(edited.lines), edited.lines[0].cancelled, edited.balance.minor) == (4, 3, 0)
        taken = bank.total(OperationKind.CAPTURE).minor - bank.total(OperationKind.REFUND).minor
        held = bank.total(OperationKind.AUTHORIZE).minor - bank.total(OperationKind.VOID).minor
        assert (taken, held) == (edited.owed.minor, bank.total(OperationKind.CAPTURE).minor)
        assert (stock_of(shop, "A"), stock_of(shop, "RARE")) == ((500, 0), (UNITS, 3))
        assert shop.inventory.reconcile() == []
        assert shop.storage.outbox.pending() == 0
    bank.close()
