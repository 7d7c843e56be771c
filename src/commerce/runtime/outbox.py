"""The outbox: facts leave in the same transaction as the change that made them true.

A unit of work hands every recorded event to its `Recorder`; the storage writes
the envelopes with the change. After the commit the `Relay` delivers what
somebody asked for: at least once, in order per aggregate.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Protocol

from attrs import define, field, frozen

from commerce.kernel import Clock, Entity, Event, new_id

__all__ = ["Envelope", "Outbox", "Recorder", "Relay"]

log = logging.getLogger("commerce.outbox")

#: Sequence numbers leave room for this many events of one save.
_EVENTS_PER_SAVE = 1000

#: The first wait after a failed delivery; doubled each time, up to `_LONGEST_WAIT`.
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(hours=1)
_DOUBLINGS = 12  # an hour and more: what is doubled for ever overflows

#: How many aggregates' events are claimed at once.
_BATCH = 100


@frozen(kw_only=True)
class Envelope:
    """An event with what delivery needs.

    ``sequence`` grows strictly within one aggregate (it need not be gapless);
    ``wanted`` is false where nobody subscribed, so that it is archived only.
    """

    id: str
    name: str
    aggregate_id: str
    sequence: int
    occurred_at: datetime
    event: Event
    wanted: bool = True
    attempts: int = 0


class Outbox(Protocol):
    """What the relay needs of a storage's outbox."""

    def claim(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Envelope]:
        """Take the undelivered events of up to ``limit`` aggregates for ``lease``, in the order written.

        All events of an aggregate go to one caller at a time, and none while its first is
        not due, so order per aggregate holds.
        """

    def delivered(self, ids: Sequence[str], at: datetime) -> None:
        """Note that these events reached everybody."""

    def failed(self, id: str, error: str, retry_at: datetime) -> None:
        """Note a failed delivery and when to try again."""

    def archive(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Envelope]]:
        """All events ever written, delivered or not, by position from ``after`` on."""

    def pending(self) -> int:
        """How many wanted events are not delivered yet."""


@define
class Recorder:
    """Makes envelopes for one unit of work and counts those somebody waits for."""

    clock: Clock
    wants: Callable[[str], bool]
    waiting: int = field(default=0, init=False)

    def entity(self, entity: Entity) -> list[Envelope]:
        """Take the events of an aggregate that was just saved (its version already raised)."""
        base = entity.version * _EVENTS_PER_SAVE
        return [self.event(event, base + n) for n, event in enumerate(entity.take_events())]

    def event(self, event: Event, sequence: int) -> Envelope:
        """Wrap one event of an aggregate that counts for itself, such as a stock row."""
        name = event.name()
        wanted = self.wants(name)
        self.waiting += wanted
        return Envelope(
            id=new_id(),
            name=name,
            aggregate_id=event.aggregate_id,
            sequence=sequence,
            occurred_at=self.clock(),
            event=event,
            wanted=wanted,
        )


class Relay:
    """Delivers pending events of some outboxes."""

    def __init__(
        self,
        outboxes: Sequence[Outbox],
        deliver: Callable[[Sequence[Envelope]], Mapping[str, Exception]],
        clock: Clock,
        *,
        inline: bool = True,
        lease: timedelta = timedelta(seconds=60),
    ) -> None:
        self._outboxes = outboxes
        self._deliver = deliver
        self._clock = clock
        self._inline = inline
        self._lease = lease
        self._holding: ContextVar[bool] = ContextVar("holding", default=False)

    def kick(self) -> None:
        """Deliver now, if this process relays inline and nothing holds it back."""
        if self._inline and not self._holding.get():
            self.drain()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Deliver once at the end instead of after every commit inside; nests."""
        if self._holding.get():
            yield
            return
        token = self._holding.set(True)
        try:
            yield
        finally:
            self._holding.reset(token)
        self.kick()

    def drain(self) -> int:
        """Deliver until nothing is due; returns how many events reached everybody.

        A failing reaction is logged by its type only, and retried later with a
        growing wait; later events of the same aggregate wait behind it.
        """
        count = 0
        with self._quiet():
            for outbox in self._outboxes:
                # Until nothing is found: what others commit meanwhile behind an event of ours waits for us.
                while batch := outbox.claim(_BATCH, self._clock(), self._lease):
                    count += self._deliver_batch(outbox, batch)
        return count

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Reactions commit too; their kicks must not start a drain inside the drain."""
        token = self._holding.set(True)
        try:
            yield
        finally:
            self._holding.reset(token)

    def _deliver_batch(self, outbox: Outbox, batch: Sequence[Envelope]) -> int:
        failed = self._deliver(batch)
        for envelope in batch:
            if (error := failed.get(envelope.id)) is not None:
                wait = min(_FIRST_WAIT * 2 ** min(envelope.attempts, _DOUBLINGS), _LONGEST_WAIT)
                log.warning("event %s (%s) not delivered: %s", envelope.id, envelope.name, type(error).__name__)
                outbox.failed(envelope.id, type(error).__name__, self._clock() + wait)
        done = [envelope.id for envelope in batch if envelope.id not in failed]
        if done:
            outbox.delivered(done, self._clock())
        return len(done)
