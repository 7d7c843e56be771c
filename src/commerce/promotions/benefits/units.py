"""Some units get something: buy X get Y, every nth, the cheapest; and bundles."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import AdjustmentKind, InvalidValue, Money
from commerce.promotions.benefits.base import GOODS, Benefit
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.units import every_nth, most_for, pick, ranked, reward_for, unit_value
from commerce.promotions.calculators.work import Work
from commerce.promotions.conditions.base import Unmet
from commerce.promotions.values import Basis, Choice, Reason, Reward, Selector, require_amount, require_counts

__all__ = ["BundlePart", "BundlePrice", "BuyXGetY", "NthItem", "SomeUnits"]


def _free() -> Reward:
    return Reward(percent=100)  # type: ignore[arg-type]  # converted


def _rewarded(work: Work, reward: Reward, taken: Sequence[int]) -> list[int]:
    places = zip(work.values(Basis.LIST), work.values(), work.quantities(), taken, strict=True)
    return [
        reward_for(reward, full=full, left=left, quantity=quantity, count=count, rounding=work.rounding)
        for full, left, quantity, count in places
    ]


@frozen(kw_only=True)
class _Rewarding(Benefit):
    picks: ClassVar[bool] = True
    phases: ClassVar[frozenset[AdjustmentKind]] = GOODS

    reward: Reward

    @property
    def steady(self) -> bool:
        """The value of the nth cheapest unit falls by no more than was taken off, but for the rounding on each line.

        Its list price does not: a discount before can make another unit the cheapest, with a dearer list price.
        """
        return self.reward.percent is None or self.reward.acts_on is Basis.DISCOUNTED

    @property
    def local(self) -> bool:
        """Other lines only say how many units are rewarded, which no discount changes."""
        return True

    def units(self, basket: Basket, places: Sequence[int]) -> int:
        """How many units are rewarded at most."""
        return basket.units(places)

    def eligible(self, basket: Basket, places: Sequence[int], lows: Sequence[int]) -> Sequence[int]:
        """Which of the places may have rewarded units, between those costs."""
        return places

    def ceiling(self, basket: Basket, places: Sequence[int], lows: Sequence[int]) -> int | None:
        """The dearest units that may be rewarded, by their list price."""
        if self.reward.percent is None or self.reward.acts_on is not Basis.LIST:
            return None
        among, goods = self.eligible(basket, places, lows), basket.goods
        full, quantities = [max(goods.full[i], 0) for i in among], [goods.quantity[i] for i in among]
        return most_for(self.reward, full, quantities, self.units(basket, places))


@frozen(kw_only=True)
class BuyXGetY(_Rewarding):
    """For every ``buy`` units of ``bought``, ``get`` units of the target are rewarded.

    Without ``bought`` they are the same products: of three shirts at "buy 2 get 1", one is rewarded. No
    unit is both bought and got. The cheapest units are rewarded unless ``choice`` says otherwise;
    ``repeats`` is how often it may happen.
    """

    kind: ClassVar[str] = "buy_x_get_y"

    buy: int
    get: int = 1
    bought: Selector | None = None
    reward: Reward = field(factory=_free)
    choice: Choice = Choice.CHEAPEST
    repeats: int | None = None

    def __attrs_post_init__(self) -> None:
        require_counts(buy=self.buy, get=self.get, repeats=self.repeats)

    def units(self, basket: Basket, places: Sequence[int]) -> int:
        """As many as may be got for what was bought."""
        bought = places if self.bought is None else basket.select(self.bought)
        repeats = basket.units(bought) // self.buy
        return self.get * (repeats if self.repeats is None else min(repeats, self.repeats))

    def shares(self, work: Work) -> list[int] | Unmet:
        """Reward as many units as are earned."""
        quantities = work.quantities()
        bought = set(work.places if self.bought is None else work.basket.select(self.bought))
        shared = [i in bought for i in work.places]
        both = sum(quantity for quantity, is_both in zip(quantities, shared, strict=True) if is_both)
        buyable = work.basket.units(tuple(bought))
        earned = self._earned(buyable, sum(quantities), sum(quantities) - both + buyable)
        if not earned:
            least = self.buy + (both == sum(quantities))  # one more, if only what was bought can be got
            return Unmet(Reason.BELOW_MINIMUM, max(1, least - buyable))
        spare = buyable - -(-earned // self.get) * self.buy
        order = ranked(work.values(), quantities, self.choice)
        return _rewarded(work, self.reward, _pick_apart(order, quantities, shared, earned, spare))

    def _earned(self, buyable: int, gettable: int, together: int) -> int:
        """The most units that can be rewarded while enough others were bought.

        ``r`` repeats need ``r * buy`` units to be bought and leave the rest to be got: more repeats earn more
        and leave less, so the best is where both meet.
        """
        most = buyable // self.buy
        if self.repeats is not None:
            most = min(most, self.repeats)
        meets = together // (self.buy + self.get)
        repeats = {min(most, meets), min(most, meets + 1)}
        return max(min(r * self.get, gettable, together - r * self.buy) for r in repeats)


def _pick_apart(
    order: Sequence[int], quantities: Sequence[int], shared: Sequence[bool], count: int, spare: int
) -> list[int]:
    """`pick`, but of lines that also count as bought only what buying does not need."""
    taken = [0] * len(quantities)
    for i in order:
        units = min(count, quantities[i], spare) if shared[i] else min(count, quantities[i])
        taken[i] = units
        count -= units
        if shared[i]:
            spare -= units
    return taken


@frozen(kw_only=True)
class NthItem(_Rewarding):
    """Every ``n``-th unit gets a reward, counted from the dearest: of each ``n`` it is the cheapest."""

    kind: ClassVar[str] = "nth_item"

    n: int
    reward: Reward
    repeats: int | None = None

    def __attrs_post_init__(self) -> None:
        require_counts(n=self.n, least=2)  # every 1st is every unit: that is percent_off
        require_counts(repeats=self.repeats)

    def units(self, basket: Basket, places: Sequence[int]) -> int:
        """Every nth of all."""
        found = basket.units(places) // self.n
        return found if self.repeats is None else min(found, self.repeats)

    def shares(self, work: Work) -> list[int] | Unmet:
        """Reward every nth unit."""
        quantities = work.quantities()
        if sum(quantities) < self.n:
            return Unmet(Reason.BELOW_MINIMUM, self.n - sum(quantities))
        order = ranked(work.values(), quantities, Choice.DEAREST)
        return _rewarded(work, self.reward, every_nth(order, quantities, self.n, self.repeats))


@frozen(kw_only=True)
class SomeUnits(_Rewarding):
    """The cheapest (or dearest) ``count`` units get a reward."""

    kind: ClassVar[str] = "some_units"

    reward: Reward
    count: int = 1
    choice: Choice = Choice.CHEAPEST

    def __attrs_post_init__(self) -> None:
        require_counts(count=self.count)

    def units(self, basket: Basket, places: Sequence[int]) -> int:
        """As many as it names."""
        return self.count

    def eligible(self, basket: Basket, places: Sequence[int], lows: Sequence[int]) -> Sequence[int]:
        """A unit is none of the cheapest if enough others are cheaper whatever is taken off; so with the dearest."""
        goods = basket.goods
        quantities, highs = [goods.quantity[i] for i in places], [goods.left[i] for i in places]
        cheapest = self.choice is Choice.CHEAPEST
        sure, reach = (highs, lows) if cheapest else (lows, highs)
        taken = pick(ranked(sure, quantities, self.choice), quantities, self.count)
        values = [unit_value(value, quantity) for value, quantity in zip(sure, quantities, strict=True)]
        first = [value for value, times in zip(values, taken, strict=True) if times]
        limit = max(first) if cheapest else min(first)
        units = (unit_value(value, quantity) for value, quantity in zip(reach, quantities, strict=True))
        return [i for i, unit in zip(places, units, strict=True) if (unit <= limit if cheapest else unit >= limit)]

    def shares(self, work: Work) -> list[int]:
        """Reward the first units in order."""
        quantities = work.quantities()
        order = ranked(work.values(), quantities, self.choice)
        return _rewarded(work, self.reward, pick(order, quantities, self.count))


@frozen(kw_only=True)
class BundlePart:
    """``quantity`` units of some products, as part of a bundle."""

    of: Selector = field(factory=Selector)
    quantity: int = 1

    def __attrs_post_init__(self) -> None:
        require_counts(quantity=self.quantity)


@frozen(kw_only=True)
class BundlePrice(Benefit):
    """A set of units costs ``price`` together: three of these for 10.00, or one of each for 25.00.

    Bundles are made of the dearest target units first, as often as they fit and save something, at
    most ``repeats`` times.
    """

    kind: ClassVar[str] = "bundle_price"
    picks: ClassVar[bool] = True
    phases: ClassVar[frozenset[AdjustmentKind]] = GOODS

    price: Money
    parts: tuple[BundlePart, ...]
    repeats: int | None = None

    def __attrs_post_init__(self) -> None:
        require_amount(self.price, "price", least=0)
        if not self.parts:
            raise InvalidValue(field="parts", reason="a bundle has at least one part")
        require_counts(repeats=self.repeats)

    @property
    def steady(self) -> bool:
        """Which units go together depends on what they cost, if there is more than one part."""
        return len(self.parts) == 1

    @property
    def local(self) -> bool:
        """It bundles its targets."""
        return True

    def shares(self, work: Work) -> list[int] | Unmet:
        """Take the dearest units for each part, bundle by bundle, while that saves something."""
        left, values, quantities = work.quantities(), work.values(), work.quantities()
        units = [unit_value(value, quantity) for value, quantity in zip(values, quantities, strict=True)]
        orders = self._orders(work, ranked(values, quantities, Choice.DEAREST))
        bundled = [0] * len(units)
        saved: int | Fraction = 0
        more = self.repeats
        while more is None or more:
            taken, lacking = self._one(orders, left)
            if lacking:
                break
            saving = sum(units[i] * count for i, count in taken.items()) - self.price.minor
            if saving <= 0:
                break
            times = min(left[i] // count for i, count in taken.items())
            if more is not None:
                times = min(times, more)
                more -= times
            saved += saving * times
            for i, count in taken.items():
                left[i] -= count * times
                bundled[i] += count * times
        if not any(bundled):
            return Unmet(Reason.BELOW_MINIMUM, lacking) if lacking else Unmet(Reason.NOT_NEEDED)
        weights = [
            value * count // quantity for value, count, quantity in zip(values, bundled, quantities, strict=True)
        ]
        return work.spread(work.rounding(saved), weights)

    def _orders(self, work: Work, dearest: Sequence[int]) -> list[tuple[int, list[int]]]:
        """For each part its units, and the target lines that may serve it, dearest first."""
        chosen = [(part.quantity, frozenset(work.basket.select(part.of))) for part in self.parts]
        return [(quantity, [i for i in dearest if work.places[i] in places]) for quantity, places in chosen]

    def _one(self, orders: Sequence[tuple[int, Sequence[int]]], left: Sequence[int]) -> tuple[dict[int, int], int]:
        """The units of one bundle by line, and how many more it would need.

        The part with fewest to choose from comes first: who takes anything leaves it what only that part can use.
        """
        taken: dict[int, int] = {}
        lacking = 0
        for quantity, order in sorted(orders, key=lambda part: sum(left[i] for i in part[1])):
            need = quantity
            for i in order:
                units = min(need, left[i] - taken.get(i, 0))
                if units > 0:
                    taken[i] = taken.get(i, 0) + units
                    need -= units
            lacking += need
        return taken, lacking
