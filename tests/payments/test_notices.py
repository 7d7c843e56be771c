"""Notices: verified first, kept once, in any order, and nothing but a reason to ask the gateway."""

import threading
from datetime import timedelta

import pytest
from attrs import evolve
from tests.payments.shop import HUNDRED, NOTHING, Till

from commerce.payments import OperationKind, PaymentStatus, RawNotice
from commerce.testing.gateways import Fault, Tokens


@pytest.fixture
def till() -> Till:
    return Till()


def _tell(till: Till, raw: RawNotice) -> tuple[int, str]:
    reply = till.service.receive_notice("fake", raw)
    return reply.status, reply.body.decode()


def test_a_notice_settles(till: Till) -> None:
    """The customer paid elsewhere, and the gateway tells us."""
    waiting = till.pay(token=Tokens.ACTION)
    till.fake.customer_acts(waiting.id)
    first, second = till.fake.notices()
    assert _tell(till, second) == (200, "recorded")
    assert till.service.get(waiting.id).status is PaymentStatus.AUTHORIZED
    assert _tell(till, first) == (200, "recorded")
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized"]


def test_a_repeated_notice_asks_nobody(till: Till) -> None:
    """Once heeded, it is only acknowledged."""
    till.pay()
    (raw,) = till.fake.notices()
    assert _tell(till, raw) == (200, "recorded")
    asked = len(till.fake.calls)
    assert _tell(till, raw) == (200, "repeated")
    assert len(till.fake.calls) == asked


def test_a_forged_notice_changes_nothing(till: Till) -> None:
    """Not even a row is written, and the gateway is not asked."""
    waiting = till.pay(token=Tokens.ACTION)
    till.fake.customer_acts(waiting.id)
    for raw in till.fake.notices():
        for forged in (evolve(raw, body=raw.body + b" "), evolve(raw, headers={}), RawNotice()):
            assert _tell(till, forged) == (401, "rejected")
    assert till.service.get(waiting.id).status is PaymentStatus.WAITING
    assert till.service.replay_parked() == 0
    assert till.calls("fetch") == 0


def test_a_notice_about_something_else(till: Till) -> None:
    """Is acknowledged, and no more."""
    assert _tell(till, till.fake.sign({"id": "evt", "kind": "payout"})) == (200, "ignored")


def test_a_notice_of_another_amount(till: Till) -> None:
    """Is told so, and neither kept nor heeded; with the right one it is."""
    payment = till.pay(token=Tokens.ACTION)
    till.fake.customer_acts(payment.id)
    told = {"id": "evt", "payment": payment.id, "reference": payment.reference}
    assert _tell(till, till.fake.sign({**told, "amount": "1.00 EUR"})) == (422, "wrong_amount")
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert _tell(till, till.fake.sign({**told, "amount": "100.00 EUR"})) == (200, "recorded")


def test_a_notice_that_came_first_is_parked(till: Till) -> None:
    """Known by the gateway's reference only, before we wrote it down; replayed later."""
    told: list[tuple[int, str]] = []

    def come_first() -> None:
        raw = till.fake.sign({"id": "evt_early", "payment": "", "reference": "pay_1"})
        told.append(_tell(till, raw))

    till.fake.script("authorize", after=come_first)
    payment = till.pay(token=Tokens.ACTION)
    assert told == [(200, "parked")]
    till.fake.customer_acts(payment.id)
    assert till.service.replay_parked() == 1
    assert till.service.get(payment.id).status is PaymentStatus.AUTHORIZED
    assert till.service.replay_parked() == 0


def test_parked_notices_wait_and_are_forgotten(till: Till) -> None:
    """For a stranger's payment nobody comes; after 45 days the notice goes."""
    assert _tell(till, till.fake.sign({"id": "evt", "payment": "nobody", "reference": "x"})) == (200, "parked")
    assert till.service.replay_parked() == 0
    till.passed += timedelta(days=45)
    assert till.service.forget_notices() == 0
    till.passed += timedelta(seconds=1)
    assert till.service.forget_notices() == 1


