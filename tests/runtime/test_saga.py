"""A saga ends whole or undone, whatever fails or dies, and keys tell retries apart."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from attrs import define, evolve, field, frozen

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import KeyReused, Money, Refused
from commerce.runtime import InProgress, Saga, SagaRunner, SagaStatus, Step, UnknownProcess, Waiting, fingerprint

START = datetime(2026, 1, 1, tzinfo=UTC)


class Declined(Refused):
    """The outside says no."""


class Killed(BaseException):
    """The process dies: nothing may catch this."""


@frozen
class Trail:
    done: tuple[str, ...] = ()


@define
class World:
    """Effects by key (so that repeating a step changes nothing), a clock, and something to go wrong."""

    now: datetime = START
    effects: dict[str, str] = field(factory=dict)
    runs: Counter[str] = field(factory=Counter)
    trouble: dict[str, Callable[[], None]] = field(factory=dict)
    waits: set[str] = field(factory=set)

    def step(self, name: str, *, pivot: bool = False, outside: bool = False) -> Step[str, Trail]:
        def do(_: str, state: Trail, key: str) -> Trail | Waiting[Trail]:
            self.runs[name] += 1
            if name in self.waits:
                return Waiting(state=state, reason="3-D Secure")
            self.trouble.get(f"before {name}", lambda: None)()
            self.effects[key] = name
            self.trouble.get(f"after {name}", lambda: None)()
            return Trail((*state.done, name))

        def undo(_: str, __: Trail, key: str) -> None:
            self.trouble.get(f"undo {name}", lambda: None)()
            self.effects.pop(key, None)

        return Step(name=name, do=do, undo=None if pivot else undo, pivot=pivot, outside=outside)

    def trip(self, place: str, error: BaseException, times: int = 1) -> None:
        left = [times]

        def raiser() -> None:
            if left[0]:
                left[0] -= 1
                raise error

        self.trouble[place] = raiser


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def saga(world: World) -> Saga[str, Trail]:
    return Saga(
        "buy",
        (
            world.step("reserve"),
            world.step("authorize", outside=True),
            world.step("order", pivot=True),
            world.step("capture"),
        ),
    )


@pytest.fixture
def runner(world: World, saga: Saga[str, Trail]) -> SagaRunner:
    return SagaRunner(MemoryStorage().sagas, lambda: world.now, sagas={"buy": saga})


ALL = {"reserve", "authorize", "order", "capture"}


def run(runner: SagaRunner, saga: Saga[str, Trail], fingerprint: str = "f") -> SagaStatus:
    return runner.run(saga.name, key="k", fingerprint=fingerprint, input="cart", state=Trail()).status


def test_runs_every_step_once(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    record = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    assert record.status is SagaStatus.DONE
    assert record.state.done == ("reserve", "authorize", "order", "capture")
    assert set(world.runs.values()) == {1}


def test_the_same_key_gives_the_stored_answer(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    first = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    assert runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail()) == first
    assert set(world.runs.values()) == {1}
    with pytest.raises(KeyReused):
        run(runner, saga, fingerprint="other body")


@pytest.mark.parametrize("place", ["before reserve", "after reserve", "before authorize", "after authorize"])
def test_a_refusal_before_the_pivot_leaves_nothing(
    runner: SagaRunner, saga: Saga[str, Trail], world: World, place: str
) -> None:
    world.trip(place, Declined())
    with pytest.raises(Declined):
        run(runner, saga)
    assert world.effects == {}
    assert runner.recover() == 0


def test_an_undone_process_may_be_tried_again_with_new_step_keys(
    runner: SagaRunner, saga: Saga[str, Trail], world: World
) -> None:
    seen: list[str] = []
    world.trip("after authorize", Declined())
    original = world.effects
    with pytest.raises(Declined):
        run(runner, saga)
    seen.extend(original)
    assert run(runner, saga) is SagaStatus.DONE
    assert all("-2-" in key for key in world.effects)


@pytest.mark.parametrize("place", [f"{when} {step}" for step in sorted(ALL) for when in ("before", "after")])
def test_a_crash_anywhere_ends_whole(runner: SagaRunner, saga: Saga[str, Trail], world: World, place: str) -> None:
    world.trip(place, Killed())
    with pytest.raises(Killed):
        run(runner, saga)
    assert runner.recover() == 0, "the dead runner's lease still holds"
    world.now += timedelta(minutes=2)
    assert runner.recover() == 1
    assert sorted(world.effects.values()) == sorted(ALL)
    assert run(runner, saga) is SagaStatus.DONE


@pytest.mark.parametrize("step", ["authorize", "reserve"])
def test_a_crash_while_undoing_goes_on_undoing(
    runner: SagaRunner, saga: Saga[str, Trail], world: World, step: str
) -> None:
    world.trip("before order", Killed())
    world.trip("after authorize", Declined())
    world.trip(f"undo {step}", Killed())
    with pytest.raises(Killed):
        run(runner, saga)
    world.now += timedelta(minutes=2)
    assert runner.recover() == 1
    assert world.effects == {}


def test_past_the_pivot_it_only_goes_forward(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    world.trip("before capture", Declined(), times=3)
    assert run(runner, saga) is SagaStatus.RUNNING
    for _ in range(2):
        world.now += timedelta(seconds=2)
        runner.recover()
        assert set(world.effects.values()) == ALL - {"capture"}
    world.now += timedelta(seconds=2)
    assert runner.recover() == 1
    assert set(world.effects.values()) == ALL
    assert world.runs["order"] == 1


def test_a_refused_pivot_undoes_and_a_broken_one_goes_on(
    runner: SagaRunner, saga: Saga[str, Trail], world: World
) -> None:
    """A refusal did nothing; after a lost connection nobody knows, so only forward is safe."""
    world.trip("before order", Declined())
    with pytest.raises(Declined):
        run(runner, saga)
    assert world.effects == {}
    world.trip("after order", ConnectionError())
    assert run(runner, saga) is SagaStatus.RUNNING
    world.now += timedelta(seconds=2)
    assert runner.recover() == 1
    assert sorted(world.effects.values()) == sorted(ALL)


def test_a_live_process_is_not_run_twice(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    def again() -> None:
        with pytest.raises(InProgress):
            run(runner, saga)

    world.trouble["before authorize"] = again
    assert run(runner, saga) is SagaStatus.DONE


def test_a_runner_that_was_too_slow_steps_back(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    def overtaken() -> None:
        if world.runs["authorize"] == 1:
            world.now += timedelta(minutes=2)
            assert runner.recover() == 1

    world.trouble["before authorize"] = overtaken
    with pytest.raises(InProgress):
        run(runner, saga)
    assert set(world.effects.values()) == ALL
    assert world.runs["order"] == 1


def test_a_waiting_step_parks_and_resumes(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    world.waits = {"authorize"}
    record = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    assert (record.status, record.reason) == (SagaStatus.WAITING, "3-D Secure")
    world.now += timedelta(minutes=5)
    assert runner.recover() == 0, "nobody hurries a shopper"
    world.waits = set()
    assert runner.resume(record.id).status is SagaStatus.DONE
    assert runner.resume(record.id).status is SagaStatus.DONE
    assert set(world.effects.values()) == ALL


class Busy(Refused):
    """The outside cannot tell just now."""

    retryable = True


@pytest.mark.parametrize("error", [Busy(), ConnectionError()])
def test_who_waits_goes_on_waiting_when_nothing_can_be_learned(
    runner: SagaRunner, saga: Saga[str, Trail], world: World, error: Exception
) -> None:
    """A shopper has paid, and the gateway does not answer when asked: nothing is undone for that."""
    world.waits = {"authorize"}
    record = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    world.waits = set()
    world.trip("before authorize", error)
    with pytest.raises(type(error)):
        runner.resume(record.id)
    assert set(world.effects.values()) == {"reserve"}
    assert runner.resume(record.id).status is SagaStatus.DONE
    assert set(world.effects.values()) == ALL


def test_who_waits_is_undone_by_a_refusal(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    world.waits = {"authorize"}
    record = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    world.waits = set()
    world.trip("before authorize", Declined())
    with pytest.raises(Declined):
        runner.resume(record.id)
    assert world.effects == {}


def test_one_bad_process_stops_no_other(world: World) -> None:
    """Neither by what it raises nor by being the oldest: whoever was tried goes behind the others."""
    broken = Saga("broken", (world.step("begin", pivot=True), evolve(world.step("go on"), do=_break)))
    sound = Saga("sound", (world.step("reserve"), world.step("order")))
    runner = SagaRunner(MemoryStorage().sagas, lambda: world.now, sagas={"broken": broken, "sound": sound})
    for n in range(100):
        runner.run("broken", key=f"k{n}", fingerprint="f", input="cart", state=Trail())
    world.trip("before reserve", Killed())
    with pytest.raises(Killed):
        run(runner, sound)
    for _ in range(2):
        world.now += timedelta(minutes=2)
        runner.recover()
    record = runner.find("sound", "k")
    assert record is not None
    assert record.status is SagaStatus.DONE


def _break(*_: object) -> Trail:
    raise ZeroDivisionError


def test_one_failure_to_undo_stops_no_other(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    world.trip("before authorize", Declined(), times=2)
    world.trip("undo reserve", ZeroDivisionError(), times=3)
    for key in ("a", "b"):
        with pytest.raises(Declined):
            runner.run(saga.name, key=key, fingerprint="f", input="cart", state=Trail())
    for left in (1, 0):
        world.now += timedelta(minutes=2)
        runner.recover()
        assert len(world.effects) == left


def test_a_waiting_process_can_be_abandoned(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    world.waits = {"authorize"}
    record = runner.run(saga.name, key="k", fingerprint="f", input="cart", state=Trail())
    assert runner.abandon(record.id, "expired").status is SagaStatus.FAILED
    assert world.effects == {}
    with pytest.raises(InProgress):
        runner.abandon(record.id, "expired")


def test_the_first_failure_is_what_the_caller_hears(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    """Undoing fails too: the refusal is raised, and the rest is undone as soon as it can be."""
    world.trip("after authorize", Declined())
    world.trip("undo reserve", ConnectionError())
    with pytest.raises(Declined):
        run(runner, saga)
    assert set(world.effects.values()) == {"reserve"}
    world.now += timedelta(seconds=2)
    assert runner.recover() == 1
    assert world.effects == {}


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    """A step that decides is saved before the next begins, so a crash there does not run it twice."""
    steps = (world.step("plan"), world.step("pay", outside=True))
    saga = Saga("decide", (evolve(steps[0], decides=True), steps[1]))
    runner = SagaRunner(MemoryStorage().sagas, lambda: world.now, sagas={saga.name: saga})
    world.trip("after pay", Killed())
    with pytest.raises(Killed):
        run(runner, saga)
    world.now += timedelta(minutes=2)
    runner.recover()
    assert world.runs == {"plan": 1, "pay": 2}


def test_an_unknown_process_is_named(runner: SagaRunner) -> None:
    with pytest.raises(UnknownProcess, match="no process p9"):
        runner.resume("p9")


def test_step_keys_fit_every_gateway(runner: SagaRunner, saga: Saga[str, Trail], world: World) -> None:
    runner.run(saga.name, key="x" * 255, fingerprint="f", input="cart", state=Trail())
    assert all(len(key) <= 100 for key in world.effects)
    assert len(set(world.effects)) == len(ALL)


class Card(StrEnum):
    OK = "ok"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("o", {"a": 1, "b": 2}), ("o", {"b": 2, "a": 1}), True),
        (("o", Card.OK), ("o", "ok"), True),
        (("o", ("a", None)), ("o", ["a", None]), True),
        (("o", {"a": 1}), ("o", {"a": 2}), False),
        (("o", None), ("o", {}), False),
        (("ab", "c"), ("a", "bc"), False),
        (("o", Money("1.00", "EUR")), ("o", Money("1.00", "USD")), False),
    ],
)
def test_a_fingerprint_tells_requests_apart_and_nothing_else(
    one: tuple[object, ...], other: tuple[object, ...], *, same: bool
) -> None:
    """What is read back from a storage, or sent in another order, is the same request."""
    assert (fingerprint(*one) == fingerprint(*other)) is same
