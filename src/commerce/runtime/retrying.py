"""Commands that lost a race are run again."""

from collections.abc import Callable
from typing import TypeVar

from commerce.kernel import StaleVersion

__all__ = ["retried"]

T = TypeVar("T")

#: How often a command is tried before its caller is told. Each try that is lost was won by somebody else.
_TRIES = 20


def retried(act: Callable[[], T], *, on: type[Exception] | tuple[type[Exception], ...] = StaleVersion) -> T:
    """What ``act`` answers; again, in a transaction of its own, whenever somebody else was quicker.

    Only for commands that commute or refuse by themselves. The last failure is raised.
    """
    for _ in range(_TRIES - 1):
        try:
            return act()
        except on:
            continue
    return act()
