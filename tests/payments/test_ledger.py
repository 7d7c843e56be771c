"""The gateway's truth, however it is told: with keys, references or neither, whole or in part, late or wrong."""

from datetime import timedelta

import pytest
from attrs import evolve
from tests.payments.shop import HUNDRED, NOTHING, TEN

from commerce.kernel import Money
from commerce.payments import (
    Action,
    ActionKind,
    ActionRequired,
    DeclineCode,
    Declined,
    GatewayAbilities,
    GatewayState,
    Operation,
    OperationKind,
    OperationStatus,
    Payment,
    PaymentStatus,
    Pending,
    Succeeded,
    entry_id,
)
from commerce.testing.conformance.storage import NOW

ABLE = GatewayAbilities()
PATIENCE = timedelta(minutes=5)


def told(
    kind: OperationKind,
    amount: Money,
    *,
    status: OperationStatus = OperationStatus.SUCCEEDED,
    key: str = "",
    reference: str = "",
) -> Operation:
    return Operation(kind=kind, amount=amount, status=status, key=key, reference=reference)


AUTHORIZED = told(OperationKind.AUTHORIZE, HUNDRED, reference="a1")


def settle(payment: Payment, *operations: Operation, minutes: int = 0, complete: bool = True) -> None:
    state = GatewayState(operations=operations, reference="pay_1", complete=complete)
    payment.settle(state, at=NOW + timedelta(minutes=minutes), patience=PATIENCE)


def start(*, capture: bool = False) -> Payment:
    payment = Payment(
        id="p1", key="k", order_ref="o", gateway="bank", amount=HUNDRED, capture_at_once=capture, created_at=NOW
    )
    payment.begin()
    return payment


@pytest.mark.parametrize("status", [PaymentStatus.DECLINED, PaymentStatus.FAILED])
def test_held_and_set_free_behind_a_no(status: PaymentStatus) -> None:
    """The gateway held the money after all, and freed it before anybody looked: one look tells both."""
    payment = start()
    if status is PaymentStatus.DECLINED:
        payment.answer(payment.authorization, Declined(code=DeclineCode.DECLINED))
    else:
        payment.unavailable(payment.authorization)
    assert payment.status is status
    settle(payment, AUTHORIZED, told(OperationKind.VOID, HUNDRED, reference="v1"))
    assert payment.status is PaymentStatus.VOIDED


@pytest.fixture
def held() -> Payment:
    payment = start()
    payment.answer(payment.authorization, Succeeded(reference="pay_1"))
    return payment


@pytest.fixture
def taken(held: Payment) -> Payment:
    entry = held.request_capture("c", None, ABLE, final=False, at=NOW)
    assert entry is not None
    held.answer(entry, Succeeded(reference="c1"))
    return held


def test_known_by_reference(taken: Payment) -> None:
    """Operations without our key are ours by the gateway's reference, told as often as it likes."""
    for _ in range(2):
        settle(taken, AUTHORIZED, told(OperationKind.CAPTURE, HUNDRED, reference="c1"))
    assert (taken.captured, len(taken.ledger)) == (HUNDRED, 2)


def test_known_by_kind_and_amount(taken: Payment) -> None:
    """Of those whose answer was lost, the first of that amount; the other is still looked for."""
    first, second, other = (
        taken.request_refund(key, TEN * n, ABLE, at=NOW) for key, n in (("a", 1), ("b", 1), ("c", 2))
    )
    for entry in (first, second, other):
        taken.lose(entry)
    capture = told(OperationKind.CAPTURE, HUNDRED, reference="c1")
    for _ in range(2):
        settle(taken, AUTHORIZED, capture, told(OperationKind.REFUND, TEN, reference="r1"))
    assert [taken.by_id(e.id).status for e in (first, second, other)] == [
        OperationStatus.SUCCEEDED,
        OperationStatus.UNKNOWN,
        OperationStatus.UNKNOWN,
    ]
    assert taken.by_id(first.id).reference == "r1"
    assert taken.refundable == TEN * 6


