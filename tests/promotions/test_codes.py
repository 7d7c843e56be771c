"""Which codes are good, which one is used of several, and what is left of a budget."""

from datetime import timedelta

import pytest
from tests.promotions.carts import NOW, cart, euro, line, now, outcome, percent, promotion

from commerce.kernel import Money
from commerce.promotions import Coupon, FixedOff, Limits, PromotionBook, Selector, apply

CART = cart(line("a", 1, "100.00"))
RULE = promotion("p", percent(10), automatic=False)
DAY = timedelta(days=1)


def told(*coupons: Coupon, limits: Limits | None = None, **context: object) -> tuple[str, str | None]:
    """What becomes of the promotion, and by which code."""
    rule = promotion("p", percent(10), automatic=False, limits=limits or Limits())
    codes = tuple(coupon.code for coupon in coupons)
    found = outcome(apply(CART, [rule], now(codes=codes, coupons=coupons, **context)), "p")
    return found.reason, found.code


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"starts_at": NOW}, "applied"),
        ({"starts_at": NOW + timedelta(microseconds=1)}, "not_started"),
        ({"ends_at": NOW + timedelta(microseconds=1)}, "applied"),
        ({"ends_at": NOW}, "expired"),
        ({"starts_at": NOW - DAY, "ends_at": NOW + DAY}, "applied"),
        ({"enabled": False}, "disabled"),
        ({"customer_id": "c1"}, "applied"),
        ({"customer_id": "c2"}, "wrong_customer"),
    ],
)
def test_a_code_is_good_from_its_start_to_before_its_end_for_whom_it_is(facts: dict[str, object], reason: str) -> None:
    assert told(Coupon(code="A", promotion_id="p", **facts), customer_id="c1") == (reason, "A")  # type: ignore[arg-type]


def test_a_code_for_somebody_needs_to_know_who_it_is() -> None:
    assert told(Coupon(code="A", promotion_id="p", customer_id="c1")) == ("customer_required", "A")


@pytest.mark.parametrize(
    ("limit", "per_code", "used", "reason"),
    [
        (2, None, 1, "applied"),
        (2, None, 2, "limit_reached"),
        (None, 2, 1, "applied"),
        (None, 2, 2, "limit_reached"),
        (3, 2, 2, "applied"),  # what the code says goes before what the promotion says of all codes
    ],
)
def test_a_code_has_uses_of_its_own(limit: int | None, per_code: int | None, used: int, reason: str) -> None:
    coupon = Coupon(code="A", promotion_id="p", limit=limit)
    assert told(coupon, limits=Limits(per_code=per_code), used={"p/code/A": used}) == (reason, "A")


def test_of_several_codes_the_first_good_one_is_used() -> None:
    late, good, spare = (
        Coupon(code="A", promotion_id="p", ends_at=NOW),
        Coupon(code="B", promotion_id="p", limit=1),
        Coupon(code="C", promotion_id="p"),
    )
    result = apply(CART, [RULE], now(codes=("C", "B", "A"), coupons=(late, good, spare)))
    assert outcome(result, "p").code == "B"
    assert [(one.code, one.reason) for one in result.outcomes if one.code != "B"] == [
        ("A", "expired"),
        ("C", "not_needed"),
    ]
    assert [(use.code, [counter.name for counter in use.counters]) for use in result.uses] == [("B", ["p/code/B"])]
    gone = apply(CART, [RULE], now(codes=("A", "B"), coupons=(late, good), used={"p/code/B": 1}))
    assert (outcome(gone, "p").reason, outcome(gone, "p").code) == ("expired", "A")


@pytest.mark.parametrize(
    ("cap", "spent", "off"),
    [
        (None, 0, "20.00"),
        (None, 500, "15.00"),
        (None, 1999, "0.01"),
        ("12.00", 500, "12.00"),
        ("12.00", 1500, "5.00"),
        ("12.00", None, "12.00"),
        (None, None, "20.00"),
    ],
)
def test_a_cap_and_what_is_left_of_a_budget(cap: str | None, spent: int | None, off: str) -> None:
    """Thirty off, with a budget of twenty."""
    rule = promotion(
        "p", FixedOff(amount=euro("30.00")), cap=cap and euro(cap), limits=Limits(budget=Money("20.00", "EUR"))
    )
    used = {} if spent is None else {"p/budget": spent}
    assert apply(CART, [rule], now(used=used)).cart.discount_total == euro(off)


def test_counters_are_asked_of_what_a_cart_may_move_and_of_its_codes() -> None:
    """A limit on hats is none of this cart's business; a code's own uses are."""
    rules = [
        RULE,
        promotion("mine", percent(1), limits=Limits(total=5)),
        promotion("hats", percent(1), limits=Limits(total=5), target=Selector(skus={"hat"})),
    ]
    context = now(codes=("A",), coupons=(Coupon(code="A", promotion_id="p", limit=1),))
    assert PromotionBook(rules).counter_names(context, CART) == {"mine/total", "p/code/A"}
    before = apply(CART, rules, context).cart
    assert PromotionBook(rules).counter_names(context, before) == {"mine/total", "p/code/A"}
    assert PromotionBook(rules).counter_names(context) == {"mine/total", "hats/total", "p/code/A"}
