"""What can be wrong with stock or a wish for it."""

from datetime import datetime

from attrs import define

from commerce.kernel import Conflict, Invalid, Misconfigured, NotFound

__all__ = [
    "HoldExpired",
    "KitHasNoStock",
    "LocationNotFound",
    "NoSource",
    "NotHeld",
    "OutOfStock",
    "ReservationNotFound",
    "SameLocation",
    "UnknownStockItem",
    "WrongAnswer",
]


@define(kw_only=True, slots=False)
class OutOfStock(Conflict):
    """There are fewer units than wanted, over all places asked."""

    message = "{available} of {sku} available, {requested} wanted: lower the quantity or wait for new stock"
    sku: str
    requested: int
    available: int


@define(kw_only=True, slots=False)
class UnknownStockItem(NotFound):
    """Nobody ever stocked this SKU, nor said that it needs no stock."""

    message = "{sku} has no stock record: receive some, or configure it as untracked"
    sku: str


@define(kw_only=True, slots=False)
class LocationNotFound(NotFound):
    """No stock location has that id."""

    message = "there is no stock location {location_id}: add it first"
    location_id: str


@define(kw_only=True, slots=False)
class ReservationNotFound(NotFound):
    """Nothing was ever reserved with that key."""

    message = "nothing was reserved with key {key}: reserve first"
    key: str


@define(kw_only=True, slots=False)
class NotHeld(Conflict):
    """The reservation does not hold these units (any more)."""

    message = "reservation {key} holds {held} of {sku}, not {wanted}"
    key: str
    sku: str
    wanted: int
    held: int


@define(kw_only=True, slots=False)
class HoldExpired(Conflict):
    """The time of the hold is over, so the units may be somebody else's."""

    message = "reservation {key} expired at {expired_at:%Y-%m-%d %H:%M:%S} UTC: reserve again"
    key: str
    expired_at: datetime


@define(kw_only=True, slots=False)
class SameLocation(Invalid):
    """A transfer needs two places."""

    message = "{sku} is at {location_id} already: name another location to transfer to"
    sku: str
    location_id: str


@define(kw_only=True, slots=False)
class KitHasNoStock(Invalid):
    """A kit is made of components; only they are counted, adjusted and transferred."""

    message = "{sku} is a kit: name its components {components} instead"
    sku: str
    components: tuple[str, ...]


@define(kw_only=True, slots=False)
class NoSource(Conflict):
    """The units exist, but no choice of locations may deliver them under this policy."""

    message = "no choice of locations may deliver this: {reasons}; allow more locations, or another destination"
    reasons: str


@define(kw_only=True, slots=False)
class WrongAnswer(Misconfigured):
    """A sourcing solver named parcels that cannot hold the demand, or too many locations."""

    message = "the solver answered {parcels}, which breaks the task: mend it, or leave solver= to the search"
    parcels: dict[str, int]
