"""Stock in SQL: guarded counters, an append-only ledger, and the holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import BigKey, Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.inventory import (
    Demand,
    Drift,
    Movement,
    MovementReason,
    Reservation,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockLocation,
    StockMode,
)
from commerce.kernel import NotFound, StaleVersion

__all__ = ["Unit", "stock_items", "stock_locations", "stock_movements", "stock_reservations"]

stock_locations = sa.Table(
    "stock_location",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
)

stock_items = sa.Table(
    "stock_item",
    metadata,
    sa.Column("sku", sa.String(128), primary_key=True),
    sa.Column("location_id", sa.String(64), primary_key=True),
    sa.Column("on_hand", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
    sa.Column("safety_stock", sa.BigInteger, nullable=False),
    sa.Column("backorder_limit", sa.BigInteger, nullable=False),
    sa.Column("mode", sa.String(24), nullable=False),
    sa.CheckConstraint("reserved >= 0", name="reserved"),
    sa.CheckConstraint("on_hand >= 0 OR mode = 'tracked'", name="on_hand"),
)

stock_movements = sa.Table(
    "stock_movement",
    metadata,
    sa.Column("position", BigKey, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("sku", sa.String(128), nullable=False, index=True),
    sa.Column("location_id", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("on_hand", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("key", "reason", "sku", "location_id"),
)

stock_reservations = sa.Table(
    "stock_reservation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("demand", Wire(tuple[Demand, ...]), nullable=False),
    sa.Column("lines", Wire(tuple[ReservedLine, ...]), nullable=False),
    sa.Column("done", Wire(tuple[str, ...]), nullable=False),
    sa.Column("expires_at", UtcDateTime, index=True),
)

_c = stock_items.c
_FREE = _c.mode == StockMode.TRACKED.value
_ROW = sa.and_(_c.sku == sa.bindparam("_sku"), _c.location_id == sa.bindparam("_location_id"))
_BOOK = (
    sa.update(stock_items)
    .where(
        _ROW,
        _c.reserved + sa.bindparam("_reserved") >= 0,
        sa.or_(_FREE, _c.on_hand + sa.bindparam("_on_hand") >= 0),
    )
    .values(on_hand=_c.on_hand + sa.bindparam("_on_hand"), reserved=_c.reserved + sa.bindparam("_reserved"))
)
#: The check and the taking are one statement: of two who want the last unit, one changes no row.
_HOLD = (
    sa.update(stock_items)
    .where(
        _ROW,
        sa.or_(_FREE, _c.on_hand - _c.reserved - _c.safety_stock + _c.backorder_limit >= sa.bindparam("_reserved")),
    )
    .values(reserved=_c.reserved + sa.bindparam("_reserved"))
)
_APPEND = sa.insert(stock_movements)
_ITEMS = (
    sa.select(stock_items)
    .join(stock_locations, stock_locations.c.id == _c.location_id)
    .where(_c.sku.in_(sa.bindparam("skus", expanding=True)))
    .order_by(stock_locations.c.priority, stock_locations.c.id, _c.sku)
)
_INCOMING = frozenset({MovementReason.RECEIVE, MovementReason.RESTOCK, MovementReason.ADJUST, MovementReason.TRANSFER})


class SqlStock:
    """The tables of locations, counters and movements."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT."""
        return sqlite.insert(table) if self._session.is_sqlite else postgresql.insert(table)

    def add_location(self, location: StockLocation) -> None:
        """Store a location, or its changes."""
        changes = {"name": location.name, "priority": location.priority, "country": location.country}
        insert = self._insert(stock_locations).values(id=location.id, **changes)
        self._session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changes))

    def locations(self) -> Sequence[StockLocation]:
        """All locations, lowest priority first, then by id."""
        query = sa.select(stock_locations).order_by(stock_locations.c.priority, stock_locations.c.id)
        return [StockLocation(**row) for row in self._session.execute(query).mappings()]

    def configure(self, item: StockItem) -> None:
        """Store how an item is counted; its counters stay."""
        rules = {
            "mode": item.mode.value,
            "safety_stock": item.safety_stock,
            "backorder_limit": item.backorder_limit,
        }
        insert = self._insert(stock_items).values(
            sku=item.sku, location_id=item.location_id, on_hand=item.on_hand, reserved=item.reserved, **rules
        )
        self._session.execute(insert.on_conflict_do_update(index_elements=["sku", "location_id"], set_=rules))

    def items(self, skus: Sequence[str]) -> Sequence[StockItem]:
        """The counters of these SKUs at every location."""
        rows = self._session.execute(_ITEMS, {"skus": list(skus)}).mappings()
        return [StockItem(**{**row, "mode": StockMode(row["mode"])}) for row in rows]

    def book(self, movements: Sequence[Movement], *, guarded: bool = False) -> bool:
        """Change counters and append to the ledger."""
        if not movements:
            return True
        ordered = sorted(movements, key=lambda m: (m.sku, m.location_id))
        fresh = [m for m in ordered if m.reason in _INCOMING and m.on_hand > 0]
        if fresh:
            blank = {"on_hand": 0, "reserved": 0, "safety_stock": 0, "backorder_limit": 0}
            mode = StockMode.RESERVE_ON_ORDER.value
            self._session.execute(
                self._insert(stock_items).on_conflict_do_nothing(index_elements=["sku", "location_id"]),
                [{"sku": m.sku, "location_id": m.location_id, "mode": mode, **blank} for m in fresh],
            )
        rows = [
            {"_sku": m.sku, "_location_id": m.location_id, "_on_hand": m.on_hand, "_reserved": m.reserved}
            for m in ordered
        ]
        if self._session.execute(_HOLD if guarded else _BOOK, rows).rowcount != len(rows):
            return False
        try:
            self._session.execute(
                _APPEND,
                [
                    {
                        "key": m.key,
                        "reason": m.reason.value,
                        "sku": m.sku,
                        "location_id": m.location_id,
                        "at": m.at,
                        "on_hand": m.on_hand,
                        "reserved": m.reserved,
                    }
                    for m in ordered
                ],
            )
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity="stock_movement", id=ordered[0].key, version=0) from error
        return True

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""
        return self._read(stock_movements.c.key == key)

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""
        return self._read(stock_movements.c.sku == sku)

    def _read(self, criterion: sa.ColumnElement[bool]) -> list[Movement]:
        query = sa.select(stock_movements).where(criterion).order_by(stock_movements.c.position)
        return [
            Movement(
                key=row["key"],
                reason=MovementReason(row["reason"]),
                sku=row["sku"],
                location_id=row["location_id"],
                at=row["at"],
                on_hand=row["on_hand"],
                reserved=row["reserved"],
            )
            for row in self._session.execute(query).mappings()
        ]

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""
        m = stock_movements.c
        ledger = (
            sa.select(m.sku, m.location_id, sa.func.sum(m.on_hand).label("h"), sa.func.sum(m.reserved).label("r"))
            .group_by(m.sku, m.location_id)
            .subquery()
        )
        on_hand, reserved = sa.func.coalesce(ledger.c.h, 0), sa.func.coalesce(ledger.c.r, 0)
        query = (
            sa.select(stock_items, on_hand.label("h"), reserved.label("r"))
            .outerjoin(ledger, sa.and_(ledger.c.sku == _c.sku, ledger.c.location_id == _c.location_id))
            .where(sa.or_(on_hand != _c.on_hand, reserved != _c.reserved))
            .order_by(_c.sku, _c.location_id)
        )
        return [
            Drift(
                sku=row["sku"],
                location_id=row["location_id"],
                on_hand=row["on_hand"],
                on_hand_by_ledger=int(row["h"]),
                reserved=row["reserved"],
                reserved_by_ledger=int(row["r"]),
            )
            for row in self._session.execute(query).mappings()
        ]


