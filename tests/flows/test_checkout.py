"""From a cart to an order: whatever happens on the way, it ends with one order, or nothing held and nothing charged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.flows.conftest import World

from commerce.cart import CartExpired, CartFrozen, CartStatus, UnknownSku
from commerce.flows import CheckoutNotReady, NotPlacedYet, PlacementNotFound, ProblemKind, TotalMoved
from commerce.inventory import OutOfStock
from commerce.kernel import (
    Address,
    Denied,
    InvalidMoney,
    InvalidValue,
    KeyReused,
    Money,
    Price,
    ProviderError,
    StaleVersion,
)
from commerce.orders import NothingToCancel, Order, OrderDraft, OrderStatus, PaymentStatus, TooManyUnits
from commerce.payments import OperationKind, PaymentDeclined
from commerce.pricing import PriceEntry
from commerce.promotions import Coupon, LimitReached, Limits, PercentOff, Promotion
from commerce.runtime import InProgress, UnknownProvider, hookimpl
from commerce.testing.builders import BERLIN, a_cart, a_shop, stock_of
from commerce.testing.gateways.fake import FakeGateway, Fault, Tokens

#: Two tees at 19.99 and 4.90 for shipping, 19 % on top.
TOTAL = Money("53.41", "EUR")


def place(world: World, key: str = "click", token: str = Tokens.OK, goods: dict[str, int] | None = None) -> Order:
    cart = a_cart(world.shop, goods)
    return world.shop.checkout.place_order(cart.id, gateway="bank", token=token, key=key).order


def test_an_order_takes_stock_and_money_and_closes_the_cart(world: World) -> None:
    cart = a_cart(world.shop)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert (order.totals.grand_total, order.status, order.payment) == (TOTAL, OrderStatus.OPEN, PaymentStatus.PAID)
    assert order.email == "ada@example.org"
    assert stock_of(world.shop, "TEE-M") == (10, 2)
    assert world.money() == (0, TOTAL.minor)
    closed = world.shop.cart.get(cart.id)
    assert (closed.status, closed.order_id) == (CartStatus.CLOSED, order.id)
    assert world.shop.storage.outbox.pending() == 0
    assert any("2 x TEE-M at 19.99 EUR (list Retail) = 39.98 EUR" in line for line in order.explanation)


def test_the_same_click_gives_the_same_order(world: World) -> None:
    cart = a_cart(world.shop)
    first = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    again = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert again.id == first.id
    assert world.shop.checkout.placement("click").order.id == first.id
    assert world.money() == (0, TOTAL.minor)
    with pytest.raises(KeyReused):
        world.shop.checkout.place_order(cart.id, gateway="manual", key="click")
    with pytest.raises(KeyReused):
        world.shop.checkout.place_order(a_cart(world.shop).id, gateway="bank", key="click")
    with pytest.raises(CartFrozen):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="another click")
    with pytest.raises(PlacementNotFound):
        world.shop.checkout.placement("never clicked")


@pytest.mark.parametrize(
    ("spoil", "kinds"),
    [
        (lambda w, c: w.shop.cart.remove_line(c, w.shop.cart.get(c).lines[0].id), {ProblemKind.EMPTY}),
        (lambda w, c: w.shop.catalog.archive(w.shop.catalog.by_handle("tee-m").id), {ProblemKind.NOT_ON_SALE}),
        (lambda w, c: w.shop.pricing.remove_prices("retail", ["TEE-M"]), {ProblemKind.NO_PRICE}),
        (
            lambda w, c: w.shop.cart.deliver_to(c, Address(country="NZ"), shipping_method="standard"),
            {ProblemKind.NO_TAX_RATE},
        ),
        (lambda w, c: w.shop.cart.deliver_to(c, BERLIN), {ProblemKind.NO_SHIPPING_METHOD}),
        (lambda w, c: w.shop.cart.set_customer(c, customer_id=None, email=""), {ProblemKind.NO_EMAIL}),
    ],
)
def test_what_cannot_be_ordered_says_every_reason_and_takes_nothing(
    world: World, spoil: Callable[[World, str], object], kinds: set[ProblemKind]
) -> None:
    cart = a_cart(world.shop)
    spoil(world, cart.id)
    with pytest.raises(CheckoutNotReady) as caught:
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    assert {problem.kind for problem in caught.value.problems} == kinds
    assert world.shop.cart.get(cart.id).status is CartStatus.OPEN
    assert (world.reserved(), world.money()) == (0, (0, 0))


def test_a_cart_without_an_address_is_quoted_for_home_and_says_what_is_missing(world: World) -> None:
    cart = world.shop.cart.open()
    world.shop.cart.add_line(cart.id, "TEE-M")
    quote = world.shop.checkout.quote(cart.id)
    assert quote.total == Money("23.79", "EUR")
    assert [problem.kind for problem in quote.problems] == [ProblemKind.NO_DESTINATION]


def test_a_moved_total_is_refused_once_with_both(world: World) -> None:
    cart = a_cart(world.shop)
    seen = world.shop.checkout.quote(cart.id).total
    dearer = PriceEntry(list_id="retail", sku="TEE-M", price=Price(Money("21.99", "EUR")))
    world.shop.pricing.set_prices("retail", [dearer])
    with pytest.raises(TotalMoved) as caught:
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click", expected_total=seen)
    assert (caught.value.expected, caught.value.actual) == (TOTAL, Money("58.17", "EUR"))
    order = world.shop.checkout.place_order(
        cart.id, gateway="bank", key="click", expected_total=caught.value.actual
    ).order
    assert order.totals.grand_total == Money("58.17", "EUR")


def test_a_declined_card_leaves_nothing_and_another_may_be_tried(world: World) -> None:
    cart = a_cart(world.shop)
    with pytest.raises(PaymentDeclined):
        world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.DECLINED, key="click")
    assert (world.reserved(), world.money()) == (0, (0, 0))
    assert world.shop.cart.get(cart.id).status is CartStatus.OPEN
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="second card").order
    assert order.payment is PaymentStatus.PAID
    with pytest.raises(KeyReused):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")


def test_too_few_units_leave_nothing(world: World) -> None:
    cart = a_cart(world.shop, {"CANDLE": 3, "MUG": 6})
    with pytest.raises(OutOfStock, match="5 of MUG available, 6 wanted"):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    assert (world.reserved(), world.money(), world.bank.calls) == (0, (0, 0), [])


def test_an_unknown_gateway_lists_those_there_are(world: World) -> None:
    cart = a_cart(world.shop)
    with pytest.raises(UnknownProvider, match=r"this shop has \('bank', 'manual'\)"):
        world.shop.checkout.place_order(cart.id, gateway="stripe", key="click")
    assert world.reserved() == 0


def test_bad_input_is_named_before_anything_is_taken(world: World) -> None:
    cart = a_cart(world.shop)
    with pytest.raises(UnknownSku):
        world.shop.cart.add_line(cart.id, "NOPE")
    with pytest.raises(InvalidValue, match="quantity"):
        world.shop.cart.add_line(cart.id, "MUG", 0)
    with pytest.raises(InvalidMoney):
        Money(19.99, "EUR")
    with pytest.raises(InvalidValue, match="key"):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="")
    with pytest.raises(StaleVersion):
        world.shop.cart.set_quantity(cart.id, cart.lines[0].id, 3, version=cart.version - 1)
    world.later(timedelta(days=31))
    with pytest.raises(CartExpired):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")


def test_a_hook_may_object(world: World) -> None:
    class NoTees:
        @hookimpl
        def commerce_validate_order(self, draft: OrderDraft) -> None:
            raise Denied

    shop = a_shop(hooks=[NoTees()], gateways={"bank": world.bank})
    with pytest.raises(Denied):
        shop.checkout.place_order(a_cart(shop).id, gateway="bank", key="click")
    assert (stock_of(shop, "TEE-M"), world.bank.calls) == ((10, 0), [])


def test_nothing_to_pay_needs_no_gateway(world: World) -> None:
    world.shop.promotions.add(Promotion(id="all", name="Everything free", benefit=PercentOff(percent=100)))
    world.shop.pricing.set_prices(
        "retail", [PriceEntry(list_id="retail", sku="MUG", price=Price(Money("0.00", "EUR")))]
    )
    cart = a_cart(world.shop, {"MUG": 1})
    assert world.shop.checkout.quote(cart.id).total == Money("5.83", "EUR"), "shipping is left"
    shipping = world.shop.shipping.method("standard")
    shipping.free_above = Money("0.00", "EUR")
    world.shop.shipping.change_method(shipping)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert (order.payment, world.bank.calls) == (PaymentStatus.PAID, [])


# -- payments that wait -----------------------------------------------------------------


def test_a_waiting_payment_parks_the_order_until_the_gateway_tells(world: World) -> None:
    cart = a_cart(world.shop)
    placement = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.ACTION, key="click")
    assert placement.action is not None
    with pytest.raises(NotPlacedYet):
        _ = placement.order
    assert (world.reserved(), world.shop.cart.get(cart.id).status) == (2, CartStatus.FROZEN)
    (payment,) = world.shop.payments.of_order(placement.id)
    world.bank.customer_acts(payment.id)
    for notice in 2 * list(world.bank.notices()):
        assert world.shop.paying.receive_notice("bank", notice).status == 200
    order = world.shop.checkout.placement("click").order
    assert (order.payment, world.money()) == (PaymentStatus.PAID, (0, TOTAL.minor))
    assert world.shop.checkout.resume(placement.id).order.id == order.id
    assert world.bank.total(OperationKind.CAPTURE) == TOTAL


def test_the_shopper_may_be_back_before_the_gateway_tells(world: World) -> None:
    cart = a_cart(world.shop)
    placement = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.REDIRECT, key="click")
    (payment,) = world.shop.payments.of_order(placement.id)
    world.bank.customer_acts(payment.id)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.REDIRECT, key="click").order
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)
    assert world.shop.orders.get(order.id).payment is PaymentStatus.PAID
    assert world.bank.total(OperationKind.CAPTURE) == TOTAL


def test_a_failed_challenge_lets_go_of_everything(world: World) -> None:
    cart = a_cart(world.shop)
    placement = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.ACTION, key="click")
    (payment,) = world.shop.payments.of_order(placement.id)
    world.bank.customer_acts(payment.id, approves=False)
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)
    assert (world.reserved(), world.money()) == (0, (0, 0))
    assert world.shop.cart.get(cart.id).status is CartStatus.OPEN


def test_nobody_waits_for_ever(world: World) -> None:
    cart = a_cart(world.shop)
    placement = world.shop.checkout.place_order(cart.id, gateway="bank", token=Tokens.ACTION, key="click")
    world.later(timedelta(minutes=59))
    assert world.shop.timers.run().abandoned == 0
    world.later(timedelta(minutes=2))
    assert world.shop.timers.run().abandoned == 1
    assert (world.reserved(), world.shop.cart.get(cart.id).status) == (0, CartStatus.OPEN)
    (payment,) = world.shop.payments.of_order(placement.id)
    world.bank.happen(payment.id, OperationKind.AUTHORIZE, TOTAL)
    world.bank.happen(payment.id, OperationKind.CAPTURE, TOTAL)
    world.shop.payments.settle(payment.id)
    world.shop.timers.run()
    assert world.money() == (0, 0), "money that comes too late goes back by itself"


def test_a_suspected_payment_holds_the_order_and_takes_no_money(world: World) -> None:
    order = place(world, token=Tokens.SUSPECTED)
    assert order.status is OrderStatus.ON_HOLD
    assert world.money() == (TOTAL.minor, 0)


# -- a gateway that fails -----------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST, Fault.UNAVAILABLE])
def test_a_lost_authorization_is_found_out_and_never_charged_twice(world: World, fault: Fault) -> None:
    cart = a_cart(world.shop)
    world.bank.script("authorize", fault)
    world.bank.script("fetch", Fault.UNAVAILABLE, times=2)
    with pytest.raises(ProviderError):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    for _ in range(5):
        world.later(timedelta(minutes=10))
        world.shop.timers.run()
    assert (world.reserved(), world.money()) == (0, (0, 0))
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert (order.payment, world.money()) == (PaymentStatus.PAID, (0, TOTAL.minor))


def test_a_capture_that_fails_for_now_is_made_up_for(world: World) -> None:
    world.bank.script("capture", Fault.UNAVAILABLE)
    order = place(world)
    assert (order.payment, world.money()) == (PaymentStatus.AUTHORIZED, (TOTAL.minor, 0))
    world.later(timedelta(seconds=5))
    assert world.shop.timers.run().resumed == 1
    assert (world.shop.orders.get(order.id).payment, world.money()) == (PaymentStatus.PAID, (0, TOTAL.minor))


def test_a_capture_that_is_refused_leaves_an_unpaid_order_to_look_at(world: World) -> None:
    world.bank.script("capture", Fault.DECLINED)
    order = place(world)
    assert order.payment is not PaymentStatus.PAID
    assert world.shop.cart.get(order.cart_id or "").status is CartStatus.CLOSED
    assert world.shop.runner.log.unfinished(world.shop.clock() + timedelta(days=1)) == []


# -- calling off ------------------------------------------------------------------------------


def test_cancelling_before_capture_voids(world: World) -> None:
    cart = a_cart(world.shop)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click", capture=False).order
    assert (order.payment, world.money()) == (PaymentStatus.AUTHORIZED, (TOTAL.minor, 0))
    order = world.shop.checkout.cancel_order(order.id, key="cancel")
    assert (order.status, order.payment) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
    assert (world.reserved(), world.money()) == (0, (0, 0))


def test_cancelling_after_capture_refunds_what_the_units_cost(world: World) -> None:
    order = place(world, goods={"TEE-M": 2, "MUG": 1})
    line = next(line for line in order.lines if line.sku == "TEE-M")
    order = world.shop.checkout.cancel_order(order.id, key="one", lines={line.id: 1})
    assert order.refunded == Money("23.79", "EUR")
    assert (stock_of(world.shop, "TEE-M"), order.balance) == ((10, 1), Money("0.00", "EUR"))
    again = world.shop.checkout.cancel_order(order.id, key="one", lines={line.id: 1})
    assert again.refunded == order.refunded
    with pytest.raises(KeyReused):
        world.shop.checkout.cancel_order(order.id, key="one", lines={line.id: 2})
    with pytest.raises(TooManyUnits):
        world.shop.checkout.cancel_order(order.id, key="two", lines={line.id: 2})
    order = world.shop.checkout.cancel_order(order.id, key="rest")
    assert (order.status, order.balance) == (OrderStatus.CANCELLED, Money("0.00", "EUR"))
    assert (world.reserved(), world.money()) == (0, (0, 0))
    with pytest.raises(NothingToCancel):
        world.shop.checkout.cancel_order(order.id, key="more")


def test_a_refund_that_the_gateway_refuses_stays_owed(world: World) -> None:
    order = place(world)
    world.bank.script("refund", Fault.DECLINED)
    order = world.shop.checkout.cancel_order(order.id, key="cancel")
    assert order.balance == -TOTAL
    assert world.money() == (0, TOTAL.minor)


# -- promotions -----------------------------------------------------------------------------


def test_a_code_is_used_up_by_an_order_and_given_back_by_its_end(world: World) -> None:
    shop = world.shop
    ten = Promotion(id="ten", name="Ten off", benefit=PercentOff(percent=10), automatic=False, limits=Limits(total=1))
    shop.promotions.add(ten)
    shop.promotions.add_code(Coupon(code="TEN", promotion_id="ten"))
    first, second = a_cart(shop, codes=("TEN",)), a_cart(shop, {"MUG": 1}, codes=("TEN",))
    assert shop.checkout.quote(second.id).priced.discount_total == Money("0.75", "EUR")
    order = shop.checkout.place_order(first.id, gateway="bank", key="first").order
    assert order.codes == ("TEN",)
    assert order.totals.discount_total == Money("4.00", "EUR")
    outcome = shop.checkout.quote(second.id).promotions.outcome("TEN")
    assert outcome is not None
    assert outcome.reason == "limit_reached"
    shop.checkout.cancel_order(order.id, key="cancel")
    assert shop.checkout.place_order(second.id, gateway="bank", key="second").order.codes == ("TEN",)


def test_the_last_use_of_a_code_goes_to_one_of_two_who_saw_it(world: World) -> None:
    shop = world.shop
    shop.promotions.add(
        Promotion(id="ten", name="Ten off", benefit=PercentOff(percent=10), automatic=False, limits=Limits(total=1))
    )
    shop.promotions.add_code(Coupon(code="TEN", promotion_id="ten"))
    carts = [a_cart(shop, codes=("TEN",)) for _ in range(2)]
    asked = [shop.checkout.quote(cart.id) for cart in carts]
    assert all(quote.promotions.uses for quote in asked)
    rival = FakeGateway()
    rival.script("authorize", before=lambda: None)
    shop.promotions.reserve("somebody else", asked[0].promotions.uses)
    with pytest.raises(LimitReached):
        shop.promotions.reserve("me", asked[1].promotions.uses)
    quote = shop.checkout.quote(carts[1].id)
    assert quote.promotions.applied == ()


def test_a_live_key_is_not_run_twice(world: World) -> None:
    cart = a_cart(world.shop)
    seen: list[type[Exception]] = []

    def again() -> None:
        try:
            world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
        except Exception as error:  # noqa: BLE001 - its kind is what is asked
            seen.append(type(error))

    world.bank.script("authorize", before=again)
    world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    assert seen == [InProgress]
    assert world.money() == (0, TOTAL.minor)
