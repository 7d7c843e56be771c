"""A shop that ships with GHN: `Commerce`, the plugin by its name, and the stand-in, over real HTTP."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from commerce.app import Commerce
from commerce.inventory import StockLocation
from commerce.kernel import Address, Item, Money, OutcomeUnknown
from commerce.orders import FulfilmentStatus
from commerce.pricing import PriceList
from commerce.shipping import (
    CarrierNotice,
    LabelRefused,
    NoticeRejected,
    PackedUnits,
    Parcel,
    RateLine,
    RateRequest,
    Shipment,
    ShipmentLine,
    ShipmentStatus,
    ShippingMethod,
    UnavailableReason,
    VoidRefused,
)
from commerce.tax import TaxRate
from commerce.testing.builders import a_cart, add_goods
from commerce.testing.carriers.ghn import GHNServer
from commerce.testing.gateways import FakeGateway
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def shop(server: GHNServer, world: "World") -> Iterator[Commerce]:
    """A shop in Vietnam that sells for dong and ships with GHN, at GHN's prices."""
    bank = FakeGateway()
    ghn = {
        "token": server.token,
        "shop_id": server.shop_id,
        "base_url": server.url,
        "phone": "02871000000",
        "notice_secret": server.notice_secret,
        "default_dimensions_mm": (320, 220, 100),
        "timeout": 0.5,
    }
    with Commerce(currency="VND", country="VN", gateways={"bank": bank}, clock=world, plugins={"ghn": ghn}) as shop:
        shop.tax.set_rates([TaxRate(id="vat", name="VAT", country="VN", rate=Decimal("0.08"))])
        shop.pricing.add_list(PriceList(id="retail", name="Retail", currency=shop.currency))
        shop.inventory.add_location(StockLocation(id="main", name="Warehouse", country="VN"))
        shop.shipping.add_method(
            ShippingMethod(id="standard", names={"en": "Giao Hàng Nhanh"}, carrier="ghn", currency="VND")
        )
        add_goods(shop, {"TEE-M": ("199000", 10)})
        yield shop
    bank.close()


def ship(shop: Commerce, saigon: Address, key: str = "ship-1", parcels: int = 1, grams: int = 600) -> Shipment:
    """Ship a unit in each parcel."""
    packed = [
        Parcel(contents=(PackedUnits(line_id="l1", quantity=1),), weight_grams=grams, dimensions_mm=(320, 220, 100))
        for _ in range(parcels)
    ]
    lines = [ShipmentLine(line_id="l1", sku="TEE-M", quantity=parcels)]
    return shop.shipping.ship(key, "order-1", lines, carrier="ghn", destination=saigon, parcels=packed)


def tell(shop: Commerce, server: GHNServer) -> list[Shipment]:
    """Hand GHN's notices over as the shop's web server does."""
    return [
        shipment
        for raw in server.notices()
        for shipment in shop.shipping.receive_notice("ghn", CarrierNotice(body=raw.body, headers=raw.headers))
    ]


def test_an_order_is_shipped_and_followed(shop: Commerce, server: GHNServer, saigon: Address, world: "World") -> None:
    """From the cart to the door: bought, labelled, told about, delivered."""
    cart = a_cart(shop, {"TEE-M": 1}, to=saigon)
    order = shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    shipment = shop.fulfillment.ship(order.id, key="ship-1")
    assert [parcel.weight_grams for parcel in shipment.parcels] == [200]
    assert shipment.status is ShipmentStatus.SHIPPED
    assert (shipment.tracking_numbers, shipment.label_cost) == ((server.orders()[0],), Money(20_900, "VND"))
    assert shop.shipping.label(shipment.id).format == "html"
    assert server.asked(shipment.label_reference)["content"] == order.id
    for status in ("picked", "transporting", "delivering", "delivered"):
        world.wait(hours=1)
        server.move(shipment.label_reference, status)
    assert tell(shop, server)[-1].status is ShipmentStatus.DELIVERED
    assert shop.shipping.get(shipment.id).delivered_at == world.now
    shop.timers.run()
    assert shop.orders.get(order.id).fulfilment is FulfilmentStatus.DELIVERED


def test_every_parcel_of_a_shipment_is_followed(shop: Commerce, server: GHNServer, saigon: Address) -> None:
    """GHN's notice names the order, and the shipment of its parcels is found."""
    shipment = ship(shop, saigon, parcels=3)
    assert len(shipment.tracking_numbers) == 3
    server.move(shipment.label_reference, "picked", "delivered")
    assert tell(shop, server)[-1].status is ShipmentStatus.DELIVERED


