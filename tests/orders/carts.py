"""Priced carts of every shape, for laws about orders."""

from decimal import Decimal

from hypothesis import strategies as st

from commerce.kernel import (
    QUICK_START,
    Adjustment,
    AdjustmentKind,
    Charge,
    Item,
    Line,
    Money,
    Price,
    PricedCart,
    PricedCharge,
    PricedLine,
    TaxShare,
)


@st.composite
def priced_carts(draw: st.DrawFn) -> PricedCart:
    """Up to four lines and two charges, discounted and taxed, prices net or gross, 0 to 3 decimals."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    included = draw(st.booleans())

    def money(minor: int) -> Money:
        return Money.of_minor(minor, currency)

    def adjustments(subtotal: int) -> tuple[tuple[Adjustment, ...], int]:
        made = []
        for n in range(draw(st.integers(0, 2))):
            amount = draw(st.integers(0, subtotal))
            subtotal -= amount
            made.append(Adjustment(kind=AdjustmentKind.ITEM, source=f"p{n}", label="off", amount=money(-amount)))
        return tuple(made), subtotal

    def taxes(value: int) -> tuple[TaxShare, ...]:
        made = []
        for n in range(draw(st.integers(0, 2))):
            amount = draw(st.integers(0, value))
            value -= amount
            made.append(TaxShare(name=f"t{n}", rate=Decimal("0.1"), base=money(value), amount=money(amount)))
        return tuple(made)

    lines = []
    for n in range(draw(st.integers(1, 4))):
        unit = Price(money(draw(st.integers(0, 5) | st.just(1999))), per=draw(st.sampled_from([1, 1, 3])))
        quantity = draw(st.integers(1, 9))
        line = Line(
            id=f"line-{n}",
            item=Item(sku=f"SKU-{n}"),
            quantity=quantity,
            unit_price=unit,
            subtotal=unit.times(quantity, QUICK_START.price_rounding),
        )
        off, left = adjustments(line.subtotal.minor)
        lines.append(PricedLine(line=line, adjustments=off, taxes=taxes(left), tax_included=included))
    charges = []
    for n in range(draw(st.integers(0, 2))):
        charge = Charge(id=f"charge-{n}", label="Shipping", subtotal=money(draw(st.integers(0, 990))))
        off, left = adjustments(charge.subtotal.minor)
        charges.append(PricedCharge(charge=charge, adjustments=off, taxes=taxes(left), tax_included=included))
    return PricedCart(
        currency=currency,
        lines=tuple(lines),
        charges=tuple(charges),
        tax_included=included,
        profile=QUICK_START,
    )
