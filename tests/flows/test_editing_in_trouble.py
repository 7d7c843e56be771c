"""Edits while money is on its way, refunds fail, others are quicker, or goods came from elsewhere."""

from datetime import timedelta

import pytest
from attrs import evolve
from tests.flows.conftest import World
from tests.flows.test_aftersales import delivered, placed
from tests.flows.test_editing import MUG, MUG_COSTS, NOTHING, line, minor

from commerce.flows import DueMoved, NewUnits, OrderEdit
from commerce.flows.sagas import payment_record
from commerce.flows.sagas.refunding import PlannedRefund
from commerce.kernel import KeyReused, Money
from commerce.orders import (
    FactKind,
    Order,
    OrderDraft,
    OrderStatus,
    PaymentRecord,
    ShippingRefund,
    credit_of,
)
from commerce.payments import GatewayAbilities
from commerce.returns import Finding, RefundStatus, Return, ReturnWish
from commerce.runtime import InProgress, SagaStatus, UnknownProcess
from commerce.testing.builders import BERLIN, a_cart, stock_of
from commerce.testing.gateways.fake import Fault, Tokens


def finished(world: World, order: Order) -> Order:
    """What the bank had not decided on is done, and the timers have looked a few times."""
    for ref in world.shop.orders.get(order.id).refs:
        for payment in world.shop.payments.of_order(ref):
            world.bank.finish(payment.id)
    for _ in range(3):
        world.later(world.shop.payments.patience * 2)
        world.shop.timers.run()
    assert world.shop.runner.log.unfinished(world.shop.clock() + timedelta(days=1)) == []
    return world.shop.orders.get(order.id)


def test_money_that_is_on_its_way_is_not_asked_for_again(world: World) -> None:
    """The bank says only later that it took the price of the order."""
    world.bank.script("capture", Fault.PENDING)
    order = placed(world)
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    world.shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(order) + MUG_COSTS.minor))


def test_money_for_units_that_went_out_goes_back_when_it_has_come(world: World) -> None:
    world.bank.script("capture", Fault.PENDING)
    order = placed(world)
    edit = OrderEdit(remove={line(order, "TEE-M"): 1})
    assert world.shop.editing.preview(order.id, edit).due == NOTHING
    world.shop.editing.commit(order.id, edit, key="save")
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


def test_money_for_returned_goods_goes_back_when_it_has_come(world: World) -> None:
    world.bank.script("capture", Fault.PENDING)
    order = delivered(world)
    wish = ReturnWish(line_id=line(order, "TEE-M"), quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    world.shop.aftersales.receive(found.id, [Finding(line_id=wish.line_id, restock=1)])
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))
    assert world.shop.returns.get(found.id).refunded == Money("23.79", "EUR")


def test_a_refund_that_is_on_its_way_pays_for_nothing(world: World) -> None:
    """The bank says only later that it gave back the cancelled tee."""
    order = placed(world)
    world.bank.script("refund", Fault.PENDING)
    world.shop.checkout.cancel_order(order.id, key="no-tee", lines={line(order, "TEE-M"): 1})
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    world.shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


@pytest.mark.parametrize("returned", [False, True])
def test_a_refund_that_another_was_quicker_than_goes_over_another_payment(world: World, *, returned: bool) -> None:
    """The gateway is down when the first is asked for; then the second has taken the newer payment's money."""
    order = delivered(world) if returned else placed(world)
    mug = line(world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order, "MUG")
    tee = line(order, "TEE-M")
    found = owed(world, order, tee, returned=returned)
    world.shop.checkout.cancel_order(order.id, key="two", lines={mug: 1})
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))
    if found:
        assert world.shop.returns.get(found.id).money is RefundStatus.REFUNDED


