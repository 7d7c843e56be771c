"""What an order costs at least: put a price on every SKU, and let each place sell what pays there.

This is Lagrangian relaxation. Whatever the prices, the demand at its prices less the best profit of each place
by itself is a cost that no plan can be below. Prices rise where places offer too little and fall where they
offer too much, which drives that bound up and tells which places are worth using. The steps are those of Held,
Wolfe and Crowder, "Validation of subgradient optimization", Mathematical Programming 6 (1974).
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from commerce.inventory.engine.filling import FINE, Problem

__all__ = ["Market", "Range", "ask", "climb", "opening", "values"]

#: The fewest and the most parcels of a place.
Range = tuple[int, int]
#: Cost of a place less what it earns, its parcels, and what is in them: (SKU, units).
_Offer = tuple[int, int, list[tuple[int, int]]]

_NOTHING: _Offer = (0, 0, [])
#: Steps are taken in this part of the way to the aim; so many without progress, and they get shorter.
_PART = 64
_PATIENCE = 4


@frozen
class Market:
    """What places do at some prices: the bound that follows, their parcels, and what is missing of each SKU."""

    prices: tuple[int, ...]
    bound: int
    parcels: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def least(self) -> int:
        """The bound in whole minor units."""
        return max(-(-self.bound // FINE), 0)


def opening(problem: Problem) -> tuple[int, ...]:
    """First prices: of each SKU, the least that a unit costs in full parcels from a place sold out."""
    split = problem.task.split
    costs = [q.handling * FINE + q.parcel * FINE // q.fits + (q.fixed + split) * FINE // q.most for q in problem.places]
    return tuple(
        min(cost for cost, gives in zip(costs, problem.gives, strict=True) if sku in gives)
        for sku in range(len(problem.skus))
    )


def ask(problem: Problem, prices: tuple[int, ...], ranges: Sequence[Range]) -> Market:
    """The bound at these prices, and what each place sends for it."""
    free = problem.task.most_places - sum(1 for least, _ in ranges if least)
    offers = [_offer(problem, p, prices, least, most) for p, (least, most) in enumerate(ranges)]
    willing = sorted(
        (p for p, (least, _) in enumerate(ranges) if not least and offers[p][1]), key=lambda p: offers[p][0]
    )
    for p in willing[free:]:
        offers[p] = _NOTHING
    missing = list(problem.wanted)
    for _, _, sent in offers:
        for sku, units in sent:
            missing[sku] -= units
    bound = problem.income(prices) + sum(cost for cost, _, _ in offers)
    return Market(prices, bound, tuple(n for _, n, _ in offers), tuple(missing))


def climb(
    problem: Problem, market: Market, ranges: Sequence[Range], *, aim: int, steps: int, stride: int
) -> Iterator[Market]:
    """Markets whose bounds approach a cost that is known. ``stride`` is the part of the way, in 64ths."""
    best, stale = market, 0
    for _ in range(steps):
        norm, far = sum(n * n for n in market.missing), aim * FINE - market.bound
        if not norm or far <= 0:
            return
        prices = tuple(
            max(price + far * stride * n // (_PART * norm), 0)
            for price, n in zip(market.prices, market.missing, strict=True)
        )
        market = ask(problem, prices, ranges)
        yield market
        best, stale = (market, 0) if market.bound > best.bound else (best, stale + 1)
        if stale == _PATIENCE:
            market, stride, stale = best, max(stride * 2 // 3, 1), 0


def values(problem: Problem, p: int, prices: Sequence[int], within: Range) -> Mapping[int, int]:
    """What each number of parcels of a place costs at these prices, less what it earns."""
    return {n: _offer(problem, p, prices, n, n)[0] for n in range(within[0], within[1] + 1)}


def _offer(problem: Problem, p: int, prices: Sequence[int], least: int, most: int) -> _Offer:
    """The best a place can do at these prices: what pays most goes first, and parcels are added while they pay."""
    if not most:
        return _NOTHING
    place = problem.places[p]
    handling, parcel = place.handling * FINE, place.parcel * FINE
    pays = [(prices[sku] - handling, units, sku) for sku, units in problem.gives[p].items() if prices[sku] > handling]
    pays.sort()
    cost, n, sent = (place.fixed + problem.task.split) * FINE, 0, []
    while n < most:
        box, earned, inside = min(place.fits, place.most - n * place.fits), 0, []
        while box and pays:
            gain, units, sku = pays.pop()
            if units > box:
                pays.append((gain, units - box, sku))
                units = box
            earned += gain * units
            inside.append((sku, units))
            box -= units
        if n >= max(least, 1) and earned <= parcel:
            break
        cost += parcel - earned
        sent += inside
        n += 1
    return _NOTHING if not least and cost >= 0 else (cost, n, sent)
