"""Conditions on the moment."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import ClassVar

from attrs import field, frozen

from commerce.kernel import InvalidValue, require_period
from commerce.promotions.calculators.basket import Basket
from commerce.promotions.conditions.base import Condition, Unmet
from commerce.promotions.values import Reason

__all__ = ["Dates", "Hours", "Weekdays"]

_EARLY, _LATE, _WRONG_TIME = Unmet(Reason.NOT_STARTED), Unmet(Reason.EXPIRED), Unmet(Reason.WRONG_TIME)


@frozen(kw_only=True)
class Dates(Condition):
    """From ``starts_at`` on, until just before ``ends_at``."""

    kind: ClassVar[str] = "dates"

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.starts_at is None and self.ends_at is None:
            raise InvalidValue(field="starts_at", reason="give a start, an end or both")
        require_period(self.starts_at, self.ends_at)

    def check(self, basket: Basket) -> Unmet | None:
        """Compare moments."""
        at = basket.context.at
        if self.starts_at is not None and at < self.starts_at:
            return _EARLY
        return _LATE if self.ends_at is not None and at >= self.ends_at else None


def _days(days: Iterable[int]) -> frozenset[int]:
    return frozenset(days)


@frozen(kw_only=True)
class Weekdays(Condition):
    """On these days of the week, 1 (Monday) to 7 (ISO 8601), in the context's time zone."""

    kind: ClassVar[str] = "weekdays"

    days: frozenset[int] = field(converter=_days)

    def __attrs_post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(1, 8)):
            raise InvalidValue(field="days", reason="name days from 1 (Monday) to 7 (Sunday)")

    def check(self, basket: Basket) -> Unmet | None:
        """Ask the local calendar."""
        return None if basket.local.isoweekday() in self.days else _WRONG_TIME


@frozen(kw_only=True)
class Hours(Condition):
    """Between two times of day in the context's time zone, end exclusive; over midnight if it ends earlier."""

    kind: ClassVar[str] = "hours"

    start: time
    end: time

    def __attrs_post_init__(self) -> None:
        for name in ("start", "end"):
            if getattr(self, name).tzinfo is not None:
                raise InvalidValue(field=name, reason="pass a plain time of day: the context says which time zone")
        if self.start == self.end:
            raise InvalidValue(field="end", reason="it equals the start: nothing is between them")

    def check(self, basket: Basket) -> Unmet | None:
        """Ask the local clock."""
        now = basket.local.time()
        inside = self.start <= now < self.end if self.start < self.end else now >= self.start or now < self.end
        return None if inside else _WRONG_TIME
