"""Branch and bound for the best combination among promotions that have to do with each other."""

from collections.abc import Mapping, Sequence

from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.candidates import Candidate, mask_of
from commerce.promotions.cliques import Cliques, by_worth
from commerce.promotions.taking import Chosen, in_turn

__all__ = ["Search"]

#: How many steps it counts as to take a promotion, against looking at it.
_COSTLY = 10


class Search:
    """Branch and bound over the graph of conflicts for the combination that takes most off.

    What a combination can take is bounded by what its members take alone (``values``), for none takes more after
    others than alone. If each member also costs the others no more than it takes itself, only sets that
    nothing can be added to need to be looked at. ``wild`` are those of which that is not certain: then all sets are.
    ``tame`` are those that it is certain of while the others together leave them their minimum: if they do not, all
    sets within that one are looked at. ``must`` are in every set, and all of them have to take effect.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        conflicts: Sequence[int],
        basket: Basket,
        values: Mapping[int, int],
        *,
        steps: int,
        wild: int,
        tame: int,
        must: int,
    ) -> None:
        self.steps = steps
        self._candidates = candidates
        self._conflicts = conflicts
        self._basket = basket
        self._values = values
        if wild:
            wild |= tame
        self._wild = wild
        self._tame = tame
        self._must = must
        self._best: Chosen | None = None
        self._tried: dict[int, int] = {}
        eligible = mask_of(candidates)
        until = wild.bit_length() - 1
        open_ = mask_of(c for c in candidates if conflicts[c.position] & eligible or c.position < until)
        self._open = open_ & ~must
        self._sure = eligible & ~self._open
        self._cliques = Cliques(self._open, conflicts, values)
        self._base = self._worth(self._sure)

    def best(self) -> Chosen:
        """The best combination found; ``bound_hit`` if there may be a better one. ``steps`` are what is left."""
        if self._open:
            self._start()
            proved = self._explore_all() if self._wild else self._explore_maximal()
        else:
            proved = self._leaf(self._sure)
        if not proved or self._wild:
            self._offer(in_turn(self._candidates, self._conflicts, self._basket))
        if not proved and self._wild:
            self._singles()
        if self._best is None:
            self._grow()
        best = self._best or Chosen()
        best.bound_hit = not proved
        return best

    def _start(self) -> None:
        """Two good guesses: the most valuable first, and those with the fewest conflicts first."""
        conflicts = self._conflicts
        dear = self._greedy(by_worth(self._values, self._open))
        few = {n: (conflicts[n] & self._open).bit_count() for n in bits_of(self._open)}
        calm = self._greedy(sorted(few, key=lambda n: (few[n], n)))
        for guess in sorted({dear, calm}, key=self._worth, reverse=True):
            if self._best is None or self._base + self._worth(guess) >= self._best.amount:
                self._try(guess | self._sure)

    def _greedy(self, positions: Sequence[int]) -> int:
        """Each that conflicts with none before it."""
        chosen = blocked = 0
        for position in positions:
            if not blocked >> position & 1:
                chosen |= 1 << position
                blocked |= self._conflicts[position]
        return chosen

    def _singles(self) -> None:
        """The best that takes effect alone."""
        for single in sorted(self._values, key=lambda n: (-self._values[n], n)):
            found = in_turn(self._candidates, self._conflicts, self._basket, only=1 << single | self._must)
            self._offer(found)
            if found.amount >= self._values[single]:
                break

    def _grow(self) -> None:
        """What must take effect, and in order whatever leaves it its effect."""
        only = self._must
        self._try(only)
        for candidate in self._candidates:
            before = self._best
            self._try(only | candidate.prepared.bit)
            if self._best is not before:
                only |= candidate.prepared.bit

    def _worth(self, mask: int) -> int:
        return sum([self._values[n] for n in bits_of(mask)])

    def _try(self, only: int) -> int:
        """Take a set in order, and keep it if it is better; returns what of it takes effect."""
        taken = self._tried.get(only)
        if taken is None:
            self.steps -= _COSTLY * only.bit_count()
            found = in_turn(self._candidates, self._conflicts, self._basket, only=only)
            self._offer(found)
            taken = self._tried[only] = found.taken
        return taken

    def _leaf(self, only: int) -> bool:
        """Take a set that nothing can be added to; and what is in it, if some of it lost its minimum to the others."""
        lost = only & self._tame & ~self._try(only)
        if not lost or self._hopeless(self._worth(only)):
            return True
        within = Search(
            [c for c in self._candidates if c.prepared.bit & only],
            self._conflicts,
            self._basket,
            {n: self._values[n] for n in bits_of(only)},
            steps=self.steps,
            wild=only & self._tame,
            tame=0,
            must=self._must,
        )
        within._best = self._best
        best = within.best()
        self.steps = within.steps
        self._offer(best)
        return not best.bound_hit

    def _offer(self, found: Chosen) -> None:
        """Of equals the one wins that has the first promotion in order which not both have."""
        best = self._best
        if self._must & ~found.taken:
            return
        if best is None or found.amount > best.amount:
            self._best = found
        elif found.amount == best.amount:
            differs = found.taken ^ best.taken
            if found.taken & differs & -differs:
                self._best = found

    def _hopeless(self, reach: int) -> bool:
        return self._best is not None and reach < self._best.amount

    def _explore_maximal(self) -> bool:
        """Look at sets that nothing can be added to until none can be better; false if the bound came first."""
        stack = [(0, self._open, 0, self._base, self._cliques.reach(self._open, self._base))]
        while stack:
            chosen, available, out, amount, reach = stack.pop()
            if self._hopeless(reach):
                continue
            self.steps -= 1 + available.bit_count() + out.bit_count()
            if self.steps < 0:
                return False
            free, branches = self._pivot(available, out)
            chosen, available, amount = chosen | free, available & ~free, amount + self._worth(free)
            for position in bits_of(free):
                out &= ~self._conflicts[position]
            if available:
                stack += reversed(self._branches(chosen, available, out, amount, branches))
            elif all(self._conflicts[n] & chosen for n in bits_of(out)) and not self._leaf(chosen | self._sure):
                return False
        return True

    def _explore_all(self) -> bool:
        """Look at every set, with each promotion and without it; false if the bound came first."""
        stack = [(0, self._open, self._base)]
        while stack:
            chosen, available, amount = stack.pop()
            if self._hopeless(self._cliques.reach(available, amount)):
                continue
            self.steps -= 1 + available.bit_count()
            if self.steps < 0:
                return False
            if not available:
                self._try(chosen | self._sure)
                continue
            bit = available & -available
            position = bit.bit_length() - 1
            available ^= bit
            stack.append((chosen, available, amount))
            stack.append((chosen | bit, available & ~self._conflicts[position], amount + self._values[position]))
        return True

    def _branches(
        self, chosen: int, available: int, out: int, amount: int, branches: int
    ) -> list[tuple[int, int, int, int, int]]:
        """One step further, the most valuable first, as far as there is hope."""
        values, later = self._values, []
        for position in by_worth(self._values, branches):
            bit, conflicts = 1 << position, self._conflicts[position]
            available &= ~bit
            rest, more = available & ~conflicts, amount + values[position]
            reach = self._cliques.reach(rest, more)
            if not self._hopeless(reach):
                later.append((chosen | bit, rest, out & ~conflicts, more, reach))
            out |= bit
        return later

    def _pivot(self, available: int, out: int) -> tuple[int, int]:
        """Those without a conflict, and promotions of which every other maximal set has one.

        The latter are one and its conflicts, where these are fewest; or the conflicts of one that is out, unless a
        free one keeps it out already.
        """
        free, best, fewest = 0, available, available.bit_count() + 1
        conflicts = self._conflicts
        for position in bits_of(available):
            against = conflicts[position] & available
            bit = 1 << position
            if not against:
                free |= bit
            elif (count := against.bit_count() + 1) < fewest:
                best, fewest = against | bit, count
        for position in bits_of(out):
            against = conflicts[position] & available
            if not against & free and (count := against.bit_count()) < fewest:
                best, fewest = against, count
        return free, best & ~free