def test_a_notice_while_the_gateway_is_down(till: Till) -> None:
    """The gateway is asked to repeat it, and we replay it too; heeded once."""
    till.pay()
    (raw,) = till.fake.notices()
    till.fake.script("fetch", Fault.UNAVAILABLE, times=2)
    assert _tell(till, raw) == (503, "failed")
    assert _tell(till, raw) == (503, "failed")
    assert till.service.replay_parked() == 1
    assert _tell(till, raw) == (200, "repeated")


def test_a_notice_that_cannot_be_verified_just_now(till: Till) -> None:
    """Some gateways have to be asked whether it is theirs: nothing is believed or kept, and it has to come again."""
    waiting = till.pay(token=Tokens.ACTION)
    till.fake.customer_acts(waiting.id)
    raw = till.fake.notices()[-1]
    for fault in (Fault.UNAVAILABLE, Fault.LOST_REQUEST):
        till.fake.script("parse_notice", fault)
        assert _tell(till, raw) == (503, "failed")
    assert (till.service.replay_parked(), till.calls("fetch")) == (0, 0)
    assert _tell(till, raw) == (200, "recorded")
    assert till.service.get(waiting.id).status is PaymentStatus.AUTHORIZED


def test_a_notice_whose_payment_comes_to_nothing(till: Till) -> None:
    """The customer approved and the attempt was given up meanwhile: heeded, though the answer is a no."""
    waiting = till.pay(token=Tokens.REDIRECT)
    till.fake.customer_acts(waiting.id)
    raw = till.fake.notices()[-1]
    till.fake.script("authorize", Fault.LOST_ANSWER, before=lambda: till.service.void(waiting.id, "v"))
    assert _tell(till, raw) == (200, "recorded")
    assert till.service.get(waiting.id).status is PaymentStatus.VOIDED
    assert _tell(till, raw) == (200, "repeated")


def test_one_bad_notice_stops_no_other(till: Till) -> None:
    till.pay()
    till.service.authorize("other", order_ref="order-2", amount=HUNDRED, gateway="fake")
    till.fake.script("fetch", Fault.UNAVAILABLE, times=2)
    for raw in till.fake.notices():
        assert _tell(till, raw) == (503, "failed")
    till.fake.script("fetch", before=_trip)
    assert till.service.replay_parked() == 1
    assert till.service.replay_parked() == 1


def _trip() -> None:
    raise ZeroDivisionError


def test_a_notice_of_another_gateway_is_not_ours(till: Till) -> None:
    """Each gateway speaks of its own payments only."""
    payment = till.pay(gateway="once")
    raw = till.fake.sign({"id": "evt", "payment": payment.id, "reference": payment.reference})
    assert _tell(till, raw) == (200, "parked")


@pytest.mark.parametrize("notice_first", [True, False])
def test_confirm_call_and_notice_race(till: Till, *, notice_first: bool) -> None:
    """The notice overtakes the answer, or comes after it: one capture."""
    payment = till.pay()
    till.fake.notices()

    def tell() -> None:
        for raw in till.fake.notices():
            assert _tell(till, raw) == (200, "recorded")

    if notice_first:
        till.fake.script("capture", after=tell)
    captured = till.service.capture(payment.id, "c")
    tell()
    assert captured.captured == till.fake.total(OperationKind.CAPTURE) == HUNDRED
    assert till.events == ["PaymentAuthorized", "PaymentCaptured"]


def test_a_refund_and_its_notice_at_once(till: Till) -> None:
    """From two threads, many times: every refund counts once."""
    payment = till.pay(capture=True)
    till.fake.notices()
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            for raw in till.fake.notices():
                till.service.receive_notice("fake", raw)

    listener = threading.Thread(target=listen)
    listener.start()
    for n in range(10):
        till.service.refund(payment.id, f"r{n}", HUNDRED.allocate([1] * 10)[0])
    stop.set()
    listener.join()
    settled = till.service.settle(payment.id)
    assert settled.refunded == till.fake.total(OperationKind.REFUND) == HUNDRED
    assert settled.refundable == NOTHING
    assert till.events.count("PaymentRefunded") == 10
