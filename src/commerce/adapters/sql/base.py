"""What every table and repository shares."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from commerce.adapters.wire import converter, to_plain
from commerce.kernel import Entity, Event, StaleVersion
from commerce.runtime import Envelope, Recorder

__all__ = ["BigKey", "Session", "SqlRepository", "UtcDateTime", "Wire", "metadata"]

E = TypeVar("E", bound=Entity)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: A growing row number: 64 bits, and SQLite's rowid where that is what grows.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


_decode = json.JSONDecoder().raw_decode


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored in UTC on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to UTC; SQLite keeps no zone."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Say what the database left unsaid: it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Wire(sa.types.TypeDecorator[Any]):
    """An attrs value (or a tuple of them) as JSON: for what is read only with its parent."""

    impl = _Json
    cache_ok = True

    def __init__(self, type: Any) -> None:
        super().__init__(none_as_null=True)
        self.type = type

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Unstructure."""
        return None if value is None else to_plain(value, self.type)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any]:
        """Structure. SQLite hands out text, which is decoded here: in one call instead of six per value."""
        kind, build = self.type, converter.get_structure_hook(self.type)

        def structured(plain: Any) -> Any:
            return None if plain is None else build(plain, kind)

        if dialect.name != "sqlite":
            return structured
        return lambda text: None if text is None else structured(_decode(text)[0])


class Session:
    """One transaction: a connection, and the events that leave with it."""

    def __init__(self, connection: sa.Connection, recorder: Recorder) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.recorder = recorder
        self.envelopes: list[Envelope] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite, where a write transaction is alone anyway."""
        return self.connection.dialect.name == "sqlite"

    def collect(self, entity: Entity) -> None:
        """Take the events of an aggregate that was just saved."""
        self.envelopes.extend(self.recorder.entity(entity))

    def emit(self, event: Event, sequence: int) -> None:
        """Take one event of something without a version, such as a stock counter."""
        self.envelopes.append(self.recorder.event(event, sequence))


class SqlRepository(Generic[E]):
    """Get, add and versioned save of one kind of aggregate in one table.

    The table has the columns ``id`` and ``version``. A subclass says how a row
    becomes an aggregate and back; with children in tables of their own it also
    extends `add` and `save`.
    """

    table: ClassVar[sa.Table]
    entity: ClassVar[str]

    _insert: ClassVar[sa.Insert]
    _select: ClassVar[sa.Select[Any]]
    _update: ClassVar[sa.Update]
    _updates: ClassVar[dict[tuple[str, ...], sa.Update]]

    def __init_subclass__(cls) -> None:
        """Build the three statements once; SQLAlchemy caches their compiled form."""
        super().__init_subclass__()
        if "table" in cls.__dict__:
            cls._insert = sa.insert(cls.table)
            cls._select = sa.select(cls.table).where(cls.table.c.id == sa.bindparam("_id"))
            cls._updates = {}
            cls._update = sa.update(cls.table).where(
                cls.table.c.id == sa.bindparam("_id"), cls.table.c.version == sa.bindparam("_version")
            )

    def __init__(self, session: Session) -> None:
        self.session = session

    def to_row(self, entity: E) -> dict[str, Any]:
        """The columns of an aggregate, without ``id`` and ``version``."""
        raise NotImplementedError

    def from_row(self, row: sa.RowMapping) -> E:
        """The aggregate of a row."""
        raise NotImplementedError

    def missing(self, id: str) -> Exception:
        """The module's own not-found error."""
        raise NotImplementedError

    @classmethod
    def _setting(cls, row: dict[str, Any]) -> sa.Update:
        """The update of these columns: built once, since building costs more than running."""
        names = tuple(row)
        if names not in cls._updates:
            cls._updates[names] = cls._update.values({name: sa.bindparam(name) for name in names})
        return cls._updates[names]

    def find(self, id: str) -> E | None:
        """The aggregate, or nothing."""
        row = self.session.execute(self._select, {"_id": id}).mappings().first()
        return None if row is None else self.from_row(row)

    def get(self, id: str) -> E:
        """The aggregate, or the module's own not-found error."""
        found = self.find(id)
        if found is None:
            raise self.missing(id)
        return found

    def where(self, *criteria: Any, order_by: Sequence[Any] = (), limit: int | None = None) -> list[E]:
        """All aggregates that match."""
        query = sa.select(self.table).where(*criteria).order_by(*(order_by or (self.table.c.id,)))
        rows = self.session.execute(query if limit is None else query.limit(limit)).mappings()
        return [self.from_row(row) for row in rows]

    def add(self, entity: E) -> None:
        """Store a new aggregate as version 1."""
        entity.version = 1
        self.session.execute(self._insert, {"id": entity.id, "version": 1, **self.to_row(entity)})
        self.session.collect(entity)

    def save(self, entity: E) -> None:
        """Store over the version that was read, or raise `StaleVersion` with what is there now."""
        row = {"version": entity.version + 1, **self.to_row(entity)}
        done = self.session.execute(self._setting(row), {"_id": entity.id, "_version": entity.version, **row})
        if done.rowcount != 1:
            raise StaleVersion(entity=self.entity, id=entity.id, version=entity.version, fresh=self.find(entity.id))
        entity.version += 1
        self.session.collect(entity)
