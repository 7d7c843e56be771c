"""What a benefit is."""

from collections.abc import Sequence
from typing import ClassVar

from commerce.kernel import AdjustmentKind
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.work import Work
from commerce.promotions.conditions.base import Unmet
from commerce.promotions.values import Gift, Grant

__all__ = ["GOODS", "Benefit"]

#: The phases of benefits on lines.
GOODS = frozenset({AdjustmentKind.ITEM, AdjustmentKind.ORDER})


class Benefit:
    """What a promotion gives. Subclass it as a frozen attrs class with a ``kind`` and the ``phases`` it may act in.

    ``phase`` is the one it acts in unless the promotion names another. Be pure and quick.
    """

    __slots__ = ()

    kind: ClassVar[str]
    phases: ClassVar[frozenset[AdjustmentKind]] = GOODS
    phase: ClassVar[AdjustmentKind] = AdjustmentKind.ITEM
    #: Whether it rewards some units only, chosen by what they cost.
    picks: ClassVar[bool] = False
    #: What is given in kind.
    gifts: tuple[Gift, ...] = ()

    def shares(self, work: Work) -> list[int] | Unmet:
        """Minor units off each of ``work.places``, or why there are none."""
        return [0] * len(work.places)

    def given(self, ready: Sequence[Gift]) -> Sequence[Gift]:
        """Which of the ``gifts`` that are to be had are given."""
        return ready

    def grants(self, work: Work, promotion_id: str) -> tuple[Grant, ...]:
        """What is promised beside the price."""
        return ()

    @property
    def steady(self) -> bool:
        """Whether a discount taken before lowers this one by no more than itself, and never raises it.

        Steady benefits make the search for the best combination short. If in doubt, say no.
        """
        return False

    @property
    def local(self) -> bool:
        """Whether what it takes depends on nothing but what its own places cost. If in doubt, say no."""
        return False

    def apart(self, *, by_total: bool) -> bool:
        """Whether what it takes off a place depends on that place only, and never grows by discounts before.

        ``by_total``: in a phase that discounts the total. If in doubt, say no.
        """
        return False

    def ceiling(self, basket: Basket, places: Sequence[int], lows: Sequence[int]) -> int | None:
        """The most it can take while each place costs what it does or less, down to ``lows``; ``None``: all of it.

        Asked of those that are not `calm`. The closer, the shorter the search.
        """
        return None

    def calm(self, basket: Basket, places: Sequence[int], before: int) -> bool:
        """Whether it is steady on this cart when others take ``before`` minor units before it.

        Of a `local` one only those count that take something off its places.
        """
        return self.steady
