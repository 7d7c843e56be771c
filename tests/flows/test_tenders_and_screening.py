"""Stored value and screening around an order: held before money moves, given back to where it came from."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.flows.conftest import World

from commerce.app import Commerce, PepperMissing
from commerce.flows import BuyerFacts, NoWallet
from commerce.fraud import AmountAbove, Decision, FraudPolicy, OrderDeclined, Subject
from commerce.kernel import InvalidValue, Money
from commerce.orders import OrderStatus, PaymentStatus
from commerce.payments import PaymentDeclined
from commerce.returns import Finding, ReturnWish
from commerce.runtime import Storage
from commerce.testing.builders import a_cart, a_shop
from commerce.testing.conformance.storage import NOW
from commerce.testing.gateways.fake import FakeGateway, Fault, Tokens
from commerce.wallet import Tender, UnknownCode

TOTAL = Money("53.41", "EUR")


@pytest.fixture
def world(any_storage: Storage) -> Iterator[World]:
    clock = [timedelta(0)]
    bank = FakeGateway()
    shop = a_shop(
        storage=any_storage, gateways={"bank": bank}, clock=lambda: NOW + clock[0], pepper=b"0123456789abcdef" * 2
    )
    yield World(shop, bank, clock)
    bank.close()


def card(shop: Commerce, amount: str) -> tuple[Tender, str]:
    issued = shop.wallet.issue_gift_card(f"card-{amount}", Money(amount, "EUR"))
    assert issued.code is not None
    return Tender.of_code(issued.code), issued.code


def left(shop: Commerce, code: str) -> Money:
    return shop.wallet.balance(code).available


def test_a_gift_card_pays_first_and_the_gateway_the_rest(world: World) -> None:
    tender, code = card(world.shop, "20.00")
    order = world.shop.checkout.place_order(a_cart(world.shop).id, gateway="bank", tenders=[tender], key="click").order
    assert (order.payment, order.captured) == (PaymentStatus.PAID, TOTAL)
    assert (left(world.shop, code), world.money()) == (Money("0.00", "EUR"), (0, 3341))
    assert code not in repr(world.shop.runner.find("place_order", "click"))


def test_stored_value_alone_needs_no_gateway(world: World) -> None:
    tender, code = card(world.shop, "100.00")
    order = world.shop.checkout.place_order(a_cart(world.shop).id, tenders=[tender], key="click").order
    assert (order.payment, world.bank.calls) == (PaymentStatus.PAID, [])
    assert left(world.shop, code) == Money("46.59", "EUR")


def test_what_is_not_covered_needs_a_gateway(world: World) -> None:
    tender, code = card(world.shop, "20.00")
    with pytest.raises(InvalidValue, match="gateway"):
        world.shop.checkout.place_order(a_cart(world.shop).id, tenders=[tender], key="click")
    assert (left(world.shop, code), world.reserved()) == (Money("20.00", "EUR"), 0)


def test_a_declined_rest_lets_go_of_the_card(world: World) -> None:
    tender, code = card(world.shop, "20.00")
    with pytest.raises(PaymentDeclined):
        world.shop.checkout.place_order(
            a_cart(world.shop).id, gateway="bank", token=Tokens.DECLINED, tenders=[tender], key="click"
        )
    assert (left(world.shop, code), world.reserved()) == (Money("20.00", "EUR"), 0)


def test_a_cancelled_order_gives_every_tender_its_own_back(world: World) -> None:
    tender, code = card(world.shop, "20.00")
    order = world.shop.checkout.place_order(a_cart(world.shop).id, gateway="bank", tenders=[tender], key="click").order
    order = world.shop.checkout.cancel_order(order.id, key="one", lines={order.lines[0].id: 1})
    assert (order.refunded, left(world.shop, code)) == (Money("23.79", "EUR"), Money("0.00", "EUR"))
    order = world.shop.checkout.cancel_order(order.id, key="rest")
    assert (order.balance, order.payment) == (Money("0.00", "EUR"), PaymentStatus.REFUNDED)
    assert (left(world.shop, code), world.money()) == (Money("20.00", "EUR"), (0, 0))


def test_a_return_is_paid_back_to_the_card_that_paid(world: World) -> None:
    tender, code = card(world.shop, "100.00")
    order = world.shop.checkout.place_order(a_cart(world.shop).id, tenders=[tender], key="click").order
    world.shop.fulfillment.deliver(world.shop.fulfillment.ship(order.id, key="ship").id, key="there")
    wish = ReturnWish(line_id=order.lines[0].id, quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    done = world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    assert (done.refunded, left(world.shop, code)) == (Money("23.79", "EUR"), Money("70.38", "EUR"))
    assert world.shop.orders.get(order.id).balance == Money("0.00", "EUR")


def test_a_wrong_code_takes_nothing(world: World) -> None:
    with pytest.raises(UnknownCode):
        world.shop.checkout.place_order(
            a_cart(world.shop).id, gateway="bank", tenders=[Tender.of_code("WRONG")], key="click"
        )
    assert (world.reserved(), world.money()) == (0, (0, 0))


def test_a_shop_without_a_secret_has_no_wallet(world: World) -> None:
    shop = a_shop(gateways={"bank": world.bank})
    with pytest.raises(NoWallet, match="pepper="):
        shop.checkout.place_order(a_cart(shop).id, gateway="bank", tenders=[Tender.of_code("X")], key="click")
    with pytest.raises(PepperMissing, match="wallet needs a secret"):
        _ = shop.wallet


def test_who_is_blocked_is_declined_before_money_moves(world: World) -> None:
    world.shop.fraud.block(Subject.EMAIL, "ada@example.org")
    cart = a_cart(world.shop)
    with pytest.raises(OrderDeclined) as caught:
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    assert "ada@" not in str(caught.value)  # an id may well say ada
    assert (world.reserved(), world.money(), world.bank.calls) == (0, (0, 0), [])


def test_an_order_to_look_at_is_held_unpaid_until_a_person_takes_it(world: World) -> None:
    world.shop.fraud.block(Subject.IP, "203.0.113.9")
    order = world.shop.checkout.place_order(
        a_cart(world.shop).id, gateway="bank", token=Tokens.SUSPECTED, key="a"
    ).order
    assert (order.status, world.money()) == (OrderStatus.ON_HOLD, (TOTAL.minor, 0))
    order = world.shop.checkout.accept_order(order.id, key="fine")
    assert (order.status, order.payment) == (OrderStatus.OPEN, PaymentStatus.PAID)
    assert world.money() == (0, TOTAL.minor)
    assert world.shop.checkout.accept_order(order.id, key="fine").version == order.version
    with pytest.raises(OrderDeclined):
        world.shop.checkout.place_order(
            a_cart(world.shop).id, gateway="bank", key="b", facts=BuyerFacts(ip="203.0.113.9")
        )
    assert world.shop.fraud.get(order.key).decision is Decision.APPROVE


def test_a_held_order_is_charged_only_what_the_card_left(world: World) -> None:
    tender, code = card(world.shop, "20.00")
    held = world.shop.checkout.place_order(
        a_cart(world.shop).id, gateway="bank", token=Tokens.SUSPECTED, tenders=[tender], key="click"
    ).order
    assert (held.status, world.money()) == (OrderStatus.ON_HOLD, (3341, 0))
    order = world.shop.checkout.accept_order(held.id, key="fine")
    assert (order.payment, order.captured, order.balance) == (PaymentStatus.PAID, TOTAL, Money("0.00", "EUR"))
    assert (left(world.shop, code), world.money()) == (Money("0.00", "EUR"), (0, 3341))


def test_a_worker_without_the_secret_leaves_stored_value_to_one_that_has_it(world: World) -> None:
    """Nothing is skipped: the refund to the card waits for a shop that can make it."""
    tender, code = card(world.shop, "100.00")
    order = world.shop.checkout.place_order(a_cart(world.shop).id, tenders=[tender], key="click").order
    poor = Commerce(currency="EUR", country="DE", storage=world.shop.storage, clock=world.shop.clock)
    assert poor.checkout.cancel_order(order.id, key="cancel").balance == -TOTAL
    world.later(timedelta(minutes=2))
    assert poor.timers.run().resumed == 1
    assert left(world.shop, code) == Money("46.59", "EUR")
    world.later(timedelta(minutes=2))
    world.shop.timers.run()
    assert left(world.shop, code) == Money("100.00", "EUR")
    assert world.shop.orders.get(order.id).balance == Money("0.00", "EUR")


def test_a_declined_click_may_be_tried_again_with_another_cart(world: World) -> None:
    """The key is the click's; it is screened for what it buys now."""
    cart = a_cart(world.shop)
    world.bank.script("authorize", Fault.DECLINED)
    with pytest.raises(PaymentDeclined):
        world.shop.checkout.place_order(cart.id, gateway="bank", key="click")
    world.shop.cart.add_line(cart.id, "MUG", 1)
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert (order.payment, order.totals.grand_total) == (PaymentStatus.PAID, Money("62.34", "EUR"))
    assert world.shop.fraud.get(order.key).amount == order.totals.grand_total


#: Everybody is to be challenged, whatever they buy.
WARY = FraudPolicy(name="wary", rules=(AmountAbove(name="any", score=300, amount=Money("0.01", "EUR")),))


@pytest.mark.parametrize(
    ("token", "status"), [(Tokens.OK, OrderStatus.ON_HOLD), (Tokens.ACTION, OrderStatus.OPEN)], ids=["spared", "proved"]
)
def test_who_was_to_be_challenged_and_was_not_is_looked_at(
    any_storage: Storage, token: Tokens, status: OrderStatus
) -> None:
    """A bank that asked the shopper for proof has done what the rules want; one that did not leaves it to a person."""
    bank = FakeGateway()
    shop = a_shop(storage=any_storage, gateways={"bank": bank}, pepper=b"0123456789abcdef" * 2, fraud_policy=WARY)
    placement = shop.checkout.place_order(a_cart(shop).id, gateway="bank", token=token, key="click")
    for payment in shop.payments.of_order(placement.id):
        bank.customer_acts(payment.id)
    order = shop.checkout.resume(placement.id).order
    assert order.status is status
    assert (order.payment is PaymentStatus.PAID) is (status is OrderStatus.OPEN)
    bank.close()
