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
    """An entry that takes all events of one delivery at once: for effects that cost as much for one as for many.

    If it fails it is run again for each aggregate alone, so that one that cannot be handled holds back no other.
    """

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

        An event that fails holds back the later ones of its aggregate, and nothing else.
        """
        failed: dict[str, Exception] = {}
        stuck: dict[str, Exception] = {}
        for envelope in envelopes:
            error = stuck.get(envelope.aggregate_id) or self._deliver(envelope)
            if error is not None:
                failed[envelope.id] = stuck[envelope.aggregate_id] = error
        for names, batch in self._batch:
            wanted = [envelope for envelope in envelopes if envelope.name in names]
            if wanted and _failing(batch, wanted) is not None:
                stuck = _failing_alone(batch, wanted)
                failed.update((e.id, stuck[e.aggregate_id]) for e in envelopes if e.aggregate_id in stuck)
        return failed

    def _deliver(self, envelope: Envelope) -> Exception | None:
        try:
            for reaction in self._single.get(envelope.name, ()):
                reaction.run(envelope)
        except Exception as error:  # noqa: BLE001 - whatever it was, the event comes again
            return error
        return None


def _failing(batch: BatchReaction, envelopes: Sequence[Envelope]) -> Exception | None:
    try:
        batch.run(envelopes)
    except Exception as error:  # noqa: BLE001 - whatever it was, the events come again, in order
        return error
    return None


def _failing_alone(batch: BatchReaction, envelopes: Sequence[Envelope]) -> dict[str, Exception]:
    """Run it for each aggregate alone; those that fail, and why."""
    by_aggregate: dict[str, list[Envelope]] = {}
    for envelope in envelopes:
        by_aggregate.setdefault(envelope.aggregate_id, []).append(envelope)
    errors = ((aggregate, _failing(batch, events)) for aggregate, events in by_aggregate.items())
    return {aggregate: error for aggregate, error in errors if error is not None}
