"""`Highs`: sourcing by HiGHS, the mixed-integer solver in SciPy, for large orders whose best split is worth seconds.

Needs the extra: ``pip install 'commerce-sdk[solver]'``. SciPy is imported when the first order is split.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from math import ceil, inf
from typing import Any

from attrs import define, field, frozen

from commerce.inventory import SourcingAnswer, SourcingPlace, SourcingTask, search_parcels
from commerce.kernel import InvalidValue, Misconfigured

__all__ = ["Highs", "SolverMissing", "solve"]

#: HiGHS computes in floats: so much of a minor unit, and such a part of the bound, are not held against it.
_ABSOLUTE, _RELATIVE = 0.01, 1e-9


@define(kw_only=True, slots=False)
class SolverMissing(Misconfigured):
    """The solver is an extra, and not installed."""

    message = "sourcing by HiGHS needs {package}: pip install 'commerce-sdk[solver]'"
    package: str


@frozen
class Highs:
    """A solver for `Sourcing` and `source`: ``Sourcing(sources=…, solver=Highs(seconds=2))``.

    The search comes first, and HiGHS only for what it did not prove. When the ``seconds`` are over, the better
    of both plans and the higher of both bounds count, so the plan's ``gap`` is known and never wider than without.
    Raises `SolverMissing` without SciPy, and `InvalidValue` without time.
    """

    seconds: float = 5.0

    def __attrs_post_init__(self) -> None:
        if not 0 < self.seconds < inf:
            raise InvalidValue(field="seconds", reason=f"{self.seconds} is no time to solve in: more than 0")
        if find_spec("scipy") is None:
            raise SolverMissing(package="scipy")

    def __call__(self, task: SourcingTask) -> SourcingAnswer:
        """The parcels of the best plan, or of the best found in time."""
        quick = search_parcels(task)
        if quick.parcels and quick.cost <= quick.bound:
            return quick
        return _better(quick, solve(task, self.seconds))


def _better(one: SourcingAnswer, other: SourcingAnswer) -> SourcingAnswer:
    best = min((answer for answer in (one, other) if answer.parcels), key=lambda a: a.cost, default=one)
    return SourcingAnswer(parcels=best.parcels, cost=best.cost, bound=max(one.bound, other.bound))


def solve(task: SourcingTask, seconds: float) -> SourcingAnswer:
    """What HiGHS alone says in so many seconds."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    model = _Model(task)
    rows = coo_array((model.factors, (model.rows, model.columns)), shape=(len(model.low), len(model.costs)))
    found = milp(
        np.array(model.costs),
        constraints=LinearConstraint(rows.tocsr(), model.low, model.high),
        integrality=np.array(model.whole),
        bounds=Bounds(0, np.array(model.most)),
        options={"mip_rel_gap": 0, "time_limit": seconds},
    )
    bound = found.mip_dual_bound
    known = bound is not None and abs(bound) < inf
    return SourcingAnswer(
        parcels={} if found.x is None else model.parcels(found.x),
        cost=0 if found.x is None else round(found.fun) - task.split,
        bound=max(ceil(bound - _ABSOLUTE - abs(bound) * _RELATIVE) - task.split, 0) if known else 0,
    )


@define
class _Model:
    """The task as rows and columns: units of each SKU from each place, use of each place, and its parcels.

    Only use and parcels are whole numbers: with those chosen the units are a flow, which the caller computes
    exactly. A unit is tied to the use of its place one by one, as that bounds better than their sum.
    """

    task: SourcingTask
    costs: list[float] = field(factory=list, init=False)
    most: list[float] = field(factory=list, init=False)
    whole: list[int] = field(factory=list, init=False)
    low: list[float] = field(factory=list, init=False)
    high: list[float] = field(factory=list, init=False)
    rows: list[int] = field(factory=list, init=False)
    columns: list[int] = field(factory=list, init=False)
    factors: list[float] = field(factory=list, init=False)
    _use: dict[str, int] = field(factory=dict, init=False)
    _parcels: dict[str, int] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        sent: dict[str, list[int]] = {sku: [] for sku in self.task.wanted}
        for place in self.task.places:
            self._place(place, sent)
        for sku, columns in sent.items():
            self._row(((at, 1) for at in columns), self.task.wanted[sku], self.task.wanted[sku])
        self._row(((at, 1) for at in self._use.values()), 0, self.task.most_places)

    def _place(self, place: SourcingPlace, sent: dict[str, list[int]]) -> None:
        one = place.parcels == 1
        self._use[place.id] = use = self._column(place.fixed + self.task.split + (place.parcel if one else 0), 1)
        units = {sku: self._column(place.handling, gives, whole=False) for sku, gives in place.gives.items()}
        for sku, at in units.items():
            sent[sku].append(at)
            self._row([(at, 1), (use, -place.gives[sku])], -inf, 0)
        if place.most < sum(place.gives.values()):
            self._row([*((at, 1) for at in units.values()), (use, -place.most)], -inf, 0)
        if not one:
            self._parcels[place.id] = parcels = self._column(place.parcel, place.parcels)
            self._row([*((at, 1) for at in units.values()), (parcels, -place.fits)], -inf, 0)
            self._row([(use, 1), (parcels, -1)], -inf, 0)

    def _column(self, cost: float, most: float, *, whole: bool = True) -> int:
        self.costs.append(cost)
        self.most.append(most)
        self.whole.append(int(whole))
        return len(self.costs) - 1

    def _row(self, entries: Iterable[tuple[int, float]], low: float, high: float) -> None:
        for column, factor in entries:
            self.rows.append(len(self.low))
            self.columns.append(column)
            self.factors.append(factor)
        self.low.append(low)
        self.high.append(high)

    def parcels(self, x: Any) -> dict[str, int]:
        """How many parcels of each place a solution has. Parcels of an unused place may be there if they are free."""
        used = {id: at for id, at in self._use.items() if round(x[at])}
        return {id: round(x[self._parcels[id]]) if id in self._parcels else 1 for id in used}
