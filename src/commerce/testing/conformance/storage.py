"""What every storage promises, whatever it keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commerce.runtime import Begin, Storage, unit_of_work

__all__ = ["NOW", "StorageConformance"]

#: The moment at which conformance tests happen.
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class StorageConformance:
    """Subclass it and give a fixture ``storage`` that returns an empty `commerce.runtime.Storage`.

    ``begin(module)`` opens transactions as a service would; every event is wanted.
    """

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. To be given by the subclass."""
        raise NotImplementedError

    @pytest.fixture
    def begin(self, storage: Storage) -> Callable[[str], Begin[Any]]:
        """The transactions of a module, without a relay behind them."""
        return lambda module: unit_of_work(storage, module, lambda: NOW, lambda name: True, lambda: None)

    @pytest.fixture
    def events(self, storage: Storage) -> Callable[[], list[str]]:
        """The names of all events that the storage has taken so far."""
        return lambda: [envelope.name for _, envelope in storage.outbox.archive()]

    @pytest.fixture
    def later(self) -> datetime:
        """A moment after every lease of these tests."""
        return NOW + timedelta(hours=1)