def owed(world: World, order: Order, line_id: str, *, returned: bool) -> Return | None:
    """A unit is returned or cancelled, and the gateway is down when it is to be paid back."""
    world.bank.script("refund", Fault.UNAVAILABLE)
    if not returned:
        world.shop.checkout.cancel_order(order.id, key="one", lines={line_id: 1})
        return None
    wish = ReturnWish(line_id=line_id, quantity=1)
    found = world.shop.aftersales.request_return(order.id, [wish], key="return")
    world.shop.returns.approve(found.id)
    world.shop.aftersales.receive(found.id, [Finding(line_id=line_id, restock=1)])
    return found


@pytest.mark.parametrize("returned", [False, True])
def test_money_that_has_to_go_back_yet_pays_for_nothing(world: World, *, returned: bool) -> None:
    """The gateway is down when the tee is paid back: the edit waits for that, not to have it given back and spent."""
    order = delivered(world) if returned else placed(world)
    tee = line(order, "TEE-M")
    owed(world, order, tee, returned=returned)
    with pytest.raises(InProgress):
        world.shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    finished(world, order)
    world.shop.editing.commit(order.id, MUG, key="save", gateway="bank")
    done = world.shop.orders.get(order.id)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


def test_an_order_of_which_something_is_owed_is_not_complete(world: World) -> None:
    """Not even if some of it was refunded before; and a payment for the rest that looks suspicious is looked at."""
    order = delivered(world, {"TEE-M": 3})
    tee = line(order, "TEE-M")
    found = world.shop.aftersales.request_return(order.id, [ReturnWish(line_id=tee, quantity=1)], key="return")
    world.shop.returns.approve(found.id)
    world.shop.aftersales.receive(found.id, [Finding(line_id=tee, restock=1)])
    assert world.shop.orders.get(order.id).status is OrderStatus.COMPLETED
    edit = OrderEdit(add=MUG.add, take_back=(ReturnWish(line_id=tee, quantity=1),))
    world.shop.editing.commit(order.id, edit, key="exchange")
    world.shop.fulfillment.deliver(world.shop.fulfillment.ship(order.id, key="ship-2").id, key="arrived-2")
    assert world.shop.orders.get(order.id).status is OrderStatus.OPEN
    world.shop.returns.reject(world.shop.returns.for_order(order.id)[-1].id)
    held = world.shop.editing.collect(order.id, key="rest", gateway="bank", token=Tokens.SUSPECTED).order
    assert (held.status, held.balance) == (OrderStatus.ON_HOLD, MUG_COSTS)
    done = world.shop.checkout.accept_order(order.id, key="fine")
    assert (done.status, done.balance, world.money()) == (OrderStatus.COMPLETED, NOTHING, (0, minor(done)))


def test_a_suspicious_edit_that_is_called_off_before_it_is_held_ends(world: World) -> None:
    """The process dies right after the edit, and the whole order is cancelled before another takes it up."""
    order = placed(world)
    waiting = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank", token=Tokens.ACTION)
    record = world.shop.runner.get(waiting.id)
    assert record is not None
    ref = record.input.ref
    (payment,) = world.shop.payments.of_order(ref)
    world.bank.customer_acts(payment.id)
    with world.shop.relay.hold():
        paid = world.shop.payments.settle(payment.id)
        world.shop.orders.edit(order.id, ref, record.input.added, payments=[payment_record(paid)])
        state = evolve(record.state, suspected=True, edited=True)
        taken_up = evolve(record, status=SagaStatus.RUNNING, state=state, position=5, version=record.version + 1)
        assert world.shop.runner.log.save(taken_up)
    world.shop.checkout.cancel_order(order.id, key="cancel")
    finished(world, order)
    assert (world.money(), world.reserved()) == ((0, 0), 0)


def test_a_refund_out_of_kindness_keeps_no_order_open(world: World) -> None:
    order = placed(world)
    (payment,) = world.shop.payments.of_order(order.key)
    world.shop.payments.refund(payment.id, "sorry for the delay", Money("5.00", "EUR"))
    world.shop.fulfillment.deliver(world.shop.fulfillment.ship(order.id, key="ship").id, key="there")
    assert world.shop.orders.get(order.id).status is OrderStatus.COMPLETED


