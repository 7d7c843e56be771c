"""Confirm call and notice at the same moment, on every storage: one capture."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.payments.shop import HUNDRED, Till

from commerce.payments import OperationKind, PaymentStatus
from commerce.runtime import Storage
from commerce.testing.gateways import FakeGateway, Tokens


@pytest.fixture
def till(any_storage: Storage) -> Till:
    return Till(any_storage)


def test_confirm_call_and_notice_at_once(till: Till) -> None:
    """The customer comes back and the gateway tells, from many threads: authorized and captured once."""
    waiting = till.pay(token=Tokens.REDIRECT, capture=True)
    till.fake.customer_acts(waiting.id)
    notices = till.fake.notices()
    start = threading.Barrier(8)

    def go(n: int) -> None:
        start.wait()
        if n % 2:
            till.service.receive_notice("fake", notices[n % len(notices)])
        else:
            assert till.pay(token=Tokens.REDIRECT, capture=True).status is PaymentStatus.CAPTURED

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, range(8)))
    assert till.service.get(waiting.id).captured == till.fake.total(OperationKind.CAPTURE) == HUNDRED
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured"]


def test_one_command_from_many_threads(till: Till) -> None:
    """The same refund with the same key, at once: it happens once, and all are told so."""
    payment = till.pay(capture=True)
    start = threading.Barrier(8)

    def refund(_: int) -> str:
        start.wait()
        return till.service.refund(payment.id, "r", HUNDRED).status.value

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(refund, range(8))) <= {"refunded", "captured"}
    assert till.service.settle(payment.id).refunded == till.fake.total(OperationKind.REFUND) == HUNDRED
    assert till.events.count("PaymentRefunded") == 1


def test_void_and_capture_at_once(till: Till) -> None:
    """Either the money is taken or it is free, never both."""
    for n in range(5):
        payment = till.service.authorize(f"k{n}", order_ref=f"o{n}", amount=HUNDRED, gateway="fake")
        with ThreadPoolExecutor(2) as pool:
            taken = pool.submit(till.service.capture, payment.id, "c")
            freed = pool.submit(till.service.void, payment.id, "v")
            errors = [future.exception() for future in (taken, freed)]
        settled = till.service.settle(payment.id)
        assert settled.captured + settled.voided == HUNDRED
        assert bool(settled.captured) == (errors[0] is None)
        assert till.service.compare(payment.id) == ()


def test_the_outside_world_is_one_for_all_processes(tmp_path: Path) -> None:
    """Two fakes over one file are the same gateway: the same key does nothing twice."""
    gateways = [FakeGateway(tmp_path / "bank.db") for _ in range(2)]
    tills = [Till(gateway=gateway) for gateway in gateways]
    shared = tills[0]
    payment = shared.pay(capture=True)
    tills[1].service.begin = shared.service.begin
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda till: till.service.refund(payment.id, "r"), tills))
    assert gateways[0].total(OperationKind.REFUND) == gateways[1].total(OperationKind.REFUND) == HUNDRED
    for gateway in gateways:
        gateway.close()
