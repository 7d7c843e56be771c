"""Promotions in SQL: rules as JSON beside the columns one searches by, codes, guarded counters, and holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.promotion_json import storage_json
from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import AdjustmentKind, NotFound, StaleVersion
from commerce.promotions import (
    CodeTaken,
    Counter,
    Coupon,
    HoldStatus,
    Promotion,
    PromotionHold,
    PromotionNotFound,
    PromotionUse,
)

__all__ = [
    "Unit",
    "promotion_codes",
    "promotion_counters",
    "promotion_holds",
    "promotion_revisions",
    "promotions",
]

promotions = sa.Table(
    "promotion",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("stacking_group", sa.String(255), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
    sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
)
sa.Index("ix_promotion_group", promotions.c.stacking_group, promotions.c.phase)
sa.Index("ix_promotion_running", promotions.c.automatic, promotions.c.enabled, promotions.c.ends_at)

#: One row. It is changed with every promotion, so that one look at it says whether any of them did.
promotion_revisions = sa.Table(
    "promotion_revision",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
)

promotion_codes = sa.Table(
    "promotion_code",
    metadata,
    sa.Column("code", sa.String(128), primary_key=True),
    sa.Column("promotion_id", sa.String(36), nullable=False),
    sa.Column("use_limit", sa.Integer),
    sa.Column("customer_id", sa.String(36)),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Index("ix_promotion_code_promotion", "promotion_id", "code"),
)

promotion_counters = sa.Table(
    "promotion_counter",
    metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.CheckConstraint("used >= 0", name="used"),
)

promotion_holds = sa.Table(
    "promotion_hold",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("customer_id", sa.String(36)),
    sa.Column("uses", Wire(tuple[PromotionUse, ...]), nullable=False),
    sa.Column("given", Wire(tuple[int, ...]), nullable=False),
    sa.Column("left", Wire(tuple[int, ...]), nullable=False),
    sa.Column("done", Wire(tuple[str, ...]), nullable=False),
    sa.Column("expires_at", UtcDateTime, index=True),
)

_p, _used = promotions.c, promotion_counters.c.used
_RUNNING = (
    sa.select(_p.id, _p.version)
    .where(
        sa.or_(
            sa.and_(
                _p.automatic,
                _p.enabled,
                sa.or_(_p.starts_at.is_(None), _p.starts_at <= sa.bindparam("at", type_=UtcDateTime)),
                sa.or_(_p.ends_at.is_(None), _p.ends_at > sa.bindparam("at", type_=UtcDateTime)),
            ),
            _p.id.in_(sa.bindparam("ids", expanding=True)),
        )
    )
    .order_by(_p.id)
)
_MOMENT = sa.bindparam("at", type_=UtcDateTime)
_ON = sa.and_(_p.automatic, _p.enabled)
_TURNS = sa.select(
    *(
        sa.select(pick(column)).where(_ON, before).scalar_subquery()
        for column in (_p.starts_at, _p.ends_at)
        for pick, before in ((sa.func.max, column <= _MOMENT), (sa.func.min, column > _MOMENT))
    )
)
_REVISION = sa.select(promotion_revisions.c.revision)


def _revised(insert: Any) -> Any:
    one_more = promotion_revisions.c.revision + 1
    return insert(promotion_revisions).on_conflict_do_update(index_elements=["id"], set_={"revision": one_more})


_REVISED = {True: _revised(sqlite.insert), False: _revised(postgresql.insert)}
_CODES = sa.select(promotion_codes).where(promotion_codes.c.code.in_(sa.bindparam("codes", expanding=True)))
_COUNTS = sa.select(promotion_counters).where(promotion_counters.c.name.in_(sa.bindparam("names", expanding=True)))
#: The check and the counting are one statement: of two who want the last use, one changes no row.
_TAKE = (
    sa.update(promotion_counters)
    .where(promotion_counters.c.name == sa.bindparam("_name"), _used + sa.bindparam("_step") <= sa.bindparam("_limit"))
    .values(used=_used + sa.bindparam("_step"))
)
_GIVE = (
    sa.update(promotion_counters)
    .where(promotion_counters.c.name == sa.bindparam("_name"))
    .values(used=sa.case((_used > sa.bindparam("_step"), _used - sa.bindparam("_step")), else_=0))
)
#: How many parameters one statement is given.
_MANY = 500


class SqlPromotions(SqlRepository[Promotion]):
    """The table of promotions."""

    table = promotions
    entity = "promotion"

    def to_row(self, entity: Promotion) -> dict[str, Any]:
        """Columns of a promotion."""
        return {
            "name": entity.name,
            "phase": entity.phase.value,
            "stacking_group": entity.stacking.group,
            "priority": entity.priority,
            "automatic": entity.automatic,
            "enabled": entity.enabled,
            "starts_at": entity.starts_at,
            "ends_at": entity.ends_at,
            "rules": storage_json().plain(entity),
        }

    def from_row(self, row: sa.RowMapping) -> Promotion:
        """Promotion of a row."""
        promotion = storage_json().build(row["rules"])
        promotion.version = row["version"]
        return promotion

    def missing(self, id: str) -> Exception:
        """There is no such promotion."""
        return PromotionNotFound(promotion_id=id)

    def add(self, entity: Promotion) -> None:
        """Store a new promotion; a race for one id is told as a stale version, to be tried again."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity=self.entity, id=entity.id, version=0) from error
        self._revise()

    def save(self, entity: Promotion) -> None:
        """Store a changed promotion."""
        super().save(entity)
        self._revise()

    def _revise(self) -> None:
        """Last, so that the one row all writers share is locked for as short as can be."""
        self.session.execute(_REVISED[self.session.is_sqlite], {"id": 1, "revision": 1})

    def revision(self) -> int:
        """How often a promotion was stored or changed."""
        return self.session.execute(_REVISION).scalar() or 0

    def turns(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """The last start or end of an automatic one up to a moment, and the next after it."""
        begun, next_start, ended, next_end = self.session.execute(_TURNS, {"at": at}).one()
        before, after = (begun, ended), (next_start, next_end)
        return max(filter(None, before), default=None), min(filter(None, after), default=None)

    def after(self, id: str, limit: int) -> Sequence[Promotion]:
        """The next promotions by id."""
        return self.where(_p.id > id, limit=limit)

    def running(self, at: datetime, ids: Sequence[str]) -> Sequence[tuple[str, int]]:
        """Id and version of the automatic ones that run at a moment, and of these ids, by id."""
        return [(id, version) for id, version in self.session.execute(_RUNNING, {"at": at, "ids": list(ids)})]

    def these(self, ids: Sequence[str]) -> Sequence[Promotion]:
        """The promotions with these ids."""
        parts = (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))
        return [promotion for part in parts for promotion in self.where(_p.id.in_(part))]

    def mate(self, phase: AdjustmentKind, group: str, id: str) -> Promotion | None:
        """Any other member of an exclusive group of a phase than the one with that id."""
        found = self.where(_p.stacking_group == group, _p.phase == phase.value, _p.id != id, limit=1)
        return found[0] if found else None


