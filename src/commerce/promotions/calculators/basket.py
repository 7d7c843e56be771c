"""A cart as integers: what is asked and changed while promotions are tried."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from commerce.kernel import Adjustment, Currency, PricedCart, PricedCharge, PricedLine, Rounding
from commerce.promotions.calculators.sharing import ratio_of
from commerce.promotions.values import Basis, PromotionContext, PromotionPolicy, Selector

__all__ = ["Amounts", "Basket"]

_FIELDS = ("skus", "products", "categories", "collections")


class Amounts:
    """Minor units by position: ``full`` before and ``left`` after discounts, ``least`` is the floor."""

    __slots__ = ("full", "least", "left", "quantity")

    def __init__(self, full: list[int], left: list[int], quantity: list[int], least: list[int]) -> None:
        self.full = full
        self.left = left
        self.quantity = quantity
        self.least = least

    def rooms(self, places: Iterable[int]) -> list[int]:
        """How much may still be taken off each place."""
        left, least = self.left, self.least
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
        self._masks: dict[tuple[str, str], int] | None = None
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
            least = [whole - whole * numerator // denominator for whole in full]
        floors = self.context.floors
        if floors:
            for i, line in enumerate(lines):
                floor = floors.get(line.line.item.sku)
                if floor is not None:
                    least[i] = max(least[i], floor.times(quantity[i], Rounding.UP).minor)
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
            rooms.append((frozenset(places), most))
        return rooms

    @property
    def masks(self) -> dict[tuple[str, str], int]:
        """For each (field, value) that occurs the lines that have it, as bits."""
        if self._masks is None:
            masks: dict[tuple[str, str], int] = {}
            self._masks = masks
            for i, priced in enumerate(self.lines):
                bit = 1 << i
                item = priced.line.item
                keys = [("skus", item.sku), ("products", item.product_id)]
                keys += [("categories", value) for value in item.categories]
                keys += [("collections", value) for value in item.collections]
                keys += [(f"attributes.{name}", value) for name, value in item.attributes.items()]
                for key in keys:
                    masks[key] = masks.get(key, 0) | bit
        return self._masks

    def select(self, selector: Selector) -> tuple[int, ...]:
        """The positions of the lines that a selector matches, ascending."""
        known = self._selected.get(selector)
        if known is None:
            mask = self._mask(selector)
            known = self._places.get(mask)
            if known is None:
                known = self._places[mask] = tuple(_bits(mask))
            self._selected[selector] = known
        return known

    def _mask(self, selector: Selector) -> int:
        mask = self._all
        if selector.narrow:
            masks = self.masks
            for name in _FIELDS:
                values = getattr(selector, name)
                if values:
                    mask &= _union(masks, name, values)
            for attribute, values in selector.attributes.items():
                mask &= _union(masks, f"attributes.{attribute}", values)
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


def _union(masks: dict[tuple[str, str], int], name: str, values: Iterable[str]) -> int:
    mask = 0
    for value in values:
        mask |= masks.get((name, value), 0)
    return mask


def _bits(mask: int) -> list[int]:
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