def test_another_hand_is_not_mistaken_for_ours(taken: Payment) -> None:
    """A refund with a key that we do not know is somebody else's, also if the amount fits."""
    ours = taken.request_refund("r", TEN, ABLE, at=NOW)
    settle(taken, AUTHORIZED, told(OperationKind.REFUND, TEN, key="f" * 32, reference="r9"))
    assert taken.by_id(ours.id).status is OperationStatus.REQUESTED
    assert (taken.refunded, taken.refundable) == (TEN, TEN * 8)


def test_what_another_hand_did_is_found_once(taken: Payment) -> None:
    """Whatever key is on it, and however often it is told."""
    foreign = told(OperationKind.REFUND, TEN, key="f" * 32, reference="r9")
    for _ in range(3):
        settle(taken, AUTHORIZED, foreign)
    assert (taken.refunded, len(taken.ledger)) == (TEN, 3)


@pytest.mark.parametrize("theirs_first", [True, False])
def test_a_refund_in_the_dashboard_does_not_take_the_place_of_ours(taken: Payment, *, theirs_first: bool) -> None:
    """Of the same amount, and ours is in doubt: ours has our key, so the other one is the other's."""
    ours = taken.request_refund("r", TEN, ABLE, at=NOW)
    taken.lose(ours)
    refunds = [
        told(OperationKind.REFUND, TEN, reference="r1"),
        told(OperationKind.REFUND, TEN, key=ours.id, reference="r2"),
    ]
    for _ in range(3):
        settle(taken, AUTHORIZED, *(refunds if theirs_first else reversed(refunds)))
    assert taken.by_id(ours.id).reference == "r2"
    assert (taken.refunded, len(taken.ledger)) == (TEN * 2, 4)


def test_both_halves_of_one_call() -> None:
    """Captured at once: by the key of the authorization, by reference, or without either."""
    for key, reference in ((entry_id("p1", OperationKind.AUTHORIZE, "k"), ""), ("", "c1")):
        capture = told(OperationKind.CAPTURE, HUNDRED, key=key, reference=reference)
        payment = start(capture=True)
        for _ in range(2):
            settle(payment, AUTHORIZED, capture)
        assert (payment.status, len(payment.ledger)) == (PaymentStatus.CAPTURED, 2)
        payment = start(capture=True)
        payment.answer(payment.authorization, Succeeded(reference="a1"))
        settle(payment, AUTHORIZED, capture)
        assert (payment.captured, len(payment.ledger)) == (HUNDRED, 2)


def test_the_rest_goes_with_the_capture(held: Payment) -> None:
    """Whether the gateway tells of it or not."""
    entry = held.request_capture("c", TEN, ABLE, final=False, at=NOW)
    assert entry is not None
    held.lose(entry)
    without, with_rest = held.snapshot(), held.snapshot()
    capture = told(OperationKind.CAPTURE, TEN, key=entry.id)
    settle(without, AUTHORIZED, capture)
    settle(with_rest, AUTHORIZED, capture, told(OperationKind.VOID, TEN * 9, key=entry.id))
    for payment in (without, with_rest):
        assert (payment.captured, payment.voided, payment.open) == (TEN, TEN * 9, False)
    settle(held, AUTHORIZED, minutes=5)
    assert (held.capturable, held.open) == (HUNDRED, False)


def test_a_pending_capture_keeps_its_rest(held: Payment) -> None:
    """However long it takes, the rest is neither free nor given up before the capture is known."""
    entry = held.request_capture("c", TEN, ABLE, final=False, at=NOW)
    assert entry is not None
    held.answer(entry, Pending(reference="c1"))
    pending = told(OperationKind.CAPTURE, TEN, status=OperationStatus.PENDING, key=entry.id)
    settle(held, AUTHORIZED, pending, minutes=600)
    assert (held.capturable, held.voided) == (NOTHING, NOTHING)
    settle(held, AUTHORIZED, evolve(pending, status=OperationStatus.SUCCEEDED), minutes=601)
    assert (held.captured, held.voided) == (TEN, TEN * 9)