def test_only_what_it_began_itself_is_gone_on_with_or_let_go_of(world: World) -> None:
    """A checkout is no edit, and an edit no checkout."""
    cart = a_cart(world.shop)
    checkout = world.shop.checkout.place_order(cart.id, gateway="bank", key="click", token=Tokens.ACTION)
    edit = world.shop.editing.commit(placed(world).id, MUG, key="save", gateway="bank", token=Tokens.ACTION)
    for call in (world.shop.editing.resume, world.shop.editing.abandon):
        with pytest.raises(UnknownProcess):
            call(checkout.id)
    for call in (world.shop.checkout.resume, world.shop.checkout.abandon):
        with pytest.raises(UnknownProcess):
            call(edit.id)
    for waiting in (checkout, edit):
        record = world.shop.runner.get(waiting.id)
        assert record is not None
        assert record.status is SagaStatus.WAITING


def test_what_was_paid_elsewhere_is_not_asked_for_again(world: World) -> None:
    """An order that came from another shop, with its payment: only its record tells of the money."""
    paid = placed(world)
    record = PaymentRecord(
        payment_id="elsewhere", version=1, authorized=paid.owed, captured=paid.owed, refunded=paid.owed * 0
    )
    draft = OrderDraft(priced=paid.placed, shipping_address=paid.shipping_address, payments=(record,))
    order = world.shop.orders.place("from elsewhere", draft)
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    done = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order
    assert (done.balance, world.money()) == (NOTHING, (0, minor(paid) + MUG_COSTS.minor))


def test_what_is_owed_is_collected_once(world: World) -> None:
    """Two pay for the same at the same time, through a gateway that takes the money at once."""
    order = delivered(world)
    edit = OrderEdit(add=MUG.add, take_back=(ReturnWish(line_id=line(order, "TEE-M"), quantity=1),))
    world.shop.editing.commit(order.id, edit, key="exchange")
    world.shop.returns.reject(world.shop.returns.for_order(order.id)[0].id)
    world.bank.abilities = GatewayAbilities(separate_capture=False)
    slow = world.shop.editing.collect(order.id, key="slow", gateway="bank", token=Tokens.ACTION)
    world.shop.editing.collect(order.id, key="quick", gateway="bank")
    (payment,) = world.shop.payments.of_order(f"{order.key}/{slow.id}")
    world.bank.customer_acts(payment.id)
    for notice in world.bank.notices():
        world.shop.paying.receive_notice("bank", notice)
    done = finished(world, order)
    assert (done.balance, world.money()) == (NOTHING, (0, minor(done)))


def test_each_command_gives_back_what_its_own_units_were_paid_with(world: World) -> None:
    """A swap and a cancellation have both happened, and neither is refunded yet."""
    order = placed(world)
    tee = line(order, "TEE-M")
    added = world.shop.editing.preview(order.id, MUG).added
    world.shop.orders.edit(order.id, "swap", added, {tee: 1})
    order = world.shop.orders.cancel(order.id, "cancel", {tee: 1})
    due = world.shop.editing.balancing.refunding.due
    assert due(order, order.fact(FactKind.EDITED, "swap")) == Money("23.79", "EUR") - MUG_COSTS
    assert due(order, order.fact(FactKind.CANCELLED, "cancel")) == Money("23.79", "EUR")


def test_a_payment_that_waits_for_the_customer_is_no_money_yet(world: World) -> None:
    paid = placed(world)
    order = world.shop.orders.place("later", OrderDraft(priced=paid.placed))
    world.shop.payments.authorize(
        "try", order_ref=order.key, amount=order.owed, gateway="bank", token=Tokens.ACTION, capture=True
    )
    assert world.shop.editing.preview(order.id, OrderEdit()).due == order.owed


