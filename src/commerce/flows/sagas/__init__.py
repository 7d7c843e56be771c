"""The steps of the business processes, each with its undo; nothing else."""

from collections.abc import Mapping
from typing import Any

from commerce.cart import CartService
from commerce.flows.sagas.balancing import Balance, Balancing
from commerce.flows.sagas.cancel_order import CANCEL_ORDER, Cancelled, CancellingOrders, CancelOrder
from commerce.flows.sagas.charging import (
    Charge,
    Charging,
    awake,
    part_ref,
    payment_record,
    process_id,
    process_of,
    require_kind,
    require_settled,
)
from commerce.flows.sagas.clawing import Clawing, require_unbroken
from commerce.flows.sagas.edit_order import EDIT_ORDER, Edited, EditingOrders, EditOrder
from commerce.flows.sagas.held import stock_of
from commerce.flows.sagas.place_order import PLACE_ORDER, Placed, PlaceOrder, PlacingOrders
from commerce.flows.sagas.refunding import Refunding, returnable
from commerce.flows.sagas.settle_return import SETTLE_RETURN, ReturnSettled, SettleReturn, SettlingReturns
from commerce.flows.sagas.ship_order import SHIP_ORDER, ShipOrder, Shipped, ShippingOrders
from commerce.fraud import FraudService
from commerce.inventory import InventoryService
from commerce.orders import OrderService
from commerce.payments import PaymentService
from commerce.promotions import PromotionService
from commerce.returns import ReturnService
from commerce.runtime import Saga, SagaLog
from commerce.shipping import ShippingService
from commerce.wallet import WalletService

__all__ = [
    "CANCEL_ORDER",
    "EDIT_ORDER",
    "PLACE_ORDER",
    "SETTLE_RETURN",
    "SHIP_ORDER",
    "Balance",
    "Balancing",
    "CancelOrder",
    "Cancelled",
    "Charge",
    "Clawing",
    "EditOrder",
    "Edited",
    "PlaceOrder",
    "Placed",
    "Refunding",
    "ReturnSettled",
    "SettleReturn",
    "ShipOrder",
    "Shipped",
    "awake",
    "part_ref",
    "payment_record",
    "process_id",
    "process_of",
    "processes",
    "require_kind",
    "require_settled",
    "require_unbroken",
    "returnable",
    "stock_of",
]


def processes(
    *,
    carts: CartService,
    inventory: InventoryService,
    orders: OrderService,
    payments: PaymentService,
    promotions: PromotionService,
    returns: ReturnService,
    shipping: ShippingService,
    wallet: WalletService | None,
    fraud: FraudService | None,
    refunding: Refunding,
    clawing: Clawing,
    journal: SagaLog,
) -> Mapping[str, Saga[Any, Any]]:
    """Every process by its name, for the runner."""
    charging = Charging(payments, orders, fraud)
    balancing = Balancing(refunding, returns, clawing)
    sagas: tuple[Saga[Any, Any], ...] = (
        PlacingOrders(carts, inventory, promotions, orders, wallet, charging).saga,
        EditingOrders(orders, inventory, promotions, returns, charging, refunding, balancing).saga,
        CancellingOrders(orders, inventory, promotions, payments, refunding, journal).saga,
        ShippingOrders(orders, inventory, shipping).saga,
        SettlingReturns(returns, orders, inventory, promotions, refunding, clawing).saga,
    )
    return {saga.name: saga for saga in sagas}
