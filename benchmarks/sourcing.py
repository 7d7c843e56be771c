"""How good and how fast `commerce.inventory.source` splits orders over locations, beside a solver.

Random orders and stocks, seeded. The peer is HiGHS, the mixed-integer solver in SciPy, by the adapter that ships
(``pip install 'commerce-sdk[solver]'``), on the same instance in the same run and without our search before it: it is
exact, so the gap of a plan to its optimum is known and not estimated. Proves first that every plan, theirs too, sums to
the demand and costs what it says, that no plan beats the solver, and that a stated bound is never above the optimum.

Exit code 0 only if every proof holds.
"""

import argparse
import random
import time
from datetime import UTC, datetime

from attrs import evolve, frozen
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

from commerce.adapters.highs import solve
from commerce.inventory import Source, SourcingAnswer, SourcingPlan, SourcingPolicy, SourcingTask, StockItem, source

AT = datetime(2026, 3, 1, tzinfo=UTC)
#: Locations and different articles of one order.
SIZES = ((3, 2), (5, 4), (8, 6), (12, 10), (20, 15), (40, 20))


@frozen
class Instance:
    """One order: what is wanted, what is where, and what it costs to send it from there."""

    wanted: dict[str, int]
    stock: list[StockItem]
    sources: list[Source]
    policy: SourcingPolicy


def instance(rng: random.Random, places: int, skus: int) -> Instance:
    """Enough of everything somewhere, seldom all in one place."""
    wanted = {f"s{n}": rng.randint(1, 6) for n in range(skus)}
    stock = [
        StockItem(sku=sku, location_id=f"p{n}", on_hand=rng.choice([0, 0, rng.randint(1, 6)]))
        for n in range(places)
        for sku in wanted
    ]
    stock += [StockItem(sku=sku, location_id="last", on_hand=count) for sku, count in wanted.items()]
    sources = [
        Source(
            location_id=f"p{n}",
            parcel_cost=rng.randint(200, 900),
            parcel_units=rng.choice([None, 5, 10]),
            handling=rng.randint(0, 60),
            distance=rng.randint(0, 700),
        )
        for n in range(places)
    ]
    sources.append(Source(location_id="last", parcel_cost=1500, handling=90, distance=1000))
    return Instance(wanted, stock, sources, SourcingPolicy(split_penalty=rng.choice([0, 100, 400])))


def price(one: Instance, plan: SourcingPlan) -> int:
    """What a plan costs, from the words of `Source`."""
    units: dict[str, int] = {}
    for line in plan.lines:
        units[line.location_id] = units.get(line.location_id, 0) + line.quantity
    by_id = {s.location_id: s for s in one.sources}
    cost = one.policy.split_penalty * (len(units) - 1)
    for place, count in units.items():
        s = by_id[place]
        parcels = 1 if s.parcel_units is None else -(-count // s.parcel_units)
        cost += s.distance + parcels * s.parcel_cost + count * s.handling
    return cost


def exact(task: SourcingTask) -> SourcingAnswer:
    """HiGHS alone, with all the time it needs."""
    return solve(task, 3600)


def kept(one: Instance, plan: SourcingPlan) -> bool:
    """Whether a plan gives exactly what is wanted, and costs what it says."""
    sums = {sku: sum(line.quantity for line in plan.lines if line.sku == sku) for sku in one.wanted}
    return sums == one.wanted and price(one, plan) == plan.cost


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100, help="of each size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=int, default=SourcingPolicy().effort, help="of our search")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - to be repeated, not to be secret
    columns = ("size", "proved", "best", "worst gap", "mean gap", "bound gap", "ours, ms", "HiGHS, ms")
    table = Table(*(Column(name, no_wrap=True) for name in columns))
    broken = 0
    for places, skus in SIZES:
        proved = best = 0
        gaps, bounds, ours, theirs = [], [], 0.0, 0.0
        for _ in track(range(options.orders), f"{places} x {skus}", transient=True):
            one = instance(rng, places, skus)
            policy = evolve(one.policy, effort=options.effort)
            begun = time.perf_counter()
            plan = source(one.wanted, one.stock, one.sources, policy, AT)
            ours += time.perf_counter() - begun
            begun = time.perf_counter()
            peer = source(one.wanted, one.stock, one.sources, one.policy, AT, solver=exact)
            theirs += time.perf_counter() - begun
            least = peer.cost
            broken += not (kept(one, plan) and kept(one, peer) and peer.gap == 0 and plan.bound <= least <= plan.cost)
            bounds.append((least - plan.bound) / least)
            proved += plan.gap == 0
            best += plan.cost == least
            gaps.append((plan.cost - least) / least)
        share = options.orders
        table.add_row(
            f"{places} x {skus}",
            f"{proved / share:.0%}",
            f"{best / share:.0%}",
            f"{max(gaps):.2%}",
            f"{sum(gaps) / share:.3%}",
            f"{sum(bounds) / share:.1%}",
            f"{ours / share * 1000:.1f}",
            f"{theirs / share * 1000:.1f}",
        )
    console = Console()
    console.print(table)
    console.print(f"{broken} plans broke a promise")
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
