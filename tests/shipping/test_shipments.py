"""Shipments: one label per key whatever the carrier does, and lives that carriers tell in any order."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from tests.shipping.requests import BERLIN, euros, item, method, rate_line, request

from commerce.adapters.flat_rate import FlatRateCarrier
from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Address, InvalidValue, KeyReused, Money, NotAllowed
from commerce.runtime import Providers, UnknownProvider, build_hooks, hookimpl, unit_of_work
from commerce.shipping import (
    SHIPMENT_STATES,
    Box,
    Carrier,
    CarrierCannot,
    CarrierRate,
    CarrierRateRequest,
    CarrierUnavailable,
    LabelRefused,
    LabelUnknown,
    NoticeRejected,
    PackedUnits,
    Parcel,
    ParcelsMismatch,
    PickupPoint,
    RateRequest,
    RateTable,
    Shipment,
    ShipmentCancelled,
    ShipmentException,
    ShipmentLine,
    ShipmentShipped,
    ShipmentStatus,
    ShippingMethod,
    ShippingMethodNotFound,
    ShippingRate,
    ShippingService,
    ShippingUnavailable,
    TrackingEvent,
    Unavailable,
    UnavailableReason,
    VoidRefused,
)
from commerce.shipping import hooks as shipping_hooks
from commerce.testing.carriers import FakeCarrier, Mishap
from commerce.testing.conformance.storage import NOW

LINES = (ShipmentLine(line_id="l1", sku="TEE-M", quantity=2),)
S = ShipmentStatus


def _service(storage: MemoryStorage, carrier: FakeCarrier, *plugins: object) -> ShippingService:
    begin = unit_of_work(storage, "shipping", lambda: NOW, lambda name: True, lambda: None)
    carriers: Providers[Carrier] = Providers("carrier", {"fake": carrier, "flat_rate": FlatRateCarrier()})
    return ShippingService(begin, lambda: NOW, carriers, build_hooks([shipping_hooks], plugins))


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


@pytest.fixture
def service(storage: MemoryStorage, carrier: FakeCarrier) -> ShippingService:
    return _service(storage, carrier)


def ship(shipping: ShippingService, key: str = "key-1", **changes: Any) -> Shipment:
    wish: dict[str, Any] = {"lines": LINES, "carrier": "fake", "destination": BERLIN} | changes
    return shipping.ship(key, "order-1", **wish)


def scan(status: ShipmentStatus, hours: int, number: str = "", code: str = "") -> TrackingEvent:
    return TrackingEvent(status=status, at=NOW + timedelta(hours=hours), tracking_number=number, code=code)


def told(storage: MemoryStorage) -> list[str]:
    return [type(envelope.event).__name__ for _, envelope in storage.outbox.archive()]


# Buying the label.


def test_a_shipment_gets_its_label(service: ShippingService, storage: MemoryStorage, carrier: FakeCarrier) -> None:
    made = ship(service, service="express")
    assert made.status is S.LABELLED
    assert (made.label_reference, made.tracking_numbers, made.label_cost) == (
        "label-1",
        ("FAKE00000101",),
        euros("9.00"),
    )
    assert [event.status for event in made.timeline] == [S.PENDING, S.LABELLED]
    assert told(storage) == ["ShipmentCreated", "ShipmentLabelled"]


@pytest.mark.parametrize(("mishap", "error"), [(Mishap.DOWN, CarrierUnavailable), (Mishap.LOST, LabelUnknown)])
def test_an_unsure_end_is_settled_by_the_key(
    service: ShippingService, carrier: FakeCarrier, mishap: Mishap, error: type[Exception]
) -> None:
    carrier.will("buy_label", mishap, mishap)
    for _ in range(2):
        with pytest.raises(error):
            ship(service)
    (pending,) = service.of_order("order-1")
    assert pending.status is S.PENDING
    assert ship(service).id == pending.id
    assert len(carrier.sold) == 1
    assert service.settle(pending.id).label_reference == "label-1"
    assert carrier.calls["buy_label"] == 3


def test_a_refusal_cancels_and_is_repeated_without_asking_again(
    service: ShippingService, storage: MemoryStorage, carrier: FakeCarrier
) -> None:
    carrier.will("buy_label", Mishap.REFUSED)
    for _ in range(2):
        with pytest.raises(LabelRefused, match="not served"):
            ship(service)
    assert carrier.calls["buy_label"] == 1
    (refused,) = service.of_order("order-1")
    assert (refused.status, refused.refusal) == (S.CANCELLED, "not served")
    assert storage.outbox.archive()[-1][1].event == ShipmentCancelled(
        aggregate_id=refused.id, order_id="order-1", lines=LINES, refused=True
    )
    assert ship(service, "key-2").status is S.LABELLED


def test_no_transaction_is_open_while_the_carrier_is_asked(service: ShippingService, carrier: FakeCarrier) -> None:
    """Another transaction sees the pending shipment while its label is being bought."""
    seen: list[ShipmentStatus] = []
    carrier.after_sale = lambda: seen.extend(shipment.status for shipment in service.of_order("order-1"))
    ship(service)
    assert seen == [S.PENDING]


@pytest.mark.parametrize(
    "other",
    [
        {"lines": (ShipmentLine(line_id="l1", sku="TEE-M", quantity=1),)},
        {"service": "express"},
        {"carrier": "flat_rate"},
        {"destination": Address(country="AT")},
        {"parcels": [Parcel(contents=(PackedUnits(line_id="l1", quantity=2),), weight_grams=400)]},
    ],
)
def test_a_key_stands_for_one_wish(service: ShippingService, other: dict[str, Any]) -> None:
    ship(service)
    with pytest.raises(KeyReused):
        ship(service, **other)


def test_nothing_is_stored_for_a_wish_that_cannot_be(service: ShippingService) -> None:
    half = [Parcel(contents=(PackedUnits(line_id="l1", quantity=1),), weight_grams=200)]
    stray = [
        Parcel(contents=(PackedUnits(line_id="l1", quantity=2), PackedUnits(line_id="l9", quantity=1)), weight_grams=1)
    ]
    refused: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (UnknownProvider, "key-1", {"carrier": "pigeon"}),
        (InvalidValue, "", {}),
        (InvalidValue, "key-1", {"lines": ()}),
        (ParcelsMismatch, "key-1", {"parcels": half}),
        (ParcelsMismatch, "key-1", {"parcels": half * 3}),
        (ParcelsMismatch, "key-1", {"parcels": stray}),
    ]
    for error, key, wish in refused:
        with pytest.raises(error):
            ship(service, key, **wish)
    assert service.of_order("order-1") == ()


@pytest.mark.parametrize("quantity", [0, -1, 1.5])
def test_units_are_whole(quantity: int) -> None:
    with pytest.raises(InvalidValue, match="pass 1 or more"):
        ShipmentLine(line_id="l1", sku="TEE-M", quantity=quantity)


# Cancelling.


def test_a_cancelled_label_is_given_back_once(
    service: ShippingService, storage: MemoryStorage, carrier: FakeCarrier
) -> None:
    made = ship(service)
    assert service.cancel(made.id, "no").status is S.CANCELLED
    assert service.cancel(made.id, "no").status is S.CANCELLED
    assert (carrier.labels, carrier.calls["void"]) == ((), 1)
    assert told(storage) == ["ShipmentCreated", "ShipmentLabelled", "ShipmentCancelled"]
    with pytest.raises(NotAllowed, match="cannot become labelled"):
        ship(service)


@pytest.mark.parametrize(("mishap", "error"), [(Mishap.DOWN, CarrierUnavailable), (Mishap.REFUSED, VoidRefused)])
def test_a_label_that_is_not_given_back_is_not_cancelled(
    service: ShippingService, carrier: FakeCarrier, mishap: Mishap, error: type[Exception]
) -> None:
    made = ship(service)
    carrier.will("void", mishap)
    with pytest.raises(error):
        service.cancel(made.id, "no")
    assert service.get(made.id).status is S.LABELLED
    assert service.cancel(made.id, "no").status is S.CANCELLED


def test_cancelling_what_nobody_knows_leaves_no_label(service: ShippingService, carrier: FakeCarrier) -> None:
    carrier.will("buy_label", Mishap.LOST)
    with pytest.raises(LabelUnknown):
        ship(service)
    (pending,) = service.of_order("order-1")
    service.cancel(pending.id, "no")
    assert len(carrier.sold) == 1
    assert carrier.labels == ()


def _cancel_all(service: ShippingService) -> None:
    for found in service.of_order("order-1"):
        service.cancel(found.id, "no")


@pytest.mark.parametrize("moment", ["before_sale", "after_sale"])
def test_cancelling_while_the_label_is_bought_leaves_no_label(
    service: ShippingService, carrier: FakeCarrier, moment: str
) -> None:
    """Whether the cancellation comes before the sale or between sale and answer, the label is given back."""
    setattr(carrier, moment, lambda: _cancel_all(service))
    with pytest.raises(NotAllowed):
        ship(service)
    assert service.of_order("order-1")[0].status is S.CANCELLED
    assert len(carrier.sold) == 1
    assert carrier.labels == ()


def test_a_crash_after_a_late_sale_is_mended_by_the_key(service: ShippingService, carrier: FakeCarrier) -> None:
    """Cancelled before the sale, and the answer lost too: shipping again with the key gives the label back."""
    carrier.will("buy_label", Mishap.LOST)
    carrier.before_sale = lambda: _cancel_all(service)
    with pytest.raises(LabelUnknown):
        ship(service)
    assert [label.reference for label in carrier.labels] == ["label-1"]
    with pytest.raises(NotAllowed):
        ship(service)
    assert not carrier.labels


def test_what_the_carrier_has_cannot_be_cancelled(service: ShippingService, carrier: FakeCarrier) -> None:
    made = ship(service)
    service.hand_over(made.id, "truck")
    with pytest.raises(NotAllowed):
        service.cancel(made.id, "no")
    assert carrier.calls["void"] == 0


def test_a_carrier_that_takes_nothing_back_is_not_asked_to(storage: MemoryStorage) -> None:
    stubborn = FakeCarrier(abilities=frozenset())
    service = _service(storage, stubborn)
    assert service.cancel(ship(service).id, "no").status is S.CANCELLED
    assert stubborn.calls["void"] == 0


# Under way.


def test_a_life_from_the_house_to_the_door(
    service: ShippingService, storage: MemoryStorage, carrier: FakeCarrier
) -> None:
    made = ship(service)
    for _ in range(2):
        service.hand_over(made.id, "truck")
        service.record_tracking(made.id, [scan(S.IN_TRANSIT, 2), scan(S.OUT_FOR_DELIVERY, 5)])
        arrived = service.deliver(made.id, "door", NOW + timedelta(hours=6))
    assert arrived.status is S.DELIVERED
    assert (arrived.shipped_at, arrived.delivered_at) == (NOW, NOW + timedelta(hours=6))
    assert not arrived.open
    assert told(storage) == ["ShipmentCreated", "ShipmentLabelled", "ShipmentShipped", "ShipmentDelivered"]
    assert storage.outbox.archive()[2][1].event == ShipmentShipped(
        aggregate_id=made.id,
        order_id="order-1",
        carrier="fake",
        lines=LINES,
        tracking_numbers=made.tracking_numbers,
    )


def test_a_first_scan_says_that_it_was_shipped(service: ShippingService, storage: MemoryStorage) -> None:
    made = ship(service)
    service.record_tracking(made.id, [scan(S.DELIVERED, 5)])
    assert told(storage)[2:] == ["ShipmentShipped", "ShipmentDelivered"]
    assert service.hand_over(made.id, "truck").status is S.DELIVERED
    assert service.deliver(made.id, "door").delivered_at == NOW + timedelta(hours=5)


def test_an_exception_is_told_with_the_carriers_word_and_may_pass(
    service: ShippingService, storage: MemoryStorage
) -> None:
    made = ship(service)
    stopped = service.record_tracking(made.id, [scan(S.IN_TRANSIT, 1), scan(S.EXCEPTION, 2, code="customs")])
    assert stopped.status is S.EXCEPTION
    assert storage.outbox.archive()[-1][1].event == ShipmentException(
        aggregate_id=made.id, order_id="order-1", code="customs"
    )
    assert service.record_tracking(made.id, [scan(S.IN_TRANSIT, 3)]).status is S.IN_TRANSIT
    back = service.record_tracking(made.id, [scan(S.RETURNED, 9)])
    assert back.status is S.RETURNED
    assert told(storage)[-1] == "ShipmentReturned"
    assert service.deliver(made.id, "door").status is S.RETURNED


def test_a_shipment_of_two_parcels_arrives_with_the_second(service: ShippingService, storage: MemoryStorage) -> None:
    parcels = [Parcel(contents=(PackedUnits(line_id="l1", quantity=1),), weight_grams=200)] * 2
    made = ship(service, parcels=parcels)
    one, two = made.tracking_numbers
    assert service.record_tracking(made.id, [scan(S.IN_TRANSIT, 1, one)]).status is S.SHIPPED
    assert service.record_tracking(made.id, [scan(S.DELIVERED, 2, one)]).status is S.SHIPPED
    assert service.record_tracking(made.id, [scan(S.OUT_FOR_DELIVERY, 3, two)]).status is S.OUT_FOR_DELIVERY
    assert service.record_tracking(made.id, [scan(S.EXCEPTION, 4, two)]).status is S.EXCEPTION
    done = service.record_tracking(made.id, [scan(S.DELIVERED, 5, two)])
    assert (done.status, done.delivered_at) == (S.DELIVERED, NOW + timedelta(hours=5))
    assert told(storage).count("ShipmentDelivered") == told(storage).count("ShipmentShipped") == 1


@pytest.mark.parametrize(
    "command",
    [
        lambda service, id: service.hand_over(id, "truck"),
        lambda service, id: service.deliver(id, "door"),
        lambda service, id: service.record_tracking(id, [scan(S.IN_TRANSIT, 1)]),
    ],
)
def test_what_has_no_label_goes_nowhere(
    service: ShippingService, carrier: FakeCarrier, command: Callable[[ShippingService, str], object]
) -> None:
    carrier.will("buy_label", Mishap.DOWN)
    with pytest.raises(CarrierUnavailable):
        ship(service)
    (pending,) = service.of_order("order-1")
    with pytest.raises(NotAllowed):
        command(service, pending.id)


def test_scans_of_a_cancelled_shipment_are_kept_and_move_nothing(service: ShippingService) -> None:
    made = ship(service)
    service.cancel(made.id, "no")
    heard = service.record_tracking(made.id, [scan(S.IN_TRANSIT, 1)])
    assert heard.status is S.CANCELLED
    assert heard.timeline[-1].status is S.IN_TRANSIT


@pytest.mark.parametrize("status", [S.PENDING, S.CANCELLED])
def test_a_carrier_reports_no_decisions_of_ours(service: ShippingService, status: ShipmentStatus) -> None:
    made = ship(service)
    with pytest.raises(InvalidValue):
        service.record_tracking(made.id, [scan(status, 1)])


def test_refreshing_reads_every_parcel(service: ShippingService, carrier: FakeCarrier) -> None:
    made = ship(service)
    assert service.refresh(made.id).status is S.LABELLED
    carrier.scan(scan(S.IN_TRANSIT, 1, made.tracking_numbers[0]))
    assert service.refresh(made.id).status is S.IN_TRANSIT


def test_a_notice_is_believed_only_as_a_reason_to_look(service: ShippingService, carrier: FakeCarrier) -> None:
    """Genuine, twice, forged: what counts is what tracking says."""
    made = ship(service)
    notice = carrier.notice(made.tracking_numbers[0])
    assert service.receive_notice("fake", notice)[0].status is S.LABELLED
    carrier.scan(scan(S.DELIVERED, 1, made.tracking_numbers[0]))
    assert {service.receive_notice("fake", notice)[0].status for _ in range(2)} == {S.DELIVERED}
    with pytest.raises(NoticeRejected):
        service.receive_notice("fake", type(notice)(body=notice.body, headers={"fake-signature": "forged"}))


@pytest.mark.parametrize(
    "ask",
    [
        lambda service, id: service.refresh(id),
        lambda service, id: service.receive_notice("fake", FakeCarrier().notice("X")),
        lambda service, id: service.pickup_points("fake", BERLIN),
    ],
)
def test_a_carrier_is_not_asked_for_what_it_cannot(
    storage: MemoryStorage, ask: Callable[[ShippingService, str], object]
) -> None:
    service = _service(storage, FakeCarrier(abilities=frozenset()))
    made = ship(service)
    with pytest.raises(CarrierCannot):
        ask(service, made.id)


def test_pickup_points_come_from_the_carrier(service: ShippingService, carrier: FakeCarrier) -> None:
    carrier.points = [PickupPoint(id=f"p{n}", name="Shop", address=BERLIN) for n in range(3)]
    assert [point.id for point in service.pickup_points("fake", BERLIN, 2)] == ["p0", "p1"]
    assert service.pickup_points("fake", Address(country="FR")) == ()


def test_no_state_is_a_dead_end_by_mistake() -> None:
    final = {state for state in ShipmentStatus if SHIPMENT_STATES.final(state)}
    assert final == {S.RETURNED, S.CANCELLED}
    assert set(SHIPMENT_STATES.moves) == set(ShipmentStatus)


# Rates through the service.


class NoMugsByPost:
    @hookimpl
    def commerce_filter_shipping_methods(self, request: RateRequest, rates: tuple[ShippingRate, ...]) -> list[str]:
        mugs = any(line.item.sku == "MUG" for line in request.lines)
        return [rate.method_id for rate in rates if mugs and rate.carrier == "fake"]


def test_rates_come_cheapest_first_with_the_reasons_of_the_others(service: ShippingService) -> None:
    service.add_method(method("express", RateTable.flat(euros("9.90"))))
    service.add_method(method("standard"))
    service.add_method(method("old", enabled=False))
    found = service.rates(request())
    assert [rate.method_id for rate in found.rates] == ["standard", "express"]
    assert found.unavailable == (Unavailable(method_id="old", reason=UnavailableReason.DISABLED),)
    assert service.rate("express", request()) == found.rates[1]
    with pytest.raises(ShippingUnavailable) as refused:
        service.rate("old", request())
    assert refused.value == ShippingUnavailable(method_id="old", reason=UnavailableReason.DISABLED)
    with pytest.raises(ShippingMethodNotFound):
        service.rate("nothing", request())


def test_a_plugin_withholds_methods(storage: MemoryStorage, carrier: FakeCarrier) -> None:
    service = _service(storage, carrier, NoMugsByPost())
    service.add_method(method("post"))
    service.add_method(method("van", carrier="flat_rate"))
    assert [rate.method_id for rate in service.rates(request()).rates] == ["post", "van"]
    mugs = request(rate_line(item("MUG")))
    found = service.rates(mugs)
    assert [rate.method_id for rate in found.rates] == ["van"]
    assert found.unavailable == (Unavailable(method_id="post", reason=UnavailableReason.WITHHELD),)
    with pytest.raises(ShippingUnavailable):
        service.rate("post", mugs)


def _live(id: str, service: str = "", **terms: Any) -> ShippingMethod:
    plain: dict[str, Any] = {"names": {"en": id}, "carrier": "fake", "service": service, "currency": "EUR"}
    return ShippingMethod(id=id, **{**plain, **terms})


def test_without_a_table_the_carrier_says_what_it_costs(service: ShippingService, carrier: FakeCarrier) -> None:
    """One question for all services of the same parcels; the shop's fee comes on top."""
    box = Box(name="S", dimensions_mm=(300, 200, 60), max_weight_grams=300)
    service.add_method(_live("fast", "express"))
    service.add_method(_live("slow", handling_fee=euros("0.50")))
    service.add_method(_live("boxed", boxes=(box,)))
    service.add_method(_live("gone", "overnight"))
    found = service.rates(request(rate_line(quantity=2)))
    assert [(rate.method_id, rate.price) for rate in found.rates] == [
        ("slow", euros("3.50")),
        ("boxed", euros("6.00")),
        ("fast", euros("9.00")),
    ]
    assert found.unavailable == (Unavailable(method_id="gone", reason=UnavailableReason.NOT_QUOTED),)
    assert carrier.calls["rates"] == 2


