"""The first release."""

from alembic import op

from commerce.adapters.sql.storage import load_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    load_tables().create_all(op.get_bind())
