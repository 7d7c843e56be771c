"""A placed order is changed, or goods exchanged, on one balance: whole, or not at all."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from tests.flows.conftest import World
from tests.flows.test_aftersales import delivered, placed

from commerce.flows import BuyerFacts, DueMoved, EditNotReady, NewUnits, NotPlacedYet, OrderEdit
from commerce.fraud import OrderDeclined, Subject
from commerce.inventory import OutOfStock
from commerce.kernel import CardNumberRefused, Denied, InvalidValue, KeyReused, Money, NotAllowed, Price
from commerce.orders import (
    FulfilmentStatus,
    Order,
    OrderDraft,
    OrderStatus,
    PaymentStatus,
    TooManyUnits,
)
from commerce.payments import PaymentDeclined
from commerce.promotions import Limits, PercentOff, Promotion
from commerce.returns import Finding, RefundStatus, ReturnIneligible, ReturnPolicy, ReturnWish
from commerce.runtime import hookimpl
from commerce.shipping import Zone
from commerce.testing.builders import BERLIN, a_cart, a_shop, stock_of
from commerce.testing.gateways.fake import Fault, Tokens

MUG = OrderEdit(add=(NewUnits(sku="MUG"),))
CARD = "4111 1111 1111 1111"
#: 7.50 and 19 % of it; two tees and shipping, with tax.
MUG_COSTS = Money("8.93", "EUR")
NOTHING = Money("0.00", "EUR")


def line(order: Order, sku: str) -> str:
    return next(line.id for line in order.lines if line.sku == sku)


def minor(order: Order) -> int:
    return order.owed.minor


def nothing_happened(world: World, before: Order) -> None:
    """The order, the money and the stock are as they were."""
    after = world.shop.orders.get(before.id)
    assert (after.version, after.owed, after.balance) == (before.version, before.owed, before.balance)
    assert (world.money(), world.reserved()) == ((0, minor(before)), 2)
    assert world.shop.inventory.reconcile() == []


def test_units_are_added_and_paid(world: World) -> None:
    order = placed(world)
    found = world.shop.editing.preview(order.id, MUG)
    assert (found.charge, found.due, found.refund, found.credit) == (MUG_COSTS, MUG_COSTS, NOTHING, NOTHING)
    assert found.order.totals.grand_total == order.totals.grand_total + MUG_COSTS
    assert world.shop.orders.get(order.id).version == order.version, "a preview writes nothing"
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank", expected_due=found.due).order
    assert (edited.payment, edited.balance, edited.owed) == (PaymentStatus.PAID, NOTHING, order.owed + MUG_COSTS)
    assert any("MUG" in sentence for sentence in edited.explanation)
    assert (world.money(), stock_of(world.shop, "MUG")) == ((0, minor(edited)), (5, 1))
    assert world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order.version == edited.version
    with pytest.raises(KeyReused):
        world.shop.editing.commit(order.id, OrderEdit(add=(NewUnits(sku="CANDLE"),)), key="save", gateway="bank")


def test_what_was_added_is_shipped_returned_and_refunded_as_the_rest(world: World) -> None:
    order = placed(world)
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order
    shipment = world.shop.fulfillment.ship(order.id, key="ship")
    assert (stock_of(world.shop, "MUG"), stock_of(world.shop, "TEE-M")) == ((4, 0), (8, 0))
    world.shop.fulfillment.deliver(shipment.id, key="arrived")
    assert world.shop.orders.get(order.id).status is OrderStatus.COMPLETED
    wish = ReturnWish(line_id=line(edited, "MUG"), quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    done = world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    assert (done.money, done.refunded) == (RefundStatus.REFUNDED, MUG_COSTS)
    assert (world.money(), stock_of(world.shop, "MUG")) == ((0, minor(order)), (5, 0))
    assert world.shop.inventory.reconcile() == []


def test_what_was_added_is_cancelled_with_the_rest(world: World) -> None:
    order = placed(world)
    world.shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    cancelled = world.shop.checkout.cancel_order(order.id, key="cancel")
    assert (cancelled.status, cancelled.payment) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
    assert (world.money(), world.reserved()) == ((0, 0), 0)
    with pytest.raises(NotAllowed):
        world.shop.editing.preview(order.id, MUG)


def test_units_that_go_out_are_refunded_at_once(world: World) -> None:
    world.shop.promotions.add(Promotion(id="ten", name="Ten", benefit=PercentOff(percent=10), limits=Limits(total=5)))
    order = placed(world, {"TEE-M": 2, "MUG": 1})
    edit = OrderEdit(remove={line(order, "TEE-M"): 1})
    found = world.shop.editing.preview(order.id, edit)
    edited = world.shop.editing.commit(order.id, edit, key="save", expected_due=NOTHING).order
    assert found.refund == found.credit == order.owed - edited.owed > NOTHING
    assert (world.money(), stock_of(world.shop, "TEE-M")) == ((0, minor(edited)), (10, 1))
    assert (edited.balance, edited.payment) == (NOTHING, PaymentStatus.PARTIALLY_REFUNDED)
    cancelled = world.shop.checkout.cancel_order(order.id, key="cancel")
    assert (cancelled.status, world.money(), world.reserved()) == (OrderStatus.CANCELLED, (0, 0), 0)


@pytest.mark.parametrize(
    ("sku", "quantity", "due", "refund"), [("MUG", 1, "0.00", "14.86"), ("CANDLE", 2, "11.91", "0.00")]
)
def test_a_swap_moves_only_the_difference(world: World, sku: str, quantity: int, due: str, refund: str) -> None:
    """A tee, 23.79 with tax, for a mug of 8.93 or two candles of 35.70."""
    order = placed(world)
    edit = OrderEdit(add=(NewUnits(sku=sku, quantity=quantity),), remove={line(order, "TEE-M"): 1})
    found = world.shop.editing.preview(order.id, edit)
    assert (found.due, found.refund) == (Money(due, "EUR"), Money(refund, "EUR"))
    edited = world.shop.editing.commit(order.id, edit, key="save", gateway="bank").order
    assert (edited.balance, world.money()) == (NOTHING, (0, minor(edited)))
    assert (stock_of(world.shop, "TEE-M"), stock_of(world.shop, sku)[1]) == ((10, 1), quantity)


def test_goods_are_exchanged_on_one_balance(world: World) -> None:
    """A tee comes back, another is sent at the price once paid: no money moves."""
    order = delivered(world)
    tee = order.line(line(order, "TEE-M"))
    wish = ReturnWish(line_id=tee.id, quantity=1)
    same_price = Price(Money("19.99", "EUR"))
    edit = OrderEdit(add=(NewUnits(sku="TEE-M", agreed_price=same_price),), take_back=(wish,))
    found = world.shop.editing.preview(order.id, edit)
    assert (found.due, found.refund, found.refund_on_return) == (NOTHING, NOTHING, NOTHING)
    edited = world.shop.editing.commit(order.id, edit, key="exchange").order
    assert (edited.status, edited.balance) == (OrderStatus.OPEN, found.charge)
    world.shop.fulfillment.deliver(world.shop.fulfillment.ship(order.id, key="ship-2").id, key="arrived-2")
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    settled = world.shop.aftersales.receive(announced.id, [Finding(line_id=tee.id, restock=1)])
    assert (settled.money, settled.due) == (RefundStatus.REFUNDED, NOTHING)
    done = world.shop.orders.get(order.id)
    assert (done.balance, done.payment, done.status) == (NOTHING, PaymentStatus.PAID, OrderStatus.COMPLETED)
    assert (world.money(), stock_of(world.shop, "TEE-M")) == ((0, minor(order)), (8, 0))


def test_an_exchange_for_less_pays_the_rest_when_the_goods_are_back(world: World) -> None:
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="MUG"),), take_back=(wish,))
    found = world.shop.editing.preview(order.id, edit)
    assert (found.due, found.refund, found.refund_on_return) == (NOTHING, NOTHING, Money("14.86", "EUR"))
    world.shop.editing.commit(order.id, edit, key="exchange")
    assert world.money() == (0, minor(order))
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    settled = world.shop.aftersales.receive(announced.id, [Finding(line_id=wish.line_id, scrap=1)])
    assert settled.refunded == found.refund_on_return
    done = world.shop.orders.get(order.id)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


def test_an_exchange_for_more_is_paid_before(world: World) -> None:
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="CANDLE", quantity=2),), take_back=(wish,))
    assert world.shop.editing.preview(order.id, edit).due == Money("11.91", "EUR")
    edited = world.shop.editing.commit(order.id, edit, key="exchange", gateway="bank").order
    assert world.money() == (0, minor(order) + 1191)
    assert edited.balance == Money("23.79", "EUR"), "what the tee that is still out there costs"


def test_an_exchange_that_does_not_come_to_be_announces_nothing(world: World) -> None:
    """The card is declined: no return is expected, and the next try announces one of its own."""
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=2)
    edit = OrderEdit(add=(NewUnits(sku="CANDLE", quantity=4),), take_back=(wish,))
    with pytest.raises(PaymentDeclined):
        world.shop.editing.commit(order.id, edit, key="exchange", gateway="bank", token=Tokens.DECLINED)
    assert not any(found.open for found in world.shop.returns.for_order(order.id))
    assert (world.money(), stock_of(world.shop, "CANDLE")) == ((0, minor(order)), (20, 0))
    with pytest.raises(ReturnIneligible):
        too_many = evolve(edit, take_back=(evolve(wish, quantity=3),))
        world.shop.editing.commit(order.id, too_many, key="other", gateway="bank")
    world.shop.editing.commit(order.id, edit, key="again", gateway="bank")
    assert [found.pending for found in world.shop.returns.for_order(order.id)] == [False, True]


def test_the_same_key_is_tried_anew_after_a_refusal(world: World) -> None:
    """As a declined checkout is: with all it held, also the return."""
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="CANDLE", quantity=2),), take_back=(wish,))
    world.bank.script("authorize", Fault.DECLINED)
    with pytest.raises(PaymentDeclined):
        world.shop.editing.commit(order.id, edit, key="exchange", gateway="bank")
    edited = world.shop.editing.commit(order.id, edit, key="exchange", gateway="bank").order
    assert [found.pending for found in world.shop.returns.for_order(order.id)] == [False, True]
    assert (world.money(), stock_of(world.shop, "CANDLE")) == ((0, minor(order) + 1191), (20, 2))
    assert edited.refs[-1].startswith(order.key)


def test_a_refused_edit_changes_nothing(world: World) -> None:
    """Out of stock, declined, too many units, nothing to sell at, another difference than was seen."""
    order = placed(world)
    tee = line(order, "TEE-M")
    commit = world.shop.editing.commit
    with pytest.raises(OutOfStock):
        commit(order.id, OrderEdit(add=(NewUnits(sku="MUG", quantity=6),)), key="1", gateway="bank")
    with pytest.raises(PaymentDeclined):
        commit(order.id, MUG, key="2", gateway="bank", token=Tokens.DECLINED)
    with pytest.raises(TooManyUnits):
        commit(order.id, OrderEdit(add=MUG.add, remove={tee: 3}), key="3", gateway="bank")
    with pytest.raises(EditNotReady) as refused:
        commit(order.id, OrderEdit(add=(NewUnits(sku="NOBODY"),)), key="4", gateway="bank")
    assert "not on sale (NOBODY)" in str(refused.value)
    with pytest.raises(DueMoved):
        commit(order.id, MUG, key="5", gateway="bank", expected_due=Money("8.92", "EUR"))
    with pytest.raises(InvalidValue, match="name a gateway"):
        commit(order.id, MUG, key="6")
    for nonsense in (OrderEdit(), OrderEdit(add=(NewUnits(sku="MUG", quantity=0),)), OrderEdit(remove={tee: 2})):
        with pytest.raises(InvalidValue):
            commit(order.id, nonsense, key="7", gateway="bank")
    with pytest.raises(InvalidValue):
        commit(order.id, MUG, key="", gateway="bank")
    with pytest.raises(CardNumberRefused):
        commit(order.id, MUG, key="8", gateway="bank", token=CARD)
    nothing_happened(world, order)


def test_an_edit_waits_for_its_payment(world: World) -> None:
    """The order stays as it was until the customer has acted; the gateway's notice carries the edit out."""
    order = placed(world)
    waiting = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank", token=Tokens.ACTION)
    assert waiting.action is not None
    with pytest.raises(NotPlacedYet):
        _ = waiting.order
    assert world.shop.orders.get(order.id).version == order.version
    payment = world.shop.payments.of_order(f"{order.key}/{waiting.id}")[0]
    world.bank.customer_acts(payment.id)
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)
    edited = world.shop.editing.resume(waiting.id).order
    assert (edited.payment, edited.balance, world.money()) == (PaymentStatus.PAID, NOTHING, (0, minor(edited)))


