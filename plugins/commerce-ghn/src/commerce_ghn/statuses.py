"""GHN's statuses as our timeline. Pure functions.

Source: developer.ghn.vn/en/docs/master-data/order-status (23 statuses; api.ghn.vn/home/docs/detail?id=48). An order's
``log`` has a status and the ``updated_date`` of each change (developer.ghn.vn/en/docs/order/info;
api.ghn.vn/home/docs/detail?id=66). It also names drivers and their telephones: those are never read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from commerce.kernel import aware
from commerce.shipping import ShipmentStatus, TrackingEvent

__all__ = ["CANCELLED", "STATUSES", "events", "status_of"]

CANCELLED = "cancel"

_S = ShipmentStatus

STATUSES: Mapping[str, ShipmentStatus] = {
    "ready_to_pick": _S.LABELLED,
    "picking": _S.LABELLED,
    "money_collect_picking": _S.LABELLED,
    "picked": _S.SHIPPED,
    "storing": _S.IN_TRANSIT,
    "sorting": _S.IN_TRANSIT,
    "transporting": _S.IN_TRANSIT,
    "delivering": _S.OUT_FOR_DELIVERY,
    "money_collect_delivering": _S.OUT_FOR_DELIVERY,
    "delivered": _S.DELIVERED,
    "delivery_fail": _S.EXCEPTION,
    "waiting_to_return": _S.EXCEPTION,
    "return": _S.EXCEPTION,
    "return_transporting": _S.EXCEPTION,
    "return_sorting": _S.EXCEPTION,
    "returning": _S.EXCEPTION,
    "return_fail": _S.EXCEPTION,
    "returned": _S.RETURNED,
    "cancel": _S.EXCEPTION,  # by GHN or at its portal: what the shop cancels is cancelled here already
    "exception": _S.EXCEPTION,
    "lost": _S.EXCEPTION,
    "damage": _S.EXCEPTION,
    "scrap": _S.EXCEPTION,
}


def status_of(status: str) -> ShipmentStatus:
    """What a status of GHN's means; one that is not documented claims nothing, so it moves nothing.

    >>> status_of("delivering"), status_of("beamed")
    (<ShipmentStatus.OUT_FOR_DELIVERY: 'out_for_delivery'>, <ShipmentStatus.LABELLED: 'labelled'>)
    """
    return STATUSES.get(status, ShipmentStatus.LABELLED)


def events(order: Mapping[str, object], tracking_number: str) -> Sequence[TrackingEvent]:
    """The life of an order so far, as that of one of its parcels. Raises what reading nonsense raises."""
    told = [*_logged(order)]
    current = str(order["status"])
    if current not in [status for status, _ in told]:
        when = "created_date" if current == "ready_to_pick" else "updated_date"
        told.append((current, _moment(order[when])))
    return [
        TrackingEvent(status=status_of(status), at=at, code=status, tracking_number=tracking_number)
        for status, at in told
    ]


def _logged(order: Mapping[str, object]) -> Iterator[tuple[str, datetime]]:
    log = order.get("log") or []
    if not isinstance(log, list):
        raise TypeError("log")
    for entry in log:
        yield str(entry["status"]), _moment(entry["updated_date"])


def _moment(told: object) -> datetime:
    return aware(datetime.fromisoformat(str(told)))
