"""Gifts, shipping, points, and rewards for later."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import AdjustmentKind, InvalidValue, Money, exact_number
from commerce.promotions.benefits.base import Benefit
from commerce.promotions.calculators.sharing import parts_of, ratio_of
from commerce.promotions.calculators.units import reward_for
from commerce.promotions.calculators.work import Work
from commerce.promotions.values import Basis, Gift, Grant, Reward, percentage, require_amount, require_counts

__all__ = ["DeferredReward", "GiftLines", "PointsMultiplier", "ShippingOff"]

_ORDER = frozenset({AdjustmentKind.ORDER})


@frozen(kw_only=True)
class ShippingOff(Benefit):
    """Shipping is free, or gets another reward: half of it, 2.00 off, 1.00 flat.

    Acts on charges whose id starts with ``shipping``.
    """

    kind: ClassVar[str] = "shipping_off"
    phases: ClassVar[frozenset[AdjustmentKind]] = frozenset({AdjustmentKind.SHIPPING})
    phase: ClassVar[AdjustmentKind] = AdjustmentKind.SHIPPING

    reward: Reward = field(factory=lambda: Reward(percent=Decimal(100)))

    @property
    def steady(self) -> bool:
        """It takes what there is."""
        return True

    def shares(self, work: Work) -> list[int]:
        """Reward each shipping charge."""
        full, left = work.values(Basis.LIST), work.values()
        return [
            reward_for(self.reward, full=whole, left=rest, quantity=1, count=1, rounding=work.rounding)
            for whole, rest in zip(full, left, strict=True)
        ]


@frozen(kw_only=True)
class GiftLines(Benefit):
    """Units are added for nothing: all ``gifts``, or the first ``most`` that are to be had and not refused."""

    kind: ClassVar[str] = "gift_lines"
    phases: ClassVar[frozenset[AdjustmentKind]] = _ORDER
    phase: ClassVar[AdjustmentKind] = AdjustmentKind.ORDER

    gifts: tuple[Gift, ...]
    most: int | None = None

    def __attrs_post_init__(self) -> None:
        if not self.gifts:
            raise InvalidValue(field="gifts", reason="name at least one gift")
        if len({gift.sku for gift in self.gifts}) != len(self.gifts):
            raise InvalidValue(field="gifts", reason="name every SKU once, with its quantity")
        require_counts(most=self.most)

    def given(self, ready: Sequence[Gift]) -> Sequence[Gift]:
        """The first of them."""
        return ready[: self.most]

    @property
    def steady(self) -> bool:
        """A gift is worth its price, whatever else is taken off."""
        return True


#: Points times this still fit into what a ledger counts.
_MOST_FACTOR = 1000


def _factor(factor: Decimal | int | str) -> Decimal:
    exact = exact_number(factor, "factor")
    if not 1 < exact <= _MOST_FACTOR:
        raise InvalidValue(field="factor", reason=f"times {exact} is not possible: pass more than 1, to {_MOST_FACTOR}")
    return exact


@frozen(kw_only=True)
class PointsMultiplier(Benefit):
    """Points are worth ``factor`` times as much. Takes nothing off; the result has a grant."""

    kind: ClassVar[str] = "points_multiplier"
    phases: ClassVar[frozenset[AdjustmentKind]] = _ORDER
    phase: ClassVar[AdjustmentKind] = AdjustmentKind.ORDER

    factor: Decimal = field(converter=_factor)

    @property
    def steady(self) -> bool:
        """It takes nothing off."""
        return True

    def grants(self, work: Work, promotion_id: str) -> tuple[Grant, ...]:
        """The multiplier."""
        return (Grant(promotion_id=promotion_id, kind="points_multiplier", factor=self.factor),)


def _percentage(percent: Decimal | int | str | None) -> Decimal | None:
    return None if percent is None else percentage(percent)


@frozen(kw_only=True)
class DeferredReward(Benefit):
    """Something for later: ``points``, or a coupon or store credit.

    The latter two are worth an ``amount``, or ``percent`` % of what is left of the targets.
    """

    kind: ClassVar[str] = "deferred_reward"
    phases: ClassVar[frozenset[AdjustmentKind]] = _ORDER
    phase: ClassVar[AdjustmentKind] = AdjustmentKind.ORDER

    pays: str = "store_credit"
    amount: Money | None = None
    percent: Decimal | None = field(default=None, converter=_percentage)
    points: int | None = None

    def __attrs_post_init__(self) -> None:
        if sum(way is not None for way in (self.amount, self.percent, self.points)) != 1:
            raise InvalidValue(field="amount", reason="give exactly one of amount, percent, points")
        if (self.pays == "points") != (self.points is not None) or self.pays not in (
            "points",
            "store_credit",
            "coupon",
        ):
            raise InvalidValue(field="pays", reason="points pays points; store_credit and coupon an amount or percent")
        require_counts(points=self.points)
        if self.amount is not None:
            require_amount(self.amount, "amount")

    @property
    def steady(self) -> bool:
        """It takes nothing off."""
        return True

    def grants(self, work: Work, promotion_id: str) -> tuple[Grant, ...]:
        """What is promised."""
        amount = self.amount
        if self.percent is not None:
            minor = parts_of([sum(work.values(Basis.DISCOUNTED))], ratio_of(self.percent), work.rounding)[0]
            amount = Money.of_minor(minor, work.basket.currency)
        return (Grant(promotion_id=promotion_id, kind=self.pays, amount=amount, units=self.points),)
