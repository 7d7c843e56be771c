"""Shops to test with: a few products, prices, taxes, stock and a way to ship."""

from collections.abc import Mapping
from typing import Any

from commerce.app import Commerce
from commerce.cart import Cart
from commerce.catalog import Product, ProductStatus, ProductText, Variant
from commerce.inventory import StockLocation, StockUnits
from commerce.kernel import Address, Money, Price
from commerce.pricing import PriceEntry, PriceList
from commerce.shipping import RateTable, ShippingMethod
from commerce.tax import standard_rates

__all__ = ["BERLIN", "a_cart", "a_shop", "add_goods", "stock_of"]

#: A place to send things to.
BERLIN = Address(country="DE", postal_code="10115", city="Berlin", lines=("Invalidenstraße 1",), name="Ada")

#: SKU -> net price and units on hand.
_GOODS: Mapping[str, tuple[str, int]] = {"TEE-M": ("19.99", 10), "MUG": ("7.50", 5), "CANDLE": ("15.00", 20)}


def a_shop(goods: Mapping[str, tuple[str, int]] = _GOODS, **wiring: Any) -> Commerce:
    """A shop in euros that sells ``goods`` (SKU -> net price, units on hand) and ships for 4.90 within the EU.

    ``wiring`` goes to `commerce.Commerce`: ``storage``, ``gateways``, ``clock`` …
    """
    shop = Commerce(**{"currency": "EUR", "country": "DE", **wiring})
    shop.tax.set_rates(standard_rates())
    shop.pricing.add_list(PriceList(id="retail", name="Retail", currency=shop.currency))
    shop.inventory.add_location(StockLocation(id="main", name="Warehouse", country="DE"))
    shop.shipping.add_method(
        ShippingMethod(
            id="standard",
            names={"en": "Standard", "de": "Standardversand"},
            carrier="flat_rate",
            currency=shop.currency,
            rates=RateTable.flat(Money("4.90", shop.currency)),
        )
    )
    add_goods(shop, goods)
    return shop


def add_goods(shop: Commerce, goods: Mapping[str, tuple[str, int]]) -> None:
    """Products that can be bought at once."""
    shop.catalog.put_products(
        [
            Product(
                handle=sku.lower(),
                texts={"en": ProductText(name=sku.title())},
                variants=[Variant(sku=sku, weight_grams=200)],
                status=ProductStatus.ACTIVE,
            )
            for sku in goods
        ]
    )
    shop.pricing.set_prices(
        "retail",
        [
            PriceEntry(list_id="retail", sku=sku, price=Price(Money(price, shop.currency)))
            for sku, (price, _) in goods.items()
        ],
    )
    units = [StockUnits(sku=sku, location_id="main", quantity=count) for sku, (_, count) in goods.items() if count]
    shop.inventory.receive_many(f"opening {' '.join(goods)}"[:255], units)


def a_cart(
    shop: Commerce, goods: Mapping[str, int] | None = None, *, to: Address = BERLIN, codes: tuple[str, ...] = ()
) -> Cart:
    """A cart that is ready to be ordered by a guest: two tees, or ``goods`` (SKU -> units)."""
    cart = shop.cart.open()
    for sku, quantity in (goods or {"TEE-M": 2}).items():
        shop.cart.add_line(cart.id, sku, quantity)
    for code in codes:
        shop.cart.add_code(cart.id, code)
    shop.cart.set_customer(cart.id, customer_id=None, email="ada@example.org")
    return shop.cart.deliver_to(cart.id, to, shipping_method="standard")


def stock_of(shop: Commerce, sku: str) -> tuple[int, int]:
    """On hand and reserved, by the ledger."""
    moves = shop.inventory.movements(sku)
    return sum(move.on_hand for move in moves), sum(move.reserved for move in moves)
