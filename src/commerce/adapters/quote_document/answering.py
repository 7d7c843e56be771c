"""From a priced cart to the answer."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from commerce.adapters.quote_document.answers import (
    ChargeAnswer,
    CodeAnswer,
    DiscountAnswer,
    GrantAnswer,
    LineAnswer,
    ProblemAnswer,
    QuoteAnswer,
    ShareAnswer,
    TaxAnswer,
    TenderAnswer,
    TotalsAnswer,
    TriedAnswer,
    UnitsAnswer,
)
from commerce.adapters.quote_document.working import Worked, due
from commerce.kernel import Money, Price, PricedCart, PricedCharge, PricedLine, TaxShare, UnitsShare
from commerce.pricing import explain_charge, explain_line
from commerce.promotions import Grant, Outcome
from commerce.tax import TaxTotal, explain_taxes, tax_totals

__all__ = ["answer"]

#: As long as a document has no more units than this, the shares of each are told.
_MOST_UNITS = 10_000


def answer(worked: Worked) -> QuoteAnswer:
    """All that is told about a quote."""
    cart, asked, promoted = worked.cart, worked.asked, worked.promotions
    used, left = due(cart.grand_total, asked)
    each = sum(line.line.quantity for line in cart.lines) <= _MOST_UNITS
    gifts = {line.line.id for line in promoted.gifts}
    return QuoteAnswer(
        at=asked.context.at,
        currency=cart.currency.code,
        tax_included=cart.tax_included,
        totals=_totals(cart, worked, left),
        lines=[_line(line, worked, gift=line.line.id in gifts, each=each) for line in cart.lines],
        charges=[_charge(charge) for charge in cart.charges],
        discounts=[
            DiscountAnswer(promotion=one.promotion_id, label=one.label, amount=_amount(one.amount))
            for one in promoted.applied
            if one.amount
        ],
        taxes=[_tax(tax) for tax in tax_totals(cart)],
        tenders=[
            TenderAnswer(kind=tender.kind, offered=_amount(tender.amount), used=_amount(part))
            for tender, part in zip(asked.tenders, used, strict=True)
        ],
        promotions=[_outcome(one) for one in promoted.outcomes],
        grants=[_grant(one) for one in promoted.grants],
        bound_hit=promoted.bound_hit,
        explanation=list(_explained(worked, left)),
        problems=[ProblemAnswer(kind=one.kind, subject=one.subject, advice=one.advice) for one in worked.troubles],
    )


def _explained(worked: Worked, left: Money) -> Iterator[str]:
    """Each line's list, charges, promotions taken and refused, taxes, what is due, rounding, what is to be mended."""
    for priced in worked.cart.lines:
        yield explain_line(priced.line, worked.selected.get(priced.line.id))
    yield from (explain_charge(charge.charge) for charge in worked.cart.charges)
    yield from worked.promotions.explain()
    yield from explain_taxes(worked.cart)
    yield _to_pay(worked, left)
    yield worked.cart.profile.explain()
    yield from (f"to mend: {trouble}" for trouble in worked.troubles)


def _to_pay(worked: Worked, left: Money) -> str:
    total, cash = worked.cart.grand_total, worked.asked.cash
    text = f"to pay: {total}" if left == total else f"to pay: {total}, of which stored value leaves {left}"
    if cash is None:
        return text
    mode = cash.rounding.replace("_", " ")
    return f"{text}, in coins of {cash.step} {left + cash.difference(left)} (rounded {mode})"


def _amount(money: Money) -> str:
    return str(money.amount)


def _price(price: Price) -> str:
    return _amount(price.amount) if price.per == 1 else f"{price.amount.amount} per {price.per}"


