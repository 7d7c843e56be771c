"""Promotions taken one after the other, or each alone."""

from collections.abc import Iterable, Sequence

from attrs import define, field

from commerce.promotions.applying import Effect, State, attempt, take
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate
from commerce.promotions.conditions import Unmet

__all__ = ["Chosen", "alone", "in_turn"]


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
        self.taken |= effect.candidate.prepared.bit
        self.amount += effect.amount


def in_turn(
    candidates: Iterable[Candidate],
    conflicts: Sequence[int],
    basket: Basket,
    *,
    only: int = -1,
    after: Iterable[Effect] = (),
) -> Chosen:
    """Each in order, if it conflicts with none that took effect before; ``only`` masks who may.

    ``after`` are effects that were settled before them.
    """
    chosen, state = Chosen(), State.of(basket)
    kept = basket.goods.left, basket.fees.left
    state.enter(basket)
    for effect in after:
        chosen.add(effect, state, basket)
    for candidate in candidates:
        if not only & candidate.prepared.bit or conflicts[candidate.position] & chosen.taken:
            continue
        found = attempt(candidate, basket, state)
        if isinstance(found, Unmet):
            chosen.unmet[candidate.position] = found
        else:
            chosen.add(found, state, basket)
    basket.goods.left, basket.fees.left = kept
    return chosen


def alone(candidates: Iterable[Candidate], basket: Basket) -> tuple[dict[int, Effect], dict[int, Unmet]]:
    """What each would do if it were the only one; and why some would do nothing."""
    state = State.of(basket)
    effects: dict[int, Effect] = {}
    unmet: dict[int, Unmet] = {}
    for candidate in candidates:
        effect = attempt(candidate, basket, state)
        if isinstance(effect, Unmet):
            unmet[candidate.position] = effect
        else:
            effects[candidate.position] = effect
    return effects, unmet