def test_a_carrier_that_is_down_stops_no_checkout(service: ShippingService, carrier: FakeCarrier) -> None:
    service.add_method(_live("fast", "express"))
    service.add_method(_live("van", carrier="flat_rate"))
    service.add_method(_live("lost", carrier="pigeon"))
    service.add_method(method("standard"))
    carrier.will("rates", Mishap.DOWN)
    found = service.rates(request())
    assert [rate.method_id for rate in found.rates] == ["standard"]
    assert {refused.method_id: refused.reason for refused in found.unavailable} == dict.fromkeys(
        ("fast", "van", "lost"), UnavailableReason.CARRIER_UNAVAILABLE
    )


class _Waiting(FakeCarrier):
    """A carrier that answers when something has happened."""

    def __init__(self, name: str, until: Callable[[], object]) -> None:
        super().__init__(name)
        self._until = until

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        self._until()
        return super().rates(request)


def _asking(storage: MemoryStorage, *carriers: Carrier, patience: timedelta) -> ShippingService:
    service = _service(storage, FakeCarrier())
    service.carriers = Providers("carrier", {carrier.name: carrier for carrier in carriers})
    service.patience = patience
    for carrier in carriers:
        service.add_method(_live(carrier.name, carrier=carrier.name))
    return service


def test_carriers_are_asked_side_by_side(storage: MemoryStorage) -> None:
    """Each answers only once the other was asked, too."""
    both = Barrier(2, timeout=30)
    carriers = [_Waiting(name, both.wait) for name in ("one", "two")]
    service = _asking(storage, *carriers, patience=timedelta(seconds=60))
    assert [rate.method_id for rate in service.rates(request()).rates] == ["one", "two"]


