"""Payments in SQL: a row a payment with its totals, a row per entry of its ledger, and the notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Money
from commerce.payments import (
    Action,
    AttemptOpen,
    DeclineCode,
    Entry,
    OperationKind,
    OperationStatus,
    Payment,
    PaymentNotFound,
    PaymentStatus,
    StoredNotice,
)

__all__ = ["Unit", "payment_entries", "payment_notices", "payments"]

_TOTALS = ("authorized", "captured", "refunded", "charged_back")

payments = sa.Table(
    "payment",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(100), nullable=False, unique=True),
    sa.Column("order_ref", sa.String(255), nullable=False, index=True),
    sa.Column("gateway", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(255), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in _TOTALS),
    sa.Column("capture_at_once", sa.Boolean, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("suspected", sa.Boolean, nullable=False),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("surplus", sa.Boolean, nullable=False),
    sa.Column("watched_until", UtcDateTime),
    sa.Column("customer_ref", sa.String(255), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("action", Wire(Action)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("checked_at", UtcDateTime, nullable=False),
    sa.Index("ix_payment_gateway_reference", "gateway", "reference"),
)
# One attempt at a time: the index is the referee.
sa.Index(
    "uq_payment_live", payments.c.order_ref, unique=True, postgresql_where=payments.c.live, sqlite_where=payments.c.live
)
# Only what still waits: the index stays as small as the work.
sa.Index("ix_payment_open", payments.c.checked_at, postgresql_where=payments.c.open, sqlite_where=payments.c.open)

payment_entries = sa.Table(
    "payment_entry",
    metadata,
    sa.Column("payment_id", sa.String(36), sa.ForeignKey("payment.id"), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("key", sa.String(300), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reference", sa.String(255), nullable=False, index=True),
    sa.Column("reason", sa.String(32)),
    sa.Column("vendor_code", sa.String(255), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("may_retry", sa.Boolean, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("sent_at", UtcDateTime, nullable=False),
    sa.Column("leader", sa.String(32), nullable=False),
)

payment_notices = sa.Table(
    "payment_notice",
    metadata,
    sa.Column("gateway", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("payment_id", sa.String(255), nullable=False),
    sa.Column("reference", sa.String(255), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False, index=True),
    sa.Column("checked_at", UtcDateTime, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)
sa.Index(
    "ix_payment_notice_parked",
    payment_notices.c.checked_at,
    postgresql_where=sa.not_(payment_notices.c.done),
    sqlite_where=sa.not_(payment_notices.c.done),
)

_SNAPSHOT = ("key", "order_ref", "gateway", "capture_at_once", "customer_ref", "fingerprint", "created_at")
_CHANGING = ("reference", "live", "open", "suspected", "accepted", "surplus", "watched_until", "action")
_PLAIN_ENTRY = ("id", "key", "reference", "vendor_code", "message", "may_retry", "at", "sent_at", "leader")
_CHANGING_ENTRY = ("amount", "status", "reference", "reason", "vendor_code", "message", "may_retry", "at", "sent_at")

# One statement decides: a row comes back unless the key is taken or the order has a live payment.
_start: dict[bool, Any] = {
    True: sqlite.insert(payments).on_conflict_do_nothing().returning(payments.c.id),
    False: postgresql.insert(payments).on_conflict_do_nothing().returning(payments.c.id),
}
_insert_entries = sa.insert(payment_entries)
_update_entry = (
    sa.update(payment_entries)
    .where(payment_entries.c.payment_id == sa.bindparam("_payment_id"), payment_entries.c.id == sa.bindparam("_id"))
    .values({name: sa.bindparam(name) for name in _CHANGING_ENTRY})
)
_checked = sa.update(payments).where(payments.c.id == sa.bindparam("_id")).values(checked_at=sa.bindparam("checked_at"))
# With the version that the ledger is of: in READ COMMITTED each statement sees what is committed by then.
_select_entries = (
    sa.select(payment_entries, payments.c.version.label("_version"))
    .join(payments, payments.c.id == payment_entries.c.payment_id)
    .order_by(payment_entries.c.payment_id, payment_entries.c.position)
)
_claim = sa.select(payments).where(payments.c.id == sa.bindparam("_id")).with_for_update()


class SqlPayments(SqlRepository[Payment]):
    """The tables of payments and their entries."""

    table = payments
    entity = "payment"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._read: dict[str, tuple[Entry, ...]] = {}

    def to_row(self, entity: Payment) -> dict[str, Any]:
        """The columns that change."""
        return {
            "status": entity.status.value,
            **{name: getattr(entity, name) for name in _CHANGING},
            **{name: getattr(entity, name).minor for name in _TOTALS},
        }

    def from_row(self, row: sa.RowMapping) -> Payment:
        """The payment of a row, with its ledger."""
        return self._payments([row])[0]

    def missing(self, id: str) -> Exception:
        """There is no such payment."""
        return PaymentNotFound(payment_id=id)

    def claim(self, payment_id: str) -> Payment:
        """As `get`, with the row locked; SQLite's writers are alone anyway."""
        row = self.session.execute(_claim, {"_id": payment_id}).mappings().first()
        if row is None:
            raise self.missing(payment_id)
        return self.from_row(row)

    def by_key(self, key: str) -> Payment | None:
        """The payment that was authorized with that key, or nothing."""
        return next(iter(self.where(payments.c.key == key)), None)

    def by_reference(self, gateway: str, reference: str) -> Payment | None:
        """The payment that a gateway knows by that reference, or nothing."""
        return next(iter(self.where(payments.c.gateway == gateway, payments.c.reference == reference, limit=1)), None)

    def of_order(self, order_ref: str) -> Sequence[Payment]:
        """All attempts for an order, oldest first."""
        return self.where(payments.c.order_ref == order_ref)

    def where(self, *criteria: Any, order_by: Sequence[Any] = (), limit: int | None = None) -> list[Payment]:
        """All payments that match: two statements, however many."""
        query = sa.select(payments).where(*criteria).order_by(*(order_by or (payments.c.id,))).limit(limit)
        return self._payments(self.session.execute(query).mappings().all())

    def entries(self, gateway: str, since: datetime, until: datetime) -> Sequence[tuple[str, Entry]]:
        """Entries of one gateway that succeeded and were first asked in that time, oldest first: one statement."""
        c = payment_entries.c
        query = (
            sa.select(payment_entries)
            .join(payments, payments.c.id == c.payment_id)
            .where(payments.c.gateway == gateway, c.status == OperationStatus.SUCCEEDED.value)
            .where(c.at >= since, c.at < until)
            .order_by(c.at, c.payment_id, c.position)
        )
        return [(row["payment_id"], _entry(row)) for row in self.session.execute(query).mappings()]

    def start(self, payment: Payment) -> bool:
        """Store a new payment, unless its key is taken or its order has a live one: the unique indexes decide."""
        payment.version = 1
        row = {
            "id": payment.id,
            "version": 1,
            "currency": payment.currency,
            "amount": payment.amount.minor,
            "checked_at": payment.created_at,
            **{name: getattr(payment, name) for name in _SNAPSHOT},
            **self.to_row(payment),
        }
        if self.session.execute(_start[self.session.is_sqlite], row).first() is None:
            payment.version = 0
            return False
        self._store_entries(payment)
        self.session.collect(payment)
        return True

    def save(self, entity: Payment) -> None:
        """Store over the version that was read, and the entries that are new or moved."""
        try:
            super().save(entity)
        except sa.exc.IntegrityError as error:  # the one unique index that a change can meet
            raise AttemptOpen(order_ref=entity.order_ref, payment_id="another", status="live") from error
        self._store_entries(entity)

    def open(self, checked_before: datetime, limit: int) -> Sequence[str]:
        """Ids of payments that wait for news, longest unchecked first."""
        query = (
            sa.select(payments.c.id)
            .where(payments.c.open, payments.c.checked_at <= checked_before)
            .order_by(payments.c.checked_at, payments.c.id)
            .limit(limit)
        )
        return self.session.execute(query).scalars().all()

    def checked(self, payment_id: str, at: datetime) -> None:
        """Note when the gateway was last asked about it."""
        self.session.execute(_checked, {"_id": payment_id, "checked_at": at})

    def _store_entries(self, payment: Payment) -> None:
        known = self._read.get(payment.id, ())
        moved = [entry for entry, before in zip(payment.ledger, known, strict=False) if entry != before]
        fresh = payment.ledger[len(known) :]
        if moved:
            rows = [_entry_row(entry) for entry in moved]
            self.session.execute(
                _update_entry,
                [
                    {"_payment_id": payment.id, "_id": row["id"], **{name: row[name] for name in _CHANGING_ENTRY}}
                    for row in rows
                ],
            )
        if fresh:
            self.session.execute(
                _insert_entries,
                [
                    {"payment_id": payment.id, "position": len(known) + n, **_entry_row(entry)}
                    for n, entry in enumerate(fresh)
                ],
            )
        self._read[payment.id] = payment.ledger

    def _payments(self, rows: Sequence[sa.RowMapping]) -> list[Payment]:
        """Payments with their ledgers; rows that a commit between the two statements made old are read anew."""
        ledgers: dict[str, list[Entry]] = {row["id"]: [] for row in rows}
        known = {row["id"]: row["version"] for row in rows}
        torn = set()
        if ledgers:
            query = _select_entries.where(payment_entries.c.payment_id.in_(ledgers))
            for entry in self.session.execute(query).mappings():
                ledgers[entry["payment_id"]].append(_entry(entry))
                if entry["_version"] != known[entry["payment_id"]]:
                    torn.add(entry["payment_id"])
        if torn:
            fresh = self.session.execute(sa.select(payments).where(payments.c.id.in_(torn))).mappings()
            by_id = {row["id"]: row for row in rows} | {row["id"]: row for row in fresh}
            return self._payments(list(by_id.values()))
        self._read |= {id: tuple(ledger) for id, ledger in ledgers.items()}
        return [
            Payment(
                id=row["id"],
                version=row["version"],
                amount=Money.of_minor(row["amount"], row["currency"]),
                status=PaymentStatus(row["status"]),
                ledger=self._read[row["id"]],
                **{name: row[name] for name in (*_SNAPSHOT, *_CHANGING) if name != "open"},
            )
            for row in rows
        ]


