"""Conditions on who buys, where, and how it is paid and shipped."""

from collections.abc import Iterable
from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import InvalidValue, iso_codes, text_set, text_tuple
from commerce.kernel import currency as to_currency
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.conditions.base import Condition, Unmet
from commerce.promotions.values import Reason, normal_code

__all__ = [
    "Channel",
    "Code",
    "Country",
    "CurrencyIs",
    "Customer",
    "FirstOrder",
    "Group",
    "PaymentMethod",
    "Segment",
    "ShippingMethod",
]


@frozen(kw_only=True)
class _OneOf(Condition):
    """Something the context knows is among some values."""

    values: frozenset[str] = field(converter=text_set)

    unmet: ClassVar[Unmet]

    def __attrs_post_init__(self) -> None:
        if not self.values:
            raise InvalidValue(field="values", reason="name at least one")

    def known(self, basket: Basket) -> frozenset[str]:
        """What the context knows."""
        raise NotImplementedError

    def check(self, basket: Basket) -> Unmet | None:
        """Look for a common value."""
        return None if self.values & self.known(basket) else self.unmet


@frozen(kw_only=True)
class Customer(_OneOf):
    """Bought by one of these customers, by id."""

    kind: ClassVar[str] = "customer"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_CUSTOMER)

    def known(self, basket: Basket) -> frozenset[str]:
        """The customer, if known."""
        return frozenset({basket.context.customer_id or ""})


@frozen(kw_only=True)
class Group(_OneOf):
    """Bought by a member of one of these customer groups."""

    kind: ClassVar[str] = "group"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_GROUP)

    def known(self, basket: Basket) -> frozenset[str]:
        """The customer's groups."""
        return basket.context.groups


@frozen(kw_only=True)
class Segment(_OneOf):
    """Bought by somebody in one of these segments."""

    kind: ClassVar[str] = "segment"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_SEGMENT)

    def known(self, basket: Basket) -> frozenset[str]:
        """The customer's segments."""
        return basket.context.segments


@frozen(kw_only=True)
class Channel(_OneOf):
    """Bought through one of these channels."""

    kind: ClassVar[str] = "channel"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_CHANNEL)

    def known(self, basket: Basket) -> frozenset[str]:
        """The channel."""
        return frozenset({basket.context.channel})


@frozen(kw_only=True)
class Country(_OneOf):
    """Delivered to one of these countries (ISO 3166-1 alpha-2)."""

    kind: ClassVar[str] = "country"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_COUNTRY)

    values: frozenset[str] = field(converter=iso_codes)

    def known(self, basket: Basket) -> frozenset[str]:
        """The country."""
        return frozenset({basket.context.country})


@frozen(kw_only=True)
class CurrencyIs(_OneOf):
    """Paid in one of these currencies (ISO 4217)."""

    kind: ClassVar[str] = "currency"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_CURRENCY)

    values: frozenset[str] = field(converter=iso_codes)

    def __attrs_post_init__(self) -> None:
        for code in self.values:
            to_currency(code)
        super().__attrs_post_init__()

    def known(self, basket: Basket) -> frozenset[str]:
        """The cart's currency."""
        return frozenset({basket.currency.code})


@frozen(kw_only=True)
class ShippingMethod(_OneOf):
    """Shipped by one of these methods."""

    kind: ClassVar[str] = "shipping_method"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_SHIPPING_METHOD)

    def known(self, basket: Basket) -> frozenset[str]:
        """The method chosen."""
        return frozenset({basket.context.shipping_method})


@frozen(kw_only=True)
class PaymentMethod(_OneOf):
    """Paid by one of these methods."""

    kind: ClassVar[str] = "payment_method"
    unmet: ClassVar[Unmet] = Unmet(Reason.WRONG_PAYMENT_METHOD)

    def known(self, basket: Basket) -> frozenset[str]:
        """The method chosen."""
        return frozenset({basket.context.payment_method})


def _codes(values: Iterable[str]) -> frozenset[str]:
    return frozenset(map(normal_code, text_tuple(values)))


@frozen(kw_only=True)
class Code(_OneOf):
    """One of these codes was entered. It only looks: to count uses per code, add coupons."""

    kind: ClassVar[str] = "code"
    unmet: ClassVar[Unmet] = Unmet(Reason.CODE_REQUIRED)

    values: frozenset[str] = field(converter=_codes)

    def known(self, basket: Basket) -> frozenset[str]:
        """The codes entered."""
        return frozenset(map(normal_code, basket.context.codes))


@frozen(kw_only=True)
class FirstOrder(Condition):
    """The customer has never ordered."""

    kind: ClassVar[str] = "first_order"
    _unmet: ClassVar[Unmet] = Unmet(Reason.NOT_FIRST_ORDER)

    def check(self, basket: Basket) -> Unmet | None:
        """Take the caller's word."""
        return None if basket.context.first_order else self._unmet
