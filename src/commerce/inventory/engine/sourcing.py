"""Splitting an order over locations as cheaply as its rules allow."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from commerce.inventory.engine.filling import Plan, Problem
from commerce.inventory.engine.planning import limited
from commerce.inventory.engine.search import search_parcels
from commerce.inventory.engine.task import SourcingAnswer, SourcingPlace, SourcingSolver, SourcingTask
from commerce.inventory.errors import NoSource, OutOfStock, WrongAnswer
from commerce.inventory.model import ReservedLine, StockItem, require_units

__all__ = ["Source", "SourceNote", "SourceReason", "Sourcing", "SourcingPlan", "SourcingPolicy", "source"]


def _countries(zones: Iterable[str]) -> frozenset[str]:
    return frozenset(zones)


@frozen(kw_only=True)
class Source:
    """What a location costs and can do for an order. Costs are minor units of one currency.

    ``parcel_cost`` is paid for every ``parcel_units`` begun (None: all fits one), ``handling`` for every
    unit, ``distance`` (or priority, as a cost) once. ``days`` is when its parcels arrive, ``capacity`` how many
    units it can still pack, ``zones`` the countries it delivers to (none named: all).
    """

    location_id: str
    parcel_cost: int = 0
    parcel_units: int | None = None
    handling: int = 0
    distance: int = 0
    days: int = 0
    capacity: int | None = None
    zones: frozenset[str] = field(default=frozenset(), converter=_countries)
    pickup: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("parcel_cost", "handling", "distance", "days"):
            require_units(getattr(self, name), name, 0)
        for name, least in (("parcel_units", 1), ("capacity", 0)):
            if getattr(self, name) is not None:
                require_units(getattr(self, name), name, least)


@frozen(kw_only=True)
class SourcingPolicy:
    """What matters when an order is split.

    Every location beyond the first costs ``split_penalty``; one whose parcels arrive after ``due_days``
    costs ``late_per_day`` for each day more. ``most_locations=1`` ships complete or not at all.
    ``destination`` is a country; ``pickup_at`` a location where the customer fetches it, without a parcel.
    ``effort`` bounds the search; a plan not proved best says how far off it can be.
    """

    split_penalty: int = 0
    due_days: int | None = None
    late_per_day: int = 0
    most_locations: int | None = None
    destination: str = ""
    pickup_at: str | None = None
    effort: int = 10_000

    def __attrs_post_init__(self) -> None:
        for name in ("split_penalty", "late_per_day", "effort"):
            require_units(getattr(self, name), name, 0)
        if self.most_locations is not None:
            require_units(self.most_locations, "most_locations")


class SourceReason(StrEnum):
    """What became of a location, and why."""

    CHOSEN = "chosen"
    DEARER = "dearer"
    NOTHING_THERE = "nothing_there"
    NO_CAPACITY = "no_capacity"
    OUT_OF_ZONE = "out_of_zone"
    NOT_THE_PICKUP = "not_the_pickup"
    NOT_OFFERED = "not_offered"


_WORDS = {
    SourceReason.DEARER: "can deliver, but costs more",
    SourceReason.NOTHING_THERE: "has none of this",
    SourceReason.NO_CAPACITY: "cannot pack more today",
    SourceReason.OUT_OF_ZONE: "does not deliver there",
    SourceReason.NOT_THE_PICKUP: "is not where it is picked up",
    SourceReason.NOT_OFFERED: "is not among the sources asked",
}


@frozen(kw_only=True)
class SourceNote:
    """One location's part in a plan, for people."""

    location_id: str
    reason: SourceReason
    units: int = 0
    parcels: int = 0
    cost: int = 0
    late_days: int = 0

    def __str__(self) -> str:
        if self.reason is not SourceReason.CHOSEN:
            return f"{self.location_id} {_WORDS[self.reason]}"
        late = f", {self.late_days} days late" if self.late_days else ""
        return f"{self.location_id} sends {self.units} units in {self.parcels} parcels for {self.cost}{late}"


@frozen(kw_only=True)
class SourcingPlan:
    """Who gives what, at what cost. No plan under these rules costs less than ``bound``."""

    lines: tuple[ReservedLine, ...]
    cost: int
    bound: int
    notes: tuple[SourceNote, ...]

    @property
    def gap(self) -> int:
        """How much cheaper another plan could be at most; 0: this is the best there is."""
        return self.cost - self.bound


@frozen(kw_only=True)
class Sourcing:
    """Sources and policy as a `Planner`: ``inventory.reserve(…, policy=Sourcing(sources=…))``."""

    sources: tuple[Source, ...]
    policy: SourcingPolicy = SourcingPolicy()
    solver: SourcingSolver = search_parcels

    def __call__(self, wanted: Mapping[str, int], stock: Sequence[StockItem], at: datetime) -> tuple[ReservedLine, ...]:
        """The lines of the plan."""
        return source(wanted, stock, self.sources, self.policy, at, solver=self.solver).lines


