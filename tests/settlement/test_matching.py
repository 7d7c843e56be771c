"""Every difference between ledger and report has a name, and what agrees has none."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from commerce.adapters.rows import RowError
from commerce.adapters.settlement import (
    DifferenceKind,
    EmptyReport,
    FeeTerms,
    Reconciliation,
    SettlementRow,
    SkippedRow,
    reconcile,
)
from commerce.kernel import Money
from commerce.payments import Entry, OperationKind, OperationStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAPTURE, REFUND, CHARGEBACK = OperationKind.CAPTURE, OperationKind.REFUND, OperationKind.CHARGEBACK


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


def entry(reference: str = "ch_1", amount: str = "80.00", kind: OperationKind = CAPTURE, **more: Any) -> Entry:
    told = {"id": f"key-{reference}", "key": "k", "status": OperationStatus.SUCCEEDED, "at": NOW, "sent_at": NOW}
    return Entry(kind=kind, amount=eur(amount), reference=reference, **{**told, **more})


def row(
    reference: str = "ch_1", amount: str = "80.00", kind: OperationKind = CAPTURE, line: int = 2, **more: Any
) -> SettlementRow:
    told = {"settled": eur(amount), "id": f"txn_{line}", "at": NOW}
    return SettlementRow(line=line, operation=kind, reference=reference, amount=eur(amount), **{**told, **more})


def compare(
    ledger: Iterable[tuple[str, Entry]], rows: Iterable[SettlementRow | SkippedRow | RowError], **more: Any
) -> Reconciliation:
    entries = [*ledger]

    def of(since: datetime, until: datetime) -> list[tuple[str, Entry]]:
        return [(id, one) for id, one in entries if since <= one.at < until]

    return reconcile("stripe", rows, of, **more)


def names(found: Reconciliation) -> list[tuple[DifferenceKind, str]]:
    return [(one.kind, one.reference) for one in found.differences]


def test_what_agrees_agrees() -> None:
    found = compare([("p1", entry()), ("p1", entry("re_1", "20.00", REFUND))], [row(), row("re_1", "20.00", REFUND, 3)])
    assert (found.agrees, found.agreed, found.rows) == (True, 2, 2)


def test_our_key_names_an_operation_too() -> None:
    assert compare([("p1", entry("", id="f" * 32))], [row("f" * 32)]).agrees
    assert compare([("p1", entry("ch_1", leader="a" * 32))], [row("a" * 32)]).agrees


def test_missing_here() -> None:
    (one,) = compare([("p1", entry())], [row(), row("ch_2", "5.00", line=3)]).differences
    assert (one.kind, one.reference, one.ours, one.theirs) == (DifferenceKind.MISSING_HERE, "ch_2", None, eur("5.00"))
    assert one.lines == (3,)


def test_missing_there() -> None:
    (one,) = compare([("p1", entry()), ("p2", entry("ch_2", "5.00"))], [row()]).differences
    assert (one.kind, one.reference, one.payment_id) == (DifferenceKind.MISSING_THERE, "ch_2", "p2")
    assert (one.ours, one.theirs) == (eur("5.00"), None)


def test_another_amount() -> None:
    (one,) = compare([("p1", entry())], [row(amount="79.00")]).differences
    assert (one.kind, one.ours, one.theirs) == (DifferenceKind.AMOUNT, eur("80.00"), eur("79.00"))


def test_another_currency() -> None:
    (one,) = compare([("p1", entry())], [evolve(row(), amount=Money("80.00", "USD"))]).differences
    assert one.kind is DifferenceKind.CURRENCY
    both = compare([("p1", entry())], [row(), evolve(row(line=3), amount=Money("80.00", "USD"))])
    assert names(both) == [(DifferenceKind.CURRENCY, "ch_1")]


def test_the_same_row_twice_is_a_duplicate() -> None:
    (one,) = compare([("p1", entry())], [row(id="txn_1"), row(id="txn_1", line=3)]).differences
    assert (one.kind, one.lines) == (DifferenceKind.DUPLICATE, (2, 3))


def test_the_same_operation_settled_twice_is_a_duplicate() -> None:
    (one,) = compare([("p1", entry())], [row(), row(line=3)]).differences
    assert (one.kind, one.theirs, one.lines) == (DifferenceKind.DUPLICATE, eur("160.00"), (2, 3))


def test_two_captures_of_one_charge_are_none() -> None:
    """Stripe has one charge for all captures of a payment."""
    ledger = [("p1", entry(amount="40.00", id="a")), ("p1", entry(amount="40.00", id="b"))]
    assert compare(ledger, [row(amount="40.00"), row(amount="40.00", line=3)]).agrees


def test_a_partial_capture_is_the_charge_less_what_was_freed() -> None:
    assert compare([("p1", entry(amount="60.00"))], [row(), row(amount="-20.00", line=3)]).agrees


def test_a_refund_that_failed_is_none() -> None:
    rows = [row("re_1", "20.00", REFUND), row("re_1", "-20.00", REFUND, 3)]
    assert compare([], rows).agrees


def test_the_sums_of_a_fee_add_up() -> None:
    (one,) = compare([("p1", entry())], [row(fee=eur("1.45"), net=eur("78.45"))]).differences
    assert (one.kind, one.ours, one.theirs) == (DifferenceKind.FEE, eur("1.55"), eur("1.45"))
    assert compare([("p1", entry())], [row(fee=eur("1.45"), net=eur("78.55"))]).agrees


def test_a_fee_is_the_one_agreed() -> None:
    terms = FeeTerms(percent=Decimal("1.5"), fixed={"EUR": Decimal("0.25")})
    assert compare([("p1", entry())], [row(fee=eur("1.46"))], terms=terms).agrees, "one unit is rounding"
    (one,) = compare([("p1", entry())], [row(fee=eur("1.60"))], terms=terms).differences
    assert (one.kind, one.ours, one.theirs) == (DifferenceKind.FEE, eur("1.45"), eur("1.60"))


def test_a_chargeback_is_found_by_what_it_takes_back() -> None:
    """The report names the bank's case and the capture; the ledger has the gateway's id of the dispute."""
    ledger = [("p1", entry()), ("p1", entry("dispute-7", kind=CHARGEBACK))]
    assert compare(ledger, [row(), row("case-9", kind=CHARGEBACK, line=3, related=("ch_1",))]).agrees
    other = compare(ledger, [row(), row("case-9", "9.00", CHARGEBACK, 3, related=("ch_1",))])
    assert names(other) == [(DifferenceKind.AMOUNT, "case-9")]


def test_a_refund_made_in_the_dashboard_takes_no_place_of_another() -> None:
    """The one with its own name is matched first, whatever the order of the rows."""
    ledger = [("p1", entry()), ("p1", entry("re_1", "20.00", REFUND))]
    rows = [
        row(),
        row("re_2", "20.00", REFUND, 3, related=("ch_1",)),
        row("re_1", "20.00", REFUND, 4, related=("ch_1",)),
    ]
    assert names(compare(ledger, rows)) == [(DifferenceKind.MISSING_HERE, "re_2")]


def test_an_operation_that_has_its_row_is_not_given_to_another() -> None:
    ledger = [("p1", entry()), ("p1", entry("dp_1", kind=CHARGEBACK))]
    rows = [
        row(),
        row("dp_1", kind=CHARGEBACK, line=3),
        row("case-2", kind=CHARGEBACK, line=4, related=("dp_1", "ch_1")),
    ]
    assert names(compare(ledger, rows)) == [(DifferenceKind.MISSING_HERE, "case-2")]


def test_what_was_asked_around_the_time_is_matched_and_not_missed() -> None:
    early, late = NOW - timedelta(days=6), NOW + timedelta(days=6)
    ledger = [("p1", entry(at=early)), ("p2", entry("ch_2", at=early)), ("p3", entry("ch_3", at=late))]
    assert compare(ledger, [row()]).agrees
    found = compare(ledger, [row()], since=early, until=late + timedelta(seconds=1))
    assert [one.payment_id for one in found.differences] == ["p2", "p3"]


def test_only_money_that_moved_is_compared() -> None:
    ledger = [
        ("p1", entry()),
        ("p1", entry("pi_1", kind=OperationKind.AUTHORIZE)),
        ("p2", entry("ch_2", status=OperationStatus.FAILED)),
    ]
    assert compare(ledger, [row()]).agrees


def test_broken_and_skipped_rows_are_kept() -> None:
    broken = RowError(line=3, column="gross", value="x", reason="it is no amount", next_step="mend it")
    found = compare([("p1", entry())], [row(), broken, SkippedRow(line=4, kind="payout")])
    assert (found.agrees, found.broken, found.skipped, found.rows) == (False, (broken,), {"payout": 1}, 3)


def test_an_empty_report_says_no_time() -> None:
    with pytest.raises(EmptyReport):
        compare([], [])
    empty = compare([("p1", entry())], [], since=NOW, until=NOW + timedelta(days=1))
    assert names(empty) == [(DifferenceKind.MISSING_THERE, "ch_1")]


@given(st.data(), st.integers(1, 30))
def test_every_fault_is_found_once(data: st.DataObject, count: int) -> None:
    """Of a report that agrees, any rows dropped, changed or added are told: those, and nothing else."""
    ledger = [(f"p{n}", entry(f"ch_{n}", f"{n + 1}.00")) for n in range(count)]
    rows, expected = [], set()
    for n in range(count):
        fine = row(f"ch_{n}", f"{n + 1}.00", line=10 * n)
        fault = data.draw(st.sampled_from([None, *DifferenceKind]))
        if fault is not None:
            expected.add((fault, f"ch_{n}-x" if fault is DifferenceKind.MISSING_HERE else f"ch_{n}"))
        rows += {
            None: [fine],
            DifferenceKind.MISSING_THERE: [],
            DifferenceKind.MISSING_HERE: [fine, row(f"ch_{n}-x", "3.00", line=10 * n + 1)],
            DifferenceKind.AMOUNT: [row(f"ch_{n}", f"{n + 1}.01", line=10 * n)],
            DifferenceKind.CURRENCY: [evolve(fine, amount=Money("1.00", "USD"))],
            DifferenceKind.FEE: [evolve(fine, fee=eur("0.10"), net=eur(f"{n + 1}.00"))],
            DifferenceKind.DUPLICATE: [fine, row(f"ch_{n}", f"{n + 1}.00", line=10 * n + 1)],
        }[fault]
    found = compare(ledger, data.draw(st.permutations(rows)), since=NOW, until=NOW + timedelta(days=1))
    assert sorted(names(found)) == sorted(expected)
