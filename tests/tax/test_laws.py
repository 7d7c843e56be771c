"""What holds for every cart, currency, profile and set of rates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.kernel import (
    Address,
    Adjustment,
    AdjustmentKind,
    Charge,
    Item,
    Line,
    Money,
    PricedCart,
    PricedCharge,
    PricedLine,
    Rounding,
    RoundingProfile,
    TaxLevel,
    TaxTarget,
    unit_shares,
)
from commerce.tax import MissingRate, ShippingTax, TaxContext, TaxRate, calculate, tax_totals

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = TaxContext(destination=Address(country="DE"), at=NOW)
CATEGORIES = ("standard", "books", "zero")

percents = st.sampled_from(["0", "0.1", "5", "7", "8.875", "9.975", "19", "25.5", "33.333"])
rate_sets = st.lists(
    st.tuples(percents, st.sampled_from(CATEGORIES), st.integers(0, 2), st.booleans()), max_size=5
).map(
    lambda rows: [
        TaxRate(
            id=str(n),
            name=f"T{n}",
            country="DE",
            category=category,
            rate=Decimal(percent) / 100,
            order=order,
            compound=compound,
        )
        for n, (percent, category, order, compound) in enumerate([("7", "standard", 0, False), *rows])
    ]
)
profiles = st.builds(
    RoundingProfile,
    name=st.just("any"),
    price_rounding=st.sampled_from(Rounding),
    tax_rounding=st.sampled_from(Rounding),
    tax_level=st.sampled_from(TaxLevel),
    tax_target=st.sampled_from(TaxTarget),
)


@st.composite
def carts(draw: st.DrawFn) -> PricedCart:
    currency = draw(st.sampled_from(["JPY", "EUR", "KWD"]))

    def off(subtotal: int) -> tuple[Adjustment, ...]:
        amount = Money.of_minor(-(subtotal * draw(st.integers(0, 100)) // 100), currency)
        return (Adjustment(kind=AdjustmentKind.ITEM, source="p", label="off", amount=amount),) if amount else ()

    lines = []
    for n in range(draw(st.integers(1, 6))):
        item = Item(sku=str(n), tax_category=draw(st.sampled_from([*CATEGORIES, "nobody's"])))
        line = Line.of(f"l{n}", item, draw(st.integers(1, 30)), Money.of_minor(draw(st.integers(0, 99_999)), currency))
        lines.append(PricedLine(line=line, adjustments=off(line.subtotal.minor)))
    charges = []
    for n in range(draw(st.integers(0, 2))):
        charge = Charge(id=f"c{n}", label="Fee", subtotal=Money.of_minor(draw(st.integers(0, 2000)), currency))
        charges.append(PricedCharge(charge=charge, adjustments=off(charge.subtotal.minor)))
    return PricedCart(
        currency=currency,
        lines=tuple(lines),
        charges=tuple(charges),
        tax_included=draw(st.booleans()),
        profile=draw(profiles),
    )


contexts = st.sampled_from(ShippingTax).map(lambda shipping: evolve(HERE, shipping=shipping))


def taxed(cart: PricedCart, rates: Sequence[TaxRate], context: TaxContext) -> PricedCart:
    answer = calculate(cart, rates, context)
    assert isinstance(answer, PricedCart)
    return answer


@given(carts(), rate_sets, contexts)
@settings(max_examples=300)
def test_net_and_tax_are_gross_everywhere(cart: PricedCart, rates: list[TaxRate], context: TaxContext) -> None:
    answer = taxed(cart, rates, context)
    for part, before in zip(answer.parts, cart.parts, strict=True):
        assert part.net + part.tax == part.gross
        assert (part.gross if cart.tax_included else part.net) == before.total, "tax never moves the price itself"
        assert part.tax.minor >= 0
        assert part.net.minor >= 0
        assert part.adjustments == before.adjustments
    assert answer.net_total + answer.tax_total == answer.grand_total
    assert sum(row.amount.minor for row in tax_totals(answer)) == answer.tax_total.minor


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), rate_sets, profiles)
def test_no_part_of_a_few_cents_holds_more_tax_than_money(
    cents: list[int], rates: list[TaxRate], profile: RoundingProfile
) -> None:
    lines = tuple(
        PricedLine(line=Line.of(str(n), Item(sku=str(n)), 1, Money.of_minor(one, "EUR"))) for n, one in enumerate(cents)
    )
    answer = taxed(PricedCart(currency="EUR", lines=lines, tax_included=True, profile=profile), rates, HERE)
    assert all(part.net.minor >= 0 for part in answer.parts)
    assert all(tax.amount.minor >= 0 for part in answer.parts for tax in part.taxes)


@given(carts(), percents, percents, st.booleans())
def test_per_total_each_row_of_net_prices_is_rounded_once(
    cart: PricedCart, federal: str, local: str, compound: bool
) -> None:
    """Even if it is charged on lines of different rate groups, and whatever the order of the lines."""

    def stated(name: str, percent: str, category: str, order: int) -> TaxRate:
        return TaxRate(
            id=f"{name}-{category}",
            name=name,
            country="DE",
            category=category,
            rate=Decimal(percent) / 100,
            order=order,
            compound=compound and order > 0,
        )

    rates = [stated("GST", federal, category, 0) for category in ("standard", "books")]
    rates += [stated("PST", local, "standard", 1), stated("zero", "0", "zero", 0)]
    profile = evolve(cart.profile, tax_level=TaxLevel.TOTAL)
    net = evolve(cart, tax_included=False, profile=profile)
    answer = taxed(net, rates, HERE)
    for row in tax_totals(answer):
        assert row.amount == row.base.scale(row.rate, profile.tax_rounding)
    assert taxed(evolve(net, lines=net.lines[::-1]), rates, HERE).tax_total == answer.tax_total


@given(carts(), contexts, percents)
def test_every_row_of_the_bill_adds_up(cart: PricedCart, context: TaxContext, percent: str) -> None:
    """With one rate a category, the base and tax of each row are the net and gross of what it taxes."""
    rates = [
        TaxRate(id=c, name=c, country="DE", category=c, rate=Decimal(p) / 100)
        for c, p in (("standard", percent), ("books", "7"), ("zero", "0"))
    ]
    answer = taxed(cart, rates, context)
    rows = tax_totals(answer)
    assert sum(row.base.minor for row in rows) == answer.net_total.minor
    assert sum(row.base.minor + row.amount.minor for row in rows) == answer.grand_total.minor


def oracle(amount: int, rates: Sequence[TaxRate], profile: RoundingProfile, *, included: bool) -> int:
    """All taxes of one amount, in fractions, as the profile says."""
    if included:
        whole = Fraction(0)
        factors: list[tuple[int, Fraction]] = []
        for rate in rates:
            below = (
                sum((f for order, f in factors if order < rate.order), Fraction(0)) if rate.compound else Fraction(0)
            )
            factors.append((rate.order, Fraction(rate.rate) * (1 + below)))
        whole = sum((f for _, f in factors), Fraction(0))
        if profile.tax_target is TaxTarget.NET:
            return amount - profile.tax_rounding(amount / (1 + whole))
        return profile.tax_rounding(amount * whole / (1 + whole))
    taxes: list[tuple[int, int]] = []
    for rate in rates:
        charged = sum(tax for order, tax in taxes if order < rate.order) if rate.compound else 0
        taxes.append((rate.order, profile.tax_rounding(Fraction(rate.rate) * (amount + charged))))
    return sum(tax for _, tax in taxes)


@given(carts(), rate_sets)
@settings(max_examples=300)
def test_lines_agree_with_plain_fractions(cart: PricedCart, rates: list[TaxRate]) -> None:
    """The whole-number formulas against the definition: each line, each unit, each group."""
    answer, profile = taxed(cart, rates, HERE), cart.profile
    groups: dict[tuple[str, ...], list[int]] = {}
    taxes: dict[tuple[str, ...], int] = {}
    for part, before in zip(answer.lines, cart.lines, strict=True):
        category = part.line.item.tax_category
        own = [r for r in rates if r.category == category] or [r for r in rates if r.category == "standard"]
        own.sort(key=lambda rate: (rate.order, rate.id))
        amount = before.total.minor
        if profile.tax_level is TaxLevel.LINE:
            assert part.tax.minor == oracle(amount, own, profile, included=cart.tax_included)
        elif profile.tax_level is TaxLevel.UNIT:
            units = unit_shares(amount, part.line.quantity)
            assert part.tax.minor == sum(oracle(u, own, profile, included=cart.tax_included) for u in units)
        key = tuple(rate.id for rate in own)
        groups.setdefault(key, []).append(amount)
        taxes[key] = taxes.get(key, 0) + part.tax.minor
    if profile.tax_level is TaxLevel.TOTAL and not cart.charges:
        for key, amounts in groups.items():
            own = [next(r for r in rates if r.id == id) for id in key]
            assert taxes[key] == oracle(sum(amounts), own, profile, included=cart.tax_included)


@given(carts(), rate_sets, contexts, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_line(
    cart: PricedCart, rates: list[TaxRate], context: TaxContext, random: Random
) -> None:
    """Per unit and per line; on the total, the sum is the same and only the last cent may be another line's."""
    shuffled = list(cart.lines)
    random.shuffle(shuffled)
    one, other = taxed(cart, rates, context), taxed(evolve(cart, lines=tuple(shuffled)), rates[::-1], context)
    if cart.profile.tax_level is not TaxLevel.TOTAL:
        assert {part.line.id: part.taxes for part in one.lines} == {part.line.id: part.taxes for part in other.lines}
    elif context.shipping is ShippingTax.OWN:
        assert one.tax_total == other.tax_total