def _entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind.value,
        "currency": entry.amount.currency.code,
        "amount": entry.amount.minor,
        "status": entry.status.value,
        "reason": entry.reason.value if entry.reason else None,
        **{name: getattr(entry, name) for name in _PLAIN_ENTRY},
    }


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(
        kind=OperationKind(row["kind"]),
        amount=Money.of_minor(row["amount"], row["currency"]),
        status=OperationStatus(row["status"]),
        reason=DeclineCode(row["reason"]) if row["reason"] else None,
        **{name: row[name] for name in _PLAIN_ENTRY},
    )


_take: dict[bool, Any] = {
    True: sqlite.insert(payment_notices).on_conflict_do_nothing(),
    False: postgresql.insert(payment_notices).on_conflict_do_nothing(),
}


class SqlNotices:
    """The table of notices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, notice: StoredNotice) -> StoredNotice:
        """Store a notice, or answer with the one of this gateway and id."""
        done = self._session.execute(_take[self._session.is_sqlite], attrs.asdict(notice))
        if done.rowcount == 1:
            return notice
        c = payment_notices.c
        query = sa.select(payment_notices).where(c.gateway == notice.gateway, c.id == notice.id)
        return StoredNotice(**self._session.execute(query).mappings().one())

    def save(self, notice: StoredNotice) -> None:
        """Store what changed."""
        c = payment_notices.c
        self._session.execute(
            sa.update(payment_notices)
            .where(c.gateway == notice.gateway, c.id == notice.id)
            .values(checked_at=notice.checked_at, done=notice.done)
        )

    def parked(self, limit: int) -> Sequence[StoredNotice]:
        """Notices that are not done, longest unchecked first."""
        c = payment_notices.c
        query = sa.select(payment_notices).where(sa.not_(c.done)).order_by(c.checked_at, c.id).limit(limit)
        return [StoredNotice(**row) for row in self._session.execute(query).mappings()]

    def forget(self, before: datetime) -> int:
        """Drop what was received before a moment."""
        query = sa.delete(payment_notices).where(payment_notices.c.received_at < before)
        return int(self._session.execute(query).rowcount)


class Unit:
    """One transaction of the payments module."""

    def __init__(self, session: Session) -> None:
        self.payments = SqlPayments(session)
        self.notices = SqlNotices(session)
