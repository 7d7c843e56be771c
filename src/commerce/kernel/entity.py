"""Aggregates: an identity, an optimistic version, and the facts recorded since loading."""

from copy import copy
from typing import Self

from attrs import define, field

from commerce.kernel.events import Event

__all__ = ["Entity"]


@define(kw_only=True, eq=False)
class Entity:
    """Base of every aggregate.

    Fields hold immutable values (tuples, frozen values, replaced mappings), so a
    shallow copy is a snapshot. ``version`` counts saves: 0 has never been stored. `record` keeps a fact
    until the unit of work takes it into the outbox, in the same transaction.
    """

    id: str
    version: int = 0
    _recorded: list[Event] = field(factory=list, init=False, repr=False)

    def record(self, event: Event) -> None:
        """Remember that something happened."""
        self._recorded.append(event)

    def take_events(self) -> list[Event]:
        """Hand over the recorded facts, once, in order."""
        taken = list(self._recorded)
        self._recorded.clear()
        return taken

    def snapshot(self) -> Self:
        """A copy that shares only immutable values and has recorded nothing."""
        twin = copy(self)
        twin._recorded = []  # noqa: SLF001 - its own kind
        return twin
