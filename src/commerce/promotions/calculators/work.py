"""What a benefit is given to work on."""

from collections.abc import Sequence

from commerce.kernel import Allocation, Rounding
from commerce.promotions.calculators.basket import Amounts, Basket
from commerce.promotions.calculators.sharing import share
from commerce.promotions.values import Basis

__all__ = ["Work"]


class Work:
    """The places (of lines, or of charges in the shipping phase) that a promotion targets, and their amounts.

    All amounts are minor units. A benefit answers with one share per place; what exceeds a
    place's room is cut afterwards, so spread by `spread` what shall be redistributed.
    """

    __slots__ = ("allocation", "amounts", "basket", "by_total", "places", "rounding")

    def __init__(self, basket: Basket, amounts: Amounts, places: Sequence[int], *, by_total: bool) -> None:
        self.basket = basket
        self.amounts = amounts
        self.places = places
        self.rounding: Rounding = basket.rounding
        self.allocation: Allocation = basket.allocation
        #: Whether the phase discounts the total rather than each line.
        self.by_total = by_total

    def values(self, basis: Basis = Basis.DISCOUNTED) -> list[int]:
        """What each place costs, before or after earlier discounts; nothing where that is below zero."""
        source = self.amounts.left if basis is Basis.DISCOUNTED else self.amounts.full
        values = [source[i] for i in self.places]
        return [max(value, 0) for value in values] if self.amounts.overdrawn else values

    def quantities(self) -> list[int]:
        """How many units each place has."""
        quantity = self.amounts.quantity
        return [quantity[i] for i in self.places]

    def rooms(self) -> list[int]:
        """How much each place may still lose."""
        return self.amounts.rooms(self.places)

    def spread(self, amount: int, weights: Sequence[int] | None = None) -> list[int]:
        """An amount over the places, by weight (what is left to discount); floors redistribute."""
        rooms = self.rooms()
        return share(amount, self.values() if weights is None else weights, rooms, self.allocation)
