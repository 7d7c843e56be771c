"""How fast carts are priced: against django-oscar, and how the cost grows.

Four parts, each with a table:

* ``peer``: baskets of 10, 50, 100 lines with 1, 20, 200 promotions, each 5 % off the lines of one category, against the
  offers of django-oscar (in its own environment and SQLite file, made under ``--workdir`` on first use). Both sides are
  measured in turn, in one run, and must take the same cents off every line. Three pairs. *Stored*: each side reads
  basket, goods and promotions from its database for every basket (ours through ``shop.quoting``, which prices, ships
  and taxes as well). *Loaded*: the same work of the peer; our basket and promotions come from the database, the goods
  and their prices from memory, as in a host with a catalogue of its own. *Ready*: each side has all of it in memory
  and only applies promotions.
* ``tail``: p50 and p99 of 100 lines x 100 promotions, and of 1,000 x 1,000.
* ``growth``: the cost by lines at 20 promotions, and by promotions that cannot match, in memory and stored.
* ``profile``: where the time goes at 50 x 20 (cProfile, ten lines).

Wall clock and CPU time are told side by side: on a busy machine only CPU time says something. Example:
``python benchmarks/pricing.py peer tail --seconds 2``.
"""

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table

from commerce import Commerce
from commerce.adapters.sql import SqlStorage
from commerce.cart import Cart
from commerce.cart.service import Wish
from commerce.catalog import Category, Product, ProductStatus, ProductText, Variant
from commerce.kernel import QUICK_START, Address, Item, Line, Money, Price, PricedCart, PricedLine, Rounding, utc_now
from commerce.pricing import PriceEntry, PriceList
from commerce.promotions import PercentOff, Promotion, PromotionBook, PromotionContext, Selector
from commerce.tax import standard_rates

PEER = "django-oscar==4.2.1"
BASKETS = (10, 50, 100)
PROMOTIONS = (1, 20, 200)

#: django-oscar rounds discounts down. All amounts here are such that nothing is left to round.
PROFILE = evolve(QUICK_START, name="as-the-peer", price_rounding=Rounding.DOWN)

console = Console(width=120, highlight=False)


