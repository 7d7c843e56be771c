"""Storage in SQLite and PostgreSQL, with SQLAlchemy Core."""

from commerce.adapters.sql.storage import NotMigrated, SqlStorage

__all__ = ["NotMigrated", "SqlStorage"]
