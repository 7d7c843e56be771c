"""Promotions made ready: in order, indexed by what they need, with a bit for each conflict."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from attrs import define, field

from commerce.kernel import AdjustmentKind, Money
from commerce.promotions.benefits import Benefit
from commerce.promotions.model import Promotion
from commerce.promotions.values import Limits, Outcome, Reason

__all__ = ["Candidate", "Prepared", "conflicts_of", "mask_of", "needs_of"]


@define(eq=False)
class Prepared:
    """A promotion at its position in the order; ``bit`` is its mark in masks, ``mates`` are the others of its group.

    ``granting``: whether it may promise something beside the price; ``limited``: whether its own uses are counted.
    """

    position: int
    promotion: Promotion
    mates: int
    bit: int = field(init=False)
    currency: str | None = field(init=False)
    moving: bool = field(init=False)
    shipping: bool = field(init=False)
    granting: bool = field(init=False)
    limited: bool = field(init=False)
    _untouched: dict[tuple[str, str], Outcome] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        promotion = self.promotion
        self.bit = 1 << self.position
        self.currency = promotion.currency
        self.moving = any(condition.moving for condition in promotion.conditions)
        self.shipping = promotion.phase is AdjustmentKind.SHIPPING
        self.granting = type(promotion.benefit).grants is not Benefit.grants
        self.limited = promotion.limits != Limits()

    def untouched(self, at: datetime, zero: Money) -> Outcome:
        """What became of it in a cart that has nothing it needs."""
        reason = self.promotion.refuses_at(at) or (
            Reason.NO_TARGET if self.promotion.automatic else Reason.CODE_REQUIRED
        )
        known = self._untouched.get((reason, zero.currency.code))
        if known is None:
            known = Outcome(promotion_id=self.promotion.id, reason=reason, amount=zero, label=self.promotion.name)
            self._untouched[reason, zero.currency.code] = known
        return known


@define(eq=False)
class Candidate:
    """A promotion that may take effect on a cart: its targets, the code it came by, the most it may take.

    ``even``: no cap of a category, and no floor where only some units are picked, can make it take more after others
    than alone. ``steady``: others before it lower what it takes by no more than they take, and never raise it.
    """

    prepared: Prepared
    promotion: Promotion
    places: tuple[int, ...]
    code: str | None
    cap: int | None
    even: bool
    position: int
    steady: bool


def needs_of(promotion: Promotion) -> list[tuple[str, str]] | None:
    """Keys of which a cart has at least one wherever the promotion can take effect; ``None`` if it needs none."""
    needed = (promotion.target, *(condition.needs for condition in promotion.conditions))
    return next((list(selector.keys()) for selector in needed if selector is not None and selector.narrow), None)


def conflicts_of(ordered: Sequence[Promotion], mates: Sequence[int]) -> list[int]:
    """For each position the promotions it does not combine with, as bits. Two combine if both agree."""
    every = (1 << len(ordered)) - 1
    classes: dict[str, int] = {}
    tags: dict[str, int] = {}
    rules: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    for n, promotion in enumerate(ordered):
        bit, stacking = 1 << n, promotion.stacking
        classes[promotion.phase.value] = classes.get(promotion.phase.value, 0) | bit
        for tag in stacking.tags:
            tags[tag] = tags.get(tag, 0) | bit
        rule = (stacking.classes, stacking.with_tags)
        rules[rule] = rules.get(rule, 0) | bit
    agreed = {
        rule: reduce(or_, [classes.get(c, 0) for c in rule[0]] + [tags.get(tag, 0) for tag in rule[1]], 0)
        for rule in rules
    }
    refusing = [(members, every & ~agreed[rule]) for rule, members in rules.items() if agreed[rule] != every]
    conflicts = []
    stoppers = 0
    for n, promotion in enumerate(ordered):
        bit, stacking = 1 << n, promotion.stacking
        mask = stoppers | mates[n] | every & ~agreed[stacking.classes, stacking.with_tags]
        for members, refused in refusing:
            if refused & bit:
                mask |= members
        if stacking.stop_after:
            mask |= every & -(bit << 1)
            stoppers |= bit
        conflicts.append(mask & ~bit)
    return conflicts


def mask_of(candidates: Iterable[Candidate]) -> int:
    """Some candidates as bits."""
    mask = 0
    for candidate in candidates:
        mask |= candidate.prepared.bit
    return mask