@frozen
class Pace:
    """Baskets done, and in how much time."""

    done: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Baskets per second of CPU."""
        return self.done / max(self.cpu, 1e-9)

    def __add__(self, other: "Pace") -> "Pace":
        return Pace(self.done + other.done, self.wall + other.wall, self.cpu + other.cpu)


def price_of(n: int) -> Money:
    """As in ``oscar/peer.py``."""
    return Money.of_minor(1000 + 20 * n, "EUR")


def promotion(n: int, prefix: str = "category-") -> Promotion:
    """5 % off the lines of one category."""
    target = Selector(categories=frozenset({f"{prefix}{n}"}))
    return Promotion(id=f"promotion-{n:04}", name=f"Offer {n}", benefit=PercentOff(percent=5), target=target)


def basket(lines: int, categories: int) -> PricedCart:
    """Lines of one to three units, in turn of each category."""
    return PricedCart(
        currency="EUR",
        lines=tuple(
            PricedLine(
                line=Line.of(
                    str(n),
                    Item(sku=f"SKU{n}", categories=frozenset({f"category-{n % categories}"})),
                    1 + n % 3,
                    price_of(n),
                )
            )
            for n in range(lines)
        ),
        profile=PROFILE,
    )


def paced(work: Callable[[], object], seconds: float) -> Pace:
    """As often as fits, at least three times."""
    done, wall, cpu = 0, time.perf_counter(), time.process_time()
    while done < 3 or time.perf_counter() - wall < seconds:  # noqa: PLR2004 - fewer are no measurement
        work()
        done += 1
    return Pace(done, time.perf_counter() - wall, time.process_time() - cpu)


# our side


@contextmanager
def our_shop(lines: int, categories: int, promotions: int) -> Iterator[tuple[Commerce, Cart]]:
    """A shop in a SQLite file with all of it, and a cart."""
    with tempfile.TemporaryDirectory() as folder:
        storage = SqlStorage(f"sqlite:///{Path(folder) / 'shop.db'}")
        storage.migrate()
        shop = Commerce(currency="EUR", country="DE", storage=storage, profile=PROFILE)
        shop.tax.set_rates(standard_rates())
        shop.pricing.add_list(PriceList(id="retail", name="Retail", currency="EUR"))
        for n in range(max(categories, promotions)):
            shop.catalog.add_category(Category(id=f"category-{n}", slug=f"category-{n}", names={"en": f"Category {n}"}))
            if n < promotions:
                shop.promotions.add(promotion(n))
        shop.catalog.put_products([_product(n, categories) for n in range(lines)])
        entries = [PriceEntry(list_id="retail", sku=f"SKU{n}", price=Price(price_of(n))) for n in range(lines)]
        shop.pricing.set_prices("retail", entries)
        cart = shop.cart.open()
        shop.cart.add_lines(cart.id, [Wish(sku=f"SKU{n}", quantity=1 + n % 3) for n in range(lines)])
        cart = shop.cart.deliver_to(cart.id, Address(country="DE"))
        yield shop, cart
        shop.close()


def loaded(shop: Commerce, cart_id: str, goods: Mapping[str, Line]) -> PricedCart:
    """Basket and promotions from the database; what is sold, and for how much, is known."""
    cart = shop.cart.get(cart_id)
    lines = ((line, goods[line.sku]) for line in cart.lines)
    priced = PricedCart(
        currency=cart.currency,
        lines=tuple(
            PricedLine(line=Line.of(line.id, good.item, line.quantity, good.unit_price.amount)) for line, good in lines
        ),
        profile=PROFILE,
    )
    return shop.promotions.evaluate(priced, PromotionContext(at=utc_now())).cart


def _product(n: int, categories: int) -> Product:
    return Product(
        handle=f"product-{n}",
        texts={"en": ProductText(name=f"Product {n}")},
        category_ids=(f"category-{n % categories}",),
        variants=[Variant(sku=f"SKU{n}", requires_shipping=False)],
        status=ProductStatus.ACTIVE,
    )


# the peer


class Peer:
    """django-oscar in a process of its own."""

    def __init__(self, workdir: Path) -> None:
        python = _environment(workdir)
        database = workdir / "oscar.db"
        database.unlink(missing_ok=True)
        script = Path(__file__).parent / "oscar" / "peer.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [str(python), "-W", "ignore", str(script), str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.versions = self._read()

    def ask(self, **command: Any) -> dict[str, Any]:
        """One command, one answer."""
        assert self._process.stdin is not None  # noqa: S101 - piped above
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def pace(self, how: str, seconds: float) -> tuple[Pace, Mapping[str, int]]:
        """Baskets with their offers applied, and the cents off each line."""
        answer = self.ask(do="run", how=how, seconds=seconds)
        discounts: Mapping[str, int] = answer.pop("discounts")
        return Pace(**answer), discounts

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - piped above
        line = self._process.stdout.readline()
        if not line:
            sys.exit("the peer ended: see its message above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """No more commands."""
        assert self._process.stdin is not None  # noqa: S101 - piped above
        self._process.stdin.close()
        self._process.wait()


def _environment(workdir: Path) -> Path:
    """An environment with the peer in it; made once."""
    python = workdir / "oscar" / "bin" / "python"
    if not python.exists():
        console.print(f"making an environment for {PEER} …")
        subprocess.run([sys.executable, "-m", "venv", str(workdir / "oscar")], check=True)  # noqa: S603
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEER], check=True)  # noqa: S603
    return python


def compare(workdir: Path, asked: argparse.Namespace) -> None:
    """The table of ratios, in rates per second of CPU."""
    peer = Peer(workdir)
    versions = " ".join(f"{name} {version}" for name, version in peer.versions.items())
    table = Table("lines", "promotions", "", "oscar/s", "ours/s", "ratio", "wall ratio", "same cents", title=versions)
    for lines in asked.lines:
        for count in asked.promotions:
            for row in _compared(peer, lines, count, asked):
                table.add_row(*row)
                console.print(" ".join(row), style="dim")
    peer.close()
    console.print(table)


def _compared(peer: Peer, lines: int, count: int, asked: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    categories = min(count, lines)
    peer.ask(do="fill", categories=categories, lines=lines, promotions=count)
    cart, context = basket(lines, categories), PromotionContext(at=utc_now())
    book = PromotionBook([promotion(n) for n in range(count)])
    goods = {line.line.item.sku: line.line for line in cart.lines}
    with our_shop(lines, categories, count) as (shop, stored):
        ours: Mapping[str, Callable[[], PricedCart]] = {
            "ready": lambda: book.apply(cart, context).cart,
            "loaded": lambda: loaded(shop, stored.id, goods),
            "stored": lambda: shop.quoting.quote(shop.cart.get(stored.id)).priced,
        }
        for how, work in ours.items():
            fast, slow, same = Pace(0, 0, 0), Pace(0, 0, 0), True
            for _ in range(asked.rounds):
                pace, theirs = peer.pace("ready" if how == "ready" else "stored", asked.seconds)
                slow += pace
                fast += paced(work, asked.seconds)
                same = same and _cents(work()) == theirs
            wall = (fast.done / fast.wall) / (slow.done / slow.wall)
            told = f"{slow.rate:,.3g}", f"{fast.rate:,.0f}", f"{fast.rate / slow.rate:,.0f}", f"{wall:,.0f}"
            yield (f"{lines}", f"{count}", how, *told, "yes" if same else "NO")


def _cents(cart: PricedCart) -> Mapping[str, int]:
    return {line.line.item.sku: line.discount.minor for line in cart.lines}


# the curves


def sample(work: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of CPU of each run, in order of size."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append((time.process_time() - begun) * 1000)
    return sorted(found)


def tail() -> None:
    """p50 and p99 of large carts."""
    table = Table("lines", "promotions", "runs", "p50 ms", "p99 ms", "worst ms", title="promotions applied, CPU time")
    for size, times in ((100, 1000), (1000, 60)):
        cart, context = basket(size, size), PromotionContext(at=utc_now())
        book = PromotionBook([promotion(n) for n in range(size)])
        runs = sample(lambda book=book, cart=cart, context=context: book.apply(cart, context), times)  # type: ignore[misc]
        p50, p99 = runs[len(runs) // 2], runs[int(len(runs) * 0.99) - 1]
        table.add_row(f"{size}", f"{size}", f"{times}", f"{p50:.2f}", f"{p99:.2f}", f"{runs[-1]:.2f}")
    console.print(table)


def growth() -> None:
    """Cost by lines, and by promotions that cannot match."""
    table = Table(
        "lines", "promotions", "ms", "ms / line", title="cost by lines at 20 promotions (best of 15, CPU time)"
    )
    for lines in (10, 100, 1_000, 10_000):
        cost = _best(basket(lines, 20), [promotion(n) for n in range(20)])
        table.add_row(f"{lines:,}", "20", f"{cost:.2f}", f"{cost / lines:.4f}")
    console.print(table)
    table = Table("lines", "cannot match", "ms", title="cost by promotions for other categories, with 20 that match")
    for others in (0, 100, 1_000, 10_000):
        some = [promotion(n) for n in range(20)]
        cost = _best(basket(50, 20), some + [promotion(n, "elsewhere-") for n in range(20, 20 + others)])
        table.add_row("50", f"{others:,}", f"{cost:.2f}")
    console.print(table)
    table = Table(
        "lines",
        "cannot match",
        "ms",
        "ms after a change",
        title="the same in SQLite: `shop.promotions.evaluate`, CPU time",
    )
    for others in (0, 100, 1_000, 10_000):
        table.add_row("50", f"{others:,}", *_stored_growth(others))
    console.print(table)


def _stored_growth(others: int) -> tuple[str, str]:
    cart = basket(50, 20)
    with our_shop(1, 1, 20) as (shop, _):
        for n in range(20, 20 + others):
            shop.promotions.add(promotion(n, "elsewhere-"))

        def work() -> PricedCart:
            return shop.promotions.evaluate(cart, PromotionContext(at=utc_now())).cart

        if _cents(work()) != _cents(
            PromotionBook([promotion(n) for n in range(20)]).apply(cart, PromotionContext(at=utc_now())).cart
        ):
            sys.exit("other cents with promotions that cannot match")
        kept = sample(work, 15)[0]
        shop.promotions.change(shop.promotions.get("promotion-0000"))
        return f"{kept:.2f}", f"{sample(work, 1)[0]:.1f}"


def _best(cart: PricedCart, promotions: list[Promotion]) -> float:
    book, context = PromotionBook(promotions), PromotionContext(at=utc_now())
    return sample(lambda: book.apply(cart, context), 15)[0]


def profile() -> None:
    """Where the time goes at 50 x 20."""
    cart, context = basket(50, 20), PromotionContext(at=utc_now())
    book = PromotionBook([promotion(n) for n in range(20)])
    with cProfile.Profile() as profiler:
        for _ in range(300):
            book.apply(cart, context)
    stats: Any = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    rows = sorted(((own, calls, *where) for where, (_, calls, own, *_rest) in stats.items()), reverse=True)
    whole = sum(row[0] for row in rows)
    table = Table("share", "calls / basket", "function", title="50 lines x 20 promotions, own time")
    for own, calls, file, line, name in rows[:10]:
        where = f"{Path(file).parent.name}/{Path(file).name}:{line} {name}" if line else name
        table.add_row(f"{own / whole:.0%}", f"{calls / 300:,.0f}", where)
    console.print(table)


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=("peer", "tail", "growth", "profile", []), help="default: all")
    parser.add_argument("--workdir", type=Path, help="where the peer lives; default: a new temporary directory")
    parser.add_argument("--seconds", type=float, default=2.0, help="each side of each pair, per round (default 2)")
    parser.add_argument("--rounds", type=int, default=2, help="how often the sides take turns (default 2)")
    parser.add_argument("--lines", type=int, nargs="+", default=BASKETS, metavar="N", help="basket sizes for the peer")
    parser.add_argument("--promotions", type=int, nargs="+", default=PROMOTIONS, metavar="N", help="and promotions")
    asked = parser.parse_args()
    parts = asked.parts or ["peer", "tail", "growth", "profile"]
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    if "peer" in parts:
        workdir = asked.workdir or Path(tempfile.mkdtemp(prefix="pricing-"))
        workdir.mkdir(parents=True, exist_ok=True)
        compare(workdir.resolve(), asked)
    for name, part in (("tail", tail), ("growth", growth), ("profile", profile)):
        if name in parts:
            part()
    console.print(f"load average {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