def _totals(cart: PricedCart, worked: Worked, left: Money) -> TotalsAnswer:
    total, cash = cart.grand_total, worked.asked.cash
    coins = cash.difference(left) if cash else Money.zero(cart.currency)
    return TotalsAnswer(
        subtotal=_amount(cart.subtotal),
        shipping=_amount(cart.shipping_total),
        discount=_amount(cart.discount_total),
        net=_amount(cart.net_total),
        tax=_amount(cart.tax_total),
        total=_amount(total),
        tendered=_amount(total - left),
        rounding=_amount(coins),
        due=_amount(left + coins),
    )


def _line(priced: PricedLine, worked: Worked, *, gift: bool, each: bool) -> LineAnswer:
    line = priced.line
    selected = worked.selected.get(line.id)
    tried = selected.trace if selected else ()
    return LineAnswer(
        id=line.id,
        sku=line.item.sku,
        quantity=line.quantity,
        unit_price=_price(line.unit_price),
        price_list=line.price_list,
        list_price=_price(line.list_price) if line.list_price else None,
        gift=gift,
        units=list(_units(priced)) if each else None,
        tried=[
            TriedAnswer(
                price_list=one.list_id,
                name=one.name,
                outcome=one.outcome,
                price=_price(one.price) if one.price else None,
            )
            for one in tried
        ],
        subtotal=_amount(priced.subtotal),
        discount=_amount(priced.discount),
        total=_amount(priced.total),
        net=_amount(priced.net),
        tax=_amount(priced.tax),
        gross=_amount(priced.gross),
        shares=_shares(priced),
        taxes=_taxes(priced.taxes),
    )


def _charge(priced: PricedCharge) -> ChargeAnswer:
    return ChargeAnswer(
        id=priced.charge.id,
        label=priced.charge.label,
        subtotal=_amount(priced.subtotal),
        discount=_amount(priced.discount),
        total=_amount(priced.total),
        net=_amount(priced.net),
        tax=_amount(priced.tax),
        gross=_amount(priced.gross),
        shares=_shares(priced),
        taxes=_taxes(priced.taxes),
    )


def _shares(priced: PricedLine | PricedCharge) -> list[ShareAnswer]:
    return [
        ShareAnswer(
            promotion=one.source, label=one.label, phase=one.kind.value, amount=_amount(one.amount), code=one.code
        )
        for one in priced.adjustments
    ]


def _taxes(taxes: Sequence[TaxShare]) -> list[TaxAnswer]:
    return [_tax(tax) for tax in taxes]


def _tax(tax: TaxShare | TaxTotal) -> TaxAnswer:
    return TaxAnswer(
        name=tax.name,
        jurisdiction=tax.jurisdiction,
        rate=str(tax.rate),
        base=_amount(tax.base),
        amount=_amount(tax.amount),
        note=tax.note,
    )


def _units(priced: PricedLine) -> Iterator[UnitsAnswer]:
    """What each unit carries; equal ones next to each other are told once."""
    shares = (priced.units(n, 1) for n in range(priced.line.quantity))
    for share, same in groupby(shares):
        yield _run(share, sum(1 for _ in same))


def _run(share: UnitsShare, units: int) -> UnitsAnswer:
    return UnitsAnswer(
        units=units,
        subtotal=_amount(share.subtotal),
        discount=_amount(share.discount),
        net=_amount(share.net),
        tax=_amount(share.tax),
        gross=_amount(share.gross),
    )


def _outcome(one: Outcome) -> CodeAnswer:
    missing = one.missing
    return CodeAnswer(
        promotion=one.promotion_id,
        label=one.label,
        reason=str(one.reason),
        amount=_amount(one.amount),
        code=one.code,
        excluded_by=list(one.excluded_by),
        missing=_amount(missing) if isinstance(missing, Money) else None if missing is None else str(missing),
    )


def _grant(one: Grant) -> GrantAnswer:
    return GrantAnswer(
        promotion=one.promotion_id,
        kind=one.kind,
        factor=None if one.factor is None else str(one.factor),
        amount=None if one.amount is None else _amount(one.amount),
        units=one.units,
    )
