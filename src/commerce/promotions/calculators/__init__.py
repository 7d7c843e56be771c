"""The integer arithmetic of promotions: carts as minor units, sharing, and picking units."""

from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.work import Work

__all__ = ["Basket", "Work"]
