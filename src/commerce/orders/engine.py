"""Orders without storage: making one from a draft, its number, and what units of it are worth."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from attrs import evolve, frozen

from commerce.kernel import Address, InvalidValue, KeyReused, Money, PricedLine, UnitsShare
from commerce.orders.errors import TooManyUnits
from commerce.orders.model import Order, units_of
from commerce.orders.values import (
    Credit,
    FactKind,
    LineCredit,
    OrderDraft,
    OrderLine,
    PaymentRecord,
    ShippingRefund,
    totals_of,
)

__all__ = ["DatedNumbers", "credit_of", "edit_order", "new_order"]

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


def edit_order(
    order: Order,
    key: str,
    added: Sequence[PricedLine],
    removed: Mapping[str, int],
    *,
    deliver_to: Address | None = None,
    payments: Sequence[PaymentRecord] = (),
    explanation: Sequence[str] = (),
    at: datetime,
) -> None:
    """Change what an order is made of: add lines at prices of their own, take units out that have not left the house.

    What was there keeps its price, so what the added lines cost is charged and the stored shares of the removed
    units are credited. Shipping and other charges stay as they are. Run on ``order.snapshot()`` it is
    the preview of the same edit. Once per key: with other units it is a `commerce.kernel.KeyReused`. Raises
    what `Order.edit` and `credit_of` raise.
    """
    known = order.fact(FactKind.EDITED, key)
    if known is not None:
        out = {part.line_id: part.quantity for part in known.credit.lines} if known.credit else {}
        if out != dict(removed) or known.units != units_of(added):
            raise KeyReused(key=key)
        return
    grown = order.snapshot()
    grown.grow(key, added)
    credit = credit_of(grown, removed) if removed else None
    order.edit(key, added, credit, deliver_to=deliver_to, payments=payments, explanation=explanation, at=at)


def credit_of(
    order: Order, wanted: Mapping[str, int], *, fee: Money | None = None, clawback: Money | None = None
) -> Credit:
    """What ``wanted`` units (by line id) were sold for, if they are the next to be given back.

    Shares are those stored when the order was placed, taken in sequence, so that any grouping of units
    into cancellations and returns sums to what was to be paid. Charges follow the
    order's `ShippingRefund`. No more is clawed back than the units are worth after the ``fee``; the rest may
    be with the next ones. Without a word on it, what was clawed back goes back with the last unit whose price was
    reduced. Raises `TooManyUnits`, `OrderLineNotFound`, and `commerce.kernel.InvalidValue` for a fee
    below zero or above the worth of the units, or for giving back more than was clawed back.
    """
    known = {line.id: line for line in order.lines}
    lines = tuple(
        _line_credit(order, known.get(line_id) or order.line(line_id), count) for line_id, count in wanted.items()
    )
    shipping = _shipping(order, lines)
    zero = Money.zero(order.currency)
    credit = Credit(lines=lines, shipping=shipping, fee=fee if fee is not None else zero, clawback=zero)
    if not 0 <= credit.fee.minor <= credit.gross.minor or credit.fee.currency.code != order.currency:
        raise InvalidValue(field="fee", reason=f"{credit.fee} is not between nothing and {credit.gross}")
    kept_back = sum((fact.credit.clawback for fact in order.timeline if fact.credit), zero)
    if clawback is not None and clawback < -kept_back:
        raise InvalidValue(field="clawback", reason=f"{clawback} gives back more than the {kept_back} that were kept")
    if clawback is None:
        clawback = zero if _discount_stays(order, wanted) else -kept_back
    return evolve(credit, clawback=min(clawback, credit.refund))


def _discount_stays(order: Order, wanted: Mapping[str, int]) -> bool:
    """Whether units are kept, without the ``wanted``, whose price was reduced."""
    return any(
        line.priced.adjustments and line.quantity > line.given_back + wanted.get(line.id, 0) for line in order.lines
    )


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
    # Everything may have come back before, and something been added since.
    credited = any(fact.credit and fact.credit.shipping.gross for fact in order.timeline)
    return _portion(order, 1, 0, 1 if last and not credited else 0)


def _worth(order: Order, credits: Sequence[LineCredit]) -> tuple[int, int, int]:
    """Whole, part before and part now, in minor units of value; by count where nothing has a value.

    Only of the lines that the charges were for: those that were added later came without.
    """
    lines = [line for line in order.lines if not line.edit]
    here = {line.id for line in lines}
    ours = [credit for credit in credits if credit.line_id in here]
    goods = sum(line.priced.gross.minor for line in lines)
    if not goods:
        return (
            sum(line.quantity for line in lines),
            sum(line.given_back for line in lines),
            sum(credit.quantity for credit in ours),
        )
    before = sum(line.priced.units(0, line.given_back).gross.minor for line in lines if line.given_back)
    return goods, before, sum(credit.share.gross.minor for credit in ours)


def _portion(order: Order, whole: int, start: int, count: int) -> UnitsShare:
    zero = Money.zero(order.currency)
    parts = [charge.portion(whole, start, count) for charge in order.charges]
    return UnitsShare(
        subtotal=sum((part.subtotal for part in parts), zero),
        discount=sum((part.discount for part in parts), zero),
        net=sum((part.net for part in parts), zero),
        tax=sum((part.tax for part in parts), zero),
    )
