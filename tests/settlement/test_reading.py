"""Reports are read as the vendors write them, and a broken row never stops the others."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from commerce.adapters.rows import RowError
from commerce.adapters.settlement import (
    FORMATS,
    PAYPAL,
    STRIPE,
    InvalidFormat,
    MissingColumns,
    SettlementFormat,
    SettlementRow,
    SkippedRow,
    load_format,
    read_report,
)
from commerce.kernel import Money
from commerce.payments import OperationKind

STRIPE_HEADER = (
    "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,charge_id,"
    "customer_facing_amount,customer_facing_currency\n"
)
PAYPAL_HEADER = (
    '"CH","Transaction ID","Invoice ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",'
    '"Transaction Initiation Date","Transaction Completion Date","Transaction Debit or Credit",'
    '"Gross Transaction Amount","Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency"\n'
)
MAP = {
    "columns": {"kind": "what", "references": "key", "currency": "cur", "amount": "sum", "at": "day"},
    "kinds": {"sale": "capture", "back": "refund"},
    "skipped": ["payout"],
}


def stripe(*rows: str) -> list[SettlementRow | SkippedRow | RowError]:
    return [*read_report([STRIPE_HEADER, *(f"{row}\n" for row in rows)], STRIPE)]


def paypal(*rows: str) -> list[SettlementRow | SkippedRow | RowError]:
    before = ['"RH",2026/03/02 02:44:19 -0700,"A","M",009,\n', '"FH",01\n', '"SH",2026/03/01 00:00:00 -0700\n']
    after = ['"SF",CR,8000,1\n', '"SC",1\n', '"RF",1\n']
    return [*read_report([*before, PAYPAL_HEADER, *(f"{row}\n" for row in rows), *after], PAYPAL)]


def only(rows: Iterable[SettlementRow | SkippedRow | RowError]) -> SettlementRow:
    (row,) = rows
    assert isinstance(row, SettlementRow), row
    return row


def test_a_charge_of_stripe() -> None:
    assert only(stripe("txn_1,2026-03-01 10:00:00,eur,80.00,1.45,78.55,charge,ch_1,ch_1,,")) == SettlementRow(
        line=2,
        operation=OperationKind.CAPTURE,
        reference="ch_1",
        id="txn_1",
        amount=Money("80.00", "EUR"),
        settled=Money("80.00", "EUR"),
        fee=Money("1.45", "EUR"),
        net=Money("78.55", "EUR"),
        at=datetime(2026, 3, 1, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("row", "operation", "reference", "amount"),
    [
        ("t,,eur,-20.00,0,-20.00,refund,re_1,ch_1,,", OperationKind.REFUND, "re_1", "20.00"),
        ("t,,eur,20.00,0,20.00,refund_failure,re_1,ch_1,,", OperationKind.REFUND, "re_1", "-20.00"),
        ("t,,eur,-5.00,0,-5.00,partial_capture_reversal,re_2,ch_1,,", OperationKind.CAPTURE, "ch_1", "-5.00"),
        ("t,,eur,-80.00,15,-95.00,dispute,dp_1,ch_1,,", OperationKind.CHARGEBACK, "dp_1", "80.00"),
        ("t,,eur,80.00,0,80.00,dispute_reversal,dp_1,ch_1,,", OperationKind.CHARGEBACK_REVERSAL, "dp_1", "80.00"),
    ],
)
def test_what_stripe_takes_and_gives_back(row: str, operation: OperationKind, reference: str, amount: str) -> None:
    """Amounts are signed as the operation is: what fails or is taken back is negative."""
    found = only(stripe(row))
    assert (found.operation, found.reference, found.amount) == (operation, reference, Money(amount, "EUR"))


def test_what_the_customer_paid_in_another_currency_is_compared() -> None:
    found = only(stripe("t,,eur,92.10,1,91.10,charge,ch_1,ch_1,100.00,usd"))
    assert (found.amount, found.settled) == (Money("100.00", "USD"), Money("92.10", "EUR"))
    back = only(stripe("t,,eur,-92.10,0,-92.10,refund,re_1,ch_1,100.00,usd"))
    assert back.amount == Money("100.00", "USD")


def test_currencies_without_decimals() -> None:
    assert only(stripe("t,,jpy,500,18,482,charge,ch_1,ch_1,,")).amount == Money("500", "JPY")
    assert only(stripe("t,,jpy,500.00,18,482,charge,ch_1,ch_1,,")).amount == Money("500", "JPY")


def test_payouts_and_fees_are_skipped_and_counted() -> None:
    kinds = [row.kind for row in stripe("t,,eur,-9,0,-9,payout,po_1,,,", "t,,eur,-9,0,-9,fee,x,,,")
             if isinstance(row, SkippedRow)]  # fmt: skip
    assert kinds == ["payout", "fee"]


def test_a_sale_and_a_refund_of_paypal() -> None:
    sale, back = paypal(
        '"SB","8XB12","o1","","","T0006",2026/03/01 10:00:00 -0700,2026/03/01 10:00:05 -0700,'
        '"CR",8000,"EUR","DR",289,"EUR"',
        '"SB","9YC34","o1","8XB12","TXN","T1107",2026/03/01 11:00:00 -0700,2026/03/01 11:00:00 -0700,'
        '"DR",2000,"EUR","CR",72,"EUR"',
    )
    assert isinstance(sale, SettlementRow)
    assert isinstance(back, SettlementRow)
    assert (sale.operation, sale.reference, sale.amount) == (OperationKind.CAPTURE, "8XB12", Money("80.00", "EUR"))
    assert (sale.fee, sale.at) == (Money("2.89", "EUR"), datetime(2026, 3, 1, 17, 0, 5, tzinfo=UTC))
    assert (back.operation, back.reference, back.related) == (OperationKind.REFUND, "9YC34", ("8XB12",))
    assert (back.amount, back.fee) == (Money("20.00", "EUR"), Money("-0.72", "EUR"))


def test_a_map_says_how_another_gateway_writes() -> None:
    text = json.dumps({**MAP, "delimiter": ";", "decimal": ",", "timezone": "Europe/Berlin"})
    rows = [*read_report(["What;KEY;cur;Sum;Day\n", "sale;abc;eur;24,90;2026-03-01 12:00:00\n"], load_format(text))]
    found = only(rows)
    assert (found.reference, found.amount) == ("abc", Money("24.90", "EUR"))
    assert found.at == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_a_map_may_start_from_a_known_one() -> None:
    found = load_format('{"base": "stripe", "terms": {"percent": "1.5", "fixed": {"EUR": "0.25"}}}')
    assert found.columns == STRIPE.columns
    assert found.terms is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "the column map is wrong at the file: it is no JSON"),
        ("[]", "the column map is wrong at the file: it is no JSON object"),
        ('{"base": "strype"}', "the column map is wrong at base: known are stripe, paypal"),
        ('{"columns": {"references": "a"}}', "the column map is wrong at columns.kind: Field required"),
        (json.dumps({**MAP, "kinds": {"sale": "sell"}}), "the column map is wrong at kinds.sale: "),
        (json.dumps({**MAP, "colour": 1}), "the column map is wrong at colour: "),
    ],
)
def test_a_wrong_map_is_told(text: str, told: str) -> None:
    with pytest.raises(InvalidFormat) as caught:
        load_format(text)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize("format", FORMATS.values())
def test_a_format_is_data(format: SettlementFormat) -> None:
    assert load_format(format.model_dump_json()) == format


def test_a_file_without_its_columns_is_refused() -> None:
    with pytest.raises(MissingColumns) as caught:
        [*read_report(["id,amount\n", "1,2\n"], STRIPE)]
    assert caught.value.missing == ("reporting_category", "source_id", "currency", "gross")
    with pytest.raises(MissingColumns):
        [*read_report([], STRIPE)]
    with pytest.raises(MissingColumns):
        [*read_report(["no such rows\n"], PAYPAL)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            "t,,eur,eighty,0,0,charge,ch_1,ch_1,,",
            "line 2, gross 'eighty': it is no amount in EUR; write it as 24.90",
        ),
        ("t,,eur,80.001,0,0,charge,ch_1,ch_1,,", "line 2, gross '80.001': it is no amount in EUR; write it as 24.90"),
        ("t,,eur,,0,0,charge,ch_1,ch_1,,", "line 2, gross: it is empty; export the report again"),
        ("t,,euro,80.00,0,0,charge,ch_1,ch_1,,", "line 2, currency 'euro': it is no currency; write an ISO 4217 code"),
        (
            "t,,eur,80.00,0,0,charge,,,,",
            "line 2, source_id: it is empty; look the row up in the gateway's dashboard",
        ),
        (
            "t,,eur,80.00,0,0,surprise,x,x,,",
            "line 2, reporting_category 'surprise': nobody said what this is; name it in kinds or skipped of a map",
        ),
        (
            "t,yesterday,eur,80.00,0,0,charge,ch_1,ch_1,,",
            "line 2, created_utc 'yesterday': it is no moment; write it as 2026-03-01 12:00:00",
        ),
        ("t,,eur,80.00", "line 2, row: it has 4 cells of 11; export the report again"),
    ],
)
def test_a_broken_row_says_where_and_what_to_do(row: str, told: str) -> None:
    broken, good = stripe(row, "txn_2,,eur,1.00,0,1.00,charge,ch_2,ch_2,,")
    assert str(broken) == told
    assert isinstance(good, SettlementRow)


def test_a_card_number_in_a_broken_row_is_not_repeated() -> None:
    (broken,) = stripe("t,,eur,4111 1111 1111 1111,0,0,charge,ch_1,ch_1,,")
    assert "4111" not in str(broken)


def test_amounts_without_a_direction_are_broken() -> None:
    (broken,) = paypal('"SB","8XB12","","","","T0006",2026/03/01 10:00:00 -0700,,"",8000,"EUR","",,""')
    assert str(broken).startswith("line 5, Transaction Debit or Credit: it is neither CR nor DR")
