"""Hooks of the cart."""

import pluggy

from commerce.cart.model import Cart

__all__ = ["commerce_validate_cart_line"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_cart_line(cart: Cart, sku: str, quantity: int) -> None:
    """Object to units being put into a cart by raising a `commerce.kernel.CommerceError`.

    ``cart`` is as it was before; ``quantity`` is how many units more are wanted.
    """
