"""What can be wrong with a cart or a wish for one."""

from datetime import datetime

from attrs import define

from commerce.kernel import Conflict, Invalid, NotFound

__all__ = ["CartEmpty", "CartExpired", "CartFrozen", "CartLineNotFound", "CartNotFound", "UnknownSku"]


@define(kw_only=True, slots=False)
class CartNotFound(NotFound):
    """No cart has that id."""

    message = "there is no cart {cart_id}: open a new one"
    cart_id: str


@define(kw_only=True, slots=False)
class CartLineNotFound(NotFound):
    """The cart has no such line."""

    message = "cart {cart_id} has no line {line_id}: read the cart again"
    cart_id: str
    line_id: str


@define(kw_only=True, slots=False)
class UnknownSku(Invalid):
    """Nothing sellable has that stock-keeping unit."""

    message = "nothing on sale has the SKU {sku!r}: check the spelling, or publish the product first"
    sku: str


@define(kw_only=True, slots=False)
class CartExpired(Conflict):
    """The cart's time is over; its lines can be copied to a new one."""

    message = "cart {cart_id} expired at {expired_at:%Y-%m-%d %H:%M} UTC: open a new one"
    cart_id: str
    expired_at: datetime


@define(kw_only=True, slots=False)
class CartFrozen(Conflict):
    """A checkout is under way or done; nothing may change."""

    message = "cart {cart_id} is {status}: finish or cancel its checkout before changing it"
    cart_id: str
    status: str


@define(kw_only=True, slots=False)
class CartEmpty(Conflict):
    """There is nothing to buy in it."""

    message = "cart {cart_id} has no lines: add something first"
    cart_id: str
