"""What is asked of shipping in these tests, and random ones of it."""

from typing import Any

from hypothesis import strategies as st

from commerce.kernel import Address, Item, Money
from commerce.shipping import (
    Box,
    Goods,
    RateLine,
    RateRequest,
    RateTable,
    ShippingMethod,
)
from commerce.testing.conformance.storage import NOW

BERLIN = Address(country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",), name="Erika")


def euros(amount: str) -> Money:
    return Money(amount, "EUR")


def item(
    sku: str = "TEE-M",
    grams: int = 200,
    size: tuple[int, int, int] | None = (300, 200, 50),
    *,
    categories: frozenset[str] = frozenset(),
    collections: frozenset[str] = frozenset(),
    requires_shipping: bool = True,
) -> Item:
    return Item(
        sku=sku,
        weight_grams=grams,
        dimensions_mm=size,
        categories=categories,
        collections=collections,
        requires_shipping=requires_shipping,
    )


def rate_line(of: Item | None = None, quantity: int = 1, value: str = "20.00") -> RateLine:
    return RateLine(item=of or item(), quantity=quantity, value=euros(value))


def request(*lines: RateLine, to: Address = BERLIN, currency: str = "EUR", locale: str = "en") -> RateRequest:
    return RateRequest(destination=to, currency=currency, lines=lines or (rate_line(),), at=NOW, locale=locale)


def method(id: str = "standard", rates: RateTable | None = None, **terms: Any) -> ShippingMethod:
    table = rates or RateTable.flat(euros("4.90"))
    plain: dict[str, Any] = {"names": {"en": id}, "carrier": "fake", "currency": "EUR", "rates": table}
    return ShippingMethod(**{"id": id, **plain, **terms})


sizes = st.tuples(*(st.integers(1, 300) for _ in range(3)))
items = st.builds(lambda grams, size: item(grams=grams, size=size), st.integers(0, 3000), sizes)
goods = st.lists(st.tuples(items, st.integers(1, 12)), min_size=1, max_size=5).map(
    lambda drawn: [Goods(line_id=f"l{n}", item=of, quantity=count) for n, (of, count) in enumerate(drawn)]
)
boxes = st.lists(
    st.builds(
        lambda size, grams, tare: (size, grams, tare),
        st.tuples(*(st.integers(300, 600) for _ in range(3))),
        st.integers(4000, 20_000),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=3,
).map(
    lambda drawn: tuple(
        Box(name=f"b{n}", dimensions_mm=size, max_weight_grams=grams, tare_grams=tare)
        for n, (size, grams, tare) in enumerate(drawn)
    )
)
