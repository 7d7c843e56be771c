"""Screenings in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from commerce.adapters.memory.storage import DuplicateKey, MemoryRepository, MemorySession, Overlay
from commerce.fraud import Count, Listing, ListKind, Screening, ScreeningNotFound, Subject

__all__ = ["Unit"]


class MemoryScreenings(MemoryRepository[Screening]):
    """The screenings, found by key and by fingerprint."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "screening", lambda id: ScreeningNotFound(key=id))
        self._keys = session.table("screening_key")
        self._seen = session.table("screening_seen")

    def add(self, entity: Screening) -> None:
        """Store a new screening; its key must be free."""
        if entity.key in self._keys:
            raise DuplicateKey
        self._keys[entity.key] = entity.id
        for place in entity.fingerprints.items():
            self._seen[place] = (*(self._seen.get(place) or ()), entity.id)
        super().add(entity)

    def save(self, entity: Screening) -> None:
        """Store a changed screening; one that was set aside gives its key free."""
        before = self.find(entity.id)
        super().save(entity)
        if before is not None and before.key != entity.key:
            del self._keys[before.key]
            self._keys[entity.key] = entity.id

    def by_key(self, key: str) -> Screening | None:
        """The screening of that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def alone(self, key: str, fingerprints: Collection[str]) -> None:
        """Nothing to do: one transaction at a time."""

    def counts(self, wanted: Collection[Count], known: Mapping[Subject, str], at: datetime) -> Mapping[Count, int]:
        """How often each was seen up to ``at``."""
        return {count: self._count(count, known, at) for count in wanted}

    def _count(self, count: Count, known: Mapping[Subject, str], at: datetime) -> int:
        place = (count.subject, known[count.subject])
        rows = [self.get(id) for id in self._seen.get(place) or ()]
        seen = [row for row in rows if at - count.within < row.at <= at]
        if count.distinct is None:
            return len(seen)
        return len({row.fingerprints.get(count.distinct) for row in seen} - {None, known[count.distinct]})

    def waiting(self, *, after: str | None, limit: int) -> Sequence[Screening]:
        """Screenings that a person has to look at, oldest first."""
        found = self.where(lambda row: row.waiting and (after is None or row.id > after))
        return sorted(found, key=lambda row: row.id)[:limit]

    def forget(self, before: datetime, limit: int) -> int:
        """Drop old fingerprints."""
        old = self.where(lambda row: bool(row.fingerprints) and row.at < before)[:limit]
        for row in old:
            for place in row.fingerprints.items():
                self._seen[place] = tuple(id for id in self._seen.get(place) or () if id != row.id)
            row.forget()
            self.save(row)
        return len(old)


class MemoryListings:
    """Who is blocked or allowed."""

    def __init__(self, session: MemorySession) -> None:
        self._rows: Overlay[Listing] = session.table("listing")

    def find(self, known: Mapping[Subject, str], at: datetime) -> Sequence[Listing]:
        """The listings that hold."""
        found = [
            row
            for row in self._rows.values()
            if known.get(row.subject) == row.fingerprint and (row.until is None or row.until > at)
        ]
        return sorted(found, key=lambda row: (row.kind, row.subject, row.source))

    def put(self, listings: Sequence[Listing]) -> None:
        """Add, or change until when."""
        for one in listings:
            self._rows[one.subject, one.fingerprint, one.kind, one.source] = one

    def remove(self, kind: ListKind, subject: Subject, fingerprint: str) -> int:
        """Take somebody off a list."""
        return self._drop(lambda row: (row.kind, row.subject, row.fingerprint) == (kind, subject, fingerprint))

    def remove_source(self, source: str) -> int:
        """Take off what came from one screening."""
        return self._drop(lambda row: bool(source) and row.source == source)

    def expire(self, at: datetime) -> int:
        """Drop what holds no longer."""
        return self._drop(lambda row: row.until is not None and row.until <= at)

    def _drop(self, matches: Callable[[Listing], bool]) -> int:
        gone = [place for place, row in self._rows.items() if matches(row)]
        for place in gone:
            del self._rows[place]
        return len(gone)


class Unit:
    """One transaction of the fraud module."""

    def __init__(self, session: MemorySession) -> None:
        self.screenings = MemoryScreenings(session)
        self.listings = MemoryListings(session)