def test_what_cannot_be_told_is_not_concluded(held: Payment) -> None:
    """From a state that is not complete nothing is missing, however late."""
    held.request_capture("c", None, ABLE, final=False, at=NOW)
    settle(held, AUTHORIZED, minutes=600, complete=False)
    assert held.capturable == NOTHING
    settle(held, AUTHORIZED, minutes=600)
    assert held.capturable == HUNDRED


def test_old_news_change_nothing(taken: Payment) -> None:
    """A state read before the answer, written down after it; and a capture is never un-taken."""
    capture = taken.ledger[1]
    for status in OperationStatus:
        settle(taken, AUTHORIZED, told(OperationKind.CAPTURE, HUNDRED, status=status, key=capture.id))
        settle(taken, evolve(AUTHORIZED, status=status))
        assert (taken.captured, taken.status) == (HUNDRED, PaymentStatus.CAPTURED)


def test_a_repetition_does_not_overwrite_news(held: Payment) -> None:
    """Answered between finding it open and sending it again: it stays answered."""
    entry = held.request_capture("c", None, ABLE, final=False, at=NOW)
    assert entry is not None
    held.answer(entry, Succeeded(reference="c1"))
    held.repeat(entry, at=NOW)
    assert (held.captured, held.by_id(entry.id).reference) == (HUNDRED, "c1")


def test_a_failed_refund_stays_failed(taken: Payment) -> None:
    """Old news that it is pending do not open it again; that it arrived after all does."""
    entry = taken.request_refund("r", TEN, ABLE, at=NOW)
    refund = told(OperationKind.REFUND, TEN, status=OperationStatus.FAILED, key=entry.id)
    settle(taken, AUTHORIZED, refund)
    settle(taken, AUTHORIZED, evolve(refund, status=OperationStatus.PENDING))
    assert (taken.refundable, taken.by_id(entry.id).reason) == (HUNDRED, DeclineCode.DECLINED)
    settle(taken, AUTHORIZED, evolve(refund, status=OperationStatus.SUCCEEDED))
    assert taken.refunded == TEN


def test_failures_of_others_are_not_written_down(taken: Payment) -> None:
    """Somebody's refund that failed concerns nobody here."""
    settle(taken, AUTHORIZED, told(OperationKind.REFUND, TEN, status=OperationStatus.FAILED, reference="r9"))
    assert len(taken.ledger) == 2


def test_a_page_that_ran_out(held: Payment) -> None:
    """The gateway knows nothing, and the customer can no longer come: it timed out, and is watched."""
    payment = start(capture=True)
    end = NOW + timedelta(minutes=15)
    action = Action(kind=ActionKind.REDIRECT, url="https://bank.example/p1", expires_at=end)
    payment.answer(payment.authorization, ActionRequired(action=action, reference="pay_1"))
    settle(payment, minutes=19)
    assert payment.status is PaymentStatus.WAITING
    settle(payment, minutes=20)
    assert (payment.status, payment.authorization.reason) == (PaymentStatus.DECLINED, DeclineCode.TIMED_OUT)
    assert [(entry.open, entry.reason) for entry in payment.ledger] == [(False, DeclineCode.TIMED_OUT)] * 2
    assert payment.watched_until is not None


def test_a_page_that_the_gateway_still_shows_did_not_run_out() -> None:
    """Whatever its time was to be: the gateway knows of it, and the customer may be on it."""
    payment = start()
    action = Action(kind=ActionKind.REDIRECT, url="https://bank.example/p1", expires_at=NOW)
    payment.answer(payment.authorization, ActionRequired(action=action, reference="pay_1"))
    settle(payment, evolve(AUTHORIZED, status=OperationStatus.WAITING), minutes=600)
    assert payment.status is PaymentStatus.WAITING


