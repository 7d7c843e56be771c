"""A cart as integers: what is asked and changed while promotions are tried."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from commerce.kernel import Adjustment, Currency, CurrencyMismatch, PricedCart, PricedCharge, PricedLine, Rounding
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.calculators.sharing import ratio_of
from commerce.promotions.values import Basis, PromotionContext, PromotionPolicy, Selector

__all__ = ["Amounts", "Basket"]

_SEVERAL = ("categories", "collections")
_FIELDS = ("skus", "products", *_SEVERAL)


class Amounts:
    """Minor units by position: ``full`` before and ``left`` after discounts, ``least`` is the floor.

    ``overdrawn``: some cost less than nothing, as what is traded in.
    """

    __slots__ = ("floored", "full", "least", "left", "overdrawn", "quantity")

    def __init__(self, full: list[int], left: list[int], quantity: list[int], least: list[int]) -> None:
        self.full = full
        self.left = left
        self.quantity = quantity
        self.least = least
        self.overdrawn = min(left, default=0) < 0 or min(full, default=0) < 0
        self.floored = any(least) or self.overdrawn

    def rooms(self, places: Iterable[int]) -> list[int]:
        """How much may still be taken off each place."""
        left, least = self.left, self.least
        if not self.floored:
            return [left[i] for i in places]
        return [left[i] - least[i] if left[i] > least[i] else 0 for i in places]


class Basket:
    """One cart and its context. Lines stand in the order of SKU, then id.

    That order, and not the one in the cart, breaks ties: a cent does not depend on what was put in first.
    """

    def __init__(
        self, cart: PricedCart, context: PromotionContext, policy: PromotionPolicy, own: frozenset[str]
    ) -> None:
        self.cart = cart
        self.context = context
        self.policy = policy
        self.currency: Currency = cart.currency
        self.rounding: Rounding = cart.profile.price_rounding
        self.allocation = cart.profile.allocation
        self._own = own
        self.after = policy.threshold is Basis.DISCOUNTED
        self.line_order = sorted(range(len(cart.lines)), key=lambda n: _canonical(cart.lines[n]))
        self.charge_order = sorted(range(len(cart.charges)), key=lambda n: cart.charges[n].charge.id)
        self.lines: list[PricedLine] = [cart.lines[n] for n in self.line_order]
        self.charges: list[PricedCharge] = [cart.charges[n] for n in self.charge_order]
        self.goods = self._goods()
        self.fees = self._fees()
        self._all = (1 << len(self.lines)) - 1
        self._masks: dict[str, dict[str, int]] = {}
        self._selected: dict[Selector, tuple[int, ...]] = {}
        self._places: dict[int, tuple[int, ...]] = {}
        self._local: datetime | None = None
        self.shipping_places = tuple(i for i, c in enumerate(self.charges) if c.charge.id.startswith("shipping"))
        self.category_rooms = self._category_rooms()
        self.floored = any(self.goods.least)

    def _goods(self) -> Amounts:
        lines = self.lines
        full = [line.line.subtotal.minor for line in lines]
        left = [self._left(line) for line in lines]
        quantity = [line.line.quantity for line in lines]
        least = [0] * len(lines)
        if self.policy.line_cap is not None:
            numerator, denominator = ratio_of(self.policy.line_cap)
            least = [
                max(whole, rest) - whole * numerator // denominator for whole, rest in zip(full, left, strict=True)
            ]
        floors = self.context.floors
        if floors:
            for i, line in enumerate(lines):
                floor = floors.get(line.line.item.sku)
                if floor is not None:
                    below = floor.times(quantity[i], Rounding.UP)
                    if below.currency != self.currency:
                        raise CurrencyMismatch(expected=self.currency.code, actual=below.currency.code)
                    least[i] = max(least[i], below.minor)
        return Amounts(full, left, quantity, least)

    def _fees(self) -> Amounts:
        count = len(self.charges)
        full = [charge.charge.subtotal.minor for charge in self.charges]
        return Amounts(full, [self._left(charge) for charge in self.charges], [1] * count, [0] * count)

    def _category_rooms(self) -> list[tuple[frozenset[int], int]]:
        """For each capped category its lines, and how much all promotions together may take off them."""
        rooms = []
        for category, cap in sorted(self.policy.category_caps.items()):
            places = self.select(Selector(categories=frozenset({category})))
            numerator, denominator = ratio_of(cap)
            most = sum(self.goods.full[i] for i in places) * numerator // denominator
            rooms.append((frozenset(places), max(most, 0)))
        return rooms

    def masks(self, name: str) -> dict[str, int]:
        """For each value of a field (``skus``, ``attributes.colour``) that occurs the lines that have it, as bits."""
        masks = self._masks.get(name)
        if masks is None:
            masks = self._masks[name] = self._read(name)
        return masks

    def _read(self, name: str) -> dict[str, int]:
        items = [priced.line.item for priced in self.lines]
        if name in _SEVERAL:
            return _marks(enumerate([getattr(item, name) for item in items]))
        if name in _FIELDS:
            singular = "sku" if name == "skus" else "product_id"
            return _marks((i, (getattr(item, singular),)) for i, item in enumerate(items))
        attribute = name.removeprefix("attributes.")
        found = ((i, item.attributes.get(attribute)) for i, item in enumerate(items))
        return _marks((i, (value,)) for i, value in found if value is not None)

    def select(self, selector: Selector) -> tuple[int, ...]:
        """The positions of the lines that a selector matches, ascending."""
        known = self._selected.get(selector)
        if known is None:
            mask = self._mask(selector)
            known = self._places.get(mask)
            if known is None:
                known = self._places[mask] = tuple(bits_of(mask))
            self._selected[selector] = known
        return known

    def _mask(self, selector: Selector) -> int:
        mask = self._all
        for name, values in selector.wanted:
            mask &= _union(self.masks(name), values)
        if selector.excluding is not None:
            mask &= ~self._mask(selector.excluding)
        return mask

    def amount(self, places: Sequence[int], basis: Basis | None = None) -> int:
        """What some lines cost together; the policy's threshold basis unless one is named."""
        after = self.after if basis is None else basis is Basis.DISCOUNTED
        values = self.goods.left if after else self.goods.full
        return sum(values) if len(places) == len(values) else sum([values[i] for i in places])

    def units(self, places: Sequence[int]) -> int:
        """How many units some lines have together."""
        return sum([self.goods.quantity[i] for i in places])

    def _left(self, part: PricedLine | PricedCharge) -> int:
        """What others left of a part: staff, a channel. What our own took is worked out anew."""
        minor = part.subtotal.minor
        return minor + sum(a.amount.minor for a in self.others(part)) if part.adjustments else minor

    def others(self, part: PricedLine | PricedCharge) -> tuple[Adjustment, ...]:
        """The adjustments that are not made by these promotions: they stay as they are."""
        return tuple(a for a in part.adjustments if a.source not in self._own)

    @property
    def local(self) -> datetime:
        """The moment on the clock of the context's time zone."""
        if self._local is None:
            self._local = self.context.at.astimezone(ZoneInfo(self.context.timezone))
        return self._local


def _canonical(priced: PricedLine) -> tuple[str, str]:
    line = priced.line
    return line.item.sku, line.id


def _marks(values: Iterable[tuple[int, Iterable[str]]]) -> dict[str, int]:
    """For each value the places that have it, as bits."""
    marks: dict[str, int] = {}
    for i, several in values:
        bit = 1 << i
        for value in several:
            marks[value] = marks[value] | bit if value in marks else bit
    return marks


def _union(masks: dict[str, int], values: Iterable[str]) -> int:
    mask = 0
    for value in values:
        mask |= masks.get(value, 0)
    return mask
