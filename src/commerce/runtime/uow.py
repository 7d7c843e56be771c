"""Units of work: one transaction of one module, its events with it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

from commerce.kernel import Clock
from commerce.runtime.outbox import Outbox, Recorder
from commerce.runtime.saga import SagaLog

__all__ = ["Begin", "Storage", "unit_of_work"]

T = TypeVar("T")

#: Opens a transaction. ``with begin() as uow: …`` commits on a clean exit and
#: rolls back on an exception; ``uow`` carries the module's repositories.
Begin = Callable[[], AbstractContextManager[T]]


class Storage(Protocol):
    """Where a host keeps its shop. One storage may serve all modules, or some."""

    def begin(self, module: str, recorder: Recorder) -> AbstractContextManager[Any]:
        """Open a transaction of one module and hand out its repositories.

        Events recorded by saved aggregates go through ``recorder`` into the
        outbox in the same transaction.
        """

    @property
    def outbox(self) -> Outbox:
        """The events written by this storage's transactions."""

    @property
    def sagas(self) -> SagaLog:
        """The journal of running business processes."""


def unit_of_work(
    storage: Storage, module: str, clock: Clock, wants: Callable[[str], bool], kick: Callable[[], None]
) -> Begin[Any]:
    """The ``begin`` of one module: after a commit that wrote wanted events, the relay is kicked."""

    @contextmanager
    def begin() -> Iterator[Any]:
        recorder = Recorder(clock, wants)
        with storage.begin(module, recorder) as uow:
            yield uow
        if recorder.waiting:
            kick()

    return begin
