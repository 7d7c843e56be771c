"""What may be returned, and what the seller keeps of it: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from commerce.kernel import InvalidValue, Money
from commerce.kernel import total as sum_of
from commerce.returns.errors import Ineligible, IneligibleReason
from commerce.returns.model import Return
from commerce.returns.values import ReturnableLine, ReturnPolicy, ReturnReason, ReturnWish

__all__ = ["eligibility", "restocking_fee"]


def eligibility(
    policy: ReturnPolicy,
    wishes: Sequence[ReturnWish],
    facts: Iterable[ReturnableLine],
    others: Sequence[Return],
    *,
    at: datetime,
) -> tuple[Ineligible, ...]:
    """Why the wishes cannot be granted, line by line; nothing if they can.

    ``others`` are the earlier returns of the order: what they took back or still may take back counts.
    Raises `commerce.kernel.InvalidValue` for no wish, no unit, or a line named twice.
    """
    known = {fact.line_id: fact for fact in facts}
    if not wishes or len({wish.line_id for wish in wishes}) != len(wishes):
        raise InvalidValue(field="lines", reason="name one or more order lines, each once")
    refusals = []
    for wish in wishes:
        if type(wish.quantity) is not int or wish.quantity < 1:
            raise InvalidValue(field="quantity", reason=f"{wish.quantity!r} units of {wish.line_id}: pass 1 or more")
        refusal = _refusal(policy, wish, known.get(wish.line_id), others, at)
        if refusal is not None:
            refusals.append(refusal)
    return tuple(refusals)


def _refusal(
    policy: ReturnPolicy, wish: ReturnWish, fact: ReturnableLine | None, others: Sequence[Return], at: datetime
) -> Ineligible | None:
    id = wish.line_id
    if fact is None:
        return Ineligible(line_id=id, reason=IneligibleReason.UNKNOWN_LINE)
    if fact.final_sale:
        return Ineligible(line_id=id, reason=IneligibleReason.FINAL_SALE)
    if not fact.delivered:
        return Ineligible(line_id=id, reason=IneligibleReason.NOT_DELIVERED)
    if fact.delivered_at is not None and at > fact.delivered_at + policy.window:
        return Ineligible(line_id=id, reason=IneligibleReason.WINDOW_CLOSED)
    lines = [line for other in others for line in other.lines if line.line_id == id]
    # What our returns accepted is in the order's own count too, as soon as the order was told.
    taken = max(fact.returned, sum(line.accepted for line in lines)) + sum(line.pending for line in lines)
    possible = max(fact.delivered - taken, 0)
    if wish.quantity > possible:
        return Ineligible(line_id=id, reason=IneligibleReason.TOO_MANY, possible=possible)
    return None


def restocking_fee(policy: ReturnPolicy, reasons: Mapping[str, ReturnReason], worth: Mapping[str, Money]) -> Money:
    """What the seller keeps of units that are taken back, by a policy.

    ``worth`` is what the units of each order line cost, with tax: one or more lines, in one currency;
    ``reasons`` says why they come back. Rounded once per line.
    """
    if not worth:
        raise InvalidValue(field="worth", reason="name what the accepted units of each line cost")
    fees = [
        amount.scale(0 if reasons[line_id] in policy.free_of_fee else policy.restocking_fee, policy.rounding)
        for line_id, amount in worth.items()
    ]
    return sum_of(fees, fees[0].currency)
