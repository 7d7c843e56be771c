"""What happens to orders. No names, addresses or free text: events are public and kept."""

from attrs import frozen

from commerce.kernel import Event, Money

__all__ = [
    "OrderCancelled",
    "OrderCompleted",
    "OrderDelivered",
    "OrderEdited",
    "OrderHeld",
    "OrderPaymentChanged",
    "OrderPlaced",
    "OrderReleased",
    "OrderReturned",
    "OrderShipped",
    "OrderUnits",
]


@frozen(kw_only=True)
class OrderUnits:
    """Some units of one order line."""

    line_id: str
    sku: str
    quantity: int


@frozen(kw_only=True)
class OrderPlaced(Event):
    """A shopper bought something. Totals as on the bill; ``lines`` are all units ordered."""

    number: str
    cart_id: str | None
    customer_id: str | None
    channel: str
    currency: str
    subtotal: Money
    shipping_total: Money
    discount_total: Money
    tax_total: Money
    grand_total: Money
    lines: tuple[OrderUnits, ...]
    codes: tuple[str, ...] = ()


@frozen(kw_only=True)
class OrderPaymentChanged(Event):
    """The derived state of the money changed; ``captured`` and ``refunded`` are totals so far."""

    status: str
    authorized: Money
    captured: Money
    refunded: Money


@frozen(kw_only=True)
class OrderHeld(Event):
    """Nothing may be shipped until it is released."""


@frozen(kw_only=True)
class OrderReleased(Event):
    """Shipping may go on."""


@frozen(kw_only=True)
class OrderShipped(Event):
    """Units left the house; ``complete`` when nothing more is to be shipped."""

    lines: tuple[OrderUnits, ...]
    complete: bool


@frozen(kw_only=True)
class OrderDelivered(Event):
    """Units arrived; ``complete`` when nothing more is to arrive."""

    lines: tuple[OrderUnits, ...]
    complete: bool


@frozen(kw_only=True)
class OrderCancelled(Event):
    """Units will not be shipped; ``credit`` is what they were to cost.

    ``complete`` when nothing is left of the order.
    """

    lines: tuple[OrderUnits, ...]
    reason: str
    credit: Money
    complete: bool


@frozen(kw_only=True)
class OrderEdited(Event):
    """Units were added, and others taken out before they were shipped.

    ``charge`` is what the added cost, ``credit`` what the others were to cost, ``grand_total`` that of the new bill.
    ``readdressed`` says that what is not shipped yet goes to another address.
    """

    added: tuple[OrderUnits, ...]
    removed: tuple[OrderUnits, ...]
    readdressed: bool = False
    charge: Money
    credit: Money
    grand_total: Money


@frozen(kw_only=True)
class OrderReturned(Event):
    """Units came back and were accepted; ``credit`` is what they cost, ``fee`` and ``clawback`` what is kept of it."""

    lines: tuple[OrderUnits, ...]
    credit: Money
    fee: Money
    clawback: Money


@frozen(kw_only=True)
class OrderCompleted(Event):
    """Everything kept is delivered and paid."""
