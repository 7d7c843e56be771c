"""What goes over the wire. The host decides it, so it may show less, or more, than the shop knows."""

from typing import Self

from pydantic import BaseModel, Field

from commerce.cart import Cart
from commerce.flows import Placement, Quote
from commerce.flows.browsing import Listing
from commerce.kernel import Address, Money


class Amount(BaseModel):
    """Money, exact as text: a JSON number may lose a cent on its way."""

    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> Self:
        """Of the shop's money."""
        return cls(amount=str(money.amount), currency=money.currency.code)

    def money(self) -> Money:
        """The shop's money; `commerce.kernel.InvalidMoney` for what is none."""
        return Money(self.amount, self.currency)


class ProductOut(BaseModel):
    """A product on the shelf, with the lowest price of its variants."""

    handle: str
    name: str
    price: Amount | None
    skus: list[str]

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """Of a search result."""
        return cls(
            handle=listing.product.handle,
            name=listing.name,
            price=Amount.of(listing.price.amount) if listing.price else None,
            skus=list(listing.product.skus),
        )


class LineIn(BaseModel):
    """Units to put into a cart."""

    sku: str
    quantity: int = 1


class QuantityIn(BaseModel):
    """How many units a line shall hold. With the ``version`` seen, a cart changed elsewhere is not overwritten."""

    quantity: int
    version: int | None = None


class DeliveryIn(BaseModel):
    """Where it goes and how."""

    shipping_method: str
    country: str
    region: str = ""
    postal_code: str = ""
    city: str = ""
    lines: tuple[str, ...] = ()
    name: str = ""

    def address(self) -> Address:
        """The shop's address."""
        return Address(**self.model_dump(exclude={"shipping_method"}))


class LineOut(BaseModel):
    """Units in a cart."""

    id: str
    sku: str
    quantity: int


class CartOut(BaseModel):
    """A cart, before anybody priced it."""

    id: str
    version: int
    status: str
    lines: list[LineOut]
    codes: list[str]
    refused_gifts: list[str]

    @classmethod
    def of(cls, cart: Cart) -> Self:
        """Of the shop's cart."""
        return cls(
            id=cart.id,
            version=cart.version,
            status=cart.status.value,
            lines=[LineOut(id=line.id, sku=line.sku, quantity=line.quantity) for line in cart.lines],
            codes=list(cart.codes),
            refused_gifts=list(cart.refused_gifts),
        )


class QuoteOut(BaseModel):
    """What a cart costs, why, and what keeps it from being ordered."""

    subtotal: Amount
    shipping: Amount
    discounts: Amount
    taxes: Amount
    total: Amount
    problems: list[str]
    explanation: list[str]

    @classmethod
    def of(cls, quote: Quote) -> Self:
        """Of the shop's quote."""
        priced = quote.priced
        return cls(
            subtotal=Amount.of(priced.subtotal),
            shipping=Amount.of(priced.shipping_total),
            discounts=Amount.of(priced.discount_total),
            taxes=Amount.of(priced.tax_total),
            total=Amount.of(quote.total),
            problems=[str(problem) for problem in quote.problems],
            explanation=list(quote.explain()),
        )


class OrderIn(BaseModel):
    """The last page: who buys, how it is paid, and the total that was shown."""

    email: str
    gateway: str
    token: str = Field(default="", repr=False)
    expected_total: Amount | None = None
    return_url: str = ""


class OrderOut(BaseModel):
    """An order, or one that waits: then ``redirect`` is where the shopper pays."""

    placement: str
    waiting_for: str | None = None
    redirect: str | None = None
    number: str | None = None
    status: str | None = None
    payment: str | None = None
    total: Amount | None = None

    @classmethod
    def of(cls, placement: Placement) -> Self:
        """Of where the placing stands."""
        order = placement.placed
        if order is None:
            redirect = placement.action.url if placement.action else None
            return cls(placement=placement.id, waiting_for=placement.reason, redirect=redirect)
        return cls(
            placement=placement.id,
            number=order.number,
            status=order.status.value,
            payment=order.payment.value,
            total=Amount.of(order.totals.grand_total),
        )
