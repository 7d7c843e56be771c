"""Taking effect: one promotion on the state of a cart, all in minor units."""

from operator import le

from attrs import define

from commerce.kernel import AdjustmentKind
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.sharing import share
from commerce.promotions.calculators.work import Work
from commerce.promotions.candidates import Candidate
from commerce.promotions.conditions import Unmet
from commerce.promotions.values import Gift, Grant, Reason

__all__ = ["Effect", "State", "attempt", "gift_price", "gifts_worth", "take"]

_NOT_NEEDED = Unmet(Reason.NOT_NEEDED)
_NO_TARGET = Unmet(Reason.NO_TARGET)


@define(eq=False)
class Effect:
    """What a candidate does: shares by place, their sum, gifts with what they are worth, grants."""

    candidate: Candidate
    shares: list[int]
    amount: int
    gifts: tuple[Gift, ...] = ()
    grants: tuple[Grant, ...] = ()


class State:
    """What is left on each line and charge, and in each capped category."""

    __slots__ = ("fees", "goods", "rooms")

    def __init__(self, goods: list[int], fees: list[int], rooms: list[int]) -> None:
        self.goods = goods
        self.fees = fees
        self.rooms = rooms

    @classmethod
    def of(cls, basket: Basket) -> "State":
        """Before any promotion."""
        return cls(basket.goods.left[:], basket.fees.left[:], [room for _, room in basket.category_rooms])

    def enter(self, basket: Basket) -> None:
        """Let the basket look at this state."""
        basket.goods.left = self.goods
        basket.fees.left = self.fees


def attempt(candidate: Candidate, basket: Basket, state: State) -> Effect | Unmet:
    """What a candidate would do to a state, which the basket has entered; nothing is changed."""
    prepared, promotion = candidate.prepared, candidate.promotion
    if prepared.moving:
        for condition in promotion.conditions:
            unmet = condition.check(basket)
            if unmet is not None:
                return unmet
    places = candidate.places
    if not places:
        return _NO_TARGET
    amounts = basket.fees if prepared.shipping else basket.goods
    benefit = promotion.benefit
    work = Work(basket, amounts, places, by_total=promotion.phase is not AdjustmentKind.ITEM)
    shares = benefit.shares(work)
    if isinstance(shares, Unmet):
        return shares
    amount = 0
    if any(shares):
        shares = _within(shares, candidate, basket, state)
        amount = sum(shares)
    gifts: tuple[Gift, ...] = ()
    if benefit.gifts:
        found = _gifts(candidate, basket)
        if isinstance(found, Unmet):
            return found
        gifts, worth = found
        amount += worth
    grants = benefit.grants(work, promotion.id) if prepared.granting else ()
    if amount or gifts or grants:
        return Effect(candidate, shares, amount, gifts, grants)
    return _NOT_NEEDED


def take(effect: Effect, state: State, basket: Basket) -> None:
    """Change a state by an effect."""
    places, shares = effect.candidate.places, effect.shares
    left = state.goods
    if effect.candidate.prepared.shipping:
        left = state.fees
    elif state.rooms:
        for n, (lines, _) in enumerate(basket.category_rooms):
            state.rooms[n] -= sum([s for i, s in zip(places, shares, strict=True) if i in lines])
    for i, part in zip(places, shares, strict=True):
        left[i] -= part


def _within(shares: list[int], candidate: Candidate, basket: Basket, state: State) -> list[int]:
    """Shares inside the room of each place, of each capped category, and of the promotion's own cap."""
    amounts = basket.fees if candidate.prepared.shipping else basket.goods
    rooms = amounts.rooms(candidate.places)
    if not all(map(le, shares, rooms)):
        shares = list(map(min, shares, rooms))
    if candidate.cap is not None and sum(shares) > candidate.cap:
        shares = share(candidate.cap, shares, shares, basket.allocation)
    if state.rooms and amounts is basket.goods:
        for (lines, _), room in zip(basket.category_rooms, state.rooms, strict=True):
            inside = [part if i in lines else 0 for i, part in zip(candidate.places, shares, strict=True)]
            if sum(inside) > room:
                cut = share(room, inside, inside, basket.allocation)
                shares = [part - old + new for part, old, new in zip(shares, inside, cut, strict=True)]
    return shares


def _gifts(candidate: Candidate, basket: Basket) -> tuple[tuple[Gift, ...], int] | Unmet:
    """The gifts that are to be had and not refused, and what they are worth."""
    context, benefit = basket.context, candidate.promotion.benefit
    wanted = [gift for gift in benefit.gifts if gift.sku not in context.refused_gifts]
    if not wanted:
        return Unmet(Reason.GIFT_REFUSED)
    ready = benefit.given([gift for gift in wanted if gift_price(gift, basket) is not None])
    worth = sum(gift_price(gift, basket) or 0 for gift in ready)
    if not ready or (candidate.cap is not None and worth > candidate.cap):
        return Unmet(Reason.GIFT_UNAVAILABLE if not ready else Reason.BUDGET_SPENT)
    return tuple(ready), worth


def gift_price(gift: Gift, basket: Basket) -> int | None:
    """What a gift costs, in minor units; nothing if it is not to be had."""
    line = basket.context.gifts.get(gift.sku)
    if line is None or line.subtotal.currency != basket.currency:
        return None
    return line.unit_price.times(gift.quantity, basket.rounding).minor


def gifts_worth(candidate: Candidate, basket: Basket) -> int:
    """What a candidate gives in kind."""
    found = _gifts(candidate, basket) if candidate.promotion.benefit.gifts else ((), 0)
    return 0 if isinstance(found, Unmet) else found[1]