@given(carts(), rate_sets, contexts, st.data())
def test_refunds_in_any_grouping_sum_to_what_was_paid(
    cart: PricedCart, rates: list[TaxRate], context: TaxContext, data: st.DataObject
) -> None:
    for part in taxed(cart, rates, context).lines:
        start, shares = 0, []
        while start < part.line.quantity:
            count = data.draw(st.integers(1, part.line.quantity - start))
            shares.append(part.units(start, count))
            start += count
        assert sum(share.tax.minor for share in shares) == part.tax.minor
        assert sum(share.net.minor for share in shares) == part.net.minor
        assert sum(share.gross.minor for share in shares) == part.gross.minor
        assert all(share.gross.minor >= 0 for share in shares)


@given(carts(), rate_sets, contexts)
def test_an_exempt_buyer_pays_no_tax_and_the_same_price(
    cart: PricedCart, rates: list[TaxRate], context: TaxContext
) -> None:
    answer = taxed(cart, rates, evolve(context, exempt="resale"))
    assert answer.tax_total.minor == 0
    assert [part.total for part in answer.parts] == [part.total for part in cart.parts]
    assert all(share.note == "resale" for part in answer.parts for share in part.taxes)


@given(carts(), rate_sets, contexts)
def test_a_missing_rate_is_never_silent(cart: PricedCart, rates: list[TaxRate], context: TaxContext) -> None:
    """Whatever is not stated and not exempt is a result that names place and category."""
    known = [rate for rate in rates if rate.category != "standard"]
    answer = calculate(cart, known, context)
    if isinstance(answer, MissingRate):
        assert (answer.country, answer.region) == ("DE", "")
        assert answer.category not in {rate.category for rate in known}
    else:
        assert all(part.taxes or part.total.minor == 0 for part in answer.parts)
    elsewhere = evolve(context, destination=Address(country="FR"))
    assert isinstance(calculate(cart, rates, elsewhere), MissingRate)


@given(carts(), rate_sets, contexts)
def test_taxing_twice_is_taxing_once(cart: PricedCart, rates: list[TaxRate], context: TaxContext) -> None:
    once = taxed(cart, rates, context)
    assert taxed(once, rates, context) == once
