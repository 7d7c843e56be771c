"""Stripe counts some currencies in its own way."""

import pytest
from commerce_stripe import of_stripe, to_stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.kernel import Money


@pytest.mark.parametrize(
    ("amount", "code", "counted"),
    [
        ("10.00", "USD", 1000),
        ("10.99", "EUR", 1099),
        ("500", "JPY", 500),
        ("500000", "VND", 500000),
        ("5.124", "KWD", None),
        ("5.120", "KWD", 5120),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("10.45", "HUF", 1045),
        ("800.45", "TWD", 80045),
        ("12.00", "MGA", 12),
        ("12.20", "MGA", None),
    ],
)
def test_as_the_table_says(amount: str, code: str, counted: int | None) -> None:
    """docs.stripe.com/currencies: zero-decimal, three-decimal and special cases."""
    money = Money(amount, code)
    assert to_stripe(money) == counted
    if counted is not None:
        assert of_stripe(counted, code.lower()) == money


@settings(deadline=None)
@given(
    minor=st.integers(0, 10**9),
    code=st.sampled_from(["EUR", "USD", "JPY", "VND", "KWD", "BHD", "ISK", "UGX", "HUF", "TWD", "MGA", "CLP", "KRW"]),
)
def test_what_can_be_said_comes_back(minor: int, code: str) -> None:
    """No amount changes on the way to Stripe and back."""
    money = Money.of_minor(minor, code)
    counted = to_stripe(money)
    assert counted is None or of_stripe(counted, code) == money
