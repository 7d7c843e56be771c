"""The bus: who is told about which event, in this process."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen

from commerce.kernel import Event
from commerce.runtime.outbox import Envelope

__all__ = ["BatchReaction", "Bus", "Reaction"]


@frozen
class Reaction:
    """One entry of the subscriber table.

    ``run`` is called at least once per event, in order per aggregate, and must
    be idempotent by ``envelope.id``.
    """

    name: str
    event: type[Event]
    run: Callable[[Envelope], None]


@frozen
class BatchReaction:
    """An entry that takes all events of one delivery at once: for effects that cost as much for one as for many."""

    name: str
    events: tuple[type[Event], ...]
    run: Callable[[Sequence[Envelope]], None]


class Bus:
    """Delivers envelopes to every reaction that asked for their event."""

    def __init__(self, reactions: Iterable[Reaction | BatchReaction] = ()) -> None:
        self._single: dict[str, list[Reaction]] = {}
        self._batch: list[tuple[frozenset[str], BatchReaction]] = []
        self._wanted: set[str] = set()
        for reaction in reactions:
            self.subscribe(reaction)

    def subscribe(self, reaction: Reaction | BatchReaction) -> None:
        """Add one reaction."""
        if isinstance(reaction, Reaction):
            name = reaction.event.name()
            self._single.setdefault(name, []).append(reaction)
            self._wanted.add(name)
        else:
            names = frozenset(event.name() for event in reaction.events)
            self._batch.append((names, reaction))
            self._wanted |= names

    def wants(self, event_name: str) -> bool:
        """Whether anybody asked for events of this name."""
        return event_name in self._wanted

    def deliver(self, envelopes: Sequence[Envelope]) -> Mapping[str, Exception]:
        """Run every reaction to these events; what went wrong, by envelope id.

        One bad reaction neither stops the others nor the other events.
        """
        failed: dict[str, Exception] = {}
        for envelope in envelopes:
            for reaction in self._single.get(envelope.name, ()):
                try:
                    reaction.run(envelope)
                except Exception as error:  # noqa: BLE001 - whatever it was, the event comes again
                    failed[envelope.id] = error
                    break
        for names, batch in self._batch:
            wanted = [envelope for envelope in envelopes if envelope.name in names]
            if wanted:
                try:
                    batch.run(wanted)
                except Exception as error:  # noqa: BLE001 - as above
                    failed.update((envelope.id, error) for envelope in wanted)
        return failed
