"""What can be wrong with prices."""

from attrs import define

from commerce.kernel import Invalid, NotFound

__all__ = ["OverlappingPrices", "PriceListNotFound"]


@define(kw_only=True, slots=False)
class PriceListNotFound(NotFound):
    """No price list has that id."""

    message = "there is no price list {list_id}: add it first"
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
