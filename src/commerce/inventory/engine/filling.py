"""Sourcing by position, and the cheapest way to fill parcels that are chosen already.

A plan's cost depends on how many units each place sends, not on which. So for given parcels
the rest is an easy flow: fill the cheapest places first, and let what they took make way.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import define, field, frozen

from commerce.inventory.engine.task import SourcingTask

__all__ = ["FINE", "Plan", "Problem"]

#: Costs are compared in this part of a minor unit, so that shares of a parcel lose next to nothing.
FINE = 1 << 10


@frozen
class Plan:
    """Units that meet the demand, by place and SKU, the parcels they fill, and what all that costs."""

    cost: int
    parcels: tuple[int, ...]
    units: tuple[tuple[int, ...], ...] = field(repr=False)

    @property
    def chosen(self) -> frozenset[int]:
        """The places that send something."""
        return frozenset(p for p, n in enumerate(self.parcels) if n)


@define(slots=False)
class Problem:
    """A task whose places and SKUs are numbers."""

    task: SourcingTask

    def __attrs_post_init__(self) -> None:
        self.places = self.task.places
        self.skus = tuple(self.task.wanted)
        self.wanted = tuple(self.task.wanted.values())
        self.total = sum(self.wanted)

    @cached_property
    def gives(self) -> tuple[dict[int, int], ...]:
        """What each place can give: units by SKU."""
        at = {sku: n for n, sku in enumerate(self.skus)}
        return tuple({at[sku]: units for sku, units in place.gives.items()} for place in self.places)

    @cached_property
    def shares(self) -> tuple[int, ...]:
        """What a unit adds at each place, in `FINE`: its handling, and its share where there are several parcels."""
        return tuple(q.handling * FINE + (q.parcel * FINE // q.fits if q.parcels > 1 else 0) for q in self.places)

    @cached_property
    def _by_handling(self) -> list[int]:
        return sorted(range(len(self.places)), key=lambda p: self.places[p].handling)

    @cached_property
    def _by_share(self) -> list[int]:
        return sorted(range(len(self.places)), key=self.shares.__getitem__)

    @cached_property
    def _asks(self) -> list[list[tuple[int, int, int]]]:
        """Who sells each SKU, the cheapest first: (share, place, units)."""
        asks: list[list[tuple[int, int, int]]] = [[] for _ in self.skus]
        for p in self._by_share:
            for sku, units in self.gives[p].items():
                asks[sku].append((self.shares[p], p, units))
        return asks

    @cached_property
    def _entry(self) -> list[int]:
        return [q.fixed + self.task.split + (q.parcel if q.parcels == 1 else 0) for q in self.places]

    def income(self, prices: Iterable[int]) -> int:
        """What the demand brings at prices in `FINE`, and the penalty that the first place does not pay."""
        return sum(map(int.__mul__, prices, self.wanted)) - FINE * self.task.split

    def estimate(self, chosen: frozenset[int]) -> int | None:
        """What a plan that uses all these places costs at least; nothing if they have too few units.

        Exact but for full parcels and capacities, and much faster than a plan.
        """
        cost = 0
        for asks, wanted in zip(self._asks, self.wanted, strict=True):
            left = wanted
            for share, p, units in asks:
                if p in chosen:
                    cost += share * min(units, left)
                    left -= min(units, left)
                    if not left:
                        break
            if left:
                return None
        return sum(self._entry[p] for p in chosen) - self.task.split + cost // FINE

    def covers(self, rooms: Mapping[int, int]) -> bool:
        """Whether places with so much room can meet the demand, as far as counting tells."""
        have = [0] * len(self.wanted)
        for p, room in rooms.items():
            for sku, units in self.gives[p].items():
                have[sku] += min(units, room)
        return sum(rooms.values()) >= self.total and all(map(int.__ge__, have, self.wanted))

    def rooms(self, parcels: Iterable[int]) -> dict[int, int]:
        """How many units so many parcels of each place can be filled with."""
        return {
            p: min(n * place.fits, place.most)
            for p, (n, place) in enumerate(zip(parcels, self.places, strict=True))
            if n
        }

    def within(self, chosen: Iterable[int]) -> Plan | None:
        """A good plan with these places, or fewer; nothing if they cannot meet the demand."""
        return self._flow({p: self.places[p].most for p in chosen}, self._by_share)

    def filled(self, parcels: Iterable[int]) -> Plan | None:
        """The best plan with these parcels, or fewer; nothing if they cannot meet the demand."""
        return self._flow(self.rooms(parcels), self._by_handling)

    def _flow(self, rooms: Mapping[int, int], order: Sequence[int]) -> Plan | None:
        if not self.covers(rooms):
            return None
        flow = _Flow(self.gives, {p: [0] * len(self.wanted) for p in rooms}, list(self.wanted), self.total)
        for p in order:
            if p in rooms and flow.open:
                flow.fill(p, rooms[p])
        return None if flow.open else self._plan(flow.taken)

    def _plan(self, taken: Mapping[int, Sequence[int]]) -> Plan:
        none = (0,) * len(self.wanted)
        units = tuple(tuple(taken.get(p, none)) for p in range(len(self.places)))
        sent = [(place, sum(row)) for place, row in zip(self.places, units, strict=True)]
        split = self.task.split * max(sum(1 for _, n in sent if n) - 1, 0)
        return Plan(
            split + sum(place.cost(n) for place, n in sent), tuple(-(-n // place.fits) for place, n in sent), units
        )


@define
class _Flow:
    """Units on their way: what each place took, what is still wanted of each SKU, and in all."""

    gives: Sequence[Mapping[int, int]]
    taken: dict[int, list[int]]
    left: list[int]
    open: int

    def fill(self, p: int, room: int) -> None:
        """Take as many units as possible from a place, others making way."""
        for sku, gives in self.gives[p].items():
            if units := min(gives, self.left[sku], room):
                self._move([(p, sku)], units)
                room -= units
        while room and self.open and (path := self._path(p)) is not None:
            units = min(room, self.left[path[-1][1]], *self._slack(path))
            self._move(path, units)
            room -= units

    def _move(self, path: Sequence[tuple[int, int]], units: int) -> None:
        for n, (at, sku) in enumerate(path):
            self.taken[at][sku] += units
            if n + 1 < len(path):
                self.taken[path[n + 1][0]][sku] -= units
        self.left[path[-1][1]] -= units
        self.open -= units

    def _path(self, start: int) -> list[tuple[int, int]] | None:
        """Steps (place, SKU) by which one more unit of ``start`` reaches open demand, others making way."""
        came: dict[int, tuple[int, int] | None] = {start: None}
        queue = deque([start])
        while queue:
            at = queue.popleft()
            for sku, units in self.gives[at].items():
                if self.taken[at][sku] >= units:
                    continue
                if self.left[sku]:
                    path = [(at, sku)]
                    while (step := came[path[0][0]]) is not None:
                        path.insert(0, step)
                    return path
                for other, theirs in self.taken.items():
                    if other not in came and theirs[sku]:
                        came[other] = (at, sku)
                        queue.append(other)
        return None

    def _slack(self, path: Sequence[tuple[int, int]]) -> list[int]:
        """How many units each step of a path can carry."""
        more = [self.gives[at][sku] - self.taken[at][sku] for at, sku in path]
        way = [self.taken[path[n + 1][0]][sku] for n, (_, sku) in enumerate(path[:-1])]
        return more + way
