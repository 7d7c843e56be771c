"""Who is a candidate at all: dates, codes, currency, limits, and the conditions that discounts do not move."""

from collections.abc import Mapping, Sequence

from attrs import define, field

from commerce.promotions.calculators.basket import Basket
from commerce.promotions.calculators.bits import bits_of
from commerce.promotions.candidates import Candidate, Prepared
from commerce.promotions.conditions import Unmet
from commerce.promotions.limits import budget_name, counters, used_up
from commerce.promotions.model import Promotion
from commerce.promotions.values import Coupon, Reason, normal_code

__all__ = ["Screen"]


@define(eq=False)
class Screen:
    """Looks at every promotion and code once; keeps why some are no candidates."""

    basket: Basket
    prepared: Sequence[Prepared]
    places: Mapping[str, int]
    seen: int
    unmet: dict[int, Unmet] = field(factory=dict)
    coupons: dict[int, Coupon] = field(factory=dict)
    others: list[tuple[str, str, str]] = field(factory=list)

    def candidates(self) -> list[Candidate]:
        """Those that may take effect, in order."""
        entered = self._entered()
        for position in entered:
            self.seen |= 1 << position
        found = (self._candidate(self.prepared[n], entered.get(n, [])) for n in bits_of(self.seen))
        return [candidate for candidate in found if candidate is not None]

    def _entered(self) -> dict[int, list[Coupon]]:
        """The coupons entered, by position of their promotion; codes that stand for nothing are noted."""
        context = self.basket.context
        if not context.codes:
            return {}
        known = {coupon.code: coupon for coupon in context.coupons}
        entered: dict[int, list[Coupon]] = {}
        for code in sorted({normal_code(code) for code in context.codes}):
            coupon = known.get(code)
            if coupon is None or coupon.promotion_id not in self.places:
                self.others.append((code, "", Reason.UNKNOWN_CODE))
            else:
                entered.setdefault(self.places[coupon.promotion_id], []).append(coupon)
        return entered

    def _candidate(self, prepared: Prepared, entered: Sequence[Coupon]) -> Candidate | None:
        promotion, basket = prepared.promotion, self.basket
        unmet, coupon = self._admit(prepared, entered)
        if coupon is not None:
            self.coupons[prepared.position] = coupon
        if unmet is not None:
            self.unmet[prepared.position] = unmet
            return None
        places = basket.shipping_places if prepared.shipping else basket.select(promotion.target)
        even = not basket.category_rooms and not (basket.floored and promotion.benefit.picks)
        return Candidate(
            prepared=prepared,
            promotion=promotion,
            places=places,
            code=coupon.code if coupon is not None else None,
            cap=_cap(promotion, basket),
            even=even,
            position=prepared.position,
            steady=even and promotion.benefit.steady,
        )

    def _admit(self, prepared: Prepared, entered: Sequence[Coupon]) -> tuple[Unmet | None, Coupon | None]:
        """Why it is no candidate, if so; and the coupon it came by."""
        promotion, context = prepared.promotion, self.basket.context
        coupon, code_unmet = self._coupon(promotion, entered)
        reason = promotion.refuses_at(context.at)
        if reason:
            return Unmet(reason), coupon
        if code_unmet is not None:
            return code_unmet, coupon
        if prepared.currency not in (None, self.basket.currency.code):
            return Unmet(Reason.WRONG_CURRENCY), coupon
        if prepared.limited and promotion.limits.per_customer is not None and context.customer_id is None:
            return Unmet(Reason.CUSTOMER_REQUIRED), coupon
        spent = self._spent(promotion, coupon) if prepared.limited or coupon is not None else None
        return spent or self._unmet_condition(prepared), coupon

    def _unmet_condition(self, prepared: Prepared) -> Unmet | None:
        """The first condition that does not hold; where discounts move one, they are asked again and again later."""
        if prepared.moving:
            return None
        for condition in prepared.promotion.conditions:
            unmet = condition.check(self.basket)
            if unmet is not None:
                return unmet
        return None

    def _coupon(self, promotion: Promotion, entered: Sequence[Coupon]) -> tuple[Coupon | None, Unmet | None]:
        """The first code that is good, or the first one and why it is not; the others are not needed."""
        if promotion.automatic:
            self._note(entered, Reason.NOT_NEEDED)
            return None, None
        if not entered:
            return None, Unmet(Reason.CODE_REQUIRED)
        told = [(coupon, self._refuses(promotion, coupon)) for coupon in entered]
        chosen, reason = next((pair for pair in told if not pair[1]), told[0])
        for coupon, other in told:
            if coupon is not chosen:
                self._note((coupon,), other or Reason.NOT_NEEDED)
        return chosen, Unmet(reason) if reason else None

    def _refuses(self, promotion: Promotion, coupon: Coupon) -> str:
        """Why a code is no good; empty if it is."""
        context = self.basket.context
        if not coupon.enabled:
            return Reason.DISABLED
        if coupon.starts_at is not None and context.at < coupon.starts_at:
            return Reason.NOT_STARTED
        if coupon.ends_at is not None and context.at >= coupon.ends_at:
            return Reason.EXPIRED
        if coupon.customer_id is not None and coupon.customer_id != context.customer_id:
            return Reason.WRONG_CUSTOMER if context.customer_id else Reason.CUSTOMER_REQUIRED
        return Reason.LIMIT_REACHED if self._spent(promotion, coupon) else ""

    def _note(self, coupons: Sequence[Coupon], reason: str) -> None:
        self.others += [(coupon.code, coupon.promotion_id, reason) for coupon in coupons]

    def _spent(self, promotion: Promotion, coupon: Coupon | None) -> Unmet | None:
        """Whether there is no use left, or nothing of the budget."""
        full = used_up(counters(promotion, self.basket.context, coupon, 1), self.basket.context.used)
        if full is None:
            return None
        return Unmet(Reason.BUDGET_SPENT if full.name == budget_name(promotion.id) else Reason.LIMIT_REACHED)


def _cap(promotion: Promotion, basket: Basket) -> int | None:
    """The most it may take off this cart: its cap, or what is left of its budget."""
    cap, budget = promotion.cap, promotion.limits.budget
    if budget is None:
        return None if cap is None else cap.minor
    left = budget.minor - basket.context.used.get(budget_name(promotion.id), 0)
    return left if cap is None else min(left, cap.minor)
