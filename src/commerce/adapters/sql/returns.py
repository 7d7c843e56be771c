"""Returns in SQL: one row a return, its lines inside, since they move with it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Money
from commerce.returns import RefundEntry, RefundStatus, Return, ReturnLine, ReturnNotFound, ReturnPolicy

__all__ = ["Unit", "returns"]

returns = sa.Table(
    "order_return",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("customer_id", sa.String(36)),
    sa.Column("requested_at", UtcDateTime, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("money", sa.String(16), nullable=False),
    sa.Column("currency", sa.String(3)),
    sa.Column("due", sa.BigInteger),
    sa.Column("fee", sa.BigInteger),
    sa.Column("lines", Wire(tuple[ReturnLine, ...]), nullable=False),
    sa.Column("refunds", Wire(tuple[RefundEntry, ...]), nullable=False),
    sa.Column("policy", Wire(ReturnPolicy), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
# Only what still waits: the index stays as small as the work.
sa.Index("ix_order_return_open", returns.c.id, postgresql_where=returns.c.open, sqlite_where=returns.c.open)

_PLAIN = ("key", "order_id", "customer_id", "requested_at", "lines", "refunds", "policy", "note")

_lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('order_return ' || :order_id, 0))")


class SqlReturns(SqlRepository[Return]):
    """The table of returns."""

    table = returns
    entity = "return"

    def to_row(self, entity: Return) -> dict[str, Any]:
        """Columns of a return."""
        return {
            "open": entity.open,
            "money": entity.money.value,
            "currency": entity.due.currency.code if entity.due is not None else None,
            "due": entity.due.minor if entity.due is not None else None,
            "fee": entity.fee.minor if entity.fee is not None else None,
            **{name: getattr(entity, name) for name in _PLAIN},
        }

    def from_row(self, row: sa.RowMapping) -> Return:
        """Return of a row."""
        currency = row["currency"]
        return Return(
            id=row["id"],
            version=row["version"],
            money=RefundStatus(row["money"]),
            due=None if currency is None else Money.of_minor(row["due"], currency),
            fee=None if currency is None else Money.of_minor(row["fee"], currency),
            **{name: row[name] for name in _PLAIN},
        )

    def missing(self, id: str) -> Exception:
        """There is no such return."""
        return ReturnNotFound(return_id=id)

    def by_key(self, key: str) -> Return | None:
        """The return that was requested with that key, or nothing."""
        return next(iter(self.where(returns.c.key == key)), None)

    def of_order(self, order_id: str) -> Sequence[Return]:
        """The returns of an order, oldest first."""
        return self.where(returns.c.order_id == order_id)

    def alone(self, order_id: str) -> None:
        """Wait for whoever is here for this order; SQLite's writers are alone anyway."""
        if not self.session.is_sqlite:
            self.session.execute(_lock, {"order_id": order_id})

    def page(self, *, before: str | None, limit: int) -> Sequence[Return]:
        """Returns that wait for something, newest first."""
        criteria = [returns.c.open] if before is None else [returns.c.open, returns.c.id < before]
        return self.where(*criteria, order_by=(returns.c.id.desc(),), limit=limit)


class Unit:
    """One transaction of the returns module."""

    def __init__(self, session: Session) -> None:
        self.returns = SqlReturns(session)
