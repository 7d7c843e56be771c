"""The combination of promotions that takes most off.

A combination is a set of promotions of which no two conflict, taken in order. Its value is what it takes off.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from commerce.kernel import AdjustmentKind
from commerce.promotions.applying import Effect, gifts_worth
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.candidates import Candidate, mask_of
from commerce.promotions.conditions import Unmet
from commerce.promotions.groups import settled
from commerce.promotions.search import Search
from commerce.promotions.taking import Chosen, alone, in_turn

__all__ = ["Combining"]


class Combining:
    """Cuts the promotions into parts that have nothing to do with each other, and finds the best of each.

    What groups keep that keep their first or lowest is settled before: it is in every combination.
    """

    def __init__(self, candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket, bound: int) -> None:
        self._basket = basket
        self._conflicts = conflicts
        self._steps = bound
        self._must = settled(candidates, conflicts, basket)
        out = 0
        for position in bits_of(self._must):
            out |= conflicts[position]
        self._candidates = [c for c in candidates if not c.prepared.bit & out] if out else candidates
        self._effects: dict[int, Effect] = {}
        self._values: dict[int, int] = {}
        self._unmet: dict[int, Unmet] = {}
        self._beside: dict[int, int] = {}

    def best(self) -> Chosen:
        """The best combination found; ``bound_hit`` if there may be a better one."""
        if not self._entangled(self._candidates):
            return in_turn(self._candidates, self._conflicts, self._basket)
        effects, self._unmet = alone(self._candidates, self._basket)
        self._effects = effects
        self._values = {position: effect.amount for position, effect in effects.items()}
        live = [c for c in self._candidates if c.position in effects or not _final(c)]
        if not self._entangled(live):
            return self._told(in_turn(live, self._conflicts, self._basket))
        wild, tame = self._wild(live)
        live = [c for c in live if c.position in self._values]
        chosen = Chosen()
        for part in self._parts(live, wild | tame):
            first, members = part[0].position, mask_of(part)
            if len(part) == 1 and not members & wild:
                _join(chosen, Chosen([effects[first]], {}, members, effects[first].amount))
            else:
                _join(chosen, self._search(part, wild & members, tame & members))
        chosen.effects.sort(key=lambda effect: effect.candidate.position)
        return self._told(chosen)

    def _search(self, part: Sequence[Candidate], wild: int, tame: int) -> Chosen:
        """The best of one part, with the steps that are left."""
        search = Search(
            part,
            self._conflicts,
            self._basket,
            {c.position: self._values[c.position] for c in part},
            steps=self._steps,
            wild=wild,
            tame=tame,
            must=self._must & mask_of(part),
        )
        found = search.best()
        self._steps = max(search.steps, 0)
        return found

    def _told(self, chosen: Chosen) -> Chosen:
        """With why the others had no effect, as things stand after those before them."""
        moving = [c for c in self._candidates if c.prepared.moving and c.position in self._unmet]
        if moving:
            only = chosen.taken | mask_of(moving)
            told = in_turn(self._candidates, self._conflicts, self._basket, only=only)
            if told.taken == chosen.taken:
                chosen.unmet = {**chosen.unmet, **told.unmet}
        chosen.unmet = {**self._unmet, **chosen.unmet}
        return chosen

    def _entangled(self, candidates: Sequence[Candidate]) -> bool:
        """Whether there is anything to choose: a conflict, or one whose worth depends on the others."""
        eligible = mask_of(candidates)
        return (
            bool(self._must)
            or any(self._conflicts[c.position] & eligible for c in candidates)
            or any(c.prepared.moving or not c.steady for c in candidates[1:])
        )

    def _wild(self, candidates: Sequence[Candidate]) -> tuple[int, int]:
        """Those that earlier discounts may cost more than they take, or help; they are worth the most they can.

        And those that are not: only the total of the earlier ones may cost them their minimum.
        """
        wild = tame = earlier = 0
        for candidate in candidates:
            before = 0
            if candidate.prepared.moving or not candidate.steady:
                before = self._worth(earlier if _far(candidate) else earlier & self._near()[candidate.position])
            if before and not self._calm(candidate, before):
                if self._calm(candidate, before, tame=True):
                    tame |= candidate.prepared.bit
                else:
                    self._values[candidate.position] = self._most(candidate, earlier)
                    wild |= candidate.prepared.bit
            if candidate.position in self._values:
                earlier |= candidate.prepared.bit
        return wild, tame

    def _calm(self, candidate: Candidate, before: int, *, tame: bool = False) -> bool:
        """Whether it stays as it is when others take that much before it; or if ``tame`` while it has its minimum."""
        promotion, basket = candidate.promotion, self._basket
        if not candidate.even or candidate.position not in self._values:
            return False
        if not promotion.benefit.calm(basket, candidate.places, before):
            return False
        return not candidate.prepared.moving or all(
            c.slack(basket) >= before or (tame and c.by_total(basket)) for c in promotion.conditions
        )

    def _most(self, candidate: Candidate, earlier: int) -> int:
        """The most that a wild one can take: all that its targets cost, or less if it says so; and its gifts."""
        basket, places = self._basket, candidate.places
        amounts = basket.fees if candidate.prepared.shipping else basket.goods
        most = sum(amounts.rooms(places))
        if places and not candidate.prepared.shipping:
            said = candidate.promotion.benefit.ceiling(basket, places, self._lows(candidate, earlier))
            most = most if said is None else min(most, said)
        most += gifts_worth(candidate, basket)
        return most if candidate.cap is None else min(most, candidate.cap)

    def _lows(self, candidate: Candidate, earlier: int) -> list[int]:
        """The least that its places can cost after those before it, whichever of them take effect."""
        off = dict.fromkeys(candidate.places, 0)
        near = earlier & self._near()[candidate.position]
        for other in (c for c in self._candidates if c.prepared.bit & near):
            effect = self._effects.get(other.position)
            shares = [self._values[other.position]] * len(other.places)
            if effect is not None and _apart(other):
                shares = effect.shares
            for place, share in zip(other.places, shares, strict=True):
                if place in off:
                    off[place] += share
        left = self._basket.goods.left
        return [max(left[place] - most, 0) for place, most in off.items()]

    def _parts(self, live: Sequence[Candidate], unsure: int) -> Iterator[list[Candidate]]:
        """Promotions that conflict, or change the same lines or charges, belong together; unsure ones to all before.

        To all that they may feel, if they are not `_far`: those change the same lines.
        """
        far = mask_of(c for c in live if c.prepared.bit & unsure and _far(c))
        before = (1 << far.bit_length()) - 1
        near = {c.position: self._conflicts[c.position] | (before if c.prepared.bit & before else 0) for c in live}
        left = mask_of(live)
        if _reached(left & -left, near, left) != left:
            for position, others in self._near().items():
                if position in near:
                    near[position] |= others
        by_position = {c.position: c for c in live}
        while left:
            part = _reached(left & -left, near, left)
            left &= ~part
            yield [by_position[n] for n in bits_of(part)]

    def _near(self) -> Mapping[int, int]:
        """For each position those that change the same lines or charges, as bits."""
        if not self._beside:
            goods, fees = [0] * len(self._basket.lines), [0] * len(self._basket.charges)
            for candidate in self._candidates:
                users, bit = fees if candidate.prepared.shipping else goods, candidate.prepared.bit
                for place in candidate.places:
                    users[place] |= bit
            for candidate in self._candidates:
                users = fees if candidate.prepared.shipping else goods
                self._beside[candidate.position] = reduce(or_, [users[place] for place in candidate.places], 0)
        return self._beside

    def _worth(self, mask: int) -> int:
        return sum([self._values[n] for n in bits_of(mask)])


def _far(candidate: Candidate) -> bool:
    """Whether it may feel discounts on other lines than its own: a minimum, a capped category, a kind of its own."""
    return candidate.prepared.moving or not candidate.even or not candidate.promotion.benefit.local


def _apart(candidate: Candidate) -> bool:
    """Whether it never takes more off a place than it does alone."""
    by_total = candidate.promotion.phase is not AdjustmentKind.ITEM
    return candidate.even and candidate.cap is None and candidate.promotion.benefit.apart(by_total=by_total)


def _reached(start: int, near: Mapping[int, int], among: int) -> int:
    """Whatever hangs together with some, as bits."""
    reached = todo = start
    while todo:
        low = todo & -todo
        more = near[low.bit_length() - 1] & among & ~reached
        reached |= more
        todo = todo ^ low | more
        if reached == among:
            break
    return reached


def _join(chosen: Chosen, part: Chosen) -> None:
    """Put the best of one part to those of the others."""
    chosen.effects += part.effects
    chosen.unmet |= part.unmet
    chosen.taken |= part.taken
    chosen.amount += part.amount
    chosen.bound_hit |= part.bound_hit


def _final(candidate: Candidate) -> bool:
    """Whether a no on the untouched cart stays a no."""
    return candidate.steady and all(condition.falling for condition in candidate.promotion.conditions)
