"""A gift is on the bill at its price, so only what is priced as the cart is can be given."""

from typing import Any

import pytest
from tests.quote.test_reading import ROUNDING

from commerce.adapters.quote_document import quote


def given(*, cart_gross: bool, gift_gross: bool, listed: bool) -> tuple[str, list[str]]:
    """Why the cap is given or not, and the gifts; a shop whose own prices are net."""
    lists: list[dict[str, Any]] = [
        {"id": "cart", "tax_included": cart_gross, "prices": [{"sku": "TEE", "price": "20.00"}]},
        {"id": "gifts", "tax_included": gift_gross, "prices": [{"sku": "CAP", "price": "4.00"}]},
    ]
    answer = quote(
        {
            "at": "2026-03-01T12:00:00Z",
            "currency": "EUR",
            "shop": {"country": "DE", "rounding": ROUNDING, "prices_include_tax": gift_gross},
            "lines": [{"sku": "TEE", "quantity": 1}],
            "price_lists": lists,
            "tax": {"standard_rates": True},
            "gifts": [{"sku": "CAP"} | ({} if listed else {"unit_price": "4.00"})],
            "promotions": [
                {"id": "gift", "name": "Gift", "benefit": {"kind": "gift_lines", "gifts": [{"sku": "CAP"}]}}
            ],
        }
    )
    return answer.promotions[0].reason, [line.sku for line in answer.lines if line.gift]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("gross", [False, True])
def test_a_gift_is_given_only_if_its_price_includes_tax_as_the_cart_does(gross: bool, listed: bool) -> None:
    """By a list or agreed, net or gross: in a cart of the same kind it is given, in the other it is not to be had."""
    assert given(cart_gross=gross, gift_gross=gross, listed=listed) == ("applied", ["CAP"])
    assert given(cart_gross=gross, gift_gross=not gross, listed=listed) == ("gift_unavailable", [])