def test_a_no_is_for_both_halves_of_one_call() -> None:
    """What was to be taken at once is not waited for when the authorization failed."""
    payment = start(capture=True)
    settle(payment, evolve(AUTHORIZED, status=OperationStatus.FAILED, reason=DeclineCode.EXPIRED_CARD))
    assert [entry.reason for entry in payment.ledger] == [DeclineCode.EXPIRED_CARD] * 2
    assert not payment.open


def test_held_is_not_taken() -> None:
    """Of what was to be taken at once the gateway tells that it is held, and no more: it is not taken yet."""
    payment = start(capture=True)
    settle(payment, AUTHORIZED)
    assert (payment.authorized, payment.captured, payment.open) == (HUNDRED, NOTHING, True)


@pytest.mark.parametrize("answered", [True, False])
def test_a_void_frees_what_was_kept_for_a_capture_in_doubt(held: Payment, *, answered: bool) -> None:
    """All there is, by the gateway's word, whether or not its answer came: it is one void and counts once."""
    capture = held.request_capture("c", TEN, GatewayAbilities(multi_capture=True), final=False, at=NOW)
    assert capture is not None
    held.lose(capture)
    void = held.request_void("v", ABLE, at=NOW)
    assert void is not None
    assert void.amount == TEN * 9
    if answered:
        held.answer(void, Succeeded(reference="v1"))
    else:
        held.lose(void)
    settle(held, AUTHORIZED, told(OperationKind.VOID, HUNDRED, reference="v1"), minutes=5)
    assert (held.voided, held.authorized, held.status) == (HUNDRED, NOTHING, PaymentStatus.VOIDED)
    assert (len(held.ledger), held.open) == (3, False)


def test_what_is_sent_again_may_take_its_time_again(held: Payment) -> None:
    """Patience counts from the last sending."""
    entry = held.request_capture("c", None, ABLE, final=False, at=NOW)
    assert entry is not None
    held.lose(entry)
    held.repeat(entry, at=NOW + timedelta(minutes=4))
    settle(held, AUTHORIZED, minutes=8)
    assert held.by_id(entry.id).open
    settle(held, AUTHORIZED, minutes=9)
    assert held.by_id(entry.id).reason is DeclineCode.NEVER_ARRIVED


def test_what_others_did_keeps_its_time(taken: Payment) -> None:
    """A refund in the dashboard is booked when it was made, not when it was found."""
    made = NOW - timedelta(days=3)
    settle(taken, AUTHORIZED, evolve(told(OperationKind.REFUND, TEN, reference="r9"), at=made))
    settle(taken, AUTHORIZED, told(OperationKind.CHARGEBACK, TEN, reference="d9"), minutes=1)
    assert [entry.at for entry in taken.ledger[2:]] == [made, NOW + timedelta(minutes=1)]


def test_the_action_is_found_again() -> None:
    """Where its answer was lost, the gateway's state tells what the customer has to do."""
    payment = start()
    payment.lose(payment.authorization)
    action = Action(kind=ActionKind.CLIENT, token="secret")  # noqa: S106 - a made-up one
    state = GatewayState(operations=(evolve(AUTHORIZED, status=OperationStatus.WAITING),), action=action)
    payment.settle(state, at=NOW, patience=PATIENCE)
    assert (payment.status, payment.action) == (PaymentStatus.WAITING, action)


def test_the_gateways_amount_counts() -> None:
    """Less was authorized than asked: what is there can be captured, after somebody looked."""
    payment = start(capture=True)
    payment.answer(payment.authorization, Succeeded(reference="a1", amount=TEN))
    assert (payment.status, payment.authorized, payment.captured) == (PaymentStatus.REVIEW, TEN, TEN)
    payment.accept()
    assert payment.status is PaymentStatus.CAPTURED
