"""A process that runs one command of a shop and dies by SIGKILL at a named place; see test_crashes.

Started once with everything imported; for each line of JSON on standard input it forks a child that
does the work, and answers with how the child ended and which places it passed.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import define, field

from commerce.adapters.flat_rate import FlatRateCarrier
from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.flows import NewUnits, OrderEdit
from commerce.payments import RawNotice
from commerce.returns import ReturnWish
from commerce.runtime import Recorder
from commerce.testing.gateways.fake import FakeGateway


@define
class Tripwire:
    """Counts the places that are passed, and dies at one of them."""

    die_at: int
    passed: list[str] = field(factory=list)

    def __call__(self, place: str) -> None:
        self.passed.append(place)
        if len(self.passed) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


@define
class Watched:
    """Any object: before and after each of its calls is a place."""

    target: Any
    name: str
    trip: Tripwire

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self.target, attribute)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self.trip(f"before {self.name}.{attribute}")
            answer = found(*args, **kwargs)
            self.trip(f"after {self.name}.{attribute}")
            return answer

        return call


@define
class WatchedStorage:
    """A storage: before each transaction, before its commit and after it are places."""

    target: SqlStorage
    trip: Tripwire

    @property
    def outbox(self) -> Any:
        return Watched(self.target.outbox, "outbox", self.trip)

    @property
    def sagas(self) -> Any:
        return Watched(self.target.sagas, "journal", self.trip)

    @property
    def engine(self) -> Any:
        return self.target.engine

    @contextmanager
    def begin(self, module: str, recorder: Recorder) -> Iterator[Any]:
        self.trip(f"before {module}")
        with self.target.begin(module, recorder) as uow:
            yield uow
            self.trip(f"in {module}, before its commit")
        self.trip(f"after {module}")


#: Opened before forking and closed again, so that children inherit compiled statements and no connection.
_storages: dict[str, SqlStorage] = {}


def work(task: dict[str, Any], trip: Tripwire) -> None:
    bank = Watched(FakeGateway(task["bank"]), "bank", trip)
    carrier = Watched(FlatRateCarrier(), "carrier", trip)
    now = datetime.fromisoformat(task["now"])
    shop = Commerce(
        country="DE",
        storage=WatchedStorage(_storages[task["url"]], trip),
        gateways={"bank": bank},
        carriers={"flat_rate": carrier},
        clock=lambda: now,
    )
    if task["command"] == "place_order":
        shop.checkout.place_order(task["id"], gateway="bank", key=task["key"])
    elif task["command"] == "resume":
        shop.checkout.resume(task["id"])
    elif task["command"] == "notice":
        shop.paying.receive_notice("bank", RawNotice(headers=task["headers"], body=task["body"].encode()))
    elif task["command"] == "edit_order":
        edit = OrderEdit(
            add=(NewUnits(sku=task["sku"], quantity=3),),
            remove={task["line"]: 1},
            take_back=(ReturnWish(line_id=task["line"], quantity=1),),
        )
        shop.editing.commit(task["id"], edit, key=task["key"], gateway="bank")
    elif task["command"] == "cancel_order":
        shop.checkout.cancel_order(task["id"], key=task["key"])
    else:
        shop.fulfillment.ship(task["id"], key=task["key"])


def warm(task: dict[str, Any]) -> dict[str, Any]:
    """Do the work here, alive, so that those who die later need not compile anything."""
    storage = _storages.setdefault(task["url"], SqlStorage(task["url"], fsync=False))
    work(task, Tripwire(0))
    storage.close()
    return {}


def run(task: dict[str, Any]) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("r+", encoding="utf-8") as trail:
        child = os.fork()
        if child == 0:
            trip = Tripwire(task["die_at"])
            try:
                work(task, trip)
                Path(trail.name).write_text(json.dumps(trip.passed), encoding="utf-8")
                os._exit(0)
            except BaseException as error:  # noqa: BLE001 - the parent is told
                sys.stderr.write(f"{error!r}\n")
                sys.stderr.flush()
                os._exit(1)
        _, status = os.waitpid(child, 0)
        return {"ended": os.waitstatus_to_exitcode(status), "passed": json.loads(trail.read() or "[]")}


if __name__ == "__main__":
    for line in sys.stdin:
        task = json.loads(line)
        sys.stdout.write(json.dumps(run(task) if task["die_at"] else warm(task)) + "\n")
        sys.stdout.flush()