def test_a_carrier_that_hangs_costs_its_own_methods_only(storage: MemoryStorage) -> None:
    released = Event()
    hangs, answers = _Waiting("hangs", lambda: released.wait(60)), FakeCarrier("answers")
    service = _asking(storage, hangs, answers, patience=timedelta(seconds=2))
    found = service.rates(request())
    released.set()
    assert [rate.method_id for rate in found.rates] == ["answers"]
    assert found.unavailable == (Unavailable(method_id="hangs", reason=UnavailableReason.CARRIER_UNAVAILABLE),)


def test_a_carrier_is_not_asked_about_what_is_not_served(service: ShippingService, carrier: FakeCarrier) -> None:
    service.add_method(_live("off", enabled=False))
    service.add_method(_live("tiny", boxes=(Box(name="S", dimensions_mm=(9, 9, 9), max_weight_grams=300),)))
    assert service.rates(request()).rates == ()
    assert carrier.calls["rates"] == 0


def test_prices_in_another_currency_are_no_answer(storage: MemoryStorage) -> None:
    carrier = FakeCarrier(prices={"": Money("3.00", "USD")})
    service = _service(storage, carrier)
    service.add_method(_live("slow"))
    assert service.rates(request()).unavailable[0].reason is UnavailableReason.NOT_QUOTED


