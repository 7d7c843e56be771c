"""The taxes of one rate group under one profile, prepared so that a line costs a few integer operations."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from commerce.kernel import Currency, Money, RoundingProfile, TaxShare, TaxTarget, allocate, divide
from commerce.tax.model import TaxRate

__all__ = ["Formula", "Group", "face", "factors", "in_order"]

#: All rates charged on one category at one place, in the order they are charged.
Group = tuple[TaxRate, ...]


def in_order(rates: Iterable[TaxRate]) -> Group:
    """Rates in the order they are charged, whatever the order in which they arrived."""
    return tuple(sorted(rates, key=lambda rate: (rate.order, rate.id)))


def factors(group: Group) -> list[Fraction]:
    """Each rate's exact share of one unit of net, compounding resolved."""
    found: list[Fraction] = []
    for rate, lower in zip(group, _lower(group), strict=True):
        ratio = Fraction(rate.rate)
        found.append(ratio * (1 + sum(found[:lower], Fraction(0))))
    return found


def face(group: Group) -> tuple[tuple[str, Decimal, str, int], ...]:
    """What a bill can tell apart of a group: groups with the same face are one.

    Of ``order`` and ``compound`` that is which taxes are in the base of which.
    """
    return tuple(
        [(rate.name, rate.rate, rate.jurisdiction, lower) for rate, lower in zip(group, _lower(group), strict=True)]
    )


def _lower(group: Group) -> list[int]:
    """For each rate, how many rates before it are in its base: those of lower order, if it is compound."""
    return [sum(other.order < rate.order for other in group) if rate.compound else 0 for rate in group]


def _depths(lower: Sequence[int]) -> list[int]:
    """How many taxes upon taxes each rate is, from the number of rates in its base."""
    found: list[int] = []
    for below in lower:
        found.append(1 + max(found[:below]) if below else 0)
    return found


class Formula:
    """Taxes an amount of one rate group; all rounding is the profile's.

    Net prices: each rate is rounded by itself, a compound one on what was charged
    before it. Gross prices: all taxes together are found by one rounding, then shared
    over the rates in exact proportion, so that net + tax = gross.
    """

    def __init__(self, group: Group, profile: RoundingProfile, currency: Currency, *, included: bool) -> None:
        self.face = face(group)
        self.included = included
        self._rounding = profile.tax_rounding
        self._currency = currency
        self._net_first = profile.tax_target is TaxTarget.NET
        self._ratios = [(*rate.as_integer_ratio(), lower) for _, rate, _, lower in self.face]
        depths = _depths([lower for *_, lower in self.face])
        #: For each rate, how deep it compounds and what a bill calls it: its row there.
        self.rows = [(depth, *label[:3]) for depth, label in zip(depths, self.face, strict=True)]
        exact = factors(group)
        whole = sum(exact, Fraction(0))
        common = lcm(*(factor.denominator for factor in exact))
        self._weights = [int(factor * common) for factor in exact]
        self._net, self._tax, self._gross = whole.denominator, whole.numerator, whole.denominator + whole.numerator

    def taxes(self, amount: int) -> list[int]:
        """The tax of each rate on an amount of minor units."""
        return self._inside(amount) if self.included else self._on_top(amount)

    def _on_top(self, amount: int) -> list[int]:
        found: list[int] = []
        for nth in range(len(self._ratios)):
            found.append(self.tax_on(nth, self.base(nth, amount, found)))
        return found

    def base(self, nth: int, amount: int, taxes: Sequence[int]) -> int:
        """What the nth rate is charged on, of a net amount and the taxes of the rates before it."""
        lower = self._ratios[nth][2]
        return amount + sum(taxes[:lower]) if lower else amount

    def tax_on(self, nth: int, base: int) -> int:
        """The tax of the nth rate on its base."""
        numerator, denominator, _ = self._ratios[nth]
        return divide(base * numerator, denominator, self._rounding)

    def _inside(self, amount: int) -> list[int]:
        if self._net_first:
            tax = amount - divide(amount * self._net, self._gross, self._rounding)
        else:
            tax = divide(amount * self._tax, self._gross, self._rounding)
        return [tax] if len(self._weights) == 1 else allocate(tax, self._weights) if tax else [0] * len(self._weights)

    def of_units(self, amount: int, quantity: int) -> list[int]:
        """The taxes of ``quantity`` units that cost ``amount`` together, rounded on each unit.

        Unit shares by cumulative difference differ by at most one minor unit, so two of them stand for all.
        """
        share, dearer = divmod(amount, quantity)
        taxes = [tax * (quantity - dearer) for tax in self.taxes(share)]
        if dearer:
            taxes = [tax + more * dearer for tax, more in zip(taxes, self.taxes(share + 1), strict=True)]
        return taxes

    def shares(self, amount: int, taxes: Sequence[int]) -> tuple[TaxShare, ...]:
        """The taxes of an amount as values, each with the base that it was charged on."""
        money, currency = Money.of_minor, self._currency
        base = amount - sum(taxes) if self.included else amount
        return tuple(
            [
                TaxShare(
                    name=name,
                    rate=rate,
                    base=money(base + sum(taxes[:lower]), currency),
                    amount=money(tax, currency),
                    jurisdiction=jurisdiction,
                )
                for (name, rate, jurisdiction, lower), tax in zip(self.face, taxes, strict=True)
            ]
        )
