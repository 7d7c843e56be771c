"""Screenings in SQL: one row each, with a fingerprint per subject, so that a screening is also what is counted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.fraud import (
    Count,
    Decision,
    Listing,
    ListKind,
    Outcome,
    Reason,
    Screening,
    ScreeningNotFound,
    Subject,
)
from commerce.kernel import Money

__all__ = ["Unit", "listings", "screenings"]

screenings = sa.Table(
    "fraud_screening",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("body", sa.String(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("policy", sa.String(80), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("would_be", sa.String(16), nullable=False),
    sa.Column("reasons", Wire(tuple[Reason, ...]), nullable=False),
    sa.Column("reviewed", sa.Boolean, nullable=False),
    sa.Column("outcome", sa.String(16)),
    sa.Column("waiting", sa.Boolean, nullable=False),
    sa.Column("recognisable", sa.Boolean, nullable=False),
    *(sa.Column(f"{subject.value}_print", sa.String(32)) for subject in Subject),
)

#: The column of each subject's fingerprint.
_PRINTS = {subject: screenings.c[f"{subject.value}_print"] for subject in Subject}

for _column in _PRINTS.values():
    # Only what is known: most orders lack a device or an account.
    sa.Index(None, _column, screenings.c.at, postgresql_where=_column.is_not(None), sqlite_where=_column.is_not(None))
sa.Index(
    "ix_fraud_screening_waiting",
    screenings.c.id,
    postgresql_where=screenings.c.waiting,
    sqlite_where=screenings.c.waiting,
)
sa.Index(
    "ix_fraud_screening_recognisable",
    screenings.c.at,
    postgresql_where=screenings.c.recognisable,
    sqlite_where=screenings.c.recognisable,
)

listings = sa.Table(
    "fraud_listing",
    metadata,
    sa.Column("subject", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("source", sa.String(36), primary_key=True),
    sa.Column("until", UtcDateTime, index=True),
)
sa.Index(None, listings.c.source, postgresql_where=listings.c.source != "", sqlite_where=listings.c.source != "")

_PLAIN = ("key", "body", "at", "policy", "score", "reasons", "reviewed")

#: Taken one after the other, in the order of the array, which is sorted: nobody waits in a circle.
_lock = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended('fraud ' || name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
)


class SqlScreenings(SqlRepository[Screening]):
    """The table of screenings."""

    table = screenings
    entity = "screening"

    def to_row(self, entity: Screening) -> dict[str, Any]:
        """Columns of a screening."""
        return {
            "currency": entity.amount.currency.code,
            "amount": entity.amount.minor,
            "decision": entity.decision.value,
            "would_be": entity.would_be.value,
            "outcome": entity.outcome and entity.outcome.value,
            "waiting": entity.waiting,
            "recognisable": bool(entity.fingerprints),
            **{column.name: entity.fingerprints.get(subject) for subject, column in _PRINTS.items()},
            **{name: getattr(entity, name) for name in _PLAIN},
        }

    def from_row(self, row: sa.RowMapping) -> Screening:
        """Screening of a row."""
        return Screening(
            id=row["id"],
            version=row["version"],
            amount=Money.of_minor(row["amount"], row["currency"]),
            decision=Decision(row["decision"]),
            would_be=Decision(row["would_be"]),
            outcome=row["outcome"] and Outcome(row["outcome"]),
            fingerprints={subject: found for subject, column in _PRINTS.items() if (found := row[column.name])},
            **{name: row[name] for name in _PLAIN},
        )

    def missing(self, id: str) -> Exception:
        """There is no such screening."""
        return ScreeningNotFound(key=id)

    def by_key(self, key: str) -> Screening | None:
        """The screening of that key, or nothing."""
        return next(iter(self.where(screenings.c.key == key)), None)

    def alone(self, key: str, fingerprints: Collection[str]) -> None:
        """Wait for whoever is here for one of these; SQLite's writers are alone anyway."""
        if not self.session.is_sqlite:
            self.session.execute(_lock, {"names": sorted({f"key {key}", *fingerprints})})

    def counts(self, wanted: Collection[Count], known: Mapping[Subject, str], at: datetime) -> Mapping[Count, int]:
        """Every count in one statement, each by its own index."""
        if not wanted:
            return {}
        order = tuple(wanted)
        columns = [_count(count, known, at).scalar_subquery().label(f"n{n}") for n, count in enumerate(order)]
        return dict(zip(order, self.session.execute(sa.select(*columns)).one(), strict=True))

    def waiting(self, *, after: str | None, limit: int) -> Sequence[Screening]:
        """Screenings that a person has to look at, oldest first."""
        criteria = [screenings.c.waiting] if after is None else [screenings.c.waiting, screenings.c.id > after]
        return self.where(*criteria, limit=limit)

    def forget(self, before: datetime, limit: int) -> int:
        """Drop old fingerprints; whoever saves at the same moment reads again."""
        old = sa.select(screenings.c.id).where(screenings.c.recognisable, screenings.c.at < before).limit(limit)
        done = self.session.execute(
            sa.update(screenings)
            .where(screenings.c.id.in_(old))
            .values(
                version=screenings.c.version + 1,
                recognisable=False,
                **{column.name: None for column in _PRINTS.values()},
            )
        )
        return done.rowcount


