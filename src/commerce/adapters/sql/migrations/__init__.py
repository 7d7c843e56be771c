"""Alembic migrations: the tables, from empty and forward. Run by `SqlStorage.migrate`."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

__all__ = ["configuration", "revisions", "upgrade"]

#: Our own version table: a host may run Alembic in the same database.
VERSION_TABLE = "commerce_version"


def configuration() -> Config:
    """An Alembic configuration without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest revision."""
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revisions(engine: sa.Engine) -> tuple[str | None, str]:
    """The revision that the database has, and the one this release needs."""
    needed = ScriptDirectory.from_config(configuration()).get_current_head()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision(), needed or ""