def test_an_edit_that_nobody_pays_is_let_go_of(world: World) -> None:
    order = placed(world)
    first = world.shop.editing.commit(order.id, MUG, key="one", gateway="bank", token=Tokens.ACTION)
    world.shop.editing.abandon(first.id)
    nothing_happened(world, order)
    world.shop.editing.commit(order.id, MUG, key="two", gateway="bank", token=Tokens.ACTION)
    world.later(world.shop.timers.abandon_after + timedelta(minutes=1))
    assert world.shop.timers.run().abandoned == 1
    nothing_happened(world, order)


def test_money_that_comes_after_the_edit_was_given_up_goes_back(world: World) -> None:
    order = placed(world)
    waiting = world.shop.editing.commit(order.id, MUG, key="one", gateway="bank", token=Tokens.ACTION)
    (payment,) = world.shop.payments.of_order(f"{order.key}/{waiting.id}")
    world.shop.editing.abandon(waiting.id)
    world.bank.customer_acts(payment.id)
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)
    nothing_happened(world, order)


def test_units_called_off_while_the_gateway_is_down_are_not_charged(world: World) -> None:
    """The edit is made, its capture does not come through, and the mug is cancelled: only what is owed is taken."""
    order = placed(world)
    world.bank.script("capture", Fault.UNAVAILABLE, times=9)
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order
    assert edited.payment is PaymentStatus.PARTIALLY_PAID
    world.shop.checkout.cancel_order(order.id, key="no-mug", lines={line(edited, "MUG"): 1})
    world.bank.heal()
    for _ in range(3):
        world.later(timedelta(minutes=7))
        world.shop.timers.run()
    done = world.shop.orders.get(order.id)
    assert (done.balance, world.money(), world.reserved()) == (NOTHING, (0, minor(order)), 2)
    assert done.captured == order.owed, "the mug was not taken and given back, but never taken"
    assert world.shop.runner.log.unfinished(world.shop.clock() + timedelta(days=1)) == []


