"""The wallet in SQL: accounts, lots that guard themselves, an append-only ledger, and holds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import BigKey, Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import NotFound, StaleVersion
from commerce.wallet import (
    Account,
    AccountNotFound,
    Book,
    Draw,
    Drift,
    Hold,
    HoldStatus,
    Lot,
    Posting,
    Refund,
    Transaction,
    TransactionKind,
    Wish,
)

__all__ = ["Unit", "wallet_accounts", "wallet_holds", "wallet_lots", "wallet_postings", "wallet_transactions"]

wallet_accounts = sa.Table(
    "wallet_account",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("owner_id", sa.String(36)),
    sa.Column("fingerprint", sa.String(64), unique=True),
    sa.Column("last4", sa.String(4), nullable=False),
    sa.UniqueConstraint("owner_id", "kind", "unit"),
)

wallet_lots = sa.Table(
    "wallet_lot",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), nullable=False, index=True),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("left", sa.BigInteger, nullable=False),
    sa.Column("active_from", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.CheckConstraint('"left" >= 0 AND "left" <= amount', name="left"),
)
_l = wallet_lots.c
_FILLED = _l.left > 0
sa.Index("ix_wallet_lot_expires_at", _l.expires_at, postgresql_where=_FILLED, sqlite_where=_FILLED)

wallet_transactions = sa.Table(
    "wallet_transaction",
    metadata,
    sa.Column("position", BigKey, primary_key=True),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("reference", sa.String(255), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

wallet_postings = sa.Table(
    "wallet_posting",
    metadata,
    sa.Column("position", BigKey, primary_key=True),
    sa.Column("transaction_id", sa.String(36), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("book", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.String(36), index=True),
    sa.Column("lot_id", sa.String(36)),
)

wallet_holds = sa.Table(
    "wallet_hold",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("limit", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("wishes", Wire(tuple[Wish, ...]), nullable=False),
    sa.Column("draws", Wire(tuple[Draw, ...]), nullable=False),
    sa.Column("refunds", Wire(tuple[Refund, ...]), nullable=False),
    sa.Column("expires_at", UtcDateTime),
)
_h = wallet_holds.c
_HELD = _h.status == HoldStatus.HELD.value
sa.Index("ix_wallet_hold_held", _h.expires_at, postgresql_where=_HELD, sqlite_where=_HELD)

_AT = sa.bindparam("_at", type_=UtcDateTime)
_UNITS = sa.bindparam("_units", type_=sa.BigInteger)
#: The check and the taking are one statement: of two who want the last unit, one changes no row.
_TAKE = (
    sa.update(wallet_lots)
    .where(
        _l.id == sa.bindparam("_id"),
        _l.left >= _UNITS,
        _l.active_from <= _AT,
        sa.or_(_l.expires_at.is_(None), _l.expires_at > _AT),
    )
    .values(left=_l.left - _UNITS)
)
_GIVE = sa.update(wallet_lots).where(_l.id == sa.bindparam("_id")).values(left=_l.left + _UNITS)
_CLEAR = sa.update(wallet_lots).where(_l.id == sa.bindparam("_id"), _l.left == _UNITS).values(left=0)

_t, _p = wallet_transactions.c, wallet_postings.c
_BOOKED = (
    sa.select(
        _t.id,
        _t.key,
        _t.kind,
        _t.at,
        _t.reference,
        _t.reason,
        _t.body,
        _p.book,
        _p.kind.label("of"),
        _p.unit,
        _p.amount,
        _p.account_id,
        _p.lot_id,
    )
    .join(wallet_postings, _p.transaction_id == _t.id)
    .order_by(_t.position, _p.position)
)


class SqlAccounts(SqlRepository[Account]):
    """The table of accounts."""

    table = wallet_accounts
    entity = "wallet_account"

    def to_row(self, entity: Account) -> dict[str, Any]:
        """Columns of an account."""
        return {
            "kind": entity.kind,
            "unit": entity.unit,
            "opened_at": entity.opened_at,
            "owner_id": entity.owner_id,
            "fingerprint": entity.fingerprint,
            "last4": entity.last4,
        }

    def from_row(self, row: sa.RowMapping) -> Account:
        """Account of a row."""
        return Account(**row)

    def missing(self, id: str) -> Exception:
        """There is no such account."""
        return AccountNotFound(account_id=id)

    def add(self, entity: Account) -> None:
        """Store a new account; a race for one owner is told as a stale version, to be tried again."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity=self.entity, id=entity.id, version=0) from error

    def save_all(self, accounts: Sequence[Account]) -> None:
        """Store many changed accounts in one statement."""
        _save_all(self, accounts)

    def these(self, ids: Sequence[str]) -> Sequence[Account]:
        """The accounts with these ids, by id."""
        return self.where(self.table.c.id.in_(list(ids)))

    def by_fingerprint(self, fingerprint: str) -> Account | None:
        """The gift card whose code has that fingerprint."""
        return next(iter(self.where(self.table.c.fingerprint == fingerprint)), None)

    def of_owner(self, owner_id: str) -> Sequence[Account]:
        """The accounts of a customer, oldest first."""
        return self.where(self.table.c.owner_id == owner_id)


