"""Buy for 60, get 12 off; then send back what the 60 were made of: keep the discount, claw it back, or refuse."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.app import Commerce
from commerce.flows import NewUnits, OrderEdit
from commerce.kernel import InvalidValue, Money
from commerce.orders import Order, credit_of
from commerce.promotions import FixedOff, Limits, PercentOff, Promotion, Subtotal
from commerce.returns import BrokenPromotion, Finding, Return, ReturnIneligible, ReturnPolicy, ReturnWish
from commerce.testing.builders import a_cart, a_shop
from commerce.testing.gateways.fake import FakeGateway

CLAW = ReturnPolicy(name="claw", broken_promotion=BrokenPromotion.CLAW_BACK)


def a_shop_with(policy: ReturnPolicy, *more: Promotion) -> Commerce:
    """Four candles at 15.00 net are just enough."""
    shop = a_shop(gateways={"bank": FakeGateway()}, return_policy=policy)
    shop.promotions.add(
        Promotion(
            id="twelve",
            name="12 off from 60",
            benefit=FixedOff(amount=Money("12.00", "EUR")),
            conditions=[Subtotal(minimum=Money("60.00", "EUR"))],
            limits=Limits(total=1),
        )
    )
    for promotion in more:
        shop.promotions.add(promotion)
    return shop


def delivered(shop: Commerce, goods: Mapping[str, int]) -> Order:
    order = shop.checkout.place_order(a_cart(shop, goods).id, gateway="bank", key="click").order
    shop.fulfillment.deliver(shop.fulfillment.ship(order.id, key="ship").id, key="there")
    return shop.orders.get(order.id)


def give_back(shop: Commerce, order: Order, count: int, key: str, sku: str = "CANDLE") -> Return:
    line = next(line.id for line in order.lines if line.sku == sku)
    found = shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=count)], key=key)
    shop.returns.approve(found.id)
    return shop.aftersales.receive(found.id, [Finding(line_id=line, restock=count)])


def test_by_default_the_buyer_keeps_the_discount() -> None:
    """A candle of 15.00 cost 12.00 net, and that is what comes back, with its tax."""
    shop = a_shop_with(ReturnPolicy())
    order = delivered(shop, {"CANDLE": 4})
    assert give_back(shop, order, 1, "one").refunded == Money("14.28", "EUR")


def test_what_is_not_earned_any_more_is_kept_back_once_and_given_back_with_the_rest() -> None:
    """Three candles would have cost 45.00 net; 9.00 of the discount went to them."""
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 4})
    paid = order.owed
    first = give_back(shop, order, 1, "one")
    assert first.refunded == Money("14.28", "EUR") - Money("10.71", "EUR"), "9.00 and the tax on it"
    after = shop.orders.get(order.id)
    assert after.owed - Money("5.83", "EUR") == Money("53.55", "EUR"), "three candles at their full price"
    second = give_back(shop, order, 1, "two")
    assert second.refunded == Money("17.85", "EUR"), "a candle at the full price"
    last = give_back(shop, order, 2, "rest")
    assert last.refunded == Money("35.70", "EUR") + Money("5.83", "EUR")
    done = shop.orders.get(order.id)
    assert (done.owed, done.refunded, done.balance) == (Money.zero("EUR"), paid, Money.zero("EUR"))


def test_where_prices_include_tax_the_discount_does_too() -> None:
    """Four candles at 15.00 gross: 9.00 of the 12.00 went to the three that stay."""
    shop = a_shop_with(CLAW)
    retail = shop.pricing.get_list("retail")
    retail.tax_included = True
    shop.pricing.change_list(retail)
    order = delivered(shop, {"CANDLE": 4})
    assert order.totals.subtotal == Money("60.00", "EUR")
    assert give_back(shop, order, 1, "one").refunded == Money("12.00", "EUR") - Money("9.00", "EUR")


def test_a_cent_for_each_unit_is_rounding() -> None:
    """Kept units that were given a cent more than they would get alone keep it; two cents are a discount."""
    for off, clawed in (("0.03", "0.00"), ("0.08", "0.07")):
        shop = a_shop(gateways={"bank": FakeGateway()}, return_policy=CLAW)
        shop.promotions.add(
            Promotion(
                id="cents",
                name="Cents off from 60",
                benefit=FixedOff(amount=Money(off, "EUR")),
                conditions=[Subtotal(minimum=Money("60.00", "EUR"))],
            )
        )
        order = delivered(shop, {"CANDLE": 4})
        worth = credit_of(order, {order.lines[0].id: 1}).gross
        assert worth - (give_back(shop, order, 1, "one").refunded or worth) == Money(clawed, "EUR"), off


def test_as_long_as_the_discount_is_earned_nothing_is_kept_back() -> None:
    """Six candles: two may come back. Their limit of one use was used up by the order itself."""
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 6})
    assert give_back(shop, order, 2, "two").refunded == credit_of(order, {order.lines[0].id: 2}).gross


def test_an_ordinary_percentage_is_never_clawed_back() -> None:
    """A cent of rounding is no broken promise."""
    third = Promotion(id="third", name="A third off", benefit=PercentOff(percent=Decimal("33.3")))
    shop = a_shop_with(CLAW, third)
    order = delivered(shop, {"TEE-M": 2, "MUG": 3})
    before = order.owed
    for n in range(2):
        give_back(shop, order, 1, f"tee-{n}", "TEE-M")
    kept = shop.orders.get(order.id)
    assert before - kept.owed == credit_of(order, {order.lines[0].id: 2}).gross


def test_a_promotion_that_changed_since_says_nothing() -> None:
    """Nobody loses a discount because somebody edited the promotion."""
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 4})
    promotion = shop.promotions.get("twelve")
    promotion.benefit = FixedOff(amount=Money("1.00", "EUR"))
    shop.promotions.change(promotion)
    assert give_back(shop, order, 1, "one").refunded == Money("14.28", "EUR")


def test_a_switched_off_promotion_is_still_what_was_promised() -> None:
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 4})
    promotion = shop.promotions.get("twelve")
    promotion.enabled = False
    shop.promotions.change(promotion)
    assert give_back(shop, order, 1, "one").refunded == Money("3.57", "EUR")


def test_a_return_that_breaks_a_promotion_may_be_refused() -> None:
    shop = a_shop_with(ReturnPolicy(name="strict", broken_promotion=BrokenPromotion.DENY))
    order = delivered(shop, {"CANDLE": 5})
    line = order.lines[0].id
    with pytest.raises(ReturnIneligible, match="breaks_promotion"):
        shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=2)], key="two")
    with pytest.raises(ReturnIneligible, match="too_many"):
        shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=6)], key="six")
    with pytest.raises(ReturnIneligible, match="breaks_promotion"):
        edit = OrderEdit(add=(NewUnits(sku="MUG"),), take_back=(ReturnWish(line_id=line, quantity=2),))
        shop.editing.preview(order.id, edit)
    asked = shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=1)], key="one")
    assert shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=1)], key="one").id == asked.id
    assert shop.aftersales.request_return(order.id, [ReturnWish(line_id=line, quantity=4)], key="all").open


def test_an_exchange_sets_off_what_is_left_after_the_claw() -> None:
    """One candle back, 3.57 after the claw; a mug of 8.93 costs the difference."""
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 4})
    wish = ReturnWish(line_id=order.lines[0].id, quantity=1)
    edit = OrderEdit(add=(NewUnits(sku="MUG"),), take_back=(wish,))
    found = shop.editing.preview(order.id, edit)
    assert found.due == Money("8.93", "EUR") - Money("3.57", "EUR")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["CANDLE", "MUG"]), st.integers(1, 3)), min_size=1, max_size=7))
def test_however_goods_come_back_all_of_it_is_paid_back_in_the_end(steps: list[tuple[str, int]]) -> None:
    """Never more than was paid on the way, and with the last unit exactly that; never less than nothing at once."""
    shop = a_shop_with(CLAW)
    order = delivered(shop, {"CANDLE": 4, "MUG": 4})
    for n, (sku, count) in enumerate([*steps, ("CANDLE", 4), ("MUG", 4)]):
        now = shop.orders.get(order.id)
        left = next(line.to_return for line in now.lines if line.sku == sku)
        if left:
            give_back(shop, now, min(count, left), f"{n}", sku)
        now = shop.orders.get(order.id)
        assert now.balance == Money.zero("EUR")
        assert Money.zero("EUR") <= now.refunded <= order.owed
    assert now.refunded == order.owed


def test_no_more_is_given_back_than_was_kept() -> None:
    shop = a_shop_with(CLAW)
    placed = delivered(shop, {"CANDLE": 4})
    with pytest.raises(InvalidValue, match="gives back more"):
        shop.orders.return_lines(placed.id, "r", {placed.lines[0].id: 1}, clawback=Money("-0.01", "EUR"))


@pytest.mark.parametrize("edited", [False, True])
def test_what_was_kept_back_is_given_back_when_the_rest_is_called_off(*, edited: bool) -> None:
    """Two candles come back, two are never sent: nothing is left that could have earned a discount, or not."""
    shop = a_shop_with(CLAW)
    order = shop.checkout.place_order(a_cart(shop, {"CANDLE": 4}).id, gateway="bank", key="click").order
    candle = order.lines[0].id
    shop.fulfillment.deliver(shop.fulfillment.ship(order.id, key="ship", lines={candle: 2}).id, key="there")
    assert give_back(shop, order, 2, "two").refunded == Money("28.56", "EUR") - Money("7.14", "EUR")
    if edited:
        shop.editing.commit(order.id, OrderEdit(add=(NewUnits(sku="MUG"),), remove={candle: 2}), key="save")
    else:
        shop.checkout.cancel_order(order.id, key="cancel")
    done = shop.orders.get(order.id)
    kept = Money("8.93", "EUR") + Money("5.83", "EUR") if edited else Money.zero("EUR")
    assert (done.owed, done.balance) == (kept, Money.zero("EUR")), "a mug and its shipping, or nothing"


def test_what_was_kept_back_stays_as_long_as_reduced_goods_are_kept() -> None:
    """One of two candles that were not sent is called off: the other two keep what they have not earned."""
    shop = a_shop_with(CLAW)
    order = shop.checkout.place_order(a_cart(shop, {"CANDLE": 4}).id, gateway="bank", key="click").order
    candle = order.lines[0].id
    shop.fulfillment.deliver(shop.fulfillment.ship(order.id, key="ship", lines={candle: 2}).id, key="there")
    give_back(shop, order, 1, "one")
    before = shop.orders.get(order.id).refunded
    assert shop.checkout.cancel_order(order.id, key="no", lines={candle: 1}).refunded - before == Money("14.28", "EUR")


def test_what_was_added_later_changes_nothing_of_what_was_promised() -> None:
    """A fifth off from 60.00, and a mug added at its price: half of the candles back, and the fifth is lost."""
    fifth = Promotion(
        id="fifth",
        name="A fifth off from 60",
        benefit=PercentOff(percent=20),
        conditions=[Subtotal(minimum=Money("60.00", "EUR"))],
    )
    shop = a_shop(gateways={"bank": FakeGateway()}, return_policy=CLAW)
    shop.promotions.add(fifth)
    order = delivered(shop, {"CANDLE": 4})
    shop.editing.commit(order.id, OrderEdit(add=(NewUnits(sku="MUG"),)), key="save", gateway="bank")
    assert give_back(shop, order, 2, "two").refunded == Money("28.56", "EUR") - Money("7.14", "EUR")
