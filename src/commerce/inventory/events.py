"""What happens to stock. The movements ledger has every unit; events tell what others act on."""

from attrs import frozen

from commerce.kernel import Event

__all__ = ["StockCommitted", "StockRejected", "StockReleased", "StockReserved", "StockShipped", "StockUnits"]


@frozen(kw_only=True)
class StockUnits:
    """Some units of an item at a location."""

    sku: str
    location_id: str
    quantity: int


@frozen(kw_only=True)
class StockReserved(Event):
    """Units are held."""

    key: str
    lines: tuple[StockUnits, ...]


@frozen(kw_only=True)
class StockCommitted(Event):
    """Held units belong to an order now."""

    key: str


@frozen(kw_only=True)
class StockReleased(Event):
    """Units are free again; ``expired`` when nobody ended the hold in time."""

    key: str
    lines: tuple[StockUnits, ...]
    expired: bool = False


@frozen(kw_only=True)
class StockShipped(Event):
    """Units left the house."""

    key: str
    lines: tuple[StockUnits, ...]


@frozen(kw_only=True)
class StockRejected(Event):
    """A location could not deliver held units; others are held ``instead``."""

    key: str
    lines: tuple[StockUnits, ...]
    instead: tuple[StockUnits, ...]