class SqlLots:
    """The table of lots."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, lots: Sequence[Lot]) -> None:
        """Store new lots."""
        rows = [{name: getattr(lot, name) for name in _l.keys()} for lot in lots]  # noqa: SIM118 - names of columns
        self._session.execute(sa.insert(wallet_lots), rows)

    def of(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """All lots of these accounts, by id."""
        return self._read(sa.select(wallet_lots).where(_l.account_id.in_(list(account_ids))).order_by(_l.id))

    def locked(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """The lots of these accounts that are not empty, locked by id where others could be."""
        query = sa.select(wallet_lots).where(_l.account_id.in_(list(account_ids)), _FILLED)
        return self._read(query.order_by(_l.id).with_for_update())

    def these(self, ids: Sequence[str]) -> Sequence[Lot]:
        """The lots with these ids."""
        return self._read(sa.select(wallet_lots).where(_l.id.in_(list(ids))).order_by(_l.id))

    def take(self, units: Mapping[str, int], at: datetime) -> bool:
        """Take units of lots, in the order of ids."""
        return self._change(_TAKE, units, _at=at)

    def give(self, units: Mapping[str, int]) -> None:
        """Put units back into lots, in the order of ids."""
        self._change(_GIVE, units)

    def expired(self, at: datetime, limit: int) -> Sequence[Lot]:
        """Lots with something left whose time is over, longest first."""
        query = sa.select(wallet_lots).where(_l.expires_at <= at, _FILLED).order_by(_l.expires_at, _l.id).limit(limit)
        return self._read(query)

    def clear(self, lots: Sequence[Lot]) -> bool:
        """Empty lots that still have left what they had when read."""
        return self._change(_CLEAR, {lot.id: lot.left for lot in lots})

    def _change(self, statement: sa.Update, units: Mapping[str, int], **more: Any) -> bool:
        rows = [{"_id": id, "_units": count, **more} for id, count in sorted(units.items())]
        return not rows or self._session.execute(statement, rows).rowcount == len(rows)

    def _read(self, query: sa.Select[Any]) -> list[Lot]:
        return [Lot(**row) for row in self._session.execute(query).mappings()]


class SqlLedger:
    """The tables of transactions and postings."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def book(self, transactions: Sequence[Transaction]) -> None:
        """Append; a race for one key is told as a stale version, to be tried again."""
        rows = [
            {
                "id": one.id,
                "key": one.key,
                "kind": one.kind.value,
                "at": one.at,
                "reference": one.reference,
                "reason": one.reason,
                "body": one.body,
            }
            for one in transactions
        ]
        try:
            self._session.execute(sa.insert(wallet_transactions), rows)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity="wallet_transaction", id=transactions[0].id, version=0) from error
        sides = [_side(one, posting) for one in transactions for posting in one.postings]
        self._session.execute(sa.insert(wallet_postings), sides)

    def find(self, key: str) -> Transaction | None:
        """The transaction with that key."""
        return next(iter(self._read(_t.key == key)), None)

    def of(self, account_id: str) -> Sequence[Transaction]:
        """The transactions that moved one account, oldest first."""
        return self._read(_t.id.in_(sa.select(_p.transaction_id).where(_p.account_id == account_id)))

    def _read(self, criterion: sa.ColumnElement[bool]) -> list[Transaction]:
        rows = self._session.execute(_BOOKED.where(criterion)).mappings()
        return [_transaction(list(same)) for _, same in groupby(rows, key=lambda row: row["id"])]

    def sums(self, at: datetime) -> Mapping[tuple[str, str, Book], int]:
        """Units by kind, unit and book, of all that was booked up to a moment."""
        query = sa.select(_p.kind, _p.unit, _p.book, sa.func.sum(_p.amount)).where(_p.at <= at)
        rows = self._session.execute(query.group_by(_p.kind, _p.unit, _p.book))
        return {(kind, unit, Book(book)): int(units) for kind, unit, book, units in rows}

    def drift(self) -> Sequence[Drift]:
        """Where lots and ledger disagree."""
        sums = sa.select(_p.lot_id, sa.func.sum(_p.amount).label("units")).group_by(_p.lot_id).subquery()
        booked = sa.func.coalesce(sums.c.units, 0)
        query = sa.select(_l.id, _l.left, booked).outerjoin(sums, sums.c.lot_id == _l.id)
        rows = self._session.execute(query.where(booked != _l.left).order_by(_l.id))
        return [Drift(lot_id=id, left=left, by_ledger=int(units)) for id, left, units in rows]


