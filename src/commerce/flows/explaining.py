"""Why a cart costs what it costs, in plain sentences: kept with the order, read by whoever disputes a price."""

from decimal import Decimal
from typing import TYPE_CHECKING

from commerce.kernel import Money, PricedCart, PricedLine
from commerce.pricing import Selected

if TYPE_CHECKING:
    from commerce.flows.quoting import Quote

__all__ = ["explain"]


def explain(quote: "Quote") -> tuple[str, ...]:
    """For each line its list and what was tried, then promotions taken and refused, taxes, rounding."""
    lines = [_line(line, quote.selected.get(line.line.id)) for line in quote.priced.lines]
    lines += quote.promotions.explain()
    lines += _taxes(quote.priced)
    lines.append(_rounding(quote.priced))
    return tuple(lines)


def _line(line: PricedLine, selected: Selected | None) -> str:
    what = line.line
    text = f"{what.quantity} x {what.item.sku} at {what.unit_price} ({what.price_list or 'no'} list) = {line.subtotal}"
    if what.list_price is not None:
        text += f", regular price {what.list_price}"
    refused = (
        [f"{t.list_id} {t.outcome.replace('_', ' ')}" for t in selected.trace if t.outcome != "taken"]
        if selected
        else []
    )
    return text + (f"; not used: {', '.join(refused)}" if refused else "")


def _taxes(priced: PricedCart) -> list[str]:
    sums: dict[tuple[str, str], list[Money]] = {}
    for part in priced.parts:
        for tax in part.taxes:
            name = f"{tax.name} {tax.jurisdiction} {_percent(tax.rate)} %".replace("  ", " ")
            known = sums.setdefault((name, tax.note), [Money.zero(priced.currency)] * 2)
            known[0] += tax.base
            known[1] += tax.amount
    how = "included in" if priced.tax_included else "on"
    return [
        f"{name}: {amount} {how} {base + amount if priced.tax_included else base}{f' ({note})' if note else ''}"
        for (name, note), (base, amount) in sums.items()
    ]


def _percent(rate: Decimal) -> str:
    """19, 5.5: without zeros that say nothing."""
    return f"{(rate * 100).normalize():f}"


def _rounding(priced: PricedCart) -> str:
    p = priced.profile
    return (
        f"rounding {p.name} v{p.version}: prices {p.price_rounding}, taxes {p.tax_rounding} per {p.tax_level}"
        f", discounts shared by {p.allocation}"
    )
