"""Customers in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance.customers import CustomerConformance


class TestCustomers(CustomerConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
