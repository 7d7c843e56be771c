"""Which promotions take effect together: in order, best per line, or the best combination.

A combination is a set of candidates of which no two conflict, taken in order. Its value is what it takes off.
"""

from collections.abc import Iterable, Sequence

from attrs import define, field

from commerce.kernel import AdjustmentKind
from commerce.promotions.applying import Effect, State, attempt, take
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate
from commerce.promotions.conditions import Unmet
from commerce.promotions.conditions.base import NEVER

__all__ = ["Chosen", "Search", "alone", "best_per_line", "in_turn"]


@define(eq=False)
class Chosen:
    """The effects, in order; why others had none; and whether the search had to stop early."""

    effects: list[Effect] = field(factory=list)
    unmet: dict[int, Unmet] = field(factory=dict)
    taken: int = 0
    amount: int = 0
    bound_hit: bool = False

    def add(self, effect: Effect, state: State, basket: Basket) -> None:
        """One more takes effect."""
        take(effect, state, basket)
        self.effects.append(effect)
        self.taken |= 1 << effect.candidate.position
        self.amount += effect.amount


def in_turn(candidates: Iterable[Candidate], conflicts: Sequence[int], basket: Basket, *, only: int = -1) -> Chosen:
    """Each in order, if it conflicts with none that took effect before; ``only`` masks who may."""
    chosen, state = Chosen(), State.of(basket)
    kept = basket.goods.left, basket.fees.left
    state.enter(basket)
    for candidate in candidates:
        position = candidate.position
        if not only >> position & 1 or conflicts[position] & chosen.taken:
            continue
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            chosen.unmet[position] = effect
        else:
            chosen.add(effect, state, basket)
    basket.goods.left, basket.fees.left = kept
    return chosen


def alone(candidates: Iterable[Candidate], basket: Basket) -> tuple[dict[int, int], dict[int, Unmet]]:
    """What each would take off if it were the only one; and why some would do nothing."""
    state = State.of(basket)
    values: dict[int, int] = {}
    unmet: dict[int, Unmet] = {}
    for candidate in candidates:
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            unmet[candidate.position] = effect
        else:
            values[candidate.position] = effect.amount
    return values, unmet


def best_per_line(candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket) -> Chosen:
    """In the item phase each line gets the one promotion that takes most off it; then the others in turn."""
    items = [c for c in candidates if c.promotion.phase is AdjustmentKind.ITEM]
    chosen, state = Chosen(), State.of(basket)
    effects: list[Effect] = []
    for candidate in items:
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            chosen.unmet[candidate.position] = effect
        else:
            effects.append(effect)
    best: dict[int, tuple[int, int]] = {}
    for n, effect in enumerate(effects):
        for i, part in zip(effect.candidate.places, effect.shares, strict=True):
            if part > best.get(i, (0, 0))[0]:
                best[i] = (part, n)
    kept = basket.goods.left, basket.fees.left
    state.enter(basket)
    for n, effect in enumerate(effects):
        won = [p if best.get(i) == (p, n) else 0 for i, p in zip(effect.candidate.places, effect.shares, strict=True)]
        if any(won) or effect.grants:
            chosen.add(Effect(effect.candidate, won, sum(won), grants=effect.grants), state, basket)
    for candidate in candidates[len(items) :]:
        if conflicts[candidate.position] & chosen.taken:
            continue
        found = attempt(candidate, basket, state)
        if isinstance(found, Unmet):
            chosen.unmet[candidate.position] = found
        else:
            chosen.add(found, state, basket)
    basket.goods.left, basket.fees.left = kept
    return chosen


@define(eq=False)
class _Node:
    """A partial combination: decided up to ``index``."""

    index: int
    state: State
    taken: int
    blocked: int
    amount: int


