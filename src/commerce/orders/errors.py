"""What can be wrong with an order or a wish for one."""

from attrs import define

from commerce.kernel import Conflict, Misconfigured, NotFound

__all__ = ["NoFreeNumber", "NothingToCancel", "OrderLineNotFound", "OrderNotFound", "OrderOnHold", "TooManyUnits"]


@define(kw_only=True, slots=False)
class OrderNotFound(NotFound):
    """No order has that id or number."""

    message = "there is no order {order}: check the number"
    order: str


@define(kw_only=True, slots=False)
class OrderLineNotFound(NotFound):
    """The order has no such line."""

    message = "order {order_id} has no line {line_id}: read the order again"
    order_id: str
    line_id: str


@define(kw_only=True, slots=False)
class OrderOnHold(Conflict):
    """Nothing leaves the house while the order is held."""

    message = "order {order_id} is on hold: release it before shipping"
    order_id: str


@define(kw_only=True, slots=False)
class TooManyUnits(Conflict):
    """More units were named than this can still happen to; ``move`` is ship, deliver, cancel, return or credit."""

    message = "order {order_id}, line {line_id}: cannot {move} {wanted} units, at most {possible} now"
    order_id: str
    line_id: str
    move: str
    wanted: int
    possible: int


@define(kw_only=True, slots=False)
class NothingToCancel(Conflict):
    """Every unit is shipped or cancelled already."""

    message = "order {order_id} has nothing left to cancel: what is shipped can be returned"
    order_id: str


@define(kw_only=True, slots=False)
class NoFreeNumber(Misconfigured):
    """The order numbers repeat themselves."""

    message = "{tried} order numbers in a row were taken, the last is {number}: give OrderNumbers more room"
    tried: int
    number: str
