"""Outbox and saga journal in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance import OutboxConformance, SagaLogConformance


class TestOutbox(OutboxConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage


class TestSagaLog(SagaLogConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
