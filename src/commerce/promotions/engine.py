"""Promotions on a cart: pure, no I/O, the whole engine behind one function."""

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import evolve

from commerce.kernel import PricedCart, PricedLine
from commerce.promotions.answer import Answer
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.candidates import Candidate, Prepared, Untouched, conflicts_of, needs_of
from commerce.promotions.combining import Combining
from commerce.promotions.groups import in_order, mates_of, ranked, require_one_choice
from commerce.promotions.limits import counters
from commerce.promotions.model import Promotion
from commerce.promotions.per_line import best_per_line
from commerce.promotions.result import GIFT, PromotionResult
from commerce.promotions.screening import Screen
from commerce.promotions.taking import Chosen, in_turn
from commerce.promotions.values import (
    BEST_FOR_CUSTOMER,
    Coupon,
    PromotionContext,
    PromotionPolicy,
    StackingMode,
)

__all__ = ["PromotionBook", "apply"]


def apply(
    cart: PricedCart,
    promotions: Sequence[Promotion],
    context: PromotionContext,
    policy: PromotionPolicy = BEST_FOR_CUSTOMER,
) -> PromotionResult:
    """The cart after these promotions, and what became of each; see `PromotionBook` to use them for many carts."""
    return PromotionBook(promotions, policy).apply(cart, context)


class PromotionBook:
    """Some promotions under one policy, made ready once for any number of carts. Safe between threads.

    Raises `InvalidPromotion` if members of one exclusive group name different choices.
    """

    def __init__(self, promotions: Iterable[Promotion], policy: PromotionPolicy = BEST_FOR_CUSTOMER) -> None:
        self.policy = policy
        best = policy.stacking is StackingMode.BEST_COMBINATION
        ordered = in_order(promotions, by_choice=not best)
        require_one_choice(ordered)
        mates = mates_of(ordered)
        self._by_rank = not best and any(mates)
        self._places = {promotion.id: n for n, promotion in enumerate(ordered)}
        self._ids = frozenset(self._places)
        self._prepared = [Prepared(position=n, promotion=p, mates=mates[n]) for n, p in enumerate(ordered)]
        self._untouched = Untouched(self._prepared)
        self._conflicts = conflicts_of(ordered, mates)
        if policy.stacking is StackingMode.EXCLUSIVE_BY_PRIORITY:
            every = (1 << len(ordered)) - 1
            self._conflicts = [every & ~prepared.bit for prepared in self._prepared]
        #: The most units of each SKU that these promotions may give away together.
        self.gifts = Counter[str]()
        for gift in (gift for promotion in ordered for gift in promotion.benefit.gifts):
            self.gifts[gift.sku] += gift.quantity
        self._everywhere = self._limited = 0
        self._index: dict[str, dict[str, int]] = {}
        for prepared in self._prepared:
            needs = needs_of(prepared.promotion)
            if needs is None:
                self._everywhere |= prepared.bit
            if prepared.limited:
                self._limited |= prepared.bit
            for name, value in needs or ():
                index = self._index.setdefault(name, {})
                index[value] = index.get(value, 0) | prepared.bit

    def apply(self, cart: PricedCart, context: PromotionContext) -> PromotionResult:
        """The cart after promotions. Whatever these promotions did to it before is worked out anew.

        Line order, promotion order and code order change nothing. Taxes are taken off: calculate them afterwards.
        """
        basket = Basket(self._own_gifts_out(cart), context, self.policy, self._ids)
        screen = Screen(basket, self._prepared, self._places, self._looked_at(basket))
        chosen = self._choose(screen.candidates(), basket)
        outcomes = self._untouched.at(context.at, basket.currency)
        return Answer(basket, self._prepared, self._conflicts, screen, chosen, outcomes).result()

    def counter_names(self, context: PromotionContext, cart: PricedCart | None = None) -> set[str]:
        """The counters that a cart in this context may move: what `PromotionContext.used` must know.

        Without the cart those that any may move.
        """
        mask = self._limited
        if mask and cart is not None:
            mask &= self._looked_at(Basket(self._own_gifts_out(cart), context, self.policy, self._ids))
        every: list[tuple[Promotion, Coupon | None]] = [(self._prepared[n].promotion, None) for n in bits_of(mask)]
        places = ((self._places.get(coupon.promotion_id), coupon) for coupon in context.coupons)
        every += [(self._prepared[n].promotion, coupon) for n, coupon in places if n is not None]
        return {counter.name for promotion, coupon in every for counter in counters(promotion, context, coupon, 1)}

    def _own_gifts_out(self, cart: PricedCart) -> PricedCart:
        """The cart without the gifts that an earlier answer put into it."""
        kept = tuple(line for line in cart.lines if not self._is_gift(line))
        return cart if len(kept) == len(cart.lines) else evolve(cart, lines=kept)

    def _is_gift(self, line: PricedLine) -> bool:
        id = line.line.id
        return id.startswith(GIFT) and any(id.startswith(f"{GIFT}{own}:") for own in self._ids)

    def _looked_at(self, basket: Basket) -> int:
        """The promotions that may have something to do with what is in a cart, as bits."""
        mask = self._everywhere
        for name, index in self._index.items():
            for value in basket.masks(name):
                mask |= index.get(value, 0)
        return mask

    def _choose(self, candidates: Sequence[Candidate], basket: Basket) -> Chosen:
        """What takes effect."""
        if self.policy.stacking is StackingMode.BEST_COMBINATION:
            return Combining(candidates, self._conflicts, basket, self.policy.search_bound).best()
        if self._by_rank:
            candidates = ranked(candidates, basket)
        if self.policy.stacking is StackingMode.BEST_PER_LINE:
            return best_per_line(candidates, self._conflicts, basket)
        return in_turn(candidates, self._conflicts, basket)
