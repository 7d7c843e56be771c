"""Many at once, in threads and in processes: exactly what there is, no deadlock, nothing but typed answers."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commerce.adapters.sql import SqlStorage
from commerce.inventory import Demand, InventoryService
from commerce.kernel import CommerceError
from commerce.runtime import Storage
from commerce.testing.conformance.inventory import inventory_on, stocked, want
from commerce.testing.conformance.storage import NOW

Wishes = list[tuple[str, list[tuple[str, int]]]]


def race(service: InventoryService, wishes: list[list[Demand]]) -> Counter[str]:
    """All wishes at once, each in its own thread; counts what became of them."""
    outcomes: Counter[str] = Counter()
    barrier, lock = threading.Barrier(len(wishes)), threading.Lock()

    def buy(n: int) -> None:
        barrier.wait()
        try:
            service.reserve(f"buyer-{n}", wishes[n])
            result = "held"
        except CommerceError as error:
            result = error.code
        except Exception as error:  # noqa: BLE001 - whatever else happens must be counted, too
            result = repr(error)
        with lock:
            outcomes[result] += 1

    threads = [threading.Thread(target=buy, args=(n,)) for n in range(len(wishes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def race_processes(url: str, wishes: list[Wishes]) -> Counter[str]:
    """Each list of wishes in a process of its own, all let go at once."""
    program = [sys.executable, str(Path(__file__).with_name("buyers.py")), url]
    pipes = [subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in wishes]
    for pipe in pipes:
        assert pipe.stdout is not None
        assert pipe.stdout.readline() == "ready\n"
    for pipe, some in zip(pipes, wishes, strict=True):
        assert pipe.stdin is not None
        pipe.stdin.write(json.dumps(some) + "\n")
        pipe.stdin.flush()
    outcomes: Counter[str] = Counter()
    for pipe in pipes:
        outcomes.update(json.loads(pipe.communicate()[0]))
    return outcomes


@pytest.fixture
def url(commerce_postgres_url: str) -> str:
    return commerce_postgres_url


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(url)
    yield storage
    storage.close()


def test_two_hundred_buyers_fifty_units(any_storage: Storage) -> None:
    service = stocked(inventory_on(any_storage), A=50)
    assert race(service, [want(A=1)] * 200) == {"held": 50, "out_of_stock": 150}
    assert service.availability(["A"]) == {"A": 0}
    assert service.reconcile() == []


def test_two_hundred_buyers_in_four_processes(storage: SqlStorage, url: str) -> None:
    """One row or several: fifty of two hundred. One key is one hold; lines in any order never wait in a circle."""
    service = stocked(inventory_on(storage), A=50, B=50, C=100, D=100)
    service.configure("B", "near", shards=4)
    service.configure("D", "near", shards=2)
    wishes: list[Wishes] = [
        [(f"A {process} {n}", [("A", 1)]) for n in range(50)]
        + [(f"B {process} {n}", [("B", 1 + n % 2)]) for n in range(20)]
        + [(f"lines {process} {n}", [(sku, 1) for sku in ("CD" if process % 2 else "DC")]) for n in range(10)]
        + [(f"shared {n}", [("C", 1)]) for n in range(5)]
        for process in range(4)
    ]
    outcomes = race_processes(url, wishes)
    shared = {what: n for what, n in outcomes.items() if what.startswith("held ")}
    assert sorted(shared.values()) == [4] * 5
    assert set(outcomes) - set(shared) == {"held", "out_of_stock"}
    held = [service.reservation(f"A {process} {n}") for process in range(4) for n in range(50)]
    assert len([hold for hold in held if hold is not None]) == 50
    assert service.availability(["A", "B", "C", "D"]) == {"A": 0, "B": 0, "C": 55, "D": 60}
    assert service.reconcile() == []


def test_opposite_orders_do_not_deadlock(storage: SqlStorage) -> None:
    service = stocked(inventory_on(storage), A=100, B=100)
    assert race(service, [want(A=1, B=1), want(B=1, A=1)] * 20) == {"held": 40}
    assert service.availability(["A", "B"]) == {"A": 60, "B": 60}


def test_lapsed_holds_are_fought_over_once(storage: SqlStorage) -> None:
    """Everybody sees that the same holds are over; each unit still goes to one."""
    passed = [timedelta(0)]
    service = stocked(inventory_on(storage, lambda: passed[0]), A=20)
    for n in range(20):
        service.reserve(f"slow {n}", want(A=1), expires_at=NOW + timedelta(minutes=1))
    passed[0] = timedelta(minutes=1)
    assert race(service, [want(A=1)] * 40) == {"held": 20, "out_of_stock": 20}
    assert service.reconcile() == []


def test_shards_give_out_every_unit_while_stock_moves(storage: SqlStorage) -> None:
    """Holds of several units, releases and counts at the same time: every unit is somewhere, none twice."""
    service = stocked(inventory_on(storage), A=60)
    service.configure("A", "near", shards=3)

    def move() -> None:
        for n in range(6):
            service.receive(f"in {n}", "A", "near", 2)
            service.adjust(f"out {n}", "A", "near", -1)
            service.release(f"buyer-{n}")

    mover = threading.Thread(target=move)
    mover.start()
    outcomes = race(service, [want(A=1 + n % 3) for n in range(40)])
    mover.join()
    assert set(outcomes) <= {"held", "out_of_stock"}
    holds = [service.reservation(f"buyer-{n}") for n in range(40)]
    held = sum(line.open for hold in holds if hold for line in hold.lines)
    assert service.availability(["A"]) == {"A": 66 - held}
    rest = service.availability(["A"])["A"]
    if rest:
        service.reserve("rest", want(A=rest))
    assert service.availability(["A"]) == {"A": 0}
    assert service.reconcile() == []
