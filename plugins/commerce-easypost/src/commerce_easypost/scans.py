"""EasyPost's words for scans in ours (EasyPost docs, Trackers: ``status`` and ``status_detail``)."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from commerce.kernel import mask_card_numbers
from commerce.shipping import ShipmentStatus, TrackingEvent
from commerce_easypost.answers import Tracker, TrackingDetail

__all__ = ["STATUSES", "STOPPED", "events_of", "status_of"]

#: Every documented status. What says nothing about a parcel on its way (``labelled``) is kept and moves nothing:
#: ``error`` is a fault in following it, ``cancelled`` a label that was given back. A parcel on its way back counts as
#: returned at once, so that the scan of its arrival there is not taken for its delivery.
STATUSES = {
    "unknown": ShipmentStatus.LABELLED,
    "pre_transit": ShipmentStatus.LABELLED,
    "in_transit": ShipmentStatus.IN_TRANSIT,
    "out_for_delivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": ShipmentStatus.OUT_FOR_DELIVERY,
    "delivered": ShipmentStatus.DELIVERED,
    "return_to_sender": ShipmentStatus.RETURNED,
    "failure": ShipmentStatus.EXCEPTION,
    "cancelled": ShipmentStatus.LABELLED,
    "error": ShipmentStatus.LABELLED,
}

#: Details that stop a parcel that is on its way. Lateness (``delayed``, ``weather_delay``, ``missorted``) does not,
#: nor does that nobody follows it any more (``expired``).
STOPPED = frozenset(
    (
        *("address_correction", "awaiting_information", "damaged", "delivery_exception", "failure"),
        *("held", "lost", "refused", "return", "transit_exception"),
    )
)

_ON_ITS_WAY = (ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY)


def status_of(status: str, detail: str) -> ShipmentStatus:
    """What a scan means; a word that is not documented means nothing.

    >>> status_of("in_transit", "damaged"), status_of("teleported", "")
    (<ShipmentStatus.EXCEPTION: 'exception'>, <ShipmentStatus.LABELLED: 'labelled'>)
    """
    meant = STATUSES.get(status, ShipmentStatus.LABELLED)
    return ShipmentStatus.EXCEPTION if meant in _ON_ITS_WAY and detail in STOPPED else meant


def events_of(tracking_number: str, trackers: Iterable[Tracker]) -> Sequence[TrackingEvent]:
    """The scans of a parcel. Carriers use a number again after a while, so only the newest tracker counts."""
    own = [tracker for tracker in trackers if tracker.tracking_code == tracking_number]
    newest = next((tracker for tracker in own if tracker.shipment_id), own[0] if own else None)
    details = newest.tracking_details if newest is not None else ()
    return [event for detail in details if (event := _event(tracking_number, detail)) is not None]


def _event(tracking_number: str, detail: TrackingDetail) -> TrackingEvent | None:
    """A scan, or nothing if nobody says when it was."""
    if detail.at is None:
        return None
    status, more = detail.status or "unknown", detail.status_detail or "unknown"
    where = detail.tracking_location
    places = (where.city, where.state, where.country) if where is not None else ()
    return TrackingEvent(
        status=status_of(status, more),
        at=detail.at if detail.at.tzinfo is not None else detail.at.replace(tzinfo=UTC),
        code=f"{status}.{more}",
        tracking_number=tracking_number,
        place=mask_card_numbers(", ".join(filter(None, places))),
        note=mask_card_numbers(detail.message or ""),
    )
