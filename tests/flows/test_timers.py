"""What time brings is done in rounds, and nothing that fails keeps the rest from being done."""

from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

import pytest
from tests.flows.conftest import World

from commerce.inventory import StockMode
from commerce.testing.builders import a_cart, stock_of
from commerce.testing.gateways.fake import Tokens


class Broken:
    """A module of which every command fails, and not in the way that anybody thought of."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def fail(*_: object) -> NoReturn:
            raise ZeroDivisionError

        return fail


def test_what_expires_is_swept(world: World) -> None:
    """The units of a cart that nobody ordered."""
    shop = world.shop
    shop.inventory.configure("MUG", "main", mode=StockMode.RESERVE_ON_CART)
    cart = a_cart(shop, {"MUG": 2})
    shop.checkout.hold(cart.id, shop.clock() + timedelta(minutes=10))
    assert stock_of(shop, "MUG") == (5, 2)
    shop.cart.add_line(cart.id, "MUG", 1)
    shop.checkout.hold(cart.id, shop.clock() + timedelta(minutes=10))
    assert stock_of(shop, "MUG") == (5, 3), "the second hold takes the place of the first"
    world.later(timedelta(minutes=11))
    assert shop.timers.run().expired == 1
    assert stock_of(shop, "MUG") == (5, 0)


@pytest.mark.parametrize("broken", ["payments", "inventory", "promotions", "shipping"])
def test_a_module_that_fails_keeps_no_other_from_its_work(world: World, broken: str) -> None:
    """A checkout that nobody came back to is let go of."""
    shop = world.shop
    cart = a_cart(shop)
    shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.ACTION, key="click")
    setattr(shop.timers, broken, Broken())
    world.later(timedelta(hours=2))
    report = shop.timers.run()
    assert report.abandoned == 1
    assert (world.reserved(), world.money()) == (0, (0, 0))