def _count(count: Count, known: Mapping[Subject, str], at: datetime) -> sa.Select[Any]:
    column = _PRINTS[count.subject]
    seen = (column == known[count.subject], screenings.c.at > at - count.within, screenings.c.at <= at)
    if count.distinct is None:
        return sa.select(sa.func.count()).select_from(screenings).where(*seen)
    other = _PRINTS[count.distinct]
    return sa.select(sa.func.count(other.distinct())).where(*seen, other != known[count.distinct])


class SqlListings:
    """The table of who is blocked or allowed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, known: Mapping[Subject, str], at: datetime) -> Sequence[Listing]:
        """The listings that hold, by the primary key."""
        if not known:
            return []
        c = listings.c
        pairs = [(subject.value, fingerprint) for subject, fingerprint in known.items()]
        query = (
            sa.select(listings)
            .where(sa.tuple_(c.subject, c.fingerprint).in_(pairs))
            .where(sa.or_(c.until.is_(None), c.until > at))
            .order_by(c.kind, c.subject, c.source)
        )
        return [_listing(row) for row in self._session.execute(query).mappings()]

    def put(self, listed: Sequence[Listing]) -> None:
        """Add, or change until when: the primary key decides."""
        if not listed:
            return
        rows = [
            {
                "subject": one.subject.value,
                "fingerprint": one.fingerprint,
                "kind": one.kind.value,
                "source": one.source,
                "until": one.until,
            }
            for one in sorted(listed, key=lambda one: (one.subject, one.fingerprint, one.kind, one.source))
        ]
        statement = _upsert(self._session)
        self._session.execute(statement, rows)

    def remove(self, kind: ListKind, subject: Subject, fingerprint: str) -> int:
        """Take somebody off a list."""
        c = listings.c
        return self._delete(c.kind == kind.value, c.subject == subject.value, c.fingerprint == fingerprint)

    def remove_source(self, source: str) -> int:
        """Take off what came from one screening."""
        return self._delete(listings.c.source == source, listings.c.source != "")

    def expire(self, at: datetime) -> int:
        """Drop what holds no longer."""
        return self._delete(listings.c.until <= at)

    def _delete(self, *criteria: Any) -> int:
        return self._session.execute(sa.delete(listings).where(*criteria)).rowcount


def _upsert(session: Session) -> Any:
    if session.is_sqlite:
        from sqlalchemy.dialects import sqlite

        lite = sqlite.insert(listings)
        return lite.on_conflict_do_update(
            index_elements=list(listings.primary_key), set_={"until": lite.excluded.until}
        )
    from sqlalchemy.dialects import postgresql

    server = postgresql.insert(listings)
    return server.on_conflict_do_update(
        index_elements=list(listings.primary_key), set_={"until": server.excluded.until}
    )


def _listing(row: sa.RowMapping) -> Listing:
    return Listing(
        kind=ListKind(row["kind"]),
        subject=Subject(row["subject"]),
        fingerprint=row["fingerprint"],
        source=row["source"],
        until=row["until"],
    )


class Unit:
    """One transaction of the fraud module."""

    def __init__(self, session: Session) -> None:
        self.screenings = SqlScreenings(session)
        self.listings = SqlListings(session)
