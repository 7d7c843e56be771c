"""Prices in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance.pricing import PricingConformance, PricingServiceConformance


class TestPricing(PricingConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage


class TestPricingService(PricingServiceConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
