"""Suites that a host or plugin author runs on an own adapter: subclass, give the fixture, run pytest."""

from commerce.testing.conformance.cart import CartConformance
from commerce.testing.conformance.inventory import InventoryConformance
from commerce.testing.conformance.journal import JournalConformance
from commerce.testing.conformance.orders import OrderConformance
from commerce.testing.conformance.pricing import PricingConformance
from commerce.testing.conformance.returns import ReturnConformance
from commerce.testing.conformance.storage import StorageConformance
from commerce.testing.conformance.tax import TaxConformance

__all__ = [
    "CartConformance",
    "InventoryConformance",
    "JournalConformance",
    "OrderConformance",
    "PricingConformance",
    "ReturnConformance",
    "StorageConformance",
    "TaxConformance",
]
