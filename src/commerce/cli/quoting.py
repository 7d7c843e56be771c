"""``commerce quote``: what a cart in a file costs, and why. No shop, no storage."""

import json
from datetime import datetime
from typing import BinaryIO

import click

from commerce.adapters.quote_document import InvalidDocument, schema
from commerce.adapters.quote_document import quote as quote_document

__all__ = ["quote"]


class _Moment(click.ParamType[datetime]):
    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment: write it as 2026-03-01T12:00:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no offset: write it as 2026-03-01T12:00:00Z", param, ctx)
        return moment


def _print_schema(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click calls it so
    if wanted:
        click.echo(json.dumps(schema(), indent=2))
        ctx.exit()


@click.command()
@click.argument("source", metavar="FILE.json", type=click.File("rb"))
@click.option("--at", type=_Moment(), help="Quote for this moment (ISO 8601 with offset), not the document's.")
@click.option("--explain", is_flag=True, help="Only say why, a sentence a line.")
@click.option(
    "--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
    help="Print the JSON Schema of documents, and end.",
)  # fmt: skip
def quote(*, source: BinaryIO, at: datetime | None, explain: bool) -> None:
    """Price the cart in a JSON document (- for standard input): lines, promotions, taxes, and why.

    Nothing is read or written besides. What is wrong with the document is told, a place a line,
    with exit status 1. A cart that could not be ordered is quoted; see problems in the answer.
    """
    try:
        answer = quote_document(source.read(), at=at)
    except InvalidDocument as error:
        raise click.ClickException("\n".join(map(str, error.problems))) from error
    click.echo("\n".join(answer.explanation) if explain else answer.text())
