"""``commerce quote``, as a shopkeeper calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.quote.golden import HERE, load

from commerce.adapters.quote_document import quote as quote_document
from commerce.cli.quoting import quote


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cart.json"
    path.write_text(json.dumps(load("benefit-percent-off")["document"]), encoding="utf-8")
    return path


def test_a_file_is_quoted_as_json(file: Path) -> None:
    ran = CliRunner().invoke(quote, [str(file)])
    assert ran.exit_code == 0
    assert json.loads(ran.output)["totals"]["total"] == "64.22"
    assert ran.output.strip() == quote_document(file.read_bytes()).text()


def test_standard_input_is_quoted_too(file: Path) -> None:
    ran = CliRunner().invoke(quote, ["-"], input=file.read_bytes())
    assert json.loads(ran.output)["totals"]["total"] == "64.22"


def test_the_reasons_alone_are_told_a_sentence_a_line(file: Path) -> None:
    ran = CliRunner().invoke(quote, [str(file), "--explain"])
    assert ran.output.splitlines() == [
        "3 x TEE at 19.99 EUR (agreed) = 59.97 EUR",
        "3 x TEE: -6.00 EUR by Ten (item phase)",
        "Ten: applied, 6.00 EUR off",
        "VAT DE 19 %: 10.25 EUR on 53.97 EUR",
        "to pay: 64.22 EUR",
        (
            "rounding plain v1: prices half up, taxes half up per line (where included, the net is rounded), "
            "discounts shared by largest remainder"
        ),
    ]


def test_another_moment_is_a_what_if(file: Path) -> None:
    ran = CliRunner().invoke(quote, [str(file), "--at", "2027-01-01T00:00:00+01:00"])
    assert json.loads(ran.output)["at"] == "2026-12-31T23:00:00Z"
    for wrong in ("tomorrow", "2027-01-01T00:00:00"):
        ran = CliRunner().invoke(quote, [str(file), "--at", wrong])
        assert ran.exit_code == 2
        assert "write it as 2026-03-01T12:00:00Z" in ran.output


def test_a_bad_document_ends_with_status_1_and_a_place_a_line() -> None:
    golden = load("bad-quantities")
    ran = CliRunner().invoke(quote, ["-"], input=json.dumps(golden["document"]))
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        f"{'Error: ' if not n else ''}{one['path']}: {one['reason']}" for n, one in enumerate(golden["problems"])
    ]


def test_a_cart_with_problems_is_quoted_and_says_them() -> None:
    ran = CliRunner().invoke(quote, ["-"], input=json.dumps(load("problems-are-told")["document"]))
    assert ran.exit_code == 0
    assert [one["kind"] for one in json.loads(ran.output)["problems"]] == [
        "no_price",
        "shipping_unavailable",
        "no_tax_rate",
    ]


def test_the_schema_is_printed_without_a_file() -> None:
    ran = CliRunner().invoke(quote, ["--schema"])
    assert ran.exit_code == 0
    assert json.loads(ran.output)["title"] == "QuoteForm"


def test_a_missing_file_says_so() -> None:
    ran = CliRunner().invoke(quote, [str(HERE / "nowhere.json")])
    assert ran.exit_code == 2
    assert "No such file" in ran.output
