"""Price lists in SQL: lists, their prices, what the prices were before, and exchange rates."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import BigKey, Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Money, Price
from commerce.pricing import ExchangeRate, ListKind, PriceEntry, PriceHold, PriceList, PriceListNotFound, PriceRecord

__all__ = ["Unit", "exchange_rates", "price_entries", "price_history", "price_lists"]

price_lists = sa.Table(
    "price_list",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("tax_included", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("channels", Wire(frozenset[str]), nullable=False),
    sa.Column("countries", Wire(frozenset[str]), nullable=False),
    sa.Column("groups", Wire(frozenset[str]), nullable=False),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
    sa.Column("enabled", sa.Boolean, nullable=False),
)

price_entries = sa.Table(
    "price_entry",
    metadata,
    sa.Column("row", BigKey, primary_key=True, autoincrement=True),
    sa.Column("list_id", sa.String(36), nullable=False),
    sa.Column("sku", sa.String(128), nullable=False, index=True),
    sa.Column("min_quantity", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("per", sa.Integer, nullable=False),
    sa.Column("floor", sa.BigInteger),
    sa.Column("floor_per", sa.Integer),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
)

price_history = sa.Table(
    "price_history",
    metadata,
    sa.Column("row", BigKey, primary_key=True, autoincrement=True),
    sa.Column("list_id", sa.String(36), nullable=False),
    sa.Column("sku", sa.String(128), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3)),
    sa.Column("amount", sa.BigInteger),
    sa.Column("per", sa.Integer),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index("ix_price_history_item", "sku", "at"),
)

exchange_rates = sa.Table(
    "exchange_rate",
    metadata,
    sa.Column("base", sa.String(3), primary_key=True),
    sa.Column("target", sa.String(3), primary_key=True),
    sa.Column("at", UtcDateTime, primary_key=True),
    sa.Column("rate", sa.String(64), nullable=False),  # exact text: SQLite has no decimals
    sa.Column("source", sa.String(255), nullable=False),
)

_PLAIN = ("name", "currency", "tax_included", "priority", "channels", "countries", "groups", "starts_at", "ends_at")


_ENTRY = ("list_id", "sku", "min_quantity", "currency", "amount", "per", "floor", "floor_per", "starts_at", "ends_at")
_RECORD = ("list_id", "sku", "at", "revision", "reason")

#: How many items one statement names at most.
_MOST_SKUS = 10_000


def _upsert(insert: Any) -> Any:
    statement = insert(exchange_rates)
    fresh = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["base", "target", "at"], set_={"rate": fresh.rate, "source": fresh.source}
    )


_put_rate = {True: _upsert(sqlite.insert), False: _upsert(postgresql.insert)}


def _entry_columns(entry: PriceEntry | None) -> dict[str, Any]:
    price = None if entry is None else entry.price
    return {
        "currency": price and price.currency.code,
        "amount": price and price.amount.minor,
        "per": price and price.per,
        "starts_at": entry and entry.starts_at,
        "ends_at": entry and entry.ends_at,
    }


def _entry(row: sa.RowMapping) -> PriceEntry:
    """What a record says of single units."""
    return PriceEntry(
        list_id=row["list_id"],
        sku=row["sku"],
        price=Price(Money.of_minor(row["amount"], row["currency"]), per=row["per"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )


price_holds = sa.Table(
    "price_hold",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("until", UtcDateTime, nullable=False, index=True),
    sa.Column("hold", Wire(PriceHold), nullable=False),
)


class SqlPriceLists(SqlRepository[PriceList]):
    """The table of price lists."""

    table = price_lists
    entity = "price_list"

    _on = sa.select(price_lists).where(price_lists.c.enabled).order_by(price_lists.c.id)

    def to_row(self, entity: PriceList) -> dict[str, Any]:
        """Columns of a list."""
        plain = {name: getattr(entity, name) for name in _PLAIN}
        return {"kind": entity.kind.value, "enabled": entity.enabled, **plain}

    def from_row(self, row: sa.RowMapping) -> PriceList:
        """List of a row."""
        return PriceList(
            id=row["id"],
            version=row["version"],
            kind=ListKind(row["kind"]),
            enabled=row["enabled"],
            **{name: row[name] for name in _PLAIN},
        )

    def missing(self, id: str) -> Exception:
        """There is no such list."""
        return PriceListNotFound(list_id=id)

    def enabled(self) -> Sequence[PriceList]:
        """All lists that are switched on."""
        return [self.from_row(row) for row in self.session.execute(self._on).mappings()]

    def all(self) -> Sequence[PriceList]:
        """All lists, by id."""
        return self.where()


class SqlPriceEntries:
    """The tables of prices and of their history."""

    _of = sa.select(*(price_entries.c[name] for name in _ENTRY)).where(
        price_entries.c.sku.in_(sa.bindparam("skus", expanding=True))
    )
    _gone = sa.delete(price_entries).where(
        price_entries.c.list_id == sa.bindparam("_list_id"),
        price_entries.c.sku.in_(sa.bindparam("skus", expanding=True)),
    )
    _history = sa.select(price_history).where(
        price_history.c.sku.in_(sa.bindparam("skus", expanding=True)),
        sa.or_(
            sa.bindparam("_list_id", type_=sa.String).is_(None), price_history.c.list_id == sa.bindparam("_list_id")
        ),
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""
        return [
            PriceEntry(
                list_id=list_id,
                sku=sku,
                price=Price(Money.of_minor(amount, currency), per=per),
                floor=None if floor is None else Price(Money.of_minor(floor, currency), per=floor_per),
                min_quantity=min_quantity,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            for found in self._results(self._of, skus)
            for list_id, sku, min_quantity, currency, amount, per, floor, floor_per, starts_at, ends_at in found.all()
        ]

    def _results(self, query: sa.Select[Any], skus: Sequence[str], **more: Any) -> Iterator[Any]:
        """Results of many items: a statement has room for a limited number of parameters."""
        for start in range(0, len(skus), _MOST_SKUS):
            yield self._session.execute(query, {"skus": skus[start : start + _MOST_SKUS], **more})

    def replace(self, list_id: str, skus: Sequence[str], entries: Sequence[PriceEntry]) -> None:
        """Give each of these SKUs exactly these entries in one list; none takes the price away."""
        for start in range(0, len(skus), _MOST_SKUS):
            self._session.execute(self._gone, {"_list_id": list_id, "skus": skus[start : start + _MOST_SKUS]})
        if entries:
            self._session.execute(
                sa.insert(price_entries),
                [
                    {
                        "list_id": list_id,
                        "sku": entry.sku,
                        "min_quantity": entry.min_quantity,
                        "floor": entry.floor and entry.floor.amount.minor,
                        "floor_per": entry.floor and entry.floor.per,
                        **_entry_columns(entry),
                    }
                    for entry in entries
                ],
            )

    def note(self, records: Sequence[PriceRecord]) -> None:
        """Append to the price history."""
        if records:
            rows = [{name: getattr(r, name) for name in _RECORD} | _entry_columns(r.entry) for r in records]
            self._session.execute(sa.insert(price_history), rows)

    def history(self, skus: Sequence[str], list_id: str | None = None) -> Sequence[PriceRecord]:
        """The price history of items in one list or all, oldest first."""
        found = self._results(self._history, skus, _list_id=list_id)
        rows = [row for result in found for row in result.mappings()]
        return [
            PriceRecord(entry=None if row["amount"] is None else _entry(row), **{name: row[name] for name in _RECORD})
            for row in sorted(rows, key=lambda row: (row["at"], row["row"]))
        ]


class SqlExchangeRates:
    """The table of exchange rates."""

    _latest = (
        sa.select(exchange_rates)
        .where(
            exchange_rates.c.base == sa.bindparam("_base"),
            exchange_rates.c.target == sa.bindparam("_target"),
            exchange_rates.c.at <= sa.bindparam("_at", type_=UtcDateTime),
        )
        .order_by(exchange_rates.c.at.desc())
        .limit(1)
    )

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, rates: Sequence[ExchangeRate]) -> None:
        """Store rates; one of the same currencies and moment is replaced."""
        if rates:
            rows = [
                {"base": r.base, "target": r.target, "at": r.at, "rate": str(r.rate), "source": r.source} for r in rates
            ]
            self._session.execute(_put_rate[self._session.is_sqlite], rows)

    def rate(self, base: str, target: str, at: datetime) -> ExchangeRate | None:
        """The latest rate known at a moment, or nothing."""
        asked = {"_base": base, "_target": target, "_at": at}
        row = self._session.execute(self._latest, asked).mappings().first()
        return None if row is None else ExchangeRate(**{**row, "rate": Decimal(row["rate"])})


class SqlPriceHolds:
    """The table of promised prices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, key: str, hold: PriceHold) -> None:
        """Store a promise in place of any earlier one."""
        insert = sqlite.insert(price_holds) if self._session.is_sqlite else postgresql.insert(price_holds)
        changes = {"until": hold.until, "hold": hold}
        upsert = insert.values(key=key, **changes).on_conflict_do_update(index_elements=["key"], set_=changes)
        self._session.execute(upsert)

    def find(self, key: str) -> PriceHold | None:
        """The promise, or nothing."""
        found: PriceHold | None = self._session.execute(
            sa.select(price_holds.c.hold).where(price_holds.c.key == key)
        ).scalar_one_or_none()
        return found


class Unit:
    """One transaction of the pricing module."""

    def __init__(self, session: Session) -> None:
        self.lists = SqlPriceLists(session)
        self.entries = SqlPriceEntries(session)
        self.exchange = SqlExchangeRates(session)
        self.holds = SqlPriceHolds(session)
