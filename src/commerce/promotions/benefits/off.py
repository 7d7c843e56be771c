"""Percentages and amounts off, and fixed prices."""

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import AdjustmentKind, Money
from commerce.promotions.benefits.base import GOODS, Benefit
from commerce.promotions.calculators.sharing import parts_of, ratio_of
from commerce.promotions.calculators.units import ranked, unit_value
from commerce.promotions.calculators.work import Work
from commerce.promotions.values import Basis, Choice, Level, percentage, require_amount

__all__ = ["FixedOff", "FixedPrice", "Per", "PercentOff"]

_EVERYWHERE = GOODS | {AdjustmentKind.SHIPPING}


@frozen(kw_only=True)
class PercentOff(Benefit):
    """``percent`` % off every target; with the promotion's ``cap`` at most so much.

    Acts on the list amount or on what earlier discounts left. ``level`` names where it is rounded;
    without it an order promotion rounds the total and an item promotion each line.
    """

    kind: ClassVar[str] = "percent_off"
    phases: ClassVar[frozenset[AdjustmentKind]] = _EVERYWHERE

    percent: Decimal = field(converter=percentage)
    acts_on: Basis = Basis.DISCOUNTED
    level: Level | None = None

    @property
    def steady(self) -> bool:
        """Rounding each of many units can move more than a discount did."""
        return self.level is not Level.UNIT

    @property
    def local(self) -> bool:
        """It is a percentage of its targets."""
        return True

    def apart(self, *, by_total: bool) -> bool:
        """Unless it is rounded on the total, and spread."""
        return self.level is not Level.TOTAL and (self.level is not None or not by_total)

    def shares(self, work: Work) -> list[int]:
        """The percentage of each place, or of all, rounded where named."""
        values = work.values(self.acts_on)
        ratio = ratio_of(self.percent)
        level = self.level or (Level.TOTAL if work.by_total else Level.LINE)
        if level is Level.TOTAL:
            return work.spread(parts_of([sum(values)], ratio, work.rounding)[0])
        if level is Level.LINE or ratio[0] == ratio[1]:  # all off is nothing left, whatever a unit costs
            return parts_of(values, ratio, work.rounding)
        numerator, denominator = ratio
        return [
            parts_of([value], (numerator, denominator * quantity), work.rounding)[0] * quantity
            for value, quantity in zip(values, work.quantities(), strict=True)
        ]


class Per(StrEnum):
    """How often an amount is taken off: from each unit, each line, spread over all, or from one (the dearest) unit."""

    UNIT = "unit"
    LINE = "line"
    SPREAD = "spread"
    ONCE = "once"


@frozen(kw_only=True)
class FixedOff(Benefit):
    """An amount off, never more than there is."""

    kind: ClassVar[str] = "fixed_off"
    picks: ClassVar[bool] = True
    phases: ClassVar[frozenset[AdjustmentKind]] = _EVERYWHERE

    amount: Money = field()
    per: Per = Per.SPREAD

    @amount.validator
    def _something(self, _: object, amount: Money) -> None:
        require_amount(amount, "amount")

    @property
    def steady(self) -> bool:
        """It takes what there is, at most the amount."""
        return True

    def apart(self, *, by_total: bool) -> bool:
        """If it is the same for each unit or line."""
        return self.per in (Per.UNIT, Per.LINE)

    def shares(self, work: Work) -> list[int]:
        """The amount per unit, per line, over all, or off one unit."""
        amount = self.amount.minor
        if self.per is Per.SPREAD:
            return work.spread(amount)
        if self.per is Per.UNIT:
            return [amount * quantity for quantity in work.quantities()]
        if self.per is Per.LINE:
            return [amount] * len(work.places)
        values, quantities = work.values(), work.quantities()
        dearest = ranked(values, quantities, Choice.DEAREST)[0]
        shares = [0] * len(values)
        shares[dearest] = min(amount, int(unit_value(values[dearest], quantities[dearest])))
        return shares


@frozen(kw_only=True)
class FixedPrice(Benefit):
    """Every unit costs ``price``, unless it costs less already."""

    kind: ClassVar[str] = "fixed_price"
    phases: ClassVar[frozenset[AdjustmentKind]] = _EVERYWHERE

    price: Money = field()

    @price.validator
    def _not_negative(self, _: object, price: Money) -> None:
        require_amount(price, "price", least=0)

    @property
    def steady(self) -> bool:
        """What is cheaper already loses less."""
        return True

    def apart(self, *, by_total: bool) -> bool:
        """Each line has its own."""
        return True

    def shares(self, work: Work) -> list[int]:
        """What each line costs above the price."""
        price = self.price.minor
        return [
            max(0, value - price * quantity) for value, quantity in zip(work.values(), work.quantities(), strict=True)
        ]
