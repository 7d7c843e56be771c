"""From the approval to the last refund: the payments module, the plugin and PayPal's stand-in together."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from commerce.kernel import Money, OutcomeUnknown
from commerce.payments import (
    ActionKind,
    OperationKind,
    PaymentDeclined,
    PaymentStatus,
    RawNotice,
    RefundTooMuch,
)
from commerce.testing.gateways.paypal import PayPalServer
from commerce.testing.serving import HttpFault, deliver, over_http, serve

HUNDRED = Money("100.00", "EUR")

on_both_storages = pytest.mark.parametrize("till", ["memory", "sqlite"], indirect=True)


@on_both_storages
def test_the_whole_way(paypal: PayPalServer, till: Any) -> None:
    """Approval, a notice over HTTP, capture, refunds in parts, and not a cent more."""
    waiting = till.pay()
    assert waiting.status is PaymentStatus.WAITING
    assert waiting.action is not None
    assert waiting.action.kind is ActionKind.REDIRECT
    assert waiting.action.url == f"{paypal.url}/checkoutnow?token={waiting.reference}"
    paypal.approve(waiting.reference)
    with serve(till.receive) as url:
        replies = deliver(paypal.notices(), over_http(url))
    assert {reply.status for reply in replies} == {200}
    assert till.service.get(waiting.id).status is PaymentStatus.AUTHORIZED

    till.service.capture(waiting.id, "c")
    for n, part in enumerate(HUNDRED.allocate([1, 2, 3])):
        till.service.refund(waiting.id, f"r{n}", part)
    with pytest.raises(RefundTooMuch):
        till.service.refund(waiting.id, "more", Money("0.01", "EUR"))
    payment = till.service.settle(waiting.id)
    assert payment.status is PaymentStatus.REFUNDED
    assert till.service.compare(payment.id) == ()
    assert till.events == [
        *("PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured"),
        *("PaymentRefunded", "PaymentRefunded", "PaymentRefunded"),
    ]
    deliver(paypal.notices(), till.receive)
    assert till.service.get(payment.id).version == payment.version


@pytest.mark.parametrize("seed", range(5))
def test_notices_doubled_and_out_of_order(paypal: PayPalServer, till: Any, seed: int) -> None:
    """Whatever comes, and how often: it only makes us look."""
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    payment = till.pay(capture=True)
    captured = next(e for e in till.service.settle(payment.id).ledger if e.kind is OperationKind.CAPTURE)
    paypal.refund(captured.reference, "25.00")
    notices = paypal.notices() * 2
    random.Random(seed).shuffle(notices)  # noqa: S311 - an order, not a secret
    assert {reply.status for reply in deliver(notices, till.receive)} == {200}
    assert till.service.get(payment.id).refunded == Money("25.00", "EUR")
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured", "PaymentRefunded"]


def test_a_refund_in_the_dashboard_is_heard_of_by_its_own_notice(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    payment = till.pay(capture=True)
    captured = next(e for e in till.service.settle(payment.id).ledger if e.kind is OperationKind.CAPTURE)
    paypal.refund(captured.reference, "25.00")
    deliver([n for n in paypal.notices() if b"PAYMENT.REFUND." in n.body], till.receive)
    assert till.service.get(payment.id).refunded == Money("25.00", "EUR")


@on_both_storages
def test_customer_back_and_notice_from_many_threads(paypal: PayPalServer, till: Any) -> None:
    """The return, the notice, and both again: one capture."""
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    notices = paypal.notices() * 2
    with ThreadPoolExecutor(4) as pool:
        for done in [
            *(pool.submit(till.receive, notice) for notice in notices),
            *(pool.submit(till.pay, capture=True) for _ in range(3)),
        ]:
            done.result()
    assert till.service.settle(payment.id).captured == HUNDRED
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured"]
    captures = [r for r in paypal.resources.values() if r.get("custom_id") == payment.id]
    assert len(captures) == 1


def test_the_notice_of_a_capture_comes_before_the_answer(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    paypal.notices()
    paypal.script(
        method="POST", path="/v2/checkout/orders/*/capture", meanwhile=lambda: deliver(paypal.notices(), till.receive)
    )
    assert till.pay(capture=True).status is PaymentStatus.CAPTURED
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured"]


def test_a_forged_notice_changes_nothing(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay()
    paypal.approve(payment.reference)
    forged = [RawNotice(headers=n.headers, body=n.body.replace(b"ORDER", b"OTHER")) for n in paypal.notices()]
    assert {till.receive(notice).status for notice in forged} == {400}
    assert till.service.get(payment.id).status is PaymentStatus.WAITING


def test_a_notice_is_repeated_until_we_could_look(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay()
    paypal.approve(payment.reference)
    notice = paypal.notices()[-1]
    paypal.script(HttpFault.DOWN, method="GET")
    assert till.receive(notice).status == 503
    assert till.receive(notice).status == 200
    assert till.service.get(payment.id).status is PaymentStatus.AUTHORIZED


def test_the_funds_are_declined_after_the_approval(paypal: PayPalServer, till: Any) -> None:
    """Another attempt gets another order."""
    payment = till.pay()
    paypal.approve(payment.reference)
    paypal.decline_next()
    with pytest.raises(PaymentDeclined) as declined:
        till.pay()
    assert declined.value.may_retry
    second = till.pay(key="second")
    assert second.reference != payment.reference
    paypal.approve(second.reference)
    assert till.pay(key="second").status is PaymentStatus.AUTHORIZED


def test_nobody_approved_in_time(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay()
    paypal.expire(payment.reference)
    payment = till.service.settle(payment.id)
    assert payment.status is PaymentStatus.DECLINED
    assert payment.authorization.reason == "timed_out"


def test_given_up_and_then_approved(paypal: PayPalServer, till: Any) -> None:
    """Nothing is taken of an order that we gave up."""
    payment = till.pay(capture=True)
    assert till.service.void(payment.id, "v").status is PaymentStatus.VOIDED
    paypal.approve(payment.reference)
    deliver(paypal.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.VOIDED
    assert paypal.orders[payment.reference]["status"] == "APPROVED"


def test_captured_per_shipment_and_refunded_across(paypal: PayPalServer, till: Any) -> None:
    """Several captures, the rest freed, everything given back at once: the ledger and PayPal agree."""
    payment = till.pay()
    paypal.approve(payment.reference)
    payment = till.pay()
    till.service.capture(payment.id, "c1", Money("40.00", "EUR"))
    till.service.capture(payment.id, "c2", Money("35.00", "EUR"))
    payment = till.service.void(payment.id, "v")
    assert (payment.captured, payment.voided) == (Money("75.00", "EUR"), Money("25.00", "EUR"))
    payment = till.service.refund(payment.id, "r")
    assert payment.status is PaymentStatus.REFUNDED
    deliver(paypal.notices(), till.receive)
    assert till.service.compare(payment.id) == ()
    assert len(till.service.get(payment.id).ledger) == len(payment.ledger)


def test_a_last_capture_frees_the_rest(paypal: PayPalServer, till: Any) -> None:
    payment = till.pay()
    paypal.approve(payment.reference)
    payment = till.pay()
    payment = till.service.capture(payment.id, "c", Money("40.00", "EUR"), final=True)
    assert payment.voided == Money("60.00", "EUR")
    assert till.service.settle(payment.id).voided == Money("60.00", "EUR")
    assert till.service.compare(payment.id) == ()


@pytest.mark.parametrize(("ends", "status"), [("COMPLETED", "captured"), ("DECLINED", "declined")])
def test_paypal_takes_its_time(paypal: PayPalServer, till: Any, ends: str, status: str) -> None:
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    paypal.hold()
    assert till.pay(capture=True).status is PaymentStatus.PENDING
    capture = next(r["id"] for r in paypal.resources.values() if r["custom_id"] == payment.id)
    paypal.settle(capture, ends)
    deliver(paypal.notices(), till.receive)
    assert till.service.get(payment.id).status == status


@pytest.mark.parametrize(("ends", "refunded"), [("COMPLETED", "40.00"), ("FAILED", "0.00")])
def test_a_refund_that_takes_its_time(paypal: PayPalServer, till: Any, ends: str, refunded: str) -> None:
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    till.pay(capture=True)
    paypal.hold()
    payment = till.service.refund(payment.id, "r", Money("40.00", "EUR"))
    assert (payment.refunded, payment.refundable) == (Money("0.00", "EUR"), Money("60.00", "EUR"))
    refund = next(e for e in payment.ledger if e.kind is OperationKind.REFUND)
    paypal.settle(refund.reference, ends)
    deliver(paypal.notices(), till.receive)
    assert till.service.get(payment.id).refunded == Money(refunded, "EUR")


def test_a_currency_without_decimals(paypal: PayPalServer, till: Any) -> None:
    yen = Money("5000", "JPY")
    payment = till.pay(capture=True, amount=yen)
    paypal.approve(payment.reference)
    assert till.pay(capture=True, amount=yen).captured == yen
    assert paypal.orders[payment.reference]["purchase_units"][0]["amount"]["value"] == "5000"


@on_both_storages
def test_an_answer_lost_on_the_way_to_the_till(paypal: PayPalServer, till: Any) -> None:
    """The service asks at once: the caller notices nothing."""
    payment = till.pay(capture=True)
    paypal.approve(payment.reference)
    paypal.script(HttpFault.LOST_ANSWER, method="POST", path="*/capture")
    assert till.pay(capture=True).status is PaymentStatus.CAPTURED
    paypal.script(HttpFault.LOST_ANSWER, method="POST", path="*/refund")
    assert till.service.refund(payment.id, "r").status is PaymentStatus.REFUNDED
    assert paypal.count("POST", "*/capture") == paypal.count("POST", "*/refund") == 1


@pytest.mark.parametrize("fault", [None, HttpFault.LOST_ANSWER, HttpFault.BROKEN_AFTER])
def test_a_void_frees_what_was_kept_for_a_capture_in_doubt(
    paypal: PayPalServer, till: Any, fault: HttpFault | None
) -> None:
    """PayPal frees all there is: the ledger says so, once, whether or not the answer came."""
    paypal.approve(till.pay().reference)
    payment = till.pay()
    paypal.script(HttpFault.DOWN, path="*/capture")
    with pytest.raises(OutcomeUnknown):
        till.service.capture(payment.id, "c", Money("10.00", "EUR"))
    if fault is not None:
        paypal.script(fault, path="*/void")
    till.service.void(payment.id, "v")
    till.wait()
    payment = till.service.settle(payment.id)
    assert (payment.status, payment.voided) == (PaymentStatus.VOIDED, HUNDRED)
    assert till.service.compare(payment.id) == ()
    assert not payment.open
