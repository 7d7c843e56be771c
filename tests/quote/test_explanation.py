"""The sentences for whoever disputes a price: all that is in the total is in them, and what is not."""

from typing import Any

from tests.quote.test_reading import ROUNDING, document

from commerce.adapters.quote_document import quote

CASH = {"country": "DE", "rounding": ROUNDING, "cash_rounding": {"step": "0.05"}}
PARCEL = {"label": "Parcel", "price": "4.99"}


def said(**fields: Any) -> list[str]:
    return quote(document(**fields)).explanation


def test_shipping_is_on_the_bill() -> None:
    ten = {"id": "ten", "name": "Ten", "phase": "shipping", "benefit": {"kind": "shipping_off"}}
    destination = {"country": "DE"}
    assert said(destination=destination, shipping=PARCEL, promotions=[ten])[:3] == [
        "2 x TEE at 10.00 EUR (agreed) = 20.00 EUR",
        "Parcel: 4.99 EUR",
        "Parcel: -4.99 EUR by Ten (shipping phase)",
    ]


def test_coins_are_told_as_they_are_paid() -> None:
    lines = [{"sku": "TEE", "quantity": 1, "unit_price": "16.79"}]
    answer = quote(document(shop=CASH, lines=lines))
    assert (answer.totals.total, answer.totals.rounding, answer.totals.due) == ("19.98", "0.02", "20.00")
    assert answer.explanation[-2] == "to pay: 19.98 EUR, in coins of 0.05 EUR 20.00 EUR (rounded half up)"
    answer = quote(document(shop=CASH, lines=lines, tenders=[{"amount": "5.01"}]))
    assert answer.totals.due == "14.95"
    assert answer.explanation[-2] == (
        "to pay: 19.98 EUR, of which stored value leaves 14.97 EUR, in coins of 0.05 EUR 14.95 EUR (rounded half up)"
    )


def test_what_is_not_in_the_total_is_told_with_the_lists_that_were_asked() -> None:
    trade = {"id": "trade", "name": "Trade", "groups": ["trade"], "prices": [{"sku": "MUG", "price": "3.00"}]}
    lines = [{"sku": "TEE", "quantity": 1, "unit_price": "10.00"}, {"sku": "MUG", "quantity": 1}]
    assert said(lines=lines, price_lists=[trade])[-1] == (
        "to mend: no price (MUG): give MUG a unit_price, or a price in a list that holds here; "
        "Trade: not asked: for other customer groups"
    )
    assert said(tax={})[-1] == (
        "to mend: no tax rate (DE): state a tax rate for category standard there (zero, if none is charged)"
    )


def test_the_tier_and_what_is_rounded_are_told() -> None:
    prices = [{"sku": "TEE", "price": "20.00"}, {"sku": "TEE", "price": "18.00", "min_quantity": 10}]
    retail = {"id": "r", "name": "Retail", "prices": prices}
    nine, ten = (said(lines=[{"sku": "TEE", "quantity": units}], price_lists=[retail]) for units in (9, 10))
    assert nine[0] == "9 x TEE at 20.00 EUR (list Retail) = 180.00 EUR"
    assert ten[0] == "10 x TEE at 18.00 EUR (list Retail, from 10 units on) = 180.00 EUR"
    gross = {"country": "DE", "prices_include_tax": True, "rounding": {**ROUNDING, "tax_target": "tax"}}
    assert said(shop=gross)[-1] == (
        "rounding plain v1: prices half up, taxes half up per line (where included, the tax is rounded), "
        "discounts shared by largest remainder"
    )
