"""Which promotions take effect together: in order, best per line, or the best combination.

A combination is a set of candidates of which no two conflict, taken in order. Its value is what it takes off.
"""

from collections.abc import Iterable, Sequence

from attrs import define, field

from commerce.kernel import AdjustmentKind
from commerce.promotions.applying import Effect, State, attempt, gifts_worth, take, within
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate, bits_of
from commerce.promotions.conditions import Unmet

__all__ = ["Chosen", "Search", "alone", "best_per_line", "in_turn"]


#: How many steps it counts as to take a promotion, against looking at it.
_COSTLY = 10


@define(eq=False)
class Chosen:
    """The effects, in order; why others had none; and whether the search had to stop early."""

    effects: list[Effect] = field(factory=list)
    unmet: dict[int, Unmet] = field(factory=dict)
    taken: int = 0
    amount: int = 0
    bound_hit: bool = False

    def add(self, effect: Effect, state: State, basket: Basket) -> None:
        """One more takes effect."""
        take(effect, state, basket)
        self.effects.append(effect)
        self.taken |= 1 << effect.candidate.position
        self.amount += effect.amount


def in_turn(candidates: Iterable[Candidate], conflicts: Sequence[int], basket: Basket, *, only: int = -1) -> Chosen:
    """Each in order, if it conflicts with none that took effect before; ``only`` masks who may."""
    chosen, state = Chosen(), State.of(basket)
    kept = basket.goods.left, basket.fees.left
    state.enter(basket)
    for candidate in candidates:
        position = candidate.position
        if not only >> position & 1 or conflicts[position] & chosen.taken:
            continue
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            chosen.unmet[position] = effect
        else:
            chosen.add(effect, state, basket)
    basket.goods.left, basket.fees.left = kept
    return chosen


def alone(candidates: Iterable[Candidate], basket: Basket) -> tuple[dict[int, int], dict[int, Unmet]]:
    """What each would take off if it were the only one; and why some would do nothing."""
    state = State.of(basket)
    values: dict[int, int] = {}
    unmet: dict[int, Unmet] = {}
    for candidate in candidates:
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            unmet[candidate.position] = effect
        else:
            values[candidate.position] = effect.amount
    return values, unmet


def best_per_line(candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket) -> Chosen:
    """In the item phase each line gets the one promotion that takes most off it; then the others in turn."""
    items = [c for c in candidates if c.promotion.phase is AdjustmentKind.ITEM]
    chosen, state = Chosen(), State.of(basket)
    effects: list[Effect] = []
    for candidate in items:
        _sort_in(attempt(candidate, basket, state), candidate, effects, chosen)
    best: dict[int, tuple[int, int]] = {}
    for n, effect in enumerate(effects):
        for i, part in zip(effect.candidate.places, effect.shares, strict=True):
            if part > best.get(i, (0, 0))[0]:
                best[i] = (part, n)
    kept = basket.goods.left, basket.fees.left
    state.enter(basket)
    for n, effect in enumerate(effects):
        won = [p if best.get(i) == (p, n) else 0 for i, p in zip(effect.candidate.places, effect.shares, strict=True)]
        won = within(won, effect.candidate, basket, state)
        if any(won):
            chosen.add(Effect(effect.candidate, won, sum(won)), state, basket)
    for candidate in candidates[len(items) :]:
        if not conflicts[candidate.position] & chosen.taken:
            found: list[Effect] = []
            _sort_in(attempt(candidate, basket, state), candidate, found, chosen)
            for effect in found:
                chosen.add(effect, state, basket)
    basket.goods.left, basket.fees.left = kept
    return chosen


def _sort_in(found: Effect | Unmet, candidate: Candidate, effects: list[Effect], chosen: Chosen) -> None:
    if isinstance(found, Unmet):
        chosen.unmet[candidate.position] = found
    else:
        effects.append(found)


