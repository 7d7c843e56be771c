"""Tax on a discounted cart: pure, on whole minor units, net + tax = gross everywhere."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import evolve, frozen

from commerce.kernel import (
    Currency,
    Money,
    PricedCart,
    PricedCharge,
    PricedLine,
    RoundingProfile,
    TaxLevel,
    TaxShare,
    TaxTarget,
    allocate,
    unit_shares,
)
from commerce.tax.model import STANDARD, MissingRate, ShippingTax, TaxContext, TaxRate

__all__ = ["calculate", "rates_for"]

_ZERO = Decimal(0)

Group = tuple[TaxRate, ...]
Part = PricedLine | PricedCharge


def rates_for(rates: Sequence[TaxRate], category: str, context: TaxContext) -> Group | MissingRate:
    """All rates charged on one category at a destination, in the order they are charged.

    A category without a rate of its own there takes the standard rate.
    """
    here = [rate for rate in rates if rate.applies(context.destination, context.at)]
    own = [rate for rate in here if rate.category == category] or [r for r in here if r.category == STANDARD]
    if not own:
        place = context.destination
        return MissingRate(country=place.country, region=place.region, category=category)
    return tuple(sorted(own, key=lambda rate: (rate.order, rate.id)))


def calculate(cart: PricedCart, rates: Sequence[TaxRate], context: TaxContext) -> PricedCart | MissingRate:
    """The cart with its taxes, by the cart's rounding profile; or the first rate that is missing.

    Tax is taken on what is left after discounts. On every line, charge and total
    ``net + tax = gross`` holds exactly, since one side is found by subtraction.
    """
    groups: dict[str, Group] = {}
    parts: tuple[Part, ...] = (*cart.lines, *cart.charges)
    for category in dict.fromkeys(map(_category, parts)):
        found = () if context.exempt else rates_for(rates, category, context)
        if isinstance(found, MissingRate):
            return found
        groups[category] = found
    jobs = [_Job(part=line, slices=((line.total.minor, groups[_category(line)]),)) for line in cart.lines]
    weights = _weights(jobs)
    for charge in cart.charges:
        weighted = context.shipping is ShippingTax.WEIGHTED and sum(weights.values()) > 0
        own = ((charge.total.minor, groups[_category(charge)]),)
        jobs.append(_Job(part=charge, slices=_split(charge.total.minor, weights) if weighted else own))
    taxes = _Taxes(cart, context).of(jobs)
    priced = [evolve(job.part, taxes=shares) for job, shares in zip(jobs, taxes, strict=True)]
    count = len(cart.lines)
    return evolve(
        cart,
        lines=tuple(part for part in priced[:count] if isinstance(part, PricedLine)),
        charges=tuple(part for part in priced[count:] if isinstance(part, PricedCharge)),
    )


@frozen
class _Job:
    """A line or charge, cut into slices of one rate group each."""

    part: Part
    slices: tuple[tuple[int, Group], ...]


def _category(part: Part) -> str:
    return part.line.item.tax_category if isinstance(part, PricedLine) else part.charge.tax_category


def _weights(jobs: Sequence[_Job]) -> dict[Group, int]:
    """How much of the lines each rate group has."""
    weights: dict[Group, int] = {}
    for job in jobs:
        for amount, group in job.slices:
            weights[group] = weights.get(group, 0) + amount
    return weights


def _split(amount: int, weights: dict[Group, int]) -> tuple[tuple[int, Group], ...]:
    shares = allocate(amount, list(weights.values()))
    return tuple((share, group) for share, group in zip(shares, weights, strict=True) if share)


class _Taxes:
    """Taxes of all jobs under one profile."""

    def __init__(self, cart: PricedCart, context: TaxContext) -> None:
        self._included = cart.tax_included
        self._profile: RoundingProfile = cart.profile
        self._currency: Currency = cart.currency
        self._context = context

    def of(self, jobs: Sequence[_Job]) -> list[tuple[TaxShare, ...]]:
        """The tax shares of each job, in order."""
        if self._profile.tax_level is TaxLevel.TOTAL:
            amounts = self._by_total(jobs)
        else:
            amounts = [[self._slice(job.part, amount, group) for amount, group in job.slices] for job in jobs]
        return [
            tuple(
                share
                for (amount, group), taxes in zip(job.slices, parts, strict=True)
                for share in self._shares(amount, group, taxes)
            )
            for job, parts in zip(jobs, amounts, strict=True)
        ]

    def _shares(self, amount: int, group: Group, taxes: Sequence[int]) -> list[TaxShare]:
        def money(minor: int) -> Money:
            return Money.of_minor(minor, self._currency)

        if self._context.exempt:
            zero = money(0)
            return [TaxShare(name="exempt", rate=_ZERO, base=money(amount), amount=zero, note=self._context.exempt)]
        base = amount - sum(taxes) if self._included else amount
        shares, before = [], 0
        for rate, tax in zip(group, taxes, strict=True):
            on = base + before if rate.compound else base
            shares.append(
                TaxShare(
                    name=rate.name,
                    rate=rate.rate,
                    base=money(on),
                    amount=money(tax),
                    jurisdiction=rate.jurisdiction,
                )
            )
            before += tax
        return shares

    def _slice(self, part: Part, amount: int, group: Group) -> list[int]:
        """Taxes of one slice, rounded per unit or per line."""
        if self._profile.tax_level is TaxLevel.UNIT and isinstance(part, PricedLine):
            taxes = [0] * len(group)
            for unit, count in Counter(unit_shares(amount, part.line.quantity)).items():
                taxes = [tax + one * count for tax, one in zip(taxes, self._exact(unit, group), strict=True)]
            return taxes
        return self._exact(amount, group)

    def _by_total(self, jobs: Sequence[_Job]) -> list[list[list[int]]]:
        """Taxes rounded once per rate group, then shared over its slices by largest remainder."""
        result: list[list[list[int]]] = [[[] for _ in job.slices] for job in jobs]
        places: dict[Group, list[tuple[int, int, int]]] = {}
        for j, job in enumerate(jobs):
            for s, (amount, group) in enumerate(job.slices):
                places.setdefault(group, []).append((j, s, amount))
        for group, slices in places.items():
            amounts = [amount for _, _, amount in slices]
            for tax in self._exact(sum(amounts), group):
                for (j, s, _), share in zip(slices, allocate(tax, amounts), strict=True):
                    result[j][s].append(share)
        return result

    def _exact(self, amount: int, group: Group) -> list[int]:
        """The taxes of an amount under a rate group, rounded by the profile."""
        rounding = self._profile.tax_rounding
        if not self._included:
            taxes: list[int] = []
            for rate in group:
                base = amount + sum(taxes) if rate.compound else amount
                taxes.append(rounding(base * Fraction(rate.rate)))
            return taxes
        factors = _factors(group)
        whole = sum(factors, Fraction(0))
        if not whole:
            return [0] * len(group)
        if self._profile.tax_target is TaxTarget.NET:
            tax = amount - rounding(amount / (1 + whole))
        else:
            tax = rounding(amount * whole / (1 + whole))
        return allocate(tax, factors)


def _factors(group: Group) -> list[Fraction]:
    """Each rate's exact share of one unit of net, compounding resolved."""
    factors: list[Fraction] = []
    for rate in group:
        ratio = Fraction(rate.rate)
        factors.append(ratio * (1 + sum(factors, Fraction(0))) if rate.compound else ratio)
    return factors
