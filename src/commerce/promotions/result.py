"""What `apply` answers with."""

from collections.abc import Iterator

from attrs import frozen

from commerce.kernel import PricedCart, PricedLine
from commerce.promotions.values import Grant, Outcome, PromotionPolicy, PromotionUse, Reason

__all__ = ["GIFT", "PromotionResult"]

#: How the ids of gift lines begin.
GIFT = "gift:"


@frozen(kw_only=True)
class PromotionResult:
    """The cart after promotions, and the story of every promotion and code that was looked at.

    ``cart`` has one `commerce.kernel.Adjustment` per promotion and line or charge, and ``gifts`` as lines of
    their own, free of charge. ``uses`` is what to reserve when the cart is ordered. ``bound_hit`` says
    that a better combination may exist than was found within the policy's bound.
    """

    cart: PricedCart
    outcomes: tuple[Outcome, ...]
    uses: tuple[PromotionUse, ...]
    gifts: tuple[PricedLine, ...] = ()
    grants: tuple[Grant, ...] = ()
    bound_hit: bool = False
    policy: PromotionPolicy

    @property
    def applied(self) -> tuple[Outcome, ...]:
        """The outcomes that took effect."""
        return tuple(outcome for outcome in self.outcomes if outcome.applied)

    def outcome(self, name: str) -> Outcome | None:
        """What became of a promotion (by id) or of a code."""
        return next((o for o in self.outcomes if name in (o.promotion_id, o.code)), None)

    def explain(self) -> tuple[str, ...]:
        """Readable sentences: what each line and charge got, then what was taken and refused, and why."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        for line in self.cart.lines:
            for one in line.adjustments:
                yield f"{line.line.quantity} x {line.line.item.sku}: {one.amount} by {one.label} ({one.kind} phase)"
        for charge in self.cart.charges:
            for one in charge.adjustments:
                yield f"{charge.charge.label}: {one.amount} by {one.label} ({one.kind} phase)"
        yield from map(_sentence, self.outcomes)
        if self.bound_hit:
            yield f"policy {self.policy.name}: a better combination may exist, the search ended at its bound"


def _sentence(outcome: Outcome) -> str:
    name = outcome.label or "promotion"
    code = f" with code {outcome.code}" if outcome.code else ""
    if outcome.reason == Reason.UNKNOWN_CODE:
        return f"code {outcome.code}: unknown code"
    if outcome.applied:
        return f"{name}{code}: applied, {outcome.amount} off"
    text = f"{name}{code}: not applied, {outcome.reason.replace('_', ' ')}"
    if outcome.excluded_by:
        text += f" {', '.join(outcome.excluded_by)}"
    return text + (f", {outcome.missing} missing" if outcome.missing is not None else "")
