"""``commerce reconcile``: the books against the gateway's report, and the stock counters against the ledger."""

import gc
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from commerce.adapters.rows import RowError, decoded
from commerce.adapters.settlement import (
    FORMATS,
    Reconciliation,
    SettlementDifference,
    SettlementFormat,
    load_format,
    read_report,
    reconcile_payments,
)
from commerce.app import Commerce
from commerce.cli.storing import open_storage, storage_option
from commerce.inventory import Drift
from commerce.kernel import CommerceError, Money

__all__ = ["reconcile"]

json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for machines.")


@click.group()
def reconcile() -> None:
    """Compare what is written down with what happened.

    Exit status 0 if all agrees, 1 if something differs or a row could not be read, 2 if nothing could be compared.
    """


@reconcile.command()
@storage_option
@click.option("--gateway", required=True, help="The name under which the shop knows the gateway.")
@click.option("--report", required=True, type=click.Path(path_type=Path), help="The gateway's CSV file.")
@click.option("--format", "format_", required=True, metavar="stripe|paypal|MAP.json", help="How the file is written.")
@click.option("--since", type=click.DateTime(), help="Begin of the time it is about (UTC); else its first row.")
@click.option("--until", type=click.DateTime(), help="End of that time (UTC); else its last row.")
@json_option
def payments(
    *,
    url: str,
    gateway: str,
    report: Path,
    format_: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Compare a gateway's settlement report with the payments ledger, and name every difference.

    A broken row is told with its line, its column and what to do; the others are compared.
    """
    try:
        format = _format(format_)
        with Commerce(storage=open_storage(url)) as shop, _no_collector():
            found = reconcile_payments(
                shop.payments,
                gateway,
                read_report(_lines(report, format), format),
                since=_utc(since),
                until=_utc(until),
                terms=format.terms,
            )
    except (CommerceError, OSError) as error:
        _unreadable(error)
    click.echo(json.dumps(_plain(found), indent=2)) if as_json else _print(found)
    raise SystemExit(0 if found.agrees else 1)


@reconcile.command()
@storage_option
@json_option
def stock(*, url: str, as_json: bool) -> None:
    """Compare the stock counters with the ledger of movements. They should never differ."""
    try:
        with Commerce(storage=open_storage(url)) as shop:
            drifts = shop.inventory.reconcile()
    except CommerceError as error:
        _unreadable(error)
    if as_json:
        click.echo(json.dumps({"agrees": not drifts, "differences": [_drift(one) for one in drifts]}, indent=2))
    else:
        _print_drifts(drifts)
    raise SystemExit(1 if drifts else 0)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Hundreds of thousands of rows that hold each other in no circle: looking for circles takes half the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _unreadable(error: Exception) -> NoReturn:
    told = f"cannot read {error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
    click.echo(f"Error: {told}", err=True)
    raise SystemExit(2)


def _format(name: str) -> SettlementFormat:
    return FORMATS[name] if name in FORMATS else load_format(Path(name).read_bytes())


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _lines(report: Path, format: SettlementFormat) -> Iterator[str]:
    """The lines of the file, with a bar for people who wait."""
    with report.open("rb") as raw, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("comparing", total=report.stat().st_size)
        for number, line in enumerate(decoded(raw, format.encoding)):
            if number % 1000 == 0:
                bar.update(task, completed=raw.tell() if raw.seekable() else 0)
            yield line


def _print(found: Reconciliation) -> None:
    if found.differences:
        table = Table("what", "operation", "reference", "payment", "ledger", "report", "lines", "next")
        for one in found.differences:
            table.add_row(
                one.kind.value.replace("_", " "),
                one.operation.value.replace("_", " "),
                one.reference,
                one.payment_id,
                _shown(one.ours),
                _shown(one.theirs),
                ", ".join(map(str, one.lines)),
                one.next_step,
            )
        _console().print(table)
    for broken in found.broken:
        click.echo(str(broken), err=True)
    skipped = ", ".join(f"{count} {kind}" for kind, count in sorted(found.skipped.items()))
    click.echo(
        f"{found.gateway}, {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC: {found.rows} rows, "
        f"{found.agreed} operations agree, {len(found.differences)} differ, {len(found.broken)} rows broken"
        + (f"; about something else: {skipped}" if skipped else "")
    )


def _print_drifts(drifts: Iterable[Drift]) -> None:
    table = Table("SKU", "location", "on hand", "by ledger", "reserved", "by ledger")
    for one in drifts:
        table.add_row(*(str(value) for value in _drift(one).values()))
    if table.row_count:
        _console().print(table)
    click.echo(f"counters and ledger differ in {table.row_count} places")


def _console() -> Console:
    """As wide as the table needs where nobody looks (a file, a pipe), so that nothing is cut."""
    console = Console()
    return console if console.is_terminal else Console(width=250)


def _shown(amount: Money | None) -> str:
    return "" if amount is None else str(amount)


def _plain(found: Reconciliation) -> dict[str, Any]:
    return {
        "gateway": found.gateway,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "agrees": found.agrees,
        "rows": found.rows,
        "agreed": found.agreed,
        "differences": [_difference(one) for one in found.differences],
        "broken": [_broken(one) for one in found.broken],
        "skipped": dict(found.skipped),
    }


def _difference(one: SettlementDifference) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "operation": one.operation.value,
        "reference": one.reference,
        "payment_id": one.payment_id,
        "ours": _amount(one.ours),
        "theirs": _amount(one.theirs),
        "lines": list(one.lines),
        "next_step": one.next_step,
    }


def _broken(one: RowError) -> dict[str, Any]:
    return {
        "line": one.line,
        "column": one.column,
        "value": one.value,
        "reason": one.reason,
        "next_step": one.next_step,
    }


def _drift(one: Drift) -> dict[str, Any]:
    return {
        "sku": one.sku,
        "location_id": one.location_id,
        "on_hand": one.on_hand,
        "on_hand_by_ledger": one.on_hand_by_ledger,
        "reserved": one.reserved,
        "reserved_by_ledger": one.reserved_by_ledger,
    }


def _amount(amount: Money | None) -> dict[str, Any] | None:
    return None if amount is None else {"amount": str(amount.amount), "currency": amount.currency.code}
