"""Money of cancelled units goes back once, whatever else is on its way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, field
from tests.flows.conftest import World

from commerce.kernel import Money
from commerce.orders import Order, OrderStatus
from commerce.payments import Payment, PaymentService
from commerce.runtime import InProgress
from commerce.testing.builders import a_cart, stock_of
from commerce.testing.gateways.fake import Fault, Tokens

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


@define
class _Interrupted(PaymentService):
    """Payments that are captured a moment late: first something else happens."""

    meanwhile: Callable[[], object] = field(kw_only=True)

    def capture(self, payment_id: str, key: str, amount: Money | None = None, *, final: bool = False) -> Payment:
        self.meanwhile()
        return super().capture(payment_id, key, amount, final=final)


def accept(world: World, order: Order, meanwhile: Callable[[], object] = lambda: None) -> Order:
    payments = world.shop.payments
    late = _Interrupted(payments.begin, payments.clock, payments.gateways, payments.hooks, meanwhile=meanwhile)
    return evolve(world.shop.checkout, payments=late).accept_order(order.id, key="fine")


@pytest.mark.parametrize("fault", [None, Fault.LOST_ANSWER])
def test_what_was_called_off_just_before_it_was_taken_goes_back(world: World, fault: Fault | None) -> None:
    """The cancel ends between reading what is owed and taking it: it saw nothing to give back."""
    order = place(world, token=Tokens.SUSPECTED)
    world.bank.script("capture", fault)
    order = accept(world, order, lambda: cancel(world, order, "TEE-M"))
    assert (order.status, order.captured, order.refunded) == (OrderStatus.OPEN, order.owed + TEE, TEE)
    assert (order.balance, world.money()) == (Money("0.00", "EUR"), (0, order.owed.minor))
    assert accept(world, order).version == order.version


def test_what_was_called_off_while_it_was_taken_goes_back_with_its_cancel(world: World) -> None:
    """The cancel waits for the capture, and accepting for the cancel: its part goes back once."""
    order = place(world, token=Tokens.SUSPECTED)
    world.bank.script("capture", before=lambda: cancel(world, order, "TEE-M"))
    with pytest.raises(InProgress):
        accept(world, order)
    world.later(timedelta(minutes=2))
    world.shop.timers.run()
    order = accept(world, order)
    assert (order.status, order.refunded, order.balance) == (OrderStatus.OPEN, TEE, Money("0.00", "EUR"))
    assert world.money() == (0, order.owed.minor)


def test_what_was_called_off_and_is_not_taken_yet_is_waited_for(world: World) -> None:
    """The bank thinks about the capture: the order is released once it is known what there is to give back."""
    order = place(world, token=Tokens.SUSPECTED)
    world.bank.script("capture", Fault.PENDING)
    with pytest.raises(InProgress):
        accept(world, order, lambda: cancel(world, order, "TEE-M"))
    with pytest.raises(InProgress):
        accept(world, order)
    settle(world, order)
    order = accept(world, order)
    assert (order.status, order.refunded, order.balance) == (OrderStatus.OPEN, TEE, Money("0.00", "EUR"))


def test_a_refund_on_its_way_is_not_made_again(world: World) -> None:
    """Called off after it was taken: the bank has the refund already, and needs time."""
    order = place(world, token=Tokens.SUSPECTED)
    (payment,) = world.shop.payments.of_order(order.key)
    world.shop.payments.accept(payment.id)
    world.shop.payments.capture(payment.id, "by hand")
    world.bank.script("refund", Fault.PENDING)
    cancel(world, order, "TEE-M")
    accept(world, order)
    settle(world, order)
    order = world.shop.orders.get(order.id)
    assert (order.refunded, order.balance) == (TEE, Money("0.00", "EUR"))


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