def test_an_order_authorized_only_is_edited_within_what_is_held(world: World) -> None:
    """Nothing was taken yet: a dearer order asks for the difference, a cheaper one frees the rest when it is taken."""
    cart = a_cart(world.shop)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click", capture=False).order
    tee = line(order, "TEE-M")
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    swap = OrderEdit(add=MUG.add, remove={tee: 1})
    found = world.shop.editing.preview(order.id, swap)
    assert (found.due, found.refund) == (NOTHING, NOTHING)
    edited = world.shop.editing.commit(order.id, swap, key="save").order
    assert (edited.payment, edited.balance) == (PaymentStatus.AUTHORIZED, edited.owed)
    (payment,) = world.shop.payments.of_order(order.key)
    world.shop.payments.capture(payment.id, "take", edited.owed, final=True)
    world.shop.timers.run()
    assert (world.shop.orders.get(order.id).balance, world.money()) == (NOTHING, (0, minor(edited)))


def test_a_suspicious_addition_is_looked_at(world: World) -> None:
    """A small order must not be the way around screening."""
    shop = a_shop(gateways={"bank": world.bank}, pepper=b"0123456789abcdef" * 2)
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    shop.fraud.block(Subject.IP, "203.0.113.9")
    with pytest.raises(OrderDeclined):
        shop.editing.commit(order.id, MUG, key="1", gateway="bank", facts=BuyerFacts(ip="203.0.113.9"))
    held = shop.editing.commit(order.id, MUG, key="2", gateway="bank", token=Tokens.SUSPECTED).order
    assert (held.status, held.payment) == (OrderStatus.ON_HOLD, PaymentStatus.PARTIALLY_PAID)
    accepted = shop.checkout.accept_order(order.id, key="fine")
    assert (accepted.status, accepted.payment, accepted.balance) == (OrderStatus.OPEN, PaymentStatus.PAID, NOTHING)


