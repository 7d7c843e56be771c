"""Transactions over dictionaries: one at a time, all or nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Generic, TypeVar

from commerce.adapters.memory.journal import MemoryOutbox, MemorySagaLog
from commerce.kernel import Entity, Invalid, StaleVersion
from commerce.runtime import Envelope, Recorder

__all__ = ["DuplicateKey", "MemoryRepository", "MemorySession", "MemoryStorage", "Overlay"]

V = TypeVar("V")
E = TypeVar("E", bound=Entity)


class DuplicateKey(Invalid):
    """Two rows with one key: a defect of the caller, as a unique index would say."""


class Overlay(Generic[V]):
    """A dictionary seen through one transaction: writes stay here until `commit`."""

    def __init__(self, base: dict[Any, V]) -> None:
        self._base = base
        self._new: dict[Any, V] = {}
        self._gone: set[Any] = set()

    def get(self, key: Any) -> V | None:
        """The value, or nothing."""
        if key in self._new:
            return self._new[key]
        return None if key in self._gone else self._base.get(key)

    def __setitem__(self, key: Any, value: V) -> None:
        self._new[key] = value
        self._gone.discard(key)

    def __delitem__(self, key: Any) -> None:
        self._new.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key: Any) -> bool:
        return self.get(key) is not None

    def items(self) -> Iterator[tuple[Any, V]]:
        """Everything, in the order first stored."""
        for key, value in self._base.items():
            if key in self._new:
                yield key, self._new[key]
            elif key not in self._gone:
                yield key, value
        for key, value in self._new.items():
            if key not in self._base:
                yield key, value

    def values(self) -> Iterator[V]:
        """All values, in the order first stored."""
        return (value for _, value in self.items())

    def commit(self) -> None:
        """Make the writes real."""
        for key in self._gone:
            self._base.pop(key, None)
        self._base.update(self._new)


class MemorySession:
    """One transaction: named tables, and the events that leave with it."""

    def __init__(self, tables: dict[str, dict[Any, Any]], recorder: Recorder) -> None:
        self._tables = tables
        self._overlays: dict[str, Overlay[Any]] = {}
        self.recorder = recorder
        self.envelopes: list[Envelope] = []

    def table(self, name: str) -> Overlay[Any]:
        """A table as this transaction sees it; values must be immutable or snapshots."""
        if name not in self._overlays:
            self._overlays[name] = Overlay(self._tables.setdefault(name, {}))
        return self._overlays[name]

    def next_number(self, name: str) -> int:
        """A number that only grows, as a database sequence would give it."""
        counter = self.table("_numbers")
        number: int = (counter.get(name) or 0) + 1
        counter[name] = number
        return number

    def collect(self, entity: Entity) -> None:
        """Take the events of an aggregate that was just saved."""
        self.envelopes.extend(self.recorder.entity(entity))

    def commit(self) -> None:
        """Make every write of every table real."""
        for overlay in self._overlays.values():
            overlay.commit()


class MemoryRepository(Generic[E]):
    """Get, add and versioned save of one kind of aggregate."""

    def __init__(self, session: MemorySession, table: str, missing: Callable[[str], Exception]) -> None:
        self.session = session
        self.rows: Overlay[E] = session.table(table)
        self._name = table
        self._missing = missing

    def find(self, id: str) -> E | None:
        """A snapshot of the aggregate, or nothing."""
        row = self.rows.get(id)
        return None if row is None else row.snapshot()

    def get(self, id: str) -> E:
        """A snapshot of the aggregate, or the module's own not-found error."""
        row = self.find(id)
        if row is None:
            raise self._missing(id)
        return row

    def where(self, matches: Callable[[E], bool]) -> list[E]:
        """Snapshots of all that match, in the order first stored."""
        return [row.snapshot() for row in self.rows.values() if matches(row)]

    def add(self, entity: E) -> None:
        """Store a new aggregate as version 1."""
        if entity.id in self.rows:
            raise DuplicateKey
        entity.version = 1
        self._put(entity)

    def save(self, entity: E) -> None:
        """Store over the version that was read, or raise `StaleVersion`."""
        stored = self.rows.get(entity.id)
        if stored is None or stored.version != entity.version:
            raise StaleVersion(entity=self._name, id=entity.id, version=entity.version, fresh=self.find(entity.id))
        entity.version += 1
        self._put(entity)

    def _put(self, entity: E) -> None:
        self.session.collect(entity)
        self.rows[entity.id] = entity.snapshot()


class MemoryStorage:
    """Everything in this process, for tests, demos and what-ifs. Safe between threads: one transaction at a time."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tables: dict[str, dict[Any, Any]] = {}
        self.outbox = MemoryOutbox(self._lock)
        self.sagas = MemorySagaLog(self._lock)

    @contextmanager
    def begin(self, module: str, recorder: Recorder) -> Iterator[Any]:
        """A transaction of one module; see `commerce.runtime.Storage`."""
        with self._lock:
            session = MemorySession(self._tables, recorder)
            yield _unit(module)(session)
            session.commit()
            self.outbox.write(session.envelopes)


def _unit(module: str) -> Callable[[MemorySession], Any]:
    """By convention ``commerce.adapters.memory.<module>`` has a class ``Unit``."""
    unit: Callable[[MemorySession], Any] = import_module(f"commerce.adapters.memory.{module}").Unit
    return unit
