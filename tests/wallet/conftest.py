"""A wallet on every storage."""

from datetime import timedelta

import pytest

from commerce.runtime import Storage
from commerce.testing.conformance.wallet import wallet_on
from commerce.wallet import WalletService


@pytest.fixture
def passed() -> list[timedelta]:
    """How long after the start it is."""
    return [timedelta(0)]


@pytest.fixture
def wallet(any_storage: Storage, passed: list[timedelta]) -> WalletService:
    """An empty wallet."""
    return wallet_on(any_storage, lambda: passed[0])
