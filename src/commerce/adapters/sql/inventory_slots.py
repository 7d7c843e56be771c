"""One item in several rows, for when hundreds want it in the same second.

A row that is changed stays locked until its transaction is on disk, so a single counter takes one
hold per commit. An item with ``shards`` lends most of its free units to slots: rows of their own, counted
as reserved in the item meanwhile. A hold takes from the fullest slot that nobody has locked, and
never waits; failing that from the item's own row; failing that it calls everything back, decides on the
whole, and lends again. So the answer is exact to the last unit, and whatever else happens to
an item happens in its own row.

Order of locks: items by (sku, location); of one item its own row, then its slots.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import Session, metadata

__all__ = ["Slots", "lent", "stock_slots"]

#: Fewer units than this per slot are not worth lending: the last ones are taken from the item's own row.
_LEAST = 4

stock_slots = sa.Table(
    "stock_slot",
    metadata,
    sa.Column("sku", sa.String(128), primary_key=True),
    sa.Column("location_id", sa.String(64), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("free", sa.BigInteger, nullable=False),
    sa.CheckConstraint("free >= 0", name="free"),
)

_s = stock_slots.c
_HERE = sa.and_(_s.sku == sa.bindparam("_sku"), _s.location_id == sa.bindparam("_location_id"))
_ENOUGH = _s.free >= sa.bindparam("_promised", type_=sa.BigInteger())
_FULLEST = (
    sa.select(_s.slot)
    .where(_HERE, _ENOUGH)
    .order_by(_s.free.desc(), _s.slot)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_DRAW = (
    sa.update(stock_slots)
    .where(_HERE, _ENOUGH, _s.slot == _FULLEST)
    .values(free=_s.free - sa.bindparam("_promised", type_=sa.BigInteger()))
)
_ALL = sa.select(_s.free).where(_HERE).order_by(_s.slot).with_for_update()
_EMPTY = sa.delete(stock_slots).where(_HERE)
_LEND = sa.insert(stock_slots)


def lent(items: sa.Table) -> sa.ColumnElement[int]:
    """How many units of an item its slots have; asked only of items that have any."""
    units = (
        sa.select(sa.cast(sa.func.sum(_s.free), sa.BigInteger()))
        .where(_s.sku == items.c.sku, _s.location_id == items.c.location_id)
        .correlate(items)
        .scalar_subquery()
    )
    return sa.case((items.c.shards > 1, sa.func.coalesce(units, 0)), else_=0)


class Slots:
    """The slots of sharded items, in one transaction."""

    def __init__(self, session: Session, items: sa.Table) -> None:
        self._session = session
        c = items.c
        row = sa.and_(c.sku == sa.bindparam("_sku"), c.location_id == sa.bindparam("_location_id"))
        self._item = sa.select(items).where(row).with_for_update()
        self._lend = sa.update(items).where(row).values(reserved=c.reserved + sa.bindparam("_lent"))

    def draw(self, change: Mapping[str, Any]) -> bool:
        """Take units from a slot, if one has them all and is free right now."""
        return self._session.execute(_DRAW, change).rowcount == 1

    def recall(self, change: Mapping[str, Any]) -> None:
        """Bring every lent unit back into the item's own row, which stays locked."""
        place = _place(change)
        self._session.execute(self._item, place)
        back = sum(self._session.execute(_ALL, place).scalars())
        if back:
            self._session.execute(self._lend, {**place, "_lent": -back})
        self._session.execute(_EMPTY, place)

    def spread(self, change: Mapping[str, Any], limited: Iterable[str]) -> None:
        """Lend equal shares of what is here and free; one share, and what may be owed, stay with the item."""
        place = _place(change)
        item = self._session.execute(self._item, place).mappings().one()
        free = item["on_hand"] - item["reserved"] - item["safety_stock"]
        share = free // (item["shards"] + 1)
        if item["shards"] == 1 or share < _LEAST or item["mode"] not in limited:
            return
        rows = [
            {"sku": item["sku"], "location_id": item["location_id"], "slot": n, "free": share}
            for n in range(item["shards"])
        ]
        self._session.execute(_LEND, rows)
        self._session.execute(self._lend, {**place, "_lent": share * len(rows)})


def _place(change: Mapping[str, Any]) -> dict[str, Any]:
    return {"_sku": change["_sku"], "_location_id": change["_location_id"]}
