"""In the item phase each line gets the one promotion that takes most off it; then the others in turn."""

from collections.abc import Iterator, Sequence

from attrs import define, field

from commerce.kernel import AdjustmentKind
from commerce.promotions.applying import Effect
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate
from commerce.promotions.groups import against_the_best
from commerce.promotions.taking import Chosen, alone, in_turn

__all__ = ["best_per_line"]


def best_per_line(candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket) -> Chosen:
    """Lines are given away one by one, the highest share first; then the order and shipping phases in turn.

    What a group keeps that keeps its first or lowest is settled before, on all of its lines. Item
    promotions that do not combine may meet in a cart, on different lines; members of one group may not.
    """
    items = [c for c in candidates if c.promotion.phase is AdjustmentKind.ITEM]
    effects, unmet = alone(items, basket)
    won = _Lines(basket, effects).give_away(items)
    chosen = in_turn(candidates[len(items) :], conflicts, basket, after=won)
    chosen.unmet |= unmet
    return chosen


@define(eq=False)
class _Lines:
    """Whose the lines are, while they are given away."""

    basket: Basket
    effects: dict[int, Effect]
    owned: set[int] = field(factory=set, init=False)
    shares: dict[int, dict[int, int]] = field(factory=dict, init=False)
    winners: int = field(default=0, init=False)
    rooms: list[int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rooms = [room for _, room in self.basket.category_rooms]

    def give_away(self, items: Sequence[Candidate]) -> list[Effect]:
        """What takes effect, in order."""
        for member in against_the_best(items, self.basket):
            for place, share in self._offers(member.position):
                self._offer(member, place, share)
        offers = [(-share, c.position, place, c) for c in items for place, share in self._offers(c.position)]
        for share, _, place, candidate in sorted(offers, key=lambda offer: offer[:3]):
            self._offer(candidate, place, -share)
        return [effect for c in items if (effect := self._effect(c)) is not None]

    def _offers(self, position: int) -> Iterator[tuple[int, int]]:
        """The lines that it takes something off, and how much."""
        effect = self.effects.get(position)
        if effect is not None:
            pairs = zip(effect.candidate.places, effect.shares, strict=True)
            yield from ((place, share) for place, share in pairs if share)

    def _offer(self, candidate: Candidate, place: int, share: int) -> None:
        """A line is whose the first offer is that has room, unless a member of its group has a line already."""
        if place in self.owned or candidate.prepared.mates & self.winners:
            return
        capped = [n for n, (lines, _) in enumerate(self.basket.category_rooms) if place in lines]
        share = min([share, *(self.rooms[n] for n in capped)])
        if share:
            self.owned.add(place)
            self.winners |= candidate.prepared.bit
            self.shares.setdefault(candidate.position, {})[place] = share
            for n in capped:
                self.rooms[n] -= share

    def _effect(self, candidate: Candidate) -> Effect | None:
        """What it does on the lines it got; one that takes nothing off needs none."""
        alone = self.effects.get(candidate.position)
        if alone is None:
            return None
        won = self.shares.get(candidate.position)
        beside = alone.amount - sum(alone.shares)
        if won is None:
            if any(alone.shares) or candidate.prepared.mates & self.winners:
                return None
            self.winners |= candidate.prepared.bit
            won = {}
        shares = [won.get(place, 0) for place in candidate.places]
        return Effect(candidate, shares, sum(shares) + beside, alone.gifts, alone.grants)
