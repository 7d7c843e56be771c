"""The three state machines of an order: itself, its payment, its goods."""

from enum import StrEnum

from commerce.kernel import StateTable

__all__ = [
    "FULFILMENT_STATES",
    "ORDER_STATES",
    "PAYMENT_STATES",
    "FulfilmentStatus",
    "OrderStatus",
    "PaymentStatus",
]


class OrderStatus(StrEnum):
    """Under way, stopped by hand, done, or called off. Units that are added to a completed order open it again."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


ORDER_STATES = StateTable(
    "order",
    {
        OrderStatus.OPEN: (OrderStatus.ON_HOLD, OrderStatus.COMPLETED, OrderStatus.CANCELLED),
        OrderStatus.ON_HOLD: (OrderStatus.OPEN, OrderStatus.CANCELLED),
        OrderStatus.COMPLETED: (OrderStatus.OPEN,),
        OrderStatus.CANCELLED: (),
    },
)


class PaymentStatus(StrEnum):
    """Where the money stands, derived from the totals of all payments.

    ``voided``: everything was cancelled before any money moved.
    """

    UNPAID = "unpaid"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    VOIDED = "voided"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


_TAKEN = (
    PaymentStatus.PARTIALLY_PAID,
    PaymentStatus.PAID,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.REFUNDED,
)
_NOT_TAKEN = (PaymentStatus.UNPAID, PaymentStatus.AUTHORIZED, PaymentStatus.FAILED, PaymentStatus.VOIDED)

# One report may stand for several facts, so states can be skipped; but money once taken
# is never un-taken, only given back, and a failed refund reopens what was refunded.
PAYMENT_STATES = StateTable(
    "order payment",
    {
        state: tuple(to for to in (*_NOT_TAKEN, *_TAKEN) if to is not state and (state in _NOT_TAKEN or to in _TAKEN))
        for state in (*_NOT_TAKEN, *_TAKEN)
    },
).extended({PaymentStatus.PAID: _NOT_TAKEN})  # an order that cost nothing is paid, until something is added to it


class FulfilmentStatus(StrEnum):
    """Where the goods stand, derived from the units of all lines that are not cancelled; added units set it back."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"


FULFILMENT_STATES = StateTable(
    "order fulfilment",
    {
        FulfilmentStatus.UNFULFILLED: (
            FulfilmentStatus.PARTIALLY_SHIPPED,
            FulfilmentStatus.SHIPPED,
            FulfilmentStatus.CANCELLED,
        ),
        FulfilmentStatus.PARTIALLY_SHIPPED: (FulfilmentStatus.SHIPPED, FulfilmentStatus.PARTIALLY_DELIVERED),
        FulfilmentStatus.SHIPPED: (
            FulfilmentStatus.PARTIALLY_SHIPPED,
            FulfilmentStatus.PARTIALLY_DELIVERED,
            FulfilmentStatus.DELIVERED,
        ),
        FulfilmentStatus.PARTIALLY_DELIVERED: (
            FulfilmentStatus.DELIVERED,
            FulfilmentStatus.PARTIALLY_RETURNED,
            FulfilmentStatus.RETURNED,
        ),
        FulfilmentStatus.DELIVERED: (
            FulfilmentStatus.PARTIALLY_DELIVERED,
            FulfilmentStatus.PARTIALLY_RETURNED,
            FulfilmentStatus.RETURNED,
        ),
        FulfilmentStatus.PARTIALLY_RETURNED: (FulfilmentStatus.PARTIALLY_DELIVERED, FulfilmentStatus.RETURNED),
        FulfilmentStatus.RETURNED: (FulfilmentStatus.PARTIALLY_DELIVERED,),
        FulfilmentStatus.CANCELLED: (),
    },
)
