"""Carts and promotions of every shape, for laws; and short ways to write them by hand.

Hypothesis draws a seed and a `Maker` builds from it: a thousand times quicker than drawing every field.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from attrs import evolve
from hypothesis import strategies as st

from commerce.kernel import (
    QUICK_START,
    AdjustmentKind,
    Allocation,
    Charge,
    Item,
    Line,
    Money,
    Price,
    PricedCart,
    PricedCharge,
    PricedLine,
    Rounding,
)
from commerce.promotions import (
    AllOf,
    AmountTier,
    AmountTiers,
    AnyOf,
    Basis,
    Benefit,
    BundlePart,
    BundlePrice,
    BuyXGetY,
    Channel,
    Choice,
    Code,
    Condition,
    Contains,
    Country,
    Coupon,
    CurrencyIs,
    Customer,
    Dates,
    DeferredReward,
    DistinctLines,
    FirstOrder,
    FixedOff,
    FixedPrice,
    Gift,
    GiftLines,
    Group,
    GroupChoice,
    Hours,
    Level,
    Limits,
    Not,
    NthItem,
    Outcome,
    PaymentMethod,
    Per,
    PercentOff,
    Period,
    PointsMultiplier,
    Promotion,
    PromotionContext,
    PromotionPolicy,
    PromotionResult,
    Quantity,
    QuantityTier,
    QuantityTiers,
    Reward,
    Segment,
    Selector,
    ShippingMethod,
    ShippingOff,
    SomeUnits,
    Stacking,
    StackingMode,
    Subtotal,
    Weekdays,
)

#: A Sunday.
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SKUS = ("A", "B", "C", "D")
COLOURS = ("red", "blue")


def euro(amount: str) -> Money:
    return Money(amount, "EUR")


def line(sku: str, quantity: int, price: str, *categories: str, id: str = "", **facts: Any) -> PricedLine:
    item = Item(sku=sku, categories=frozenset(categories), **facts)
    return PricedLine(line=Line.of(id or sku, item, quantity, euro(price)))


def cart(*lines: PricedLine, shipping: str = "", **facts: Any) -> PricedCart:
    charges: tuple[PricedCharge, ...] = ()
    if shipping:
        charges = (PricedCharge(charge=Charge(id="shipping", label="Shipping", subtotal=euro(shipping))),)
    return PricedCart(**{"currency": "EUR", "lines": lines, "charges": charges, "profile": QUICK_START, **facts})


def promotion(id: str, benefit: Benefit, **facts: Any) -> Promotion:
    return Promotion(**{"id": id, "name": id, "benefit": benefit, **facts})


def percent(value: int | str) -> PercentOff:
    return PercentOff(percent=Decimal(value))


def now(**facts: Any) -> PromotionContext:
    return PromotionContext(**{"at": NOW, **facts})


def outcome(result: PromotionResult, name: str) -> Outcome:
    """What became of a promotion, which it knows."""
    found = result.outcome(name)
    assert found is not None
    return found


def sums(result: Any) -> dict[str, int]:
    """What each source took off, read from the adjustments."""
    found: dict[str, int] = {}
    for part in result.cart.parts:
        for one in part.adjustments:
            found[one.source] = found.get(one.source, 0) - one.amount.minor
    return found


T = TypeVar("T")
Case = tuple[PricedCart, list[Promotion], PromotionContext, PromotionPolicy]


class Maker:
    """Makes everything that `apply` takes, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - carts, not secrets
        self.currency = self.one("EUR", "JPY", "KWD")

    def one(self, *options: T) -> T:
        return self.random.choice(options)

    def several(self, options: Sequence[T], least: int = 0) -> frozenset[T]:
        return frozenset(self.random.sample(options, self.random.randint(least, len(options))))

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def maybe(self, make: Callable[[], T], chance: float = 0.5) -> T | None:
        return make() if self.random.random() < chance else None

    def money(self, low: int = 1, high: int = 4000) -> Money:
        return Money.of_minor(self.number(low, high), self.currency)

    def cart(self) -> PricedCart:
        """Up to five lines and two charges; net or gross, 0, 2 or 3 decimals, every rounding and allocation."""
        included = self.one(True, False)
        profile = evolve(QUICK_START, price_rounding=self.one(*Rounding), allocation=self.one(*Allocation))
        ids = self.one((), ("shipping",), ("fee", "shipping"), ("shipping-1", "shipping-2"))
        return PricedCart(
            currency=self.currency,
            lines=tuple(self.line(str(n), included) for n in range(self.one(0, 1, 2, 3, 4, 5))),
            charges=tuple(
                PricedCharge(charge=Charge(id=id, label=id, subtotal=self.money(0, 900)), tax_included=included)
                for id in ids
            ),
            tax_included=included,
            profile=profile,
        )

    def line(self, id: str, included: bool) -> PricedLine:
        sku = self.one(*SKUS)
        item = Item(
            sku=sku,
            product_id=sku,
            categories=self.several(["shoes", "sale"]),
            attributes={"colour": self.one(*COLOURS)},
        )
        price = Price(self.money(0, 3000), per=self.one(1, 1, 1, 7))
        quantity = self.number(1, 6)
        subtotal = price.times(quantity, Rounding.HALF_UP)
        made = Line(id=id, item=item, quantity=quantity, unit_price=price, subtotal=subtotal)
        return PricedLine(line=made, tax_included=included)

    def narrow(self) -> Selector:
        return self.one(
            Selector(skus=self.several(SKUS, 1)),
            Selector(categories=self.several(["shoes", "sale"], 1)),
            Selector(attributes={"colour": frozenset({self.one(*COLOURS)})}),
        )

    def selector(self) -> Selector:
        return self.one(Selector(), self.narrow(), self.narrow(), Selector(excluding=self.narrow()))

    def percent(self) -> Decimal:
        return Decimal(self.one("5", "10", "12.5", "33.333", "50", "99.9", "100"))

    def reward(self) -> Reward:
        return self.one(
            Reward(percent=self.percent(), acts_on=self.one(*Basis)),
            Reward(amount=self.money(1, 1500)),
            Reward(price=self.money(0, 1500)),
        )

    def plain_benefit(self) -> Benefit:
        return self.one(
            PercentOff(percent=self.percent(), acts_on=self.one(*Basis), level=self.one(None, None, *Level)),
            FixedOff(amount=self.money(), per=self.one(*Per)),
            FixedPrice(price=self.money(0, 1500)),
        )

    def tiers(self) -> Benefit:
        cuts = sorted(self.several(range(1, 13), 1))[:3]
        ends = [*cuts[1:], self.one(None, 20)]
        inner = [self.plain_benefit() for _ in cuts]
        steps = list(zip(cuts, ends, inner, strict=True))
        if self.one(True, False):
            return QuantityTiers(tiers=tuple(QuantityTier(start=a, below=b, benefit=c) for a, b, c in steps))

        def amount(step: int) -> Money:
            return Money.of_minor(step * 500, self.currency)

        return AmountTiers(
            tiers=tuple(
                AmountTier(start=amount(a), below=None if b is None else amount(b), benefit=c) for a, b, c in steps
            )
        )

    def benefit(self) -> Benefit:
        """Every kind of benefit."""
        few = self.one(None, None, 1, 2, 3)
        return self.one(
            self.plain_benefit(),
            self.plain_benefit(),
            self.plain_benefit(),
            self.tiers(),
            BuyXGetY(
                buy=self.number(1, 3),
                get=self.number(1, 3),
                bought=self.one(None, self.selector()),
                reward=self.reward(),
                choice=self.one(*Choice),
                repeats=few,
            ),
            NthItem(n=self.number(2, 4), reward=self.reward(), repeats=few),
            SomeUnits(reward=self.reward(), count=self.number(1, 4), choice=self.one(*Choice)),
            BundlePrice(
                price=self.money(0, 3000),
                parts=tuple(BundlePart(of=self.selector(), quantity=self.number(1, 3)) for _ in range(self.one(1, 2))),
                repeats=few,
            ),
            ShippingOff(reward=self.reward()),
            GiftLines(
                gifts=self.one((Gift(sku="G"),), (Gift(sku="G", quantity=2), Gift(sku="H")), (Gift(sku="X"),)),
                most=self.one(None, 1),
            ),
            PointsMultiplier(factor=Decimal(2)),
            DeferredReward(percent=self.percent()),
        )

    def plain_condition(self) -> Condition:
        """Every kind of condition."""
        return self.one(
            Subtotal(minimum=self.money(), of=self.selector(), basis=self.one(None, *Basis)),
            Subtotal(minimum=self.money(0, 6000)),
            Subtotal(minimum=self.money(0, 6000)),
            Subtotal(maximum=self.money(1000, 9000)),
            Quantity(minimum=self.number(1, 5), of=self.selector()),
            DistinctLines(minimum=self.number(1, 2), maximum=self.number(2, 4)),
            Contains(of=self.selector()),
            Customer(values=frozenset({"c1"})),
            Group(values=frozenset({self.one("vip", "staff")})),
            Segment(values=frozenset({"loyal"})),
            Channel(values=frozenset({"web"})),
            Country(values=frozenset({"DE", "AT"})),
            CurrencyIs(values=frozenset({self.currency})),
            ShippingMethod(values=frozenset({"post"})),
            PaymentMethod(values=frozenset({"card"})),
            Code(values=frozenset({"nonsense"})),
            FirstOrder(),
            Dates(starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1)),
            Weekdays(days=self.one(frozenset({7}), frozenset({1, 2}))),
            Hours(start=time(8), end=time(18)),
        )

    def condition(self) -> Condition:
        return self.one(
            self.plain_condition(),
            self.plain_condition(),
            self.plain_condition(),
            Not(condition=self.plain_condition()),
            AllOf(conditions=(self.plain_condition(), self.plain_condition())),
            AnyOf(conditions=(self.plain_condition(), self.plain_condition())),
        )

    def stacking(self, choices: Mapping[str, GroupChoice]) -> Stacking:
        every = frozenset({"item", "order", "shipping"})
        classes = self.one(every, every, every - {"item"}, frozenset({"shipping"}), frozenset[str]())
        group = self.one("", "", "", "", *choices)
        return Stacking(
            tags=self.several(["x", "y"]),
            classes=classes,
            with_tags=self.one(frozenset[str](), frozenset({"x"}), frozenset({"y"})),
            group=group,
            choice=choices.get(group, GroupChoice.HIGHEST),
            stop_after=not group and self.random.random() < 0.15,
        )

    def limits(self) -> Limits:
        return self.one(
            Limits(),
            Limits(),
            Limits(total=1),
            Limits(per_customer=1),
            Limits(per_period=2, period=Period.MONTH),
            Limits(budget=Money.of_minor(700, self.currency)),
        )

    def promotion(self, id: str, choices: Mapping[str, GroupChoice]) -> Promotion:
        benefit = self.benefit()
        phase = self.one(*sorted(benefit.phases))
        return Promotion(
            id=id,
            name=f"Promotion {id}",
            benefit=benefit,
            phase=phase,
            target=Selector() if phase is AdjustmentKind.SHIPPING else self.selector(),
            conditions=tuple(self.condition() for _ in range(self.one(0, 1))),
            priority=self.number(0, 2),
            automatic=self.one(True, True, False),
            enabled=self.random.random() < 0.9,
            cap=self.maybe(lambda: self.money(50, 2000), 0.3),
            stacking=self.stacking(choices),
            limits=self.limits(),
        )

    def context(self) -> PromotionContext:
        """A buyer, some codes, gifts, floors, and what was used so far."""
        gifts = {sku: Line.of(sku, Item(sku=sku), 1, Money.of_minor(500, self.currency)) for sku in ("G", "H")}
        codes = ["CODE0", "code1", "CODE1B", "CODE2", "nonsense"]
        self.random.shuffle(codes)
        return PromotionContext(
            at=NOW,
            channel="web",
            country=self.one("DE", "FR"),
            customer_id=self.one(None, "c1"),
            groups=frozenset({"vip"}),
            segments=frozenset({"loyal"}),
            first_order=self.one(True, False),
            codes=tuple(codes),
            coupons=(
                *(Coupon(code=f"CODE{n}", promotion_id=f"p{n}") for n in range(6)),
                Coupon(code="CODE1B", promotion_id="p1"),
            ),
            shipping_method="post",
            payment_method="card",
            gifts=gifts,
            refused_gifts=self.one(frozenset[str](), frozenset({"H"}), frozenset({"G"})),
            floors=self.one({}, {}, {"A": Price(Money.of_minor(700, self.currency))}),
            used=self.one({}, {"p0/total": 1, "p1/budget": 500}),
        )

    def policy(self, stacking: StackingMode | None) -> PromotionPolicy:
        """Every way to stack, thresholds before or after, caps per line and category."""
        shoes, sale = Decimal(30), Decimal(20)
        return PromotionPolicy(
            name="made",
            stacking=stacking or self.one(*StackingMode),
            threshold=self.one(*Basis),
            line_cap=self.one(None, None, Decimal(40)),
            category_caps=self.one({}, {}, {"shoes": shoes}, {"shoes": shoes, "sale": sale}),
            search_bound=100_000,
        )

    def case(self, stacking: StackingMode | None, most: int, choices: Sequence[GroupChoice]) -> Case:
        named = {group: self.one(*choices) for group in ("g", "h")}
        promotions = [self.promotion(f"p{n}", named) for n in range(self.number(1, most))]
        return self.cart(), promotions, self.context(), self.policy(stacking)


def makers() -> st.SearchStrategy[Maker]:
    return st.integers(0, 2**48).map(Maker)


def cases(
    *, stacking: StackingMode | None = None, most: int = 6, choices: Sequence[GroupChoice] = tuple(GroupChoice)
) -> st.SearchStrategy[Case]:
    """All that `apply` takes."""
    return makers().map(lambda maker: maker.case(stacking, most, choices))
