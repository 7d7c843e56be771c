"""From minor units back to money: adjustments, outcomes, uses."""

from collections.abc import Sequence

from attrs import define, evolve, field

from commerce.kernel import Adjustment, Money, PricedCart, PricedCharge, PricedLine
from commerce.promotions.applying import Effect
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.candidates import Prepared
from commerce.promotions.limits import counters
from commerce.promotions.result import GIFT, PromotionResult
from commerce.promotions.screening import Screen
from commerce.promotions.taking import Chosen
from commerce.promotions.values import Gift, Outcome, PromotionUse, Reason

__all__ = ["Answer"]


@define(eq=False)
class Answer:
    """The result in the making."""

    basket: Basket
    prepared: Sequence[Prepared]
    conflicts: Sequence[int]
    screen: Screen
    chosen: Chosen
    untouched: list[Outcome]
    _named: dict[int, tuple[str, ...]] = field(factory=dict, init=False)

    def result(self) -> PromotionResult:
        """Put it together."""
        basket, effects = self.basket, self.chosen.effects
        gifts = tuple(self._gift(effect, gift) for effect in effects for gift in effect.gifts)
        return PromotionResult(
            cart=self._cart(gifts),
            outcomes=(*self._outcomes(), *self._code_outcomes()),
            uses=tuple(self._use(effect) for effect in effects),
            gifts=gifts,
            grants=tuple(grant for effect in effects for grant in effect.grants),
            bound_hit=self.chosen.bound_hit,
            policy=basket.policy,
        )

    def _money(self, minor: int) -> Money:
        return Money.of_minor(minor, self.basket.currency)

    def _cart(self, gifts: tuple[PricedLine, ...]) -> PricedCart:
        basket, cart = self.basket, self.basket.cart
        goods: list[list[Adjustment]] = [[] for _ in basket.lines]
        fees: list[list[Adjustment]] = [[] for _ in basket.charges]
        for effect in self.chosen.effects:
            places = fees if effect.candidate.prepared.shipping else goods
            made: dict[int, Adjustment] = {}
            for i, part in zip(effect.candidate.places, effect.shares, strict=True):
                if part:
                    one = made.get(part)
                    if one is None:
                        one = made[part] = self._adjustment(effect, part)
                    places[i].append(one)
        lines = list(cart.lines)
        for n, priced, found in zip(basket.line_order, basket.lines, goods, strict=True):
            if found or priced.adjustments or priced.taxes:
                lines[n] = PricedLine(
                    line=priced.line,
                    adjustments=(*basket.others(priced), *found) if priced.adjustments else tuple(found),
                    tax_included=priced.tax_included,
                )
        charges = list(cart.charges)
        for n, charged, found in zip(basket.charge_order, basket.charges, fees, strict=True):
            if found or charged.adjustments or charged.taxes:
                charges[n] = PricedCharge(
                    charge=charged.charge,
                    adjustments=(*basket.others(charged), *found) if charged.adjustments else tuple(found),
                    tax_included=charged.tax_included,
                )
        return evolve(cart, lines=(*lines, *gifts), charges=tuple(charges))

    def _adjustment(self, effect: Effect, part: int) -> Adjustment:
        candidate = effect.candidate
        promotion = candidate.promotion
        return Adjustment(
            kind=promotion.phase,
            source=promotion.id,
            label=promotion.name,
            amount=Money.of_minor(-part, self.basket.currency),
            code=candidate.code,
        )

    def _gift(self, effect: Effect, gift: Gift) -> PricedLine:
        line = self.basket.context.gifts[gift.sku]
        subtotal = line.unit_price.times(gift.quantity, self.basket.rounding)
        id = f"{GIFT}{effect.candidate.promotion.id}:{gift.sku}"
        given = evolve(line, id=id, quantity=gift.quantity, subtotal=subtotal)
        free = (self._adjustment(effect, subtotal.minor),) if subtotal else ()
        return PricedLine(line=given, adjustments=free, tax_included=self.basket.cart.tax_included)

    def _use(self, effect: Effect) -> PromotionUse:
        candidate = effect.candidate
        coupon = self.screen.coupons.get(candidate.position)
        counted = candidate.prepared.limited or coupon is not None
        return PromotionUse(
            promotion_id=candidate.promotion.id,
            amount=self._money(effect.amount),
            code=candidate.code,
            counters=counters(candidate.promotion, self.basket.context, coupon, effect.amount) if counted else (),
        )

    def _outcomes(self) -> list[Outcome]:
        amounts = {effect.candidate.position: effect.amount for effect in self.chosen.effects}
        zero = self._money(0)
        found = self.untouched.copy()
        for position in bits_of(self.screen.seen):
            found[position] = self._outcome(self.prepared[position], amounts.get(position), zero)
        return found

    def _outcome(self, prepared: Prepared, amount: int | None, zero: Money) -> Outcome:
        """What became of a promotion that was looked at."""
        position, promotion = prepared.position, prepared.promotion
        coupon = self.screen.coupons.get(position)
        code = coupon.code if coupon else None
        if amount is not None:
            return Outcome(
                promotion_id=promotion.id,
                reason=Reason.APPLIED,
                amount=self._money(amount),
                label=promotion.name,
                code=code,
            )
        in_the_way = self._in_the_way(position)
        unmet = self.screen.unmet.get(position)
        if unmet is None and not in_the_way:
            unmet = self.chosen.unmet.get(position)
            in_the_way = self._ids(self.chosen.taken)
        excluded = unmet is None and bool(in_the_way)
        return Outcome(
            promotion_id=promotion.id,
            reason=Reason.EXCLUDED_BY if excluded else unmet.reason if unmet else Reason.NOT_NEEDED,
            amount=zero,
            label=promotion.name,
            code=code,
            excluded_by=in_the_way if excluded else (),
            missing=unmet.missing if unmet else None,
        )

    def _in_the_way(self, position: int) -> tuple[str, ...]:
        """The promotions that took effect and do not combine with this one."""
        return self._ids(self.conflicts[position] & self.chosen.taken)

    def _ids(self, mask: int) -> tuple[str, ...]:
        """The ids of some promotions; many are refused by the same ones, so these share one tuple."""
        known = self._named.get(mask)
        if known is None:
            known = self._named[mask] = tuple([self.prepared[n].promotion.id for n in bits_of(mask)])
        return known

    def _code_outcomes(self) -> list[Outcome]:
        zero = self._money(0)
        return [
            Outcome(promotion_id=promotion_id, reason=reason, amount=zero, code=code)
            for code, promotion_id, reason in sorted(self.screen.others)
        ]
