"""What cannot be is refused when it is made, with the field it is about and what to do instead."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from tests.promotions.carts import NOW, euro, percent

from commerce.kernel import InvalidValue, Money
from commerce.promotions import (
    AllOf,
    AmountTier,
    AmountTiers,
    AnyOf,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    Customer,
    Dates,
    DeferredReward,
    DistinctLines,
    FixedOff,
    FixedPrice,
    Gift,
    GiftLines,
    Hours,
    NthItem,
    PercentOff,
    PointsMultiplier,
    Quantity,
    QuantityTier,
    QuantityTiers,
    Reward,
    Selector,
    ShippingOff,
    SomeUnits,
    Stacking,
    Subtotal,
    Weekdays,
)

HALF = Reward(percent=Decimal(50))
MOST = 2**31 - 1


def units(*tiers: tuple[int, int | None]) -> QuantityTiers:
    return QuantityTiers(tiers=tuple(QuantityTier(start=a, below=b, benefit=percent(9)) for a, b in tiers))


def amounts(*tiers: tuple[str, str | None]) -> AmountTiers:
    return AmountTiers(
        tiers=tuple(
            AmountTier(start=euro(a), below=None if b is None else euro(b), benefit=percent(9)) for a, b in tiers
        )
    )


@pytest.mark.parametrize(
    ("make", "field", "reason"),
    [
        (lambda: percent(0), "percent", "0 % is not possible: it is above 0 and at most 100"),
        (lambda: percent("100.01"), "percent", "100.01 % is not possible: it is above 0 and at most 100"),
        (
            lambda: FixedOff(amount=euro("0.00")),
            "amount",
            "0.00 EUR is not possible here: pass more than zero",
        ),
        (
            lambda: FixedOff(amount=5),  # type: ignore[arg-type]
            "amount",
            'it is no amount: pass Money("5.00", "EUR")',
        ),
        (
            lambda: FixedOff(amount=Money.of_minor(2**53, "EUR")),
            "amount",
            "90071992547409.92 EUR is more than any cart costs: leave it out for no limit",
        ),
        (
            lambda: FixedPrice(price=euro("-0.01")),
            "price",
            "-0.01 EUR is not possible here: pass zero or more",
        ),
        (Reward, "reward", "give exactly one of percent, amount, price"),
        (
            lambda: Reward(percent=Decimal(5), amount=euro("1.00")),
            "reward",
            "give exactly one of percent, amount, price",
        ),
        (lambda: Reward(amount=euro("0.00")), "amount", "0.00 EUR is not possible here: pass more than zero"),
        (lambda: Reward(price=euro("-1.00")), "price", "-1.00 EUR is not possible here: pass zero or more"),
        (lambda: BuyXGetY(buy=0), "buy", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: BuyXGetY(buy=1, get=0), "get", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: BuyXGetY(buy=1, repeats=0), "repeats", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: NthItem(n=1, reward=HALF), "n", f"1: pass a whole number from 2 to {MOST}"),
        (lambda: NthItem(n=2, reward=HALF, repeats=0), "repeats", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: SomeUnits(reward=HALF, count=0), "count", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: BundlePart(quantity=0), "quantity", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: BundlePrice(price=euro("1.00"), parts=()), "parts", "a bundle has at least one part"),
        (
            lambda: BundlePrice(price=euro("-1.00"), parts=(BundlePart(),)),
            "price",
            "-1.00 EUR is not possible here: pass zero or more",
        ),
        (
            lambda: BundlePrice(price=euro("1.00"), parts=(BundlePart(),), repeats=0),
            "repeats",
            f"0: pass a whole number from 1 to {MOST}",
        ),
        (units, "tiers", "name at least one tier"),
        (lambda: units((0, None)), "tiers[0].start", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: units((1, 2), (2, -1)), "tiers[1].below", f"-1: pass a whole number from 0 to {MOST}"),
        (lambda: units((1, 3), (3, 3)), "tiers[1].below", "the tier ends where it starts: nothing reaches it"),
        (
            lambda: units((1, 3), (2, None)),
            "tiers[1].start",
            "it overlaps the tier before: begin where that one ends",
        ),
        (
            lambda: units((1, None), (2, None)),
            "tiers[1].start",
            "it overlaps the tier before: begin where that one ends",
        ),
        (
            lambda: units((1, 3), (4, None)),
            "tiers[1].start",
            "it leaves a gap to the tier before: begin where that one ends",
        ),
        (
            lambda: QuantityTiers(tiers=(QuantityTier(start=1, benefit=units((1, None))),)),
            "tiers[0].benefit",
            "a tier takes money off lines, and has no tiers",
        ),
        (
            lambda: AmountTiers(tiers=(AmountTier(start=euro("1.00"), benefit=GiftLines(gifts=(Gift(sku="g"),))),)),
            "tiers[0].benefit",
            "a tier takes money off lines, and has no tiers",
        ),
        (
            lambda: QuantityTiers(tiers=(QuantityTier(start=1, benefit=ShippingOff()),)),
            "tiers[0].benefit",
            "a tier takes money off lines, and has no tiers",
        ),
        (lambda: Dates(starts_at=NOW, ends_at=NOW), "ends_at", "it ends before it starts: swap the dates"),
        (amounts, "tiers", "name at least one tier"),
        (
            lambda: amounts(("-1.00", None)),
            "tiers[0].start",
            "-1.00 EUR is not possible here: pass zero or more",
        ),
        (
            lambda: amounts(("1.00", "2.00"), ("2.00", "0.00")),
            "tiers[1].below",
            "0.00 EUR is not possible here: pass more than zero",
        ),
        (
            lambda: amounts(("1.00", "2.00"), ("2.00", "2.00")),
            "tiers[1].below",
            "the tier ends where it starts: nothing reaches it",
        ),
        (lambda: GiftLines(gifts=()), "gifts", "name at least one gift"),
        (
            lambda: GiftLines(gifts=(Gift(sku="g"), Gift(sku="g", quantity=2))),
            "gifts",
            "name every SKU once, with its quantity",
        ),
        (lambda: GiftLines(gifts=(Gift(sku="g"),), most=0), "most", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: Gift(sku="g", quantity=0), "quantity", f"0: pass a whole number from 1 to {MOST}"),
        (lambda: PointsMultiplier(factor=Decimal(1)), "factor", "times 1 is not possible: pass more than 1, to 1000"),
        (
            lambda: PointsMultiplier(factor=Decimal("1000.1")),
            "factor",
            "times 1000.1 is not possible: pass more than 1, to 1000",
        ),
        (DeferredReward, "amount", "give exactly one of amount, percent, points"),
        (
            lambda: DeferredReward(amount=euro("1.00"), points=1),
            "amount",
            "give exactly one of amount, percent, points",
        ),
        (
            lambda: DeferredReward(points=1),
            "pays",
            "points pays points; store_credit and coupon an amount or percent",
        ),
        (
            lambda: DeferredReward(amount=euro("1.00"), pays="points"),
            "pays",
            "points pays points; store_credit and coupon an amount or percent",
        ),
        (
            lambda: DeferredReward(amount=euro("1.00"), pays="gold"),
            "pays",
            "points pays points; store_credit and coupon an amount or percent",
        ),
        (
            lambda: DeferredReward(points=0, pays="points"),
            "points",
            f"0: pass a whole number from 1 to {MOST}",
        ),
        (
            lambda: DeferredReward(amount=euro("0.00")),
            "amount",
            "0.00 EUR is not possible here: pass more than zero",
        ),
        (lambda: Selector(excluding=Selector()), "excluding", "it takes out every line: name what it takes out"),
        (
            lambda: Selector(attributes={"colour": frozenset()}),
            "attributes.colour",
            "name at least one value",
        ),
        (lambda: Stacking(classes={"goods"}), "classes", "'goods' is none of item, order, shipping"),
        (Subtotal, "minimum", "give a minimum, a maximum or both"),
        (lambda: Subtotal(minimum=euro("-1.00")), "minimum", "-1.00 EUR is not possible here: pass zero or more"),
        (lambda: Subtotal(maximum=euro("-1.00")), "maximum", "-1.00 EUR is not possible here: pass zero or more"),
        (
            lambda: Subtotal(minimum=euro("1.00"), maximum=Money("2.00", "USD")),
            "maximum",
            "minimum is in EUR: use one currency",
        ),
        (
            lambda: Subtotal(minimum=euro("2.00"), maximum=euro("1.99")),
            "maximum",
            "it is below the minimum: nothing can be between them",
        ),
        (Quantity, "minimum", "give a minimum, a maximum or both"),
        (lambda: Quantity(minimum=-1), "minimum", f"-1: pass a whole number from 0 to {MOST}"),
        (lambda: Quantity(maximum=-1), "maximum", f"-1: pass a whole number from 0 to {MOST}"),
        (lambda: Quantity(minimum=2, maximum=1), "maximum", "it is below the minimum: nothing can be between them"),
        (DistinctLines, "minimum", "give a minimum, a maximum or both"),
        (
            lambda: DistinctLines(minimum=2, maximum=1),
            "maximum",
            "it is below the minimum: nothing can be between them",
        ),
        (lambda: Customer(values=frozenset()), "values", "name at least one"),
        (lambda: AllOf(conditions=()), "conditions", "name at least one"),
        (lambda: AnyOf(conditions=()), "conditions", "name at least one"),
        (Dates, "starts_at", "give a start, an end or both"),
        (lambda: Weekdays(days=()), "days", "name days from 1 (Monday) to 7 (Sunday)"),
        (lambda: Weekdays(days={0}), "days", "name days from 1 (Monday) to 7 (Sunday)"),
        (lambda: Weekdays(days={1, 8}), "days", "name days from 1 (Monday) to 7 (Sunday)"),
        (
            lambda: Hours(start=time(8, tzinfo=UTC), end=time(9)),
            "start",
            "pass a plain time of day: the context says which time zone",
        ),
        (
            lambda: Hours(start=time(8), end=time(9, tzinfo=UTC)),
            "end",
            "pass a plain time of day: the context says which time zone",
        ),
        (lambda: Hours(start=time(8), end=time(8)), "end", "it equals the start: nothing is between them"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_made(make: Callable[[], object], field: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        make()
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_what_is_just_possible_is_taken() -> None:
    """The ends of each range belong to it."""
    assert PercentOff(percent=Decimal(100)).percent == 100
    assert PercentOff(percent=Decimal("0.0001")).percent > 0
    assert PointsMultiplier(factor=Decimal(1000)).factor == 1000
    assert FixedPrice(price=euro("0.00")).price == euro("0.00")
    assert FixedOff(amount=Money.of_minor(2**53 - 1, "EUR")).amount.minor == 2**53 - 1
    assert FixedOff(amount=euro("0.01")).amount == euro("0.01")
    assert Reward(price=euro("0.00")).price == euro("0.00")
    assert BundlePrice(price=euro("0.00"), parts=(BundlePart(),)).price == euro("0.00")
    assert BuyXGetY(buy=1, get=1, repeats=1).repeats == 1
    assert NthItem(n=2, reward=HALF, repeats=1).n == 2
    assert SomeUnits(reward=HALF, count=MOST).count == MOST
    assert GiftLines(gifts=(Gift(sku="g"),), most=1).most == 1
    assert units((1, 2), (2, None)).tiers[0].start == 1
    assert amounts(("0.00", "0.01"), ("0.01", None)).tiers[0].start == euro("0.00")
    assert Subtotal(minimum=euro("0.00"), maximum=euro("0.00")).maximum == euro("0.00")
    assert Quantity(minimum=0, maximum=0).maximum == 0
    assert Weekdays(days=range(1, 8)).days == frozenset(range(1, 8))
    assert DeferredReward(points=1, pays="points").points == 1
    assert DeferredReward(percent=Decimal(1), pays="coupon").pays == "coupon"
    assert Dates(ends_at=NOW).ends_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
