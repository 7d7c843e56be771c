"""Fixtures that come with ``pip install commerce-sdk``: loaded by pytest on its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commerce.adapters.sql import SqlStorage

__all__ = ["commerce_postgres_server", "commerce_postgres_url", "commerce_sqlite_storage"]


@pytest.fixture(scope="session")
def commerce_postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test session."""
    from commerce.testing.postgres import postgres

    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def _commerce_template(commerce_postgres_server: str) -> str:
    """A migrated database to copy from: a copy takes a tenth of a migration's time."""
    import sqlalchemy as sa

    from commerce.adapters.sql import SqlStorage

    _admin(commerce_postgres_server, "CREATE DATABASE commerce_template")
    url = sa.make_url(commerce_postgres_server).set(database="commerce_template")
    SqlStorage(url).migrate().close()
    return commerce_postgres_server


@pytest.fixture
def commerce_postgres_url(_commerce_template: str) -> Iterator[str]:
    """URL of a fresh, migrated PostgreSQL database."""
    import sqlalchemy as sa

    from commerce.kernel import new_id

    name = f"shop_{new_id().replace('-', '')}"
    _admin(_commerce_template, f"CREATE DATABASE {name} TEMPLATE commerce_template")
    yield sa.make_url(_commerce_template).set(database=name).render_as_string(hide_password=False)
    _admin(_commerce_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def commerce_sqlite_storage(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SqlStorage]":
    """A fresh, migrated SQLite storage in a file."""
    from commerce.adapters.sql import SqlStorage

    storage = SqlStorage(f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db", fsync=False).migrate()
    yield storage
    storage.close()


def _admin(url: str, statement: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
