"""Taxes: dated rates by place and category, charged on what is left after discounts.

Usable without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.kernel import QUICK_START, Address, Item, Line, Money, PricedCart, PricedLine
    >>> from commerce.tax import TaxContext, calculate, standard_rates
    >>> line = PricedLine(line=Line.of("1", Item(sku="TEE-M"), 3, Money("1.08", "EUR")))
    >>> cart = PricedCart(currency="EUR", lines=(line,), profile=QUICK_START)
    >>> there = TaxContext(destination=Address(country="DE"), at=datetime(2026, 3, 1, tzinfo=UTC))
    >>> str(calculate(cart, standard_rates(), there).grand_total)
    '3.86 EUR'
"""

from commerce.tax.asking import tax_context
from commerce.tax.engine import TaxTotal, calculate, rates_for, restate, tax_totals, untaxed
from commerce.tax.explaining import explain_taxes
from commerce.tax.external import (
    ExternalAmounts,
    ExternalRates,
    apply_external,
    cart_fingerprint,
    place_fingerprint,
)
from commerce.tax.model import (
    BY_DESTINATION,
    STANDARD,
    DistanceSelling,
    MissingRate,
    MissingReason,
    ShippingTax,
    Sourcing,
    TaxContext,
    TaxPolicy,
    TaxRate,
)
from commerce.tax.places import in_eu_vat_area, reverse_charged, valid_vat_id
from commerce.tax.ports import SoldAbroad, TaxProvider, TaxRates, TaxUnit
from commerce.tax.rates import EU_COUNTRIES, standard_rates
from commerce.tax.service import TaxService

__all__ = [
    "BY_DESTINATION",
    "EU_COUNTRIES",
    "STANDARD",
    "DistanceSelling",
    "ExternalAmounts",
    "ExternalRates",
    "MissingRate",
    "MissingReason",
    "ShippingTax",
    "SoldAbroad",
    "Sourcing",
    "TaxContext",
    "TaxPolicy",
    "TaxProvider",
    "TaxRate",
    "TaxRates",
    "TaxService",
    "TaxTotal",
    "TaxUnit",
    "apply_external",
    "calculate",
    "cart_fingerprint",
    "explain_taxes",
    "in_eu_vat_area",
    "place_fingerprint",
    "rates_for",
    "restate",
    "reverse_charged",
    "standard_rates",
    "tax_context",
    "tax_totals",
    "untaxed",
    "valid_vat_id",
]
