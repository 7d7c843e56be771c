"""Alembic's entry point: the connection is handed in by `commerce.adapters.sql.migrations.upgrade`."""

from alembic import context

from commerce.adapters.sql.migrations import VERSION_TABLE
from commerce.adapters.sql.storage import load_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_tables(),
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
