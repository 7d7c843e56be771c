"""Why a document costs what it costs: a few sentences for whoever disputes a price."""

from collections.abc import Iterator
from decimal import Decimal

from commerce.adapters.quote_document.working import Worked
from commerce.kernel import Money, PricedLine
from commerce.pricing import Tried
from commerce.tax import tax_totals

__all__ = ["explain"]

_WHY = {
    "dearer": "a sale list, but not below the regular price",
    "outranked": "another list comes first",
    "no_entry": "no price for so few units, or for this moment",
    "channel": "for other channels",
    "country": "for other countries",
    "group": "for other customer groups",
    "not_started": "not started yet",
    "ended": "over",
    "disabled": "switched off",
}


def explain(worked: Worked, due: Money) -> Iterator[str]:
    """Each line's list, promotions taken and refused, taxes, what is due, rounding."""
    for line in worked.cart.lines:
        yield _line(line, worked)
    yield from worked.promotions.explain()
    yield from _taxes(worked)
    total = worked.cart.grand_total
    yield f"to pay: {total}" if due == total else f"to pay: {total}, of which stored value leaves {due}"
    yield _rounding(worked)


def _line(priced: PricedLine, worked: Worked) -> str:
    line = priced.line
    selected = worked.selected.get(line.id)
    name = next((tried.name for tried in selected.trace if tried.outcome == "taken"), "") if selected else ""
    text = f"{line.quantity} x {line.item.sku} at {line.unit_price} ({f'list {name}' if name else 'agreed'})"
    text += f" = {line.subtotal}"
    if line.list_price is not None:
        text += f", regular price {line.list_price}"
    refused = [_refused(tried) for tried in selected.trace if tried.outcome != "taken"] if selected else []
    return f"{text}; not {', not '.join(refused)}" if refused else text


def _refused(tried: Tried) -> str:
    price = f" {tried.price}" if tried.price else ""
    return f"list {tried.name}{price} ({_WHY.get(tried.outcome, tried.outcome)})"


def _taxes(worked: Worked) -> Iterator[str]:
    included = worked.cart.tax_included
    for tax in tax_totals(worked.cart):
        name = " ".join(filter(None, (tax.name, tax.jurisdiction, f"{_percent(tax.rate)} %")))
        on = f"included in {tax.base + tax.amount}" if included else f"on {tax.base}"
        yield f"{name}: {tax.amount} {on}{f' ({tax.note})' if tax.note else ''}"


def _percent(rate: Decimal) -> str:
    """19, 5.5: without zeros that say nothing."""
    return f"{(rate * 100).normalize():f}"


def _rounding(worked: Worked) -> str:
    own = worked.cart.profile
    return (
        f"rounding {own.name} v{own.version}: prices {_plain(own.price_rounding)}, taxes {_plain(own.tax_rounding)} "
        f"per {own.tax_level}, discounts shared by {_plain(own.allocation)}"
    )


def _plain(name: str) -> str:
    return name.replace("_", " ")
