"""``commerce demo``: the main job, from a catalogue to a refunded return, told as it happens."""

import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import click
from babel import Locale, UnknownLocaleError
from rich.console import Console
from rich.table import Table

from commerce.adapters.shopify_csv import read_products
from commerce.app import Commerce
from commerce.cart import Cart
from commerce.cli.storing import open_storage
from commerce.flows import Quote
from commerce.kernel import Address, InvalidValue, Money, new_id
from commerce.orders import Order
from commerce.promotions import Coupon, PercentOff, Promotion
from commerce.returns import Finding, ReturnReason, ReturnWish
from commerce.search import SearchQuery
from commerce.shipping import RateTable, ShippingMethod
from commerce.tax import standard_rates

__all__ = ["demo", "furnish"]

#: Where the demonstration sends its parcel.
HOME = Address(country="DE", postal_code="10115", city="Berlin", lines=("Invalidenstraße 1",), name="Ada Lovelace")


def furnish(shop: Commerce) -> None:
    """Make a shop in euros ready to sell: a small catalogue with prices and stock, VAT, a code, a way to ship.

    ``WELCOME10`` is a code for 10 % off; doing it twice changes nothing.
    """
    catalogue = files("commerce.cli").joinpath("data", "catalogue.csv").read_text(encoding="utf-8")
    shop.importing.run(read_products(catalogue.splitlines(keepends=True), shop.currency), tax_included=True)
    shop.tax.set_rates(standard_rates())
    shop.shipping.add_method(
        ShippingMethod(
            id="standard",
            names={"en": "Standard delivery", "de": "Standardversand"},
            carrier="flat_rate",
            currency=shop.currency,
            rates=RateTable.flat(Money("4.90", shop.currency)),
            free_above=Money("150.00", shop.currency),
        )
    )
    welcome = Promotion(id="welcome", name="Welcome, 10 % off", benefit=PercentOff(percent=10), automatic=False)
    if welcome.id not in {known.id for known in shop.promotions.list().items}:
        shop.promotions.add(welcome)
    shop.promotions.add_code(Coupon(code="WELCOME10", promotion_id=welcome.id))


@click.command()
@click.option("--storage", "url", metavar="URL", help="Keep the shop here; without it, in a new SQLite file.")
@click.option("--locale", default="en", show_default=True, help="How amounts are written: de_DE, fr_CA, ar_EG …")
def demo(url: str | None, locale: str) -> None:
    """Run the main job: catalogue, search, cart, quote, order, parcel, delivery, return and refund."""
    try:
        Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise InvalidValue(field="locale", reason=f"{locale!r} is not a CLDR locale such as en or de_DE") from error
    where = url or f"sqlite:///{Path(tempfile.mkdtemp(prefix='commerce-')) / 'shop.db'}"
    with Commerce(currency="EUR", country="DE", storage=open_storage(where, migrate=True)) as shop:
        _Demo(shop, locale.replace("-", "_"), Console(highlight=False)).run()
    click.echo(f"\nThe shop is kept in {where if url is None else 'your storage'}")


