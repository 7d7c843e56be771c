"""PayPal writes amounts as decimal strings, and some currencies without decimals."""

import pytest
from commerce_paypal.amounts import CURRENCIES, of_paypal, refused, to_paypal
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.kernel import Money
from commerce.payments import DeclineCode


@pytest.mark.parametrize(
    ("amount", "code", "written"),
    [
        *(("10.00", "USD", "10.00"), ("0.05", "EUR", "0.05"), ("500", "JPY", "500")),
        *(("1500.00", "HUF", "1500"), ("800.00", "TWD", "800")),
    ],
)
def test_as_the_table_says(amount: str, code: str, written: str) -> None:
    money = Money(amount, code)
    assert refused(money) is None
    assert to_paypal(money) == {"currency_code": code, "value": written}
    assert of_paypal(to_paypal(money)) == money


@pytest.mark.parametrize(
    ("amount", "code", "why"),
    [
        ("10.50", "HUF", DeclineCode.AMOUNT_NOT_ALLOWED),
        ("10.50", "TWD", DeclineCode.AMOUNT_NOT_ALLOWED),
        ("10.500", "KWD", DeclineCode.CURRENCY_NOT_SUPPORTED),
        ("100", "VND", DeclineCode.CURRENCY_NOT_SUPPORTED),
    ],
)
def test_what_paypal_cannot_take(amount: str, code: str, why: DeclineCode) -> None:
    no = refused(Money(amount, code))
    assert no is not None
    assert no.code is why


@settings(deadline=None)
@given(minor=st.integers(1, 10**9), code=st.sampled_from(sorted(CURRENCIES)))
def test_what_can_be_written_comes_back(minor: int, code: str) -> None:
    money = Money.of_minor(minor, code)
    assert refused(money) is not None or of_paypal(to_paypal(money)) == money
