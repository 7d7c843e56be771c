"""Ten thousand buyers, a thousand units of one item, several processes, PostgreSQL that syncs every commit.

Proves that exactly as many holds are accepted as there are units, that nothing but out-of-stock is ever
answered, and that counters equal the ledger. Compares one row per item with several (``shards``), on one server:

* ``sale``: the sale itself. Most buyers are refused, by reading only.
* ``accept``: units for everybody, so every attempt writes.
* ``slow disk``: as ``accept``, where a commit takes ``--commit-delay`` microseconds longer, as with a network disk or
  a synchronous replica. A changed row is locked until then, so here one row is the limit.

Exit code 0 only if every proof holds.
"""

import argparse
import multiprocessing as mp
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Barrier
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa
from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table

from commerce.adapters.sql import SqlStorage
from commerce.inventory import Demand, InventoryService, OutOfStock, StockLocation
from commerce.kernel import new_id, utc_now
from commerce.runtime import unit_of_work
from commerce.testing.postgres import postgres

SKU = "TICKET"


@frozen(kw_only=True)
class Run:
    """One crowd: who wants how much of what."""

    name: str
    buyers: int
    units: int
    shards: int
    processes: int
    threads: int
    commit_delay: int = 0


@frozen(kw_only=True)
class Result:
    """What became of a crowd."""

    run: Run
    outcomes: Counter[str]
    seconds: float
    p50: float
    p99: float
    exact: bool

    @property
    def rate(self) -> float:
        """Attempts per second."""
        return sum(self.outcomes.values()) / self.seconds


@contextmanager
def inventory(url: str, pool_size: int = 2) -> Iterator[InventoryService]:
    """The service over its own connections."""
    storage = SqlStorage(url, pool_size=pool_size)
    begin = unit_of_work(storage, "inventory", utc_now, lambda _: False, lambda: None)
    yield InventoryService(begin, utc_now)
    storage.close()


def crowd(url: str, run: Run, number: int, start: Barrier, results: Any) -> None:
    """One process full of buyers, each with a key of its own."""
    numbers: SimpleQueue[int] = SimpleQueue()
    for n in range(number, run.buyers, run.processes):
        numbers.put(n)
    outcomes: list[tuple[str, float]] = []
    with inventory(url, run.threads) as service:
        gate = threading.Barrier(run.threads + 1)
        try:
            service.availability([SKU])
        except BaseException:
            start.abort()  # nobody waits for a crowd that cannot come
            raise

        def buy() -> None:
            gate.wait()
            with suppress(Empty):
                while True:
                    outcomes.append(attempt(service, f"buyer-{numbers.get_nowait()}"))

        threads = [threading.Thread(target=buy) for _ in range(run.threads)]
        for thread in threads:
            thread.start()
        start.wait()
        gate.wait()
        for thread in threads:
            thread.join()
    results.put(outcomes)


def attempt(service: InventoryService, key: str) -> tuple[str, float]:
    """One unit wanted: what was answered, and how long it took."""
    begun = time.perf_counter()
    try:
        service.reserve(key, [Demand(sku=SKU, quantity=1)])
        outcome = "accepted"
    except OutOfStock:
        outcome = "out of stock"
    except Exception as error:  # noqa: BLE001 - whatever else happens is what this looks for
        outcome = repr(error)
    return outcome, time.perf_counter() - begun


def sell(server: str, run: Run) -> Result:
    """Run one crowd against a fresh database."""
    url = fresh_database(server, run.commit_delay)
    with inventory(url) as service:
        service.add_location(StockLocation(id="hall", name="Hall"))
        service.configure(SKU, "hall", shards=run.shards)
        service.receive("first", SKU, "hall", run.units)
        context = mp.get_context("spawn")
        start, results = context.Barrier(run.processes + 1), context.Queue()
        crowds = [
            context.Process(target=crowd, args=(url, run, n, start, results), daemon=True) for n in range(run.processes)
        ]
        for process in crowds:
            process.start()
        start.wait()
        begun = time.perf_counter()
        answers = [answer for _ in crowds for answer in results.get()]
        seconds = time.perf_counter() - begun
        for process in crowds:
            process.join()
        outcomes = Counter(outcome for outcome, _ in answers)
        times = sorted(took for _, took in answers)
        left = service.availability([SKU])[SKU]
        wanted = min(run.units, run.buyers)
        exact = (
            outcomes == Counter({"accepted": wanted, "out of stock": run.buyers - wanted})
            and left == run.units - wanted
            and not service.reconcile()
        )
    return Result(
        run=run,
        outcomes=outcomes,
        seconds=seconds,
        p50=times[len(times) // 2],
        p99=times[len(times) * 99 // 100],
        exact=exact,
    )


def fresh_database(server: str, commit_delay: int) -> str:
    """A migrated database of its own; its commits can be made slow, all at once as a disk would."""
    name = f"sale_{new_id().replace('-', '')}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        connection.execute(sa.text(f"ALTER DATABASE {name} SET commit_delay = {commit_delay}"))
        connection.execute(sa.text(f"ALTER DATABASE {name} SET commit_siblings = 0"))
    engine.dispose()
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    SqlStorage(url).migrate().close()
    return url


def show(results: list[Result]) -> None:
    """Print the table: each design next to the plain one of the same crowd."""
    table = Table(title="Flash sale: one item, PostgreSQL, fsync on")
    for heading in (
        "crowd",
        "rows",
        "accepted",
        "refused",
        "other",
        "attempts/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "exact",
    ):
        table.add_column(heading, justify="left" if heading == "crowd" else "right")
    plain = {result.run.name: result.rate for result in results if result.run.shards == 1}
    for result in results:
        accepted, refused = result.outcomes["accepted"], result.outcomes["out of stock"]
        table.add_row(
            result.run.name,
            str(result.run.shards),
            str(accepted),
            str(refused),
            str(sum(result.outcomes.values()) - accepted - refused),
            f"{result.rate:.0f}",
            f"{result.rate / plain[result.run.name]:.2f}",
            f"{result.p50 * 1000:.1f}",
            f"{result.p99 * 1000:.1f}",
            "yes" if result.exact else "NO",
        )
    Console(width=120).print(table)
    for result in results:
        strange = {what: n for what, n in result.outcomes.items() if what not in ("accepted", "out of stock")}
        if strange:
            Console().print(result.run, strange)


def main() -> int:
    """Run every crowd with one row and with several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buyers", type=int, default=10_000)
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--threads", type=int, default=4, help="buyers at once in each process")
    parser.add_argument("--commit-delay", type=int, default=5_000, help="of the slow disk, in microseconds")
    asked = parser.parse_args()
    sale = Run(
        name="sale",
        buyers=asked.buyers,
        units=asked.units,
        shards=1,
        processes=asked.processes,
        threads=asked.threads,
    )
    accept = evolve(sale, name="accept", buyers=asked.buyers // 5, units=asked.buyers)
    slow = evolve(accept, name="slow disk", buyers=asked.buyers // 10, commit_delay=asked.commit_delay)
    with postgres(fsync=True) as server:
        results = [
            sell(server, evolve(run, shards=shards)) for run in (sale, accept, slow) for shards in (1, asked.shards)
        ]
    show(results)
    return 0 if all(result.exact for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
