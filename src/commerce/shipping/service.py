"""Use cases of shipping."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from attrs import define

from commerce.kernel import (
    Address,
    Clock,
    InvalidValue,
    KeyReused,
    Money,
    NotAllowed,
    ProviderError,
    new_id,
)
from commerce.runtime import Begin, HookRelay, Providers, UnknownProvider, retried
from commerce.shipping.engine import CarrierQuotes, answer, parcels_for
from commerce.shipping.errors import (
    CarrierCannot,
    LabelMissing,
    LabelRefused,
    ShippingMethodNotFound,
    ShippingUnavailable,
    UnavailableReason,
)
from commerce.shipping.events import ShipmentLine
from commerce.shipping.model import Shipment, ShippingMethod
from commerce.shipping.parcels import PackedUnits, Parcel, require_packed
from commerce.shipping.ports import (
    Ability,
    Carrier,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    Label,
    LabelRequest,
    PickupPoint,
    ShippingUnit,
)
from commerce.shipping.requests import RateAnswer, RateRequest, ShippingRate, Unavailable
from commerce.shipping.states import SHIPMENT_STATES, ShipmentStatus
from commerce.shipping.tracking import TrackingEvent

__all__ = ["ShippingService"]

#: A carrier and the parcels it is asked about; what its services cost, or nothing.
_Question = tuple[str, tuple[Parcel, ...]]
_Offers = Sequence[CarrierRate] | None


@define
class ShippingService:
    """Say how things can be shipped and what it costs; ship them and follow them.

    ``origin`` is the sender's address for carriers that want it. No transaction is open while a carrier is asked.
    For prices all carriers are asked side by side, each in a thread; who has not answered within ``patience`` is
    as good as down.
    """

    begin: Begin[ShippingUnit]
    clock: Clock
    carriers: Providers[Carrier]
    hooks: HookRelay
    origin: Address | None = None
    patience: timedelta = timedelta(seconds=10)

    def add_method(self, method: ShippingMethod) -> ShippingMethod:
        """Store a new method. Its id is the key: with other terms, `commerce.kernel.KeyReused`."""
        method.changed()
        with self.begin() as uow:
            if uow.methods.add(method):
                return method
            known = uow.methods.get(method.id)
        if not known.same_terms(method):
            raise KeyReused(key=method.id)
        return known

    def change_method(self, method: ShippingMethod) -> ShippingMethod:
        """Store a method that was read and changed, or raise `commerce.kernel.StaleVersion`."""
        method.changed()
        with self.begin() as uow:
            uow.methods.save(method)
        return method

    def method(self, method_id: str) -> ShippingMethod:
        """The method, or `ShippingMethodNotFound`."""
        with self.begin() as uow:
            return uow.methods.get(method_id)

    def methods(self) -> tuple[ShippingMethod, ...]:
        """Every method, by id, the disabled ones too."""
        with self.begin() as uow:
            return tuple(uow.methods.all())

    def rates(self, request: RateRequest) -> RateAnswer:
        """What every method costs for a request, cheapest first, and why the others do not serve it."""
        methods = self.methods()
        found = answer(methods, request, self._quotes(methods, request))
        named = self.hooks.commerce_filter_shipping_methods(request=request, rates=found.rates)
        withheld = {method_id for ids in named for method_id in ids}
        if not withheld:
            return found
        return RateAnswer(
            rates=tuple(rate for rate in found.rates if rate.method_id not in withheld),
            unavailable=(
                *found.unavailable,
                *(
                    Unavailable(method_id=rate.method_id, reason=UnavailableReason.WITHHELD)
                    for rate in found.rates
                    if rate.method_id in withheld
                ),
            ),
        )

    def rate(self, method_id: str, request: RateRequest) -> ShippingRate:
        """What one method costs, as `rates` says. Raises `ShippingUnavailable`, `ShippingMethodNotFound`."""
        found = self.rates(request)
        for rate in found.rates:
            if rate.method_id == method_id:
                return rate
        for refused in found.unavailable:
            if refused.method_id == method_id:
                raise ShippingUnavailable(method_id=method_id, reason=refused.reason)
        raise ShippingMethodNotFound(method_id=method_id)

    def ship(
        self,
        key: str,
        order_id: str,
        lines: Sequence[ShipmentLine],
        *,
        carrier: str,
        service: str = "",
        destination: Address,
        parcels: Sequence[Parcel] | None = None,
    ) -> Shipment:
        """Buy a label for some units of an order, or answer with the shipment of this key.

        Without ``parcels`` all goes into one, of unknown weight (0 grams). The shipment is stored before
        the carrier is asked and the label after, so a crash or a lost answer in between is settled by calling again
        with the same key: `CarrierUnavailable` and `LabelUnknown` leave it pending, `LabelRefused` cancels it.
        """
        self.carriers[carrier]  # an unknown carrier is refused before anything is stored
        return self._settle(
            self._opened(
                Shipment(
                    id=new_id(),
                    key=key,
                    order_id=order_id,
                    lines=tuple(lines),
                    parcels=_parcels(lines, parcels),
                    carrier=carrier,
                    service=service,
                    destination=destination,
                    created_at=self.clock(),
                )
            )
        )

    def settle(self, shipment_id: str) -> Shipment:
        """Finish what `ship` began: buy the label of a pending shipment, or learn that it is bought."""
        return self._settle(self.get(shipment_id))

    def unsettled(self, created_before: datetime, limit: int = 100) -> tuple[Shipment, ...]:
        """Shipments that got no label though they were made before a moment: `settle` them."""
        with self.begin() as uow:
            return tuple(uow.shipments.pending(created_before, limit))

    def get(self, shipment_id: str) -> Shipment:
        """The shipment, or `ShipmentNotFound`."""
        with self.begin() as uow:
            return uow.shipments.get(shipment_id)

    def of_order(self, order_id: str) -> tuple[Shipment, ...]:
        """The shipments of an order, oldest first."""
        with self.begin() as uow:
            return tuple(uow.shipments.of_order(order_id))

    def label(self, shipment_id: str) -> Label:
        """The label to print, or `LabelMissing`."""
        with self.begin() as uow:
            uow.shipments.get(shipment_id)
            label = uow.shipments.label(shipment_id)
        if label is None:
            raise LabelMissing(shipment_id=shipment_id)
        return label

    def hand_over(self, shipment_id: str, key: str, at: datetime | None = None) -> Shipment:
        """The carrier took the parcels. Raises `commerce.kernel.NotAllowed` without a label."""
        return self._change(shipment_id, lambda shipment: shipment.hand_over(key, at=at or self.clock()))

    def deliver(self, shipment_id: str, key: str, at: datetime | None = None) -> Shipment:
        """Every parcel arrived, by whoever saw it."""
        return self._change(shipment_id, lambda shipment: shipment.deliver(key, at=at or self.clock()))

    def cancel(self, shipment_id: str, key: str) -> Shipment:
        """Give the label back and call the shipment off.

        Raises `commerce.kernel.NotAllowed` once the carrier has it, `VoidRefused` if the carrier says so.
        """
        shipment = self.get(shipment_id)
        if shipment.status is ShipmentStatus.CANCELLED:
            return shipment
        shipment.require_cancellable()
        self._void(shipment)
        return self._change(shipment_id, lambda fresh: fresh.cancel(key, at=self.clock()))

    def record_tracking(self, shipment_id: str, events: Sequence[TrackingEvent]) -> Shipment:
        """Take over what a carrier says, in any order and however often."""
        return self._change(shipment_id, lambda shipment: shipment.record_tracking(events))

    def refresh(self, shipment_id: str) -> Shipment:
        """Ask the carrier where every parcel is. Raises `CarrierCannot` if it does not track."""
        shipment = self.get(shipment_id)
        carrier = self._able(shipment.carrier, Ability.TRACKING)
        events = [event for number in shipment.tracking_numbers for event in carrier.track(number)]
        return self.record_tracking(shipment_id, events) if events else shipment

    def receive_notice(self, carrier: str, notice: CarrierNotice) -> tuple[Shipment, ...]:
        """Read again what a carrier's notice is about; the shipments as they are now.

        Raises `NoticeRejected` for a notice that the carrier did not send. Numbers of nobody are ignored.
        """
        numbers = self._able(carrier, Ability.NOTICES).parse_notice(notice)
        with self.begin() as uow:
            found = uow.shipments.by_tracking_numbers(carrier, numbers)
        return tuple(self.refresh(shipment.id) for shipment in found)

    def pickup_points(self, carrier: str, address: Address, limit: int = 10) -> tuple[PickupPoint, ...]:
        """Places near an address where a carrier's parcels can be collected."""
        return tuple(self._able(carrier, Ability.PICKUP_POINTS).pickup_points(address, limit))

    def forget(self, order_id: str) -> tuple[Shipment, ...]:
        """Erase where the shipments of an order went: addresses, labels, remarks. The facts stay.

        Raises `commerce.kernel.NotAllowed` while one of them still has to arrive.
        """
        with self.begin() as uow:
            found = tuple(uow.shipments.of_order(order_id))
            for shipment in found:
                shipment.forget()
                uow.shipments.save(shipment)
                uow.shipments.drop_label(shipment.id)
            return found

    def _quotes(self, methods: Sequence[ShippingMethod], request: RateRequest) -> CarrierQuotes:
        """What carriers say about the methods that have no table of their own; each question is asked once."""
        asked = [
            (method, (method.carrier, parcels))
            for method in methods
            if method.rates is None and (parcels := parcels_for(method, request)) is not None
        ]
        offers = self._side_by_side({question for _, question in asked}, request)
        return {method.id: _quoted(method, offers.get(question)) for method, question in asked}

    def _side_by_side(self, questions: Collection[_Question], request: RateRequest) -> Mapping[_Question, _Offers]:
        """The answers that came in time."""
        if not questions:
            return {}
        threads = ThreadPoolExecutor(len(questions), thread_name_prefix="rates")
        asked = {threads.submit(self._offers, *question, request): question for question in questions}
        answered, _ = wait(asked, self.patience.total_seconds())
        threads.shutdown(wait=False, cancel_futures=True)
        return {asked[one]: one.result() for one in answered}

    def _offers(self, carrier: str, parcels: tuple[Parcel, ...], request: RateRequest) -> _Offers:
        """The carrier's rates, or nothing: one carrier that is down must not stop a checkout."""
        try:
            return self._able(carrier, Ability.RATES).rates(
                CarrierRateRequest(
                    destination=request.destination,
                    parcels=parcels,
                    currency=request.currency.code,
                    origin=self.origin,
                )
            )
        except (ProviderError, UnknownProvider, CarrierCannot):
            return None

    def _able(self, carrier: str, ability: Ability) -> Carrier:
        found = self.carriers[carrier]
        if ability not in found.abilities:
            raise CarrierCannot(carrier=carrier, ability=ability.value)
        return found

    def _opened(self, wish: Shipment) -> Shipment:
        """The wish as a stored shipment, or the one that has its key."""
        wish.create()
        with self.begin() as uow:
            known = None if uow.shipments.add(wish) else uow.shipments.by_key(wish.key)
        if known is None:
            return wish
        known.same_wish(wish)
        return known

    def _settle(self, shipment: Shipment) -> Shipment:
        if shipment.refusal:
            raise LabelRefused(carrier=shipment.carrier, reason=shipment.refusal)
        if shipment.status is ShipmentStatus.CANCELLED:
            self._void(shipment)  # a purchase that was under way when it was cancelled
            SHIPMENT_STATES.move(shipment.id, shipment.status, ShipmentStatus.LABELLED)
        if shipment.status is not ShipmentStatus.PENDING:
            return shipment
        try:
            label = self.carriers[shipment.carrier].buy_label(_request(shipment, self.origin))
        except LabelRefused as refusal:
            reason = refusal.reason
            self._change(shipment.id, lambda fresh: fresh.refuse(reason, at=self.clock()))
            raise
        return self._keep(shipment, label)

    def _keep(self, shipment: Shipment, label: Label) -> Shipment:
        """Store a bought label; if the shipment was cancelled meanwhile, give it back."""
        try:
            return self._change(
                shipment.id,
                lambda fresh: fresh.labelled(label.reference, label.tracking_numbers, label.cost, at=self.clock()),
                label,
            )
        except NotAllowed:
            self._void(shipment, label.reference)
            raise

    def _void(self, shipment: Shipment, reference: str = "") -> None:
        carrier = self.carriers[shipment.carrier]
        if Ability.VOID in carrier.abilities:
            carrier.void(shipment.key, reference or shipment.label_reference)

    def _change(self, shipment_id: str, change: Callable[[Shipment], None], label: Label | None = None) -> Shipment:
        """Commands on a shipment commute or are refused by its states, so a lost race is run again."""
        return retried(lambda: self._try(shipment_id, change, label))

    def _try(self, shipment_id: str, change: Callable[[Shipment], None], label: Label | None) -> Shipment:
        with self.begin() as uow:
            shipment = uow.shipments.get(shipment_id)
            timeline = shipment.timeline
            change(shipment)
            if shipment.timeline != timeline:
                uow.shipments.save(shipment)
                if label is not None:
                    uow.shipments.keep_label(shipment, label)
            return shipment


def _parcels(lines: Sequence[ShipmentLine], parcels: Sequence[Parcel] | None) -> tuple[Parcel, ...]:
    """The parcels as given, if they hold every unit once; else everything in one."""
    if not lines:
        raise InvalidValue(field="lines", reason="name the units to ship, by line id")
    if parcels is None:
        contents = tuple(PackedUnits(line_id=line.line_id, quantity=line.quantity) for line in lines)
        return (Parcel(contents=contents, weight_grams=0),)
    require_packed(lines, parcels)
    return tuple(parcels)


def _request(shipment: Shipment, origin: Address | None) -> LabelRequest:
    return LabelRequest(
        key=shipment.key,
        service=shipment.service,
        destination=shipment.destination,
        parcels=shipment.parcels,
        reference=shipment.order_id,
        origin=origin,
    )


def _quoted(method: ShippingMethod, offers: _Offers) -> Money | UnavailableReason:
    if offers is None:
        return UnavailableReason.CARRIER_UNAVAILABLE
    fitting = [o.price for o in offers if o.service == method.service and o.price.currency.code == method.currency]
    return min(fitting, default=UnavailableReason.NOT_QUOTED)
