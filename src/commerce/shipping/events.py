"""What happens to shipping methods and shipments. No names and no addresses: events are public and kept."""

from attrs import field, frozen

from commerce.kernel import Event, InvalidValue

__all__ = [
    "ShipmentCancelled",
    "ShipmentCreated",
    "ShipmentDelivered",
    "ShipmentException",
    "ShipmentLabelled",
    "ShipmentLine",
    "ShipmentReturned",
    "ShipmentShipped",
    "ShippingMethodChanged",
]


@frozen(kw_only=True)
class ShipmentLine:
    """Some units of one order line."""

    line_id: str
    sku: str
    quantity: int = field()

    @quantity.validator
    def _at_least_one(self, _: object, quantity: int) -> None:
        if type(quantity) is not int or quantity < 1:
            raise InvalidValue(field="lines", reason=f"{quantity!r} units of line {self.line_id}: pass 1 or more")


@frozen(kw_only=True)
class ShippingMethodChanged(Event):
    """A shipping method was added or changed."""


@frozen(kw_only=True)
class ShipmentCreated(Event):
    """Units are to leave the house; the label is not bought yet."""

    order_id: str
    carrier: str
    lines: tuple[ShipmentLine, ...]


@frozen(kw_only=True)
class ShipmentLabelled(Event):
    """The label is bought; one tracking number per parcel."""

    order_id: str
    carrier: str
    tracking_numbers: tuple[str, ...]


@frozen(kw_only=True)
class ShipmentShipped(Event):
    """The carrier has it: handed over, or seen by a first scan."""

    order_id: str
    carrier: str
    lines: tuple[ShipmentLine, ...]
    tracking_numbers: tuple[str, ...]


@frozen(kw_only=True)
class ShipmentDelivered(Event):
    """Every parcel arrived."""

    order_id: str
    lines: tuple[ShipmentLine, ...]


@frozen(kw_only=True)
class ShipmentException(Event):
    """Something stopped it; ``code`` is the carrier's word, such as ``address_unknown``."""

    order_id: str
    code: str


@frozen(kw_only=True)
class ShipmentReturned(Event):
    """It came back to the sender."""

    order_id: str
    lines: tuple[ShipmentLine, ...]


@frozen(kw_only=True)
class ShipmentCancelled(Event):
    """It will not be shipped; ``refused`` if the carrier did not want it."""

    order_id: str
    lines: tuple[ShipmentLine, ...]
    refused: bool = False
