"""Discounts that are not earned any more by what is kept: see `commerce.returns.BrokenPromotion`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from attrs import define, evolve

from commerce.customers import CustomerService
from commerce.kernel import Line, Money, PricedCart, PricedLine
from commerce.orders import Order, OrderLine
from commerce.promotions import PromotionContext, PromotionService
from commerce.returns import Ineligible, IneligibleReason, Return, ReturnIneligible, ReturnWish

__all__ = ["Clawing", "require_unbroken"]


@define
class Clawing:
    """Looks at the promotions of an order again, with what is kept of it."""

    promotions: PromotionService
    customers: CustomerService
    time_zone: str

    def change(self, order: Order, returned: Mapping[str, int]) -> Money:
        """What is to be kept back when these units, by line id, are returned; below zero, what is given back of it."""
        before = (fact.credit.clawback for fact in order.timeline if fact.credit)
        return self.unearned(order, returned) - sum(before, order.owed * 0)

    def unearned(self, order: Order, returned: Mapping[str, int]) -> Money:
        """What promotions gave to the units that are kept, and would not give to them alone; with tax.

        ``returned`` units are thought away beside those that are given back already. Promotions are tried as they
        are now, for the buyer as known now, at the time of the order, whatever their limits say. One that would not
        give the same to the whole order any more says nothing about a part of it: it is left alone. So are
        differences of rounding, up to one minor unit for each unit kept.
        """
        kept = {line.id: line.quantity - line.given_back - returned.get(line.id, 0) for line in order.lines}
        sources = {taken.source for line in order.lines for taken in line.priced.adjustments}
        lost = order.owed * 0
        if not sources or not any(kept.values()):
            return lost
        context = self._context(order)
        whole = self._given(order.placed, sources, context)
        rest = tuple(_rest(line, kept[line.id]) for line in order.lines if kept[line.id])
        now = self._given(evolve(order.priced, lines=rest, charges=()), sources, context)
        for source in sources:
            if whole.get(source) == _given_by(source, order.placed):
                lost += _lost(order, source, kept, now.get(source, lost * 0))
        return lost

    def _given(self, cart: PricedCart, sources: set[str], context: PromotionContext) -> dict[str, Money]:
        result = self.promotions.reapply(cart, context, sources)
        return {source: _given_by(source, result.cart) for source in sources}

    def _context(self, order: Order) -> PromotionContext:
        customer = self.customers.get(order.customer_id) if order.customer_id else None
        return PromotionContext(
            at=order.placed_at,
            channel=order.channel,
            country=order.shipping_address.country if order.shipping_address else "",
            customer_id=order.customer_id,
            groups=frozenset(customer.groups) if customer else frozenset(),
            segments=frozenset(customer.segments) if customer else frozenset(),
            first_order=True,  # if that was asked for, it was
            codes=order.codes,
            shipping_method=order.shipping_method or "",
            timezone=self.time_zone,
        )


def require_unbroken(clawing: Clawing, order: Order, wishes: Sequence[ReturnWish], others: Sequence[Return]) -> None:
    """Raise `commerce.returns.ReturnIneligible` if what would be kept had not earned its discounts.

    ``others`` are the earlier returns of the order: what they wait for is thought away, too.
    """
    wanted = Counter({wish.line_id: wish.quantity for wish in wishes})
    wanted.update({line.line_id: line.pending for other in others for line in other.lines})
    if clawing.change(order, wanted).minor > 0:
        reasons = tuple(Ineligible(line_id=w.line_id, reason=IneligibleReason.BREAKS_PROMOTION) for w in wishes)
        raise ReturnIneligible(order_id=order.id, reasons=reasons)


def _given_by(source: str, cart: PricedCart) -> Money:
    """What one promotion takes off the lines of a cart."""
    taken = (one.amount for line in cart.lines for one in line.adjustments if one.source == source)
    return -sum(taken, Money.zero(cart.currency))


def _rest(line: OrderLine, kept: int) -> PricedLine:
    """The last units of a line, before discounts and taxes."""
    priced = line.priced
    share = priced.units(line.quantity - kept, kept)
    rest: Line = evolve(priced.line, quantity=kept, subtotal=share.subtotal)
    return PricedLine(line=rest, tax_included=priced.tax_included)


def _lost(order: Order, source: str, kept: Mapping[str, int], gives: Money) -> Money:
    """What a promotion gave to the kept units above what it gives now, with the tax that it took off."""
    gave = net = gross = order.owed * 0
    for line in order.lines:
        for taken in line.priced.adjustments:
            if taken.source == source and kept[line.id]:
                start = line.quantity - kept[line.id]
                gave -= taken.amount.units(line.quantity, start, kept[line.id])
                share = line.priced.units(start, kept[line.id])
                net += share.net
                gross += share.gross
    lost = gave - gives
    if lost.minor <= sum(kept.values()):
        return lost * 0
    if order.tax_included or not net:
        return lost
    return lost.scale(Fraction(gross.minor, net.minor), order.profile.tax_rounding)
