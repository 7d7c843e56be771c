"""More off for more: by quantity or by amount."""

from collections.abc import Sequence
from typing import ClassVar

from attrs import frozen

from commerce.kernel import AdjustmentKind, InvalidValue, Money, whole_number
from commerce.promotions.benefits.base import GOODS, Benefit
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.work import Work
from commerce.promotions.conditions.base import Unmet
from commerce.promotions.values import Reason, require_amount

__all__ = ["AmountTier", "AmountTiers", "QuantityTier", "QuantityTiers"]


@frozen(kw_only=True)
class QuantityTier:
    """From ``start`` units on, until just before ``below`` (open if not given)."""

    start: int
    below: int | None = None
    benefit: Benefit


@frozen(kw_only=True)
class AmountTier:
    """From an amount on, until just before ``below`` (open if not given)."""

    start: Money
    below: Money | None = None
    benefit: Benefit


@frozen(kw_only=True)
class QuantityTiers(Benefit):
    """The benefit of the tier that all target units together reach."""

    kind: ClassVar[str] = "quantity_tiers"
    picks: ClassVar[bool] = True
    phases: ClassVar[frozenset[AdjustmentKind]] = GOODS

    tiers: tuple[QuantityTier, ...]

    def __attrs_post_init__(self) -> None:
        for n, tier in enumerate(self.tiers):
            whole_number(tier.start, f"tiers[{n}].start", least=1)
            if tier.below is not None:
                whole_number(tier.below, f"tiers[{n}].below")
        _require_tiers([(tier.start, tier.below, tier.benefit) for tier in self.tiers])

    @property
    def steady(self) -> bool:
        """Discounts change no quantity."""
        return all(tier.benefit.steady for tier in self.tiers)

    @property
    def local(self) -> bool:
        """Whether all of its benefits are."""
        return all(tier.benefit.local for tier in self.tiers)

    def shares(self, work: Work) -> list[int] | Unmet:
        """What the tier reached gives."""
        units = sum(work.quantities())
        if units < self.tiers[0].start:
            return Unmet(Reason.BELOW_MINIMUM, self.tiers[0].start - units)
        for tier in self.tiers:
            if tier.below is None or units < tier.below:
                return tier.benefit.shares(work)
        return Unmet(Reason.ABOVE_MAXIMUM)


@frozen(kw_only=True)
class AmountTiers(Benefit):
    """The benefit of the tier that all targets together reach, after earlier discounts or before, by the policy."""

    kind: ClassVar[str] = "amount_tiers"
    picks: ClassVar[bool] = True
    phases: ClassVar[frozenset[AdjustmentKind]] = GOODS

    tiers: tuple[AmountTier, ...]

    def __attrs_post_init__(self) -> None:
        for n, tier in enumerate(self.tiers):
            require_amount(tier.start, f"tiers[{n}].start", least=0)
            if tier.below is not None:
                require_amount(tier.below, f"tiers[{n}].below")
        below = (None if tier.below is None else tier.below.minor for tier in self.tiers)
        bounds = zip(self.tiers, below, strict=True)
        _require_tiers([(tier.start.minor, end, tier.benefit) for tier, end in bounds])

    @property
    def local(self) -> bool:
        """Whether all of its benefits are."""
        return all(tier.benefit.local for tier in self.tiers)

    def calm(self, basket: Basket, places: Sequence[int], before: int) -> bool:
        """Whether the tier that is reached stays the same."""
        amount = basket.amount(places)
        tier = next((t for t in self.tiers if t.below is None or amount < t.below.minor), None)
        return tier is not None and amount - before >= tier.start.minor and tier.benefit.calm(basket, places, before)

    def shares(self, work: Work) -> list[int] | Unmet:
        """What the tier reached gives."""
        amount = work.basket.amount(work.places)
        if amount < self.tiers[0].start.minor:
            missing = self.tiers[0].start.minor - amount
            return Unmet(Reason.BELOW_MINIMUM, Money.of_minor(missing, work.basket.currency))
        for tier in self.tiers:
            if tier.below is None or amount < tier.below.minor:
                return tier.benefit.shares(work)
        return Unmet(Reason.ABOVE_MAXIMUM)


def _require_tiers(tiers: Sequence[tuple[int, int | None, Benefit]]) -> None:
    """Each tier begins where the one before ends; only the last may be open."""
    if not tiers:
        raise InvalidValue(field="tiers", reason="name at least one tier")
    for n, (start, below, benefit) in enumerate(tiers):
        if below is not None and below <= start:
            raise InvalidValue(field=f"tiers[{n}].below", reason="the tier ends where it starts: nothing reaches it")
        if isinstance(benefit, QuantityTiers | AmountTiers) or benefit.gifts or not benefit.phases & GOODS:
            raise InvalidValue(field=f"tiers[{n}].benefit", reason="a tier takes money off lines, and has no tiers")
        if n and tiers[n - 1][1] != start:
            before = tiers[n - 1][1]
            gap = "overlaps the tier before" if before is None or before > start else "leaves a gap to the tier before"
            raise InvalidValue(field=f"tiers[{n}].start", reason=f"it {gap}: begin where that one ends")