def test_hooks_may_refuse_what_is_added(world: World) -> None:
    class NoMugs:
        @hookimpl
        def commerce_validate_order(self, draft: OrderDraft) -> None:
            if any(line.line.item.sku == "MUG" for line in draft.priced.lines):
                raise Denied

    shop = a_shop(gateways={"bank": world.bank}, hooks=[NoMugs()])
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    with pytest.raises(Denied):
        shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    assert (stock_of(shop, "MUG"), world.money()) == ((5, 0), (0, minor(order)))


def test_an_edit_of_a_shipped_order_ships_the_rest(world: World) -> None:
    order = delivered(world)
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order
    assert edited.fulfilment is FulfilmentStatus.PARTIALLY_DELIVERED
    shipment = world.shop.fulfillment.ship(order.id, key="second")
    assert [unit.sku for unit in shipment.lines] == ["MUG"]
    world.shop.fulfillment.deliver(shipment.id, key="arrived-2")
    assert world.shop.orders.get(order.id).status is OrderStatus.COMPLETED


def test_what_is_still_owed_is_collected(world: World) -> None:
    """The exchanged goods did not come back as promised: the buyer pays for what they keep."""
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="MUG"),), take_back=(wish,))
    world.shop.editing.commit(order.id, edit, key="exchange")
    with pytest.raises(InvalidValue, match="nothing is owed"):
        world.shop.editing.collect(order.id, key="early", gateway="bank")
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    world.shop.aftersales.receive(announced.id, [Finding(line_id=wish.line_id, refused=1)])
    assert world.shop.orders.get(order.id).balance == MUG_COSTS
    paid = world.shop.editing.collect(order.id, key="collect", gateway="bank").order
    assert (paid.balance, paid.payment, world.money()) == (NOTHING, PaymentStatus.PAID, (0, minor(paid)))
    assert world.shop.editing.collect(order.id, key="collect", gateway="bank").order.version == paid.version


