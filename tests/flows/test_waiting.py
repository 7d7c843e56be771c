"""A checkout that waits for its payment is woken by what becomes of it, whoever tells it and when."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define
from tests.flows.conftest import World

from commerce.cart import CartStatus
from commerce.flows import Placement
from commerce.kernel import ProviderError
from commerce.orders import OrderStatus, PaymentStatus
from commerce.runtime import SagaLog, SagaRecord, SagaStatus
from commerce.testing.builders import a_cart
from commerce.testing.gateways.fake import Fault, Tokens


class Killed(BaseException):
    """The process dies: nothing may catch this."""


@define
class Listening:
    """A journal that lets something happen around the moment in which a process lies down."""

    log: SagaLog
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None

    def save(self, record: SagaRecord) -> bool:
        lies_down = record.status is SagaStatus.WAITING
        act, self.before = (self.before, lambda: None) if lies_down else (lambda: None, self.before)
        act()
        saved = self.log.save(record)
        act, self.after = (self.after, lambda: None) if lies_down else (lambda: None, self.after)
        act()
        return saved

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def wait(world: World, token: str = Tokens.ACTION) -> Placement:
    return world.shop.checkout.place_order(a_cart(world.shop).id, gateway="bank", token=token, key="click")


def the_customer_acts(world: World) -> None:
    placing = world.shop.runner.find("place_order", "click")
    assert placing is not None
    (payment,) = world.shop.payments.of_order(placing.id)
    world.bank.customer_acts(payment.id)
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)


def test_news_that_come_while_the_process_lies_down_are_not_lost(world: World) -> None:
    world.shop.runner.log = Listening(world.shop.runner.log, before=lambda: the_customer_acts(world))
    assert wait(world).order.payment is PaymentStatus.PAID


def test_who_paid_gets_the_order_though_nobody_was_told(world: World) -> None:
    """The notice came in the wrong moment, and the process died in the next: the timer asks before it lets go."""

    def die() -> None:
        raise Killed

    world.shop.runner.log = Listening(world.shop.runner.log, lambda: the_customer_acts(world), die)
    with pytest.raises(Killed):
        wait(world)
    world.later(world.shop.timers.abandon_after * 2)
    assert world.shop.timers.run().abandoned == 0
    assert world.shop.checkout.placement("click").order.payment is PaymentStatus.PAID


def test_the_gateway_is_asked_once_while_nothing_is_new(world: World) -> None:
    wait(world)
    assert [call.method for call in world.bank.calls] == ["authorize"]


def test_a_gateway_that_cannot_tell_undoes_nothing(world: World) -> None:
    """The shopper is back, and the gateway is down: the goods stay held, and the next try makes the order."""
    placement = wait(world)
    (payment,) = world.shop.payments.of_order(placement.id)
    world.bank.customer_acts(payment.id)
    world.bank.script("fetch", Fault.UNAVAILABLE)
    with pytest.raises(ProviderError):
        world.shop.checkout.resume(placement.id)
    assert world.reserved() == 2
    assert world.shop.checkout.resume(placement.id).order.payment is PaymentStatus.PAID


def test_nobody_is_let_go_while_it_cannot_be_told_whether_they_paid(world: World) -> None:
    placement = wait(world)
    world.later(world.shop.timers.abandon_after * 2)
    world.bank.script("fetch", Fault.UNAVAILABLE, times=9)
    assert world.shop.timers.run().abandoned == 0
    world.bank.heal()
    assert world.shop.timers.run().abandoned == 1
    placed = world.shop.runner.get(placement.id)
    assert placed is not None
    assert world.shop.cart.get(placed.input.cart_id).status is CartStatus.OPEN
    assert world.money() == (0, 0)


def test_a_partial_authorization_waits_and_is_let_go_of(world: World) -> None:
    """Half of the money is no order; after an hour it is set free."""
    assert wait(world, Tokens.PARTIAL).placed is None
    world.later(world.shop.timers.abandon_after * 2)
    world.shop.timers.run()
    assert (world.reserved(), world.money()) == (0, (0, 0))


def test_an_order_held_for_review_is_not_woken_twice(world: World) -> None:
    order = wait(world, Tokens.SUSPECTED).order
    for _ in range(2):
        world.later(world.shop.payments.patience * 2)
        world.shop.timers.run()
    assert world.shop.orders.get(order.id).status is OrderStatus.ON_HOLD
    assert world.money() == (order.owed.minor, 0)
