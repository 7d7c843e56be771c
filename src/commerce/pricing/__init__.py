"""Prices: lists with conditions and tiers, one pure selection, and why.

Usable without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.kernel import Money, Price
    >>> from commerce.pricing import PriceBook, PriceContext, PriceEntry, PriceList
    >>> book = PriceBook(
    ...     [PriceList(id="retail", name="Retail", currency="EUR")],
    ...     [PriceEntry(list_id="retail", sku="TEE-M", price=Price(Money("19.99", "EUR")))],
    ... )
    >>> str(book.select("TEE-M", 2, PriceContext(currency="EUR", at=datetime.now(UTC))).price)
    '19.99 EUR'
"""

from commerce.pricing.engine import NoPrice, PriceBook, Selected, Tried, price_line, reference_price
from commerce.pricing.errors import OverlappingPrices, PriceListNotFound
from commerce.pricing.events import PriceListChanged, PricesSet
from commerce.pricing.model import ListKind, PriceChange, PriceContext, PriceEntry, PriceList
from commerce.pricing.ports import PriceEntries, PriceLists, PricingUnit
from commerce.pricing.service import PricingService

__all__ = [
    "ListKind",
    "NoPrice",
    "OverlappingPrices",
    "PriceBook",
    "PriceChange",
    "PriceContext",
    "PriceEntries",
    "PriceEntry",
    "PriceList",
    "PriceListChanged",
    "PriceListNotFound",
    "PriceLists",
    "PricesSet",
    "PricingService",
    "PricingUnit",
    "Selected",
    "Tried",
    "price_line",
    "reference_price",
]
