"""The examples are no packages of ours: their folders are put where Python looks for modules."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from commerce import Commerce
from commerce.adapters.sql import SqlStorage
from commerce.cli.demo import furnish
from commerce.kernel import new_id
from commerce.testing.gateways import FakeGateway

EXAMPLES = Path(__file__).parents[2] / "examples"

for host in ("fastapi_host", "django_host"):
    sys.path.insert(0, str(EXAMPLES / host))

os.environ["DJANGO_SETTINGS_MODULE"] = "shopsite.settings"


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with a shop that is ready to sell, to copy from."""
    path = tmp_path_factory.mktemp("furnished") / "shop.db"
    with Commerce(currency="EUR", country="DE", storage=SqlStorage(f"sqlite:///{path}").migrate()) as shop:
        furnish(shop)
    return path


@pytest.fixture
def shop_url(furnished: Path, tmp_path: Path) -> str:
    """A shop of its own for each test."""
    return f"sqlite:///{shutil.copy(furnished, tmp_path / 'shop.db')}"


@pytest.fixture(scope="session")
def furnished_postgres(commerce_postgres_server: str) -> str:
    """The same in PostgreSQL: a copy of it takes a tenth of the time."""
    url = sa.make_url(commerce_postgres_server).set(database="furnished")
    _tell(commerce_postgres_server, "CREATE DATABASE furnished")
    with Commerce(currency="EUR", country="DE", storage=SqlStorage(url).migrate()) as shop:
        furnish(shop)
    return commerce_postgres_server


@pytest.fixture
def postgres_shop_url(furnished_postgres: str) -> Iterator[str]:
    """A shop of its own for each test."""
    name = f"shop_{new_id().replace('-', '')}"
    _tell(furnished_postgres, f"CREATE DATABASE {name} TEMPLATE furnished")
    yield sa.make_url(furnished_postgres).set(database=name).render_as_string(hide_password=False)
    _tell(furnished_postgres, f"DROP DATABASE {name} WITH (FORCE)")


def _tell(server: str, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture
def bank() -> Iterator[FakeGateway]:
    bank = FakeGateway()
    yield bank
    bank.close()


@contextmanager
def django_database(alias: str, **config: Any) -> Iterator[None]:
    """Let Django's database of this name be another for a while, with the tables of the host."""
    from django.core.management import call_command
    from django.db import connections

    kept = connections.settings.get(alias)
    if kept is not None:
        connections[alias].close()
        del connections[alias]  # it may have been made already, with the settings of before
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: config})[alias]
    try:
        call_command("migrate", database=alias, verbosity=0)
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        if kept is None:
            del connections.settings[alias]
        else:
            connections.settings[alias] = kept


def django_config(url: str) -> dict[str, Any]:
    """Django's way to name the database of this SQLAlchemy URL."""
    from django.conf import settings

    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return {**settings.DATABASES["default"], "NAME": parsed.database}
    names = {"NAME": parsed.database, "USER": parsed.username, "HOST": parsed.host, "PORT": parsed.port}
    return {"ENGINE": "django.db.backends.postgresql", **names}


@pytest.fixture(scope="session")
def django_ready() -> Iterator[None]:
    """Django is set up once in a process."""
    import django
    from django.test.utils import setup_test_environment, teardown_test_environment

    django.setup()
    setup_test_environment()
    yield
    teardown_test_environment()
