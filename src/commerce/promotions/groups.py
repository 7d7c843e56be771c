"""Exclusive groups: one choice each, and in which order their members are looked at."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from commerce.kernel import AdjustmentKind
from commerce.promotions.applying import Effect
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate
from commerce.promotions.errors import InvalidPromotion, Problem
from commerce.promotions.model import Promotion
from commerce.promotions.taking import alone, in_turn
from commerce.promotions.values import GroupChoice

__all__ = ["against_the_best", "in_order", "mates_of", "ranked", "require_one_choice", "settled"]

_PHASES = {AdjustmentKind.ITEM: 0, AdjustmentKind.ORDER: 1, AdjustmentKind.SHIPPING: 2}

#: Choices that may go against what takes most off, so that the best cannot make them.
_AGAINST_THE_BEST = frozenset({GroupChoice.FIRST, GroupChoice.LOWEST})


def in_order(promotions: Iterable[Promotion], *, by_choice: bool) -> list[Promotion]:
    """By phase, then priority (higher first), then id.

    ``by_choice``: members of one priority of a group whose choice is by value stand together, where their group's
    name is among the ids; `ranked` puts them in order on a cart.
    """
    if by_choice:
        return sorted(promotions, key=lambda p: (_PHASES[p.phase], -p.priority, *_place(p), p.id))
    return sorted(promotions, key=lambda p: (_PHASES[p.phase], -p.priority, p.id))


def _place(promotion: Promotion) -> tuple[str, bool]:
    stacking = promotion.stacking
    valued = bool(stacking.group) and stacking.choice is not GroupChoice.FIRST
    return (stacking.group, True) if valued else (promotion.id, False)


def mates_of(ordered: Sequence[Promotion]) -> list[int]:
    """For each position the other members of its group, as bits."""
    groups: dict[tuple[AdjustmentKind, str], int] = {}
    for n, promotion in enumerate(ordered):
        if promotion.stacking.group:
            key = (promotion.phase, promotion.stacking.group)
            groups[key] = groups.get(key, 0) | 1 << n
    return [groups.get((p.phase, p.stacking.group), 0) & ~(1 << n) for n, p in enumerate(ordered)]


def require_one_choice(promotions: Iterable[Promotion]) -> None:
    """Raise `InvalidPromotion` if members of one group in one phase name different choices."""
    known: dict[tuple[AdjustmentKind, str], Promotion] = {}
    problems = []
    for promotion in sorted((p for p in promotions if p.stacking.group), key=lambda p: p.id):
        stacking = promotion.stacking
        other = known.setdefault((promotion.phase, stacking.group), promotion)
        if other.stacking.choice is not stacking.choice:
            told = f"{promotion.id} says {stacking.choice}, {other.id} says {other.stacking.choice}"
            problems.append(Problem("stacking.choice", f"group {stacking.group}: {told}: name one choice per group"))
    if problems:
        raise InvalidPromotion(problems=tuple(problems))


def ranked(candidates: Sequence[Candidate], basket: Basket) -> list[Candidate]:
    """In order, where among members of one group and priority the choice says who is first.

    Each is ranked by what it does alone, which no other promotion changes: so one that is refused moves nothing.
    """
    found: list[Candidate] = []
    for _, run in groupby(candidates, key=_run):
        members = list(run)
        found += members if len(members) == 1 else _by_choice(members, basket)
    return found


def _run(candidate: Candidate) -> tuple[AdjustmentKind, int, str, bool]:
    promotion = candidate.promotion
    return (promotion.phase, promotion.priority, *_place(promotion))


def _by_choice(members: Sequence[Candidate], basket: Basket) -> list[Candidate]:
    """Members of one group, the one to stay first; those that do nothing alone last."""
    choice = members[0].promotion.stacking.choice
    if choice is GroupChoice.FIRST:
        return list(members)
    effects, _ = alone(members, basket)
    sign = 1 if choice is GroupChoice.LOWEST else -1

    def key(candidate: Candidate) -> tuple[bool, int, int]:
        effect: Effect | None = effects.get(candidate.position)
        return effect is None, sign * effect.amount if effect else 0, candidate.position

    return sorted(members, key=key)


def against_the_best(candidates: Iterable[Candidate], basket: Basket) -> list[Candidate]:
    """Members of groups that keep the first or lowest: by phase and group, the one to stay first.

    A member that is alone in its group counts too: whether others are there, and refused, must make no difference.
    """

    def group(candidate: Candidate) -> tuple[int, str]:
        return _PHASES[candidate.promotion.phase], candidate.promotion.stacking.group

    grouped = [c for c in candidates if c.promotion.stacking.group]
    members = [c for c in grouped if c.promotion.stacking.choice in _AGAINST_THE_BEST]
    members.sort(key=lambda c: (*group(c), c.position))
    return [member for _, run in groupby(members, key=group) for member in _by_choice(list(run), basket)]


def settled(candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket) -> int:
    """What stays of the groups that keep the first or lowest, as bits: settled before the best is looked for.

    Group by group the first that combines with what stays already, if then all of them have an effect.
    """
    stay = 0
    for member in against_the_best(candidates, basket):
        if not conflicts[member.position] & stay:
            more = stay | member.prepared.bit
            if in_turn(candidates, conflicts, basket, only=more).taken == more:
                stay = more
    return stay
