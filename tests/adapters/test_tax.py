"""Tax rates in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance import TaxConformance


class TestTax(TaxConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
