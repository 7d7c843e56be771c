"""Fulfilment: from a placed order to delivered parcels."""

from collections.abc import Callable, Mapping, Sequence

from attrs import define, evolve

from commerce.flows.errors import NothingToShip
from commerce.flows.sagas import SHIP_ORDER, ShipOrder, Shipped, stock_of
from commerce.kernel import InvalidValue
from commerce.orders import Order, OrderService
from commerce.runtime import Relay, SagaRecord, SagaRunner, SagaStatus, fingerprint
from commerce.shipping import (
    Box,
    Goods,
    Parcel,
    Shipment,
    ShipmentDelivered,
    ShipmentLine,
    ShippingService,
    TooLargeToPack,
    pack,
)

__all__ = ["Fulfillment"]


@define
class Fulfillment:
    """Ship orders, whole or in parts, and note what arrives. Every command happens once per key."""

    orders: OrderService
    shipping: ShippingService
    runner: SagaRunner
    relay: Relay

    def ship(
        self,
        order_id: str,
        *,
        key: str,
        lines: Mapping[str, int] | None = None,
        carrier: str = "",
        service: str = "",
        parcels: Sequence[Parcel] = (),
    ) -> Shipment:
        """Buy a label and send units off: those named by order line id, or everything not shipped yet.

        Without ``carrier`` it is that of the order's shipping method. ``parcels`` say how the units are packed and
        what they weigh; without them they are packed into the method's boxes as for its price, by the weights that
        were bought. If one of those is not known, all go into one parcel of unknown weight, which carriers
        that weigh refuse.
        Raises `NothingToShip`, `commerce.shipping.ParcelsMismatch`, `commerce.orders.TooManyUnits`,
        `commerce.orders.OrderOnHold`, and what the carrier refuses.
        """

        def request() -> ShipOrder:
            order = self.orders.get(order_id)
            name, kind = carrier, service
            boxes: Sequence[Box] = ()
            if not name:
                if order.shipping_method is None:
                    raise InvalidValue(field="carrier", reason="the order has no shipping method: name one")
                method = self.shipping.method(order.shipping_method)
                name, kind, boxes = method.carrier, service or method.service, method.boxes
            asked = self._asked(order, key, lines, name, kind)
            return evolve(asked, parcels=tuple(parcels) or _packed(order, asked.lines, boxes))

        state: Shipped = self._run(request, key, fingerprint(order_id, lines, carrier, service, *parcels)).state
        return self.shipping.get(state.shipment_id)

    def hand_over(self, order_id: str, *, key: str, lines: Mapping[str, int] | None = None) -> Order:
        """Give units to the buyer without a carrier: at the counter, or as a download. They are delivered at once."""

        def request() -> ShipOrder:
            return self._asked(self.orders.get(order_id), key, lines, "", "")

        self._run(request, key, fingerprint(order_id, lines, "by hand"))
        return self.orders.get(order_id)

    def deliver(self, shipment_id: str, *, key: str) -> Shipment:
        """The parcels arrived. The order learns of it."""
        with self.relay.hold():
            return self.shipping.deliver(shipment_id, key)

    def follow(self, delivered: ShipmentDelivered) -> None:
        """Tell the order that the units of a shipment were delivered; once per shipment."""
        units = {line.line_id: line.quantity for line in delivered.lines}
        self.orders.deliver_lines(delivered.order_id, delivered.aggregate_id, units)

    def _run(self, request: Callable[[], ShipOrder], key: str, body: str) -> SagaRecord:
        """Ship what is asked, or answer for what was asked with this key before."""
        with self.relay.hold():
            known = self.runner.find(SHIP_ORDER, key)
            asked = request() if known is None or known.status is SagaStatus.FAILED else known.input
            return self.runner.run(SHIP_ORDER, key=key, fingerprint=body, input=asked, state=Shipped())

    def _asked(self, order: Order, key: str, lines: Mapping[str, int] | None, carrier: str, service: str) -> ShipOrder:
        wanted = {line.id: line.to_ship for line in order.lines if line.to_ship} if lines is None else dict(lines)
        if not wanted:
            raise NothingToShip(order_id=order.id)
        order.snapshot().ship(key, wanted, at=self.orders.clock())  # refused before a label is bought
        return ShipOrder(
            order_id=order.id,
            key=key,
            lines=wanted,
            stock=stock_of(order, wanted),
            contents=tuple(
                ShipmentLine(line_id=line_id, sku=order.line(line_id).sku, quantity=quantity)
                for line_id, quantity in wanted.items()
            ),
            carrier=carrier,
            service=service,
            destination=order.shipping_address,
        )


def _packed(order: Order, units: Mapping[str, int], boxes: Sequence[Box]) -> tuple[Parcel, ...]:
    """The units in parcels, by what the items weighed when they were bought; nothing if that is not known of all."""
    goods = [
        Goods(line_id=line.id, item=line.priced.line.item, quantity=units[line.id])
        for line in order.lines
        if line.id in units
    ]
    if not all(one.item.weight_grams for one in goods):
        return ()
    try:
        return pack(goods, boxes)
    except TooLargeToPack:
        return pack(goods)
