"""Promotions on a cart: pure, no I/O, the whole engine behind one function."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from commerce.kernel import PricedCart, PricedLine
from commerce.promotions.answer import Answer
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.candidates import Candidate, Prepared, conflicts_of, in_order, needs_of
from commerce.promotions.limits import counters
from commerce.promotions.model import Promotion
from commerce.promotions.result import GIFT, PromotionResult
from commerce.promotions.screening import Screen
from commerce.promotions.search import Chosen, Search, alone, best_per_line, in_turn
from commerce.promotions.values import (
    BEST_FOR_CUSTOMER,
    Coupon,
    GroupChoice,
    PromotionContext,
    PromotionPolicy,
    StackingMode,
)

__all__ = ["PromotionBook", "apply"]

#: The choices within exclusive groups that are made before stacking; the others are conflicts like any.
_UP_FRONT: Mapping[StackingMode, frozenset[GroupChoice]] = {
    StackingMode.BEST_COMBINATION: frozenset({GroupChoice.FIRST, GroupChoice.LOWEST}),
    StackingMode.SEQUENTIAL: frozenset({GroupChoice.HIGHEST, GroupChoice.LOWEST}),
    StackingMode.BEST_PER_LINE: frozenset({GroupChoice.HIGHEST, GroupChoice.LOWEST}),
    StackingMode.EXCLUSIVE_BY_PRIORITY: frozenset(),
}


def apply(
    cart: PricedCart,
    promotions: Sequence[Promotion],
    context: PromotionContext,
    policy: PromotionPolicy = BEST_FOR_CUSTOMER,
) -> PromotionResult:
    """The cart after these promotions, and what became of each; see `PromotionBook` to use them for many carts."""
    return PromotionBook(promotions, policy).apply(cart, context)


class PromotionBook:
    """Some promotions under one policy, made ready once for any number of carts. Safe between threads."""

    def __init__(self, promotions: Iterable[Promotion], policy: PromotionPolicy = BEST_FOR_CUSTOMER) -> None:
        self.policy = policy
        ordered = in_order(promotions)
        self._ids = frozenset(promotion.id for promotion in ordered)
        self._by_id = {promotion.id: n for n, promotion in enumerate(ordered)}
        self._prepared = [
            Prepared(
                position=n,
                promotion=promotion,
                currency=promotion.currency,
                moving=any(condition.moving for condition in promotion.conditions),
            )
            for n, promotion in enumerate(ordered)
        ]
        edges = frozenset(GroupChoice) - _UP_FRONT[policy.stacking]
        self._conflicts = conflicts_of(ordered, by_group=edges)
        if policy.stacking is StackingMode.EXCLUSIVE_BY_PRIORITY:
            every = (1 << len(ordered)) - 1
            self._conflicts = [every & ~(1 << n) for n in range(len(ordered))]
        self._everywhere = 0
        self._index: dict[tuple[str, str], int] = {}
        for prepared in self._prepared:
            needs = needs_of(prepared.promotion)
            if needs is None:
                self._everywhere |= prepared.bit
            for key in needs or ():
                self._index[key] = self._index.get(key, 0) | prepared.bit

    def apply(self, cart: PricedCart, context: PromotionContext) -> PromotionResult:
        """The cart after promotions. Whatever these promotions did to it before is worked out anew.

        Line order, promotion order and code order change nothing. Taxes are taken off: calculate them afterwards.
        """
        basket = Basket(self._own_gifts_out(cart), context, self.policy, self._ids)
        screen = Screen(basket, self._prepared, self._looked_at(basket))
        candidates = screen.candidates()
        chosen, losers = self._choose(candidates, basket)
        return Answer(basket, self._prepared, self._conflicts, screen, chosen, losers).result()

    def counter_names(self, context: PromotionContext) -> set[str]:
        """The counters that a cart in this context may move: what `PromotionContext.used` must know."""
        coupons = {coupon.promotion_id: coupon for coupon in context.coupons}
        every: list[tuple[Promotion, Coupon | None]] = [(p.promotion, None) for p in self._prepared]
        every += [(p.promotion, coupons[p.promotion.id]) for p in self._prepared if p.promotion.id in coupons]
        return {counter.name for promotion, coupon in every for counter in counters(promotion, context, coupon, 1)}

    def _own_gifts_out(self, cart: PricedCart) -> PricedCart:
        """The cart without the gifts that an earlier answer put into it."""
        kept = tuple(line for line in cart.lines if not self._is_gift(line))
        return cart if len(kept) == len(cart.lines) else evolve(cart, lines=kept)

    def _is_gift(self, line: PricedLine) -> bool:
        return line.line.id.startswith(GIFT) and any(a.source in self._ids for a in line.adjustments)

    def _looked_at(self, basket: Basket) -> int:
        """The promotions that may have something to do with what is in a cart, as bits."""
        mask = self._everywhere
        if self._index:
            index = self._index
            for key in basket.masks:
                mask |= index.get(key, 0)
        return mask

    def _choose(self, candidates: Sequence[Candidate], basket: Basket) -> tuple[Chosen, dict[int, int]]:
        """What takes effect; and of those who lost in their group to whom.

        A winner that cannot take effect after all leaves its group to the others.
        """
        failed: set[int] = set()
        unmet = {}
        while True:
            live = [c for c in candidates if c.position not in failed]
            losers = self._losers(live, basket)
            chosen = self._run([c for c in live if c.position not in losers], basket)
            unmet.update(chosen.unmet)
            gone = sorted(winner for winner in set(losers.values()) if not chosen.taken >> winner & 1)
            if not gone:
                chosen.unmet = unmet
                return chosen, losers
            failed.add(gone[0])

    def _losers(self, candidates: Sequence[Candidate], basket: Basket) -> dict[int, int]:
        """Members of exclusive groups that are not the one to stay, and who is."""
        groups: dict[tuple[str, str], list[Candidate]] = {}
        for candidate in candidates:
            stacking = candidate.promotion.stacking
            if stacking.group and stacking.choice in _UP_FRONT[self.policy.stacking]:
                groups.setdefault((candidate.promotion.phase, stacking.group), []).append(candidate)
        losers: dict[int, int] = {}
        for members in groups.values():
            values, _ = alone(members, basket)
            ranked = sorted(values, key=lambda position: (_rank(members[0], values[position]), position))
            losers |= dict.fromkeys(ranked[1:], ranked[0]) if ranked else {}
        return losers

    def _run(self, candidates: Sequence[Candidate], basket: Basket) -> Chosen:
        if self.policy.stacking is StackingMode.BEST_COMBINATION:
            return Search(candidates, self._conflicts, basket, self.policy.search_bound).best()
        if self.policy.stacking is StackingMode.BEST_PER_LINE:
            return best_per_line(candidates, self._conflicts, basket)
        return in_turn(candidates, self._conflicts, basket)


def _rank(first: Candidate, amount: int) -> int:
    """Smallest stays; the group's first member says how."""
    choice = first.promotion.stacking.choice
    return {GroupChoice.FIRST: 0, GroupChoice.HIGHEST: -amount, GroupChoice.LOWEST: amount}[choice]
