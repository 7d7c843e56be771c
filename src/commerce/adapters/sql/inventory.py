"""Stock in SQL: guarded counters, an append-only ledger, and the holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import BigKey, Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.adapters.sql.inventory_slots import Slots, lent
from commerce.inventory import (
    Demand,
    Drift,
    Incoming,
    Kit,
    KitPart,
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

__all__ = [
    "Unit",
    "stock_incoming",
    "stock_items",
    "stock_kits",
    "stock_locations",
    "stock_movements",
    "stock_reservations",
]

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
    sa.Column("backorder_until", UtcDateTime),
    sa.Column("preorder_limit", sa.BigInteger, nullable=False),
    sa.Column("released_at", UtcDateTime),
    sa.Column("mode", sa.String(24), nullable=False),
    sa.Column("shards", sa.Integer, nullable=False),
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
    sa.Column("counted", sa.BigInteger),
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
    sa.Column("kits", Wire(tuple[Kit, ...]), nullable=False),
    sa.Column("done", Wire(tuple[str, ...]), nullable=False),
    sa.Column("expires_at", UtcDateTime),
)
_r = stock_reservations.c
# Only what can lapse: a hold that was committed or let go has left the index.
sa.Index(
    "ix_stock_reservation_held",
    _r.expires_at,
    postgresql_where=_r.status == ReservationStatus.HELD.value,
    sqlite_where=_r.status == ReservationStatus.HELD.value,
)

stock_kits = sa.Table(
    "stock_kit",
    metadata,
    sa.Column("sku", sa.String(128), primary_key=True),
    sa.Column("component", sa.String(128), primary_key=True, index=True),
    sa.Column("quantity", sa.BigInteger, nullable=False),
)

stock_incoming = sa.Table(
    "stock_incoming",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("sku", sa.String(128), primary_key=True, index=True),
    sa.Column("location_id", sa.String(64), primary_key=True),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
)

_c = stock_items.c
_units = sa.BigInteger()
_ROW = sa.and_(_c.sku == sa.bindparam("_sku"), _c.location_id == sa.bindparam("_location_id"))
_AT = sa.bindparam("_at", type_=UtcDateTime())
_ALLOWANCE = sa.case(
    (sa.and_(_c.released_at.is_not(None), _c.released_at > _AT), _c.preorder_limit),
    (sa.or_(_c.backorder_until.is_(None), _c.backorder_until > _AT), _c.backorder_limit),
    else_=0,
)
_ON_HAND, _RESERVED = sa.bindparam("_on_hand", type_=_units), sa.bindparam("_reserved", type_=_units)
_PROMISED, _CARRIED = sa.bindparam("_promised", type_=_units), sa.bindparam("_carried", type_=_units)
#: The check and the taking are one statement: of two who want the last unit, one changes no row.
_HOLD = (
    sa.update(stock_items)
    .where(
        _ROW,
        sa.or_(
            _c.mode == StockMode.TRACKED.value,
            _c.on_hand - _c.reserved - _c.safety_stock + _ALLOWANCE >= _RESERVED,
        ),
    )
    .values(reserved=_c.reserved + _RESERVED)
)
_BOOK = (
    sa.update(stock_items)
    .where(
        _ROW,
        _c.reserved + _RESERVED >= 0,
        sa.or_(
            _c.mode == StockMode.TRACKED.value,
            sa.and_(
                _c.on_hand + _ON_HAND >= 0,
                sa.or_(_PROMISED <= 0, _c.on_hand - _c.reserved - _c.safety_stock + _ALLOWANCE >= _PROMISED),
                sa.or_(_CARRIED <= 0, _c.on_hand - _c.reserved >= _CARRIED),
            ),
        ),
    )
    .values(on_hand=_c.on_hand + _ON_HAND, reserved=_c.reserved + _RESERVED)
)
_APPEND = sa.insert(stock_movements)
#: What is promised or lent, less what is only lent.
_COUNTERS = [column for column in _c if column.name != "reserved"] + [
    (_c.reserved - lent(stock_items)).label("reserved")
]
_ITEMS = (
    sa.select(*_COUNTERS)
    .join(stock_locations, stock_locations.c.id == _c.location_id)
    .where(_c.sku.in_(sa.bindparam("skus", expanding=True)))
    .order_by(stock_locations.c.priority, stock_locations.c.id, _c.sku)
)
_BLANK = {
    "on_hand": 0,
    "reserved": 0,
    "safety_stock": 0,
    "backorder_limit": 0,
    "preorder_limit": 0,
    "mode": StockMode.RESERVE_ON_ORDER.value,
    "shards": 1,
}


def _held_lines(*, is_sqlite: bool) -> sa.Subquery:
    """The lines of holds that can lapse, out of their JSON: (id, expires_at, sku, location_id, open)."""
    if is_sqlite:
        line = sa.func.json_each(_r.lines).table_valued("value")

        def part(name: str) -> sa.ColumnElement[Any]:
            return sa.func.json_extract(line.c.value, f"$.{name}")
    else:
        line = sa.func.jsonb_array_elements(_r.lines).table_valued(sa.column("value", postgresql.JSONB))

        def part(name: str) -> sa.ColumnElement[Any]:
            text: sa.ColumnElement[Any] = line.c.value[name].astext
            return text

    def units(name: str) -> sa.ColumnElement[int]:
        return sa.cast(part(name), _units)

    return (
        sa.select(
            _r.id,
            part("sku").label("sku"),
            part("location_id").label("location_id"),
            (units("quantity") - units("shipped") - units("released")).label("open"),
        )
        .select_from(stock_reservations.join(line, sa.true()))
        .where(_r.status == ReservationStatus.HELD.value, _r.expires_at <= _AT)
        .subquery()
    )


def _with_lapsed(held: sa.Subquery) -> sa.Select[Any]:
    lapsed = (
        sa.select(held.c.sku, held.c.location_id, sa.cast(sa.func.sum(held.c.open), _units).label("lapsed"))
        .group_by(held.c.sku, held.c.location_id)
        .subquery()
    )
    same = sa.and_(lapsed.c.sku == _c.sku, lapsed.c.location_id == _c.location_id)
    return _ITEMS.add_columns(sa.func.coalesce(lapsed.c.lapsed, 0).label("lapsed")).outerjoin(lapsed, same)


_HELD_LINES = {sqlite_: _held_lines(is_sqlite=sqlite_) for sqlite_ in (True, False)}
_ITEMS_AND_LAPSED = {sqlite_: _with_lapsed(held) for sqlite_, held in _HELD_LINES.items()}


_LIMITED = frozenset({StockMode.RESERVE_ON_ORDER.value, StockMode.RESERVE_ON_CART.value})
#: These change only what is promised and owed, which the slots do not know.
_QUIET = frozenset({MovementReason.RELEASE, MovementReason.SHIP})


def _item(row: sa.RowMapping) -> StockItem:
    return StockItem(**{**row, "mode": StockMode(row["mode"])})


Change = tuple[tuple[str, str], list[Movement]]


class SqlStock:
    """The tables of locations, counters, movements, kits and expected deliveries."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._slots = Slots(session, stock_items)
        self._sharded: set[tuple[str, str]] = set()

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
            "backorder_until": item.backorder_until,
            "preorder_limit": item.preorder_limit,
            "released_at": item.released_at,
            "shards": item.shards,
        }
        place = {"_sku": item.sku, "_location_id": item.location_id}
        known = self.locked(item.sku, item.location_id)
        if known.shards > 1:
            self._slots.recall(place)
        insert = self._insert(stock_items).values(
            **{**_BLANK, "sku": item.sku, "location_id": item.location_id, **rules}
        )
        self._session.execute(insert.on_conflict_do_update(index_elements=["sku", "location_id"], set_=rules))
        if item.shards > 1:
            self._slots.spread(place, _LIMITED)

    def items(self, skus: Sequence[str], lapsed_at: datetime | None = None) -> Sequence[StockItem]:
        """The counters of these SKUs at every location, and what lapsed holds still keep of them."""
        if lapsed_at is None:
            rows = self._session.execute(_ITEMS, {"skus": list(skus)})
        else:
            query = _ITEMS_AND_LAPSED[self._session.is_sqlite]
            rows = self._session.execute(query, {"skus": list(skus), "_at": lapsed_at})
        return self._noted(rows)

    def _noted(self, rows: sa.CursorResult[Any]) -> list[StockItem]:
        """Counters of rows; the transaction remembers which items have slots."""
        items = [_item(row) for row in rows.mappings()]
        self._sharded.update((item.sku, item.location_id) for item in items if item.shards > 1)
        return items

    def locked(self, sku: str, location_id: str) -> StockItem:
        """The counters of one item, kept from others until the transaction ends."""
        query = sa.select(*_COUNTERS).where(_ROW).with_for_update()
        rows = self._session.execute(query, {"_sku": sku, "_location_id": location_id})
        return next(iter(self._noted(rows)), StockItem(sku=sku, location_id=location_id))

    def book(self, movements: Sequence[Movement]) -> bool:
        """Append to the ledger and change counters: the rows that all want are taken last, and briefly."""
        if not movements:
            return True
        ordered = sorted(movements, key=lambda m: (m.sku, m.location_id, m.reason))
        self._append(ordered)
        self._add_rows([m for m in ordered if m.on_hand > 0 or m.reason is MovementReason.COUNT])
        changes = [(place, list(same)) for place, same in groupby(ordered, lambda m: (m.sku, m.location_id))]
        self._look_for_slots([place for place, same in changes if _stirs(same)])
        runs = groupby(changes, lambda change: change[0] in self._sharded)
        return all(self._stir(run) if sharded else self._change(run) for sharded, run in runs)

    def _look_for_slots(self, places: Sequence[tuple[str, str]]) -> None:
        """Holds were planned on counters just read; for units that come or go, ask."""
        if places:
            rows = sa.tuple_(_c.sku, _c.location_id).in_(places)
            query = sa.select(_c.sku, _c.location_id).where(_c.shards > 1, rows)
            self._sharded.update((sku, at) for sku, at in self._session.execute(query))

    def _change(self, changes: Iterable[Change]) -> bool:
        """Change counters, row by row in one statement. Holds alone have a shorter one."""
        moved = [same for _, same in changes]
        holds = all(m.reason is MovementReason.RESERVE for same in moved for m in same)
        rows = [_net(same) for same in moved]
        return self._session.execute(_HOLD if holds else _BOOK, rows).rowcount == len(rows)

    def _stir(self, changes: Iterable[Change]) -> bool:
        """Change items that have slots, one by one."""
        return all(self._stir_one(place, same) for place, same in changes)

    def _stir_one(self, place: tuple[str, str], same: list[Movement]) -> bool:
        net = _net(same)
        stirs = _stirs(same)
        if not stirs and net["_promised"] > 0 and self._slots.draw(net):
            return True
        if not stirs and self._change([(place, same)]):
            return True
        self._slots.recall(net)
        done = self._change([(place, same)])
        if done:
            self._slots.spread(net, _LIMITED)
        return done

    def _append(self, movements: Sequence[Movement]) -> None:
        rows = [
            {
                "key": m.key,
                "reason": m.reason.value,
                "sku": m.sku,
                "location_id": m.location_id,
                "at": m.at,
                "on_hand": m.on_hand,
                "reserved": m.reserved,
                "counted": m.counted,
            }
            for m in movements
        ]
        try:
            self._session.execute(_APPEND, rows)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity="stock_movement", id=movements[0].key, version=0) from error

    def _add_rows(self, movements: Sequence[Movement]) -> None:
        """Units came: an item that has no counters yet gets some."""
        if movements:
            self._session.execute(
                self._insert(stock_items).on_conflict_do_nothing(index_elements=["sku", "location_id"]),
                [{"sku": m.sku, "location_id": m.location_id, **_BLANK} for m in movements],
            )

    def booked(self, key: str) -> Sequence[Movement]:
        """The movements with this key."""
        return self._read(stock_movements.c.key == key)

    def movements(self, sku: str) -> Sequence[Movement]:
        """The ledger of one SKU, oldest first."""
        return self._read(stock_movements.c.sku == sku)

    def _read(self, criterion: sa.ColumnElement[bool]) -> list[Movement]:
        columns = [column for column in stock_movements.c if column.name != "position"]
        query = sa.select(*columns).where(criterion).order_by(stock_movements.c.position)
        rows = self._session.execute(query).mappings()
        return [Movement(**{**row, "reason": MovementReason(row["reason"])}) for row in rows]

    def drift(self) -> Sequence[Drift]:
        """Where counters and ledger disagree."""
        m = stock_movements.c
        ledger = (
            sa.select(m.sku, m.location_id, sa.func.sum(m.on_hand).label("h"), sa.func.sum(m.reserved).label("r"))
            .group_by(m.sku, m.location_id)
            .subquery()
        )
        on_hand, reserved = sa.func.coalesce(ledger.c.h, 0), sa.func.coalesce(ledger.c.r, 0)
        promised = _c.reserved - lent(stock_items)
        query = (
            sa.select(*_COUNTERS, on_hand.label("h"), reserved.label("r"))
            .outerjoin(ledger, sa.and_(ledger.c.sku == _c.sku, ledger.c.location_id == _c.location_id))
            .where(sa.or_(on_hand != _c.on_hand, reserved != promised))
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

    def define(self, kit: Kit) -> None:
        """Store of which components a kit is made."""
        self._session.execute(sa.delete(stock_kits).where(stock_kits.c.sku == kit.sku))
        if kit.parts:
            rows = [{"sku": kit.sku, "component": part.sku, "quantity": part.quantity} for part in kit.parts]
            self._session.execute(sa.insert(stock_kits), rows)

    def kits(self, skus: Sequence[str]) -> Sequence[Kit]:
        """Those of these SKUs that are kits."""
        return self._kits(stock_kits.c.sku.in_(list(skus)))

    def kits_of(self, components: Sequence[str]) -> Sequence[Kit]:
        """The kits that consume any of these components."""
        using = sa.select(stock_kits.c.sku).where(stock_kits.c.component.in_(list(components)))
        return self._kits(stock_kits.c.sku.in_(using))

    def _kits(self, criterion: sa.ColumnElement[bool]) -> list[Kit]:
        query = sa.select(stock_kits).where(criterion).order_by(stock_kits.c.sku, stock_kits.c.component)
        rows = self._session.execute(query)
        return [
            Kit(sku=sku, parts=tuple(KitPart(sku=part.component, quantity=part.quantity) for part in parts))
            for sku, parts in groupby(rows, lambda row: row.sku)
        ]

    def expect(self, incoming: Sequence[Incoming]) -> None:
        """Store what a delivery will bring."""
        rows = [
            {"key": i.key, "sku": i.sku, "location_id": i.location_id, "quantity": i.quantity, "due_at": i.due_at}
            for i in incoming
        ]
        try:
            self._session.execute(sa.insert(stock_incoming), rows)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity="stock_incoming", id=incoming[0].key, version=0) from error

    def incoming(self, skus: Sequence[str]) -> Sequence[Incoming]:
        """What is expected of these SKUs, soonest first."""
        return self._incoming(stock_incoming.c.sku.in_(list(skus)))

    def delivery(self, key: str) -> Sequence[Incoming]:
        """What a delivery is expected to bring."""
        return self._incoming(stock_incoming.c.key == key)

    def _incoming(self, criterion: sa.ColumnElement[bool]) -> list[Incoming]:
        i = stock_incoming.c
        query = sa.select(stock_incoming).where(criterion).order_by(i.due_at, i.key, i.sku, i.location_id)
        return [Incoming(**row) for row in self._session.execute(query).mappings()]

    def reschedule(self, key: str, due_at: datetime) -> None:
        """A delivery comes at another time."""
        self._session.execute(sa.update(stock_incoming).where(stock_incoming.c.key == key).values(due_at=due_at))

    def unexpect(self, key: str) -> None:
        """Forget a delivery."""
        self._session.execute(sa.delete(stock_incoming).where(stock_incoming.c.key == key))


