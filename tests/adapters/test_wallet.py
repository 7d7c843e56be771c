"""Stored value in memory, SQLite and PostgreSQL."""

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance.wallet import WalletConformance


class TestWallet(WalletConformance):
    @pytest.fixture
    def storage(self, any_storage: Storage) -> Storage:
        return any_storage
