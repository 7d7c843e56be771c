"""Stock: counted, held and moved, never promised twice.

The rules work without a shop::

    >>> from commerce.inventory import Demand, StockItem, plan, sum_demand
    >>> stock = [StockItem(sku="TEE-M", location_id=at, on_hand=n) for at, n in (("berlin", 3), ("graz", 5))]
    >>> [(line.location_id, line.quantity) for line in plan(sum_demand([Demand(sku="TEE-M", quantity=4)]), stock)]
    [('graz', 4)]
"""

from commerce.inventory.engine import (
    Planner,
    Source,
    SourceNote,
    SourceReason,
    Sourcing,
    SourcingAnswer,
    SourcingPlace,
    SourcingPlan,
    SourcingPolicy,
    SourcingSolver,
    SourcingTask,
    available_to_promise,
    plan,
    promised_by,
    search_parcels,
    source,
    sum_demand,
)
from commerce.inventory.errors import (
    HoldExpired,
    KitHasNoStock,
    LocationNotFound,
    NoSource,
    NotHeld,
    OutOfStock,
    ReservationNotFound,
    SameLocation,
    UnknownStockItem,
    WrongAnswer,
)
from commerce.inventory.events import (
    StockCommitted,
    StockRejected,
    StockReleased,
    StockReserved,
    StockShipped,
    StockUnits,
)
from commerce.inventory.model import (
    Demand,
    Drift,
    Incoming,
    Kit,
    KitPart,
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
    "Kit",
    "KitHasNoStock",
    "KitPart",
    "LocationNotFound",
    "Movement",
    "MovementReason",
    "NoSource",
    "NotHeld",
    "OutOfStock",
    "Planner",
    "Reservation",
    "ReservationNotFound",
    "ReservationStatus",
    "Reservations",
    "ReservedLine",
    "SameLocation",
    "Source",
    "SourceNote",
    "SourceReason",
    "Sourcing",
    "SourcingAnswer",
    "SourcingPlace",
    "SourcingPlan",
    "SourcingPolicy",
    "SourcingSolver",
    "SourcingTask",
    "Stock",
    "StockCommitted",
    "StockItem",
    "StockLocation",
    "StockMode",
    "StockRejected",
    "StockReleased",
    "StockReserved",
    "StockShipped",
    "StockUnits",
    "UnknownStockItem",
    "WrongAnswer",
    "available_to_promise",
    "plan",
    "promised_by",
    "search_parcels",
    "source",
    "sum_demand",
]
