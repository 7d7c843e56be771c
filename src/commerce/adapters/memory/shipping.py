"""Shipping methods and shipments in memory."""

from collections.abc import Sequence
from datetime import datetime

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.shipping import (
    Label,
    Shipment,
    ShipmentNotFound,
    ShipmentStatus,
    ShippingMethod,
    ShippingMethodNotFound,
)

__all__ = ["Unit"]


class MemoryShippingMethods(MemoryRepository[ShippingMethod]):
    """The shipping methods."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "shipping_method", lambda id: ShippingMethodNotFound(method_id=id))

    def all(self) -> Sequence[ShippingMethod]:
        """Every method, by id."""
        return sorted(self.where(lambda _: True), key=lambda method: method.id)

    def add(self, entity: ShippingMethod) -> bool:  # type: ignore[override]  # says whether the id was free
        """Store a new method, unless its id is taken."""
        if entity.id in self.rows:
            return False
        super().add(entity)
        return True


class MemoryShipments(MemoryRepository[Shipment]):
    """The shipments, found by id, key, order and tracking number."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "shipment", lambda id: ShipmentNotFound(shipment_id=id))
        self._keys = session.table("shipment_key")
        self._labels = session.table("shipment_label")
        self._numbers = session.table("shipment_tracking")

    def by_key(self, key: str) -> Shipment | None:
        """The shipment made with that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def by_tracking_numbers(self, carrier: str, tracking_numbers: Sequence[str]) -> Sequence[Shipment]:
        """The shipments of a carrier with any of these numbers, each once, oldest first."""
        found = {self._numbers.get((carrier, number)) for number in tracking_numbers}
        return [self.get(id) for id in sorted(id for id in found if id is not None)]

    def of_order(self, order_id: str) -> Sequence[Shipment]:
        """The shipments of an order, oldest first."""
        return sorted(self.where(lambda row: row.order_id == order_id), key=lambda row: row.id)

    def pending(self, created_before: datetime, limit: int) -> Sequence[Shipment]:
        """Shipments without a label that were made before a moment, oldest first."""
        found = self.where(lambda row: row.status is ShipmentStatus.PENDING and row.created_at < created_before)
        return sorted(found, key=lambda row: row.id)[:limit]

    def add(self, entity: Shipment) -> bool:  # type: ignore[override]  # says whether the key was free
        """Store a new shipment, unless its key is taken."""
        if entity.key in self._keys:
            return False
        self._keys[entity.key] = entity.id
        super().add(entity)
        return True

    def keep_label(self, shipment: Shipment, label: Label) -> None:
        """Store the label of a shipment; its tracking numbers find it from now on."""
        self._labels[shipment.id] = label
        for number in label.tracking_numbers:
            self._numbers[shipment.carrier, number] = shipment.id

    def label(self, shipment_id: str) -> Label | None:
        """The label that was kept, or nothing."""
        label: Label | None = self._labels.get(shipment_id)
        return label

    def drop_label(self, shipment_id: str) -> None:
        """Forget the label itself; the tracking numbers stay."""
        del self._labels[shipment_id]


class Unit:
    """One transaction of the shipping module."""

    def __init__(self, session: MemorySession) -> None:
        self.methods = MemoryShippingMethods(session)
        self.shipments = MemoryShipments(session)
