"""Price lists in SQL: lists, their prices, and what the prices were before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import BigKey, Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Money, Price
from commerce.pricing import ListKind, PriceChange, PriceEntry, PriceList, PriceListNotFound

__all__ = ["Unit", "price_entries", "price_history", "price_lists"]

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
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("per", sa.Integer, nullable=False),
    sa.Index("ix_price_history_item", "list_id", "sku", "at"),
)

_PLAIN = ("name", "currency", "tax_included", "priority", "channels", "countries", "groups", "starts_at", "ends_at")


def _price_columns(price: Price) -> dict[str, Any]:
    return {"currency": price.currency.code, "amount": price.amount.minor, "per": price.per}


def _price(row: sa.RowMapping) -> Price:
    return Price(Money.of_minor(row["amount"], row["currency"]), per=row["per"])


class SqlPriceLists(SqlRepository[PriceList]):
    """The table of price lists."""

    table = price_lists
    entity = "price_list"

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
        return self.where(price_lists.c.enabled)


class SqlPriceEntries:
    """The tables of prices and of their history."""

    _of = sa.select(price_entries).where(price_entries.c.sku.in_(sa.bindparam("skus", expanding=True)))

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """The entries of these SKUs in all lists."""
        return [
            PriceEntry(
                list_id=row["list_id"],
                sku=row["sku"],
                price=_price(row),
                min_quantity=row["min_quantity"],
                starts_at=row["starts_at"],
                ends_at=row["ends_at"],
            )
            for row in self._session.execute(self._of, {"skus": list(skus)}).mappings()
        ]

    def replace(self, list_id: str, entries: Sequence[PriceEntry]) -> None:
        """Give each SKU that occurs exactly these entries in one list."""
        gone = sa.delete(price_entries).where(
            price_entries.c.list_id == list_id, price_entries.c.sku.in_(sa.bindparam("skus", expanding=True))
        )
        skus = sorted({entry.sku for entry in entries})
        for start in range(0, len(skus), 500):  # a statement has room for a limited number of parameters
            self._session.execute(gone, {"skus": skus[start : start + 500]})
        if entries:
            self._session.execute(
                sa.insert(price_entries),
                [
                    {
                        "list_id": list_id,
                        "sku": entry.sku,
                        "min_quantity": entry.min_quantity,
                        "starts_at": entry.starts_at,
                        "ends_at": entry.ends_at,
                        **_price_columns(entry.price),
                    }
                    for entry in entries
                ],
            )

    def note(self, list_id: str, changes: Sequence[PriceChange]) -> None:
        """Append to the price history of a list."""
        if changes:
            rows = [{"list_id": list_id, "sku": c.sku, "at": c.at, **_price_columns(c.price)} for c in changes]
            self._session.execute(sa.insert(price_history), rows)

    def history(self, list_id: str, sku: str, since: datetime | None = None) -> Sequence[PriceChange]:
        """The price history of one item in one list, oldest first."""
        query = sa.select(price_history).where(price_history.c.list_id == list_id, price_history.c.sku == sku)
        if since is not None:
            query = query.where(price_history.c.at >= since)
        rows = self._session.execute(query.order_by(price_history.c.at, price_history.c.row)).mappings()
        return [PriceChange(sku=sku, price=_price(row), at=row["at"]) for row in rows]


class Unit:
    """One transaction of the pricing module."""

    def __init__(self, session: Session) -> None:
        self.lists = SqlPriceLists(session)
        self.entries = SqlPriceEntries(session)
