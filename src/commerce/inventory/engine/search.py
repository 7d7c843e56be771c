"""The integers behind sourcing: the cheapest way to take units from places, by best-first search.

A plan's cost depends on how many parcels each place sends. The search decides parcels
place by place and always goes on with the choice that promises least; for a full choice,
the units themselves are an easy flow. It ends when nothing left can be cheaper, or when
its effort is spent: then the least promise left is a proven bound.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from itertools import accumulate

from attrs import define, frozen

__all__ = ["Place", "Taken", "search"]

#: Units by place and SKU.
Taken = dict[str, dict[str, int]]


@frozen(kw_only=True)
class Place:
    """One usable location: ``fixed`` cost once used, one of each parcel, one of each unit, and what it can give."""

    id: str
    fixed: int
    parcel: int
    handling: int
    fits: int
    gives: Mapping[str, int]
    most: int

    @property
    def parcels(self) -> int:
        """The most parcels that can be useful."""
        return -(-self.most // self.fits)

    @property
    def rate(self) -> Fraction:
        """What a unit costs here at the very least, without handling."""
        return Fraction(self.fixed, self.most) + Fraction(self.parcel, self.fits)

    def useful(self, wanted: Mapping[str, int]) -> int:
        """How many of these units can come from here."""
        return min(self.most, sum(min(units, wanted[sku]) for sku, units in self.gives.items()))

    def cost(self, units: int) -> int:
        """What so many units cost."""
        return self.fixed + self.parcel * -(-units // self.fits) + self.handling * units if units else 0


@frozen(order=True)
class _Choice:
    """Parcels of the first places; whatever follows, it costs ``promise`` at least."""

    promise: int
    undecided: int
    parcels: tuple[int, ...]


@define
class _Problem:
    places: Sequence[Place]
    wanted: Mapping[str, int]
    split: int
    most_places: int

    def cost(self, taken: Taken) -> int:
        used = [place for place in self.places if taken.get(place.id)]
        units = sum(place.cost(sum(taken[place.id].values())) for place in used)
        return units + self.split * max(len(used) - 1, 0)

    def flow(self, limits: Mapping[str, int]) -> Taken | None:
        """Units within these limits at least handling, or nothing if the demand cannot be met.

        Handling depends on the place only, so filling the cheapest places first, rerouting what
        they took, is optimal.
        """
        taken: Taken = {place.id: {} for place in self.places}
        gives = {place.id: place.gives for place in self.places}
        left = dict(self.wanted)
        for place in sorted(self.places, key=lambda p: p.handling):
            room = min(limits.get(place.id, 0), place.most)
            while room and any(left.values()):
                path = _path(place.id, gives, taken, left)
                if path is None:
                    break
                units = min(room, left[path[-1][1]], *_slack(path, gives, taken))
                for n, (at, sku) in enumerate(path):
                    taken[at][sku] = taken[at].get(sku, 0) + units
                    if n + 1 < len(path):
                        taken[path[n + 1][0]][sku] -= units
                left[path[-1][1]] -= units
                room -= units
        if any(left.values()):
            return None
        whole = {at: {sku: n for sku, n in skus.items() if n} for at, skus in taken.items()}
        return {at: skus for at, skus in whole.items() if skus}

    def bound(self, parcels: tuple[int, ...]) -> int | None:
        """What a plan that begins so costs at least; nothing if none can."""
        decided = list(zip(self.places, parcels, strict=False))
        open_places = self.places[len(parcels) :]
        used = [(place, n) for place, n in decided if n]
        allowed = [*(place for place, _ in used), *open_places]
        handling = needed = 0
        for sku, quantity in self.wanted.items():
            givers = [place for place in allowed if place.gives.get(sku)]
            if sum(place.gives[sku] for place in givers) < quantity:
                return None
            handling += quantity * min(place.handling for place in givers)
            needed += max(0, quantity - sum(place.gives.get(sku, 0) for place, _ in used))
        room = sum(min(place.most, n * place.fits) for place, n in used)
        needed = max(needed, sum(self.wanted.values()) - room)
        known = sum(place.fixed + place.parcel * n for place, n in used)
        more, extra = self._rest(needed, open_places)
        if more is None or len(used) + more > self.most_places:
            return None
        return known + handling + extra + self.split * max(len(used) + more - 1, 0)

    @staticmethod
    def _rest(needed: int, places: Sequence[Place]) -> tuple[int | None, int]:
        """How many more places are needed at least, and what they cost at least."""
        if needed <= 0:
            return 0, 0
        rooms = accumulate(sorted((place.most for place in places), reverse=True))
        more = next((n for n, room in enumerate(rooms, 1) if room >= needed), None)
        if more is None:
            return None, 0
        cheapest = sum(sorted(place.fixed + place.parcel for place in places)[:more])
        by_rate = needed * min(place.rate for place in places)
        return more, max(cheapest, -(-by_rate.numerator // by_rate.denominator))

    def first(self) -> Taken | None:
        """A good plan at once: from each place in turn go on with the cheapest units, then drop what costs more."""
        starts = {ids for place in self.places if (ids := self._greedy(place)) is not None}
        starts.add(frozenset(place.id for place in self.places))
        plans = [taken for ids in sorted(starts, key=sorted) if (taken := self._only(ids)) is not None]
        best = min(plans, key=self._rank, default=None)
        while best is not None and len(best) > 1:
            fewer = [taken for ids in _each_dropped(best) if (taken := self._only(ids)) is not None]
            better = min(fewer, key=self._rank, default=best)
            if self._rank(better) >= self._rank(best):
                break
            best = better
        return best if best is not None and len(best) <= self.most_places else None

    def _rank(self, taken: Taken) -> tuple[int, int]:
        return max(len(taken) - self.most_places, 0), self.cost(taken)

    def _only(self, ids: frozenset[str]) -> Taken | None:
        return self.flow({place.id: place.most for place in self.places if place.id in ids})

    def _greedy(self, place: Place | None) -> frozenset[str] | None:
        """Places that cover the demand, each the cheapest per unit for what those before it left."""
        left, chosen = dict(self.wanted), set[str]()
        while place is not None:
            chosen.add(place.id)
            room = place.most
            for sku, units in place.gives.items():
                n = min(units, left[sku], room)
                left[sku] -= n
                room -= n
            if not any(left.values()):
                return frozenset(chosen)
            useful = [
                (Fraction(other.cost(units), units), other.id, other)
                for other in self.places
                if other.id not in chosen and (units := other.useful(left))
            ]
            place = min(useful, default=(None, None, None))[2]
        return None


def _each_dropped(taken: Taken) -> list[frozenset[str]]:
    return [frozenset(taken.keys() - {dropped}) for dropped in taken]


def search(
    places: Sequence[Place], wanted: Mapping[str, int], *, split: int, most_places: int, effort: int
) -> tuple[Taken | None, int, int]:
    """The best plan found, its cost, and a cost that no plan can be below. Equal: it is the best there is."""
    problem = _Problem(sorted(places, key=lambda p: (p.fixed + p.parcel, p.handling, p.id)), wanted, split, most_places)
    best = problem.first()
    cost = problem.cost(best) if best is not None else 0
    promise = problem.bound(())
    heap = [] if promise is None else [_Choice(promise, len(places), ())]
    while heap and (best is None or heap[0].promise < cost):
        if effort <= 0:
            return best, cost, heap[0].promise
        effort -= 1
        choice = heappop(heap)
        if choice.undecided:
            _branch(problem, choice, heap)
            continue
        limits = {place.id: n * place.fits for place, n in zip(problem.places, choice.parcels, strict=True)}
        taken = problem.flow(limits)
        if taken is not None and (best is None or problem.cost(taken) < cost):
            best, cost = taken, problem.cost(taken)
    return best, cost, cost


def _branch(problem: _Problem, choice: _Choice, heap: list[_Choice]) -> None:
    place = problem.places[len(choice.parcels)]
    for n in range(place.parcels + 1):
        parcels = (*choice.parcels, n)
        promise = problem.bound(parcels)
        if promise is not None:
            heappush(heap, _Choice(max(promise, choice.promise), choice.undecided - 1, parcels))


def _path(
    start: str, gives: Mapping[str, Mapping[str, int]], taken: Taken, left: Mapping[str, int]
) -> list[tuple[str, str]] | None:
    """Steps (place, sku) by which one more unit of ``start`` reaches open demand, others making way."""
    came: dict[str, tuple[str, str] | None] = {start: None}
    queue = deque([start])
    while queue:
        at = queue.popleft()
        for sku, units in gives[at].items():
            if taken[at].get(sku, 0) >= units:
                continue
            if left[sku]:
                path = [(at, sku)]
                while (step := came[path[0][0]]) is not None:
                    path.insert(0, step)
                return path
            for other in taken:
                if other not in came and taken[other].get(sku, 0):
                    came[other] = (at, sku)
                    queue.append(other)
    return None


def _slack(path: Sequence[tuple[str, str]], gives: Mapping[str, Mapping[str, int]], taken: Taken) -> list[int]:
    """How many units each step of a path can carry."""
    more = [gives[at][sku] - taken[at].get(sku, 0) for at, sku in path]
    way = [taken[path[n + 1][0]][sku] for n, (_, sku) in enumerate(path[:-1])]
    return more + way
