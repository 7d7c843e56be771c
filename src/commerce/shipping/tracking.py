"""What carriers say about parcels, and where a shipment therefore stands."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import field, frozen

from commerce.kernel import aware, no_card_number
from commerce.shipping.states import SHIPMENT_STATES, ShipmentStatus

__all__ = ["TrackingEvent", "merged", "standing"]

#: The moves that happen outside the house, in the order of progress.
_PROGRESS = (
    ShipmentStatus.LABELLED,
    ShipmentStatus.SHIPPED,
    ShipmentStatus.IN_TRANSIT,
    ShipmentStatus.OUT_FOR_DELIVERY,
    ShipmentStatus.EXCEPTION,
    ShipmentStatus.DELIVERED,
    ShipmentStatus.RETURNED,
)


@frozen(kw_only=True)
class TrackingEvent:
    """One entry of a shipment's timeline: a carrier's scan, or a command (then it has the command's ``key``).

    ``code`` is the carrier's own word. Without a tracking number it is about every parcel. Place and
    note may be personal ("left with the neighbour"), so they are in no repr.
    """

    status: ShipmentStatus
    at: datetime = field()
    code: str = ""
    tracking_number: str = ""
    key: str = ""
    place: str = field(default="", repr=False, validator=no_card_number)
    note: str = field(default="", repr=False, validator=no_card_number)

    @at.validator
    def _knows_its_zone(self, _: object, at: datetime) -> None:
        aware(at)

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it the same fact when it is told again, perhaps in other words."""
        return self.at, self.status, self.code, self.tracking_number, self.key


def merged(timeline: Sequence[TrackingEvent], more: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The timeline with what is new in ``more``, in the order it happened."""
    known = {event.identity: event for event in timeline}
    for event in more:
        known.setdefault(event.identity, event)
    return tuple(sorted(known.values(), key=_order))


def standing(timeline: Iterable[TrackingEvent], tracking_numbers: Sequence[str]) -> ShipmentStatus:
    """Where a labelled shipment stands, by everything that is known.

    Scans arrive late, twice and out of order; the answer depends on the set of them only. A shipment is
    as far as its least advanced parcel, under way once one of them is, and stopped once one is stopped.
    """
    said = [event for event in sorted(timeline, key=_order) if event.status in _PROGRESS]
    parcels = {
        _parcel(event.status for event in said if event.tracking_number in ("", number))
        for number in tracking_numbers or ("",)
    }
    if ShipmentStatus.EXCEPTION in parcels:
        return ShipmentStatus.EXCEPTION
    least = min(parcels, key=_PROGRESS.index)
    return ShipmentStatus.SHIPPED if least is ShipmentStatus.LABELLED and len(parcels) > 1 else least


def _parcel(said: Iterable[ShipmentStatus]) -> ShipmentStatus:
    """One parcel after its scans in order; what cannot follow is a late or mistaken scan."""
    status = ShipmentStatus.LABELLED
    for to in said:
        if to in SHIPMENT_STATES.moves[status]:
            status = to
    return status


def _order(event: TrackingEvent) -> tuple[datetime, int, str, str, str]:
    rank = _PROGRESS.index(event.status) if event.status in _PROGRESS else -1
    return event.at, rank, event.code, event.tracking_number, event.key
