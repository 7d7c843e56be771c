"""Orders in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance import OrderConformance


class TestOrders(OrderConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
