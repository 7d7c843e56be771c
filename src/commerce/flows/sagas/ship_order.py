"""Units leave the house: a label, then the order, the stock and the shipment say so."""

from collections.abc import Mapping

from attrs import define, evolve, field, frozen

from commerce.flows.sagas.held import Held, each_held
from commerce.inventory import InventoryService
from commerce.kernel import Address
from commerce.orders import OrderService
from commerce.runtime import Saga, Step
from commerce.shipping import Parcel, ShipmentLine, ShippingService

__all__ = ["SHIP_ORDER", "ShipOrder", "Shipped"]

#: The stored name of the process.
SHIP_ORDER = "ship_order"


@frozen(kw_only=True)
class ShipOrder:
    """What was asked. ``lines`` are units by order line id, ``stock`` the same units by the ref of their hold and SKU.

    Without a ``carrier`` the units are handed over by hand, or need no transport: no label, delivered at once.
    Without ``parcels`` all of them travel as one, of unknown weight.
    """

    order_id: str
    key: str
    lines: Mapping[str, int] = field(hash=False)
    stock: Held = field(hash=False)
    contents: tuple[ShipmentLine, ...]
    carrier: str = ""
    service: str = ""
    destination: Address | None = field(default=None, repr=False)
    parcels: tuple[Parcel, ...] = ()


@frozen(kw_only=True)
class Shipped:
    """What has come of it so far."""

    shipment_id: str = ""


@define
class ShippingOrders:
    """The steps, over the services they move."""

    orders: OrderService
    inventory: InventoryService
    shipping: ShippingService

    def buy_label(self, asked: ShipOrder, state: Shipped, key: str) -> Shipped:
        if not asked.carrier or asked.destination is None:
            return state
        shipment = self.shipping.ship(
            key,
            asked.order_id,
            asked.contents,
            carrier=asked.carrier,
            service=asked.service,
            destination=asked.destination,
            parcels=asked.parcels or None,
        )
        return evolve(state, shipment_id=shipment.id)

    def give_label_back(self, asked: ShipOrder, state: Shipped, key: str) -> None:
        for shipment in self.shipping.of_order(asked.order_id):
            if shipment.key == key:
                self.shipping.cancel(shipment.id, key)

    def ship_units(self, asked: ShipOrder, state: Shipped, key: str) -> Shipped:
        self.orders.ship_lines(asked.order_id, asked.key, asked.lines)
        return state

    def ship_stock(self, asked: ShipOrder, state: Shipped, key: str) -> Shipped:
        each_held(self.inventory.ship, asked.stock, part=key)
        return state

    def hand_over(self, asked: ShipOrder, state: Shipped, key: str) -> Shipped:
        if state.shipment_id:
            self.shipping.hand_over(state.shipment_id, key)
        else:
            self.orders.deliver_lines(asked.order_id, asked.key, asked.lines)
        return state

    @property
    def saga(self) -> Saga[ShipOrder, Shipped]:
        """The steps in their order."""
        return Saga(
            SHIP_ORDER,
            (
                Step(name="buy_label", do=self.buy_label, undo=self.give_label_back),
                Step(name="ship_units", do=self.ship_units, pivot=True),
                Step(name="ship_stock", do=self.ship_stock),
                Step(name="hand_over", do=self.hand_over),
            ),
        )
