"""How a shop rounds: named, versioned, and stored with every order."""

from enum import StrEnum

from attrs import field, frozen

from commerce.kernel.allocation import Allocation
from commerce.kernel.errors import CurrencyMismatch, InvalidValue
from commerce.kernel.money import Money
from commerce.kernel.rounding import Rounding, divide

__all__ = ["QUICK_START", "CashRounding", "RoundingProfile", "TaxLevel", "TaxTarget"]


class TaxLevel(StrEnum):
    """Where tax is rounded: on each unit, each line, or each rate group of the document."""

    UNIT = "unit"
    LINE = "line"
    TOTAL = "total"


class TaxTarget(StrEnum):
    """For tax-included prices: which part is rounded; the other is gross minus it."""

    NET = "net"
    TAX = "tax"


@frozen(kw_only=True)
class RoundingProfile:
    """The rounding choices of a shop. There is no silent default: name one.

    The same cart gives other cents under another profile, so an order keeps
    the whole profile, not its name.
    """

    name: str
    version: int = 1
    price_rounding: Rounding
    tax_rounding: Rounding
    tax_level: TaxLevel
    tax_target: TaxTarget
    allocation: Allocation = Allocation.LARGEST_REMAINDER

    def explain(self) -> str:
        """The choices in a sentence, for whoever disputes a cent."""
        taxes = f"{self.tax_rounding} per {self.tax_level} (where included, the {self.tax_target} is rounded)"
        said = f"prices {self.price_rounding}, taxes {taxes}, discounts shared by {self.allocation}".replace("_", " ")
        return f"rounding {self.name} v{self.version}: {said}"


@frozen(kw_only=True)
class CashRounding:
    """How a total is paid in coins: to the nearest ``step``, such as 0.05 CHF.

    A policy of its own: prices, taxes and the total of the bill stay as they are, and what
    is paid more or less is shown as a difference.

    >>> swiss = CashRounding(name="swiss", step=Money("0.05", "CHF"), rounding=Rounding.HALF_UP)
    >>> swiss.difference(Money("19.98", "CHF"))
    Money('0.02', 'CHF')
    """

    name: str
    version: int = 1
    step: Money = field()
    rounding: Rounding

    @step.validator
    def _above_zero(self, _: object, step: Money) -> None:
        if step.minor <= 0:
            raise InvalidValue(field="step", reason="the smallest coin is worth more than nothing")

    def difference(self, total: Money) -> Money:
        """What cash payment adds to a total (or takes off, below zero)."""
        if total.currency != self.step.currency:
            raise CurrencyMismatch(expected=self.step.currency.code, actual=total.currency.code)
        coins = divide(total.minor, self.step.minor, self.rounding)
        return self.step * coins - total


#: What the quick start uses: halves up for both, tax per line, net rounded.
QUICK_START = RoundingProfile(
    name="quick-start",
    price_rounding=Rounding.HALF_UP,
    tax_rounding=Rounding.HALF_UP,
    tax_level=TaxLevel.LINE,
    tax_target=TaxTarget.NET,
)
