"""Shipping in SQL: methods; shipments with their parcels and timeline inside; labels and tracking numbers apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.kernel import Address, Money
from commerce.shipping import (
    Box,
    Conditions,
    Label,
    Parcel,
    RateTable,
    Shipment,
    ShipmentLine,
    ShipmentNotFound,
    ShipmentStatus,
    ShippingMethod,
    ShippingMethodNotFound,
    TrackingEvent,
    Transit,
    Zone,
)

__all__ = ["Unit", "shipment_labels", "shipment_tracking", "shipments", "shipping_methods"]

shipping_methods = sa.Table(
    "shipping_method",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("names", Wire(Mapping[str, str]), nullable=False),
    sa.Column("carrier", sa.String(64), nullable=False),
    sa.Column("service", sa.String(64), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("rates", Wire(RateTable)),
    sa.Column("zones", Wire(tuple[Zone, ...]), nullable=False),
    sa.Column("conditions", Wire(Conditions), nullable=False),
    sa.Column("free_above", sa.BigInteger),
    sa.Column("handling_fee", sa.BigInteger),
    sa.Column("boxes", Wire(tuple[Box, ...]), nullable=False),
    sa.Column("transit", Wire(Transit)),
    sa.Column("tax_category", sa.String(64), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
)

shipments = sa.Table(
    "shipment",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("carrier", sa.String(64), nullable=False),
    sa.Column("service", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("shipped_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("destination", Wire(Address), nullable=False),
    sa.Column("lines", Wire(tuple[ShipmentLine, ...]), nullable=False),
    sa.Column("parcels", Wire(tuple[Parcel, ...]), nullable=False),
    sa.Column("label_reference", sa.String(255), nullable=False),
    sa.Column("label_currency", sa.String(3)),
    sa.Column("label_cost", sa.BigInteger),
    sa.Column("tracking_numbers", Wire(tuple[str, ...]), nullable=False),
    sa.Column("timeline", Wire(tuple[TrackingEvent, ...]), nullable=False),
    sa.Column("refusal", sa.Text, nullable=False),
)
_is_pending = shipments.c.status == ShipmentStatus.PENDING.value
# Only what still waits for its label: the index stays as small as the work.
sa.Index("ix_shipment_pending", shipments.c.id, postgresql_where=_is_pending, sqlite_where=_is_pending)

#: Labels are large and read alone, once or twice.
shipment_labels = sa.Table(
    "shipment_label",
    metadata,
    sa.Column("shipment_id", sa.String(36), sa.ForeignKey("shipment.id"), primary_key=True),
    sa.Column("format", sa.String(16), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

shipment_tracking = sa.Table(
    "shipment_tracking",
    metadata,
    sa.Column("carrier", sa.String(64), primary_key=True),
    sa.Column("tracking_number", sa.String(64), primary_key=True),
    sa.Column("shipment_id", sa.String(36), sa.ForeignKey("shipment.id"), nullable=False),
)

_METHOD = (
    "names",
    "carrier",
    "service",
    "currency",
    "rates",
    "zones",
    "conditions",
    "boxes",
    "transit",
    "tax_category",
    "enabled",
)
_SHIPMENT = (
    "key",
    "order_id",
    "carrier",
    "service",
    "created_at",
    "shipped_at",
    "delivered_at",
    "destination",
    "lines",
    "parcels",
    "label_reference",
    "tracking_numbers",
    "timeline",
    "refusal",
)


def _unless_taken(table: sa.Table) -> dict[bool, ReturningInsert[tuple[str]]]:
    """One statement decides, by database: a row comes back unless the id or key is taken."""
    return {
        True: sqlite.insert(table).on_conflict_do_nothing().returning(table.c.id),
        False: postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id),
    }


def _newest_wins(dialect: Any) -> Any:
    """Carriers use a number again after some months; then it means the newer shipment."""
    insert = dialect.insert(shipment_tracking)
    return insert.on_conflict_do_update(
        index_elements=[shipment_tracking.c.carrier, shipment_tracking.c.tracking_number],
        set_={"shipment_id": insert.excluded.shipment_id},
    )


_insert_numbers = {True: _newest_wins(sqlite), False: _newest_wins(postgresql)}
_insert_method = _unless_taken(shipping_methods)
_insert_shipment = _unless_taken(shipments)


class SqlShippingMethods(SqlRepository[ShippingMethod]):
    """The table of shipping methods."""

    table = shipping_methods
    entity = "shipping_method"

    def to_row(self, entity: ShippingMethod) -> dict[str, Any]:
        """Columns of a method."""
        return {
            "free_above": _minor(entity.free_above),
            "handling_fee": _minor(entity.handling_fee),
            **{name: getattr(entity, name) for name in _METHOD},
        }

    def from_row(self, row: sa.RowMapping) -> ShippingMethod:
        """Method of a row."""
        return ShippingMethod(
            id=row["id"],
            version=row["version"],
            free_above=_money(row["free_above"], row["currency"]),
            handling_fee=_money(row["handling_fee"], row["currency"]),
            **{name: row[name] for name in _METHOD},
        )

    def missing(self, id: str) -> Exception:
        """There is no such method."""
        return ShippingMethodNotFound(method_id=id)

    def all(self) -> Sequence[ShippingMethod]:
        """Every method, by id."""
        return self.where()

    def add(self, entity: ShippingMethod) -> bool:  # type: ignore[override]  # says whether the id was free
        """Store a new method, unless its id is taken."""
        entity.version = 1
        row = {"id": entity.id, "version": 1, **self.to_row(entity)}
        if self.session.execute(_insert_method[self.session.is_sqlite], row).first() is None:
            return False
        self.session.collect(entity)
        return True


class SqlShipments(SqlRepository[Shipment]):
    """The tables of shipments, labels and tracking numbers."""

    table = shipments
    entity = "shipment"

    def to_row(self, entity: Shipment) -> dict[str, Any]:
        """Columns of a shipment."""
        cost = entity.label_cost
        return {
            "status": entity.status.value,
            "label_currency": None if cost is None else cost.currency.code,
            "label_cost": _minor(cost),
            **{name: getattr(entity, name) for name in _SHIPMENT},
        }

    def from_row(self, row: sa.RowMapping) -> Shipment:
        """Shipment of a row."""
        return Shipment(
            id=row["id"],
            version=row["version"],
            status=ShipmentStatus(row["status"]),
            label_cost=_money(row["label_cost"], row["label_currency"]),
            **{name: row[name] for name in _SHIPMENT},
        )

    def missing(self, id: str) -> Exception:
        """There is no such shipment."""
        return ShipmentNotFound(shipment_id=id)

    def by_key(self, key: str) -> Shipment | None:
        """The shipment made with that key, or nothing."""
        return next(iter(self.where(shipments.c.key == key)), None)

    def by_tracking_numbers(self, carrier: str, tracking_numbers: Sequence[str]) -> Sequence[Shipment]:
        """The shipments of a carrier with any of these numbers, each once, oldest first."""
        ids = sa.select(shipment_tracking.c.shipment_id).where(
            shipment_tracking.c.carrier == carrier, shipment_tracking.c.tracking_number.in_(tracking_numbers)
        )
        return self.where(shipments.c.id.in_(ids))

    def of_order(self, order_id: str) -> Sequence[Shipment]:
        """The shipments of an order, oldest first."""
        return self.where(shipments.c.order_id == order_id)

    def pending(self, created_before: datetime, limit: int) -> Sequence[Shipment]:
        """Shipments without a label that were made before a moment, oldest first."""
        return self.where(_is_pending, shipments.c.created_at < created_before, limit=limit)

    def add(self, entity: Shipment) -> bool:  # type: ignore[override]  # says whether the key was free
        """Store a new shipment, unless its key is taken: the unique index decides."""
        entity.version = 1
        row = {"id": entity.id, "version": 1, **self.to_row(entity)}
        if self.session.execute(_insert_shipment[self.session.is_sqlite], row).first() is None:
            return False
        self.session.collect(entity)
        return True

    def keep_label(self, shipment: Shipment, label: Label) -> None:
        """Store the label of a shipment; its tracking numbers find it from now on."""
        self.session.execute(
            sa.insert(shipment_labels), {"shipment_id": shipment.id, "format": label.format, "data": label.data}
        )
        if label.tracking_numbers:
            self.session.execute(
                _insert_numbers[self.session.is_sqlite],
                [
                    {"carrier": shipment.carrier, "tracking_number": number, "shipment_id": shipment.id}
                    for number in dict.fromkeys(label.tracking_numbers)
                ],
            )

    def label(self, shipment_id: str) -> Label | None:
        """The label that was kept, or nothing."""
        query = (
            sa.select(shipment_labels.c.format, shipment_labels.c.data, shipments)
            .join(shipments, shipments.c.id == shipment_labels.c.shipment_id)
            .where(shipments.c.id == shipment_id)
        )
        row = self.session.execute(query).mappings().first()
        if row is None:
            return None
        return Label(
            reference=row["label_reference"],
            tracking_numbers=row["tracking_numbers"],
            format=row["format"],
            data=row["data"],
            cost=_money(row["label_cost"], row["label_currency"]),
        )

    def drop_label(self, shipment_id: str) -> None:
        """Forget the label itself; the tracking numbers stay."""
        self.session.execute(sa.delete(shipment_labels).where(shipment_labels.c.shipment_id == shipment_id))


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money.of_minor(minor, currency)


class Unit:
    """One transaction of the shipping module."""

    def __init__(self, session: Session) -> None:
        self.methods = SqlShippingMethods(session)
        self.shipments = SqlShipments(session)
