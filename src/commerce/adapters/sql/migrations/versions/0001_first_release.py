"""The first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Search words compare by code point everywhere, as SQLite does.
ID = sa.String(length=128).with_variant(sa.VARCHAR(length=128, collation="C"), "postgresql")
TEXT = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
WORDS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cart",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("codes", JSON, nullable=False),
        sa.Column("refused_gifts", JSON, nullable=False),
        sa.Column("destination", JSON, nullable=True),
        sa.Column("shipping_method", sa.String(length=64), nullable=True),
        sa.Column("frozen_by", sa.String(length=64), nullable=True),
        sa.Column("order_id", sa.String(length=36), nullable=True),
        sa.Column("held_by", sa.String(length=64), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
    )
    op.create_index(op.f("ix_cart_customer_id"), "cart", ["customer_id"], unique=False)
    op.create_index(op.f("ix_cart_expires_at"), "cart", ["expires_at"], unique=False)
    op.create_table(
        "category",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("names", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slug")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("vat_id", sa.String(length=32), nullable=False),
        sa.Column("groups", JSON, nullable=False),
        sa.Column("segments", JSON, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("addresses", JSON, nullable=False),
        sa.Column("default_billing", sa.String(length=36), nullable=True),
        sa.Column("default_shipping", sa.String(length=36), nullable=True),
        sa.Column("consents", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("email", name=op.f("uq_customer_email")),
        sa.UniqueConstraint("key", name=op.f("uq_customer_key")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("base", sa.String(length=3), nullable=False),
        sa.Column("target", sa.String(length=3), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("base", "target", "at", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "fraud_listing",
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=36), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", "fingerprint", "kind", "source", name=op.f("pk_fraud_listing")),
    )
    op.create_index(
        op.f("ix_fraud_listing_source"),
        "fraud_listing",
        ["source"],
        unique=False,
        postgresql_where=sa.text("source != ''"),
        sqlite_where=sa.text("source != ''"),
    )
    op.create_index(op.f("ix_fraud_listing_until"), "fraud_listing", ["until"], unique=False)
    op.create_table(
        "fraud_screening",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("would_be", sa.String(length=16), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("recognisable", sa.Boolean(), nullable=False),
        sa.Column("customer_print", sa.String(length=32), nullable=True),
        sa.Column("email_print", sa.String(length=32), nullable=True),
        sa.Column("email_domain_print", sa.String(length=32), nullable=True),
        sa.Column("address_print", sa.String(length=32), nullable=True),
        sa.Column("card_print", sa.String(length=32), nullable=True),
        sa.Column("device_print", sa.String(length=32), nullable=True),
        sa.Column("ip_print", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fraud_screening")),
        sa.UniqueConstraint("key", name=op.f("uq_fraud_screening_key")),
    )
    op.create_index(
        op.f("ix_fraud_screening_address_print_at"),
        "fraud_screening",
        ["address_print", "at"],
        unique=False,
        postgresql_where=sa.text("address_print IS NOT NULL"),
        sqlite_where=sa.text("address_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_card_print_at"),
        "fraud_screening",
        ["card_print", "at"],
        unique=False,
        postgresql_where=sa.text("card_print IS NOT NULL"),
        sqlite_where=sa.text("card_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_customer_print_at"),
        "fraud_screening",
        ["customer_print", "at"],
        unique=False,
        postgresql_where=sa.text("customer_print IS NOT NULL"),
        sqlite_where=sa.text("customer_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_device_print_at"),
        "fraud_screening",
        ["device_print", "at"],
        unique=False,
        postgresql_where=sa.text("device_print IS NOT NULL"),
        sqlite_where=sa.text("device_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_email_domain_print_at"),
        "fraud_screening",
        ["email_domain_print", "at"],
        unique=False,
        postgresql_where=sa.text("email_domain_print IS NOT NULL"),
        sqlite_where=sa.text("email_domain_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_email_print_at"),
        "fraud_screening",
        ["email_print", "at"],
        unique=False,
        postgresql_where=sa.text("email_print IS NOT NULL"),
        sqlite_where=sa.text("email_print IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fraud_screening_ip_print_at"),
        "fraud_screening",
        ["ip_print", "at"],
        unique=False,
        postgresql_where=sa.text("ip_print IS NOT NULL"),
        sqlite_where=sa.text("ip_print IS NOT NULL"),
    )
    op.create_index(
        "ix_fraud_screening_recognisable",
        "fraud_screening",
        ["at"],
        unique=False,
        postgresql_where=sa.text("recognisable"),
        sqlite_where=sa.text("recognisable"),
    )
    op.create_index(
        "ix_fraud_screening_waiting",
        "fraud_screening",
        ["id"],
        unique=False,
        postgresql_where=sa.text("waiting"),
        sqlite_where=sa.text("waiting"),
    )
    op.create_table(
        "order_return",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("money", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("refunds", JSON, nullable=False),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_return")),
        sa.UniqueConstraint("key", name=op.f("uq_order_return_key")),
    )
    op.create_index(
        "ix_order_return_open",
        "order_return",
        ["id"],
        unique=False,
        postgresql_where=sa.text("open"),
        sqlite_where=sa.text("open"),
    )
    op.create_index(op.f("ix_order_return_order_id"), "order_return", ["order_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("payment", sa.String(length=24), nullable=False),
        sa.Column("fulfilment", sa.String(length=24), nullable=False),
        sa.Column("cart_id", sa.String(length=36), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("shipping_total", sa.BigInteger(), nullable=False),
        sa.Column("discount_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("net_total", sa.BigInteger(), nullable=False),
        sa.Column("grand_total", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("shipping_method", sa.String(length=64), nullable=True),
        sa.Column("shipping_refund", sa.String(length=24), nullable=False),
        sa.Column("billing_address", JSON, nullable=True),
        sa.Column("shipping_address", JSON, nullable=True),
        sa.Column("profile", JSON, nullable=False),
        sa.Column("charges", JSON, nullable=False),
        sa.Column("codes", JSON, nullable=False),
        sa.Column("explanation", JSON, nullable=False),
        sa.Column("exchange_rate", JSON, nullable=True),
        sa.Column("payments", JSON, nullable=False),
        sa.Column("timeline", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("key", name=op.f("uq_orders_key")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(op.f("ix_orders_cart_id"), "orders", ["cart_id"], unique=False)
    op.create_index("ix_orders_customer_id_id", "orders", ["customer_id", "id"], unique=False)
    op.create_index(op.f("ix_orders_placed_at"), "orders", ["placed_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", KEY, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("aggregate_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=128), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["aggregate_id", "position"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("order_ref", sa.String(length=255), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("charged_back", sa.BigInteger(), nullable=False),
        sa.Column("capture_at_once", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("suspected", sa.Boolean(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("surplus", sa.Boolean(), nullable=False),
        sa.Column("watched_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_ref", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("action", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_key")),
    )
    op.create_index("ix_payment_gateway_reference", "payment", ["gateway", "reference"], unique=False)
    op.create_index(
        "ix_payment_open",
        "payment",
        ["checked_at"],
        unique=False,
        postgresql_where=sa.text("open"),
        sqlite_where=sa.text("open"),
    )
    op.create_index(op.f("ix_payment_order_ref"), "payment", ["order_ref"], unique=False)
    op.create_index(
        "uq_payment_live",
        "payment",
        ["order_ref"],
        unique=True,
        postgresql_where=sa.text("live"),
        sqlite_where=sa.text("live"),
    )
    op.create_table(
        "payment_notice",
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("payment_id", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "id", name=op.f("pk_payment_notice")),
    )
    op.create_index(
        "ix_payment_notice_parked",
        "payment_notice",
        ["checked_at"],
        unique=False,
        postgresql_where=sa.text("NOT done"),
        sqlite_where=sa.text("NOT done"),
    )
    op.create_index(op.f("ix_payment_notice_received_at"), "payment_notice", ["received_at"], unique=False)
    op.create_table(
        "price_entry",
        sa.Column("row", KEY, autoincrement=True, nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("min_quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("per", sa.Integer(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("floor_per", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_price_entry")),
    )
    op.create_index(op.f("ix_price_entry_sku"), "price_entry", ["sku"], unique=False)
    op.create_table(
        "price_history",
        sa.Column("row", KEY, autoincrement=True, nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("per", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_price_history")),
    )
    op.create_index("ix_price_history_item", "price_history", ["sku", "at"], unique=False)
    op.create_table(
        "price_hold",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold", JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_price_hold")),
    )
    op.create_index(op.f("ix_price_hold_until"), "price_hold", ["until"], unique=False)
    op.create_table(
        "price_list",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("countries", JSON, nullable=False),
        sa.Column("groups", JSON, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("collections", JSON, nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("media", JSON, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("handle", name=op.f("uq_product_handle")),
    )
    op.create_index("ix_product_status_id", "product", ["status", "id"], unique=False)
    op.create_table(
        "promotion",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("stacking_group", sa.String(length=255), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index("ix_promotion_group", "promotion", ["stacking_group", "phase"], unique=False)
    op.create_index("ix_promotion_running", "promotion", ["automatic", "enabled", "ends_at"], unique=False)
    op.create_table(
        "promotion_code",
        sa.Column("code", sa.String(length=128), nullable=False),
        sa.Column("promotion_id", sa.String(length=36), nullable=False),
        sa.Column("use_limit", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_promotion_code")),
    )
    op.create_index("ix_promotion_code_promotion", "promotion_code", ["promotion_id", "code"], unique=False)
    op.create_table(
        "promotion_counter",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_promotion_counter_used")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_promotion_counter")),
    )
    op.create_table(
        "promotion_hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("uses", JSON, nullable=False),
        sa.Column("given", JSON, nullable=False),
        sa.Column("left", JSON, nullable=False),
        sa.Column("done", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_hold")),
        sa.UniqueConstraint("key", name=op.f("uq_promotion_hold_key")),
    )
    op.create_index(op.f("ix_promotion_hold_expires_at"), "promotion_hold", ["expires_at"], unique=False)
    op.create_table(
        "promotion_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_revision")),
    )
    op.create_table(
        "saga",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("saga", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saga")),
        sa.UniqueConstraint("saga", "key", name=op.f("uq_saga_saga_key")),
    )
    op.create_index(
        "ix_saga_unfinished",
        "saga",
        ["status", "lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('running', 'undoing', 'waiting')"),
        sqlite_where=sa.text("status IN ('running', 'undoing', 'waiting')"),
    )
    op.create_table(
        "search_facet",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "name", "value", name=op.f("pk_search_facet")),
    )
    op.create_index("ix_search_facet_name_value", "search_facet", ["name", "value"], unique=False)
    op.create_table(
        "search_page",
        sa.Column("row", KEY, autoincrement=True, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("locales", sa.Text(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_search_page")),
        sa.UniqueConstraint("document_id", "locale", name=op.f("uq_search_page_document_id_locale")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_search_page_words", "search_page", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "search_price",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "currency", name=op.f("pk_search_price")),
    )
    op.create_table(
        "search_word",
        sa.Column("word", TEXT, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    op.create_index(op.f("ix_search_word_length"), "search_word", ["length"], unique=False)
    op.create_table(
        "shipment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("carrier", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destination", JSON, nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("parcels", JSON, nullable=False),
        sa.Column("label_reference", sa.String(length=255), nullable=False),
        sa.Column("label_currency", sa.String(length=3), nullable=True),
        sa.Column("label_cost", sa.BigInteger(), nullable=True),
        sa.Column("tracking_numbers", JSON, nullable=False),
        sa.Column("timeline", JSON, nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("key", name=op.f("uq_shipment_key")),
    )
    op.create_index(op.f("ix_shipment_order_id"), "shipment", ["order_id"], unique=False)
    op.create_index(
        "ix_shipment_pending",
        "shipment",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "shipping_method",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("carrier", sa.String(length=64), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rates", JSON, nullable=True),
        sa.Column("zones", JSON, nullable=False),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("free_above", sa.BigInteger(), nullable=True),
        sa.Column("handling_fee", sa.BigInteger(), nullable=True),
        sa.Column("boxes", JSON, nullable=False),
        sa.Column("transit", JSON, nullable=True),
        sa.Column("tax_category", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_method")),
    )
    op.create_table(
        "stock_incoming",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "sku", "location_id", name=op.f("pk_stock_incoming")),
    )
    op.create_index(op.f("ix_stock_incoming_sku"), "stock_incoming", ["sku"], unique=False)
    op.create_table(
        "stock_item",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=False),
        sa.Column("backorder_limit", sa.BigInteger(), nullable=False),
        sa.Column("backorder_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preorder_limit", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mode", sa.String(length=24), nullable=False),
        sa.Column("shards", sa.Integer(), nullable=False),
        sa.CheckConstraint("on_hand >= 0 OR mode = 'tracked'", name=op.f("ck_stock_item_on_hand")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_item_reserved")),
        sa.PrimaryKeyConstraint("sku", "location_id", name=op.f("pk_stock_item")),
    )
    op.create_table(
        "stock_kit",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("component", sa.String(length=128), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "component", name=op.f("pk_stock_kit")),
    )
    op.create_index(op.f("ix_stock_kit_component"), "stock_kit", ["component"], unique=False)
    op.create_table(
        "stock_location",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_location")),
    )
    op.create_table(
        "stock_movement",
        sa.Column("position", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_stock_movement")),
        sa.UniqueConstraint(
            "key", "reason", "sku", "location_id", name=op.f("uq_stock_movement_key_reason_sku_location_id")
        ),
    )
    op.create_index(op.f("ix_stock_movement_sku"), "stock_movement", ["sku"], unique=False)
    op.create_table(
        "stock_reservation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("demand", JSON, nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("kits", JSON, nullable=False),
        sa.Column("done", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservation")),
        sa.UniqueConstraint("key", name=op.f("uq_stock_reservation_key")),
    )
    op.create_index(
        "ix_stock_reservation_held",
        "stock_reservation",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
        sqlite_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "stock_slot",
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("free", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("free >= 0", name=op.f("ck_stock_slot_free")),
        sa.PrimaryKeyConstraint("sku", "location_id", "slot", name=op.f("pk_stock_slot")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("rate", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("postal_prefixes", JSON, nullable=False),
        sa.Column("except_postal_prefixes", JSON, nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("compound", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_index(op.f("ix_tax_rate_country"), "tax_rate", ["country"], unique=False)
    op.create_table(
        "wallet_account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_account")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_wallet_account_fingerprint")),
        sa.UniqueConstraint("owner_id", "kind", "unit", name=op.f("uq_wallet_account_owner_id_kind_unit")),
    )
    op.create_table(
        "wallet_hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("wishes", JSON, nullable=False),
        sa.Column("draws", JSON, nullable=False),
        sa.Column("refunds", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_hold")),
        sa.UniqueConstraint("key", name=op.f("uq_wallet_hold_key")),
    )
    op.create_index(
        "ix_wallet_hold_held",
        "wallet_hold",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
        sqlite_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "wallet_lot",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('"left" >= 0 AND "left" <= amount', name=op.f("ck_wallet_lot_left")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_lot")),
    )
    op.create_index(op.f("ix_wallet_lot_account_id"), "wallet_lot", ["account_id"], unique=False)
    op.create_index(
        "ix_wallet_lot_expires_at",
        "wallet_lot",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text('"left" > 0'),
        sqlite_where=sa.text('"left" > 0'),
    )
    op.create_table(
        "wallet_posting",
        sa.Column("position", KEY, nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("lot_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_wallet_posting")),
    )
    op.create_index(op.f("ix_wallet_posting_account_id"), "wallet_posting", ["account_id"], unique=False)
    op.create_index(op.f("ix_wallet_posting_transaction_id"), "wallet_posting", ["transaction_id"], unique=False)
    op.create_table(
        "wallet_transaction",
        sa.Column("position", KEY, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_wallet_transaction")),
        sa.UniqueConstraint("id", name=op.f("uq_wallet_transaction_id")),
        sa.UniqueConstraint("key", name=op.f("uq_wallet_transaction_key")),
    )
    op.create_table(
        "order_line",
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("line_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("edit", sa.String(length=100), nullable=False),
        sa.Column("priced", JSON, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("order_id", "line_id", name=op.f("pk_order_line")),
    )
    op.create_index(op.f("ix_order_line_sku"), "order_line", ["sku"], unique=False)
    op.create_table(
        "payment_entry",
        sa.Column("payment_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("vendor_code", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("may_retry", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leader", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.PrimaryKeyConstraint("payment_id", "id", name=op.f("pk_payment_entry")),
    )
    op.create_index(op.f("ix_payment_entry_at"), "payment_entry", ["at"], unique=False)
    op.create_index(op.f("ix_payment_entry_reference"), "payment_entry", ["reference"], unique=False)
    op.create_table(
        "product_category",
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("category_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.PrimaryKeyConstraint("product_id", "category_id", name=op.f("pk_product_category")),
    )
    op.create_index(op.f("ix_product_category_category_id"), "product_category", ["category_id"], unique=False)
    op.create_table(
        "product_variant",
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=128), nullable=False),
        sa.Column("option_values", JSON, nullable=False),
        sa.Column("barcode", sa.String(length=128), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=False),
        sa.Column("dimensions_mm", JSON, nullable=True),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("tax_category", sa.String(length=128), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.PrimaryKeyConstraint("product_id", "id", name=op.f("pk_product_variant")),
        sa.UniqueConstraint("sku", name=op.f("uq_product_variant_sku")),
    )
    op.create_table(
        "shipment_label",
        sa.Column("shipment_id", sa.String(length=36), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"]),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_shipment_label")),
    )
    op.create_table(
        "shipment_tracking",
        sa.Column("carrier", sa.String(length=64), nullable=False),
        sa.Column("tracking_number", sa.String(length=64), nullable=False),
        sa.Column("shipment_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"]),
        sa.PrimaryKeyConstraint("carrier", "tracking_number", name=op.f("pk_shipment_tracking")),
    )
