"""Orders: what was bought, as it was bought, and what became of it.

An order keeps the priced cart it was made from; units are worth what they were
sold for, whichever way they are grouped. It works without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.kernel import QUICK_START, Item, Line, Money, PricedCart, PricedLine
    >>> from commerce.orders import OrderDraft, credit_of, new_order
    >>> line = PricedLine(line=Line.of("l1", Item(sku="TEE-M"), 3, Money("3.33", "EUR")))
    >>> draft = OrderDraft(priced=PricedCart(currency="EUR", lines=(line,), profile=QUICK_START))
    >>> order = new_order(draft, id="o1", number="1", key="k1", at=datetime.now(UTC))
    >>> credit_of(order, {"l1": 2}).gross
    Money('6.66', 'EUR')
"""

from commerce.orders.engine import DatedNumbers, credit_of, edit_order, new_order
from commerce.orders.errors import (
    NoFreeNumber,
    NothingToCancel,
    OrderLineNotFound,
    OrderNotFound,
    OrderOnHold,
    TooManyUnits,
)
from commerce.orders.events import (
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderEdited,
    OrderHeld,
    OrderPaymentChanged,
    OrderPlaced,
    OrderReleased,
    OrderReturned,
    OrderShipped,
    OrderUnits,
)
from commerce.orders.model import Order
from commerce.orders.ports import OrderNumbers, Orders, OrderUnit
from commerce.orders.service import OrderService
from commerce.orders.states import (
    FULFILMENT_STATES,
    ORDER_STATES,
    PAYMENT_STATES,
    FulfilmentStatus,
    OrderStatus,
    PaymentStatus,
)
from commerce.orders.values import (
    CancelReason,
    Credit,
    ExchangeRate,
    Fact,
    FactKind,
    LineCredit,
    OrderDraft,
    OrderLine,
    OrderSummary,
    OrderTotals,
    PaymentRecord,
    ShippingRefund,
    totals_of,
)

__all__ = [
    "FULFILMENT_STATES",
    "ORDER_STATES",
    "PAYMENT_STATES",
    "CancelReason",
    "Credit",
    "DatedNumbers",
    "ExchangeRate",
    "Fact",
    "FactKind",
    "FulfilmentStatus",
    "LineCredit",
    "NoFreeNumber",
    "NothingToCancel",
    "Order",
    "OrderCancelled",
    "OrderCompleted",
    "OrderDelivered",
    "OrderDraft",
    "OrderEdited",
    "OrderHeld",
    "OrderLine",
    "OrderLineNotFound",
    "OrderNotFound",
    "OrderNumbers",
    "OrderOnHold",
    "OrderPaymentChanged",
    "OrderPlaced",
    "OrderReleased",
    "OrderReturned",
    "OrderService",
    "OrderShipped",
    "OrderStatus",
    "OrderSummary",
    "OrderTotals",
    "OrderUnit",
    "OrderUnits",
    "Orders",
    "PaymentRecord",
    "PaymentStatus",
    "ShippingRefund",
    "TooManyUnits",
    "credit_of",
    "edit_order",
    "new_order",
    "totals_of",
]
