"""A million random steps in the lives of orders: place, ship, deliver, cancel, edit, exchange, return, refund, repair.

Whole shops in memory, through their front doors, in a currency without decimals and one with three, each in a
process of its own. After **every** step the order that was touched is proved: what was paid less what was refunded is
what its kept goods cost by the shares stored when they were sold, with charges, fees and what was clawed back. At the
end of each shop, of some thousand steps: the bank has what the orders say, the stock ledger has no drift and says what
was shipped and came back, nothing is held but what is still to be shipped, budgets have counted what kept units got,
every event was delivered and every process ended.

Exit code 0 only if every proof holds; the first that does not is named with its seed.
"""

import argparse
import gc
import multiprocessing as mp
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from queue import Empty

from attrs import define, field, frozen
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from commerce.app import Commerce
from commerce.catalog import Product, ProductStatus, ProductText, Variant
from commerce.flows import NewUnits, OrderEdit
from commerce.inventory import OutOfStock, StockLocation, StockUnits
from commerce.kernel import Address, Money, Price, total
from commerce.orders import Order, OrderLine, OrderStatus
from commerce.payments import OperationKind
from commerce.pricing import PriceEntry, PriceList
from commerce.promotions import FixedOff, Limits, PercentOff, Promotion, Selector, Subtotal
from commerce.returns import BrokenPromotion, Finding, ReturnPolicy, ReturnReason, ReturnWish
from commerce.shipping import RateTable, ShipmentStatus, ShippingMethod
from commerce.tax import standard_rates
from commerce.testing.gateways import FakeGateway
from commerce.testing.gateways.fake import Fault

SKUS = tuple(f"SKU-{n}" for n in range(8))
HOME = Address(country="DE", postal_code="10115", city="Berlin", lines=("Invalidenstraße 1",), name="Ada")
#: Orders that live at a time, steps of one shop, and lines of an order that no more are added to.
ALIVE, SHOP_STEPS, MOST_LINES = 12, 2_000, 12


class Broken(AssertionError):
    """A proof does not hold."""


def prove(holds: bool, what: str) -> None:  # noqa: FBT001 - it is all there is to say
    """Stop at the first thing that is not so."""
    if not holds:
        raise Broken(what)


