"""The values an order is made of: what is asked, lines, credits, facts."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import (
    Address,
    InvalidValue,
    Money,
    PricedCart,
    PricedLine,
    UnitsShare,
    no_card_number,
    storable_text,
)
from commerce.orders.events import OrderUnits
from commerce.orders.states import FulfilmentStatus, OrderStatus, PaymentStatus

__all__ = [
    "CancelReason",
    "Credit",
    "ExchangeRate",
    "Fact",
    "FactKind",
    "LineCredit",
    "OrderDraft",
    "OrderLine",
    "OrderSummary",
    "OrderTotals",
    "PaymentRecord",
    "ShippingRefund",
    "totals_of",
]


class CancelReason(StrEnum):
    """Why units are not shipped."""

    CUSTOMER = "customer"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT = "payment"
    FRAUD = "fraud"
    MISTAKE = "mistake"
    OTHER = "other"


class ShippingRefund(StrEnum):
    """What becomes of charges such as shipping when units are cancelled or returned.

    ``with_last_unit`` credits all charges with the last unit given back (what
    Directive 2011/83/EU art. 13 asks for a full withdrawal), ``proportional`` by the
    value of the units, ``never`` not at all.
    """

    WITH_LAST_UNIT = "with_last_unit"
    PROPORTIONAL = "proportional"
    NEVER = "never"


@frozen(kw_only=True)
class OrderLine:
    """A priced line as it was bought, and what became of its units.

    ``shipped <= quantity - cancelled``, ``delivered <= shipped``, ``returned <= delivered``.
    Units are given back from the first on; which ones makes no difference to anybody. ``edit`` is the key of
    the edit that added the line; empty, it was there when the order was placed.
    """

    priced: PricedLine
    cancelled: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0
    edit: str = field(default="", validator=storable_text(100))

    @property
    def id(self) -> str:
        """The id of the line, unique in its order."""
        return self.priced.line.id

    @property
    def sku(self) -> str:
        """What was bought."""
        return self.priced.line.item.sku

    @property
    def name(self) -> str:
        """What it was called when it was bought."""
        return self.priced.line.item.name

    @property
    def quantity(self) -> int:
        """Units ordered."""
        return self.priced.line.quantity

    @property
    def kept(self) -> int:
        """Units ordered and not cancelled."""
        return self.quantity - self.cancelled

    @property
    def to_ship(self) -> int:
        """Units that still have to leave the house; as many may be cancelled."""
        return self.quantity - self.cancelled - self.shipped

    @property
    def to_deliver(self) -> int:
        """Units under way."""
        return self.shipped - self.delivered

    @property
    def to_return(self) -> int:
        """Units the buyer has."""
        return self.delivered - self.returned

    @property
    def given_back(self) -> int:
        """Units whose price was credited: cancelled or returned."""
        return self.cancelled + self.returned


@frozen(kw_only=True)
class OrderTotals:
    """The sums of the bill: of all units ever ordered, whatever became of them."""

    subtotal: Money
    shipping_total: Money
    discount_total: Money
    tax_total: Money
    net_total: Money
    grand_total: Money


def totals_of(priced: PricedCart) -> OrderTotals:
    """The sums of a priced cart, in one pass over its lines."""
    goods = discount = tax = net = 0
    for part in priced.parts:
        taken = -sum(adjustment.amount.minor for adjustment in part.adjustments)
        taxed = sum(share.amount.minor for share in part.taxes)
        value = part.subtotal.minor - taken
        goods += part.subtotal.minor
        discount += taken
        tax += taxed
        net += value - taxed if part.tax_included else value
    shipping = sum(charge.subtotal.minor for charge in priced.charges)
    subtotal, shipping_total, discount_total, tax_total, net_total = (
        Money.of_minor(minor, priced.currency) for minor in (goods - shipping, shipping, discount, tax, net)
    )
    return OrderTotals(
        subtotal=subtotal,
        shipping_total=shipping_total,
        discount_total=discount_total,
        tax_total=tax_total,
        net_total=net_total,
        grand_total=net_total + tax_total,
    )


@frozen(kw_only=True)
class PaymentRecord:
    """What the order knows of one payment: its totals, as of a version of its ledger.

    ``authorized`` is all that was ever authorized less what was voided, so capturing does not lower it.
    """

    payment_id: str
    version: int
    authorized: Money
    captured: Money
    refunded: Money
    failed: bool = False


@frozen(kw_only=True)
class LineCredit:
    """What units ``start … start + quantity - 1`` of a line were sold for."""

    line_id: str
    sku: str
    quantity: int
    start: int
    share: UnitsShare


@frozen(kw_only=True)
class Credit:
    """What is to be given back for some units, from the shares stored when they were sold.

    ``shipping`` is the part of all charges, ``fee`` what the seller keeps (restocking), ``clawback`` what is kept
    because the goods that stay have not earned their discounts; below zero, what is given back of that.
    """

    lines: tuple[LineCredit, ...]
    shipping: UnitsShare
    fee: Money
    clawback: Money

    @property
    def net(self) -> Money:
        """Without tax, before the fee."""
        net = self.shipping.net
        return Money.of_minor(net.minor + sum(line.share.net.minor for line in self.lines), net.currency)

    @property
    def tax(self) -> Money:
        """The tax in it."""
        tax = self.shipping.tax
        return Money.of_minor(tax.minor + sum(line.share.tax.minor for line in self.lines), tax.currency)

    @property
    def gross(self) -> Money:
        """What the units and charges cost with tax."""
        return self.net + self.tax

    @property
    def refund(self) -> Money:
        """What the buyer gets: the gross amount less the fee and what is clawed back."""
        return self.gross - self.fee - self.clawback


class FactKind(StrEnum):
    """What the timeline can say."""

    PLACED = "placed"
    HELD = "held"
    RELEASED = "released"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    COMPLETED = "completed"
    EDITED = "edited"


@frozen(kw_only=True)
class Fact:
    """One entry of the timeline. The ``key`` is that of the command, so it happens once.

    ``credit`` is the worth of units taken out of the order, ``charge`` what units added to it cost.
    """

    kind: FactKind
    key: str
    at: datetime
    units: tuple[OrderUnits, ...] = ()
    credit: Credit | None = None
    charge: Money | None = None
    reason: str = ""
    note: str = field(default="", repr=False, validator=no_card_number)


@frozen(kw_only=True)
class ExchangeRate:
    """One ``base`` is ``rate`` of ``target``; where it came from and when it was asked."""

    base: str
    target: str
    rate: Decimal
    source: str
    at: datetime


@frozen(kw_only=True)
class OrderDraft:
    """Everything an order is to remember. ``explanation`` tells in plain sentences how the price came about.

    Raises `commerce.kernel.InvalidValue` for no lines, or two lines with one id.
    """

    priced: PricedCart = field()
    cart_id: str | None = None
    customer_id: str | None = None
    email: str = field(default="", repr=False, validator=no_card_number)
    channel: str = "web"
    locale: str = "en"
    billing_address: Address | None = None
    shipping_address: Address | None = None
    shipping_method: str | None = None
    codes: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    exchange_rate: ExchangeRate | None = None
    shipping_refund: ShippingRefund = ShippingRefund.WITH_LAST_UNIT
    payments: tuple[PaymentRecord, ...] = ()

    @priced.validator
    def _has_lines(self, _: object, priced: PricedCart) -> None:
        if not priced.lines:
            raise InvalidValue(field="priced.lines", reason="an order has at least one line")
        if len({line.line.id for line in priced.lines}) != len(priced.lines):
            raise InvalidValue(field="priced.lines", reason="two lines have the same id: give each its own")


@frozen(kw_only=True)
class OrderSummary:
    """One row of an order list."""

    id: str
    number: str
    placed_at: datetime
    customer_id: str | None
    channel: str
    status: OrderStatus
    payment: PaymentStatus
    fulfilment: FulfilmentStatus
    units: int
    grand_total: Money
