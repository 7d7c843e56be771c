"""What sourcing asks of whoever solves it, in integers: places, a demand, and parcels as the answer."""

from collections.abc import Callable, Mapping

from attrs import field, frozen

__all__ = ["SourcingAnswer", "SourcingPlace", "SourcingSolver", "SourcingTask"]


@frozen(kw_only=True)
class SourcingPlace:
    """One usable location: ``fixed`` cost once used, one of each parcel, one of each unit, and what it can give.

    A parcel ``fits`` so many units; ``most`` is all that the location can send of ``gives``.
    """

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

    def cost(self, units: int) -> int:
        """What so many units cost."""
        return self.fixed + self.parcel * -(-units // self.fits) + self.handling * units if units else 0


@frozen(kw_only=True)
class SourcingTask:
    """Meet the demand from at most so many of one or more places; each beyond the first costs ``split``.

    ``effort`` is what the search may spend; a solver with limits of its own need not look at it.
    """

    places: tuple[SourcingPlace, ...]
    wanted: Mapping[str, int]
    split: int
    most_places: int
    effort: int


@frozen(kw_only=True)
class SourcingAnswer:
    """How many parcels each place may fill, and what that costs at most: no parcels, if there is no plan.

    No plan costs less than ``bound``.
    """

    bound: int
    parcels: Mapping[str, int] = field(factory=dict)
    cost: int = 0


#: Decides how many parcels come from where. `search_parcels` is one; adapters have others.
SourcingSolver = Callable[[SourcingTask], SourcingAnswer]
