"""Outbox and saga journal in SQL."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import BigKey, Session, UtcDateTime, metadata
from commerce.adapters.wire import dumps, event_type, loads, tagged, untagged
from commerce.runtime import Envelope, SagaRecord, SagaStatus

__all__ = ["SqlOutbox", "SqlSagaLog", "outbox", "sagas", "write"]

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("position", BigKey, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("aggregate_id", sa.String(64), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", UtcDateTime, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.String(128)),
    sa.Column("due_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),
)
# Only what still waits: the index stays as small as the backlog.
sa.Index(
    "ix_outbox_waiting",
    outbox.c.aggregate_id,
    outbox.c.position,
    postgresql_where=outbox.c.due_at.is_not(None),
    sqlite_where=outbox.c.due_at.is_not(None),
)

sagas = sa.Table(
    "saga",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("saga", sa.String(64), nullable=False),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("input", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(255), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("lease_until", UtcDateTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("saga", "key"),
)
sa.Index(
    "ix_saga_unfinished",
    sagas.c.status,
    sagas.c.lease_until,
    postgresql_where=sagas.c.status.in_(("running", "undoing", "waiting")),
    sqlite_where=sagas.c.status.in_(("running", "undoing", "waiting")),
)

_write = sa.insert(outbox)


def write(session: Session) -> None:
    """Put the session's events into the outbox: one statement, in the same transaction."""
    if session.envelopes:
        rows = [
            {
                "id": e.id,
                "name": e.name,
                "schema_version": e.event.schema_version,
                "aggregate_id": e.aggregate_id,
                "sequence": e.sequence,
                "occurred_at": e.occurred_at,
                "payload": dumps(e.event),
                "attempts": 0,
                "due_at": e.occurred_at if e.wanted else None,
            }
            for e in session.envelopes
        ]
        session.execute(_write, rows)


def _envelope(row: sa.RowMapping) -> Envelope:
    return Envelope(
        id=row["id"],
        name=row["name"],
        aggregate_id=row["aggregate_id"],
        sequence=row["sequence"],
        occurred_at=row["occurred_at"],
        event=loads(event_type(row["name"]), row["payload"]),
        attempts=row["attempts"],
    )


class SqlOutbox:
    """The table of events: waiting ones have a ``due_at``, all stay as the archive."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        earlier = outbox.alias("earlier")
        # Whoever locks the first waiting event of an aggregate takes all of them: order per aggregate holds.
        heads = (
            sa.select(outbox.c.aggregate_id)
            .where(
                outbox.c.due_at.is_not(None),
                outbox.c.due_at <= sa.bindparam("now"),
                ~sa.exists().where(
                    earlier.c.due_at.is_not(None),
                    earlier.c.aggregate_id == outbox.c.aggregate_id,
                    earlier.c.position < outbox.c.position,
                ),
            )
            .order_by(outbox.c.position)
            .limit(sa.bindparam("most"))
            .with_for_update(skip_locked=True)
        )
        self._claim = (
            sa.update(outbox)
            .where(outbox.c.due_at.is_not(None), outbox.c.aggregate_id.in_(heads.scalar_subquery()))
            .values(due_at=sa.bindparam("until"))
            .returning(outbox)
        )

    def claim(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Envelope]:
        """See `commerce.runtime.Outbox`."""
        with self._engine.begin() as connection:
            rows = connection.execute(self._claim, {"now": now, "most": limit, "until": now + lease}).mappings().all()
        return [_envelope(row) for row in sorted(rows, key=lambda row: int(row["position"]))]

    def delivered(self, ids: Sequence[str], at: datetime) -> None:
        """See `commerce.runtime.Outbox`."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(outbox).where(outbox.c.id.in_(ids)).values(due_at=None, delivered_at=at, error=None)
            )

    def failed(self, id: str, error: str, retry_at: datetime) -> None:
        """See `commerce.runtime.Outbox`."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == id)
                .values(due_at=retry_at, error=error[:128], attempts=outbox.c.attempts + 1)
            )

    def archive(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Envelope]]:
        """See `commerce.runtime.Outbox`."""
        query = sa.select(outbox).where(outbox.c.position > after).order_by(outbox.c.position).limit(limit)
        with self._engine.begin() as connection:
            return [(row["position"], _envelope(row)) for row in connection.execute(query).mappings()]

    def pending(self) -> int:
        """See `commerce.runtime.Outbox`."""
        query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.due_at.is_not(None))
        with self._engine.begin() as connection:
            return connection.execute(query).scalar_one()


class SqlSagaLog:
    """The table of processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def start(self, record: SagaRecord) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(sagas), {"input": _text(record.input), **_row(record)})
        except sa.exc.IntegrityError:
            return self.find(record.saga, record.key)
        return None

    def save(self, record: SagaRecord) -> bool:
        """See `commerce.runtime.SagaLog`."""
        return self._over(record, _row(record))

    def restart(self, record: SagaRecord) -> bool:
        """See `commerce.runtime.SagaLog`."""
        return self._over(record, {"input": _text(record.input), **_row(record)})

    def _over(self, record: SagaRecord, row: dict[str, Any]) -> bool:
        stale = sa.update(sagas).where(sagas.c.id == record.id, sagas.c.version == record.version - 1)
        with self._engine.begin() as connection:
            return connection.execute(stale.values(row)).rowcount == 1

    def get(self, id: str) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        return next(iter(self._read(sagas.c.id == id)), None)

    def find(self, saga: str, key: str) -> SagaRecord | None:
        """See `commerce.runtime.SagaLog`."""
        return next(iter(self._read(sagas.c.saga == saga, sagas.c.key == key)), None)

    def unfinished(self, now: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """See `commerce.runtime.SagaLog`."""
        return self._read(sagas.c.status.in_(("running", "undoing")), sagas.c.lease_until <= now, limit=limit)

    def waiting(self, started_before: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """See `commerce.runtime.SagaLog`."""
        return self._read(sagas.c.status == "waiting", sagas.c.started_at < started_before, limit=limit)

    def _read(self, *criteria: Any, limit: int = 1) -> list[SagaRecord]:
        query = sa.select(sagas).where(*criteria).order_by(sagas.c.lease_until).limit(limit)
        with self._engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            SagaRecord(
                **{
                    **row,
                    "status": SagaStatus(row["status"]),
                    "input": untagged(json.loads(row["input"])),
                    "state": untagged(json.loads(row["state"])),
                }
            )
            for row in rows
        ]


def _row(record: SagaRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "saga": record.saga,
        "key": record.key,
        "fingerprint": record.fingerprint,
        "state": _text(record.state),
        "status": record.status.value,
        "position": record.position,
        "attempt": record.attempt,
        "reason": record.reason[:255],
        "started_at": record.started_at,
        "lease_until": record.lease_until,
        "version": record.version,
    }


def _text(value: Any) -> str:
    return json.dumps(tagged(value), separators=(",", ":"), ensure_ascii=False)
