"""The cheapest parcels for an order: prices for a bound and for ideas, descent for plans, branches for proof.

Everything counts against one effort and comes in the same order whatever that is, and nothing is random:
more effort is never worse, and the same question has the same answer.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from attrs import define, field, frozen

from commerce.inventory.engine.descent import Chosen, Descent
from commerce.inventory.engine.filling import FINE, Plan, Problem
from commerce.inventory.engine.prices import Market, Range, ask, climb, opening, values
from commerce.inventory.engine.task import SourcingAnswer, SourcingTask

__all__ = ["search_parcels"]

#: Steps of prices at first, and in every branch; and how far they go, in 64ths of the way to the best plan.
_STEPS, _STRIDE = 60, 64
_BRANCH_STEPS, _BRANCH_STRIDE = 10, 16
#: From how many plans the descent begins.
_STARTS = 3


def search_parcels(task: SourcingTask) -> SourcingAnswer:
    """The best plan found within the effort, and a bound. Equal to its cost: it is the best there is."""
    problem = Problem(task)
    if not problem.covers({p: place.most for p, place in enumerate(task.places)}):
        return SourcingAnswer(bound=0)
    one = _Search(problem, Descent(problem, task.effort), tuple((0, place.parcels) for place in task.places))
    one.run()
    best = one.descent.best
    if best is None:
        return SourcingAnswer(bound=one.bound)
    parcels = {place.id: n for place, n in zip(task.places, best.parcels, strict=True) if n}
    return SourcingAnswer(bound=min(one.bound, best.cost), parcels=parcels, cost=best.cost)


@frozen(order=True)
class _Branch:
    """Ranges of parcels; whatever lies within, it costs ``promise`` at least. Of equal promises, the older is first."""

    promise: int
    number: int
    ranges: tuple[Range, ...] = field(eq=False)
    prices: tuple[int, ...] = field(eq=False)


@define
class _Search:
    problem: Problem
    descent: Descent
    ranges: tuple[Range, ...]
    bound: int = field(default=0, init=False)
    _heap: list[_Branch] = field(factory=list, init=False)
    _number: int = field(default=0, init=False)

    def run(self) -> None:
        """Plans first, then proof."""
        plans = {plan.chosen: plan for plan in self._first() if plan is not None}
        market = ask(self.problem, opening(self.problem), self.ranges)
        for at in self._climb(market, self.ranges, _STEPS, _STRIDE):
            market = max(market, at, key=lambda m: m.bound)
            if (plan := self.descent.plan(_senders(at))) is not None:
                plans[plan.chosen] = plan
        self.bound = market.least
        order = self._order(market)
        for plan in sorted(plans.values(), key=self.descent.rank)[:_STARTS]:
            self.descent.down(plan, order)
        self._shake(order)
        self._prove(market)

    def _first(self) -> Iterator[Plan | None]:
        """Plans at once, whatever the effort: all places, those cheap per unit, and those with many units."""
        everywhere = range(len(self.ranges))
        yield self.descent.plan(frozenset(everywhere))
        for worth in (self.descent.cheap, self.descent.many):
            ids = self.descent.cover(frozenset(), everywhere, worth)
            yield None if ids is None else self.descent.plan(ids)

    def _order(self, market: Market) -> list[int]:
        """The places, those that are worth most at these prices first."""
        worth = [
            min(values(self.problem, p, market.prices, (1, most)).values()) for p, (_, most) in enumerate(self.ranges)
        ]
        return sorted(range(len(worth)), key=worth.__getitem__)

    def _climb(self, market: Market, ranges: tuple[Range, ...], steps: int, stride: int) -> Iterator[Market]:
        best = self.descent.best
        # Without a plan to aim at, everything once is dear enough.
        aim = best.cost if best is not None else sum(place.cost(place.most) for place in self.problem.places)
        for at in climb(self.problem, market, ranges, aim=aim, steps=steps, stride=stride):
            if self.descent.effort <= 0:
                return
            self.descent.effort -= 1
            yield at

    def _shake(self, order: Sequence[int]) -> None:
        """Forbid each place of the best plan once and go down from there, as long as that finds better ones."""
        best, last = self.descent.best, None
        while best is not None and best is not last and self.bound < best.cost:
            last = best
            for p in sorted(best.chosen):
                if self.descent.effort <= 0:
                    return
                others = [q for q in order if q != p]
                ids = self.descent.cover(best.chosen - {p}, others, self.descent.cheap)
                if ids is not None and (plan := self.descent.plan(ids)) is not None:
                    self.descent.down(self.descent.down(plan, others), order)
            best = self.descent.best

    def _prove(self, market: Market) -> None:
        """Branch and bound: what promises least is looked at next, until nothing promises less than the best plan."""
        self._heap = [_Branch(market.least, 0, self.ranges, market.prices)]
        while self._heap and self.descent.improves(self._heap[0].promise):
            self.bound = max(self.bound, self._heap[0].promise)
            if self.descent.effort <= 0:
                return
            self._open(heappop(self._heap))
        if self.descent.best is not None:
            self.bound = self.descent.best.cost

    def _open(self, branch: _Branch) -> None:
        self.descent.effort -= 1
        market = ask(self.problem, branch.prices, branch.ranges)
        for at in self._climb(market, branch.ranges, _BRANCH_STEPS, _BRANCH_STRIDE):
            market = max(market, at, key=lambda m: m.bound)
            self._try(_senders(at))
        ranges = self._sieved(market, branch.ranges) if self.descent.improves(market.least) else None
        if ranges is None:
            return
        open_places = [p for p, (least, most) in enumerate(ranges) if least < most]
        if not open_places:
            self.descent.offer(self.problem.filled(most for _, most in ranges))
            return
        p, at_most = self._doubtful(market, ranges, open_places)
        for part in ((ranges[p][0], at_most), (at_most + 1, ranges[p][1])):
            self._push(max(branch.promise, market.least), (*ranges[:p], part, *ranges[p + 1 :]), market.prices)

    def _try(self, chosen: Chosen) -> None:
        estimate = self.descent.estimate(chosen)
        if estimate is not None and self.descent.improves(estimate):
            self.descent.plan(chosen)

    def _sieved(self, market: Market, ranges: tuple[Range, ...]) -> tuple[Range, ...] | None:
        """Without parcels that cannot be in a better plan; nothing if no plan is left.

        Places are judged one by one, so the bound here is the one without a limit on their number.
        """
        if self.descent.best is None:
            return ranges
        worth = [values(self.problem, p, market.prices, within) for p, within in enumerate(ranges)]
        least = [min(each.values()) for each in worth]
        bound = self.problem.income(market.prices) + sum(least)
        spare = (self.descent.best.cost - 1) * FINE - bound
        kept = [
            [n for n, value in each.items() if value - low <= spare] for each, low in zip(worth, least, strict=True)
        ]
        return tuple((each[0], each[-1]) for each in kept) if all(kept) else None

    def _doubtful(self, market: Market, ranges: tuple[Range, ...], open_places: Sequence[int]) -> tuple[int, int]:
        """A place that is worth about nothing at these prices, or else a parcel; and where to cut its range."""

        def doubt(p: int) -> tuple[bool, int, int, int]:
            least, most = ranges[p]
            worth = values(self.problem, p, market.prices, ranges[p])
            if not least:
                return False, abs(min(worth[n] for n in range(1, most + 1))), p, 0
            cut = min(market.parcels[p], most - 1)
            return True, abs(worth[cut + 1] - worth[cut]), p, cut

        return min(map(doubt, open_places))[2:]

    def _push(self, promise: int, ranges: tuple[Range, ...], prices: tuple[int, ...]) -> None:
        forced = sum(1 for least, _ in ranges if least)
        if forced <= self.problem.task.most_places and self.problem.covers(
            self.problem.rooms(most for _, most in ranges)
        ):
            self._number += 1
            heappush(self._heap, _Branch(promise, self._number, ranges, prices))


def _senders(market: Market) -> Chosen:
    return frozenset(p for p, n in enumerate(market.parcels) if n)
