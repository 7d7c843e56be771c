"""Outbox and saga journal in memory."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from attrs import define, evolve

from commerce.runtime import Envelope, SagaRecord, SagaStatus

__all__ = ["MemoryOutbox", "MemorySagaLog"]


@define
class _Entry:
    envelope: Envelope
    done: bool
    due_at: datetime


class MemoryOutbox:
    """All events, in the order committed."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._entries: dict[str, _Entry] = {}
        self._open: dict[str, None] = {}

    def write(self, envelopes: Iterable[Envelope]) -> None:
        """Append, as part of a commit."""
        for envelope in envelopes:
            self._entries[envelope.id] = _Entry(envelope, not envelope.wanted, envelope.occurred_at)
            if envelope.wanted:
                self._open[envelope.id] = None

    def claim(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Envelope]:
        """See `commerce.runtime.Outbox`."""
        with self._lock:
            waiting: dict[str, list[_Entry]] = {}
            for id in self._open:
                entry = self._entries[id]
                waiting.setdefault(entry.envelope.aggregate_id, []).append(entry)
            due = [entries for entries in waiting.values() if entries[0].due_at <= now][:limit]
            taken = [entry for entries in due for entry in entries]
            for entry in taken:
                entry.due_at = now + lease
            order = {id: n for n, id in enumerate(self._open)}
            return sorted((entry.envelope for entry in taken), key=lambda envelope: order[envelope.id])

    def delivered(self, ids: Sequence[str], at: datetime) -> None:
        """See `commerce.runtime.Outbox`."""
        with self._lock:
            for id in ids:
                self._entries[id].done = True
                self._open.pop(id, None)

    def failed(self, id: str, error: str, retry_at: datetime) -> None:
        """See `commerce.runtime.Outbox`."""
        with self._lock:
            entry = self._entries[id]
            entry.due_at = retry_at
            entry.envelope = evolve(entry.envelope, attempts=entry.envelope.attempts + 1)

    def archive(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Envelope]]:
        """See `commerce.runtime.Outbox`."""
        with self._lock:
            entries = list(self._entries.values())[after : after + limit]
            return [(after + n + 1, entry.envelope) for n, entry in enumerate(entries)]

    def pending(self) -> int:
        """See `commerce.runtime.Outbox`."""
        return len(self._open)


class MemorySagaLog:
    """Journal of processes."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._records: dict[str, SagaRecord] = {}
        self._ids: dict[tuple[str, str], str] = {}

    def start(self, record: SagaRecord) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        with self._lock:
            stored = self.find(record.saga, record.key)
            if stored is None:
                self._records[record.id] = record
                self._ids[record.saga, record.key] = record.id
            return stored

    def save(self, record: SagaRecord) -> bool:
        """See `commerce.runtime.SagaLog`."""
        with self._lock:
            stored = self._records.get(record.id)
            if stored is None or stored.version != record.version - 1:
                return False
            self._records[record.id] = evolve(record, input=stored.input)
            return True

    def restart(self, record: SagaRecord) -> bool:
        """See `commerce.runtime.SagaLog`."""
        with self._lock:
            saved = self.save(record)
            if saved:
                self._records[record.id] = record
            return saved

    def get(self, id: str) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        return self._records.get(id)

    def find(self, saga: str, key: str) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        id = self._ids.get((saga, key))
        return None if id is None else self._records[id]

    def unfinished(self, now: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """See `commerce.runtime.SagaLog`."""
        live = (SagaStatus.RUNNING, SagaStatus.UNDOING)
        with self._lock:
            found = [r for r in self._records.values() if r.status in live and r.lease_until <= now]
        return sorted(found, key=_untouched)[:limit]

    def waiting(self, started_before: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """See `commerce.runtime.SagaLog`."""
        with self._lock:
            found = [
                r for r in self._records.values() if r.status is SagaStatus.WAITING and r.started_at < started_before
            ]
        return sorted(found, key=_untouched)[:limit]


def _untouched(record: SagaRecord) -> datetime:
    return record.lease_until
