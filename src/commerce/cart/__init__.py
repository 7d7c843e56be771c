"""Carts: what a shopper means to buy.

A cart knows SKUs and quantities; prices come later, from a quote. It works
without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.cart import Cart
    >>> cart = Cart(id="c1", currency="EUR")
    >>> line = cart.add_line("l1", "TEE-M", 2, at=datetime.now(UTC))
    >>> cart.lines
    (CartLine(id='l1', sku='TEE-M', quantity=2, agreed_price=None),)
"""

from commerce.cart.errors import CartEmpty, CartExpired, CartFrozen, CartLineNotFound, CartNotFound, UnknownSku
from commerce.cart.events import CartClosed, CartLineAdded, CartLineRemoved, CartOpened
from commerce.cart.model import CART_STATES, Cart, CartLine, CartStatus
from commerce.cart.ports import Assortment, Carts, CartUnit
from commerce.cart.service import CartService, Wish

__all__ = [
    "CART_STATES",
    "Assortment",
    "Cart",
    "CartClosed",
    "CartEmpty",
    "CartExpired",
    "CartFrozen",
    "CartLine",
    "CartLineAdded",
    "CartLineNotFound",
    "CartLineRemoved",
    "CartNotFound",
    "CartOpened",
    "CartService",
    "CartStatus",
    "CartUnit",
    "Carts",
    "UnknownSku",
    "Wish",
]
