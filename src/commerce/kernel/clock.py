"""Time comes in from outside: a clock is anything that tells an aware UTC time."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from commerce.kernel.errors import InvalidValue

__all__ = ["Clock", "aware", "require_period", "time_zone", "utc_now"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system clock, in UTC."""
    return datetime.now(UTC)


def aware(moment: datetime, field: str = "at") -> datetime:
    """The moment in UTC; a naive one is refused, since nobody knows when it is.

    Python compares two moments of one zone by its clocks, which go back once a year: compare in UTC.
    """
    if moment.utcoffset() is None:
        raise InvalidValue(field=field, reason="pass a timezone-aware datetime")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(field=field, reason=f"the calendar of UTC does not reach {moment}") from None


def time_zone(name: str, field: str = "time_zone") -> ZoneInfo:
    """The time zone with an IANA name such as Europe/Berlin."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # all that it raises for what is no name of a zone
        reason = f"{name!r:.99} is not an IANA time zone such as Europe/Berlin"
        raise InvalidValue(field=field, reason=reason) from error


def require_period(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse naive moments, and an end that is not after the start; nothing given means open."""
    begin = None if starts_at is None else aware(starts_at, "starts_at")
    end = None if ends_at is None else aware(ends_at, "ends_at")
    if begin is not None and end is not None and end <= begin:
        raise InvalidValue(field="ends_at", reason="it ends before it starts: swap the dates")
