"""Promotions made ready: in order, indexed by what they need, with a bit for each conflict."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from attrs import define, field

from commerce.kernel import AdjustmentKind, Currency, Money
from commerce.promotions.benefits import Benefit
from commerce.promotions.model import Promotion
from commerce.promotions.values import Limits, Outcome, Reason

__all__ = ["Candidate", "Prepared", "Untouched", "conflicts_of", "mask_of", "needs_of"]

#: In how many currencies and between how many starts and ends answers are kept.
_MOST_KNOWN = 8


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

    def __attrs_post_init__(self) -> None:
        promotion = self.promotion
        self.bit = 1 << self.position
        self.currency = promotion.currency
        self.moving = any(condition.moving for condition in promotion.conditions)
        self.shipping = promotion.phase is AdjustmentKind.SHIPPING
        self.granting = type(promotion.benefit).grants is not Benefit.grants
        self.limited = promotion.limits != Limits()


class Untouched:
    """What becomes of promotions in a cart that has nothing they need: the same for all such carts for a while.

    The answers of a few currencies are kept from one start or end of a promotion to the next.
    """

    def __init__(self, prepared: Sequence[Prepared]) -> None:
        self._promotions = [one.promotion for one in prepared]
        moments = (moment for p in self._promotions for moment in (p.starts_at, p.ends_at))
        self._turns = sorted({moment for moment in moments if moment is not None})
        self._known: dict[tuple[int, str], list[Outcome]] = {}

    def at(self, at: datetime, currency: Currency) -> list[Outcome]:
        """An outcome for each, in order; not to be changed."""
        key = bisect_right(self._turns, at), currency.code
        found = self._known.get(key)
        if found is None:
            found = [self._outcome(promotion, at, Money.zero(currency)) for promotion in self._promotions]
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = found
        return found

    def _outcome(self, promotion: Promotion, at: datetime, zero: Money) -> Outcome:
        reason = promotion.refuses_at(at) or (Reason.NO_TARGET if promotion.automatic else Reason.CODE_REQUIRED)
        return Outcome(promotion_id=promotion.id, reason=reason, amount=zero, label=promotion.name)


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
    wanted = next((selector.wanted[0] for selector in needed if selector is not None and selector.narrow), None)
    return None if wanted is None else [(wanted[0], value) for value in wanted[1]]


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
