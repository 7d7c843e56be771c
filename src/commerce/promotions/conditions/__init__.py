"""When a promotion holds: one small class per question."""

from commerce.promotions.conditions.base import Condition, Unmet
from commerce.promotions.conditions.basket import Contains, DistinctLines, Quantity, Subtotal
from commerce.promotions.conditions.buyer import (
    Channel,
    Code,
    Country,
    CurrencyIs,
    Customer,
    FirstOrder,
    Group,
    PaymentMethod,
    Segment,
    ShippingMethod,
)
from commerce.promotions.conditions.logic import AllOf, AnyOf, Not
from commerce.promotions.conditions.when import Dates, Hours, Weekdays

__all__ = [
    "CONDITIONS",
    "AllOf",
    "AnyOf",
    "Channel",
    "Code",
    "Condition",
    "Contains",
    "Country",
    "CurrencyIs",
    "Customer",
    "Dates",
    "DistinctLines",
    "FirstOrder",
    "Group",
    "Hours",
    "Not",
    "PaymentMethod",
    "Quantity",
    "Segment",
    "ShippingMethod",
    "Subtotal",
    "Unmet",
    "Weekdays",
]

#: The kinds that come with the library.
CONDITIONS: tuple[type[Condition], ...] = (
    AllOf,
    AnyOf,
    Channel,
    Code,
    Contains,
    Country,
    CurrencyIs,
    Customer,
    Dates,
    DistinctLines,
    FirstOrder,
    Group,
    Hours,
    Not,
    PaymentMethod,
    Quantity,
    Segment,
    ShippingMethod,
    Subtotal,
    Weekdays,
)
