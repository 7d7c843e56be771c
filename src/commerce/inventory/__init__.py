"""Stock: counted, held and moved, never promised twice.

The rules work without a shop::

    >>> from commerce.inventory import Demand, StockItem, plan, sum_demand
    >>> stock = [StockItem(sku="TEE-M", location_id=at, on_hand=n) for at, n in (("berlin", 3), ("graz", 5))]
    >>> [(line.location_id, line.quantity) for line in plan(sum_demand([Demand(sku="TEE-M", quantity=4)]), stock)]
    [('graz', 4)]
"""

from commerce.inventory.engine import Incoming, available_to_promise, plan, sum_demand
from commerce.inventory.errors import (
    HoldExpired,
    LocationNotFound,
    NotHeld,
    OutOfStock,
    ReservationNotFound,
    SameLocation,
    UnknownStockItem,
)
from commerce.inventory.events import StockCommitted, StockReleased, StockReserved, StockShipped, StockUnits
from commerce.inventory.model import (
    Demand,
    Drift,
    Movement,
    MovementReason,
    Reservation,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockLocation,
    StockMode,
)
from commerce.inventory.ports import InventoryUnit, Reservations, Stock
from commerce.inventory.service import InventoryService

__all__ = [
    "Demand",
    "Drift",
    "HoldExpired",
    "Incoming",
    "InventoryService",
    "InventoryUnit",
    "LocationNotFound",
    "Movement",
    "MovementReason",
    "NotHeld",
    "OutOfStock",
    "Reservation",
    "ReservationNotFound",
    "ReservationStatus",
    "Reservations",
    "ReservedLine",
    "SameLocation",
    "Stock",
    "StockCommitted",
    "StockItem",
    "StockLocation",
    "StockMode",
    "StockReleased",
    "StockReserved",
    "StockShipped",
    "StockUnits",
    "UnknownStockItem",
    "available_to_promise",
    "plan",
    "sum_demand",
]
