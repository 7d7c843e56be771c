"""Storages that the whole suite runs on."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.sql import SqlStorage
from commerce.runtime import Storage

# A slow machine breaks no promise: speed is measured in benchmarks.
settings.register_profile("commerce", deadline=None)
settings.load_profile("commerce")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """Each storage that ships, empty and migrated."""
    if request.param == "memory":
        yield MemoryStorage()
    elif request.param == "sqlite":
        yield request.getfixturevalue("commerce_sqlite_storage")
    else:
        storage = SqlStorage(request.getfixturevalue("commerce_postgres_url"))
        yield storage
        storage.close()
