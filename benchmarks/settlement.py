"""A settlement report of a hundred thousand rows against the ledger: how long reading and matching take.

One payment a row in SQLite, captured; the report says the same, but for a known number of faults of every kind. Exit
code 0 only if exactly those are found.
"""

import argparse
import gc
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from commerce.adapters.settlement import STRIPE, DifferenceKind, read_report, reconcile_payments
from commerce.adapters.sql import SqlStorage
from commerce.adapters.sql.payments import payment_entries, payments
from commerce.app import Commerce
from commerce.payments import OperationKind, OperationStatus

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
FAULTS = 50

HEADER = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,charge_id\n"


def minor(n: int) -> int:
    """What the n-th customer paid."""
    return 100 + n * 7919 % 50_000


def when(n: int) -> datetime:
    """When the n-th customer paid."""
    return BEGIN + timedelta(seconds=n)


def fill(storage: SqlStorage, count: int) -> None:
    """The ledger: so many payments, each authorized and captured."""
    with storage.engine.begin() as connection:
        for start in range(0, count, 10_000):
            numbers = range(start, min(count, start + 10_000))
            connection.execute(sa.insert(payments), [_payment(n) for n in numbers])
            connection.execute(sa.insert(payment_entries), [_entry(n) for n in numbers])


def _payment(n: int) -> dict[str, object]:
    told: dict[str, object] = {
        "id": f"{n:036d}",
        "version": 3,
        "key": f"key-{n}",
        "order_ref": f"order-{n}",
        "gateway": "stripe",
        "reference": f"pi_{n}",
        "status": "captured",
        "currency": "EUR",
        "amount": minor(n),
        "captured": minor(n),
        "fingerprint": "",
        "checked_at": when(n),
        "created_at": when(n),
    }
    return {
        column.name: told.get(column.name, _nothing(column))
        for column in payments.columns
        if column.name in told or not column.nullable
    }


def _nothing(column: "sa.Column[object]") -> object:
    return {sa.Boolean: False, sa.BigInteger: 0, sa.Integer: 0}.get(type(column.type), "")


def _entry(n: int) -> dict[str, object]:
    return {
        "payment_id": f"{n:036d}",
        "id": f"{n:032x}",
        "position": 1,
        "kind": OperationKind.CAPTURE.value,
        "key": "capture",
        "currency": "EUR",
        "amount": minor(n),
        "status": OperationStatus.SUCCEEDED.value,
        "reference": f"ch_{n}",
        "vendor_code": "",
        "message": "",
        "may_retry": False,
        "at": when(n),
        "sent_at": when(n),
        "leader": "",
    }


def report(count: int) -> Iterator[str]:
    """The gateway's file, with `FAULTS` of every kind among its rows."""
    kinds = list(DifferenceKind)
    # The first and the last row are right, so that the report is about the whole time.
    chosen = random.Random(7).sample(range(1, count - 1), FAULTS * len(kinds))  # noqa: S311 - repeatable, not secret
    faults = {n: kinds[place % len(kinds)] for place, n in enumerate(chosen)}
    yield HEADER
    for n in range(count):
        yield from _rows(n, faults.get(n))


def _rows(n: int, fault: DifferenceKind | None) -> Iterator[str]:
    row = _row(n, minor(n))
    if fault is None:
        yield row
    elif fault is DifferenceKind.MISSING_HERE:
        yield from (row, row.replace(f"ch_{n},", f"ch_{n}x,").replace("txn_", "txn_x"))
    elif fault is DifferenceKind.AMOUNT:
        yield _row(n, minor(n) - 1)
    elif fault is DifferenceKind.CURRENCY:
        yield row.replace(",eur,", ",usd,")
    elif fault is DifferenceKind.FEE:
        yield row.replace(",0.00,", ",0.10,")
    elif fault is DifferenceKind.DUPLICATE:
        yield from (row, row)


def _row(n: int, amount: int) -> str:
    told = f"{amount // 100}.{amount % 100:02d}"
    return f"txn_{n},{when(n):%Y-%m-%d %H:%M:%S},eur,{told},0.00,{told},charge,ch_{n},ch_{n}\n"


def main() -> int:
    """Fill, compare, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.csv"
        file.write_text("".join(report(count)), encoding="utf-8")
        storage = SqlStorage(f"sqlite:///{folder}/shop.db", fsync=False).migrate()
        fill(storage, count)
        with Commerce(storage=storage) as shop, file.open(encoding="utf-8") as lines:
            gc.disable()  # as `commerce reconcile` does
            begun, spent = time.perf_counter(), time.process_time()
            rows = list(read_report(lines, STRIPE))
            read = time.perf_counter() - begun
            found = reconcile_payments(shop.payments, "stripe", rows)
            whole = time.perf_counter() - begun
            spent = time.process_time() - spent
    kinds = Counter(one.kind for one in found.differences)
    table = Table("rows", "read", "matched", "in all", "of it computing", "rows/s", "peak memory", "differences found")
    table.add_row(
        f"{found.rows:,}",
        f"{read:.2f} s",
        f"{whole - read:.2f} s",
        f"{whole:.2f} s",
        f"{spent:.2f} s",
        f"{found.rows / whole:,.0f}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB",
        ", ".join(f"{kinds[kind]} {kind.value}" for kind in DifferenceKind),
    )
    Console(width=200).print(table)
    # What is missing there, and what differs in amount or currency, does not agree; the other faults come on top.
    exact = kinds == dict.fromkeys(DifferenceKind, FAULTS) and found.agreed == count - 3 * FAULTS
    return 0 if exact else 1


if __name__ == "__main__":
    raise SystemExit(main())
