"""Goods and money on their way: parcels, deliveries, returns and refunds, from the shares stored with the order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from tests.flows.conftest import World

from commerce.catalog import Product, ProductStatus, ProductText, Variant
from commerce.flows import NothingToShip
from commerce.inventory import StockMode
from commerce.kernel import Conflict, KeyReused, Money, Price
from commerce.orders import FulfilmentStatus, Order, OrderOnHold, OrderStatus, PaymentStatus, TooManyUnits
from commerce.pricing import PriceEntry
from commerce.promotions import Limits, PercentOff, Promotion
from commerce.returns import Finding, RefundStatus, ReturnIneligible, ReturnPolicy, ReturnReason, ReturnWish
from commerce.shipping import Box, LabelRefused, PackedUnits, Parcel, ParcelsMismatch, ShipmentStatus
from commerce.testing.builders import a_cart, a_shop, stock_of
from commerce.testing.carriers import FakeCarrier, Mishap
from commerce.testing.gateways.fake import Fault


def placed(world: World, goods: dict[str, int] | None = None) -> Order:
    cart = a_cart(world.shop, goods)
    return world.shop.checkout.place_order(cart.id, gateway="bank", key=f"click-{cart.id}").order


def delivered(world: World, goods: dict[str, int] | None = None) -> Order:
    order = placed(world, goods)
    shipment = world.shop.fulfillment.ship(order.id, key=f"ship-{order.id}")
    world.shop.fulfillment.deliver(shipment.id, key="arrived")
    return world.shop.orders.get(order.id)


def test_a_delivered_and_paid_order_is_complete(world: World) -> None:
    order = delivered(world)
    assert (order.status, order.fulfilment) == (OrderStatus.COMPLETED, FulfilmentStatus.DELIVERED)
    assert stock_of(world.shop, "TEE-M") == (8, 0)
    assert world.shop.inventory.reconcile() == []


def test_an_order_leaves_in_parts(world: World) -> None:
    order = placed(world, {"TEE-M": 2, "MUG": 1})
    lines = {line.sku: line.id for line in order.lines}
    first = world.shop.fulfillment.ship(order.id, key="one", lines={lines["TEE-M"]: 1})
    assert world.shop.fulfillment.ship(order.id, key="one", lines={lines["TEE-M"]: 1}).id == first.id
    with pytest.raises(KeyReused):
        world.shop.fulfillment.ship(order.id, key="one", lines={lines["TEE-M"]: 2})
    with pytest.raises(TooManyUnits):
        world.shop.fulfillment.ship(order.id, key="two", lines={lines["TEE-M"]: 2})
    assert world.shop.orders.get(order.id).fulfilment is FulfilmentStatus.PARTIALLY_SHIPPED
    assert [s.status for s in world.shop.shipping.of_order(order.id)] == [ShipmentStatus.SHIPPED]
    world.shop.fulfillment.ship(order.id, key="rest")
    assert world.shop.orders.get(order.id).fulfilment is FulfilmentStatus.SHIPPED
    with pytest.raises(NothingToShip):
        world.shop.fulfillment.ship(order.id, key="more")
    assert (stock_of(world.shop, "TEE-M"), stock_of(world.shop, "MUG")) == ((8, 0), (4, 0))


def test_units_are_packed_as_their_price_was_found(world: World) -> None:
    """By the weights that were bought, into the boxes of the shipping method."""
    loose = placed(world, {"TEE-M": 2, "MUG": 1})
    (parcel,) = world.shop.fulfillment.ship(loose.id, key="loose").parcels
    assert (parcel.weight_grams, sum(units.quantity for units in parcel.contents)) == (600, 3)
    method = world.shop.shipping.method("standard")
    method.boxes = (Box(name="S", dimensions_mm=(300, 200, 100), max_weight_grams=500, tare_grams=50),)
    world.shop.shipping.change_method(method)
    product = world.shop.catalog.by_handle("tee-m")
    product.variants = tuple(evolve(variant, dimensions_mm=(250, 180, 90)) for variant in product.variants)
    world.shop.catalog.put_products([product])
    boxed = placed(world, {"TEE-M": 2})
    assert [one.weight_grams for one in world.shop.fulfillment.ship(boxed.id, key="boxed").parcels] == [250, 250]


def test_a_weight_that_nobody_knows_is_not_guessed(world: World) -> None:
    world.shop.catalog.put_products(
        [
            Product(
                handle="stone",
                texts={"en": ProductText(name="Stone")},
                variants=[Variant(sku="STONE")],
                status=ProductStatus.ACTIVE,
            )
        ]
    )
    price = PriceEntry(list_id="retail", sku="STONE", price=Price(Money("1.00", "EUR")))
    world.shop.pricing.set_prices("retail", [price])
    world.shop.inventory.receive("stones", "STONE", "main", 5)
    order = placed(world, {"TEE-M": 1, "STONE": 1})
    (parcel,) = world.shop.fulfillment.ship(order.id, key="ship").parcels
    assert parcel.weight_grams == 0


def test_units_leave_in_parcels_of_known_weight(world: World) -> None:
    """As they are packed; with other parcels it is another request, and every unit is in one of them."""
    order = placed(world, {"TEE-M": 2})
    (line,) = order.lines
    parcels = [Parcel(contents=(PackedUnits(line_id=line.id, quantity=1),), weight_grams=grams) for grams in (210, 230)]
    with pytest.raises(ParcelsMismatch):
        world.shop.fulfillment.ship(order.id, key="half", parcels=parcels[:1])
    shipment = world.shop.fulfillment.ship(order.id, key="ship", parcels=parcels)
    assert [parcel.weight_grams for parcel in shipment.parcels] == [210, 230]
    assert world.shop.fulfillment.ship(order.id, key="ship", parcels=parcels).id == shipment.id
    with pytest.raises(KeyReused):
        world.shop.fulfillment.ship(order.id, key="ship", parcels=parcels[::-1])


def test_the_order_of_lines_makes_no_other_request(world: World) -> None:
    order = placed(world, {"TEE-M": 2, "MUG": 1})
    lines = {line.id: 1 for line in order.lines}
    first = world.shop.fulfillment.ship(order.id, key="one", lines=lines)
    again = world.shop.fulfillment.ship(order.id, key="one", lines=dict(reversed(lines.items())))
    assert again.id == first.id


def test_nothing_leaves_while_the_order_is_held(world: World) -> None:
    order = placed(world)
    world.shop.orders.hold(order.id, "look")
    with pytest.raises(OrderOnHold):
        world.shop.fulfillment.ship(order.id, key="ship")
    assert world.shop.shipping.of_order(order.id) == ()
    world.shop.orders.release(order.id, "fine")
    assert world.shop.fulfillment.ship(order.id, key="ship").status is ShipmentStatus.SHIPPED


def test_a_refused_label_leaves_the_order_as_it_was(world: World) -> None:
    carrier = FakeCarrier("flat_rate")
    shop = a_shop(carriers={"flat_rate": carrier}, gateways={"bank": world.bank})
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    carrier.will("buy_label", Mishap.REFUSED)
    with pytest.raises(LabelRefused):
        shop.fulfillment.ship(order.id, key="ship")
    assert shop.orders.get(order.id).fulfilment is FulfilmentStatus.UNFULFILLED
    assert stock_of(shop, "TEE-M") == (10, 2)
    assert shop.fulfillment.ship(order.id, key="ship").status is ShipmentStatus.SHIPPED


def test_what_needs_no_carrier_is_handed_over(world: World) -> None:
    world.shop.inventory.configure("MUG", "main", mode=StockMode.UNTRACKED)
    order = placed(world, {"MUG": 3})
    order = world.shop.fulfillment.hand_over(order.id, key="counter")
    assert (order.fulfilment, order.status) == (FulfilmentStatus.DELIVERED, OrderStatus.COMPLETED)
    assert world.shop.fulfillment.hand_over(order.id, key="counter").version == order.version
    assert world.shop.shipping.of_order(order.id) == ()


def test_a_returned_unit_is_restocked_and_refunded(world: World) -> None:
    order = delivered(world)
    wish = ReturnWish(line_id=order.lines[0].id, quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    assert world.shop.aftersales.request_return(order.id, [wish], key="return").id == found.id
    world.shop.returns.approve(found.id)
    done = world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    assert (done.money, done.refunded) == (RefundStatus.REFUNDED, Money("23.79", "EUR"))
    order = world.shop.orders.get(order.id)
    assert (order.payment, order.balance) == (PaymentStatus.PARTIALLY_REFUNDED, Money("0.00", "EUR"))
    assert stock_of(world.shop, "TEE-M") == (9, 0)
    again = world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    assert again.refunded == done.refunded
    last = world.shop.aftersales.request_return(order.id, [wish], key="second")
    world.shop.returns.approve(last.id)
    done = world.shop.aftersales.receive(last.id, [Finding(line_id=wish.line_id, scrap=1)])
    assert done.refunded == Money("29.62", "EUR"), "shipping goes back with the last unit"
    assert world.money() == (0, 0)
    assert stock_of(world.shop, "TEE-M") == (9, 0), "what is scrapped is not for sale again"


def test_a_fee_is_kept_unless_the_seller_is_to_blame(world: World) -> None:
    policy = ReturnPolicy(name="fee", restocking_fee=Decimal("0.15"))
    shop = a_shop(gateways={"bank": world.bank}, return_policy=policy)
    for reason, refund in ((ReturnReason.CHANGED_MIND, "20.22"), (ReturnReason.DEFECTIVE, "23.79")):
        order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key=f"click-{reason}").order
        shop.fulfillment.deliver(shop.fulfillment.ship(order.id, key=f"ship-{reason}").id, key="there")
        wish = ReturnWish(line_id=order.lines[0].id, quantity=1, reason=reason)
        found = shop.aftersales.request_return(order.id, [wish], key=f"return-{reason}")
        shop.returns.approve(found.id)
        done = shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
        assert done.refunded == Money(refund, "EUR")


def test_a_refund_that_fails_reopens_the_debt(world: World) -> None:
    order = delivered(world)
    world.bank.script("refund", Fault.DECLINED)
    wish = ReturnWish(line_id=order.lines[0].id, quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    done = world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    assert done.money is RefundStatus.FAILED
    assert world.shop.orders.get(order.id).balance == Money("-23.79", "EUR")


def test_a_return_outside_the_rules_says_why(world: World) -> None:
    order = delivered(world)
    line = order.lines[0].id
    with pytest.raises(ReturnIneligible, match="too_many"):
        world.shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=3)], key="many")
    world.later(timedelta(days=31))
    with pytest.raises(ReturnIneligible, match="window_closed"):
        world.shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=1)], key="late")


def test_a_budget_gets_back_what_returned_units_had_taken(world: World) -> None:
    budget = Money("10.00", "EUR")
    world.shop.promotions.add(
        Promotion(id="half", name="Half price", benefit=PercentOff(percent=25), limits=Limits(budget=budget))
    )
    order = delivered(world)
    assert order.totals.discount_total == budget
    assert not world.shop.checkout.quote(a_cart(world.shop).id).promotions.applied
    wish = ReturnWish(line_id=order.lines[0].id, quantity=2)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=2)])
    assert world.shop.checkout.quote(a_cart(world.shop).id).promotions.applied
    assert world.money() == (0, 0)


def test_a_refused_unit_is_neither_restocked_nor_refunded(world: World) -> None:
    order = delivered(world)
    wish = ReturnWish(line_id=order.lines[0].id, quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    before = world.money()
    world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, refused=1)])
    assert (world.money(), stock_of(world.shop, "TEE-M")) == (before, (8, 0))
    with pytest.raises(Conflict):
        world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
