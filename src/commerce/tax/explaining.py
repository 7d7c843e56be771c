"""What was charged, in plain sentences."""

from decimal import Decimal

from commerce.kernel import PricedCart
from commerce.tax.engine import TaxTotal, tax_totals

__all__ = ["explain_taxes"]


def explain_taxes(cart: PricedCart) -> tuple[str, ...]:
    """A sentence for each rate: how much, and on what or included in what."""
    return tuple(_sentence(tax, included=cart.tax_included) for tax in tax_totals(cart))


def _sentence(tax: TaxTotal, *, included: bool) -> str:
    name = " ".join(filter(None, (tax.name, tax.jurisdiction, f"{_percent(tax.rate)} %")))
    on = f"included in {tax.base + tax.amount}" if included else f"on {tax.base}"
    return f"{name}: {tax.amount} {on}{f' ({tax.note})' if tax.note else ''}"


def _percent(rate: Decimal) -> str:
    """19, 5.5: without zeros that say nothing."""
    return f"{(rate * 100).normalize():f}"
