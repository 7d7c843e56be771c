"""The bus: who is told about which event, in this process."""

from collections.abc import Callable, Iterable

from attrs import frozen

from commerce.kernel import Event
from commerce.runtime.outbox import Envelope

__all__ = ["Bus", "Reaction"]


@frozen
class Reaction:
    """One entry of the subscriber table.

    ``run`` is called at least once per event, in order per aggregate, and must
    be idempotent by ``envelope.id``.
    """

    name: str
    event: type[Event]
    run: Callable[[Envelope], None]


class Bus:
    """Delivers an envelope to every reaction that asked for its event."""

    def __init__(self, reactions: Iterable[Reaction] = ()) -> None:
        self._reactions: dict[str, list[Reaction]] = {}
        for reaction in reactions:
            self.subscribe(reaction)

    def subscribe(self, reaction: Reaction) -> None:
        """Add one reaction."""
        self._reactions.setdefault(reaction.event.name(), []).append(reaction)

    def wants(self, event_name: str) -> bool:
        """Whether anybody asked for events of this name."""
        return event_name in self._reactions

    def deliver(self, envelope: Envelope) -> None:
        """Run every reaction to this event, in the order of the table."""
        for reaction in self._reactions.get(envelope.name, ()):
            reaction.run(envelope)
