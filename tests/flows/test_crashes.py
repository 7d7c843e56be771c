"""Killed anywhere, an order process ends whole or leaves nothing: every place is tried, none is sampled.

A place is before, inside (before the commit) and after every transaction, and before and after
every call of a gateway or carrier. The child process dies by SIGKILL there; then the shop is
opened again minutes later, as a restarted service would.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import define, field

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.cart import CartStatus
from commerce.flows import NewUnits, OrderEdit, PlacementNotFound
from commerce.orders import FulfilmentStatus, Order, OrderStatus, PaymentStatus
from commerce.payments import OperationKind, OperationStatus, RawNotice
from commerce.returns import ReturnWish
from commerce.shipping import ShipmentStatus
from commerce.testing.builders import a_cart, a_shop, add_goods, stock_of
from commerce.testing.conformance.storage import NOW
from commerce.testing.gateways.fake import FakeGateway, Tokens

#: More than any command has places; each case sells an article of its own.
CASES = 150


@define
class Killer:
    """The forking process of `crashing.py`."""

    process: "subprocess.Popen[str]"

    def run(self, **task: Any) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(task) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    script = Path(__file__).with_name("crashing.py")
    process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield Killer(process)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


@define
class World:
    url: str
    bank_path: Path
    shop: Commerce
    bank: FakeGateway
    clock: list[datetime]
    more: dict[str, Any] = field(factory=dict)

    def recover(self) -> None:
        """A restarted service, minutes later, and once more."""
        for _ in range(2):
            self.clock[0] += timedelta(minutes=7)
            self.shop.timers.run()
        assert self.shop.storage.outbox.pending() == 0, "an event was lost on the way"
        assert self.shop.runner.log.unfinished(self.clock[0] + timedelta(days=1)) == []

    def done(self, order_ref: str, kind: OperationKind) -> list[int]:
        """What the bank did for an order, one amount per act."""
        return [
            operation.amount.minor
            for payment in self.shop.payments.of_order(order_ref)
            for operation in self.bank.operations(payment.id)
            if operation.kind is kind and operation.status is OperationStatus.SUCCEEDED
        ]

    def net(self, order_ref: str) -> tuple[int, int]:
        """Money that the bank still holds for an order, and that it gave us and did not take back."""
        kinds = {kind: sum(self.done(order_ref, kind)) for kind in OperationKind}
        captured = kinds[OperationKind.CAPTURE]
        held = kinds[OperationKind.AUTHORIZE] - kinds[OperationKind.VOID] - captured
        return held, captured - kinds[OperationKind.REFUND]

    def told(self, name: str, aggregate_id: str) -> int:
        """How often an event of an aggregate stands in the archive."""
        storage = self.shop.storage
        assert isinstance(storage, SqlStorage)
        with storage.engine.connect() as connection:
            query = sa.text("SELECT count(*) FROM outbox WHERE name = :name AND aggregate_id = :id")
            return int(connection.execute(query, {"name": name, "id": aggregate_id}).scalar_one())


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shop.db"
        SqlStorage(url, fsync=False).migrate().close()
    else:
        url = request.getfixturevalue("commerce_postgres_url")
    clock = [NOW]
    bank = FakeGateway(tmp_path / "bank.db")
    shop = a_shop({}, storage=SqlStorage(url, fsync=False), gateways={"bank": bank}, clock=lambda: clock[0])
    with shop.relay.hold():
        add_goods(shop, {f"CASE-{n}": ("19.99", 5) for n in range(CASES)})
    yield World(url, tmp_path / "bank.db", shop, bank, clock)
    shop.close()
    bank.close()


def enumerated(world: World, killer: Killer, command: str) -> Iterator[tuple[int, str, str]]:
    """Kill at the first place, the second … until the command comes through; yields case, id and key of each.

    Case 0 is not killed at all.
    """
    task = {"command": command, "url": world.url, "bank": str(world.bank_path)}
    for case in range(CASES):
        key, id = f"{command}-{case}", _prepared(world, command, case)
        answer = killer.run(**task, **world.more, id=id, key=key, now=world.clock[0].isoformat(), die_at=case)
        world.recover()
        yield case, id, key
        if case and answer["ended"] == 0:
            assert len(answer["passed"]) > 20, "the command has places to die at"
            return
        assert not case or answer["ended"] == -9, f"place {case} was not reached by a kill but by an error"
    pytest.fail(f"{command} has more than {CASES} places")


def _prepared(world: World, command: str, case: int) -> str:
    cart = a_cart(world.shop, {f"CASE-{case}": 2})
    if command == "place_order":
        return cart.id
    if command in ("resume", "notice"):
        placement = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.ACTION, key=f"before-{case}")
        (payment,) = world.shop.payments.of_order(placement.id)
        world.bank.customer_acts(payment.id)
        notice = world.bank.notices()[-1]
        world.more = {"headers": dict(notice.headers), "body": notice.body.decode()}
        return placement.id
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key=f"before-{case}").order
    if command == "edit_order":
        (line,) = order.lines
        world.more = {"sku": line.sku, "line": line.id}
        world.shop.fulfillment.hand_over(order.id, key=f"one-{case}", lines={line.id: 1})
    return order.id


def test_place_order_killed_anywhere_is_one_order_or_nothing(world: World, killer: Killer) -> None:
    outcomes = {True: 0, False: 0}
    for case, cart_id, key in enumerated(world, killer, "place_order"):
        sku = f"CASE-{case}"
        try:
            order: Order | None = world.shop.checkout.placement(key).order
        except PlacementNotFound:
            order = None
        outcomes[order is not None] += 1
        cart = world.shop.cart.get(cart_id)
        if order is None:
            assert (stock_of(world.shop, sku), cart.status) == ((5, 0), CartStatus.OPEN), case
        order = world.shop.checkout.place_order(cart_id, gateway="bank", key=key).order
        total = order.totals.grand_total.minor
        assert (stock_of(world.shop, sku), order.payment) == ((5, 2), PaymentStatus.PAID), case
        assert (world.net(order.key), world.done(order.key, OperationKind.CAPTURE)) == ((0, total), [total]), case
        assert world.shop.cart.get(cart_id).order_id == order.id, case
        assert world.told("orders.OrderPlaced", order.id) == 1, case
    assert all(outcomes.values()), "some die before anything was asked, and some after"
    assert len(world.shop.orders.list(limit=500).items) == sum(outcomes.values())
    assert world.shop.inventory.reconcile() == []


def test_cancel_order_killed_anywhere_is_cancelled_once(world: World, killer: Killer) -> None:
    for case, order_id, key in enumerated(world, killer, "cancel_order"):
        order = world.shop.orders.get(order_id)
        total = order.totals.grand_total.minor
        assert order.status in (OrderStatus.OPEN, OrderStatus.CANCELLED), case
        if order.status is OrderStatus.OPEN:
            assert (stock_of(world.shop, f"CASE-{case}"), world.net(order.key)) == ((5, 2), (0, total)), case
        order = world.shop.checkout.cancel_order(order_id, key=key)
        assert (order.status, order.payment) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED), case
        assert (stock_of(world.shop, f"CASE-{case}"), world.net(order.key)) == ((5, 0), (0, 0)), case
        assert world.done(order.key, OperationKind.REFUND) == [total], case
        assert world.told("orders.OrderCancelled", order.id) == 1, case
    assert world.shop.inventory.reconcile() == []


def test_edit_order_killed_anywhere_is_one_edit_or_nothing(world: World, killer: Killer) -> None:
    """Of two units one was handed over and is to come back, one goes out, three come in: one is to be paid."""
    outcomes = {True: 0, False: 0}
    for case, order_id, key in enumerated(world, killer, "edit_order"):
        shop, sku = world.shop, f"CASE-{case}"
        order = shop.orders.get(order_id)
        total = order.placed.grand_total.minor
        edited = len(order.refs) > 1
        outcomes[edited] += 1
        announced = [found for found in shop.returns.for_order(order_id) if found.open]
        if not edited:
            assert (stock_of(shop, sku), world.net(order.key), announced) == ((4, 1), (0, total), []), case
        (line, *_) = order.lines
        edit = OrderEdit(
            add=(NewUnits(sku=sku, quantity=3),),
            remove={line.id: 1},
            take_back=(ReturnWish(line_id=line.id, quantity=1),),
        )
        order = shop.editing.commit(order_id, edit, key=key, gateway="bank").order
        added = order.lines[-1].priced
        due = added.gross.minor - 2 * line.priced.gross.minor // 2
        assert (stock_of(shop, sku), world.net(order.key)) == ((4, 3), (0, total)), case
        assert (world.net(order.refs[-1]), world.done(order.refs[-1], OperationKind.CAPTURE)) == ((0, due), [due]), case
        assert [found.pending for found in shop.returns.for_order(order_id) if found.open] == [True], case
        assert world.told("orders.OrderEdited", order.id) == 1, case
    assert all(outcomes.values()), "some die before anything was asked, and some after"
    assert world.shop.inventory.reconcile() == []


def test_ship_killed_anywhere_is_one_parcel(world: World, killer: Killer) -> None:
    for case, order_id, key in enumerated(world, killer, "ship_order"):
        order = world.shop.orders.get(order_id)
        on_hand = 3 if order.fulfilment is FulfilmentStatus.SHIPPED else 5
        assert stock_of(world.shop, f"CASE-{case}")[0] == on_hand, case
        shipment = world.shop.fulfillment.ship(order_id, key=key)
        order = world.shop.orders.get(order_id)
        assert (order.fulfilment, stock_of(world.shop, f"CASE-{case}")) == (FulfilmentStatus.SHIPPED, (3, 0)), case
        parcels = [s for s in world.shop.shipping.of_order(order_id) if s.status is not ShipmentStatus.CANCELLED]
        assert [parcel.id for parcel in parcels] == [shipment.id], case
        assert shipment.status is ShipmentStatus.SHIPPED, case
        assert world.told("orders.OrderShipped", order.id) == 1, case
    assert world.shop.inventory.reconcile() == []


@pytest.mark.parametrize("command", ["resume", "notice"])
def test_the_shopper_and_the_bank_race_to_tell_and_die_on_the_way(world: World, killer: Killer, command: str) -> None:
    """Whoever comes first is killed at every place; then both come, the bank twice: one capture, one order."""
    for case, placement_id, _ in enumerated(world, killer, command):
        told = world.more
        raw = RawNotice(headers=told["headers"], body=told["body"].encode())
        assert world.shop.paying.receive_notice("bank", raw).status == 200, case
        order = world.shop.checkout.resume(placement_id).order
        assert world.shop.paying.receive_notice("bank", raw).status == 200, case
        world.recover()
        order = world.shop.orders.get(order.id)
        total = order.totals.grand_total.minor
        assert (order.payment, world.done(order.key, OperationKind.CAPTURE)) == (PaymentStatus.PAID, [total]), case
        assert (stock_of(world.shop, f"CASE-{case}"), world.net(order.key)) == ((5, 2), (0, total)), case
        assert world.told("orders.OrderPlaced", order.id) == 1, case
