"""Sagas: a business process over several transactions that ends whole or undone.

A `Saga` is a tuple of steps over a frozen *input* (what was asked, journalled once)
and a frozen *state* (what has come of it so far). Steps before the *pivot*
are undone backwards when one fails; from the pivot on, the process only goes
forward and a failing step is tried again until it succeeds. Progress is saved
around outside effects only, so **every step must be idempotent by its key**: after a
crash the steps since the last save run again, with the same keys.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, evolve, field, frozen

from commerce.kernel import Clock, CommerceError, Conflict, KeyReused, NotFound, new_id

__all__ = [
    "InProgress",
    "Saga",
    "SagaLog",
    "SagaRecord",
    "SagaRunner",
    "SagaStatus",
    "Step",
    "UnknownProcess",
    "Waiting",
    "fingerprint",
]

log = logging.getLogger("commerce.saga")

I = TypeVar("I")  # noqa: E741 - the field's letters: input, state
S = TypeVar("S")


@frozen(kw_only=True)
class Waiting(Generic[S]):
    """A step's answer: not yet. The process parks until `SagaRunner.resume` is called."""

    state: S
    reason: str


@frozen(kw_only=True)
class Step(Generic[I, S]):
    """One step: ``do`` takes input, state and a key that is the same in every retry.

    ``undo`` gets the input, the state as far as it came and the same key; it must
    tolerate that the step did nothing, or only half. ``outside`` marks a step with an
    effect outside our storage, ``decides`` one whose answer must not be found anew once
    later steps have begun: progress is saved after both. The ``pivot`` is the first
    step that is never undone; progress is saved before it. A pivot that is refused (a
    `commerce.kernel.CommerceError` that no retry helps) did nothing, so all is undone.
    """

    name: str
    do: Callable[[I, S, str], S | Waiting[S]]
    undo: Callable[[I, S, str], None] | None = None
    outside: bool = False
    decides: bool = False
    pivot: bool = False


@frozen
class Saga(Generic[I, S]):
    """A named tuple of steps. The name and the step names are stored: do not reuse them."""

    name: str
    steps: tuple[Step[I, S], ...]

    @property
    def pivot(self) -> int:
        """The index of the pivot; behind the last step if there is none."""
        return next((n for n, step in enumerate(self.steps) if step.pivot), len(self.steps))


class SagaStatus(StrEnum):
    """Where a process stands."""

    RUNNING = "running"
    WAITING = "waiting"
    UNDOING = "undoing"
    DONE = "done"
    FAILED = "failed"


@frozen(kw_only=True)
class SagaRecord:
    """The journal entry of one process. ``position`` is the first step not known to be done."""

    id: str
    saga: str
    key: str
    fingerprint: str
    input: Any
    state: Any
    status: SagaStatus = SagaStatus.RUNNING
    position: int = 0
    attempt: int = 1
    reason: str = ""
    started_at: datetime
    lease_until: datetime
    version: int = 1