class _Demo:
    """The steps, and how each is shown."""

    def __init__(self, shop: Commerce, locale: str, console: Console) -> None:
        self._shop = shop
        self._locale = locale
        self._console = console

    def run(self) -> None:
        """Everything, in order."""
        run = new_id()[-6:]
        self._title("1  A catalogue, searched with a typing mistake")
        furnish(self._shop)
        self._browse("kitchn")
        self._title("2  A cart, quoted")
        cart = self._fill()
        quote = self._shop.checkout.quote(cart.id, payment_method="manual")
        self._show_quote(quote)
        self._title("3  The order")
        placed = self._shop.checkout.place_order(
            cart.id, gateway="manual", key=f"click-{run}", email="ada@example.org", expected_total=quote.total
        )
        self._show_order(placed.order)
        self._title("4  A parcel, delivered")
        shipment = self._shop.fulfillment.ship(placed.order.id, key=f"parcel-{run}")
        self._console.print(f"sent with {shipment.carrier}, tracking number {', '.join(shipment.tracking_numbers)}")
        self._shop.fulfillment.deliver(shipment.id, key=f"arrived-{run}")
        self._show_order(self._shop.orders.get(placed.order.id))
        self._title("5  One unit comes back")
        self._give_back(placed.order, f"return-{run}")
        order = self._shop.orders.get(placed.order.id)
        self._show_order(order)
        self._title("6  The books")
        self._show_stock(order.lines[0].sku)
        self._show_events(order)

    def _browse(self, text: str) -> None:
        shelf = self._shop.browsing.search(SearchQuery(text=text, locale=self._locale, facets=("tag",), limit=4))
        table = Table("product", "from", box=None)
        for one in shelf.listings:
            table.add_row(one.name, self._money(one.price.amount) if one.price else "")
        self._console.print(table)
        corrected = f", read as {shelf.corrected!r}" if shelf.corrected else ""
        tags = ", ".join(f"{count.value} {count.count}" for count in shelf.facets.get("tag", ()))
        self._console.print(f"{shelf.total} found for {text!r}{corrected}; tags: {tags}")

    def _fill(self) -> Cart:
        carts = self._shop.cart
        cart = carts.open(locale=self._locale)
        for sku, quantity in (("TEE-M-NAV", 2), ("MUG-BLUE", 3), ("CANDLE-L", 1)):
            carts.add_line(cart.id, sku, quantity)
        carts.add_code(cart.id, "welcome10")
        carts.add_code(cart.id, "expired")
        return carts.deliver_to(cart.id, HOME, shipping_method="standard")

    def _give_back(self, order: Order, key: str) -> None:
        line = order.lines[0]
        wish = ReturnWish(line_id=line.id, quantity=1, reason=ReturnReason.DOES_NOT_FIT)
        asked = self._shop.aftersales.request_return(order.id, [wish], key=key)
        self._shop.returns.approve(asked.id)
        done = self._shop.aftersales.receive(asked.id, [Finding(line_id=line.id, restock=1)])
        refunded = self._money(done.refunded) if done.refunded is not None else "nothing"
        self._console.print(f"1 x {line.sku} inspected and back on the shelf; {refunded} refunded")

    def _show_quote(self, quote: Quote) -> None:
        table = Table("units", "article", "price", "discount", "tax in it", "to pay", box=None)
        for line in quote.priced.lines:
            table.add_row(
                str(line.line.quantity),
                line.line.item.name,
                *(self._money(amount) for amount in (line.subtotal, -line.discount, line.tax, line.gross)),
            )
        for charge in quote.priced.charges:
            table.add_row(
                "",
                charge.charge.label,
                *(self._money(amount) for amount in (charge.subtotal, -charge.discount, charge.tax, charge.gross)),
            )
        totals = (quote.priced.subtotal + quote.priced.shipping_total, -quote.priced.discount_total)
        table.add_row("", "[bold]total[/]", *map(self._money, (*totals, quote.priced.tax_total, quote.total)))
        self._console.print(table)
        self._lines("why", quote.explain())

    def _show_order(self, order: Order) -> None:
        self._console.print(
            f"order {order.number}: {order.status}, {order.payment.replace('_', ' ')}, "
            f"{order.fulfilment.replace('_', ' ')}; total {self._money(order.totals.grand_total)}, "
            f"taken {self._money(order.captured)}, given back {self._money(order.refunded)}"
        )

    def _show_stock(self, sku: str) -> None:
        table = Table(f"stock ledger of {sku}", "on hand", "held", box=None)
        for move in self._shop.inventory.movements(sku):
            table.add_row(move.reason.value, f"{move.on_hand:+}", f"{move.reserved:+}")
        self._console.print(table)
        drift = self._shop.inventory.reconcile()
        self._console.print(f"counters and ledger differ in {len(drift)} places")

    def _show_events(self, order: Order) -> None:
        names = [
            f"{envelope.occurred_at:%H:%M:%S} {envelope.name}"
            for _, envelope in self._shop.storage.outbox.archive(limit=100_000)
            if order.id in (envelope.aggregate_id, getattr(envelope.event, "order_id", ""))
        ]
        self._lines("events of the order", names)

    def _lines(self, title: str, lines: Iterable[str]) -> None:
        self._console.print(f"[dim]{title}[/]")
        for line in lines:
            self._console.print(f"  {line}", markup=False)

    def _title(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/]")

    def _money(self, amount: Money) -> str:
        return amount.format(self._locale)
