"""What a cart costs: held prices, other currencies, buyers who owe no tax, other times."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from tests.flows.conftest import World

from commerce import Commerce
from commerce.catalog import Product, ProductStatus, ProductText, Variant
from commerce.inventory import OutOfStock, StockMode
from commerce.kernel import Address, AdjustmentKind, InvalidValue, Money, Price, Rounding
from commerce.pricing import ConversionPolicy, ExchangeRate, ListKind, PriceEntry, PriceList
from commerce.promotions import FixedOff, Gift, GiftLines, Hours, Limits, PercentOff, Period, Promotion, Weekdays
from commerce.tax import TaxPolicy
from commerce.testing.builders import BERLIN, a_cart, a_shop, stock_of
from commerce.testing.conformance.storage import NOW


def reprice(world: World, sku: str, price: str) -> None:
    entry = PriceEntry(list_id="retail", sku=sku, price=Price(Money(price, "EUR")))
    world.shop.pricing.set_prices("retail", [entry])


def test_a_quote_is_the_same_twice_and_writes_nothing(world: World) -> None:
    cart = a_cart(world.shop, {"TEE-M": 2, "MUG": 3})
    before = len(world.shop.storage.outbox.archive())
    first, second = (world.shop.checkout.quote(cart.id) for _ in range(2))
    assert (first.priced, first.explain()) == (second.priced, second.explain())
    assert len(world.shop.storage.outbox.archive()) == before
    priced = first.priced
    assert priced.net_total + priced.tax_total == priced.grand_total


def test_held_prices_stand_until_their_time(world: World) -> None:
    cart = a_cart(world.shop)
    seen = world.shop.checkout.quote(cart.id).total
    world.shop.checkout.hold(cart.id, world.shop.clock() + timedelta(minutes=30))
    reprice(world, "TEE-M", "25.00")
    assert world.shop.checkout.quote(cart.id).total == seen
    world.later(timedelta(minutes=31))
    assert world.shop.checkout.quote(cart.id).total > seen
    with pytest.raises(InvalidValue, match="1 minute to 31 days"):
        world.shop.checkout.hold(cart.id, world.shop.clock())


def test_units_held_for_a_cart_become_the_orders_without_a_gap(world: World) -> None:
    world.shop.inventory.configure("MUG", "main", mode=StockMode.RESERVE_ON_CART)
    cart, rival = a_cart(world.shop, {"MUG": 5}), a_cart(world.shop, {"MUG": 1})
    world.shop.checkout.hold(cart.id, world.shop.clock() + timedelta(minutes=30))
    assert stock_of(world.shop, "MUG") == (5, 5)
    with pytest.raises(OutOfStock):
        world.shop.checkout.place_order(rival.id, gateway="bank", key="rival")
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert (stock_of(world.shop, "MUG"), order.lines[0].quantity) == ((5, 5), 5)


def test_a_hold_that_ends_frees_its_units(world: World) -> None:
    world.shop.inventory.configure("MUG", "main", mode=StockMode.RESERVE_ON_CART)
    cart, rival = a_cart(world.shop, {"MUG": 5}), a_cart(world.shop, {"MUG": 1})
    world.shop.checkout.hold(cart.id, world.shop.clock() + timedelta(minutes=30))
    world.later(timedelta(minutes=30))
    assert world.shop.checkout.place_order(rival.id, gateway="bank", key="rival").order.lines[0].quantity == 1


def test_a_what_if_asks_another_time_and_promotions_that_do_not_run(world: World) -> None:
    cart = a_cart(world.shop)
    spring = Promotion(id="spring", name="Spring", benefit=PercentOff(percent=50), starts_at=NOW + timedelta(days=7))
    later = world.shop.checkout.quote(cart.id, at=NOW + timedelta(days=8), drafts=[spring])
    assert later.priced.discount_total == Money("19.99", "EUR")
    assert not world.shop.checkout.quote(cart.id, drafts=[spring]).priced.discount_total
    assert not world.shop.promotions.list().items


def a_gift(quantity: int = 1) -> GiftLines:
    return GiftLines(gifts=(Gift(sku="MUG", quantity=quantity),))


def test_a_gift_is_given_ordered_and_taken_from_stock(world: World) -> None:
    """It is a line of the order at nothing, and its price shows as a discount."""
    world.shop.promotions.add(Promotion(id="mug", name="A mug for you", benefit=a_gift(2)))
    cart = a_cart(world.shop)
    seen = world.shop.checkout.quote(cart.id)
    given = seen.priced.lines[-1]
    assert (given.line.item.sku, given.line.quantity, given.total) == ("MUG", 2, Money(0, "EUR"))
    assert given.line.subtotal == seen.priced.discount_total > Money(0, "EUR")
    physical = world.shop.inventory.availability(["MUG"])["MUG"] or 0
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert [(line.sku, line.quantity) for line in order.lines] == [("TEE-M", 2), ("MUG", 2)]
    assert order.totals.grand_total == seen.total
    assert world.shop.inventory.availability(["MUG"]) == {"MUG": physical - 2}
    shipment = world.shop.fulfillment.ship(order.id, key="ship")
    assert sorted(line.quantity for line in shipment.lines) == [2, 2]


def test_a_gift_that_is_not_to_be_had_does_not_keep_anybody_from_buying(world: World) -> None:
    """Stock that is bought is not given; without a price, nothing is given."""
    left = world.shop.inventory.availability(["MUG"])["MUG"] or 0
    world.shop.promotions.add(Promotion(id="mug", name="A mug for you", benefit=a_gift()))
    cart = a_cart(world.shop, {"MUG": left})
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert [(line.sku, line.quantity) for line in order.lines] == [("MUG", left)]
    late = world.shop.checkout.quote(a_cart(world.shop).id)
    assert [line.line.item.sku for line in late.priced.lines] == ["TEE-M"]


def test_a_refused_gift_stays_away_until_it_is_taken_after_all(world: World) -> None:
    """The promotion says why it does nothing, and the order has no gift."""
    world.shop.promotions.add(Promotion(id="mug", name="A mug for you", benefit=a_gift()))
    cart = a_cart(world.shop)
    world.shop.cart.refuse_gift(cart.id, "MUG")
    seen = world.shop.checkout.quote(cart.id)
    assert [line.line.item.sku for line in seen.priced.lines] == ["TEE-M"]
    assert [(outcome.promotion_id, outcome.reason) for outcome in seen.promotions.outcomes] == [("mug", "gift_refused")]
    world.shop.cart.accept_gift(cart.id, "MUG")
    assert [line.line.item.sku for line in world.shop.checkout.quote(cart.id).priced.lines] == ["TEE-M", "MUG"]
    world.shop.cart.refuse_gift(cart.id, "MUG")
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert [line.sku for line in order.lines] == ["TEE-M"]


def test_no_promotion_goes_below_the_floor_of_a_price(world: World) -> None:
    """The list names it: tees cost 19.99, at least 15.00 each; what they may not lose goes to the mug."""
    entry = PriceEntry(
        list_id="retail", sku="TEE-M", price=Price(Money("19.99", "EUR")), floor=Price(Money("1500.00", "EUR"), per=100)
    )
    world.shop.pricing.set_prices("retail", [entry])
    off = FixedOff(amount=Money("12.00", "EUR"))
    world.shop.promotions.add(Promotion(id="off", name="12.00 off", benefit=off, phase=AdjustmentKind.ORDER))
    cart = a_cart(world.shop, {"TEE-M": 2, "MUG": 1})
    lines = {line.line.item.sku: line for line in world.shop.checkout.quote(cart.id).priced.lines}
    assert lines["TEE-M"].total == Money("30.00", "EUR")
    assert lines["MUG"].discount == Money("2.02", "EUR")
    order = world.shop.checkout.place_order(cart.id, gateway="bank", key="click").order
    assert order.lines[0].priced.total == Money("30.00", "EUR")


def test_days_and_hours_are_those_of_the_shop() -> None:
    """On Sunday at 20:00 UTC it is Monday, three in the morning, in Hanoi: for conditions, limits and order numbers."""
    sunday = datetime(2026, 3, 1, 20, tzinfo=UTC)
    found = {}
    for zone in ("UTC", "Asia/Ho_Chi_Minh"):
        shop = a_shop(time_zone=zone, clock=lambda: sunday)
        for name, days in (("sunday", {7}), ("monday", {1})):
            condition = Weekdays(days=days)
            shop.promotions.add(Promotion(id=name, name=name, benefit=PercentOff(percent=1), conditions=[condition]))
        early = Promotion(
            id="early",
            name="early",
            benefit=PercentOff(percent=1),
            conditions=[Hours(start=time(2), end=time(4))],
            limits=Limits(period=Period.DAY, per_period=1),
        )
        shop.promotions.add(early)
        cart = a_cart(shop)
        uses = shop.checkout.quote(cart.id).promotions.uses
        order = shop.checkout.place_order(cart.id, gateway="manual", key="click").order
        found[zone] = {use.promotion_id: [c.name for c in use.counters] for use in uses}, order.number[:6]
    assert found["UTC"] == ({"sunday": []}, "260301")
    assert found["Asia/Ho_Chi_Minh"] == ({"early": ["early/day/2026-03-02"], "monday": []}, "260302")
    with pytest.raises(InvalidValue, match=r"time_zone: 'Mars/Base' is not an IANA time zone"):
        Commerce(time_zone="Mars/Base")


def gross_shop(world: World) -> None:
    world.shop.pricing.add_list(PriceList(id="gross", name="Gross", currency="EUR", tax_included=True, priority=1))
    entry = PriceEntry(list_id="gross", sku="TEE-M", price=Price(Money("23.80", "EUR")))
    world.shop.pricing.set_prices("gross", [entry])


def test_a_business_abroad_pays_the_net_of_a_gross_price(world: World) -> None:
    gross_shop(world)
    buyer = world.shop.customers.register("b1", "office@example.org", vat_id="ATU13585627")
    cart = a_cart(world.shop, to=Address(country="AT", postal_code="1010"))
    assert world.shop.checkout.quote(cart.id).priced.lines[0].gross == Money("47.60", "EUR")
    world.shop.cart.set_customer(cart.id, customer_id=buyer.id, email=buyer.email)
    quote = world.shop.checkout.quote(cart.id)
    assert quote.priced.tax_total == Money("0.00", "EUR")
    assert quote.priced.lines[0].gross == Money("40.00", "EUR")
    assert any("reverse charge" in sentence for sentence in quote.explain())
    at_home = world.shop.cart.deliver_to(cart.id, BERLIN, shipping_method="standard")
    assert world.shop.checkout.quote(at_home.id).priced.lines[0].gross == Money("47.60", "EUR")


def test_shipping_and_regular_prices_of_a_business_abroad_are_net_too(world: World) -> None:
    """4.90 with 19 % is 4.12 without, and what the sale is told to undercut is 20.00, not 23.80."""
    gross_shop(world)
    shop = world.shop
    shop.pricing.add_list(PriceList(id="sale", name="Sale", currency="EUR", kind=ListKind.SALE, tax_included=True))
    shop.pricing.set_prices("sale", [PriceEntry(list_id="sale", sku="TEE-M", price=Price(Money("17.85", "EUR")))])
    cart = a_cart(shop, to=Address(country="AT", postal_code="1010"))
    gross = shop.checkout.quote(cart.id).priced
    buyer = shop.customers.register("b1", "office@example.org", vat_id="ATU13585627")
    shop.cart.set_customer(cart.id, customer_id=buyer.id, email=buyer.email)
    net = shop.checkout.quote(cart.id).priced
    assert [one.charges[0].total for one in (gross, net)] == [Money("4.90", "EUR"), Money("4.12", "EUR")]
    assert [one.lines[0].line.unit_price.amount for one in (gross, net)] == [
        Money("17.85", "EUR"),
        Money("15.00", "EUR"),
    ]
    regular = [one.lines[0].line.list_price for one in (gross, net)]
    assert regular == [Price(Money("23.80", "EUR")), Price(Money("20.00", "EUR"))]


def test_a_small_seller_charges_home_vat_in_the_checkout_until_the_threshold(world: World) -> None:
    """Two tees of 19.99 and 4.90 of shipping, without VAT, are 44.88: after 9,955.12 that is exactly the threshold."""
    books = {2025: Money("0", "EUR"), 2026: Money("0", "EUR")}

    def sold_abroad(at: datetime) -> tuple[Money, Money]:
        return books[at.year], books[at.year - 1]

    policy = TaxPolicy(name="small", distance_selling=Money("10000", "EUR"))
    shop = a_shop(gateways={"bank": world.bank}, tax_policy=policy, sold_abroad=sold_abroad, clock=lambda: NOW)
    cart = a_cart(shop, to=Address(country="AT", postal_code="1010"))
    for sold, jurisdiction in (("9955.12", "DE"), ("9955.13", "AT")):
        books[2026] = Money(sold, "EUR")
        taxes = shop.checkout.quote(cart.id).priced.lines[0].taxes
        assert [tax.jurisdiction for tax in taxes] == [jurisdiction]


def test_net_and_gross_prices_in_one_cart_are_a_problem(world: World) -> None:
    gross_shop(world)
    quote = world.shop.checkout.quote(a_cart(world.shop, {"TEE-M": 1, "MUG": 1}).id)
    assert [problem.kind.value for problem in quote.problems] == ["mixed_tax"]


def test_the_rate_used_is_kept_with_the_order(world: World) -> None:
    shop = a_shop(
        gateways={"bank": world.bank},
        conversion=ConversionPolicy(base="EUR", name="daily", rounding=Rounding.HALF_UP),
        clock=lambda: NOW,
    )
    shop.pricing.set_exchange_rates(
        [ExchangeRate(base="EUR", target="CHF", rate=Decimal("0.95"), source="ECB", at=NOW)]
    )
    shop.shipping.change_method(shop.shipping.method("standard"))
    cart = shop.cart.open(currency="CHF")
    shop.catalog.put_products(
        [
            Product(
                handle="ebook",
                texts={"en": ProductText(name="E-book")},
                variants=[Variant(sku="EBOOK", requires_shipping=False)],
                status=ProductStatus.ACTIVE,
            )
        ]
    )
    shop.inventory.configure("EBOOK", "main", mode=StockMode.UNTRACKED)
    shop.pricing.set_prices("retail", [PriceEntry(list_id="retail", sku="EBOOK", price=Price(Money("10.00", "EUR")))])
    shop.cart.add_line(cart.id, "EBOOK")
    order = shop.checkout.place_order(cart.id, gateway="bank", key="click", email="ada@example.org").order
    assert (order.totals.grand_total, order.currency) == (Money("11.31", "CHF"), "CHF")
    assert order.exchange_rate is not None
    assert (order.exchange_rate.rate, order.exchange_rate.source) == (Decimal("0.95"), "ECB")
