"""What EasyPost answers, as far as it is read (EasyPost docs: Shipments, Rates, Trackers).

A value of another type than these is no answer; fields that are not named here are not looked at.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from commerce.kernel import InvalidMoney, InvalidValue, Money

__all__ = ["LabelFile", "Rate", "Rates", "Shipment", "ShipmentPage", "Tracker", "TrackerPage", "TrackingDetail"]

#: The money comes back, or never went: a carrier that bills when it scans (``not_applicable``) keeps the label alive.
_GIVEN_BACK = ("submitted", "refunded")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Rate(_Answer):
    """What one service of one carrier account costs. ``rate`` is a decimal in a string."""

    id: str = Field(min_length=1)
    carrier: str
    service: str
    rate: str
    currency: str

    @property
    def name(self) -> str:
        """Carrier and service: ``USPS:Priority``."""
        return f"{self.carrier}:{self.service}"

    @property
    def price(self) -> Money | None:
        """The price, or nothing if it is no amount of money: finer than its currency, or below zero."""
        try:
            price = Money(self.rate, self.currency)
        except (InvalidMoney, InvalidValue):
            return None
        return price if price.minor >= 0 else None


class Rates(_Answer):
    """The rates of a shipment that was rated again."""

    rates: tuple[Rate, ...]


class LabelFile(_Answer):
    """Where a label is."""

    label_url: str = Field(min_length=1)


class Shipment(_Answer):
    """One parcel: rated, and perhaps bought."""

    id: str = Field(min_length=1)
    created_at: datetime
    reference: str | None = None
    rates: tuple[Rate, ...] = ()
    selected_rate: Rate | None = None
    tracking_code: str | None = None
    postage_label: LabelFile | None = None
    refund_status: str | None = None

    @property
    def bought(self) -> bool:
        """Whether it has a label."""
        return self.postage_label is not None

    @property
    def given_back(self) -> bool:
        """Whether its label must not be used any more."""
        return self.refund_status in _GIVEN_BACK


class ShipmentPage(_Answer):
    """Some shipments, newest first."""

    shipments: tuple[Shipment, ...]
    has_more: bool = False


class TrackingLocation(_Answer):
    """Where a scan was."""

    city: str | None = None
    state: str | None = None
    country: str | None = None


class TrackingDetail(_Answer):
    """One scan. Some carriers do not say when."""

    status: str | None = None
    status_detail: str | None = None
    message: str | None = None
    at: datetime | None = Field(default=None, alias="datetime")
    tracking_location: TrackingLocation | None = None


class Tracker(_Answer):
    """What is known of a parcel."""

    tracking_code: str
    shipment_id: str | None = None
    tracking_details: Sequence[TrackingDetail] = ()


class TrackerPage(_Answer):
    """Some trackers, newest first."""

    trackers: tuple[Tracker, ...]