def source(
    wanted: Mapping[str, int],
    stock: Sequence[StockItem],
    sources: Iterable[Source],
    policy: SourcingPolicy,
    at: datetime,
    *,
    solver: SourcingSolver = search_parcels,
) -> SourcingPlan:
    """Choose locations so that parcels, handling, distance, splits and lateness cost least in all.

    The units always sum to the demand. Untracked items need nothing. Raises `OutOfStock` where units
    are missing, `NoSource` where rules are in the way, and `UnknownStockItem`.
    ``solver`` says how many parcels come from where; the rest is the same whoever does.
    """
    items = limited(wanted, stock)
    needed = {sku: wanted[sku] for sku in items}
    if not needed:
        return SourcingPlan(lines=(), cost=0, bound=0, notes=())
    gives = _gives(needed, items, at)
    offered = {one.location_id: one for one in sources}
    sieved = {place: _sieve(place, gives[place], offered.get(place), policy) for place in gives}
    places = sorted(
        (_place(offered[at], gives[at], policy) for at, reason in sieved.items() if reason is SourceReason.DEARER),
        key=lambda place: place.id,
    )
    task = SourcingTask(
        places=tuple(places),
        wanted=needed,
        split=policy.split_penalty,
        most_places=policy.most_locations or len(places),
        effort=policy.effort,
    )
    answer = solver(task) if places else None
    if answer is None or not answer.parcels:
        raise NoSource(reasons="; ".join(str(note) for note in _notes(sieved, {}, {}, offered, policy)))
    plan = _filled(task, answer)
    units = {place.id: n for place, row in zip(places, plan.units, strict=True) if (n := sum(row))}
    return SourcingPlan(
        lines=_lines(task, plan),
        cost=plan.cost,
        bound=min(answer.bound, plan.cost),
        notes=_notes(sieved, units, {place.id: place for place in places}, offered, policy),
    )


def _filled(task: SourcingTask, answer: SourcingAnswer) -> Plan:
    """The units in the parcels of an answer. A solver that broke a rule is not believed."""
    plan = Problem(task).filled(answer.parcels.get(place.id, 0) for place in task.places)
    if plan is None or len(plan.chosen) > task.most_places:
        raise WrongAnswer(parcels=dict(answer.parcels))
    return plan


def _lines(task: SourcingTask, plan: Plan) -> tuple[ReservedLine, ...]:
    lines = (
        ReservedLine(sku=sku, location_id=place.id, quantity=units)
        for place, row in zip(task.places, plan.units, strict=True)
        for sku, units in zip(task.wanted, row, strict=True)
        if units
    )
    return tuple(sorted(lines, key=lambda line: (line.sku, line.location_id)))


def _gives(
    needed: Mapping[str, int], items: Mapping[str, Sequence[StockItem]], at: datetime
) -> dict[str, dict[str, int]]:
    """What each location can give of what is needed; short of it everywhere together is out of stock."""
    gives: dict[str, dict[str, int]] = {}
    for sku, quantity in needed.items():
        for item in items[sku]:
            units = min(max(item.promisable(at), 0), quantity) if item.limited else quantity
            gives.setdefault(item.location_id, {})[sku] = units
        available = sum(place.get(sku, 0) for place in gives.values())
        if available < quantity:
            raise OutOfStock(sku=sku, requested=quantity, available=available)
    return gives


def _sieve(location_id: str, gives: Mapping[str, int], one: Source | None, policy: SourcingPolicy) -> SourceReason:
    """Why a location is out of question; ``dearer`` if it is not, until it is chosen."""
    if policy.pickup_at is not None and (location_id != policy.pickup_at or one is None or not one.pickup):
        return SourceReason.NOT_THE_PICKUP
    if one is None:
        return SourceReason.NOT_OFFERED
    if policy.pickup_at is None and policy.destination and one.zones and policy.destination not in one.zones:
        return SourceReason.OUT_OF_ZONE
    if not any(gives.values()):
        return SourceReason.NOTHING_THERE
    return SourceReason.NO_CAPACITY if one.capacity == 0 else SourceReason.DEARER


def _late(one: Source, policy: SourcingPolicy) -> int:
    return 0 if policy.due_days is None else max(one.days - policy.due_days, 0)


def _place(one: Source, gives: Mapping[str, int], policy: SourcingPolicy) -> SourcingPlace:
    units = sum(gives.values())
    most = units if one.capacity is None else min(units, one.capacity)
    return SourcingPlace(
        id=one.location_id,
        fixed=one.distance + policy.late_per_day * _late(one, policy),
        parcel=0 if policy.pickup_at is not None else one.parcel_cost,
        handling=one.handling,
        fits=one.parcel_units or most,
        gives={sku: n for sku, n in gives.items() if n},
        most=most,
    )


def _notes(
    sieved: Mapping[str, SourceReason],
    units: Mapping[str, int],
    places: Mapping[str, SourcingPlace],
    offered: Mapping[str, Source],
    policy: SourcingPolicy,
) -> tuple[SourceNote, ...]:
    return tuple(
        SourceNote(
            location_id=at,
            reason=SourceReason.CHOSEN,
            units=units[at],
            parcels=-(-units[at] // places[at].fits),
            cost=places[at].cost(units[at]),
            late_days=_late(offered[at], policy),
        )
        if at in units
        else SourceNote(location_id=at, reason=reason)
        for at, reason in sieved.items()
    )
