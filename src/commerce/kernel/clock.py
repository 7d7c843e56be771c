"""Time comes in from outside: a clock is anything that tells an aware UTC time."""

from collections.abc import Callable
from datetime import UTC, datetime

from commerce.kernel.errors import InvalidValue

__all__ = ["Clock", "aware", "utc_now"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system clock, in UTC."""
    return datetime.now(UTC)


def aware(moment: datetime, field: str = "at") -> datetime:
    """The moment in UTC; a naive one is refused, since nobody knows when it is."""
    if moment.tzinfo is None:
        raise InvalidValue(field=field, reason="pass a timezone-aware datetime")
    return moment.astimezone(UTC)