class SagaLog(Protocol):
    """Where processes are journalled. Every call is its own transaction."""

    def start(self, record: SagaRecord) -> SagaRecord | None:
        """Insert; if (saga, key) exists already, insert nothing and return the stored record."""

    def save(self, record: SagaRecord) -> bool:
        """Store all but the input over the record whose version is one less; false if somebody else was quicker."""

    def restart(self, record: SagaRecord) -> bool:
        """As `save`, the new input too: an undone process is tried anew."""

    def get(self, id: str) -> SagaRecord | None:
        """The record with that id."""

    def find(self, saga: str, key: str) -> SagaRecord | None:
        """The record of that process and key."""

    def unfinished(self, now: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """Running or undoing records whose lease is over, those first that nobody has touched for longest."""

    def waiting(self, started_before: datetime, limit: int = 100) -> Sequence[SagaRecord]:
        """Waiting records that began before a moment, those first that nobody has touched for longest."""


@define(kw_only=True, slots=False)
class InProgress(Conflict):
    """The same key is being worked on right now, here or in another process."""

    message = "a {saga} with this key is still running: ask again in {retry_after_seconds} seconds"
    retryable = True
    saga: str
    retry_after_seconds: int = 1


@define(kw_only=True, slots=False)
class UnknownProcess(NotFound):
    """No journalled process has this id, or its kind is not wired into this shop."""

    message = "there is no process {id}: it may have been started by a shop with other flows"
    id: str


@define
class SagaRunner:
    """Runs sagas over a journal."""

    log: SagaLog
    clock: Clock
    lease: timedelta = timedelta(seconds=60)
    sagas: Mapping[str, Saga[Any, Any]] = field(factory=dict)

    def run(
        self, name: str, *, key: str, fingerprint: str, input: object, state: object, id: str | None = None
    ) -> SagaRecord:
        """Start a process of this kind (as ``id``, if given), or answer for the one that already has this key.

        Same key and fingerprint: a finished process gives its record again, a
        waiting one is asked again, one that was undone is tried anew. Another
        fingerprint raises `KeyReused`; a live one raises `InProgress`. A failure
        before the pivot is undone and then raised.
        """
        saga = self.sagas[name]
        now = self.clock()
        fresh = SagaRecord(
            id=id or new_id(),
            saga=saga.name,
            key=key,
            fingerprint=fingerprint,
            input=input,
            state=state,
            started_at=now,
            lease_until=now + self.lease,
        )
        stored = self.log.start(fresh)
        if stored is None:
            return self._forward(saga, fresh)
        if stored.fingerprint != fingerprint:
            raise KeyReused(key=key)
        if stored.status is SagaStatus.DONE:
            return stored
        if stored.status is SagaStatus.FAILED:
            again = evolve(fresh, id=stored.id, attempt=stored.attempt + 1, version=stored.version + 1)
            if not self.log.restart(again):
                raise InProgress(saga=saga.name)
            return self._forward(saga, again)
        return self._continue(saga, stored)

    def find(self, name: str, key: str) -> SagaRecord | None:
        """The process of this kind with this key, or nothing. Changes nothing."""
        return self.log.find(name, key)

    def get(self, id: str) -> SagaRecord | None:
        """The process with this id, or nothing. Changes nothing."""
        return self.log.get(id)

    def resume(self, id: str) -> SagaRecord:
        """Go on with a parked or interrupted process.

        If what it waits for cannot be learned just now it stays parked, and the error is raised.
        """
        record = self._known(id)
        if record.status in (SagaStatus.DONE, SagaStatus.FAILED):
            return record
        return self._continue(self.sagas[record.saga], record)

    def abandon(self, id: str, reason: str) -> SagaRecord:
        """Undo a waiting process, because nobody will come back to it."""
        record = self._known(id)
        if record.status is not SagaStatus.WAITING:
            raise InProgress(saga=record.saga)
        taken = self._store(
            evolve(
                record,
                status=SagaStatus.UNDOING,
                reason=reason,
                lease_until=self.clock() + self.lease,
                version=record.version + 1,
            )
        )
        return self._backward(self.sagas[record.saga], taken)

    def recover(self) -> int:
        """Take up every process that somebody died over; returns how many were touched.

        A process whose steps still fail keeps its place and is tried at a later call, behind the others.
        """
        count = 0
        for record in self.log.unfinished(self.clock()):
            if record.saga not in self.sagas:
                continue
            count += 1
            try:
                self._continue(self.sagas[record.saga], record)
            except Exception as error:  # noqa: BLE001 - whatever it was, the others go on
                log.info("%s %s: %s", record.saga, record.id, _reason(error))
        return count

    def _known(self, id: str) -> SagaRecord:
        record = self.log.get(id)
        if record is None or record.saga not in self.sagas:
            raise UnknownProcess(id=id)
        return record

    def _continue(self, saga: Saga[Any, Any], record: SagaRecord) -> SagaRecord:
        now = self.clock()
        if record.status is not SagaStatus.WAITING and record.lease_until > now:
            raise InProgress(saga=saga.name)
        waited = record.status is SagaStatus.WAITING
        status = SagaStatus.RUNNING if waited else record.status
        taken = self._store(evolve(record, status=status, lease_until=now + self.lease, version=record.version + 1))
        if status is SagaStatus.UNDOING:
            return self._backward(saga, taken)
        return self._forward(saga, taken, waited=waited)

    def _store(self, record: SagaRecord) -> SagaRecord:
        """Save, or step back: another runner has taken the process over."""
        if not self.log.save(record):
            raise InProgress(saga=record.saga)
        return record

    def _save(self, record: SagaRecord, **changes: Any) -> SagaRecord:
        return self._store(evolve(record, version=record.version + 1, **changes))

    def _forward(self, saga: Saga[Any, Any], record: SagaRecord, *, waited: bool = False) -> SagaRecord:
        first = saved = record.position
        state = record.state
        for n in range(record.position, len(saga.steps)):
            step = saga.steps[n]
            if step.pivot and saved < n:
                record, saved = self._save(record, state=state, position=n), n
            try:
                answer = step.do(record.input, state, _step_key(record, step))
            except Exception as error:
                if n > saga.pivot or (n == saga.pivot and not _definite(error)):
                    return self._retry_later(record, state, n, error)
                if waited and n == first and not _definite(error):
                    # What was waited for may still come: only a refusal is an answer.
                    self._save(record, status=SagaStatus.WAITING)
                    raise
                doomed = self._save(record, status=SagaStatus.UNDOING, position=n, state=state, reason=_reason(error))
                self._try_backward(saga, doomed)
                raise
            if isinstance(answer, Waiting):
                return self._save(
                    record, status=SagaStatus.WAITING, state=answer.state, position=n, reason=answer.reason
                )
            state = answer
            if (step.outside or step.decides) and n + 1 < len(saga.steps) and not saga.steps[n + 1].pivot:
                record, saved = self._save(record, state=state, position=n + 1), n + 1
        return self._save(record, status=SagaStatus.DONE, state=state, position=len(saga.steps), reason="")

    def _retry_later(self, record: SagaRecord, state: Any, position: int, error: Exception) -> SagaRecord:
        """Past the pivot: keep the place, free the lease soon, and let `recover` go on."""
        log.warning("%s %s waits to go on: %s", record.saga, record.id, type(error).__name__)
        return self._save(
            record,
            state=state,
            position=position,
            reason=_reason(error),
            lease_until=self.clock() + timedelta(seconds=1),
        )

    def _try_backward(self, saga: Saga[Any, Any], record: SagaRecord) -> None:
        """Undo now; what cannot be undone yet is left to `recover`, and the first failure is what the caller hears."""
        try:
            self._backward(saga, record)
        except Exception as error:  # noqa: BLE001 - whatever it was, the process stays journalled as undoing
            log.warning("%s %s waits to be undone: %s", record.saga, record.id, type(error).__name__)
            self._save(record, lease_until=self.clock() + timedelta(seconds=1))

    def _backward(self, saga: Saga[Any, Any], record: SagaRecord) -> SagaRecord:
        for n in range(min(record.position, len(saga.steps) - 1), -1, -1):
            step = saga.steps[n]
            if step.undo is not None:
                step.undo(record.input, record.state, _step_key(record, step))
        return self._save(record, status=SagaStatus.FAILED, position=0)


def fingerprint(*asked: object) -> str:
    """A digest of what was asked, by which a repeated command is known; it keeps nothing of it.

    The order of mappings makes no difference, nor whether a text is a member of an enum. Pass plain values: of others
    only what `str` says counts.

    >>> fingerprint("o-1", {"b": 1, "a": 2}) == fingerprint("o-1", {"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _definite(error: Exception) -> bool:
    """Whether a failed step certainly did nothing: a refusal did not, a broken connection may have hidden a commit."""
    return isinstance(error, CommerceError) and not error.retryable


def _step_key(record: SagaRecord, step: Step[Any, Any]) -> str:
    """Stable over retries of one attempt, short enough for every gateway (at most 100 characters)."""
    return f"{record.id}-{record.attempt}-{step.name}"


def _reason(error: Exception) -> str:
    return error.code if isinstance(error, CommerceError) else type(error).__name__