class Search:
    """Branch and bound for the combination that takes most off; the first in order among equals.

    A discount never takes more than it would alone, unless it is unsteady; so what a partial combination
    can still gain is bounded by what the others take alone, of each clique of conflicting ones only the most.
    """

    def __init__(self, candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket, bound: int) -> None:
        self._basket = basket
        self._conflicts = conflicts
        self._values, self._unmet = alone(candidates, basket)
        self._candidates = [c for c in candidates if c.position in self._values or not _final(c)]
        self._left = bound
        self._eligible = sum(1 << c.position for c in self._candidates)
        wild = self._unsteady()
        for position in wild:
            self._values[position] = self._most(position)
        last_wild = max(wild, default=-1)
        self._optional = {
            c.position for c in self._candidates if conflicts[c.position] & self._eligible or c.position < last_wild
        }
        self._prepare_bound()

    def _unsteady(self) -> set[int]:
        """Those whose worth in a combination is not bounded by, or falls by more than, what others take."""
        total = sum(self._values.values())
        crossing = len(self._basket.category_rooms) > 1
        return {
            c.position
            for c in self._candidates
            if crossing or not (c.steady and (not c.prepared.moving or self._settled(c, total)))
        }

    def _settled(self, candidate: Candidate, total: int) -> bool:
        """Whether its conditions hold whatever the others take."""
        least = min((c.slack(self._basket) for c in candidate.promotion.conditions), default=NEVER)
        return candidate.position in self._values and least >= total - self._values[candidate.position]

    def _most(self, position: int) -> int:
        """The most that an unsteady one can take: all that its targets cost, and its gifts."""
        candidate = next(c for c in self._candidates if c.position == position)
        amounts = self._basket.fees if candidate.promotion.phase is AdjustmentKind.SHIPPING else self._basket.goods
        most = sum(amounts.rooms(candidate.places))
        if candidate.promotion.benefit.gifts:
            most += self._values.get(position, most)
        return most if candidate.cap is None else min(most, candidate.cap)

    def _prepare_bound(self) -> None:
        """What is gained for certain from each position on, and the cliques of those that may be left out."""
        self._sure = [0] * (len(self._candidates) + 1)
        for n in range(len(self._candidates) - 1, -1, -1):
            position = self._candidates[n].position
            self._sure[n] = self._sure[n + 1] + (0 if position in self._optional else self._values[position])
        self._cliques: list[tuple[int, list[int]]] = []
        for position in sorted(self._optional, key=lambda p: (-self._values[p], p)):
            for n, (common, members) in enumerate(self._cliques):
                if common >> position & 1:
                    members.append(position)
                    self._cliques[n] = (common & self._conflicts[position], members)
                    break
            else:
                self._cliques.append((self._conflicts[position], [position]))

    def _reach(self, node: _Node) -> int:
        """The most that a partial combination can become."""
        most = node.amount + self._sure[node.index]
        if node.index >= len(self._candidates):
            return most
        first = self._candidates[node.index].position
        blocked = node.blocked
        for _, members in self._cliques:
            for position in members:
                if position >= first and not blocked >> position & 1:
                    most += self._values[position]
                    break
        return most

    def best(self) -> Chosen:
        """The best combination found; ``bound_hit`` if it may not be the best there is."""
        if not self._optional:
            return self._told(in_turn(self._candidates, self._conflicts, self._basket))
        seeds = self._seeds()
        best = max(seeds, key=lambda seed: seed.amount)
        only, proved = self._explore(best.amount)
        if only is not None:
            best = in_turn(self._candidates, self._conflicts, self._basket, only=only)
        best.bound_hit = not proved
        return self._told(best)

    def _told(self, chosen: Chosen) -> Chosen:
        chosen.unmet = {**self._unmet, **chosen.unmet}
        return chosen

    def _seeds(self) -> list[Chosen]:
        """Combinations that the answer must not be worse than: in order, by worth, and the best single one."""
        turn = in_turn(self._candidates, self._conflicts, self._basket)
        by_worth, blocked = 0, 0
        for position in sorted(self._values, key=lambda p: (-self._values[p], p)):
            if not blocked >> position & 1:
                by_worth |= 1 << position
                blocked |= self._conflicts[position]
        seeds = [turn, in_turn(self._candidates, self._conflicts, self._basket, only=by_worth)]
        known, _ = alone(self._candidates, self._basket)
        if known:
            single = max(known, key=lambda p: (known[p], -p))
            seeds.append(in_turn(self._candidates, self._conflicts, self._basket, only=1 << single))
        return seeds

    def _explore(self, least: int) -> tuple[int | None, bool]:
        """The first combination in order that takes ``least`` or the most above it off; and whether all were seen."""
        basket, candidates = self._basket, self._candidates
        kept = basket.goods.left, basket.fees.left
        found: int | None = None
        stack = [_Node(0, State.of(basket), 0, 0, 0)]
        while stack and self._left:
            node = stack.pop()
            reach = self._reach(node)
            if reach < least or (reach == least and found is not None):
                continue
            node.state.enter(basket)
            while node.index < len(candidates):
                candidate = candidates[node.index]
                node.index += 1
                position = candidate.position
                if node.blocked >> position & 1:
                    continue
                self._left -= 1
                effect = attempt(candidate, basket, node.state)
                if isinstance(effect, Unmet):
                    continue
                if position in self._optional:
                    stack.append(
                        _Node(node.index, node.state.copy(), node.taken, node.blocked | 1 << position, node.amount)
                    )
                take(effect, node.state, basket)
                node.taken |= 1 << position
                node.blocked |= self._conflicts[position]
                node.amount += effect.amount
                if position in self._optional and self._reach(node) < least:
                    break
            else:
                if node.amount > least or (node.amount == least and found is None):
                    found, least = node.taken, node.amount
        basket.goods.left, basket.fees.left = kept
        return found, all(self._reach(node) <= least for node in stack)


def _final(candidate: Candidate) -> bool:
    """Whether a no on the untouched cart stays a no."""
    falling = all(condition.falling for condition in candidate.promotion.conditions)
    return falling and candidate.steady
