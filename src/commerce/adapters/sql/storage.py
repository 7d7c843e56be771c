"""`SqlStorage`: one database, one transaction per unit of work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from attrs import define

from commerce.adapters.sql.base import Session, metadata
from commerce.adapters.sql.journal import SqlOutbox, SqlSagaLog, write
from commerce.kernel import InvalidValue, Misconfigured
from commerce.runtime import Recorder

__all__ = ["MODULES", "NotMigrated", "SqlStorage", "load_tables"]

#: The modules that store something; each has a file here with its tables and its ``Unit``.
MODULES = (
    "cart",
    "catalog",
    "customers",
    "fraud",
    "inventory",
    "orders",
    "payments",
    "pricing",
    "promotions",
    "returns",
    "shipping",
    "tax",
    "wallet",
)


@define(kw_only=True, slots=False)
class NotMigrated(Misconfigured):
    """The database has no tables yet, or those of another release."""

    message = "the database is at revision {found}, this release needs {needed}: run `commerce migrate --storage URL`"
    found: str
    needed: str


def load_tables() -> sa.MetaData:
    """Every table of every module, for migrations and tests."""
    for module in (*MODULES, "search"):
        import_module(f"commerce.adapters.sql.{module}")
    return metadata


class SqlStorage:
    """A shop's data in SQLite or PostgreSQL.

    ``url`` is a SQLAlchemy URL: ``sqlite:///shop.db``, ``postgresql+psycopg://user@host/shop``.
    Without ``fsync`` a SQLite file does not wait for the disk at each commit: several times quicker, safe
    from a killed process, not from a power cut (on PostgreSQL that is the server's own setting).
    Options go to :func:`sqlalchemy.create_engine` (``pool_size``, ``echo`` …).
    Raises `NotMigrated` at the first use of a database that `migrate` has not prepared.
    """

    def __init__(self, url: str | sa.URL, *, fsync: bool = True, **options: Any) -> None:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            self.engine = _sqlite(parsed, options, fsync=fsync)
        else:
            self.engine = _server(parsed, options)
        sa.event.listen(self.engine, "handle_error", _refused)
        self.outbox = SqlOutbox(self.engine)
        self.sagas = SqlSagaLog(self.engine)
        self._ready = False

    def migrate(self) -> "SqlStorage":
        """Bring the tables to this release; from empty or from any earlier one."""
        from commerce.adapters.sql.migrations import upgrade

        upgrade(self.engine)
        self._ready = False
        return self

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def begin(self, module: str, recorder: Recorder) -> Iterator[Any]:
        """A transaction of one module; see `commerce.runtime.Storage`."""
        if not self._ready:
            self._check()
        with self.engine.begin() as connection:
            session = Session(connection, recorder)
            yield self._units[module](session)
            write(session)

    def _check(self) -> None:
        from commerce.adapters.sql.migrations import revisions

        found, needed = revisions(self.engine)
        if found != needed:
            raise NotMigrated(found=found or "none", needed=needed)
        self._ready = True

    @cached_property
    def _units(self) -> dict[str, Callable[[Session], Any]]:
        """By convention ``commerce.adapters.sql.<module>`` has a class ``Unit``."""
        return {module: import_module(f"commerce.adapters.sql.{module}").Unit for module in MODULES}


def _refused(context: sa.engine.ExceptionContext) -> None:
    """What a driver cannot send or a column cannot keep is the caller's to mend; a driver says so in three ways."""
    said = context.original_exception
    if isinstance(context.sqlalchemy_exception, sa.exc.DataError) or isinstance(said, UnicodeError | OverflowError):
        reason = "the database keeps no such text or number: leave out NUL and half surrogate pairs, or shorten it"
        raise InvalidValue(field="value", reason=reason) from said


def _server(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    return sa.create_engine(url, **{"pool_pre_ping": True, **options})


def _sqlite(url: sa.URL, options: dict[str, Any], *, fsync: bool) -> sa.Engine:
    """SQLite as a database for writers: WAL, a busy timeout, and write transactions that begin as such.

    A transaction that reads first and writes later cannot upgrade its lock under
    concurrency ("database is locked"), so each begins with BEGIN IMMEDIATE.
    """
    connect_args = {"timeout": 30, "check_same_thread": False, **options.pop("connect_args", {})}
    engine = sa.create_engine(url, connect_args=connect_args, **options)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin on its own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"synchronous={'FULL' if fsync else 'OFF'}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
