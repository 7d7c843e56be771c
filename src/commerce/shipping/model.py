"""Shipping methods, and shipments with their lives."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define, field, fields_dict

from commerce.kernel import (
    Address,
    Entity,
    InvalidValue,
    KeyReused,
    Money,
    NotAllowed,
    by_locale,
    localized,
    no_card_number,
    require_storable,
    storable_text,
)
from commerce.kernel import currency as to_currency
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
from commerce.shipping.parcels import Box, Parcel
from commerce.shipping.states import SHIPMENT_STATES, ShipmentStatus
from commerce.shipping.tracking import TrackingEvent, merged, standing
from commerce.shipping.values import Conditions, RateTable, Transit, Zone

__all__ = ["Shipment", "ShippingMethod"]

_DONE = (ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED, ShipmentStatus.CANCELLED)
_OPEN = tuple(state for state in ShipmentStatus if state not in _DONE)
_AT_HOME = (ShipmentStatus.PENDING, ShipmentStatus.LABELLED, ShipmentStatus.CANCELLED)


def _names(names: Mapping[str, str]) -> Mapping[str, str]:
    return by_locale(names)


@define(kw_only=True, eq=False)
class ShippingMethod(Entity):
    """A way to ship that shoppers can choose; its id is chosen by the shop (``standard``, ``express``).

    Without ``rates`` the carrier is asked what its ``service`` costs. No zones serve every place.
    From a value of ``free_above`` on it costs nothing; ``handling_fee`` is added otherwise. With
    ``boxes`` the goods are packed, and what fits into none of them cannot travel this way.
    """

    names: Mapping[str, str] = field(converter=_names)
    carrier: str = field(validator=storable_text(64))
    service: str = field(default="", validator=storable_text(64))
    currency: str
    rates: RateTable | None = None
    zones: tuple[Zone, ...] = ()
    conditions: Conditions = field(factory=Conditions)
    free_above: Money | None = None
    handling_fee: Money | None = None
    boxes: tuple[Box, ...] = ()
    transit: Transit | None = None
    tax_category: str = field(default="shipping", validator=storable_text(64))
    enabled: bool = True

    def __attrs_post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Refuse a method that could not be offered: no name, or amounts in another currency."""
        to_currency(self.currency)
        require_storable("id", self.id, least=1, most=64)
        require_storable("names", *self.names.values())
        if not self.names:
            raise InvalidValue(field="names", reason="a shipping method has a name in at least one language")
        amounts = [amount for amount in (self.free_above, self.handling_fee) if amount is not None]
        used = {amount.currency.code for amount in amounts} | (self.rates.currencies if self.rates else frozenset())
        if used - {self.currency}:
            raise InvalidValue(field="currency", reason=f"every amount of method {self.id} must be in {self.currency}")

    def name(self, locale: str) -> str:
        """What it is called for a reader: in the locale, in one it falls back on, in English, or in the first."""
        return localized(self.names, locale)

    def same_terms(self, other: "ShippingMethod") -> bool:
        """Whether two descriptions of a method say the same."""
        return all(getattr(self, name) == getattr(other, name) for name in _TERMS)

    def changed(self) -> None:
        """Say that it is new or different."""
        self.check()
        self.record(ShippingMethodChanged(aggregate_id=self.id))


_TERMS = tuple(name for name in fields_dict(ShippingMethod) if name not in fields_dict(Entity))


