"""What a fake gateway remembers: payments and operations in SQLite, in memory or in a file."""

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from commerce.kernel import Money
from commerce.payments import DeclineCode, Operation, OperationKind, OperationStatus

__all__ = ["Call", "World"]

_TABLES = """
CREATE TABLE IF NOT EXISTS payment (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL UNIQUE, token TEXT NOT NULL, body TEXT NOT NULL,
    suspected INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS operation (
    position INTEGER PRIMARY KEY AUTOINCREMENT, payment_id TEXT NOT NULL, kind TEXT NOT NULL, key TEXT,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, reference TEXT NOT NULL, reason TEXT,
    UNIQUE (key, kind));
CREATE TABLE IF NOT EXISTS call (
    position INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, payment_id TEXT NOT NULL, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notice (
    position INTEGER PRIMARY KEY AUTOINCREMENT, payment_id TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0);
"""


@frozen
class Call:
    """One call that reached the gateway's door."""

    method: str
    payment_id: str
    key: str


class World:
    """The memory. One change at a time, between threads and, with a file, between processes."""

    def __init__(self, path: str | Path | None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path or ":memory:", timeout=30, check_same_thread=False, isolation_level=None)
        self._db.executescript(_TABLES)
        self._close = weakref.finalize(self, self._db.close)  # a test may just drop it

    def close(self) -> None:
        """Give the file back."""
        self._close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Alone with the memory; all or nothing. Nests."""
        with self._lock:
            if self._depth:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def log(self, call: Call) -> None:
        """Remember a call."""
        with self.change() as db:
            db.execute(
                "INSERT INTO call (method, payment_id, key) VALUES (?, ?, ?)", (call.method, call.payment_id, call.key)
            )

    def calls(self) -> list[Call]:
        """Every call so far."""
        with self.change() as db:
            return [Call(*row) for row in db.execute("SELECT method, payment_id, key FROM call ORDER BY position")]

    def operations(self, payment_id: str | None = None) -> list[Operation]:
        """Operations, oldest first: of one payment, or of all."""
        with self.change() as db:
            rows = db.execute(
                "SELECT kind, amount, currency, status, key, reference, reason FROM operation"
                " WHERE payment_id = ? OR ? IS NULL ORDER BY position",
                (payment_id, payment_id),
            )
            return [_operation(row) for row in rows]

    def find(self, key: str, kind: OperationKind) -> Operation | None:
        """What was done under a key."""
        with self.change() as db:
            row = db.execute(
                "SELECT kind, amount, currency, status, key, reference, reason FROM operation"
                " WHERE key = ? AND kind = ?",
                (key, kind.value),
            ).fetchone()
        return None if row is None else _operation(row)

    def add(self, payment_id: str, operation: Operation) -> Operation:
        """Remember an operation, with a reference of our own making, and tell the shop later."""
        with self.change() as db:
            number = db.execute("SELECT count(*) FROM operation").fetchone()[0] + 1
            reference = f"{operation.kind.value}_{number}"
            db.execute(
                "INSERT INTO operation (payment_id, kind, key, amount, currency, status, reference, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    payment_id,
                    operation.kind.value,
                    operation.key or None,
                    operation.amount.minor,
                    operation.amount.currency.code,
                    operation.status.value,
                    reference,
                    operation.reason.value if operation.reason else None,
                ),
            )
            self.tell(payment_id)
            return next(found for found in self.operations(payment_id) if found.reference == reference)

    def move(self, payment_id: str, reference: str, status: OperationStatus, reason: DeclineCode | None = None) -> None:
        """Let an operation go on."""
        with self.change() as db:
            db.execute(
                "UPDATE operation SET status = ?, reason = ? WHERE payment_id = ? AND reference = ?",
                (status.value, reason.value if reason else None, payment_id, reference),
            )
            self.tell(payment_id)

    def tell(self, payment_id: str) -> None:
        """Queue a notice."""
        with self.change() as db:
            db.execute("INSERT INTO notice (payment_id) VALUES (?)", (payment_id,))

    def take_notices(self) -> list[tuple[int, str, str]]:
        """Number, payment and reference of every notice not taken before."""
        with self.change() as db:
            rows = db.execute(
                "SELECT notice.position, payment_id, reference FROM notice JOIN payment ON payment.id = payment_id"
                " WHERE NOT taken ORDER BY notice.position"
            ).fetchall()
            db.execute("UPDATE notice SET taken = 1")
        return rows


def _operation(row: Sequence[Any]) -> Operation:
    kind, amount, currency, status, key, reference, reason = row
    return Operation(
        kind=OperationKind(kind),
        amount=Money.of_minor(amount, currency),
        status=OperationStatus(status),
        key=key or "",
        reference=reference,
        reason=DeclineCode(reason) if reason else None,
    )
