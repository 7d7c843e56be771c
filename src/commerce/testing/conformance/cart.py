"""What every storage of carts promises."""

from collections.abc import Callable
from typing import Any

import pytest

from commerce.cart import Cart, CartLine, CartNotFound, CartUnit
from commerce.kernel import Address, InvalidValue, StaleVersion
from commerce.runtime import Begin, Storage
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["CartConformance"]


def _cart() -> Cart:
    cart = Cart(id="cart-1", currency="EUR", email="ada@example.org", expires_at=NOW.replace(year=2027))
    cart.add_line("line-1", "TEE-M", 2, at=NOW)
    cart.add_code("spring", at=NOW)
    cart.refuse_gift("MUG", at=NOW)
    cart.hold("hold-1", NOW.replace(hour=13), at=NOW)
    cart.deliver_to(Address(country="DE", postal_code="10115", lines=("Weg 1",)), "standard", at=NOW)
    return cart


class CartConformance(StorageConformance):
    """Carts are kept whole, saved by version, and their events leave with them."""

    @pytest.fixture
    def carts(self, begin: Callable[[str], Begin[Any]]) -> Begin[CartUnit]:
        """Transactions of the cart module."""
        return begin("cart")

    def test_keeps_every_field(self, carts: Begin[CartUnit]) -> None:
        """What was stored is read back, field by field."""
        cart = _cart()
        with carts() as uow:
            uow.carts.add(cart)
        with carts() as uow:
            read = uow.carts.get("cart-1")
        assert read.version == 1
        names = ("currency", "channel", "locale", "email", "status", "lines", "codes", "refused_gifts", "destination")
        for name in (*names, "held_by", "held_until"):
            assert getattr(read, name) == getattr(cart, name)
        assert read.expires_at == cart.expires_at

    def test_refuses_what_would_not_fit(self, carts: Begin[CartUnit]) -> None:
        """The longest texts are kept as they are; longer ones, and what no database keeps, are an `InvalidValue`."""
        longest: dict[str, Any] = {
            "channel": "c" * 64,
            "locale": "de-AT" + "-abcdefgh" * 3 + "-ab",
            "customer_id": "c" * 36,
            "email": "e" * 320,
            "shipping_method": "s" * 64,
            "frozen_by": "f" * 64,
            "order_id": "o" * 36,
            "held_by": "h" * 64,
        }
        cart = Cart(id="cart-1", currency="EUR", lines=(CartLine(id="l", sku="S" * 128, quantity=1),), **longest)
        with carts() as uow:
            uow.carts.add(cart)
        with carts() as uow:
            read = uow.carts.get("cart-1")
            assert {name: getattr(read, name) for name in (*longest, "lines")} == {**longest, "lines": cart.lines}
        for name, text in longest.items():
            for wrong in (f"{text}x", "a\0b", "\ud800"):
                with pytest.raises(InvalidValue, match=name):
                    setattr(cart, name, wrong)
        for sku in ("", "S" * 129, "a\0b"):
            with pytest.raises(InvalidValue, match="sku"):
                cart.add_line("line-2", sku, 1, at=NOW)
        with pytest.raises(InvalidValue, match="codes"):
            Cart(id="cart-2", currency="EUR", codes=("A\0B",))
        for sku in ("", "S" * 129, "a\0b"):
            with pytest.raises(InvalidValue, match="refused_gifts"):
                cart.refuse_gift(sku, at=NOW)

    def test_knows_what_it_has_not(self, carts: Begin[CartUnit]) -> None:
        """An unknown id is `CartNotFound`."""
        with carts() as uow, pytest.raises(CartNotFound):
            uow.carts.get("nobody")

    def test_refuses_a_stale_save(self, carts: Begin[CartUnit]) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        with carts() as uow:
            uow.carts.add(_cart())
        with carts() as uow:
            first, second = uow.carts.get("cart-1"), uow.carts.get("cart-1")
            first.set_quantity("line-1", 5, at=NOW)
            uow.carts.save(first)
            second.set_quantity("line-1", 7, at=NOW)
            with pytest.raises(StaleVersion) as caught:
                uow.carts.save(second)
        assert caught.value.fresh.lines[0].quantity == 5
        with carts() as uow:
            assert uow.carts.get("cart-1").lines[0].quantity == 5

    def test_rolls_back_whole(self, carts: Begin[CartUnit], events: Callable[[], list[str]]) -> None:
        """An exception leaves neither row nor event."""
        with pytest.raises(ZeroDivisionError), carts() as uow:
            uow.carts.add(_cart())
            raise ZeroDivisionError
        assert events() == []
        with carts() as uow, pytest.raises(CartNotFound):
            uow.carts.get("cart-1")

    def test_events_leave_with_the_change(self, carts: Begin[CartUnit], storage: Storage) -> None:
        """Each recorded event is in the outbox once, in order, claimable after the commit."""
        with carts() as uow:
            uow.carts.add(_cart())
        with carts() as uow:
            cart = uow.carts.get("cart-1")
            cart.remove_line("line-1", at=NOW)
            uow.carts.save(cart)
        archived = [envelope for _, envelope in storage.outbox.archive()]
        assert [e.name for e in archived] == ["cart.CartLineAdded", "cart.CartLineRemoved"]
        assert archived[0].sequence < archived[1].sequence
        assert storage.outbox.pending() == 2
