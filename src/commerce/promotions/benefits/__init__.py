"""What a promotion gives: one small class per kind."""

from commerce.promotions.benefits.base import Benefit
from commerce.promotions.benefits.beside import DeferredReward, GiftLines, PointsMultiplier, ShippingOff
from commerce.promotions.benefits.off import FixedOff, FixedPrice, Per, PercentOff
from commerce.promotions.benefits.tiers import AmountTier, AmountTiers, QuantityTier, QuantityTiers
from commerce.promotions.benefits.units import BundlePart, BundlePrice, BuyXGetY, NthItem, SomeUnits

__all__ = [
    "BENEFITS",
    "AmountTier",
    "AmountTiers",
    "Benefit",
    "BundlePart",
    "BundlePrice",
    "BuyXGetY",
    "DeferredReward",
    "FixedOff",
    "FixedPrice",
    "GiftLines",
    "NthItem",
    "Per",
    "PercentOff",
    "PointsMultiplier",
    "QuantityTier",
    "QuantityTiers",
    "ShippingOff",
    "SomeUnits",
]

#: The kinds that come with the library.
BENEFITS: tuple[type[Benefit], ...] = (
    AmountTiers,
    BundlePrice,
    BuyXGetY,
    DeferredReward,
    FixedOff,
    FixedPrice,
    GiftLines,
    NthItem,
    PercentOff,
    PointsMultiplier,
    QuantityTiers,
    ShippingOff,
    SomeUnits,
)
