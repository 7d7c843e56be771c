"""Money of cancelled units goes back once, whatever else is on its way."""

from datetime import timedelta
from typing import Any

import pytest
from tests.flows.conftest import World

from commerce.kernel import Money
from commerce.orders import Order, OrderStatus
from commerce.runtime import InProgress
from commerce.testing.builders import a_cart, stock_of
from commerce.testing.gateways.fake import Fault

MUG, TEE = Money("8.93", "EUR"), Money("23.79", "EUR")


def place(world: World, **how: Any) -> Order:
    cart = a_cart(world.shop, {"TEE-M": 2, "MUG": 1})
    return world.shop.checkout.place_order(cart.id, gateway="bank", key="click", **how).order


def cancel(world: World, order: Order, sku: str) -> Order:
    line = next(line.id for line in order.lines if line.sku == sku)
    return world.shop.checkout.cancel_order(order.id, key=f"no {sku}", lines={line: 1})


def settle(world: World, order: Order) -> None:
    for payment in world.shop.payments.of_order(order.key):
        world.bank.finish(payment.id)
        world.shop.payments.settle(payment.id)


def test_a_refund_that_is_pending_is_not_made_again_by_the_next_cancel(world: World) -> None:
    order = place(world)
    world.bank.script("refund", Fault.PENDING)
    assert cancel(world, order, "TEE-M").refunded == Money("0.00", "EUR")
    cancel(world, order, "MUG")
    settle(world, order)
    order = world.shop.orders.get(order.id)
    assert (order.refunded, order.balance) == (TEE + MUG, Money("0.00", "EUR"))


def test_two_cancels_at_once_give_back_each_its_own(world: World) -> None:
    """The second comes when the first has planned its refund and not yet asked for it."""
    order = place(world)
    world.bank.script("refund", before=lambda: cancel(world, order, "MUG"))
    cancel(world, order, "TEE-M")
    order = world.shop.orders.get(order.id)
    assert (order.refunded, order.balance) == (TEE + MUG, Money("0.00", "EUR"))


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.LOST_REQUEST, Fault.LOST_ANSWER])
def test_units_called_off_before_the_capture_are_not_paid_for(world: World, fault: Fault) -> None:
    """The gateway is down when the order is made, and units are cancelled before it is known what it did."""
    world.bank.script("capture", fault)
    world.bank.script("fetch", Fault.UNAVAILABLE, times=3)
    order = place(world)
    cancel(world, order, "TEE-M")
    for _ in range(4):
        world.later(world.shop.payments.patience * 2)
        world.shop.timers.run()
    order = world.shop.orders.get(order.id)
    lost = fault is Fault.LOST_ANSWER
    assert order.refunded == (TEE if lost else TEE * 0), "it was not charged, if that could be helped"
    assert (order.balance, world.money()) == (Money("0.00", "EUR"), (0, order.owed.minor))
    assert world.shop.runner.log.unfinished(world.shop.clock()) == []


def test_an_order_is_not_accepted_while_it_is_made(world: World) -> None:
    """What its process has not taken yet would be taken twice."""
    world.bank.script("capture", Fault.UNAVAILABLE)
    order = place(world)
    with pytest.raises(InProgress):
        world.shop.checkout.accept_order(order.id, key="fine")
    world.later(timedelta(minutes=2))
    world.shop.timers.run()
    assert world.money() == (0, order.owed.minor)


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_capture_under_way_is_waited_for(world: World, *, succeeds: bool) -> None:
    """Whether it arrives or not, the end is a cancelled order and nothing held and nothing taken."""
    world.bank.script("capture", Fault.PENDING)
    order = place(world)
    order = world.shop.checkout.cancel_order(order.id, key="cancel")
    assert (order.status, world.reserved()) == (OrderStatus.CANCELLED, 0)
    (payment,) = world.shop.payments.of_order(order.key)
    world.bank.finish(payment.id, succeeds=succeeds)
    for _ in range(2):
        world.later(world.shop.payments.patience * 2)
        world.shop.timers.run()
    assert world.money() == (0, 0)
    assert world.shop.orders.get(order.id).balance == Money("0.00", "EUR")
    assert world.shop.runner.log.unfinished(world.shop.clock()) == []


def test_what_was_never_paid_is_not_given_back(world: World) -> None:
    """Half was captured by hand: a cancelled unit lowers the debt before it is a refund."""
    order = place(world, capture=False)
    (payment,) = world.shop.payments.of_order(order.key)
    world.shop.payments.capture(payment.id, "half", order.owed - MUG)
    assert cancel(world, order, "MUG").refunded == Money("0.00", "EUR")
    assert cancel(world, order, "TEE-M").refunded == TEE
    order = world.shop.orders.get(order.id)
    assert (order.balance, stock_of(world.shop, "TEE-M")) == (Money("0.00", "EUR"), (10, 1))
