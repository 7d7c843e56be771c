"""Orders without storage: making one from a draft, its number, and what units of it are worth."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from attrs import frozen

from commerce.kernel import InvalidValue, Money, PricedCart, UnitsShare
from commerce.orders.errors import TooManyUnits
from commerce.orders.model import Order
from commerce.orders.values import Credit, LineCredit, OrderDraft, OrderLine, OrderTotals, ShippingRefund

__all__ = ["DatedNumbers", "credit_of", "new_order", "totals_of"]

#: Letters only, without vowels: nothing to mistake for a digit, and no words.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 8


@frozen(kw_only=True)
class DatedNumbers:
    """Order numbers such as ``260301-KTRM-WQZB``: the day, and a code from the order's id.

    Needs no counter, so no lock and no statement. Of the 34.6 bits of the code two
    orders of one day rarely share all; the unique index tells, and another id is taken.
    ``zone`` is the shop's, for the date.
    """

    prefix: str = ""
    zone: tzinfo = UTC

    def number(self, order_id: str, placed_at: datetime) -> str:
        """The number of the order with this id, a UUID."""
        rest = UUID(order_id).int & (1 << 62) - 1
        code = ""
        for _ in range(_CODE_LENGTH):
            rest, letter = divmod(rest, len(_LETTERS))
            code += _LETTERS[letter]
        return f"{self.prefix}{placed_at.astimezone(self.zone):%y%m%d}-{code[:4]}-{code[4:]}"


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


def new_order(draft: OrderDraft, *, id: str, number: str, key: str, at: datetime) -> Order:
    """The order of a draft, just placed."""
    priced = draft.priced
    order = Order(
        id=id,
        number=number,
        key=key,
        placed_at=at,
        currency=priced.currency.code,
        lines=tuple(OrderLine(priced=line) for line in priced.lines),
        charges=priced.charges,
        tax_included=priced.tax_included,
        profile=priced.profile,
        totals=totals_of(priced),
        cart_id=draft.cart_id,
        customer_id=draft.customer_id,
        email=draft.email,
        channel=draft.channel,
        locale=draft.locale,
        billing_address=draft.billing_address,
        shipping_address=draft.shipping_address,
        shipping_method=draft.shipping_method,
        codes=draft.codes,
        explanation=draft.explanation,
        exchange_rate=draft.exchange_rate,
        shipping_refund=draft.shipping_refund,
        payments=draft.payments,
    )
    order.place()
    return order


def credit_of(order: Order, wanted: Mapping[str, int], *, fee: Money | None = None) -> Credit:
    """What ``wanted`` units (by line id) were sold for, if they are the next to be given back.

    Shares are those stored when the order was placed, taken in sequence, so that any grouping of units
    into cancellations and returns sums to what was to be paid. Charges follow the
    order's `ShippingRefund`. Raises `TooManyUnits`, `OrderLineNotFound`, and
    `commerce.kernel.InvalidValue` for a fee below zero or above the worth of the units.
    """
    known = {line.id: line for line in order.lines}
    lines = tuple(
        _line_credit(order, known.get(line_id) or order.line(line_id), count) for line_id, count in wanted.items()
    )
    shipping = _shipping(order, lines)
    credit = Credit(lines=lines, shipping=shipping, fee=fee if fee is not None else Money.zero(order.currency))
    if not 0 <= credit.fee.minor <= credit.gross.minor or credit.fee.currency.code != order.currency:
        raise InvalidValue(field="fee", reason=f"{credit.fee} is not between nothing and {credit.gross}")
    return credit


def _line_credit(order: Order, line: OrderLine, count: int) -> LineCredit:
    possible = line.quantity - line.given_back
    if type(count) is not int or count < 1:
        raise InvalidValue(field="lines", reason=f"{count!r} units of line {line.id}: pass 1 or more")
    if count > possible:
        raise TooManyUnits(order_id=order.id, line_id=line.id, move="credit", wanted=count, possible=possible)
    start = line.given_back
    return LineCredit(line_id=line.id, sku=line.sku, quantity=count, start=start, share=line.priced.units(start, count))


def _shipping(order: Order, credits: Sequence[LineCredit]) -> UnitsShare:
    """The part of the charges that goes with these units, by the order's policy."""
    if order.shipping_refund is ShippingRefund.PROPORTIONAL:
        return _portion(order, *_worth(order, credits))
    given = sum(line.given_back for line in order.lines)
    left = sum(line.quantity for line in order.lines) - given - sum(credit.quantity for credit in credits)
    last = order.shipping_refund is ShippingRefund.WITH_LAST_UNIT and credits and not left
    return _portion(order, 1, 0, 1 if last else 0)


def _worth(order: Order, credits: Sequence[LineCredit]) -> tuple[int, int, int]:
    """Whole, part before and part now, in minor units of value; by count where nothing has a value."""
    goods = order.totals.grand_total.minor - sum(charge.gross.minor for charge in order.charges)
    if not goods:
        return (
            sum(line.quantity for line in order.lines),
            sum(line.given_back for line in order.lines),
            sum(credit.quantity for credit in credits),
        )
    before = sum(line.priced.units(0, line.given_back).gross.minor for line in order.lines if line.given_back)
    return goods, before, sum(credit.share.gross.minor for credit in credits)


def _portion(order: Order, whole: int, start: int, count: int) -> UnitsShare:
    zero = Money.zero(order.currency)
    parts = [charge.portion(whole, start, count) for charge in order.charges]
    return UnitsShare(
        subtotal=sum((part.subtotal for part in parts), zero),
        discount=sum((part.discount for part in parts), zero),
        net=sum((part.net for part in parts), zero),
        tax=sum((part.tax for part in parts), zero),
    )
