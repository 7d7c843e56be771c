"""What the cart needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from commerce.cart.model import Cart

__all__ = ["Assortment", "CartUnit", "Carts"]


class Carts(Protocol):
    """Stored carts."""

    def get(self, cart_id: str) -> Cart:
        """The cart, or `CartNotFound`."""

    def add(self, cart: Cart) -> None:
        """Store a new cart."""

    def save(self, cart: Cart) -> None:
        """Store a changed cart, or raise `commerce.kernel.StaleVersion` if it changed meanwhile."""


class CartUnit(Protocol):
    """One transaction of the cart module."""

    @property
    def carts(self) -> Carts:
        """The carts in this transaction."""


class Assortment(Protocol):
    """Which SKUs can be bought."""

    def unsold(self, skus: Sequence[str]) -> Sequence[str]:
        """Those of the SKUs that nobody may put into a cart, in the order given."""
