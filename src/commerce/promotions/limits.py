"""Which counters a use of a promotion moves."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from commerce.promotions.model import Promotion
from commerce.promotions.values import Counter, Coupon, Period, PromotionContext

__all__ = ["budget_name", "counters", "period_of", "used_up"]


def counters(
    promotion: Promotion, context: PromotionContext, coupon: Coupon | None, amount: int
) -> tuple[Counter, ...]:
    """What one use in a context moves, by name; ``amount`` is what it takes off, in minor units.

    Names are ``<promotion>/total``, ``/customer/<id>``, ``/code/<code>``, ``/<period>/<which>``, ``/budget``.
    """
    limits = promotion.limits
    found: list[tuple[str, int, int | None]] = [("total", 1, limits.total)]
    if limits.period is not None:
        which = period_of(limits.period, context.at, context.timezone)
        found.append((f"{limits.period}/{which}", 1, limits.per_period))
    if context.customer_id is not None:
        found.append((f"customer/{context.customer_id}", 1, limits.per_customer))
    if coupon is not None:
        found.append((f"code/{coupon.code}", 1, coupon.limit or limits.per_code))
    if limits.budget is not None:
        found.append(("budget", amount, limits.budget.minor))
    named = [(f"{promotion.id}/{name}", step, limit) for name, step, limit in found if limit is not None]
    return tuple(Counter(name=name, step=step, limit=limit) for name, step, limit in sorted(named))


def budget_name(promotion_id: str) -> str:
    """The name of the counter of a promotion's budget."""
    return f"{promotion_id}/budget"


def used_up(counters: Iterable[Counter], used: Mapping[str, int]) -> Counter | None:
    """The first counter without room for its step."""
    return next((c for c in counters if used.get(c.name, 0) + c.step > c.limit), None)


def period_of(period: Period, at: datetime, timezone: str) -> str:
    """The name of the calendar period of a moment: 2026-03-01, 2026-W09, 2026-03, 2026."""
    local = at.astimezone(ZoneInfo(timezone))
    if period is Period.DAY:
        return f"{local:%Y-%m-%d}"
    if period is Period.WEEK:
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02}"
    return f"{local:%Y-%m}" if period is Period.MONTH else f"{local:%Y}"
