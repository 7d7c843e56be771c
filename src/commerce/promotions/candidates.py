"""Promotions made ready: in order, indexed by what they need, with a bit for each conflict."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from attrs import define, field

from commerce.kernel import AdjustmentKind, Money
from commerce.promotions.model import Promotion
from commerce.promotions.values import GroupChoice, Outcome, Reason, Selector

__all__ = ["Candidate", "Prepared", "bits_of", "conflicts_of", "in_order", "needs_of"]

_PHASES = {AdjustmentKind.ITEM: 0, AdjustmentKind.ORDER: 1, AdjustmentKind.SHIPPING: 2}


@define(eq=False)
class Prepared:
    """A promotion at its position in the order; ``bit`` is its mark in masks."""

    position: int
    promotion: Promotion
    currency: str | None
    moving: bool
    _untouched: dict[tuple[str, str], Outcome] = field(factory=dict, init=False)

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

    @property
    def bit(self) -> int:
        """Its mark in a mask of promotions."""
        return 1 << self.position


@define(eq=False)
class Candidate:
    """A promotion that may take effect on a cart: its targets, the code it came by, the most it may take.

    ``even``: no cap of a category, and no floor where only some units are picked, can make it take more after others
    than alone.
    """

    prepared: Prepared
    promotion: Promotion
    places: tuple[int, ...]
    code: str | None
    cap: int | None
    even: bool
    position: int

    @property
    def steady(self) -> bool:
        """Whether others before it lower what it takes by no more than they take, and never raise it."""
        return self.even and self.promotion.benefit.steady


def in_order(promotions: Iterable[Promotion]) -> list[Promotion]:
    """By phase, then priority (higher first), then id."""
    return sorted(promotions, key=lambda p: (_PHASES[p.phase], -p.priority, p.id))


def needs_of(promotion: Promotion) -> list[tuple[str, str]] | None:
    """Keys of which a cart has at least one wherever the promotion can take effect; ``None`` if it needs none."""
    if promotion.target.narrow and promotion.benefit.phases != frozenset({AdjustmentKind.SHIPPING}):
        return list(promotion.target.keys())
    for condition in promotion.conditions:
        selector = getattr(condition, "of", None)
        least = getattr(condition, "minimum", 1)
        if isinstance(selector, Selector) and selector.narrow and least:
            return list(selector.keys())
    return None


def conflicts_of(ordered: Sequence[Promotion], *, by_group: frozenset[GroupChoice]) -> list[int]:
    """For each position the promotions it does not combine with, as bits.

    Two combine if both agree. Members of one group in one phase exclude each other here only if their choice
    is among ``by_group``; other choices are made beforehand.
    """
    every = (1 << len(ordered)) - 1
    classes: dict[str, int] = {}
    tags: dict[str, int] = {}
    groups: dict[tuple[AdjustmentKind, str], int] = {}
    rules: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    for n, promotion in enumerate(ordered):
        bit, stacking = 1 << n, promotion.stacking
        classes[promotion.phase.value] = classes.get(promotion.phase.value, 0) | bit
        for tag in stacking.tags:
            tags[tag] = tags.get(tag, 0) | bit
        if stacking.group and stacking.choice in by_group:
            key = (promotion.phase, stacking.group)
            groups[key] = groups.get(key, 0) | bit
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
        mask = every & ~agreed[stacking.classes, stacking.with_tags]
        for members, refused in refusing:
            if refused & bit:
                mask |= members
        if stacking.group and stacking.choice in by_group:
            mask |= groups[promotion.phase, stacking.group]
        mask |= stoppers
        if stacking.stop_after:
            mask |= every & -(bit << 1)
            stoppers |= bit
        conflicts.append(mask & ~bit)
    return conflicts


def bits_of(mask: int) -> Iterator[int]:
    """The positions of a mask, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
