"""The migrations lead to exactly the tables that the adapters use, and an unmigrated database is refused."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from commerce.adapters.sql import NotMigrated, SqlStorage
from commerce.adapters.sql.migrations import VERSION_TABLE
from commerce.adapters.sql.storage import load_tables
from commerce.kernel import utc_now
from commerce.runtime import Recorder


def differences(engine: sa.Engine) -> list[object]:
    on_server = engine.dialect.name == "postgresql"

    def compared(_: object, name: str | None, kind: str, *__: object) -> bool:
        return on_server or (kind, name) != ("index", "ix_search_page_words")  # which only PostgreSQL can have

    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": on_server, "include_object": compared}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, load_tables()))


def test_sqlite_has_the_tables_of_the_adapters(commerce_sqlite_storage: SqlStorage) -> None:
    assert differences(commerce_sqlite_storage.engine) == []


def test_postgresql_has_the_tables_of_the_adapters(commerce_postgres_url: str) -> None:
    storage = SqlStorage(commerce_postgres_url)
    assert differences(storage.engine) == []
    storage.close()


def test_an_unmigrated_database_says_what_to_do(tmp_path: Path) -> None:
    storage = SqlStorage(f"sqlite:///{tmp_path}/empty.db")
    recorder = Recorder(utc_now, lambda _: False)
    with pytest.raises(NotMigrated, match="at revision none, this release needs 0001"), storage.begin("cart", recorder):
        pass
    storage.migrate()
    storage.migrate()
    with storage.begin("cart", recorder) as uow:
        assert uow.carts.find("c1") is None
    storage.close()