class SqlReservations(SqlRepository[Reservation]):
    """The table of reservations."""

    table = stock_reservations
    entity = "reservation"

    _by_key = sa.select(stock_reservations).where(stock_reservations.c.key == sa.bindparam("_key"))

    def to_row(self, entity: Reservation) -> dict[str, Any]:
        """Columns of a reservation."""
        return {
            "key": entity.key,
            "status": entity.status.value,
            "demand": entity.demand,
            "lines": entity.lines,
            "done": entity.done,
            "expires_at": entity.expires_at,
        }

    def from_row(self, row: sa.RowMapping) -> Reservation:
        """Reservation of a row."""
        return Reservation(**{**row, "status": ReservationStatus(row["status"])})

    def missing(self, id: str) -> Exception:
        """Nobody asks by id."""
        return NotFound()

    def by_key(self, key: str) -> Reservation | None:
        """The reservation with that key, or nothing."""
        row = self.session.execute(self._by_key, {"_key": key}).mappings().first()
        return None if row is None else self.from_row(row)

    def add(self, entity: Reservation) -> None:
        """Store a new reservation; a race for one key is told as a stale version, to be tried again."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity=self.entity, id=entity.id, version=0) from error

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over."""
        c = stock_reservations.c
        query = (
            sa.select(c.key)
            .where(c.status == ReservationStatus.HELD.value, c.expires_at <= at)
            .order_by(c.expires_at)
            .limit(limit)
        )
        return list(self.session.execute(query).scalars())


class Unit:
    """One transaction of the inventory module."""

    def __init__(self, session: Session) -> None:
        self.stock = SqlStock(session)
        self.reservations = SqlReservations(session)
