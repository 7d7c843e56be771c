"""How a shop rounds: named, versioned, and stored with every order."""

from enum import StrEnum

from attrs import frozen

from commerce.kernel.allocation import Allocation
from commerce.kernel.rounding import Rounding

__all__ = ["QUICK_START", "RoundingProfile", "TaxLevel", "TaxTarget"]


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


#: What the quick start uses: halves up for both, tax per line, net rounded.
QUICK_START = RoundingProfile(
    name="quick-start",
    price_rounding=Rounding.HALF_UP,
    tax_rounding=Rounding.HALF_UP,
    tax_level=TaxLevel.LINE,
    tax_target=TaxTarget.NET,
)
