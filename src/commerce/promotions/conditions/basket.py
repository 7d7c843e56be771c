"""Conditions on what is in the cart."""

from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import InvalidValue, Money
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.conditions.base import Condition, Unmet
from commerce.promotions.values import Basis, Reason, Selector, require_amount, require_counts

__all__ = ["Contains", "DistinctLines", "Quantity", "Subtotal"]

_NO_TARGET = Unmet(Reason.NO_TARGET)
_TOO_MUCH = Unmet(Reason.ABOVE_MAXIMUM)


@frozen(kw_only=True)
class Subtotal(Condition):
    """The lines selected cost at least ``minimum`` and at most ``maximum`` together.

    ``basis`` names list or discounted amounts; without it the shop's policy decides.
    """

    kind: ClassVar[str] = "subtotal"

    minimum: Money | None = None
    maximum: Money | None = None
    of: Selector = field(factory=Selector)
    basis: Basis | None = None

    def __attrs_post_init__(self) -> None:
        _require_amounts(self.minimum, self.maximum)

    @property
    def needs(self) -> Selector | None:
        """What is selected, if there is a minimum."""
        return self.of if self.minimum else None

    @property
    def moving(self) -> bool:
        """List amounts stay as they are."""
        return self.basis is not Basis.LIST

    @property
    def falling(self) -> bool:
        """Without a maximum, what is too little stays too little."""
        return self.maximum is None

    def slack(self, basket: Basket) -> int:
        """What the lines cost above the minimum."""
        if not self.moving:
            return super().slack(basket)
        if self.minimum is None:
            return 0
        amount = basket.amount(basket.select(self.of), self.basis)
        return 0 if self.maximum and amount > self.maximum.minor else amount - self.minimum.minor

    def by_total(self, basket: Basket) -> bool:
        """With a minimum only, and when it looks at every line."""
        return not self.moving or (self.maximum is None and len(basket.select(self.of)) == len(basket.lines))

    def check(self, basket: Basket) -> Unmet | None:
        """Compare the sum of the lines."""
        amount = basket.amount(basket.select(self.of), self.basis)
        if self.minimum is not None and amount < self.minimum.minor:
            return Unmet(Reason.BELOW_MINIMUM, Money.of_minor(self.minimum.minor - amount, basket.currency))
        return _TOO_MUCH if self.maximum is not None and amount > self.maximum.minor else None


@frozen(kw_only=True)
class Quantity(Condition):
    """The lines selected have at least ``minimum`` and at most ``maximum`` units together."""

    kind: ClassVar[str] = "quantity"

    minimum: int | None = None
    maximum: int | None = None
    of: Selector = field(factory=Selector)

    def __attrs_post_init__(self) -> None:
        _require_range(self.minimum, self.maximum)

    @property
    def needs(self) -> Selector | None:
        """What is selected, if there is a minimum."""
        return self.of if self.minimum else None

    def check(self, basket: Basket) -> Unmet | None:
        """Count the units."""
        return _within(basket.units(basket.select(self.of)), self.minimum, self.maximum)


@frozen(kw_only=True)
class DistinctLines(Condition):
    """At least ``minimum`` and at most ``maximum`` different SKUs are selected."""

    kind: ClassVar[str] = "distinct_lines"

    minimum: int | None = None
    maximum: int | None = None
    of: Selector = field(factory=Selector)

    def __attrs_post_init__(self) -> None:
        _require_range(self.minimum, self.maximum)

    @property
    def needs(self) -> Selector | None:
        """What is selected, if there is a minimum."""
        return self.of if self.minimum else None

    def check(self, basket: Basket) -> Unmet | None:
        """Count the SKUs: a line that was split counts once."""
        skus = {basket.lines[i].line.item.sku for i in basket.select(self.of)}
        return _within(len(skus), self.minimum, self.maximum)


@frozen(kw_only=True)
class Contains(Condition):
    """The cart has something of these products, variants, categories, collections, attributes.

    Put it into a `Not` for carts that must not have them.
    """

    kind: ClassVar[str] = "contains"

    of: Selector

    @property
    def needs(self) -> Selector | None:
        """What it must contain."""
        return self.of

    def check(self, basket: Basket) -> Unmet | None:
        """Look for a line."""
        return None if basket.select(self.of) else _NO_TARGET


def _within(count: int, minimum: int | None, maximum: int | None) -> Unmet | None:
    if minimum is not None and count < minimum:
        return Unmet(Reason.BELOW_MINIMUM, minimum - count)
    return _TOO_MUCH if maximum is not None and count > maximum else None


def _require_range(minimum: int | None, maximum: int | None) -> None:
    if minimum is None and maximum is None:
        raise InvalidValue(field="minimum", reason="give a minimum, a maximum or both")
    require_counts(minimum=minimum, maximum=maximum, least=0)
    if minimum is not None and maximum is not None and maximum < minimum:
        raise InvalidValue(field="maximum", reason="it is below the minimum: nothing can be between them")


def _require_amounts(minimum: Money | None, maximum: Money | None) -> None:
    for name, amount in (("minimum", minimum), ("maximum", maximum)):
        if amount is not None:
            require_amount(amount, name, least=0)
    if minimum is None or maximum is None:
        if minimum is maximum:
            raise InvalidValue(field="minimum", reason="give a minimum, a maximum or both")
    elif minimum.currency != maximum.currency:
        raise InvalidValue(field="maximum", reason=f"minimum is in {minimum.currency.code}: use one currency")
    elif maximum < minimum:
        raise InvalidValue(field="maximum", reason="it is below the minimum: nothing can be between them")