def test_refunds_go_over_the_latest_payment_first_and_once_per_key(world: World) -> None:
    """Over another if another refund was quicker; if they do not have all of it together, not at all."""
    order = placed(world)
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank").order
    refunding = world.shop.editing.balancing.refunding
    first, second = refunding.paid_by(edited)
    assert refunding.plan(edited, MUG_COSTS) == (PlannedRefund(payment_id=second.id, amount=MUG_COSTS),)
    planned = refunding.plan(edited, MUG_COSTS)
    world.shop.payments.refund(second.id, "quicker", MUG_COSTS)
    for _ in range(2):
        assert refunding.carry_out(order.id, planned, "slow") == planned
    assert world.shop.payments.get(first.id).refunded == MUG_COSTS
    too_much = (PlannedRefund(payment_id=second.id, amount=order.owed),)
    assert refunding.carry_out(order.id, too_much, "more") == ()
    assert world.money() == (0, minor(order) - MUG_COSTS.minor)


def test_an_edit_may_be_authorized_only(world: World) -> None:
    order = placed(world)
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank", capture=False).order
    assert (edited.balance, world.money()) == (MUG_COSTS, (MUG_COSTS.minor, minor(order)))


def test_what_goes_back_at_once_does_not_go_back_again_with_the_goods(world: World) -> None:
    """One tee is not sent, another comes back, a mug is sent instead: one less the mug now, the other later."""
    order = placed(world, {"TEE-M": 3})
    tee = line(order, "TEE-M")
    world.shop.fulfillment.deliver(world.shop.fulfillment.ship(order.id, key="ship", lines={tee: 2}).id, key="there")
    wish = ReturnWish(line_id=tee, quantity=1)
    edit = OrderEdit(add=MUG.add, remove={tee: 1}, take_back=(wish,))
    found = world.shop.editing.preview(order.id, edit)
    assert (found.refund, found.refund_on_return) == (Money("14.86", "EUR"), Money("23.78", "EUR"))
    world.shop.editing.commit(order.id, edit, key="exchange")
    assert world.shop.orders.get(order.id).refunded == found.refund
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    settled = world.shop.aftersales.receive(announced.id, [Finding(line_id=tee, restock=1)])
    assert settled.refunded == found.refund_on_return


def test_an_edit_of_other_units_under_the_same_key_is_refused(world: World) -> None:
    order = placed(world)
    tee = line(order, "TEE-M")
    added = world.shop.editing.preview(order.id, MUG).added
    for _ in range(2):
        edited = world.shop.orders.edit(order.id, "key", added, {tee: 1})
    assert [unit.kept for unit in edited.lines] == [1, 1]
    for units, removed in ((added, {tee: 2}), ((), {tee: 1})):
        with pytest.raises(KeyReused):
            world.shop.orders.edit(order.id, "key", units, removed)


def test_shipping_that_goes_back_in_proportion_was_paid_for_the_first_lines(world: World) -> None:
    """What was added came without: shipping goes back with the tees, whatever becomes of the mug."""
    paid = placed(world)
    draft = OrderDraft(priced=paid.placed, shipping_refund=ShippingRefund.PROPORTIONAL)
    order = world.shop.orders.place("in proportion", draft)
    order = world.shop.orders.edit(order.id, "mug", world.shop.editing.preview(paid.id, MUG).added)
    (shipping,) = order.charges
    assert credit_of(order, {line(order, "MUG"): 1}).shipping.gross == NOTHING
    assert credit_of(order, {line(order, "TEE-M"): 2}).shipping.gross == shipping.gross


