"""Laws that hold for every document."""

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quote.documents import documents
from tests.quote.reference import check_sums

from commerce.adapters.quote_document import quote


@given(documents(weighted=True))
@settings(max_examples=100)
def test_everything_adds_up_for_every_document(document: dict[str, Any]) -> None:
    check_sums(quote(document).model_dump(mode="json"))


@given(documents(weighted=True))
@settings(max_examples=40)
def test_quoting_twice_is_identical(document: dict[str, Any]) -> None:
    """As dicts and as text, to the last byte."""
    assert quote(document).text() == quote(json.dumps(document)).text() == quote(json.dumps(document).encode()).text()


@given(documents(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_lines_promotions_and_codes_changes_no_total(document: dict[str, Any], random: Random) -> None:
    mixed = dict(document)
    for name in ("lines", "promotions", "codes", "coupons", "price_lists", "gifts"):
        mixed[name] = random.sample(document[name], len(document[name]))
    one, other = quote(document), quote(mixed)
    assert one.totals == other.totals
    assert one.promotions == other.promotions
    assert one.discounts == other.discounts
    assert {line.id: line.shares for line in one.lines} == {line.id: line.shares for line in other.lines}


@given(documents())
@settings(max_examples=40)
def test_tenders_lower_what_is_due_and_nothing_else(document: dict[str, Any]) -> None:
    plain = quote({**document, "tenders": []})
    paid = quote({**document, "tenders": [{"amount": "3"}, {"amount": "1"}]})
    keep = {"totals", "tenders", "explanation"}
    assert plain.model_dump(exclude=keep) == paid.model_dump(exclude=keep)
    changed = {"tendered", "due"}
    assert plain.totals.model_dump(exclude=changed) == paid.totals.model_dump(exclude=changed)


@given(documents())
@settings(max_examples=40)
def test_a_promotion_that_did_nothing_can_go(document: dict[str, Any]) -> None:
    """Without those that were not applied everything costs the same, and to the same shares."""
    one = quote(document)
    applied = {outcome.promotion for outcome in one.promotions if outcome.reason == "applied"}
    kept = [promotion for promotion in document["promotions"] if promotion["id"] in applied]
    coupons = [coupon for coupon in document["coupons"] if coupon["promotion_id"] in applied]
    other = quote({**document, "promotions": kept, "coupons": coupons})
    assert (one.totals, one.lines, one.charges) == (other.totals, other.lines, other.charges)
