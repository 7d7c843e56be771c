"""What every storage of shipping promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from commerce.kernel import Address, Entity, InvalidValue, KeyReused, Money, NotAllowed, StaleVersion
from commerce.runtime import Begin, Providers, build_hooks
from commerce.shipping import (
    Box,
    Carrier,
    CarrierUnavailable,
    Conditions,
    Label,
    LabelMissing,
    LabelUnknown,
    PackedUnits,
    Parcel,
    RateBasis,
    RateTable,
    RateTier,
    Shipment,
    ShipmentLine,
    ShipmentNotFound,
    ShipmentStatus,
    ShippingMethod,
    ShippingMethodNotFound,
    ShippingService,
    ShippingUnit,
    TrackingEvent,
    Transit,
    Zone,
)
from commerce.shipping import hooks as shipping_hooks
from commerce.testing.carriers import FakeCarrier, Mishap
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["ShippingConformance", "shipping_method"]

_HOME = Address(country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",), name="Erika")
_LINES = (ShipmentLine(line_id="l1", sku="TEE-M", quantity=2), ShipmentLine(line_id="l2", sku="MUG", quantity=1))
_PARCELS = (
    Parcel(contents=(PackedUnits(line_id="l1", quantity=1),), weight_grams=200),
    Parcel(
        contents=(PackedUnits(line_id="l1", quantity=1), PackedUnits(line_id="l2", quantity=1)),
        weight_grams=700,
        dimensions_mm=(300, 200, 100),
        box="M",
    ),
)


def shipping_method(id: str = "standard") -> ShippingMethod:
    """A method that uses every field there is."""
    return ShippingMethod(
        id=id,
        names={"en": "Standard", "de": "Standardversand"},
        carrier="fake",
        service="ground",
        currency="EUR",
        rates=RateTable(
            basis=RateBasis.VOLUMETRIC,
            tiers=(
                RateTier(up_to=2000, price=Money("4.99", "EUR")),
                RateTier(price=Money("4.99", "EUR"), step=1000, step_price=Money("1.00", "EUR")),
            ),
            divisor=6000,
            per_parcel=True,
        ),
        zones=(
            Zone(countries=frozenset({"DE", "AT"}), postal_prefixes=("1", "2"), without_postal_prefixes=("27498",)),
            Zone(countries=frozenset({"US"}), regions=frozenset({"US-CA"})),
        ),
        conditions=Conditions(
            max_weight_grams=30_000,
            only_categories=frozenset({"clothes"}),
            never_categories=frozenset({"knives"}),
            only_collections=frozenset({"summer"}),
            never_collections=frozenset({"bulky"}),
        ),
        free_above=Money("50.00", "EUR"),
        handling_fee=Money("0.50", "EUR"),
        boxes=(Box(name="M", dimensions_mm=(300, 200, 100), max_weight_grams=10_000, tare_grams=150),),
        transit=Transit(
            min_days=1,
            max_days=3,
            handling_days=1,
            cut_off_hour=14,
            time_zone="Europe/Berlin",
            weekdays=frozenset(range(6)),
            holidays=frozenset({date(2026, 5, 1)}),
        ),
        tax_category="freight",
        enabled=False,
    )


class ShippingConformance(StorageConformance):
    """Methods and shipments are kept whole, made once per key, and labels are found again."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[ShippingUnit]:
        """Transactions of the shipping module."""
        return begin("shipping")

    @pytest.fixture
    def carrier(self) -> FakeCarrier:
        """The only carrier of these tests."""
        return FakeCarrier()

    @pytest.fixture
    def service(self, transactions: Begin[ShippingUnit], carrier: FakeCarrier) -> ShippingService:
        """The use cases over this storage."""
        carriers: Providers[Carrier] = Providers("carrier", {"fake": carrier})
        return ShippingService(transactions, lambda: NOW, carriers, build_hooks([shipping_hooks], []))

    def test_refuses_what_would_not_fit(self, transactions: Begin[ShippingUnit]) -> None:
        """The longest texts are kept as they are; longer ones, and what no database keeps, are an `InvalidValue`."""
        longest: dict[str, Any] = {"id": "i" * 64, "carrier": "c" * 64, "service": "s" * 64, "tax_category": "t" * 64}
        wish: dict[str, Any] = {"key": "k" * 255, "order_id": "o" * 36, "carrier": "c" * 64, "service": "s" * 64}
        facts: dict[str, Any] = {
            "id": "s-1",
            "lines": _LINES,
            "parcels": _PARCELS,
            "destination": _HOME,
            "created_at": NOW,
        }
        method, shipment = attrs.evolve(shipping_method(), **longest), Shipment(**facts, **wish)
        with transactions() as uow:
            assert uow.methods.add(method)
            assert uow.shipments.add(shipment)
        with transactions() as uow:
            assert uow.methods.get(method.id).same_terms(method)
            uow.shipments.get("s-1").same_wish(shipment)
        for odd in ("x" * 256, "a\0b", "\ud800"):
            for name in longest:
                with pytest.raises(InvalidValue, match=name):
                    attrs.evolve(method, **dict[str, Any]({name: odd}))
            for name in wish:
                with pytest.raises(InvalidValue, match=name):
                    Shipment(**facts, **{**wish, name: odd})
            with pytest.raises(InvalidValue, match="reference"):
                Label(reference=odd, tracking_numbers=(), format="pdf", data=b"")
            with pytest.raises(InvalidValue, match="tracking_numbers"):
                Label(reference="", tracking_numbers=(odd,), format="pdf", data=b"")

    def test_keeps_every_field_of_a_method(self, service: ShippingService) -> None:
        """What was stored is read back field by field, alone and in the list, by id."""
        plain = service.add_method(ShippingMethod(id="letter", names={"en": "Letter"}, carrier="fake", currency="JPY"))
        full = service.add_method(shipping_method())
        assert _fields(service.method("standard")) == _fields(full)
        assert [_fields(method) for method in service.methods()] == [_fields(plain), _fields(full)]
        with pytest.raises(ShippingMethodNotFound):
            service.method("nothing")

    def test_adds_a_method_once(self, service: ShippingService, events: Callable[[], list[str]]) -> None:
        """The same terms under one id are the same method; other terms are refused."""
        service.add_method(shipping_method())
        assert service.add_method(shipping_method()).version == 1
        other = shipping_method()
        other.tax_category = "standard"
        with pytest.raises(KeyReused):
            service.add_method(other)
        assert events() == ["shipping.ShippingMethodChanged"]

    def test_changes_a_method_it_knows(self, service: ShippingService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        service.add_method(shipping_method())
        first, second = service.method("standard"), service.method("standard")
        first.enabled = True
        service.change_method(first)
        assert service.method("standard").enabled
        with pytest.raises(StaleVersion):
            service.change_method(second)

    def test_keeps_every_field_of_a_shipment(self, service: ShippingService) -> None:
        """From the wish to the last scan, what was stored is read back field by field."""
        made = _ship(service, parcels=_PARCELS)
        assert _fields(service.get(made.id)) == _fields(made)
        number = made.tracking_numbers[1]
        done = service.record_tracking(
            made.id,
            [
                TrackingEvent(
                    status=ShipmentStatus.EXCEPTION,
                    at=NOW + timedelta(hours=1),
                    code="X1",
                    tracking_number=number,
                    place="Berlin",
                    note="nobody home",
                )
            ],
        )
        assert done.status is ShipmentStatus.EXCEPTION
        assert _fields(service.get(made.id)) == _fields(done)
        done = service.deliver(made.id, "arrived", NOW + timedelta(hours=2))
        assert _fields(service.get(made.id)) == _fields(done)

    def test_knows_what_it_has_not(self, service: ShippingService) -> None:
        """An unknown id is `ShipmentNotFound`; an order that was not shipped has no shipments."""
        with pytest.raises(ShipmentNotFound):
            service.get("nobody")
        with pytest.raises(ShipmentNotFound):
            service.label("nobody")
        assert service.of_order("nothing") == ()

    def test_ships_once_per_key(
        self, service: ShippingService, carrier: FakeCarrier, events: Callable[[], list[str]]
    ) -> None:
        """The same key gives the same shipment and buys nothing more; for other units it is refused."""
        first = _ship(service)
        assert _ship(service).id == first.id
        assert carrier.calls["buy_label"] == 1
        with pytest.raises(KeyReused):
            service.ship("key-1", "order-1", _LINES[:1], carrier="fake", destination=_HOME)
        assert events() == ["shipping.ShipmentCreated", "shipping.ShipmentLabelled"]

    def test_many_with_one_key_buy_one_label(
        self, service: ShippingService, carrier: FakeCarrier, events: Callable[[], list[str]]
    ) -> None:
        """Threads that ship with one key at once get one shipment with one label, announced once."""
        with ThreadPoolExecutor(6) as pool:
            made = list(pool.map(lambda _: _ship(service), range(12)))
        assert len({shipment.id for shipment in made}) == 1
        assert {shipment.label_reference for shipment in made} == {"label-1"}
        assert len(carrier.labels) == 1
        assert events() == ["shipping.ShipmentCreated", "shipping.ShipmentLabelled"]

    def test_settles_a_lost_answer(self, service: ShippingService, carrier: FakeCarrier) -> None:
        """What is pending because nobody knows is listed, and settled by its key: still one label."""
        carrier.will("buy_label", Mishap.LOST)
        with pytest.raises(LabelUnknown):
            _ship(service)
        (pending,) = service.unsettled(NOW + timedelta(minutes=1))
        assert pending.status is ShipmentStatus.PENDING
        assert service.unsettled(NOW) == ()
        with pytest.raises(LabelMissing):
            service.label(pending.id)
        assert service.settle(pending.id).status is ShipmentStatus.LABELLED
        assert service.unsettled(NOW + timedelta(minutes=1)) == ()
        assert len(carrier.sold) == 1

    def test_keeps_the_label(self, service: ShippingService, carrier: FakeCarrier) -> None:
        """The label can be printed again as it was bought, until it is forgotten with the address."""
        made = _ship(service, parcels=_PARCELS)
        assert service.label(made.id) == carrier.sold["key-1"]
        with pytest.raises(NotAllowed):
            service.forget("order-1")
        service.deliver(made.id, "arrived")
        (forgotten,) = service.forget("order-1")
        assert forgotten.destination == Address(country="DE")
        assert _fields(service.get(made.id)) == _fields(forgotten)
        with pytest.raises(LabelMissing):
            service.label(made.id)
        assert service.forget("order-1")[0].destination == Address(country="DE")

    def test_finds_parcels_by_number(self, service: ShippingService, carrier: FakeCarrier) -> None:
        """A notice about some parcels moves their shipments, each once; numbers of nobody do nothing."""
        first = _ship(service, parcels=_PARCELS)
        second = _ship(service, key="key-2", order="order-2")
        for number in (*first.tracking_numbers, *second.tracking_numbers):
            carrier.scan(TrackingEvent(status=ShipmentStatus.IN_TRANSIT, at=NOW, tracking_number=number))
        notice = carrier.notice(*first.tracking_numbers, *second.tracking_numbers, "UNKNOWN")
        assert [shipment.id for shipment in service.receive_notice("fake", notice)] == [first.id, second.id]
        assert {service.get(id).status for id in (first.id, second.id)} == {ShipmentStatus.IN_TRANSIT}
        assert [shipment.id for shipment in service.of_order("order-2")] == [second.id]

    def test_takes_a_number_as_the_newest_means_it(
        self, transactions: Begin[ShippingUnit], service: ShippingService, carrier: FakeCarrier
    ) -> None:
        """Carriers use numbers again, and may give one number to several parcels."""
        ids = []
        for n in range(2):
            carrier.will("buy_label", Mishap.DOWN)
            with pytest.raises(CarrierUnavailable):
                _ship(service, key=f"key-{n}", order=f"order-{n}")
            ids.append(service.of_order(f"order-{n}")[0].id)
        for id in ids:
            label = Label(reference=id, tracking_numbers=("AGAIN", "AGAIN"), format="zpl", data=b"^XA^XZ")
            with transactions() as uow:
                shipment = uow.shipments.get(id)
                shipment.labelled(label.reference, label.tracking_numbers, label.cost, at=NOW)
                uow.shipments.save(shipment)
                uow.shipments.keep_label(shipment, label)
            assert service.label(id) == label
        with transactions() as uow:
            assert [found.id for found in uow.shipments.by_tracking_numbers("fake", ["AGAIN"])] == ids[1:]

    def test_refuses_a_stale_save(self, transactions: Begin[ShippingUnit], service: ShippingService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        id = _ship(service).id
        with transactions() as uow:
            first, second = uow.shipments.get(id), uow.shipments.get(id)
            first.hand_over("truck", at=NOW)
            uow.shipments.save(first)
            second.cancel("no", at=NOW)
            with pytest.raises(StaleVersion):
                uow.shipments.save(second)
        assert _fields(service.get(id)) == _fields(first)


def _ship(
    service: ShippingService, key: str = "key-1", order: str = "order-1", parcels: tuple[Parcel, ...] | None = None
) -> Shipment:
    return service.ship(key, order, _LINES, carrier="fake", destination=_HOME, parcels=parcels)


def _fields(found: Entity) -> dict[str, Any]:
    return {name: getattr(found, name) for name in attrs.fields_dict(type(found)) if not name.startswith("_")}
