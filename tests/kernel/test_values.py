"""Ids are ordered, errors travel, states move by their table, addresses keep quiet."""

import pickle
import threading
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from commerce.kernel import (
    Address,
    CommerceError,
    InvalidValue,
    NotAllowed,
    StaleVersion,
    StateTable,
    aware,
    new_id,
)

DOOR = StateTable("door", {"open": ("closed",), "closed": ("open", "locked"), "locked": ()})


def test_ids_are_uuid7_and_sort_by_age() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert {uuid.UUID(id).version for id in made} == {7}


def test_ids_are_unique_over_threads() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(2000)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 16_000


def test_errors_print_compare_and_travel() -> None:
    error = InvalidValue(field="quantity", reason="pass 1 or more")
    assert str(error) == "quantity: pass 1 or more"
    assert error.code == "invalid_value"
    assert error == pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert hash(error) == hash(InvalidValue(field="quantity", reason="pass 1 or more"))
    assert error != InvalidValue(field="quantity", reason="other")
    assert error.details == {"field": "quantity", "reason": "pass 1 or more"}


def test_what_a_stale_save_carries_stays_out_of_texts() -> None:
    error = StaleVersion(entity="cart", id="c1", version=3, fresh=Address(country="DE", name="Ada Lovelace"))
    assert "Ada" not in f"{error} {error!r} {error.details}"
    assert error.retryable


def test_every_error_has_a_family_and_a_code_of_its_own() -> None:
    found, todo = {}, [CommerceError]
    while todo:
        for sub in todo.pop().__subclasses__():
            found[f"{sub.__module__}.{sub.__qualname__}"] = sub.code
            todo.append(sub)
    assert len(set(found.values())) == len(found)


def test_states_move_by_their_table() -> None:
    assert DOOR.move("d", "closed", "locked") == "locked"
    with pytest.raises(NotAllowed, match=r"door d is open: cannot become locked; allowed now: \('closed',\)"):
        DOOR.move("d", "open", "locked")
    assert DOOR.final("locked")
    more = DOOR.extended({"locked": ("closed",), "open": ("closed", "gone"), "gone": ()})
    assert more.move("d", "locked", "closed") == "closed"
    assert more.moves["open"] == ("closed", "gone")
    assert "    closed --> locked" in DOOR.mermaid()


def test_addresses_are_tidy_and_keep_quiet() -> None:
    address = Address(country="de", postal_code="10115", name="Ada Lovelace", lines=("Weg 1",), phone="030")
    assert address.country == "DE"
    assert "Ada" not in repr(address)
    with pytest.raises(InvalidValue, match="'GERMANY' is not an ISO 3166-1"):
        Address(country="Germany")


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(InvalidValue, match="timezone-aware"):
        aware(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert aware(datetime(2026, 1, 1, tzinfo=UTC)).tzinfo is UTC
    with pytest.raises(InvalidValue, match="starts_at: the calendar of UTC does not reach 0001-01-01"):
        aware(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "starts_at")
