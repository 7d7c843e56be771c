"""What Stripe's objects say, where the stand-in has no occasion to say it."""

from typing import Any

import pytest
from commerce_stripe.reading import state_of

from commerce.kernel import Money
from commerce.payments import Operation, OperationKind, OperationStatus


def intent(**more: object) -> dict[str, Any]:
    charge = {"id": "ch_1", "status": "succeeded"}
    return {
        "id": "pi_1",
        "amount": 1000,
        "amount_received": 600,
        "currency": "eur",
        "status": "succeeded",
        "capture_method": "manual",
        "latest_charge": charge,
        "last_payment_error": None,
        "next_action": None,
        "client_secret": "pi_1_secret",
        "metadata": {},
        **more,
    }


def refund(**more: object) -> dict[str, Any]:
    return {
        "id": "re_1",
        "amount": 400,
        "currency": "eur",
        "status": "succeeded",
        "metadata": {},
        "balance_transaction": "txn_1",
        **more,
    }


def kinds(operations: tuple[Operation, ...]) -> list[str]:
    return [operation.kind.value for operation in operations]


def test_the_note_of_a_freed_rest_is_no_refund() -> None:
    """No money moved and nobody asked; with money moved, or our key on it, it is one."""
    note = refund(balance_transaction=None)
    assert kinds(state_of(intent(), [note], [], ()).operations) == ["authorize", "capture", "void"]
    for real in (refund(), refund(amount=399, balance_transaction=None), note | {"metadata": {"commerce_key": "k"}}):
        assert kinds(state_of(intent(), [real], [], ()).operations)[-1] == "refund"


def test_a_capture_takes_its_key_from_the_ledger() -> None:
    """Stripe keeps none of a single capture; the amount names it."""
    asked = Operation(
        kind=OperationKind.CAPTURE, amount=Money("6.00", "EUR"), status=OperationStatus.UNKNOWN, key="k" * 32
    )
    assert state_of(intent(), [], [], [asked]).operations[1].key == "k" * 32
    assert state_of(intent(amount_received=500), [], [], [asked]).operations[1].key == ""


def test_captures_with_our_keys_and_one_of_somebody_else() -> None:
    noted = {"capture_" + "a" * 32: "100", "capture_" + "b" * 32: "200"}
    operations = state_of(intent(metadata=noted), [], [], ()).operations
    captures = [(o.key[:1], o.amount.minor) for o in operations if o.kind is OperationKind.CAPTURE]
    assert captures == [("a", 100), ("b", 200), ("", 300)]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("warning_needs_response", []),
        ("warning_closed", []),
        ("prevented", []),
        ("needs_response", ["chargeback"]),
        ("lost", ["chargeback"]),
        ("won", ["chargeback", "chargeback_reversal"]),
    ],
)
def test_only_disputes_that_took_money_are_chargebacks(status: str, told: list[str]) -> None:
    dispute = {"id": "dp_1", "amount": 600, "currency": "eur", "status": status}
    assert kinds(state_of(intent(), [], [dispute], ()).operations)[3:] == told


@pytest.mark.parametrize(
    ("reason", "told"), [("automatic", "timed_out"), ("fraudulent", "suspected_fraud"), (None, "abandoned")]
)
def test_why_an_intent_was_cancelled(reason: str | None, told: str) -> None:
    cancelled = intent(status="canceled", amount_received=0, latest_charge=None, cancellation_reason=reason)
    first = state_of(cancelled, [], [], ()).operations[0]
    assert (first.status, first.reason) == (OperationStatus.FAILED, told)
