"""A timeline from what GHN tells of an order: its log, and where it is now if the log does not say it yet."""

from datetime import UTC, datetime

from commerce_ghn.statuses import events

CREATED, PICKED, LATER = "2026-03-02T05:00:00Z", "2026-03-02T09:30:00.5Z", "2026-03-02T18:00:00.123456789+07:00"


def told(status: str, *log: tuple[str, str]) -> list[tuple[str, datetime]]:
    order = {
        "status": status,
        "created_date": CREATED,
        "updated_date": LATER,
        "log": [{"status": status, "updated_date": at} for status, at in log] or None,
    }
    return [(event.code, event.at) for event in events(order, "L80001")]


def test_a_new_order_is_as_old_as_it_is() -> None:
    """Not as its last change, which may be of a note, and would be another event each time."""
    assert told("ready_to_pick") == [("ready_to_pick", datetime(2026, 3, 2, 5, tzinfo=UTC))]


def test_what_the_log_has_is_told_once() -> None:
    """The order's own status adds nothing to it."""
    picked = ("picked", datetime(2026, 3, 2, 9, 30, 0, 500_000, tzinfo=UTC))
    assert told("picked", ("picked", PICKED)) == [picked]
    assert told("storing", ("picked", PICKED)) == [
        picked,
        ("storing", datetime(2026, 3, 2, 11, 0, 0, 123456, tzinfo=UTC)),
    ]
