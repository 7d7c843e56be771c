"""What is asked of shipping before an order exists, and the answers."""

from datetime import date, datetime

from attrs import field, frozen

from commerce.kernel import Address, Currency, InvalidValue, Item, Money, aware, locale_tag
from commerce.kernel import currency as to_currency
from commerce.shipping.errors import UnavailableReason

__all__ = ["RateAnswer", "RateLine", "RateRequest", "ShippingRate", "Unavailable"]


@frozen(kw_only=True)
class RateLine:
    """Units to be shipped; ``value`` is what all of them cost."""

    item: Item
    quantity: int = field()
    value: Money

    @quantity.validator
    def _at_least_one(self, _: object, quantity: int) -> None:
        if type(quantity) is not int or quantity < 1:
            raise InvalidValue(field="quantity", reason=f"{quantity!r} units cannot be shipped: pass 1 or more")


@frozen(kw_only=True)
class RateRequest:
    """Where to, what, when. Items that need no shipping are ignored everywhere."""

    destination: Address
    currency: Currency = field(converter=to_currency)
    lines: tuple[RateLine, ...]
    at: datetime = field()
    locale: str = field(default="en", converter=locale_tag)

    @at.validator
    def _knows_its_zone(self, _: object, at: datetime) -> None:
        aware(at)


@frozen(kw_only=True)
class ShippingRate:
    """One way to ship, and its price; the dates are those of the promise, if the method makes one."""

    method_id: str
    label: str
    carrier: str
    service: str
    price: Money
    tax_category: str
    promised_from: date | None = None
    promised_until: date | None = None


@frozen(kw_only=True)
class Unavailable:
    """A method that does not serve the request, and why."""

    method_id: str
    reason: UnavailableReason


@frozen(kw_only=True)
class RateAnswer:
    """Every method: those that serve the request, cheapest first, and those that do not."""

    rates: tuple[ShippingRate, ...]
    unavailable: tuple[Unavailable, ...]
