"""The command line tells people what happened, and what is wrong in one line without a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.cli import main

HEADER = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price"
)


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args, catch_exceptions=False)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db"


def test_the_demo_does_the_main_job(url: str) -> None:
    result = run("demo", "--storage", url, "--locale", "de_DE")
    assert result.exit_code == 0, result.output
    for told in (
        "4 found for 'kitchn', read as 'kitchen'",
        "98,50 €",
        "Welcome, 10 % off with code WELCOME10: applied, 10.40 EUR off",
        "code EXPIRED: unknown code",
        "completed, paid, delivered",
        "22,41 € refunded",
        "counters and ledger differ in 0 places",
        "orders.OrderPlaced",
    ):
        assert told in " ".join(result.output.split()), told
    assert run("demo", "--storage", url).exit_code == 0, "again on the same shop"


def test_an_unknown_locale_is_one_line(url: str) -> None:
    result = run("demo", "--storage", url, "--locale", "xx_YY")
    assert (result.exit_code, result.output) == (
        1,
        "Error: locale: 'xx_YY' is not a CLDR locale such as en or de_DE\n",
    )


def test_import_takes_what_is_good_lists_what_is_not_and_changes_nothing_twice(url: str, tmp_path: Path) -> None:
    run("migrate", "--storage", url)
    source = tmp_path / "products.csv"
    rows = [
        "mug,Mug,Title,Default Title,MUG,shopify,5,12.90",
        "tee,Tee,Size,S,TEE-S,shopify,3,24.90",
        "tee,,Size,M,TEE-M,shopify,lots,24.90",
        "lamp,Lamp,Title,Default Title,LAMP,shopify,2,twelve",
    ]
    source.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    result = run("import", str(source), "--storage", url)
    assert result.exit_code == 1
    assert "1 products added, 0 changed, 0 unchanged; stock of 1 SKUs set; 2 errors" in result.output
    assert "line 4, Variant Inventory Qty 'lots': it is not such a number; write digits only" in result.output
    assert "line 5, Variant Price 'twelve': it is no price in EUR; write it as 24.90" in result.output
    again = run("import", str(source), "--storage", url)
    assert "0 products added, 0 changed, 1 unchanged; stock of 0 SKUs set; 2 errors" in again.output
    rows[0] = "mug,Mug,Title,Default Title,MUG,shopify,9,11.90"
    source.write_text("\n".join([HEADER, rows[0]]), encoding="utf-8")
    assert run("import", str(source), "--storage", url).exit_code == 0
    with Commerce(storage=SqlStorage(url)) as shop:
        assert shop.inventory.availability(["MUG"]) == {"MUG": 9}
        assert [str(entry.price) for entry in shop.pricing.entries(["MUG"])] == ["11.90 EUR"]


def test_a_file_that_is_no_catalogue_says_what_it_lacks(url: str, tmp_path: Path) -> None:
    run("migrate", "--storage", url)
    source = tmp_path / "other.csv"
    source.write_text("a,b\n1,2\n", encoding="utf-8")
    result = run("import", str(source), "--storage", url)
    assert result.exit_code == 1
    assert "the file has no column ('Handle', 'Title', 'Variant SKU', 'Variant Price')" in result.output


def test_a_database_that_is_not_migrated_says_what_to_run(url: str, tmp_path: Path) -> None:
    source = tmp_path / "products.csv"
    source.write_text(f"{HEADER}\nmug,Mug,,,MUG,shopify,5,12.90\n", encoding="utf-8")
    result = run("import", str(source), "--storage", url)
    assert result.exit_code == 1
    assert result.output.strip().startswith(
        "Error: the database is at revision none, this release needs 0001: run `commerce"
    )


@pytest.mark.parametrize("url", ["nonsense", "oracle://x", "sqlite:////no/such/folder/shop.db"])
def test_a_storage_that_cannot_be_opened_is_one_line_without_its_password(url: str) -> None:
    result = run("migrate", "--storage", url)
    assert result.exit_code == 1
    assert result.output.startswith("Error: cannot open the storage (")
    assert len(result.output.splitlines()) == 1


def test_migrate_prepares_a_database_once_and_again(url: str) -> None:
    for _ in range(2):
        assert run("migrate", "--storage", url).output == "the database is ready\n"


def built() -> Commerce:
    return Commerce(currency="GBP")


def not_built() -> None: ...


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], 2, "Missing option '--shop'"),
        (["--shop", "no.such.module:build"], 1, "cannot be imported"),
        (["--shop", f"{__name__}:not_built"], 1, "gives a NoneType, not a Commerce"),
    ],
)
def test_a_worker_says_which_shop_it_lacks(arguments: list[str], status: int, told: str) -> None:
    result = run("work", "--once", *arguments)
    assert result.exit_code == status
    assert told in result.output


def test_a_worker_runs_the_hosts_own_shop() -> None:
    result = run("work", "--once", "--shop", f"{__name__}:built")
    assert result.output == "TimerReport(resumed=0, abandoned=0, settled=0, expired=0, delivered=0)\n"


def test_it_runs_as_a_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "commerce", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("commerce, version 0.")
