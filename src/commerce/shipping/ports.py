"""What shipping needs from outside: storage, and carriers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from commerce.kernel import Address, Money, storable_text
from commerce.shipping.model import Shipment, ShippingMethod
from commerce.shipping.parcels import Parcel
from commerce.shipping.tracking import TrackingEvent

__all__ = [
    "Ability",
    "Carrier",
    "CarrierNotice",
    "CarrierRate",
    "CarrierRateRequest",
    "Label",
    "LabelRequest",
    "PickupPoint",
    "Shipments",
    "ShippingMethods",
    "ShippingUnit",
]


class Ability(StrEnum):
    """What a carrier can do besides selling labels."""

    RATES = "rates"
    VOID = "void"
    TRACKING = "tracking"
    PICKUP_POINTS = "pickup_points"
    NOTICES = "notices"


@frozen(kw_only=True)
class CarrierRateRequest:
    """A question: what does it cost to send these parcels there."""

    destination: Address
    parcels: tuple[Parcel, ...]
    currency: str
    origin: Address | None = None


@frozen(kw_only=True)
class CarrierRate:
    """What one service of a carrier costs for a request."""

    service: str
    price: Money


@frozen(kw_only=True)
class LabelRequest:
    """A label to be bought. The ``key`` names this purchase for good; ``reference`` may be printed on it."""

    key: str
    service: str
    destination: Address
    parcels: tuple[Parcel, ...]
    reference: str
    origin: Address | None = None


@frozen(kw_only=True)
class Label:
    """A bought label with a tracking number per parcel; ``format`` says what ``data`` is: ``zpl``, ``pdf``, ``png``."""

    reference: str = field(validator=storable_text(255))
    tracking_numbers: tuple[str, ...] = field(validator=storable_text(64))
    format: str = field(validator=storable_text(16))
    data: bytes = field(repr=False)
    cost: Money | None = None


@frozen(kw_only=True)
class PickupPoint:
    """A place where parcels can be collected."""

    id: str
    name: str
    address: Address


@frozen(kw_only=True)
class CarrierNotice:
    """A message from a carrier as it came in, unverified: raw body, headers by lower-case name."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)


class Carrier(Protocol):
    """Somebody who brings parcels. What is not among its ``abilities`` raises `CarrierCannot`.

    Unreachable, and surely nothing happened: raise `CarrierUnavailable`. The answer to a purchase got
    lost: `LabelUnknown`. A definite no: `LabelRefused`, `VoidRefused`.
    """

    @property
    def name(self) -> str:
        """The name under which a shop knows it."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do, as data."""

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        """What its services cost for these parcels; a service that does not go there is left out.

        May be asked from several threads at once.
        """

    def buy_label(self, request: LabelRequest) -> Label:
        """Buy a label, or give the one bought with this key: **one key, one label**, also after a lost answer."""

    def void(self, key: str, reference: str = "") -> None:
        """Give back the label bought with ``key``; ``reference`` may help to find it. None, or no more: do nothing."""

    def track(self, tracking_number: str) -> Sequence[TrackingEvent]:
        """Everything known about a parcel."""

    def pickup_points(self, address: Address, limit: int = 10) -> Sequence[PickupPoint]:
        """Places near an address where parcels can be collected, nearest first."""

    def parse_notice(self, notice: CarrierNotice) -> Sequence[str]:
        """The tracking numbers a notice is about, after checking who sent it; else `NoticeRejected`.

        What the notice says about them is not believed: they are tracked, so ``notices`` needs ``tracking``.
        """


class ShippingMethods(Protocol):
    """Stored shipping methods."""

    def get(self, method_id: str) -> ShippingMethod:
        """The method, or `ShippingMethodNotFound`."""

    def all(self) -> Sequence[ShippingMethod]:
        """Every method, by id."""

    def add(self, method: ShippingMethod) -> bool:
        """Store a new method, unless its id is taken: then store nothing and say false."""

    def save(self, method: ShippingMethod) -> None:
        """Store a changed method, or raise `commerce.kernel.StaleVersion`."""


class Shipments(Protocol):
    """Stored shipments and their labels."""

    def get(self, shipment_id: str) -> Shipment:
        """The shipment, or `ShipmentNotFound`."""

    def by_key(self, key: str) -> Shipment | None:
        """The shipment made with that key, or nothing."""

    def by_tracking_numbers(self, carrier: str, tracking_numbers: Sequence[str]) -> Sequence[Shipment]:
        """The shipments of a carrier with any of these numbers, each once, oldest first."""

    def of_order(self, order_id: str) -> Sequence[Shipment]:
        """The shipments of an order, oldest first."""

    def pending(self, created_before: datetime, limit: int) -> Sequence[Shipment]:
        """Shipments without a label that were made before a moment, oldest first."""

    def add(self, shipment: Shipment) -> bool:
        """Store a new shipment, unless its key is taken: then store nothing and say false."""

    def save(self, shipment: Shipment) -> None:
        """Store a changed shipment, or raise `commerce.kernel.StaleVersion`."""

    def keep_label(self, shipment: Shipment, label: Label) -> None:
        """Store the label of a shipment; its tracking numbers find it, and no older shipment, from now on."""

    def label(self, shipment_id: str) -> Label | None:
        """The label that was kept, or nothing."""

    def drop_label(self, shipment_id: str) -> None:
        """Forget the label itself; the tracking numbers stay."""


class ShippingUnit(Protocol):
    """One transaction of the shipping module."""

    @property
    def methods(self) -> ShippingMethods:
        """The shipping methods in this transaction."""

    @property
    def shipments(self) -> Shipments:
        """The shipments in this transaction."""
