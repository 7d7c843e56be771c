"""What can be wrong with shipping, and what carriers answer when they do not do what was asked."""

from enum import StrEnum

from attrs import define

from commerce.kernel import Conflict, Denied, Invalid, NotFound, OutcomeUnknown, ProviderUnavailable, Refused

__all__ = [
    "CarrierCannot",
    "CarrierUnavailable",
    "LabelMissing",
    "LabelRefused",
    "LabelUnknown",
    "NoticeRejected",
    "ParcelsMismatch",
    "ShipmentNotFound",
    "ShippingMethodNotFound",
    "ShippingUnavailable",
    "TooLargeToPack",
    "UnavailableReason",
    "VoidRefused",
]


class UnavailableReason(StrEnum):
    """Why a method does not serve a request."""

    DISABLED = "disabled"
    NOTHING_TO_SHIP = "nothing_to_ship"
    OTHER_CURRENCY = "other_currency"
    NOT_IN_ZONE = "not_in_zone"
    NEEDS_REGION = "needs_region"
    NEEDS_POSTAL_CODE = "needs_postal_code"
    ITEM_EXCLUDED = "item_excluded"
    TOO_HEAVY = "too_heavy"
    TOO_LARGE = "too_large"
    DIMENSIONS_UNKNOWN = "dimensions_unknown"
    BEYOND_TABLE = "beyond_table"
    NOT_QUOTED = "not_quoted"
    CARRIER_UNAVAILABLE = "carrier_unavailable"
    WITHHELD = "withheld"


@define(kw_only=True, slots=False)
class ShippingMethodNotFound(NotFound):
    """No shipping method has that id."""

    message = "there is no shipping method {method_id}: add it first"
    method_id: str


@define(kw_only=True, slots=False)
class ShippingUnavailable(Conflict):
    """The method does not serve this request."""

    message = "shipping method {method_id} does not serve this: {reason}; choose another of the offered rates"
    method_id: str
    reason: UnavailableReason


@define(kw_only=True, slots=False)
class ShipmentNotFound(NotFound):
    """No shipment has that id."""

    message = "there is no shipment {shipment_id}: list those of the order"
    shipment_id: str


@define(kw_only=True, slots=False)
class LabelMissing(NotFound):
    """The shipment has no label: not bought yet, or forgotten with the address."""

    message = "shipment {shipment_id} has no label: ship it first, or ask its carrier for a copy"
    shipment_id: str


@define(kw_only=True, slots=False)
class ParcelsMismatch(Invalid):
    """The parcels do not contain every unit exactly once."""

    message = "line {line_id}: {packed} units packed, {wanted} to ship: put each unit into exactly one parcel"
    line_id: str
    packed: int
    wanted: int


@define(kw_only=True, slots=False)
class TooLargeToPack(Conflict):
    """A unit fits into none of the boxes, or nobody knows how large it is."""

    message = "{sku} fits into none of the boxes: {reason}; add a larger box or correct its weight and dimensions"
    sku: str
    reason: UnavailableReason


@define(kw_only=True, slots=False)
class CarrierCannot(Invalid):
    """The carrier's abilities do not include this."""

    message = "carrier {carrier} has no {ability}: ask its abilities first"
    carrier: str
    ability: str


@define(kw_only=True, slots=False)
class CarrierUnavailable(ProviderUnavailable):
    """The carrier was not reached, and nothing happened there."""

    message = "carrier {carrier} cannot be reached: try again with the same key"
    carrier: str


@define(kw_only=True, slots=False)
class LabelUnknown(OutcomeUnknown):
    """The carrier's answer was lost: the label may be bought."""

    message = "carrier {carrier} did not answer: the label may be bought; ship again with the same key to settle it"
    carrier: str


@define(kw_only=True, slots=False)
class LabelRefused(Refused):
    """The carrier will not take this shipment; nothing was bought. ``reason`` must be free of personal data."""

    message = "carrier {carrier} refuses the shipment: {reason}; correct it and ship with a new key"
    carrier: str
    reason: str


@define(kw_only=True, slots=False)
class VoidRefused(Refused):
    """The carrier will not take the label back, because it was used or is too old."""

    message = "carrier {carrier} does not take the label back: {reason}"
    carrier: str
    reason: str


@define(kw_only=True, slots=False)
class NoticeRejected(Denied):
    """A notice that the carrier did not sign, or that says nothing; it changes nothing."""

    code = "carrier_notice_rejected"
    message = "notice for carrier {carrier} rejected: {reason}"
    carrier: str
    reason: str
