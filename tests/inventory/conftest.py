"""An inventory on every storage."""

from datetime import timedelta

import pytest

from commerce.inventory import InventoryService
from commerce.runtime import Storage
from commerce.testing.conformance.inventory import inventory_on, stocked


@pytest.fixture
def passed() -> list[timedelta]:
    """How long after the start it is."""
    return [timedelta(0)]


@pytest.fixture
def service(any_storage: Storage, passed: list[timedelta]) -> InventoryService:
    """Five A and two B at ``near``, nothing at ``far``."""
    return stocked(inventory_on(any_storage, lambda: passed[0]), A=5, B=2)