def _stirs(same: Sequence[Movement]) -> bool:
    """Whether units come or go in a way that an item's slots must know of."""
    return any(m.on_hand and m.reason not in _QUIET for m in same)


def _params(m: Movement, **by: int) -> dict[str, Any]:
    return {"_sku": m.sku, "_location_id": m.location_id, "_at": m.at, **{f"_{name}": n for name, n in by.items()}}


def _net(same: Sequence[Movement]) -> dict[str, Any]:
    """What movements of one row come to. Units freed and held in one transaction need not be free before."""
    reserved = sum(m.reserved for m in same)
    return _params(
        same[0],
        on_hand=sum(m.on_hand for m in same),
        reserved=reserved,
        promised=reserved if any(m.reason is MovementReason.RESERVE for m in same) else 0,
        carried=-sum(m.on_hand for m in same if m.reason is MovementReason.TRANSFER),
    )


class SqlReservations(SqlRepository[Reservation]):
    """The table of reservations."""

    table = stock_reservations
    entity = "reservation"

    _by_key = sa.select(stock_reservations).where(_r.key == sa.bindparam("_key"))

    def to_row(self, entity: Reservation) -> dict[str, Any]:
        """Columns of a reservation."""
        return {
            "key": entity.key,
            "status": entity.status.value,
            "demand": entity.demand,
            "lines": entity.lines,
            "kits": entity.kits,
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

    def save_all(self, reservations: Sequence[Reservation]) -> None:
        """Store many changed reservations in one statement."""
        ordered = sorted(reservations, key=lambda reservation: reservation.id)
        if not ordered:
            return
        rows = [{"version": r.version + 1, **self.to_row(r), "_id": r.id, "_version": r.version} for r in ordered]
        columns = [name for name in rows[0] if not name.startswith("_")]
        done = self.session.execute(self._update.values({name: sa.bindparam(name) for name in columns}), rows)
        if done.rowcount != len(rows):
            raise StaleVersion(entity=self.entity, id=ordered[0].id, version=ordered[0].version)
        for reservation in ordered:
            reservation.version += 1
            self.session.collect(reservation)

    def lapsed(self, at: datetime, limit: int, skus: Sequence[str] = ()) -> Sequence[Reservation]:
        """Holds whose time is over, longest first."""
        query = (
            sa.select(stock_reservations)
            .where(_r.status == ReservationStatus.HELD.value, _r.expires_at <= _AT)
            .order_by(_r.expires_at, _r.id)
            .limit(limit)
        )
        if skus:
            held = _HELD_LINES[self.session.is_sqlite]
            query = query.where(_r.id.in_(sa.select(held.c.id).where(held.c.sku.in_(list(skus)))))
        return [self.from_row(row) for row in self.session.execute(query, {"_at": at}).mappings()]


class Unit:
    """One transaction of the inventory module."""

    def __init__(self, session: Session) -> None:
        self.stock = SqlStock(session)
        self.reservations = SqlReservations(session)
