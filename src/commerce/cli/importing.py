"""``commerce import``: a product CSV file into a shop."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from commerce.adapters.rows import decoded
from commerce.adapters.shopify_csv import read_products
from commerce.app import Commerce
from commerce.cli.storing import open_storage, storage_option

__all__ = ["import_catalogue"]


@click.command("import")
@click.argument("source", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@storage_option
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217 code of the prices in the file.")
@click.option("--tax-included", is_flag=True, help="The prices are gross.")
@click.option("--price-list", default="retail", show_default=True, help="Where the prices go.")
@click.option("--location", default="main", show_default=True, help="Where the stock is.")
@click.option("--locale", default="en", show_default=True, help="The language of the texts.")
@click.option("--encoding", default="utf-8-sig", show_default=True, help="cp1252 for files of Excel for Windows.")
def import_catalogue(
    *,
    source: Path,
    url: str,
    currency: str,
    price_list: str,
    location: str,
    locale: str,
    encoding: str,
    tax_included: bool,
) -> None:
    """Import products, prices and stock from a CSV file in the Shopify format.

    Importing again updates: handles and SKUs are the keys. Rows that cannot be imported are listed
    with line, column and what to do; the others are imported. Exit status 1 if there were any.
    """
    with (
        Commerce(currency=currency, storage=open_storage(url)) as shop,
        source.open("rb") as raw,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        lines = bar.track(decoded(raw, encoding), total=None, description="importing")
        articles = read_products(lines, currency, locale=locale)
        summary = shop.importing.run(articles, price_list=price_list, location_id=location, tax_included=tax_included)
    for error in summary.errors:
        click.echo(str(error), err=True)
    click.echo(
        f"{summary.added} products added, {summary.changed} changed, {summary.unchanged} unchanged; "
        f"stock of {summary.counted} SKUs set; {len(summary.errors)} errors"
    )
    if summary.errors:
        raise SystemExit(1)
