"""What can keep a business process from going on."""

from enum import StrEnum

from attrs import define, frozen

from commerce.kernel import Conflict, Invalid, Misconfigured, Money, NotFound

__all__ = [
    "CheckoutNotReady",
    "DueMoved",
    "EditNotReady",
    "NoWallet",
    "NotPlacedYet",
    "NothingToShip",
    "PlacementNotFound",
    "Problem",
    "ProblemKind",
    "TotalMoved",
]


class ProblemKind(StrEnum):
    """Why a cart cannot be ordered as it stands."""

    EMPTY = "empty"
    NOT_ON_SALE = "not_on_sale"
    NO_PRICE = "no_price"
    MIXED_TAX = "mixed_tax"
    NO_EMAIL = "no_email"
    NO_DESTINATION = "no_destination"
    NO_SHIPPING_METHOD = "no_shipping_method"
    SHIPPING_UNAVAILABLE = "shipping_unavailable"
    NO_TAX_RATE = "no_tax_rate"
    OTHER_TOTAL = "other_total"


@frozen(kw_only=True)
class Problem:
    """One thing to mend before the cart can be ordered; ``subject`` is the SKU, country or method it is about."""

    kind: ProblemKind
    subject: str = ""
    advice: str = ""

    def __str__(self) -> str:
        """For people."""
        about = f" ({self.subject})" if self.subject else ""
        return f"{self.kind.value.replace('_', ' ')}{about}: {self.advice}"

    __repr__ = __str__


@define(kw_only=True, slots=False)
class CheckoutNotReady(Invalid):
    """The cart cannot be ordered yet; ``problems`` has every reason."""

    message = "cart {cart_id} cannot be ordered: {problems}"
    cart_id: str
    problems: tuple[Problem, ...]


@define(kw_only=True, slots=False)
class TotalMoved(Conflict):
    """The total is no longer the one the shopper saw: show the new one and ask again."""

    message = "cart {cart_id} now costs {actual}, the shopper saw {expected}: show the new total and ask again"
    cart_id: str
    expected: Money
    actual: Money


@define(kw_only=True, slots=False)
class EditNotReady(Invalid):
    """What is to be added to an order cannot be sold as it stands; ``problems`` has every reason."""

    message = "order {order_id} cannot be edited like this: {problems}"
    order_id: str
    problems: tuple[Problem, ...]


@define(kw_only=True, slots=False)
class DueMoved(Conflict):
    """An edit costs another difference than the one that was seen: show the new one and ask again."""

    message = "the edit of order {order_id} now costs {actual}, {expected} was seen: show the new amount and ask again"
    order_id: str
    expected: Money
    actual: Money


@define(kw_only=True, slots=False)
class NotPlacedYet(Conflict):
    """The order waits for its payment."""

    message = "the order waits for its payment ({reason}): follow placement.action, then call resume"
    reason: str


@define(kw_only=True, slots=False)
class PlacementNotFound(NotFound):
    """No order was ever asked for with this key."""

    message = "nothing was ordered with key {key!r}: call place_order first"
    key: str


@define(kw_only=True, slots=False)
class NothingToShip(Conflict):
    """Every unit of the order left the house or was cancelled."""

    message = "order {order_id} has nothing left to ship: see its timeline"
    order_id: str


class NoWallet(Misconfigured):
    """The shop takes no gift cards and no store credit."""

    message = "this shop has no wallet: pass pepper= to Commerce to take gift cards and store credit"
