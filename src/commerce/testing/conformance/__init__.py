"""Suites that a host or plugin author runs on an own adapter: subclass, give the fixture, run pytest."""

from commerce.testing.conformance.carrier import CarrierConformance
from commerce.testing.conformance.cart import CartConformance
from commerce.testing.conformance.catalog import CatalogConformance
from commerce.testing.conformance.customers import CustomerConformance
from commerce.testing.conformance.fraud import FraudConformance
from commerce.testing.conformance.gateway import GatewayConformance
from commerce.testing.conformance.inventory import InventoryConformance
from commerce.testing.conformance.journal import OutboxConformance, SagaLogConformance
from commerce.testing.conformance.orders import OrderConformance
from commerce.testing.conformance.payments import PaymentConformance
from commerce.testing.conformance.pricing import PricingConformance, PricingServiceConformance
from commerce.testing.conformance.promotions import PromotionsConformance
from commerce.testing.conformance.returns import ReturnConformance
from commerce.testing.conformance.search_engine import SearchEngineConformance
from commerce.testing.conformance.shipping import ShippingConformance
from commerce.testing.conformance.storage import StorageConformance
from commerce.testing.conformance.tax import TaxConformance
from commerce.testing.conformance.wallet import WalletConformance

__all__ = [
    "CarrierConformance",
    "CartConformance",
    "CatalogConformance",
    "CustomerConformance",
    "FraudConformance",
    "GatewayConformance",
    "InventoryConformance",
    "OrderConformance",
    "OutboxConformance",
    "PaymentConformance",
    "PricingConformance",
    "PricingServiceConformance",
    "PromotionsConformance",
    "ReturnConformance",
    "SagaLogConformance",
    "SearchEngineConformance",
    "ShippingConformance",
    "StorageConformance",
    "TaxConformance",
    "WalletConformance",
]
