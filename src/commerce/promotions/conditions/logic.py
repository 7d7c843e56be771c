"""Conditions over conditions."""

from typing import ClassVar

from attrs import frozen

from commerce.kernel import InvalidValue
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.conditions.base import NOT_MET, Condition, Unmet

__all__ = ["AllOf", "AnyOf", "Not"]


@frozen(kw_only=True)
class _Several(Condition):
    conditions: tuple[Condition, ...]

    def __attrs_post_init__(self) -> None:
        if not self.conditions:
            raise InvalidValue(field="conditions", reason="name at least one")

    @property
    def moving(self) -> bool:
        """Whether any of them is."""
        return any(condition.moving for condition in self.conditions)


@frozen(kw_only=True)
class AllOf(_Several):
    """Every one of them holds."""

    kind: ClassVar[str] = "all"

    @property
    def falling(self) -> bool:
        """Whether all of them stay unmet once they are."""
        return all(condition.falling for condition in self.conditions)

    def slack(self, basket: Basket) -> int:
        """What the tightest allows."""
        return min(condition.slack(basket) for condition in self.conditions)

    def by_total(self, basket: Basket) -> bool:
        """Whether all of them are."""
        return all(condition.by_total(basket) for condition in self.conditions)

    def check(self, basket: Basket) -> Unmet | None:
        """The first that does not hold says why."""
        for condition in self.conditions:
            unmet = condition.check(basket)
            if unmet is not None:
                return unmet
        return None


@frozen(kw_only=True)
class AnyOf(_Several):
    """At least one of them holds."""

    kind: ClassVar[str] = "any"

    def check(self, basket: Basket) -> Unmet | None:
        """If none holds, the first says why."""
        first = None
        for condition in self.conditions:
            unmet = condition.check(basket)
            if unmet is None:
                return None
            first = first or unmet
        return first


@frozen(kw_only=True)
class Not(Condition):
    """The other one does not hold."""

    kind: ClassVar[str] = "not"

    condition: Condition

    @property
    def moving(self) -> bool:
        """Whether the other one is."""
        return self.condition.moving

    def check(self, basket: Basket) -> Unmet | None:
        """Turn the answer round."""
        return NOT_MET if self.condition.check(basket) is None else None
