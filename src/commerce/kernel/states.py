"""State machines as tables of allowed moves."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from attrs import frozen

from commerce.kernel.errors import NotAllowed

__all__ = ["StateTable"]

S = TypeVar("S", bound=str)


@frozen
class StateTable(Generic[S]):
    """From each state, the states that may follow. Drawable, extensible with `extended`.

    >>> door = StateTable("door", {"open": ("closed",), "closed": ("open", "locked"), "locked": ()})
    >>> door.move("d1", "open", "closed")
    'closed'
    """

    entity: str
    moves: Mapping[S, tuple[S, ...]]

    def move(self, id: str, current: S, to: S) -> S:
        """``to``, if the table allows it from ``current``; staying is always allowed."""
        if to != current and to not in self.moves.get(current, ()):
            raise NotAllowed(
                entity=self.entity,
                id=id,
                state=str(current),
                move=f"become {to}",
                allowed=tuple(map(str, self.moves.get(current, ()))),
            )
        return to

    def final(self, state: S) -> bool:
        """Whether nothing follows this state."""
        return not self.moves.get(state)

    def extended(self, more: Mapping[S, tuple[S, ...]]) -> "StateTable[S]":
        """This table with further states and moves; nothing is taken away."""
        merged = dict(self.moves)
        for state, following in more.items():
            merged[state] = tuple(dict.fromkeys((*merged.get(state, ()), *following)))
        return StateTable(self.entity, merged)

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the documentation."""
        rows = [f"    [*] --> {next(iter(self.moves))}"]
        rows += [f"    {a} --> {b}" for a, following in self.moves.items() for b in following]
        rows += [f"    {state} --> [*]" for state in self.moves if self.final(state)]
        return "\n".join(["stateDiagram-v2", *rows])
