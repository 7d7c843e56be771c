"""Carts in SQL: one row a cart, its lines inside, since nobody asks for a line alone."""

from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.cart import Cart, CartLine, CartNotFound, CartStatus
from commerce.kernel import Address

__all__ = ["Unit", "carts"]

carts = sa.Table(
    "cart",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("locale", sa.String(35), nullable=False),
    sa.Column("customer_id", sa.String(36), index=True),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("lines", Wire(tuple[CartLine, ...]), nullable=False),
    sa.Column("codes", Wire(tuple[str, ...]), nullable=False),
    sa.Column("refused_gifts", Wire(tuple[str, ...]), nullable=False),
    sa.Column("destination", Wire(Address)),
    sa.Column("shipping_method", sa.String(64)),
    sa.Column("frozen_by", sa.String(64)),
    sa.Column("order_id", sa.String(36)),
    sa.Column("held_by", sa.String(64)),
    sa.Column("held_until", UtcDateTime),
    sa.Column("expires_at", UtcDateTime, index=True),
)

_PLAIN = (
    "currency",
    "channel",
    "locale",
    "customer_id",
    "email",
    "lines",
    "codes",
    "refused_gifts",
    "destination",
    "shipping_method",
    "frozen_by",
    "order_id",
    "held_by",
    "held_until",
    "expires_at",
)


class SqlCarts(SqlRepository[Cart]):
    """The table of carts."""

    table = carts
    entity = "cart"

    def to_row(self, entity: Cart) -> dict[str, Any]:
        """Columns of a cart."""
        return {"status": entity.status.value, **{name: getattr(entity, name) for name in _PLAIN}}

    def from_row(self, row: sa.RowMapping) -> Cart:
        """Cart of a row."""
        return Cart(
            id=row["id"],
            version=row["version"],
            status=CartStatus(row["status"]),
            **{name: row[name] for name in _PLAIN},
        )

    def missing(self, id: str) -> Exception:
        """There is no such cart."""
        return CartNotFound(cart_id=id)


class Unit:
    """One transaction of the cart module."""

    def __init__(self, session: Session) -> None:
        self.carts = SqlCarts(session)
