"""What can be wrong with prices."""

from attrs import define

from commerce.kernel import Conflict, Invalid, NotFound

__all__ = [
    "NoSinglePrice",
    "OverlappingPrices",
    "PriceListNotFound",
    "PriceListTaken",
    "ProposalOutdated",
]


@define(kw_only=True, slots=False)
class PriceListNotFound(NotFound):
    """No price list has that id."""

    message = "there is no price list {list_id}: add it first"
    list_id: str


@define(kw_only=True, slots=False)
class PriceListTaken(Conflict):
    """Another list has that id."""

    message = "price list {list_id} exists with other rules: use change_list, or another id"
    list_id: str


@define(kw_only=True, slots=False)
class OverlappingPrices(Invalid):
    """One list gives two prices for the same units at the same time."""

    message = (
        "list {list_id} has two prices for {sku} from {min_quantity} units at the same time: end one before the other"
    )
    list_id: str
    sku: str
    min_quantity: int


@define(kw_only=True, slots=False)
class NoSinglePrice(Conflict):
    """Dynamic pricing moves one undated price per unit; this item has none, tiers, or dates."""

    message = "list {list_id} has {entries} prices for {sku}: give it exactly one, per unit and without dates"
    list_id: str
    sku: str
    entries: int


@define(kw_only=True, slots=False)
class ProposalOutdated(Conflict):
    """The price changed since it was proposed to change it."""

    message = "{sku} costs {price} in list {list_id} now, not {expected}: propose again"
    list_id: str
    sku: str
    price: str
    expected: str
