"""Promised prices: data that a checkout keeps with a cart, so that prices stay until a time."""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from commerce.kernel import InvalidValue, aware
from commerce.pricing.engine import NoPrice, Selected, Tried, cheaper, units_by_sku
from commerce.pricing.model import PriceContext

__all__ = ["HeldPrice", "PriceHold", "hold_prices", "with_held"]


@frozen(kw_only=True)
class HeldPrice:
    """A price that one item was shown at."""

    sku: str
    selected: Selected


@frozen(kw_only=True)
class PriceHold:
    """The soft freeze of a cart: these prices stand until a moment (exclusive), in one currency."""

    at: datetime
    until: datetime
    currency: str
    prices: tuple[HeldPrice, ...]


def hold_prices(
    wanted: Mapping[str, tuple[str, int]],
    chosen: Mapping[str, Selected | NoPrice],
    context: PriceContext,
    until: datetime,
) -> PriceHold:
    """Promise the prices that were chosen for some lines; what has no price is not promised."""
    until = aware(until, "until")
    if until <= context.at:
        raise InvalidValue(field="until", reason="a promise ends after it is made: pass a later time")
    found = {wanted[line_id][0]: answer for line_id, answer in chosen.items() if isinstance(answer, Selected)}
    return PriceHold(
        at=context.at,
        until=until,
        currency=context.currency.code,
        prices=tuple(HeldPrice(sku=sku, selected=evolve(found[sku], trace=())) for sku in sorted(found)),
    )


def with_held(
    wanted: Mapping[str, tuple[str, int]],
    fresh: Mapping[str, Selected | NoPrice],
    context: PriceContext,
    hold: PriceHold | None,
) -> Mapping[str, Selected | NoPrice]:
    """Fresh prices, with the promised ones in their place while the promise lasts.

    A promised price stands against a dearer and a cheaper fresh one alike. Fewer units
    than its tier asks for lose it; more units than a higher tier asks for take that
    tier's fresh price if it is cheaper.
    """
    if hold is None or context.at >= hold.until or context.currency.code != hold.currency:
        return fresh
    held = {price.sku: price.selected for price in hold.prices}
    units = units_by_sku(wanted)
    return {
        line_id: _kept(held[wanted[line_id][0]], answer, units[wanted[line_id][0]])
        if wanted[line_id][0] in held
        else answer
        for line_id, answer in fresh.items()
    }


def _kept(held: Selected, fresh: Selected | NoPrice, units: int) -> Selected | NoPrice:
    if units < held.tier:
        return fresh
    if isinstance(fresh, Selected) and fresh.tier > held.tier and cheaper(fresh.price, held.price):
        return fresh
    name = next((tried.name for tried in fresh.trace if tried.list_id == held.list_id), held.list_id)
    told = Tried(list_id=held.list_id, name=name, outcome="held", price=held.price)
    others = (tried for tried in fresh.trace if tried.list_id != held.list_id)
    return evolve(held, trace=(told, *map(_not_taken, others)))


def _not_taken(tried: Tried) -> Tried:
    return evolve(tried, outcome="outranked") if tried.outcome == "taken" else tried
