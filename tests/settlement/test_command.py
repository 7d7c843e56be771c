"""``commerce reconcile`` tells people and cron what differs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.cli.reconciling import reconcile
from commerce.inventory import StockLocation
from commerce.kernel import Money, utc_now
from commerce.payments import OperationKind

HEADER = "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id\n"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/shop.db"
    SqlStorage(url, fsync=False).migrate().close()
    return url


@pytest.fixture
def shop(url: str) -> Iterator[Commerce]:
    with Commerce(storage=SqlStorage(url, fsync=False)) as shop:
        yield shop


def run(*args: str) -> Result:
    return CliRunner().invoke(reconcile, args, catch_exceptions=False)


def paid(shop: Commerce, amount: str) -> str:
    """Take money; the gateway's reference of the capture."""
    payment = shop.payments.authorize(
        f"key-{amount}", order_ref=f"order-{amount}", amount=Money(amount, "EUR"), gateway="manual", capture=True
    )
    payment = shop.payments.capture(payment.id, "capture")
    (capture,) = (entry for entry in payment.ledger if entry.kind is OperationKind.CAPTURE)
    return capture.reference or capture.id


def report(path: Path, *rows: str) -> str:
    file = path / "report.csv"
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(file)


def charge(n: int, reference: str, amount: str) -> str:
    return f"txn_{n},{utc_now():%Y-%m-%d %H:%M:%S.%f},eur,{amount},0,{amount},charge,{reference}"


def test_books_that_agree_end_with_0(shop: Commerce, url: str, tmp_path: Path) -> None:
    first, second = paid(shop, "80.00"), paid(shop, "12.50")
    file = report(tmp_path, charge(1, first, "80.00"), charge(2, second, "12.50"))
    found = run("payments", "--storage", url, "--gateway", "manual", "--report", file, "--format", "stripe")
    assert found.exit_code == 0, found.output
    assert "2 rows, 2 operations agree, 0 differ, 0 rows broken" in found.stdout


def test_differences_end_with_1_and_are_told_to_people(shop: Commerce, url: str, tmp_path: Path) -> None:
    first = paid(shop, "80.00")
    file = report(tmp_path, charge(1, first, "79.00"), charge(2, "ch_9", "5.00"), "txn_3,,eur,lots,0,0,charge,ch_8")
    found = run("payments", "--storage", url, "--gateway", "manual", "--report", file, "--format", "stripe")
    assert found.exit_code == 1
    told = " ".join(found.stdout.split())
    for part in (first, "80.00 EUR", "79.00 EUR", "missing here", "ch_9", "1 rows broken", "settle the payment"):
        assert part in told, part
    assert "line 4, gross 'lots': it is no amount in EUR; write it as 24.90" in found.stderr


def test_machines_read_json(shop: Commerce, url: str, tmp_path: Path) -> None:
    first = paid(shop, "80.00")
    file = report(tmp_path, charge(1, first, "79.00"), "txn_3,,eur,lots,0,0,charge,ch_8", "t,,eur,-1,0,-1,payout,po_1")
    found = run("payments", "--storage", url, "--gateway", "manual", "--report", file, "--format", "stripe", "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert (told["agrees"], told["rows"], told["agreed"], told["skipped"]) == (False, 3, 0, {"payout": 1})
    (difference,) = told["differences"]
    assert difference["kind"] == "amount"
    assert difference["ours"] == {"amount": "80.00", "currency": "EUR"}
    assert difference["theirs"] == {"amount": "79.00", "currency": "EUR"}
    assert [one["line"] for one in told["broken"]] == [3]


def test_a_map_in_a_file(shop: Commerce, url: str, tmp_path: Path) -> None:
    key = paid(shop, "80.00")
    columns = {"kind": "what", "references": "key", "currency": "cur", "amount": "sum", "at": "day"}
    (tmp_path / "map.json").write_text(json.dumps({"columns": columns, "kinds": {"sale": "capture"}}))
    (tmp_path / "report.csv").write_text(f"what,key,cur,sum,day\nsale,{key},EUR,80.00,{utc_now().isoformat()}\n")
    found = run(
        *("payments", "--storage", url, "--gateway", "manual", "--report", str(tmp_path / "report.csv")),
        *("--format", str(tmp_path / "map.json")),
    )
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"--report": "missing.csv"}, "Error: cannot read missing.csv: No such file or directory"),
        ({"--format": "missing.json"}, "Error: cannot read missing.json: No such file or directory"),
        ({"--storage": "sqlite:////no/such/place.db"}, "Error: cannot open the storage (OperationalError)"),
    ],
)
def test_what_cannot_be_read_ends_with_2(url: str, tmp_path: Path, change: dict[str, str], told: str) -> None:
    told_args = {"--storage": url, "--gateway": "manual", "--report": report(tmp_path), "--format": "stripe", **change}
    found = run("payments", *(part for pair in told_args.items() for part in pair))
    assert (found.exit_code, found.stdout) == (2, "")
    assert told in found.stderr


def test_a_file_that_is_no_report_ends_with_2(url: str, tmp_path: Path) -> None:
    for content in (b"id,amount\n1,2\n", b"\xff\xfe\x00", b""):
        (tmp_path / "report.csv").write_bytes(content)
        found = run(
            *("payments", "--storage", url, "--gateway", "manual", "--report", str(tmp_path / "report.csv")),
            *("--format", "stripe"),
        )
        assert (found.exit_code, found.stdout) == (2, ""), content
    assert run("payments", "--storage", url, "--gateway", "manual", "--report", report(tmp_path), "--format", "stripe",
               "--since", "2026-03-01", "--until", "2026-03-02").exit_code == 0  # fmt: skip


def test_stock_that_adds_up_ends_with_0_and_drift_with_1(shop: Commerce, url: str) -> None:
    shop.inventory.add_location(StockLocation(id="main", name="Main"))
    shop.inventory.configure("TEE", "main")
    shop.inventory.receive("key-1", "TEE", "main", 5)
    found = run("stock", "--storage", url)
    assert (found.exit_code, found.stdout) == (0, "counters and ledger differ in 0 places\n")
    storage = SqlStorage(url)
    with storage.engine.begin() as connection:
        connection.execute(sa.text("UPDATE stock_item SET on_hand = 7"))
    storage.close()
    found = run("stock", "--storage", url)
    assert found.exit_code == 1
    assert "TEE" in found.stdout
    told = json.loads(run("stock", "--storage", url, "--json").stdout)
    (one,) = told["differences"]
    assert (one["on_hand"], one["on_hand_by_ledger"]) == (7, 5)
    assert run("stock", "--storage", "sqlite:////no/such/place.db").exit_code == 2