class SqlCoupons:
    """The table of codes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, coupons: Sequence[Coupon]) -> None:
        """Store new codes, all or none."""
        rows = [_code_row(coupon) for coupon in coupons]
        try:
            self._session.execute(sa.insert(promotion_codes), rows)
        except sa.exc.IntegrityError as error:
            raise CodeTaken(coupon=rows[0]["code"] if len(rows) == 1 else f"among {len(rows)}") from error

    def these(self, codes: Sequence[str]) -> Sequence[Coupon]:
        """The coupons of these codes that exist."""
        parts = (list(codes[start : start + _MANY]) for start in range(0, len(codes), _MANY))
        return [_coupon(row) for part in parts for row in self._session.execute(_CODES, {"codes": part}).mappings()]

    def replace(self, coupon: Coupon) -> None:
        """Store a changed coupon."""
        update = sa.update(promotion_codes).where(promotion_codes.c.code == coupon.code)
        self._session.execute(update.values(_code_row(coupon)))

    def of(self, promotion_id: str, after: str, limit: int) -> Sequence[Coupon]:
        """The next coupons of a promotion by code."""
        c = promotion_codes.c
        query = sa.select(promotion_codes).where(c.promotion_id == promotion_id, c.code > after)
        return [_coupon(row) for row in self._session.execute(query.order_by(c.code).limit(limit)).mappings()]


def _code_row(coupon: Coupon) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "promotion_id": coupon.promotion_id,
        "use_limit": coupon.limit,
        "customer_id": coupon.customer_id,
        "starts_at": coupon.starts_at,
        "ends_at": coupon.ends_at,
        "enabled": coupon.enabled,
    }


def _coupon(row: sa.RowMapping) -> Coupon:
    facts = {name: value for name, value in row.items() if name != "use_limit"}
    return Coupon(limit=row["use_limit"], **facts)


class SqlCounts:
    """The table of counters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, names: Sequence[str]) -> Mapping[str, int]:
        """How far counters are."""
        found: dict[str, int] = {}
        for start in range(0, len(names), _MANY):
            rows = self._session.execute(_COUNTS, {"names": list(names[start : start + _MANY])})
            found.update((name, used) for name, used in rows)
        return found

    def take(self, counters: Sequence[Counter]) -> Counter | None:
        """Add each step in the order of names; the first without room is told."""
        insert = (sqlite if self._session.is_sqlite else postgresql).insert(promotion_counters)
        blank = [{"name": name, "used": 0} for name, _ in groupby(counters, key=lambda counter: counter.name)]
        self._session.execute(insert.on_conflict_do_nothing(index_elements=["name"]), blank)
        for counter in counters:
            taken = {"_name": counter.name, "_step": counter.step, "_limit": counter.limit}
            if self._session.execute(_TAKE, taken).rowcount != 1:
                return counter
        return None

    def give(self, steps: Mapping[str, int]) -> None:
        """Take steps off again, in the order of names."""
        if steps:
            self._session.execute(_GIVE, [{"_name": name, "_step": step} for name, step in sorted(steps.items())])


