"""Making a plan cheaper: drop, add and swap locations, then spare parcels, as long as that pays.

A set of places has an estimate that is never above what its plans cost, and quickly known. So only sets
that look cheaper than the plan at hand are planned.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from attrs import define, field

from commerce.inventory.engine.filling import FINE, Plan, Problem

__all__ = ["Chosen", "Descent"]

Chosen = frozenset[int]

#: Of the sets that look cheaper, so many are planned before the best of them is taken.
_TRIED = 6
#: Of two places that come for one, both are among so many of those that promise most.
_PAIRED = 12


@define
class Descent:
    """The best plan so far, and how much effort is left: a set looked at, or parcels filled, is one."""

    problem: Problem
    effort: int
    best: Plan | None = field(default=None, init=False)
    _plans: dict[Chosen, Plan | None] = field(factory=dict, init=False)
    _estimates: dict[Chosen, int | None] = field(factory=dict, init=False)

    def rank(self, plan: Plan) -> tuple[int, int]:
        """Fewer places too many come first, then what is cheaper."""
        return self._too_many(plan.chosen), plan.cost

    def _too_many(self, chosen: Chosen) -> int:
        return max(len(chosen) - self.problem.task.most_places, 0)

    def improves(self, cost: int) -> bool:
        """Whether a plan at this cost would be news."""
        return self.best is None or cost < self.best.cost

    def offer(self, plan: Plan | None) -> None:
        """Keep a plan if it is allowed and the best."""
        if plan is not None and not self._too_many(plan.chosen) and self.improves(plan.cost):
            self.best = plan

    def estimate(self, chosen: Chosen) -> int | None:
        """What these places cost at least."""
        if chosen not in self._estimates:
            self.effort -= 1
            self._estimates[chosen] = self.problem.estimate(chosen)
        return self._estimates[chosen]

    def plan(self, chosen: Chosen) -> Plan | None:
        """A good plan with these places, or fewer."""
        if chosen not in self._plans:
            self.effort -= 1
            plan = self.problem.within(chosen)
            # Its units were chosen by shares of parcels; the same parcels may be filled at less handling.
            plan = plan and self.problem.filled(plan.parcels)
            self._plans[chosen] = plan = plan and self._spared(plan)
            self.offer(plan)
        return self._plans[chosen]

    def _spared(self, plan: Plan) -> Plan:
        """The same places with some parcels fewer or elsewhere, while that is cheaper."""
        better: Plan | None = plan
        while better is not None:
            plan = better
            better = next((p for p in map(self._filled, self._each_spared(plan)) if p and p.cost < plan.cost), None)
        return plan

    def _filled(self, parcels: Sequence[int]) -> Plan | None:
        if self.effort <= 0 or sum(self.problem.rooms(parcels).values()) < self.problem.total:
            return None
        self.effort -= 1
        return self.problem.filled(parcels)

    def _each_spared(self, plan: Plan) -> Iterator[tuple[int, ...]]:
        used = sorted(plan.chosen)
        several = [p for p in used if self.problem.places[p].parcels > 1]
        for p in several:
            yield tuple(n - (q == p) for q, n in enumerate(plan.parcels))
        for p in several:
            for other in used:
                if other != p and plan.parcels[other] < self.problem.places[other].parcels:
                    yield tuple(n - (q == p) + (q == other) for q, n in enumerate(plan.parcels))

    def cover(self, chosen: Chosen, others: Sequence[int], worth: Callable[[int, int], int]) -> Chosen | None:
        """These places, and others until the demand is met: each the one whose units, so many of it, are worth most."""
        left = list(self.problem.wanted)
        for p in sorted(chosen):
            self._take(p, left)
        while any(left):
            useful = [(worth(p, n), p) for p in others if p not in chosen and (n := self._take(p, list(left)))]
            if not useful:
                return None
            p = max(useful)[1]
            chosen |= {p}
            self._take(p, left)
        return chosen

    def _take(self, p: int, left: list[int]) -> int:
        """Take what a place has of what is left; gives how many units that are."""
        place = self.problem.places[p]
        room = place.most
        for sku, gives in self.problem.gives[p].items():
            units = min(gives, left[sku], room)
            left[sku] -= units
            room -= units
        return place.most - room

    def cheap(self, p: int, units: int) -> int:
        """A worth for `cover`: little cost per unit."""
        return -((self.problem.places[p].cost(units) + self.problem.task.split) * FINE // units)

    @staticmethod
    def many(_: int, units: int) -> int:
        """A worth for `cover`: many units, so that few places suffice."""
        return units

    def down(self, plan: Plan, order: Sequence[int]) -> Plan:
        """Go on from a plan while neighbours with these places, the most promising first, are better."""
        better: Plan | None = plan
        while better is not None:
            plan = better
            rest = [p for p in order if p not in plan.chosen]
            better = self._among(plan, _near(plan.chosen, rest)) or self._among(plan, _far(plan.chosen, rest))
        return plan

    def _among(self, plan: Plan, neighbours: Iterable[Chosen]) -> Plan | None:
        """The best of those neighbours that look best, if it is better."""
        promising = []
        for chosen in neighbours:
            if self.effort <= 0:
                break
            estimate = self.estimate(chosen)
            if estimate is not None and (rank := (self._too_many(chosen), estimate)) < self.rank(plan):
                promising.append((rank, sorted(chosen)))
        best = plan
        for tried, (_, ids) in enumerate(sorted(promising)):
            if self.effort <= 0 or (tried >= _TRIED and best is not plan):
                break
            if (trial := self.plan(frozenset(ids))) is not None:
                best = min(best, trial, key=self.rank)
        return None if best is plan else best


def _near(chosen: Chosen, rest: Sequence[int]) -> Iterator[Chosen]:
    """One dropped, one added, one swapped."""
    ids = sorted(chosen)
    yield from (chosen - {p} for p in ids)
    yield from (chosen | {q} for q in rest)
    yield from (chosen - {p} | {q} for p in ids for q in rest)


def _far(chosen: Chosen, rest: Sequence[int]) -> Iterator[Chosen]:
    """One for two, and two for one."""
    ids = sorted(chosen)
    yield from (chosen.difference(two) | {q} for two in combinations(ids, 2) for q in rest)
    yield from (chosen - {p} | set(two) for p in ids for two in combinations(rest[:_PAIRED], 2))
