"""Screenings in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance.fraud import FraudConformance


class TestFraud(FraudConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
