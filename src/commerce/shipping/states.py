"""The state machine of a shipment."""

from enum import StrEnum

from commerce.kernel import StateTable

__all__ = ["SHIPMENT_STATES", "ShipmentStatus"]


class ShipmentStatus(StrEnum):
    """Where a shipment stands.

    ``pending`` has no label yet, ``labelled`` waits for the carrier, ``exception`` is
    stopped by something (a wrong address, customs, damage) and may go on.
    """

    PENDING = "pending"
    LABELLED = "labelled"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNED = "returned"
    CANCELLED = "cancelled"


_S = ShipmentStatus

#: Carriers skip scans, so a parcel may be heard of first at its door; what left the house is never un-shipped.
SHIPMENT_STATES = StateTable(
    "shipment",
    {
        _S.PENDING: (_S.LABELLED, _S.CANCELLED),
        _S.LABELLED: (
            _S.SHIPPED,
            _S.IN_TRANSIT,
            _S.OUT_FOR_DELIVERY,
            _S.DELIVERED,
            _S.EXCEPTION,
            _S.RETURNED,
            _S.CANCELLED,
        ),
        _S.SHIPPED: (_S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERED, _S.EXCEPTION, _S.RETURNED),
        _S.IN_TRANSIT: (_S.OUT_FOR_DELIVERY, _S.DELIVERED, _S.EXCEPTION, _S.RETURNED),
        _S.OUT_FOR_DELIVERY: (_S.IN_TRANSIT, _S.DELIVERED, _S.EXCEPTION, _S.RETURNED),
        _S.EXCEPTION: (_S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERED, _S.RETURNED),
        _S.DELIVERED: (_S.RETURNED,),
        _S.RETURNED: (),
        _S.CANCELLED: (),
    },
)