def test_a_difference_that_moved_while_it_was_paid_is_not_taken(world: World) -> None:
    """Another edit used up what this one counted on: it is refused, and what was taken for it goes back."""
    order = placed(world, {"TEE-M": 2, "MUG": 1})
    tee = line(order, "TEE-M")
    world.bank.script("refund", Fault.DECLINED)
    world.shop.checkout.cancel_order(order.id, key="less", lines={tee: 1})  # 23.79 too much are with the shop
    candles = OrderEdit(add=(NewUnits(sku="CANDLE", quantity=2),))
    mugs = OrderEdit(add=(NewUnits(sku="MUG", quantity=2),))
    assert world.shop.editing.preview(order.id, candles).due == Money("11.91", "EUR")

    def meanwhile() -> None:
        world.shop.editing.commit(order.id, mugs, key="mugs")

    world.bank.script("authorize", before=meanwhile)
    with pytest.raises(DueMoved):
        world.shop.editing.commit(order.id, candles, key="candles", gateway="bank")
    edited = world.shop.orders.get(order.id)
    assert (world.money(), stock_of(world.shop, "CANDLE")) == (
        (0, edited.captured.minor - edited.refunded.minor),
        (20, 0),
    )
    again = world.shop.editing.commit(order.id, candles, key="candles", gateway="bank").order
    assert (again.balance, world.money()) == (NOTHING, (0, minor(again)))


def test_an_exchange_that_waited_too_long_asks_again(world: World) -> None:
    """The goods came back as an ordinary return before the difference was paid."""
    order = delivered(world)
    tee = line(order, "TEE-M")
    exchange = OrderEdit(add=(NewUnits(sku="CANDLE", quantity=2),), take_back=(ReturnWish(line_id=tee, quantity=1),))
    waiting = world.shop.editing.commit(order.id, exchange, key="exchange", gateway="bank", token=Tokens.ACTION)
    (announced,) = world.shop.returns.for_order(order.id)
    world.shop.returns.approve(announced.id)
    world.shop.aftersales.receive(announced.id, [Finding(line_id=tee, restock=1)])
    (payment,) = world.shop.payments.of_order(f"{order.key}/{waiting.id}")
    world.bank.customer_acts(payment.id)
    with pytest.raises(DueMoved):
        world.shop.editing.resume(waiting.id)
    after = world.shop.orders.get(order.id)
    assert (len(after.lines), after.balance, world.money()) == (1, NOTHING, (0, minor(after)))
    assert stock_of(world.shop, "CANDLE") == (20, 0)


def test_a_kindness_is_not_asked_back(world: World) -> None:
    """Five euros were given back by hand; an edit costs its own difference only, and there is nothing to collect."""
    order = placed(world)
    (payment,) = world.shop.payments.of_order(order.key)
    world.shop.payments.refund(payment.id, "sorry", Money("5.00", "EUR"))
    assert world.shop.editing.preview(order.id, MUG).due == MUG_COSTS
    edited = world.shop.editing.commit(order.id, MUG, key="save", gateway="bank", expected_due=MUG_COSTS).order
    assert world.money() == (0, minor(edited) - 500)


def test_an_order_from_elsewhere_is_edited_shipped_and_cancelled(world: World) -> None:
    """It holds no stock here, and nothing waits for stock that it never had."""
    model = placed(world, {"TEE-M": 3})
    draft = OrderDraft(
        priced=model.placed,
        email="ada@example.org",
        shipping_address=BERLIN,
        shipping_method="standard",
        payments=(
            PaymentRecord(
                payment_id="old-system", version=1, authorized=model.owed, captured=model.owed, refunded=NOTHING
            ),
        ),
    )
    before = stock_of(world.shop, "TEE-M")
    order = world.shop.orders.place("imported", draft)
    tee = line(order, "TEE-M")
    edited = world.shop.editing.commit(order.id, OrderEdit(remove={tee: 1}), key="less").order
    assert edited.line(tee).cancelled == 1
    world.shop.fulfillment.ship(order.id, key="ship", lines={tee: 1})
    cancelled = world.shop.checkout.cancel_order(order.id, key="rest")
    assert (cancelled.line(tee).shipped, cancelled.line(tee).cancelled) == (1, 2)
    assert stock_of(world.shop, "TEE-M") == before
    assert world.shop.runner.log.unfinished(world.shop.clock() + timedelta(days=1)) == []