@define(kw_only=True, eq=False)
class Shipment(Entity):
    """Units of one order that travel together, in one or more parcels.

    The ``key`` is that of the command which made it and of the label at the carrier. Where it stands is
    derived from the timeline, so scans may come late, twice and in any order.
    """

    key: str = field(validator=storable_text(255, least=1))
    order_id: str = field(validator=storable_text(36))
    lines: tuple[ShipmentLine, ...]
    parcels: tuple[Parcel, ...]
    carrier: str = field(validator=storable_text(64))
    service: str = field(default="", validator=[no_card_number, storable_text(64)])
    destination: Address
    created_at: datetime
    status: ShipmentStatus = ShipmentStatus.PENDING
    label_reference: str = ""
    label_cost: Money | None = None
    tracking_numbers: tuple[str, ...] = ()
    timeline: tuple[TrackingEvent, ...] = ()
    refusal: str = ""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether something may still happen to it by itself."""
        return self.status in _OPEN

    def create(self) -> None:
        """Say that it exists."""
        self._note(TrackingEvent(status=ShipmentStatus.PENDING, at=self.created_at, key=self.key))
        self.record(
            ShipmentCreated(aggregate_id=self.id, order_id=self.order_id, carrier=self.carrier, lines=self.lines)
        )

    def labelled(self, reference: str, tracking_numbers: tuple[str, ...], cost: Money | None, *, at: datetime) -> None:
        """Note the label that was bought; told again, it changes nothing."""
        if self.label_reference and self.status is not ShipmentStatus.CANCELLED:
            return
        self.status = SHIPMENT_STATES.move(self.id, self.status, ShipmentStatus.LABELLED)
        self.label_reference, self.tracking_numbers, self.label_cost = reference, tracking_numbers, cost
        self._note(TrackingEvent(status=ShipmentStatus.LABELLED, at=at, key=self.key))
        self.record(
            ShipmentLabelled(
                aggregate_id=self.id,
                order_id=self.order_id,
                carrier=self.carrier,
                tracking_numbers=tracking_numbers,
            )
        )

    def refuse(self, reason: str, *, at: datetime) -> None:
        """The carrier does not want it: nothing was bought, and nothing will be."""
        if self.status is ShipmentStatus.PENDING:
            self.refusal = reason
            self._cancel(self.key, at=at)

    def cancel(self, key: str, *, at: datetime) -> None:
        """It will not be shipped. Raises `commerce.kernel.NotAllowed` once the carrier has it."""
        if self.status is not ShipmentStatus.CANCELLED:
            self._cancel(key, at=at)

    def require_cancellable(self) -> None:
        """Refuse to call off what the carrier has, before its label is given back."""
        SHIPMENT_STATES.move(self.id, self.status, ShipmentStatus.CANCELLED)

    def hand_over(self, key: str, *, at: datetime) -> None:
        """The carrier took it. Known to be further already, nothing changes."""
        if self.status in _AT_HOME:
            SHIPMENT_STATES.move(self.id, self.status, ShipmentStatus.SHIPPED)
            self._hear([TrackingEvent(status=ShipmentStatus.SHIPPED, at=at, key=key)])

    def deliver(self, key: str, *, at: datetime) -> None:
        """Every parcel arrived, by whoever saw it."""
        if self.status in (ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED):
            return
        SHIPMENT_STATES.move(self.id, self.status, ShipmentStatus.DELIVERED)
        self._hear([TrackingEvent(status=ShipmentStatus.DELIVERED, at=at, key=key)])

    def record_tracking(self, events: Sequence[TrackingEvent]) -> None:
        """Take over what the carrier says. Told again, or late, it changes nothing that is known better."""
        if any(event.status in (ShipmentStatus.PENDING, ShipmentStatus.CANCELLED) for event in events):
            raise InvalidValue(field="events", reason="a carrier reports nothing as pending or cancelled")
        if self.status is ShipmentStatus.PENDING and events:
            raise NotAllowed(
                entity="shipment", id=self.id, state=self.status.value, move="be tracked", allowed=("labelled",)
            )
        self._hear(events)

    def forget(self) -> None:
        """Keep the country and region of where it went, and none of the words about it.

        Raises `commerce.kernel.NotAllowed` while it still has to arrive.
        """
        if self.open:
            raise NotAllowed(
                entity="shipment",
                id=self.id,
                state=self.status.value,
                move="be forgotten before it is " + " or ".join(_DONE),
                allowed=SHIPMENT_STATES.moves[self.status],
            )
        to = self.destination
        self.destination = Address(country=to.country, region=to.region)
        self.refusal = self.refusal and "forgotten"
        self.timeline = tuple(
            TrackingEvent(status=e.status, at=e.at, code=e.code, tracking_number=e.tracking_number, key=e.key)
            for e in self.timeline
        )

    def same_wish(self, other: "Shipment") -> None:
        """Refuse, with `commerce.kernel.KeyReused`, another wish under the same key."""
        for name in ("order_id", "lines", "parcels", "carrier", "service", "destination"):
            if getattr(self, name) != getattr(other, name):
                raise KeyReused(key=self.key)

    def _note(self, event: TrackingEvent) -> None:
        self.timeline = merged(self.timeline, [event])

    def _cancel(self, key: str, *, at: datetime) -> None:
        self.status = SHIPMENT_STATES.move(self.id, self.status, ShipmentStatus.CANCELLED)
        self._note(TrackingEvent(status=ShipmentStatus.CANCELLED, at=at, key=key))
        self.record(
            ShipmentCancelled(
                aggregate_id=self.id, order_id=self.order_id, lines=self.lines, refused=bool(self.refusal)
            )
        )

    def _hear(self, events: Sequence[TrackingEvent]) -> None:
        """Add to the timeline, and say what is new about where it stands."""
        timeline = merged(self.timeline, events)
        if len(timeline) == len(self.timeline):
            return
        self.timeline = timeline
        if self.status is ShipmentStatus.CANCELLED:
            return
        before, self.status = self.status, standing(timeline, self.tracking_numbers)
        if self.shipped_at is None and self.status not in _AT_HOME:
            self.shipped_at = next(event.at for event in timeline if event.status not in _AT_HOME)
            self.record(
                ShipmentShipped(
                    aggregate_id=self.id,
                    order_id=self.order_id,
                    carrier=self.carrier,
                    lines=self.lines,
                    tracking_numbers=self.tracking_numbers,
                )
            )
        if self.status is not before:
            self._tell()

    def _tell(self) -> None:
        """Record what the new status means; being under way is no news after it was shipped."""
        if self.status is ShipmentStatus.DELIVERED:
            self.delivered_at = self._last(ShipmentStatus.DELIVERED).at
            self.record(ShipmentDelivered(aggregate_id=self.id, order_id=self.order_id, lines=self.lines))
        elif self.status is ShipmentStatus.EXCEPTION:
            code = self._last(ShipmentStatus.EXCEPTION).code
            self.record(ShipmentException(aggregate_id=self.id, order_id=self.order_id, code=code))
        elif self.status is ShipmentStatus.RETURNED:
            self.record(ShipmentReturned(aggregate_id=self.id, order_id=self.order_id, lines=self.lines))

    def _last(self, status: ShipmentStatus) -> TrackingEvent:
        return next(event for event in reversed(self.timeline) if event.status is status)
