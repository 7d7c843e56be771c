"""What happens to carts."""

from attrs import frozen

from commerce.kernel import Event

__all__ = ["CartClosed", "CartLineAdded", "CartLineRemoved", "CartOpened"]


@frozen(kw_only=True)
class CartOpened(Event):
    """A shopper began a cart."""

    currency: str
    channel: str


@frozen(kw_only=True)
class CartLineAdded(Event):
    """Units were added; ``quantity`` is how many more."""

    line_id: str
    sku: str
    quantity: int


@frozen(kw_only=True)
class CartLineRemoved(Event):
    """A line left the cart."""

    line_id: str
    sku: str


@frozen(kw_only=True)
class CartClosed(Event):
    """The cart became an order."""

    order_id: str