def test_notices_late_twice_and_in_any_order(shop: Commerce, server: GHNServer, saigon: Address) -> None:
    """They are only a reason to ask."""
    shipment = ship(shop, saigon)
    server.move(shipment.label_reference, "picked", "delivering", "delivered")
    raws = server.notices()
    for raw in (*reversed(raws), *raws):
        shop.shipping.receive_notice("ghn", CarrierNotice(body=raw.body, headers=raw.headers))
    fresh = shop.shipping.get(shipment.id)
    assert fresh.status is ShipmentStatus.DELIVERED
    assert [event.code for event in fresh.timeline if event.code] == ["picked", "delivering", "delivered"]


def test_a_forged_delivery_is_not_believed(shop: Commerce, server: GHNServer, saigon: Address) -> None:
    """Without the secret it is rejected; with it, GHN is asked."""
    shipment = ship(shop, saigon)
    forged = server.notice(shipment.label_reference, Status="delivered")
    with pytest.raises(NoticeRejected):
        shop.shipping.receive_notice("ghn", CarrierNotice(body=forged.body, headers={}))
    told = CarrierNotice(body=forged.body, headers=forged.headers)
    assert [s.status for s in shop.shipping.receive_notice("ghn", told)] == [ShipmentStatus.LABELLED]


def test_a_shipment_is_cancelled(shop: Commerce, server: GHNServer, saigon: Address) -> None:
    """Here and at GHN; not once GHN has it."""
    first, second = ship(shop, saigon, "one"), ship(shop, saigon, "two")
    assert shop.shipping.cancel(first.id, "c-1").status is ShipmentStatus.CANCELLED
    assert server.status(first.label_reference) == "cancel"
    server.move(second.label_reference, "picked")
    with pytest.raises(VoidRefused, match="picked"):
        shop.shipping.cancel(second.id, "c-2")
    assert shop.shipping.get(second.id).status is ShipmentStatus.LABELLED


def test_a_lost_answer_is_found_out(shop: Commerce, server: GHNServer, saigon: Address, world: "World") -> None:
    """The shipment waits, and one look later it has its label: one order."""
    server.script(HttpFault.LOST_ANSWER, path="*/create")
    with pytest.raises(OutcomeUnknown):
        ship(shop, saigon)
    world.wait(minutes=10)
    (waiting,) = shop.shipping.unsettled(world.now)
    assert shop.shipping.settle(waiting.id).tracking_numbers == tuple(server.orders())


def test_cancelled_while_nobody_knew(shop: Commerce, server: GHNServer, saigon: Address, world: "World") -> None:
    """The key alone finds the order that has to be given back."""
    server.script(HttpFault.LOST_ANSWER, path="*/create")
    with pytest.raises(OutcomeUnknown):
        ship(shop, saigon)
    (waiting,) = shop.shipping.unsettled(world.now.replace(year=2027))
    shop.shipping.cancel(waiting.id, "c-1")
    assert server.orders("cancel") == server.orders()


def test_an_unknown_weight_is_refused(shop: Commerce, server: GHNServer, saigon: Address) -> None:
    """With what to do; nothing is left half done."""
    with pytest.raises(LabelRefused, match="ship with parcels that say what they weigh"):
        ship(shop, saigon, grams=0)
    assert server.orders() == []
    assert [s.status for s in shop.shipping.of_order("order-1")] == [ShipmentStatus.CANCELLED]


def test_prices_at_the_checkout(shop: Commerce, server: GHNServer, saigon: Address, world: "World") -> None:
    """A method without a table asks GHN; what GHN cannot say never stops a checkout."""

    def asked(to: Address, grams: int = 250) -> RateRequest:
        shirts = Item(sku="TEE-M", weight_grams=grams)
        line = RateLine(item=shirts, quantity=2, value=Money(398_000, "VND"))
        return RateRequest(destination=to, lines=(line,), currency="VND", at=world.now)

    def why_not(request: RateRequest) -> UnavailableReason:
        (refused,) = shop.shipping.rates(request).unavailable
        return refused.reason

    assert shop.shipping.rate("standard", asked(saigon)).price == Money(20_900, "VND")
    assert shop.shipping.rate("standard", asked(saigon, 1_001)).price == Money(23_400, "VND")
    for request in (asked(evolve(saigon, city="")), asked(evolve(saigon, region="Atlantis")), asked(saigon, 0)):
        assert why_not(request) is UnavailableReason.CARRIER_UNAVAILABLE
    assert why_not(asked(saigon, 30_000)) is UnavailableReason.NOT_QUOTED
    server.unserved.add(saigon.city)
    assert why_not(asked(saigon)) is UnavailableReason.NOT_QUOTED
