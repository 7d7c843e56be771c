"""What a condition is."""

from typing import ClassVar

from attrs import frozen

from commerce.kernel import Money
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.values import Reason, Selector

__all__ = ["Condition", "Unmet"]


#: More than any cart costs.
NEVER = 1 << 62


@frozen
class Unmet:
    """Why a condition does not hold, and what is missing if that can be said."""

    reason: str
    missing: Money | int | None = None


class Condition:
    """One question to a cart and its context. Subclass it as a frozen attrs class with a ``kind``.

    ``moving`` is true for an instance whose answer may change while discounts are taken. ``check`` is
    pure and quick: it answers nothing if the condition holds.
    """

    __slots__ = ()

    kind: ClassVar[str]

    def check(self, basket: Basket) -> Unmet | None:
        """Why it does not hold; ``None`` if it does."""
        raise NotImplementedError

    @property
    def needs(self) -> Selector | None:
        """Lines of which every cart has one where it holds: other carts are then not even looked at."""
        return None

    @property
    def moving(self) -> bool:
        """Whether discounts taken before can change the answer."""
        return False

    @property
    def falling(self) -> bool:
        """Whether a no stays a no while discounts are taken."""
        return not self.moving

    def slack(self, basket: Basket) -> int:
        """How many minor units discounts may take before a yes may become a no."""
        return 0 if self.moving else NEVER

    def by_total(self, basket: Basket) -> bool:
        """Whether of all that discounts do only their total on all lines can turn a yes into a no."""
        return not self.moving


#: Said where a plain no is all there is to say.
NOT_MET = Unmet(Reason.CONDITION_NOT_MET)