def a_shop(currency: str, bank: FakeGateway, rng: random.Random, clock: list[datetime]) -> Commerce:
    """Eight articles, a percentage and an amount off with budgets, and a fee for returns."""
    policy = ReturnPolicy(
        name="strict",
        window=timedelta(days=400),
        restocking_fee=Decimal("0.07"),
        broken_promotion=BrokenPromotion.CLAW_BACK,
    )
    shop = Commerce(
        currency=currency, country="DE", gateways={"bank": bank}, return_policy=policy, clock=lambda: clock[0]
    )

    def money(minor: int) -> Money:
        return Money.of_minor(minor, currency)

    shop.tax.set_rates(standard_rates())
    shop.pricing.add_list(
        PriceList(id="retail", name="Retail", currency=currency, tax_included=bool(rng.getrandbits(1)))
    )
    shop.inventory.add_location(StockLocation(id="main", name="Warehouse", country="DE"))
    rates = RateTable.flat(money(rng.randint(0, 990)))
    shop.shipping.add_method(
        ShippingMethod(id="standard", names={"en": "Standard"}, carrier="flat_rate", currency=currency, rates=rates)
    )
    shop.catalog.put_products(
        [
            Product(
                handle=sku.lower(),
                texts={"en": ProductText(name=sku)},
                variants=[Variant(sku=sku, weight_grams=100)],
                status=ProductStatus.ACTIVE,
            )
            for sku in SKUS
        ]
    )
    prices = {sku: money(rng.choice([1, 7, 333, 1999, rng.randint(1, 99_999)])) for sku in SKUS}
    shop.pricing.set_prices(
        "retail", [PriceEntry(list_id="retail", sku=sku, price=Price(price)) for sku, price in prices.items()]
    )
    budget = Limits(budget=money(10**9))
    middle = sorted(price.minor for price in prices.values())[4]
    shop.promotions.add(
        Promotion(
            id="percent",
            name="A third off",
            benefit=PercentOff(percent=Decimal("33.3")),
            target=Selector(skus=set(SKUS[:4])),
            limits=budget,
        )
    )
    shop.promotions.add(
        Promotion(
            id="amount",
            name="Off from a subtotal",
            benefit=FixedOff(amount=money(max(middle // 3, 1))),
            conditions=[Subtotal(minimum=money(middle * 3))],
            limits=budget,
        )
    )
    return shop


@define
class Life:
    """One shop, its bank, and the orders that live in it."""

    currency: str
    seed: int
    rng: random.Random = field(init=False)
    clock: list[datetime] = field(factory=lambda: [datetime(2026, 3, 1, tzinfo=UTC)])
    bank: FakeGateway = field(factory=FakeGateway)
    shop: Commerce = field(init=False)
    alive: list[str] = field(factory=list)
    every: list[str] = field(factory=list)
    received: Counter[str] = field(factory=Counter)
    restocked: Counter[str] = field(factory=Counter)
    exchanged: set[str] = field(factory=set)
    kinds: Counter[str] = field(factory=Counter)
    count: int = 0

    def __attrs_post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - to be repeated, not to be secret
        self.shop = a_shop(self.currency, self.bank, self.rng, self.clock)
        for sku in SKUS:
            self._receive(sku, 100)

    def live(self, steps: int) -> None:
        """So many steps, each proved."""
        for _ in range(steps):
            self.count += 1
            self.clock[0] += timedelta(minutes=self.rng.randint(1, 60))
            self._step()

    def _step(self) -> None:
        if len(self.alive) < ALIVE and self._chance(40):
            return self._try("place", self._place)
        if not self.alive:
            return self._try("place", self._place)
        order = self.shop.orders.get(self.rng.choice(self.alive))
        fails = self._chance(2)
        if fails:
            self.bank.script("refund", Fault.DECLINED)
        possible = [
            name
            for name, can in (
                ("ship", any(line.to_ship for line in order.lines)),
                ("deliver", any(line.to_deliver for line in order.lines)),
                ("cancel", any(line.to_ship for line in order.lines)),
                ("return", any(line.to_return for line in order.lines)),
                ("edit", order.status is not OrderStatus.CANCELLED and len(order.lines) < MOST_LINES),
            )
            if can
        ]
        name = self.rng.choice(possible) if possible else "leave"
        if name == "leave" or (self._chance(5) and order.status is not OrderStatus.OPEN):
            self.alive.remove(order.id)
            name = "leave"
        else:
            self._try(name, lambda: getattr(self, f"_{name}")(order))
        self.kinds["leave"] += name == "leave"
        self.bank.heal()
        self._proved(order.id, fails=fails)
        return None

    def _try(self, name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except OutOfStock as refused:
            name = "out of stock"
            self._receive(refused.sku, 100)
        self.kinds[name] += 1

    # what can happen

    def _place(self) -> None:
        cart = self.shop.cart.open()
        for sku in self.rng.sample(SKUS, self.rng.randint(1, 4)):
            self.shop.cart.add_line(cart.id, sku, self.rng.randint(1, 6))
        self.shop.cart.set_customer(cart.id, customer_id=None, email="ada@example.org")
        self.shop.cart.deliver_to(cart.id, HOME, shipping_method="standard")
        order = self.shop.checkout.place_order(cart.id, gateway="bank", key=self._key()).order
        self.alive.append(order.id)
        self.every.append(order.id)
        self._proved(order.id, fails=False)

    def _ship(self, order: Order) -> None:
        self.shop.fulfillment.ship(order.id, key=self._key(), lines=self._some(order, "to_ship"))

    def _deliver(self, order: Order) -> None:
        under_way = [s for s in self.shop.shipping.of_order(order.id) if s.status is ShipmentStatus.SHIPPED]
        self.shop.fulfillment.deliver(self.rng.choice(under_way).id, key=self._key())

    def _cancel(self, order: Order) -> None:
        self.shop.checkout.cancel_order(order.id, key=self._key(), lines=self._some(order, "to_ship"))

    def _return(self, order: Order) -> None:
        """Asked for, approved, and looked at: some units are refused."""
        announced = [found for found in self.shop.returns.for_order(order.id) if found.pending]
        if announced:
            found = self.rng.choice(announced)
        else:
            found = self.shop.aftersales.request_return(order.id, self._wishes(order), key=self._key())
        self.shop.returns.approve(found.id)
        findings = []
        for line in found.lines:
            restock = self.rng.randint(0, line.quantity)
            scrap = self.rng.randint(0, line.quantity - restock)
            refused = line.quantity - restock - scrap
            findings.append(Finding(line_id=line.line_id, restock=restock, scrap=scrap, refused=refused))
            self.restocked[line.sku] += restock
        self.shop.aftersales.receive(found.id, findings)

    def _edit(self, order: Order) -> None:
        """New units, others out, and sometimes some that were delivered in exchange."""
        waits = any(line.to_ship for line in order.lines)
        removed = self._some(order, "to_ship") if waits and self._chance(50) else {}
        pending = any(found.pending for found in self.shop.returns.for_order(order.id))
        in_exchange = not pending and any(line.to_return for line in order.lines) and self._chance(30)
        edit = OrderEdit(
            add=(NewUnits(sku=self.rng.choice(SKUS), quantity=self.rng.randint(1, 4)),),
            remove=removed,
            take_back=self._wishes(order) if in_exchange else (),
        )
        self.exchanged.update([order.id] if edit.take_back else ())
        seen = self.shop.editing.preview(order.id, edit)
        self.shop.editing.commit(order.id, edit, key=self._key(), gateway="bank", expected_due=seen.due)

    # proofs

    def _proved(self, order_id: str, *, fails: bool) -> None:
        order = self.shop.orders.get(order_id)
        if order.balance.minor < 0:
            prove(fails, f"{order.balance} is kept though no refund failed")
            self._repair(order)
            order = self.shop.orders.get(order_id)
        waits = any(found.pending for found in self.shop.returns.for_order(order_id))
        if order.balance.minor > 0 and not waits:
            prove(order_id in self.exchanged, f"{order.balance} is open though nothing was exchanged")
            self.shop.editing.collect(order_id, key=self._key(), gateway="bank")
            order = self.shop.orders.get(order_id)
            self.kinds["collect"] += 1
        prove(waits or not order.balance, f"{order.balance} is open")
        credits = [fact.credit for fact in order.timeline if fact.credit]
        kept = total(
            (
                line.priced.units(line.given_back, line.quantity - line.given_back).gross
                for line in order.lines
                if line.given_back < line.quantity
            ),
            self.currency,
        )
        charges = total((charge.gross for charge in order.charges), self.currency)
        kept += charges - total((credit.shipping.gross for credit in credits), self.currency)
        kept += total((credit.fee + credit.clawback for credit in credits), self.currency)
        prove(order.owed == kept, f"{order.owed} is owed, the kept goods cost {kept}")
        prove(order.captured - order.refunded == order.owed - order.balance, "the tenders disagree")
        prove(order.refunded.minor >= 0, "less than nothing was refunded")

    def _repair(self, order: Order) -> None:
        """What the bank refused is paid back by hand, over whatever payment has it."""
        left = -order.balance
        for ref in order.refs:
            for payment in self.shop.payments.of_order(ref):
                amount = min(left, payment.refundable)
                if amount.minor > 0:
                    self.shop.payments.refund(payment.id, self._key(), amount)
                    left -= amount
        self.kinds["repair"] += 1
        self.shop.timers.run()

    def close(self) -> None:
        """What is true of the whole shop."""
        self.shop.timers.run()
        orders = [self.shop.orders.get(id) for id in self.every]
        held = sum(order.captured.minor - order.refunded.minor for order in orders)
        bank = {kind: self.bank.total(kind).minor for kind in OperationKind}
        prove(bank[OperationKind.CAPTURE] - bank[OperationKind.REFUND] == held, "the bank has another sum")
        prove(list(self.shop.inventory.reconcile()) == [], "stock has drifted")
        lines = [line for order in orders for line in order.lines]
        for sku in SKUS:
            moves = self.shop.inventory.movements(sku)
            shipped = sum(line.shipped for line in lines if line.sku == sku)
            there = self.received[sku] - shipped + self.restocked[sku]
            prove(sum(move.on_hand for move in moves) == there, f"{sku}: other units are there than {there}")
            waiting = sum(line.to_ship for line in lines if line.sku == sku)
            prove(sum(move.reserved for move in moves) == waiting, f"{sku}: other units are held than {waiting}")
        with self.shop.promotions.begin() as uow:
            counted = uow.counts.of(["percent/budget", "amount/budget"])
        for source in ("percent", "amount"):
            given = sum(_kept_discount(line, source) for line in lines)
            prove(counted.get(f"{source}/budget", 0) == given, f"{source}: {counted} counted, {given} given")
        prove(self.shop.storage.outbox.pending() == 0, "an event waits")
        later = self.clock[0] + timedelta(days=1)
        prove(not self.shop.runner.log.unfinished(later), "a process is not finished")
        self.shop.close()
        self.bank.close()

    # helpers

    def _chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def _key(self) -> str:
        self.count += 1
        return f"key-{self.count}"

    def _receive(self, sku: str, units: int) -> None:
        self.received[sku] += units
        self.shop.inventory.receive_many(self._key(), [StockUnits(sku=sku, location_id="main", quantity=units)])

    def _some(self, order: Order, counter: str) -> dict[str, int]:
        """Some units of some lines, at least one."""
        possible = [(line.id, getattr(line, counter)) for line in order.lines if getattr(line, counter)]
        chosen = self.rng.sample(possible, self.rng.randint(1, len(possible)))
        return {line_id: self.rng.randint(1, most) for line_id, most in chosen}

    def _wishes(self, order: Order) -> tuple[ReturnWish, ...]:
        return tuple(
            ReturnWish(line_id=line_id, quantity=count, reason=self.rng.choice(list(ReturnReason)))
            for line_id, count in self._some(order, "to_return").items()
        )


def _kept_discount(line: OrderLine, source: str) -> int:
    """What one promotion gave to the units of a line that are kept, in minor units."""
    priced, back = line.priced, line.given_back
    kept = priced.line.quantity - back
    taken = [one.amount for one in priced.adjustments if one.source == source and kept]
    return -sum(amount.units(priced.line.quantity, back, kept).minor for amount in taken)


@frozen
class Result:
    """What one process did."""

    currency: str
    kinds: Counter[str]
    seconds: float
    broken: str = ""


def work(currency: str, seed: int, steps: int, told: "mp.Queue[int]", results: "mp.Queue[Result]") -> None:
    """Shop after shop, until all steps are done."""
    gc.set_threshold(200_000, 20, 100)  # whole shops live in memory, and looking through them again costs a tenth
    kinds: Counter[str] = Counter()
    begun = time.perf_counter()
    left, broken = steps, ""
    while left and not broken:
        now = min(left, SHOP_STEPS)
        try:
            life = Life(currency, seed)
            life.live(now)
            life.close()
            kinds += life.kinds
        except Exception as error:  # noqa: BLE001 - told with what repeats it
            broken = f"{currency}, seed {seed}: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
        left, seed = left - now, seed + 1
        told.put(now)
    results.put(Result(currency, kinds, time.perf_counter() - begun, broken))


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000, help="of all currencies together")
    parser.add_argument("--currencies", nargs="+", default=["JPY", "KWD"])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    told: mp.Queue[int] = mp.Queue()
    results: mp.Queue[Result] = mp.Queue()
    share = options.steps // len(options.currencies)
    processes = [
        mp.Process(target=work, args=(currency, options.seed + 1_000_000 * n, share, told, results))
        for n, currency in enumerate(options.currencies)
    ]
    for process in processes:
        process.start()
    console = Console()
    found: list[Result] = []
    with Progress(console=console) as progress:
        task = progress.add_task("steps", total=share * len(processes))
        while len(found) < len(processes):
            with suppress(Empty):
                progress.advance(task, told.get(timeout=1))
            with suppress(Empty):
                found.append(results.get_nowait())
    for process in processes:
        process.join()
    table = Table("step", *(result.currency for result in found))
    for kind in sorted({kind for result in found for kind in result.kinds}):
        table.add_row(kind, *(f"{result.kinds[kind]:,}" for result in found))
    table.add_row("seconds", *(f"{result.seconds:,.0f}" for result in found))
    console.print(table)
    for result in found:
        console.print(result.broken or f"{result.currency}: every step and every shop proved, no drift")
    return int(any(result.broken for result in found))


if __name__ == "__main__":
    raise SystemExit(main())
