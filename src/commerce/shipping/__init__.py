"""Shipping: what it costs to send something where, and what becomes of the parcels.

Rates are pure and work without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.kernel import Address, Item, Money
    >>> from commerce.shipping import RateLine, RateRequest, RateTable, ShippingMethod, quote
    >>> standard = ShippingMethod(
    ...     id="standard", names={"en": "Standard"}, carrier="flat_rate", currency="EUR",
    ...     rates=RateTable.flat(Money("4.90", "EUR")),
    ... )
    >>> line = RateLine(item=Item(sku="TEE-M", weight_grams=200), quantity=2, value=Money("39.98", "EUR"))
    >>> where = Address(country="DE")
    >>> quote(standard, RateRequest(destination=where, currency="EUR", lines=(line,), at=datetime.now(UTC))).price
    Money('4.90', 'EUR')
"""

from commerce.shipping.engine import answer, promise, quote
from commerce.shipping.errors import (
    CarrierCannot,
    CarrierUnavailable,
    LabelMissing,
    LabelRefused,
    LabelUnknown,
    NoticeRejected,
    ParcelsMismatch,
    ShipmentNotFound,
    ShippingMethodNotFound,
    ShippingUnavailable,
    TooLargeToPack,
    UnavailableReason,
    VoidRefused,
)
from commerce.shipping.events import (
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentException,
    ShipmentLabelled,
    ShipmentLine,
    ShipmentReturned,
    ShipmentShipped,
    ShippingMethodChanged,
)
from commerce.shipping.model import Shipment, ShippingMethod
from commerce.shipping.numbers import NumberFormat, formats_of
from commerce.shipping.parcels import Box, Goods, PackedUnits, Parcel, pack, volumetric_grams
from commerce.shipping.ports import (
    Ability,
    Carrier,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    Label,
    LabelRequest,
    PickupPoint,
    Shipments,
    ShippingMethods,
    ShippingUnit,
)
from commerce.shipping.requests import RateAnswer, RateLine, RateRequest, ShippingRate, Unavailable
from commerce.shipping.service import ShippingService
from commerce.shipping.states import SHIPMENT_STATES, ShipmentStatus
from commerce.shipping.tracking import TrackingEvent
from commerce.shipping.values import Conditions, RateBasis, RateTable, RateTier, Transit, Zone

__all__ = [
    "SHIPMENT_STATES",
    "Ability",
    "Box",
    "Carrier",
    "CarrierCannot",
    "CarrierNotice",
    "CarrierRate",
    "CarrierRateRequest",
    "CarrierUnavailable",
    "Conditions",
    "Goods",
    "Label",
    "LabelMissing",
    "LabelRefused",
    "LabelRequest",
    "LabelUnknown",
    "NoticeRejected",
    "NumberFormat",
    "PackedUnits",
    "Parcel",
    "ParcelsMismatch",
    "PickupPoint",
    "RateAnswer",
    "RateBasis",
    "RateLine",
    "RateRequest",
    "RateTable",
    "RateTier",
    "Shipment",
    "ShipmentCancelled",
    "ShipmentCreated",
    "ShipmentDelivered",
    "ShipmentException",
    "ShipmentLabelled",
    "ShipmentLine",
    "ShipmentNotFound",
    "ShipmentReturned",
    "ShipmentShipped",
    "ShipmentStatus",
    "Shipments",
    "ShippingMethod",
    "ShippingMethodChanged",
    "ShippingMethodNotFound",
    "ShippingMethods",
    "ShippingRate",
    "ShippingService",
    "ShippingUnavailable",
    "ShippingUnit",
    "TooLargeToPack",
    "TrackingEvent",
    "Transit",
    "Unavailable",
    "UnavailableReason",
    "VoidRefused",
    "Zone",
    "answer",
    "formats_of",
    "pack",
    "promise",
    "quote",
    "volumetric_grams",
]