class Search:
    """Branch and bound over the graph of conflicts for the combination that takes most off.

    A combination is a set of promotions of which no two conflict. What it can take is bounded by what its
    members take alone, for none takes more after others than alone. If each member also costs the others no more
    than it takes itself, only sets that nothing can be added to need to be looked at. Where that is not certain (a
    minimum amount that others may undercut) all sets are. Of equals the one wins that has the first promotion in
    order which not both have.
    """

    def __init__(self, candidates: Sequence[Candidate], conflicts: Sequence[int], basket: Basket, bound: int) -> None:
        self._basket = basket
        self._conflicts = conflicts
        self._every = self._candidates = candidates
        self._steps = bound
        self._values: dict[int, int] = {}
        self._unmet: dict[int, Unmet] = {}
        self._best: Chosen | None = None

    def best(self) -> Chosen:
        """The best combination found; ``bound_hit`` if there may be a better one."""
        if not self._entangled(self._candidates):
            return in_turn(self._candidates, self._conflicts, self._basket)
        self._values, self._unmet = alone(self._candidates, self._basket)
        live = [c for c in self._candidates if c.position in self._values or not _final(c)]
        if not self._entangled(live):
            return self._told(in_turn(live, self._conflicts, self._basket))
        wild = self._wild(live)
        for candidate in wild:
            self._values[candidate.position] = self._most(candidate)
        live = [c for c in live if c.position in self._values]
        eligible = _mask(live)
        until = max((c.position for c in wild), default=-1)
        open_ = _mask(c for c in live if self._conflicts[c.position] & eligible or c.position < until)
        self._candidates, self._sure = live, eligible & ~open_
        self._cliques = self._cover(open_)
        self._base = sum(self._values[n] for n in bits_of(self._sure))
        self._try(self._by_worth(open_))
        proved = self._explore(open_, maximal=not wild)
        return self._settle(proved=proved, wild=bool(wild))

    def _settle(self, *, proved: bool, wild: bool) -> Chosen:
        """The best seen; if not all was seen, no worse than in order and than the best single one."""
        if not proved or wild:
            turn = in_turn(self._candidates, self._conflicts, self._basket)
            self._offer(turn)
        if wild and not proved:
            known, _ = alone(self._candidates, self._basket)
            for single in sorted(known, key=lambda n: (-known[n], n))[:1]:
                self._offer(in_turn(self._candidates, self._conflicts, self._basket, only=1 << single))
        best = self._best or Chosen()
        best.bound_hit = not proved
        return self._told(best)

    def _told(self, chosen: Chosen) -> Chosen:
        """With why the others had no effect, as things stand after those before them."""
        moving = [c for c in self._every if c.prepared.moving and c.position in self._unmet]
        if moving:
            only = chosen.taken | _mask(moving)
            told = in_turn(self._every, self._conflicts, self._basket, only=only)
            if told.taken == chosen.taken:
                chosen.unmet = {**chosen.unmet, **told.unmet}
        chosen.unmet = {**self._unmet, **chosen.unmet}
        return chosen

    def _entangled(self, candidates: Sequence[Candidate]) -> bool:
        """Whether there is anything to choose: a conflict, or one whose worth depends on the others."""
        eligible = _mask(candidates)
        return any(self._conflicts[c.position] & eligible for c in candidates) or any(
            c.prepared.moving or not c.steady for c in candidates[1:]
        )

    def _wild(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Those that earlier discounts may cost more than they take, or help."""
        found, before = [], 0
        for candidate in candidates:
            if before and not self._calm(candidate, before):
                found.append(candidate)
                before += self._most(candidate)
            else:
                before += self._values.get(candidate.position, 0)
        return found

    def _calm(self, candidate: Candidate, before: int) -> bool:
        """Whether it stays as it is when others take that much before it."""
        promotion, basket = candidate.promotion, self._basket
        if not candidate.even or candidate.position not in self._values:
            return False
        if not promotion.benefit.calm(basket, candidate.places, before):
            return False
        return all(condition.slack(basket) >= before for condition in promotion.conditions)

    def _most(self, candidate: Candidate) -> int:
        """The most that a wild one can take: all that its targets cost, and its gifts."""
        amounts = self._basket.fees if candidate.promotion.phase is AdjustmentKind.SHIPPING else self._basket.goods
        most = sum(amounts.rooms(candidate.places)) + gifts_worth(candidate, self._basket)
        return most if candidate.cap is None else min(most, candidate.cap)

    def _cover(self, open_: int) -> list[list[int]]:
        """Cliques of promotions that all conflict, each by worth: of one clique only one takes effect."""
        cliques: list[tuple[int, list[int]]] = []
        for position in sorted(bits_of(open_), key=lambda n: (-self._values[n], n)):
            for n, (common, members) in enumerate(cliques):
                if common >> position & 1:
                    members.append(position)
                    cliques[n] = (common & self._conflicts[position], members)
                    break
            else:
                cliques.append((self._conflicts[position], [position]))
        return [members for _, members in cliques]

    def _by_worth(self, open_: int) -> int:
        """The most valuable first, then whatever combines with it: a good start."""
        chosen = blocked = 0
        for position in sorted(bits_of(open_), key=lambda n: (-self._values[n], n)):
            if not blocked >> position & 1:
                chosen |= 1 << position
                blocked |= self._conflicts[position]
        return chosen

    def _try(self, chosen: int) -> None:
        """Take a set in order, and keep it if it is better."""
        self._offer(in_turn(self._candidates, self._conflicts, self._basket, only=chosen | self._sure))

    def _offer(self, found: Chosen) -> None:
        best = self._best
        if best is None or found.amount > best.amount:
            self._best = found
        elif found.amount == best.amount:
            differs = found.taken ^ best.taken
            if found.taken & differs & -differs:
                self._best = found

    def _reach(self, available: int, amount: int) -> int:
        """The most that a partial set can become."""
        values = self._values
        for members in self._cliques:
            for position in members:
                if available >> position & 1:
                    amount += values[position]
                    break
        return amount

    def _explore(self, open_: int, *, maximal: bool) -> bool:
        """Look at sets until none can be better; false if the bound came first."""
        stack = [(0, open_, 0, self._base)]
        while stack:
            chosen, available, out, amount = stack.pop()
            if self._best is not None and self._reach(available, amount) < self._best.amount:
                continue
            self._steps -= len(self._candidates)
            if self._steps < 0:
                return False
            if not available:
                if not (maximal and any(not self._conflicts[n] & chosen for n in bits_of(out))):
                    self._steps -= _COSTLY * len(self._candidates)
                    self._try(chosen)
                continue
            branches = self._pivot(available, out, chosen) if maximal else available & -available
            if not maximal:
                stack.append((chosen, available & ~branches, out, amount))
            later = []
            for position in sorted(bits_of(branches), key=lambda n: (-self._values[n], n)):
                bit = 1 << position
                available &= ~bit
                conflicts = self._conflicts[position]
                later.append((chosen | bit, available & ~conflicts, out & ~conflicts, amount + self._values[position]))
                out |= bit
            stack += reversed(later)
        return True

    def _pivot(self, available: int, out: int, chosen: int) -> int:
        """Promotions of which every maximal set has one: one and its conflicts, where these are fewest."""
        best = available
        fewest = available.bit_count() + 1
        for position in bits_of(available | out):
            branches = available & (self._conflicts[position] | 1 << position)
            count = branches.bit_count()
            if count < fewest:
                best, fewest = branches, count
                if count <= 1:
                    break
        return best


def _mask(candidates: Iterable[Candidate]) -> int:
    mask = 0
    for candidate in candidates:
        mask |= 1 << candidate.position
    return mask


def _final(candidate: Candidate) -> bool:
    """Whether a no on the untouched cart stays a no."""
    return candidate.steady and all(condition.falling for condition in candidate.promotion.conditions)
