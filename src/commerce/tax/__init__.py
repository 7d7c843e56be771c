"""Taxes: dated rates by place and category, charged on what is left after discounts.

Usable without a shop::

    >>> from commerce.tax import standard_rates
    >>> {rate.country: str(rate.rate) for rate in standard_rates()}["DE"]
    '0.19'
"""

from commerce.tax.engine import calculate, rates_for
from commerce.tax.model import STANDARD, MissingRate, ShippingTax, TaxContext, TaxRate
from commerce.tax.ports import TaxRates, TaxUnit
from commerce.tax.rates import EU_COUNTRIES, standard_rates
from commerce.tax.service import TaxService, valid_vat_id

__all__ = [
    "EU_COUNTRIES",
    "STANDARD",
    "MissingRate",
    "ShippingTax",
    "TaxContext",
    "TaxRate",
    "TaxRates",
    "TaxService",
    "TaxUnit",
    "calculate",
    "rates_for",
    "standard_rates",
    "valid_vat_id",
]
