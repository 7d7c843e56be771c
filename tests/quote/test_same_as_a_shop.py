"""A document costs what a shop with storage asks for the same cart, to the last share, and says the same of it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quote.documents import Documents
from tests.quote.shops import a_cart_of, a_shop_of

from commerce.adapters.quote_document import QuoteAnswer, quote
from commerce.flows import Quote
from commerce.promotions import Reason

#: What a shop does not read from its storage unless a code asks for it, so that it often has nothing to tell of it.
UNREAD = (Reason.CODE_REQUIRED, Reason.DISABLED)
UNSAID = ("not applied, code required", "not applied, disabled")
#: What a shop tells beside: its total and its problems.
OWN = ("to pay: ", "to mend: ")


def sold_in_a_shop(seed: int) -> dict[str, Any]:
    """A document whose SKUs are on one line each, with what a shop has no place for left out."""
    document = Documents(seed).document(most=3)
    lines = {line["sku"]: line for line in document["lines"]}
    return {**document, "lines": list(lines.values()), "gifts": [], "tenders": []}


def told(answer: QuoteAnswer) -> dict[str, Any]:
    totals = answer.totals
    return {
        "totals": [totals.subtotal, totals.shipping, totals.discount, totals.net, totals.tax, totals.total],
        "shares": {line.sku: [(one.promotion, one.amount) for one in line.shares] for line in answer.lines},
        "taxes": {line.sku: [(one.rate, one.base, one.amount) for one in line.taxes] for line in answer.lines},
        "charges": [(one.discount, one.gross) for one in answer.charges],
        "outcomes": [
            (one.promotion, one.code, one.reason, one.amount) for one in answer.promotions if one.reason not in UNREAD
        ],
        "prices": {line.sku: line.price_list for line in answer.lines},
        "problems": [one.kind for one in answer.problems],
        "why": [said for said in answer.explanation if not said.startswith(OWN) and not said.endswith(UNSAID)],
    }


def told_by_the_shop(quoted: Quote) -> dict[str, Any]:
    cart = quoted.priced
    sums = (cart.subtotal, cart.shipping_total, cart.discount_total, cart.net_total, cart.tax_total, cart.grand_total)
    return {
        "totals": [str(money.amount) for money in sums],
        "shares": {
            line.line.item.sku: [(one.source, str(one.amount.amount)) for one in line.adjustments]
            for line in cart.lines
        },
        "taxes": {
            line.line.item.sku: [(str(t.rate), str(t.base.amount), str(t.amount.amount)) for t in line.taxes]
            for line in cart.lines
        },
        "charges": [(str(one.discount.amount), str(one.gross.amount)) for one in cart.charges],
        "outcomes": [
            (one.promotion_id, one.code, str(one.reason), str(one.amount.amount))
            for one in quoted.promotions.outcomes
            if one.reason not in UNREAD
        ],
        "prices": {line.line.item.sku: line.line.price_list for line in cart.lines},
        "problems": [one.kind.value for one in quoted.problems],
        "why": [said for said in quoted.explain() if not said.endswith(UNSAID)],
    }


@given(st.integers(0, 2**48), st.booleans())
@settings(max_examples=25)
def test_a_document_costs_and_says_what_a_shop_with_storage_does(seed: int, known: bool) -> None:
    document = sold_in_a_shop(seed)
    with a_shop_of(document) as shop:
        customer_id = shop.customers.register("key", "ada@example.org", groups=["vip"]).id if known else None
        cart = a_cart_of(shop, document, customer_id)
        quoted = shop.quoting.quote(cart, payment_method=document["payment_method"])
    customer = {"id": customer_id, "groups": ["vip"], "first_order": True} if known else {}
    assert told(quote({**document, "customer": customer})) == told_by_the_shop(quoted)


@given(st.integers(0, 2**48))
@settings(max_examples=15)
def test_a_business_abroad_is_quoted_the_same_net_prices(seed: int) -> None:
    """Lines, gifts and shipping are without the taxes of the shop, wherever prices include them."""
    vat_id = "FR40303265045"
    document = {**sold_in_a_shop(seed), "destination": {"country": "FR"}}
    with a_shop_of(document) as shop:
        buyer = shop.customers.register("key", "office@example.org", vat_id=vat_id)
        quoted = shop.quoting.quote(a_cart_of(shop, document, buyer.id), payment_method=document["payment_method"])
    customer = {"id": buyer.id, "first_order": True, "vat_id": vat_id}
    assert told(quote({**document, "customer": customer})) == told_by_the_shop(quoted)
    assert not quoted.priced.tax_total