def test_a_restocking_fee_is_counted_before_it_is_due(world: World) -> None:
    """What is shown before the exchange is what it comes to in the end."""
    policy = ReturnPolicy(name="fee", restocking_fee=Decimal("0.15"))
    shop = a_shop(gateways={"bank": world.bank}, return_policy=policy)
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    shop.fulfillment.deliver(shop.fulfillment.ship(order.id, key="ship").id, key="there")
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="CANDLE"),), take_back=(wish,))
    found = shop.editing.preview(order.id, edit)
    assert (found.due, found.refund_on_return) == (NOTHING, Money("20.22", "EUR") - Money("17.85", "EUR"))
    shop.editing.commit(order.id, edit, key="exchange")
    (announced,) = shop.returns.for_order(order.id)
    shop.returns.approve(announced.id)
    settled = shop.aftersales.receive(announced.id, [Finding(line_id=wish.line_id, restock=1)])
    assert settled.refunded == found.refund_on_return


def test_a_second_edit_does_not_pay_for_the_exchange_before_it(world: World) -> None:
    """What the goods on their way back will cover is not asked for twice."""
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="CANDLE"),), take_back=(wish,))
    world.shop.editing.commit(order.id, edit, key="exchange")
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    world.shop.editing.commit(order.id, MUG, key="mug", gateway="bank")
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    settled = world.shop.aftersales.receive(announced.id, [Finding(line_id=wish.line_id, restock=1)])
    assert settled.refunded == Money("23.79", "EUR") - Money("17.85", "EUR")
    done = world.shop.orders.get(order.id)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


NEXT_DOOR = evolve(BERLIN, lines=("Invalidenstraße 2",))


def test_what_is_not_shipped_goes_elsewhere(world: World) -> None:
    """Units that left keep their way; the bill stays the same; once per key."""
    order = placed(world, {"TEE-M": 2, "MUG": 1})
    world.shop.fulfillment.ship(order.id, key="first", lines={line(order, "MUG"): 1})
    edit = OrderEdit(deliver_to=NEXT_DOOR)
    for _ in range(2):
        moved = world.shop.editing.commit(order.id, edit, key="save", expected_due=NOTHING).order
    assert (moved.shipping_address, moved.billing_address) == (NEXT_DOOR, BERLIN)
    assert (moved.owed, moved.balance) == (order.owed, NOTHING)
    world.shop.fulfillment.ship(order.id, key="rest")
    assert [s.destination for s in world.shop.shipping.of_order(order.id)] == [BERLIN, NEXT_DOOR]
    with pytest.raises(InvalidValue, match="everything has left"):
        world.shop.editing.commit(order.id, OrderEdit(deliver_to=BERLIN), key="late")
    with pytest.raises(KeyReused):
        world.shop.editing.commit(order.id, OrderEdit(deliver_to=BERLIN), key="save")


def test_an_address_that_changes_the_bill_is_refused(world: World) -> None:
    """Other taxes, other shipping, no shipping: each says what to do."""
    order = placed(world)
    abroad = evolve(BERLIN, country="AT", postal_code="1010")
    with pytest.raises(EditNotReady, match="order anew"):
        world.shop.editing.commit(order.id, OrderEdit(deliver_to=abroad), key="tax")
    method = world.shop.shipping.method("standard")
    method.zones = (Zone(countries=["DE"], without_postal_prefixes=["25849"]),)
    world.shop.shipping.change_method(method)
    island = evolve(BERLIN, postal_code="25849", city="Pellworm")
    with pytest.raises(EditNotReady, match="shipping unavailable"):
        world.shop.editing.commit(order.id, OrderEdit(deliver_to=island), key="island")
    nothing_happened(world, order)


def test_a_suspicious_address_is_looked_at(world: World) -> None:
    shop = a_shop(gateways={"bank": world.bank}, pepper=b"0123456789abcdef" * 2)
    order = shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click").order
    reshipper = evolve(BERLIN, lines=("Lagerhaus 7",))
    shop.fraud.block(Subject.ADDRESS, " ".join((*reshipper.lines, reshipper.postal_code, reshipper.city, "DE")))
    with pytest.raises(OrderDeclined):
        shop.editing.commit(order.id, OrderEdit(deliver_to=reshipper), key="save")
    assert shop.orders.get(order.id).shipping_address == BERLIN
