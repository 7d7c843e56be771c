"""Orders in SQL: a row with totals and states, and a row per line, which reports ask alone."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Address, Money, PricedCharge, PricedLine, RoundingProfile
from commerce.orders import (
    ExchangeRate,
    Fact,
    FulfilmentStatus,
    Order,
    OrderLine,
    OrderNotFound,
    OrderStatus,
    OrderSummary,
    OrderTotals,
    PaymentRecord,
    PaymentStatus,
    ShippingRefund,
)

__all__ = ["Unit", "order_lines", "orders"]

_TOTALS = ("subtotal", "shipping_total", "discount_total", "tax_total", "net_total", "grand_total")

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("number", sa.String(32), nullable=False, unique=True),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("placed_at", UtcDateTime, nullable=False, index=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("payment", sa.String(24), nullable=False),
    sa.Column("fulfilment", sa.String(24), nullable=False),
    sa.Column("cart_id", sa.String(36), index=True),
    sa.Column("customer_id", sa.String(36)),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("locale", sa.String(35), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in _TOTALS),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("tax_included", sa.Boolean, nullable=False),
    sa.Column("shipping_method", sa.String(64)),
    sa.Column("shipping_refund", sa.String(24), nullable=False),
    sa.Column("billing_address", Wire(Address)),
    sa.Column("shipping_address", Wire(Address)),
    sa.Column("profile", Wire(RoundingProfile), nullable=False),
    sa.Column("charges", Wire(tuple[PricedCharge, ...]), nullable=False),
    sa.Column("codes", Wire(tuple[str, ...]), nullable=False),
    sa.Column("explanation", Wire(tuple[str, ...]), nullable=False),
    sa.Column("exchange_rate", Wire(ExchangeRate)),
    sa.Column("payments", Wire(tuple[PaymentRecord, ...]), nullable=False),
    sa.Column("timeline", Wire(tuple[Fact, ...]), nullable=False),
    sa.Index("ix_orders_customer_id_id", "customer_id", "id"),
)

order_lines = sa.Table(
    "order_line",
    metadata,
    sa.Column("order_id", sa.String(36), sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line_id", sa.String(36), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("sku", sa.String(128), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("cancelled", sa.Integer, nullable=False),
    sa.Column("shipped", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Integer, nullable=False),
    sa.Column("returned", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("net", sa.BigInteger, nullable=False),
    sa.Column("tax", sa.BigInteger, nullable=False),
    sa.Column("edit", sa.String(100), nullable=False),
    sa.Column("priced", Wire(PricedLine), nullable=False),
)

#: Written once, in columns of the same name.
_SNAPSHOT = (
    "number",
    "key",
    "placed_at",
    "cart_id",
    "customer_id",
    "email",
    "channel",
    "locale",
    "currency",
    "tax_included",
    "shipping_method",
    "billing_address",
    "profile",
    "charges",
    "codes",
    "exchange_rate",
)

#: What the life of an order changes.
_COUNTERS = ("cancelled", "shipped", "delivered", "returned")

# One statement decides: a row comes back unless the id, key or number is taken.
_insert_order: dict[bool, ReturningInsert[tuple[str]]] = {
    True: sqlite.insert(orders).on_conflict_do_nothing().returning(orders.c.id),
    False: postgresql.insert(orders).on_conflict_do_nothing().returning(orders.c.id),
}
_insert_lines = sa.insert(order_lines)
# With the version that the lines are of: in READ COMMITTED each statement sees what is committed by then.
_select_lines = (
    sa.select(orders.c.version, order_lines.c.priced, order_lines.c.edit, *(order_lines.c[name] for name in _COUNTERS))
    .join(orders, orders.c.id == order_lines.c.order_id)
    .where(order_lines.c.order_id == sa.bindparam("_order_id"))
    .order_by(order_lines.c.position)
)
_update_line = (
    sa.update(order_lines)
    .where(order_lines.c.order_id == sa.bindparam("_order_id"), order_lines.c.line_id == sa.bindparam("_line_id"))
    .values({name: sa.bindparam(name) for name in _COUNTERS})
)
_SUMMARY = ("id", "number", "placed_at", "customer_id", "channel", "units")


class SqlOrders(SqlRepository[Order]):
    """The tables of orders and their lines."""

    table = orders
    entity = "order"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._read: dict[str, tuple[OrderLine, ...]] = {}

    def place(self, order: Order) -> bool:
        """Store a new order, unless its key, number or id is taken: the unique indexes decide."""
        order.version = 1
        row = {"id": order.id, "version": 1, **_snapshot(order), **self.to_row(order)}
        if self.session.execute(_insert_order[self.session.is_sqlite], row).first() is None:
            return False
        self.session.execute(_insert_lines, [_line_row(order, n, line) for n, line in enumerate(order.lines)])
        self._read[order.id] = order.lines
        self.session.collect(order)
        return True

    def to_row(self, entity: Order) -> dict[str, Any]:
        """The columns that change."""
        return {
            "status": entity.status.value,
            "payment": entity.payment.value,
            "fulfilment": entity.fulfilment.value,
            "payments": entity.payments,
            "timeline": entity.timeline,
            "explanation": entity.explanation,
            "shipping_address": entity.shipping_address,
            "units": sum(line.quantity for line in entity.lines),
            **{name: getattr(entity.totals, name).minor for name in _TOTALS},
        }

    def from_row(self, row: sa.RowMapping) -> Order:
        """The order of a row, with its lines; read anew if a commit between the two statements made the row old."""
        found = self.session.execute(_select_lines, {"_order_id": row["id"]}).all()
        if any(version != row["version"] for version, *_ in found):
            return self.get(row["id"])
        lines = tuple(
            OrderLine(priced=priced, edit=edit, **dict(zip(_COUNTERS, counts, strict=True)))
            for _, priced, edit, *counts in found
        )
        self._read[row["id"]] = lines
        return Order(
            id=row["id"],
            version=row["version"],
            lines=lines,
            totals=OrderTotals(**{name: Money.of_minor(row[name], row["currency"]) for name in _TOTALS}),
            status=OrderStatus(row["status"]),
            payment=PaymentStatus(row["payment"]),
            fulfilment=FulfilmentStatus(row["fulfilment"]),
            shipping_refund=ShippingRefund(row["shipping_refund"]),
            payments=row["payments"],
            timeline=row["timeline"],
            explanation=row["explanation"],
            shipping_address=row["shipping_address"],
            **{name: row[name] for name in _SNAPSHOT},
        )

    def save(self, entity: Order) -> None:
        """Store states and facts over the version that was read, the counters of the lines that moved, new lines."""
        super().save(entity)
        known = self._read.get(entity.id, ())
        if len(entity.lines) > len(known):
            added = list(enumerate(entity.lines))[len(known) :]
            self.session.execute(_insert_lines, [_line_row(entity, n, line) for n, line in added])
        moved = [line for line, before in zip(entity.lines, known, strict=False) if line is not before]
        if moved:
            self.session.execute(
                _update_line,
                [
                    {"_order_id": entity.id, "_line_id": line.id, **{name: getattr(line, name) for name in _COUNTERS}}
                    for line in moved
                ],
            )
        self._read[entity.id] = entity.lines

    def missing(self, id: str) -> Exception:
        """There is no such order."""
        return OrderNotFound(order=id)

    def by_number(self, number: str) -> Order | None:
        """The order with that number, or nothing."""
        return next(iter(self.where(orders.c.number == number)), None)

    def by_key(self, key: str) -> Order | None:
        """The order that was placed with that key, or nothing."""
        return next(iter(self.where(orders.c.key == key)), None)

    def page(self, *, customer_id: str | None, before: str | None, limit: int) -> Sequence[OrderSummary]:
        """Orders, newest first: one statement, without their lines."""
        columns = (*_SUMMARY, "status", "payment", "fulfilment", "currency", "grand_total")
        query = sa.select(*(orders.c[name] for name in columns)).order_by(orders.c.id.desc()).limit(limit)
        if customer_id is not None:
            query = query.where(orders.c.customer_id == customer_id)
        if before is not None:
            query = query.where(orders.c.id < before)
        return [_summary(row) for row in self.session.execute(query).mappings()]


def _snapshot(order: Order) -> dict[str, Any]:
    return {
        **{name: getattr(order, name) for name in _SNAPSHOT},
        "shipping_refund": order.shipping_refund.value,
    }


def _line_row(order: Order, position: int, line: OrderLine) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "line_id": line.id,
        "position": position,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "currency": order.currency,
        "net": line.priced.net.minor,
        "tax": line.priced.tax.minor,
        "edit": line.edit,
        "priced": line.priced,
        **{name: getattr(line, name) for name in _COUNTERS},
    }


def _summary(row: sa.RowMapping) -> OrderSummary:
    return OrderSummary(
        status=OrderStatus(row["status"]),
        payment=PaymentStatus(row["payment"]),
        fulfilment=FulfilmentStatus(row["fulfilment"]),
        grand_total=Money.of_minor(row["grand_total"], row["currency"]),
        **{name: row[name] for name in _SUMMARY},
    )


class Unit:
    """One transaction of the orders module."""

    def __init__(self, session: Session) -> None:
        self.orders = SqlOrders(session)