def _side(one: Transaction, posting: Posting) -> dict[str, Any]:
    return {
        "transaction_id": one.id,
        "at": one.at,
        "book": posting.book.value,
        "kind": posting.kind,
        "unit": posting.unit,
        "amount": posting.amount,
        "account_id": posting.account_id,
        "lot_id": posting.lot_id,
    }


def _transaction(rows: Sequence[sa.RowMapping]) -> Transaction:
    first = rows[0]
    return Transaction(
        id=first["id"],
        key=first["key"],
        kind=TransactionKind(first["kind"]),
        at=first["at"],
        reference=first["reference"],
        reason=first["reason"],
        body=first["body"],
        postings=tuple(
            Posting(
                book=Book(row["book"]),
                kind=row["of"],
                unit=row["unit"],
                amount=row["amount"],
                account_id=row["account_id"],
                lot_id=row["lot_id"],
            )
            for row in rows
        ),
    )


class SqlHolds(SqlRepository[Hold]):
    """The table of holds."""

    table = wallet_holds
    entity = "wallet_hold"

    _by_key = sa.select(wallet_holds).where(_h.key == sa.bindparam("_key"))

    def to_row(self, entity: Hold) -> dict[str, Any]:
        """Columns of a hold."""
        return {
            "key": entity.key,
            "unit": entity.unit,
            "limit": entity.limit,
            "status": entity.status.value,
            "wishes": entity.wishes,
            "draws": entity.draws,
            "refunds": entity.refunds,
            "expires_at": entity.expires_at,
        }

    def from_row(self, row: sa.RowMapping) -> Hold:
        """Hold of a row."""
        return Hold(**{**row, "status": HoldStatus(row["status"])})

    def missing(self, id: str) -> Exception:
        """Nobody asks by id."""
        return NotFound()

    def by_key(self, key: str) -> Hold | None:
        """The hold with that key, or nothing."""
        row = self.session.execute(self._by_key, {"_key": key}).mappings().first()
        return None if row is None else self.from_row(row)

    def add(self, entity: Hold) -> None:
        """Store a new hold; a race for one key is told as a stale version, to be tried again."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity=self.entity, id=entity.id, version=0) from error

    def save_all(self, holds: Sequence[Hold]) -> None:
        """Store many changed holds in one statement."""
        _save_all(self, holds)

    def held(self, account_ids: Sequence[str]) -> Sequence[Hold]:
        """The holds on these accounts that nobody ended, by id."""
        reserved = (
            sa.select(_t.reference)
            .join(wallet_postings, _p.transaction_id == _t.id)
            .where(_p.account_id.in_(list(account_ids)), _t.kind == TransactionKind.RESERVE.value)
        )
        return self.where(_HELD, _h.key.in_(reserved))

    def lapsed(self, at: datetime, limit: int) -> Sequence[Hold]:
        """Holds whose time is over, longest first."""
        return self.where(_HELD, _h.expires_at <= at, order_by=(_h.expires_at, _h.id), limit=limit)


def _save_all(repository: Any, entities: Iterable[Any]) -> None:
    """Store changed aggregates in one statement, in the order of ids; all must be as they were read."""
    ordered = sorted(entities, key=lambda entity: entity.id)
    if not ordered:
        return
    rows = [{"version": e.version + 1, **repository.to_row(e), "_id": e.id, "_version": e.version} for e in ordered]
    columns = [name for name in rows[0] if not name.startswith("_")]
    update = repository._update.values({name: sa.bindparam(name) for name in columns})  # noqa: SLF001 - its own kind
    if repository.session.execute(update, rows).rowcount != len(rows):
        raise StaleVersion(entity=repository.entity, id=ordered[0].id, version=ordered[0].version)
    for entity in ordered:
        entity.version += 1
        repository.session.collect(entity)


class Unit:
    """One transaction of the wallet module."""

    def __init__(self, session: Session) -> None:
        self.accounts = SqlAccounts(session)
        self.lots = SqlLots(session)
        self.ledger = SqlLedger(session)
        self.holds = SqlHolds(session)