# Nothing personal.


def test_addresses_stay_out_of_reprs_events_and_errors(
    service: ShippingService, storage: MemoryStorage, carrier: FakeCarrier
) -> None:
    made = ship(service)
    done = service.record_tracking(
        made.id, [TrackingEvent(status=S.DELIVERED, at=NOW, place="Erika's garage", note="left with Erika")]
    )
    texts = [repr(done), repr(carrier.sold["key-1"]), repr(carrier.notice("Erika"))]
    texts += [repr(envelope) for _, envelope in storage.outbox.archive()]
    for secret in ("Erika", "Unter den Linden", "10117"):
        assert not any(secret in text for text in texts)


def test_forgetting_keeps_the_facts_and_loses_the_person(service: ShippingService) -> None:
    made = ship(service)
    service.record_tracking(made.id, [TrackingEvent(status=S.DELIVERED, at=NOW, place="garage", note="Erika")])
    (gone,) = service.forget("order-1")
    assert gone.destination == Address(country="DE")
    assert [event.status for event in gone.timeline] == [S.PENDING, S.LABELLED, S.DELIVERED]
    assert not any(event.note or event.place for event in gone.timeline)
    assert gone.tracking_numbers == made.tracking_numbers


def test_forgetting_loses_what_a_carrier_said_of_the_person(service: ShippingService, carrier: FakeCarrier) -> None:
    carrier.will("buy_label", Mishap.REFUSED)
    with pytest.raises(LabelRefused):
        ship(service)
    (gone,) = service.forget("order-1")
    assert gone.refusal == "forgotten"
    with pytest.raises(LabelRefused, match="forgotten"):
        service.settle(gone.id)


def test_what_is_under_way_is_not_forgotten(service: ShippingService) -> None:
    ship(service)
    with pytest.raises(NotAllowed):
        service.forget("order-1")