class SqlHolds(SqlRepository[PromotionHold]):
    """The table of holds."""

    table = promotion_holds
    entity = "promotion_hold"

    _by_key = sa.select(promotion_holds).where(promotion_holds.c.key == sa.bindparam("_key"))

    def to_row(self, entity: PromotionHold) -> dict[str, Any]:
        """Columns of a hold."""
        return {
            "key": entity.key,
            "status": entity.status.value,
            "customer_id": entity.customer_id,
            "uses": entity.uses,
            "given": entity.given,
            "left": entity.left,
            "done": entity.done,
            "expires_at": entity.expires_at,
        }

    def from_row(self, row: sa.RowMapping) -> PromotionHold:
        """Hold of a row."""
        return PromotionHold(**{**row, "status": HoldStatus(row["status"])})

    def missing(self, id: str) -> Exception:
        """Nobody asks by id."""
        return NotFound()

    def by_key(self, key: str) -> PromotionHold | None:
        """The hold with that key, or nothing."""
        row = self.session.execute(self._by_key, {"_key": key}).mappings().first()
        return None if row is None else self.from_row(row)

    def add(self, entity: PromotionHold) -> None:
        """Store a new hold; a race for one key is told as a stale version, to be tried again."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise StaleVersion(entity=self.entity, id=entity.id, version=0) from error

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over."""
        c = promotion_holds.c
        query = sa.select(c.key).where(c.status == HoldStatus.HELD.value, c.expires_at <= at)
        return list(self.session.execute(query.order_by(c.expires_at).limit(limit)).scalars())


class Unit:
    """One transaction of the promotions module."""

    def __init__(self, session: Session) -> None:
        self.promotions = SqlPromotions(session)
        self.coupons = SqlCoupons(session)
        self.counts = SqlCounts(session)
        self.holds = SqlHolds(session)
