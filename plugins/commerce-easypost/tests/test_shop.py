"""A shop that ships through EasyPost: `Commerce`, the plugin and the stand-in together."""

from collections.abc import Iterator

import pytest
from attrs import evolve

from commerce.app import Commerce
from commerce.kernel import Item, Money
from commerce.orders import FulfilmentStatus, Order
from commerce.payments import NoticeReply, RawNotice
from commerce.shipping import (
    CarrierNotice,
    CarrierUnavailable,
    LabelRefused,
    LabelUnknown,
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
from commerce.testing.builders import BERLIN, a_cart, a_shop
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpFault, deliver, over_http, serve

SENDER = {
    "country": "DE",
    "postal_code": "20095",
    "city": "Hamburg",
    "lines": ["Mönckebergstraße 7"],
    "company": "Tees",
}
LINES = (ShipmentLine(line_id="l1", sku="TEE-M", quantity=2),)


@pytest.fixture
def shop(server: EasyPostServer) -> Iterator[Commerce]:
    plugin = {
        "api_key": server.api_key,
        "webhook_secret": server.webhook_secret,
        "sender": SENDER,
        "base_url": server.url,
        "label_format": "zpl",
    }
    with a_shop(plugins={"easypost": plugin}) as shop:
        yield shop


@pytest.fixture
def order(shop: Commerce) -> Order:
    cart = a_cart(shop, {"TEE-M": 2})
    placed: Order = shop.checkout.place_order(cart.id, gateway="manual", key="click").order
    return placed


def packed(line_id: str) -> list[Parcel]:
    """Each unit by itself."""
    contents = (PackedUnits(line_id=line_id, quantity=1),)
    return [Parcel(contents=contents, weight_grams=250, dimensions_mm=(300, 200, 50)) for _ in range(2)]


def shipped(shop: Commerce, key: str = "ship") -> Shipment:
    return shop.shipping.ship(
        key, "order-1", LINES, carrier="easypost", service="USPS:Priority", destination=BERLIN, parcels=packed("l1")
    )


def receive(shop: Commerce, raw: RawNotice) -> NoticeReply:
    """The address that EasyPost posts to, as a host would write it."""
    try:
        shop.shipping.receive_notice("easypost", CarrierNotice(body=raw.body, headers=raw.headers))
    except NoticeRejected:
        return NoticeReply(status=401)
    return NoticeReply(status=200)


def test_an_order_from_label_to_door(shop: Commerce, server: EasyPostServer, order: Order) -> None:
    """Packed, bought, printed, scanned, told over HTTP, delivered; twice the same click is one label."""
    parcels = packed(order.lines[0].id)
    for _ in range(2):
        shipment = shop.fulfillment.ship(
            order.id, key="ship", carrier="easypost", service="USPS:Priority", parcels=parcels
        )
    assert len(server.bought) == 2
    assert shipment.label_cost == Money("14.84", "USD")
    label = shop.shipping.label(shipment.id)
    assert (label.format, label.data.count(b"^XA")) == ("zpl", 2)
    for number in shipment.tracking_numbers:
        server.scan(number, "out_for_delivery")
        server.scan(number, "delivered", "arrived_at_destination")
    with serve(lambda raw: receive(shop, raw)) as url:
        replies = deliver([*server.notices(), server.sign(b"{}")], over_http(f"{url}/notices/easypost"), tries=1)
    assert [reply.status for reply in replies] == [200, 200, 200, 200, 401]
    assert shop.shipping.get(shipment.id).status is ShipmentStatus.DELIVERED
    assert shop.orders.get(order.id).fulfilment is FulfilmentStatus.DELIVERED


def test_a_shipment_is_called_off(shop: Commerce, server: EasyPostServer) -> None:
    """Both labels go back, once; with the same key nothing is bought again."""
    shipment = shipped(shop)
    for _ in range(2):
        assert shop.shipping.cancel(shipment.id, "cancel").status is ShipmentStatus.CANCELLED
    assert [server.shipments[id]["refund_status"] for id in server.bought] == ["submitted", "submitted"]
    assert len(server.bought) == 2


def test_what_the_carrier_has_is_not_called_off(shop: Commerce, server: EasyPostServer) -> None:
    """EasyPost knows it before the shop does."""
    shipment = shipped(shop)
    server.scan(shipment.tracking_numbers[0], "in_transit")
    with pytest.raises(VoidRefused):
        shop.shipping.cancel(shipment.id, "cancel")
    assert shop.shipping.get(shipment.id).status is ShipmentStatus.LABELLED


@pytest.mark.parametrize("fault", [HttpFault.LOST_ANSWER, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE])
def test_a_lost_answer_is_settled_later(shop: Commerce, server: EasyPostServer, fault: HttpFault) -> None:
    """The shipment stays pending, and settling it finds what was bought."""
    server.script(fault, method="POST", path="*/buy")
    with pytest.raises(LabelUnknown):
        shipped(shop)
    (pending,) = shop.shipping.unsettled(shop.clock())
    assert shop.shipping.settle(pending.id).status is ShipmentStatus.LABELLED
    assert len(server.bought) == len(set(server.bought)) == 2


def test_a_shipment_called_off_while_in_doubt(shop: Commerce, server: EasyPostServer) -> None:
    """What was bought goes back, though the shop never saw a label."""
    server.script(HttpFault.LOST_ANSWER, method="POST", path="*/buy")
    with pytest.raises(LabelUnknown):
        shipped(shop)
    (pending,) = shop.shipping.unsettled(shop.clock())
    shop.shipping.cancel(pending.id, "cancel")
    assert [server.shipments[id]["refund_status"] for id in server.bought] == ["submitted"]


def test_a_throttled_shop_tries_again(shop: Commerce, server: EasyPostServer) -> None:
    server.script(HttpFault.THROTTLED, method="POST", path="/v2/shipments")
    with pytest.raises(CarrierUnavailable):
        shipped(shop)
    assert shipped(shop).status is ShipmentStatus.LABELLED


def test_unknown_weight_is_refused_for_good(shop: Commerce, server: EasyPostServer, order: Order) -> None:
    """A parcel of which nobody knows the weight; packed, it goes with another key."""
    line = order.lines[0]
    loose = [Parcel(contents=(PackedUnits(line_id=line.id, quantity=line.quantity),), weight_grams=0)]
    with pytest.raises(LabelRefused, match="pass packed parcels"):
        shop.fulfillment.ship(order.id, key="loose", carrier="easypost", service="USPS:Priority", parcels=loose)
    assert server.requests == []
    parcels = packed(order.lines[0].id)
    shop.fulfillment.ship(order.id, key="packed", carrier="easypost", service="USPS:Priority", parcels=parcels)
    assert len(server.bought) == 2


def test_a_method_priced_by_easypost(shop: Commerce, server: EasyPostServer) -> None:
    """In the shop's currency; while EasyPost is down, or cannot know a price, the other methods are offered."""
    server.currency = "EUR"
    try:
        shop.shipping.add_method(
            ShippingMethod(id="fast", names={"en": "Fast"}, carrier="easypost", service="USPS:Express", currency="EUR")
        )
        line = RateLine(item=Item(sku="TEE-M", weight_grams=200), quantity=2, value=Money("39.98", "EUR"))
        request = RateRequest(destination=BERLIN, currency="EUR", lines=(line,), at=shop.clock())
        offered = {rate.method_id: rate.price for rate in shop.shipping.rates(request).rates}
        assert offered == {"standard": Money("4.90", "EUR"), "fast": Money("34.15", "EUR")}
        server.script(HttpFault.DOWN, method="POST", path="/v2/shipments")
        answer = shop.shipping.rates(request)
        assert [rate.method_id for rate in answer.rates] == ["standard"]
        assert [refused.reason for refused in answer.unavailable] == [UnavailableReason.CARRIER_UNAVAILABLE]
        loose = evolve(request, lines=(evolve(line, item=Item(sku="TEE-M")),))
        assert [rate.method_id for rate in shop.shipping.rates(loose).rates] == ["standard"]
    finally:
        server.currency = "USD"
