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

from commerce.pricing.dynamic import DynamicPolicy, Move, Proposal, Signals, propose
from commerce.pricing.engine import NoPrice, PriceBook, Selected, Tried, price_line
from commerce.pricing.errors import (
    NoSinglePrice,
    OverlappingPrices,
    PriceListNotFound,
    PriceListTaken,
    ProposalOutdated,
)
from commerce.pricing.events import PriceListChanged, PricesSet
from commerce.pricing.exchange import Conversion, ConversionPolicy, ExchangeRate, convert
from commerce.pricing.explaining import explain, explain_charge, explain_line
from commerce.pricing.holds import HeldPrice, PriceHold, hold_prices, with_held
from commerce.pricing.model import (
    ListKind,
    PriceChange,
    PriceContext,
    PriceEntry,
    PriceList,
    PriceRecord,
    require_no_overlap,
)
from commerce.pricing.ports import ExchangeRates, PriceEntries, PriceHolds, PriceLists, PricingUnit, StoredRates
from commerce.pricing.reference import PriceHistory, reference_price
from commerce.pricing.service import ListingPrice, PricingService

__all__ = [
    "Conversion",
    "ConversionPolicy",
    "DynamicPolicy",
    "ExchangeRate",
    "ExchangeRates",
    "HeldPrice",
    "ListKind",
    "ListingPrice",
    "Move",
    "NoPrice",
    "NoSinglePrice",
    "OverlappingPrices",
    "PriceBook",
    "PriceChange",
    "PriceContext",
    "PriceEntries",
    "PriceEntry",
    "PriceHistory",
    "PriceHold",
    "PriceHolds",
    "PriceList",
    "PriceListChanged",
    "PriceListNotFound",
    "PriceListTaken",
    "PriceLists",
    "PriceRecord",
    "PricesSet",
    "PricingService",
    "PricingUnit",
    "Proposal",
    "ProposalOutdated",
    "Selected",
    "Signals",
    "StoredRates",
    "Tried",
    "convert",
    "explain",
    "explain_charge",
    "explain_line",
    "hold_prices",
    "price_line",
    "propose",
    "reference_price",
    "require_no_overlap",
    "with_held",
]
