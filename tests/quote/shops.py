"""The shop with storage that a document describes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.promotion_json import PromotionJson
from commerce.app import Commerce
from commerce.cart import Cart
from commerce.catalog import Category, Product, ProductStatus, ProductText, Variant
from commerce.kernel import Address, Allocation, Money, Price, Rounding, RoundingProfile, TaxLevel, TaxTarget
from commerce.pricing import ListKind, PriceEntry, PriceList
from commerce.promotions import Basis, Coupon, PromotionPolicy, StackingMode
from commerce.shipping import RateTable, ShippingMethod
from commerce.tax import TaxPolicy, TaxRate

JSON = PromotionJson()


def a_shop_of(document: Mapping[str, Any]) -> Commerce:
    """A shop in memory with all that the document says, by its public commands."""
    shop_says, currency = document["shop"], document["currency"]
    rounding = shop_says["rounding"]
    policy = shop_says["promotion_policy"]
    shop = Commerce(
        currency=currency,
        country=shop_says["country"],
        storage=MemoryStorage(),
        profile=RoundingProfile(
            name=rounding["name"],
            price_rounding=Rounding(rounding["price_rounding"]),
            tax_rounding=Rounding(rounding["tax_rounding"]),
            tax_level=TaxLevel(rounding["tax_level"]),
            tax_target=TaxTarget(rounding["tax_target"]),
            allocation=Allocation(rounding["allocation"]),
        ),
        agreed_prices_include_tax=shop_says["prices_include_tax"],
        promotion_policy=PromotionPolicy(
            name="made",
            stacking=StackingMode(policy["stacking"]),
            threshold=Basis(policy["threshold"]),
            search_bound=policy["search_bound"],
        ),
        tax_policy=TaxPolicy(name="made"),
        clock=lambda: datetime.fromisoformat(document["at"]),
    )
    _add_taxes_and_shipping(shop, document)
    _add_goods(shop, document)
    for promotion in document["promotions"]:
        shop.promotions.add(JSON.build(promotion))
    for coupon in document["coupons"]:
        shop.promotions.add_code(Coupon(**coupon))
    return shop


def _add_taxes_and_shipping(shop: Commerce, document: Mapping[str, Any]) -> None:
    from decimal import Decimal

    shop.tax.set_rates([TaxRate(**{**rate, "rate": Decimal(rate["rate"])}) for rate in document["tax"]["rates"]])
    shipping = document["shipping"]
    shop.shipping.add_method(
        ShippingMethod(
            id=shipping["method"],
            names={"en": "Shipping"},
            carrier="flat_rate",
            currency=shop.currency,
            rates=RateTable.flat(Money(shipping["price"], shop.currency)),
        )
    )


def _add_goods(shop: Commerce, document: Mapping[str, Any]) -> None:
    for category in ("shoes", "sale"):
        shop.catalog.add_category(Category(id=category, slug=category, names={"en": category}))
    shop.catalog.put_products(
        [
            Product(
                id=line["product_id"],
                handle=line["sku"].lower(),
                texts={"en": ProductText(name=line["sku"])},
                variants=[Variant(sku=line["sku"], tax_category=line["tax_category"])],
                category_ids=line["categories"],
                attributes=line["attributes"],
                status=ProductStatus.ACTIVE,
            )
            for line in document["lines"]
        ]
    )
    for said in document["price_lists"]:
        kind = ListKind(said.get("kind", "base"))
        included = document["shop"]["prices_include_tax"]
        shop.pricing.add_list(
            PriceList(id=said["id"], name=said["id"], currency=shop.currency, kind=kind, tax_included=included)
        )
        entries = [
            PriceEntry(
                list_id=said["id"],
                sku=price["sku"],
                price=Price(Money(price["price"], shop.currency), per=price.get("per", 1)),
                min_quantity=price.get("min_quantity", 1),
            )
            for price in said["prices"]
        ]
        shop.pricing.set_prices(said["id"], entries)


def a_cart_of(shop: Commerce, document: Mapping[str, Any], customer_id: str | None) -> Cart:
    """The cart that the document has."""
    cart = shop.cart.open(channel=document["channel"], customer_id=customer_id)
    for line in document["lines"]:
        agreed = None
        if "unit_price" in line:
            agreed = Price(Money(line["unit_price"], shop.currency), per=line["per"])
        shop.cart.add_line(cart.id, line["sku"], line["quantity"], agreed_price=agreed)
    for code in document["codes"]:
        shop.cart.add_code(cart.id, code)
    destination = Address(country=document["destination"]["country"])
    return shop.cart.deliver_to(cart.id, destination, shipping_method=document["shipping"]["method"])
