"""A lost race is run again, and its last failure is told."""

from collections.abc import Callable

import pytest

from commerce.kernel import KeyReused, StaleVersion
from commerce.runtime import retried

LOST = StaleVersion(entity="cart", id="1", version=1)


def failing(error: Exception, times: int) -> tuple[Callable[[], str], list[int]]:
    """Something that fails so often before it is done, and when it was tried."""
    tries: list[int] = []

    def act() -> str:
        tries.append(len(tries) + 1)
        if len(tries) <= times:
            raise error
        return "done"

    return act, tries


def test_who_was_too_slow_tries_again() -> None:
    act, tries = failing(LOST, 19)
    assert retried(act) == "done"
    assert len(tries) == 20


def test_who_never_wins_is_told() -> None:
    act, tries = failing(LOST, 100)
    with pytest.raises(StaleVersion):
        retried(act)
    assert len(tries) == 20


def test_what_is_no_race_is_told_at_once() -> None:
    act, tries = failing(KeyReused(key="k"), 1)
    with pytest.raises(KeyReused):
        retried(act)
    assert tries == [1]
    assert retried(failing(KeyReused(key="k"), 1)[0], on=KeyReused) == "done"
