"""Why a price is what it is, in plain sentences."""

from commerce.kernel import Charge, Line
from commerce.pricing.engine import NoPrice, Selected, Tried

__all__ = ["explain", "explain_charge", "explain_line"]

_SAYS = {
    "taken": "taken",
    "held": "taken: this price was promised earlier",
    "dearer": "not taken: a sale list, but not below the regular price",
    "outranked": "not taken: a more specific or cheaper list comes first",
    "no_entry": "not asked: no price for so few units, or for this moment",
    "currency": "not asked: in another currency",
    "channel": "not asked: for other channels",
    "country": "not asked: for other countries",
    "group": "not asked: for other customer groups",
    "not_started": "not asked: not started yet",
    "ended": "not asked: over",
    "disabled": "not asked: switched off",
}
_TAKEN = ("taken", "held")


def explain(answer: Selected | NoPrice) -> tuple[str, ...]:
    """Why a price is what it is, a sentence for each list that has the item."""
    lines = list(map(_sentence, answer.trace))
    if isinstance(answer, NoPrice):
        return (*lines, f"no price for {answer.sku}")
    return (*lines, *_conversion(answer))


def explain_line(line: Line, selected: Selected | None) -> str:
    """What a line costs, by which list and tier, what it costs regularly, and what became of the other lists.

    ``selected`` is how its price was found; nothing for an agreed price.
    """
    trace = selected.trace if selected else ()
    name = next((tried.name for tried in trace if tried.outcome in _TAKEN), line.price_list)
    by = f"list {name}" if name and name != "agreed" else name or "no list"
    if selected is not None and selected.tier > 1:
        by += f", from {selected.tier} units on"
    text = f"{line.quantity} x {line.item.sku} at {line.unit_price} ({by}) = {line.subtotal}"
    if line.list_price is not None:
        text += f", regular price {line.list_price}"
    told = [_sentence(tried) for tried in trace if tried.outcome != "taken"]
    return "; ".join([text, *told, *(_conversion(selected) if selected else ())])


def explain_charge(charge: Charge) -> str:
    """What is on the bill beside the lines, before discounts."""
    return f"{charge.label}: {charge.subtotal}"


def _sentence(tried: Tried) -> str:
    price = f", {tried.price}" if tried.price else ""
    return f"{tried.name}{price}: {_SAYS.get(tried.outcome, tried.outcome)}"


def _conversion(selected: Selected) -> tuple[str, ...]:
    rate = selected.exchange_rate
    if rate is None:
        return ()
    return (f"converted at 1 {rate.base} = {rate.rate} {rate.target} ({rate.source}): {selected.price}",)
