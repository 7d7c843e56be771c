"""A shop that is paid through MoMo: the service, a storage, the plugin and the stand-in together."""

import threading
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from commerce_momo import MoMoAmountRefused

from commerce.kernel import Money, OutcomeUnknown
from commerce.payments import ActionKind, PaymentDeclined, PaymentStatus, RefundTooMuch
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.serving import HttpFault, over_http, serve

if TYPE_CHECKING:
    from conftest import Till, World

ALL = Money(100_000, "VND")
NOTHING = Money(0, "VND")


def test_from_the_page_to_the_last_refund(till: "Till", server: MoMoServer) -> None:
    """Asked, sent away, paid, told, given back in parts, and never more than was paid."""
    waiting = till.pay()
    assert waiting.status is PaymentStatus.WAITING
    assert waiting.action is not None
    assert waiting.action.kind is ActionKind.REDIRECT
    assert till.pay().action == waiting.action
    ref = till.visit(waiting)
    server.approve(ref)
    assert server.send_notices(till.receive) == [204]
    paid = till.service.get(waiting.id)
    assert (paid.status, paid.captured) == (PaymentStatus.CAPTURED, ALL)
    part = till.service.refund(paid.id, "refund-1", Money(30_000, "VND"))
    assert (part.status, part.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, Money(30_000, "VND"))
    with pytest.raises(RefundTooMuch):
        till.service.refund(paid.id, "refund-2", Money(70_001, "VND"))
    till.service.refund(paid.id, "refund-3", Money(20_000, "VND"))
    till.service.refund(paid.id, "refund-3", Money(20_000, "VND"))
    done = till.service.refund(paid.id, "refund-4")
    assert (done.status, done.refunded) == (PaymentStatus.REFUNDED, ALL)
    assert server.refunds(ref) == [(30_000, 0), (20_000, 0), (50_000, 0)]
    assert till.service.compare(paid.id) == ()
    assert till.events.count("PaymentCaptured") == 1
    assert till.events.count("PaymentRefunded") == 3


def test_held_and_captured_later(till: "Till", server: MoMoServer) -> None:
    """9000, then the capture; a second one takes nothing more."""
    held = till.paid(capture=False)
    assert (held.status, held.authorized, held.captured) == (PaymentStatus.AUTHORIZED, ALL, NOTHING)
    for key in ("capture-1", "capture-1", "capture-2"):
        assert till.service.capture(held.id, key).captured == ALL
    assert server.count("POST", "*/confirm") == 1
    assert till.service.compare(held.id) == ()


def test_held_and_freed(till: "Till", server: MoMoServer) -> None:
    """Nothing was taken, and nothing is held."""
    held = till.paid(capture=False)
    assert till.service.void(held.id, "void-1").status is PaymentStatus.VOIDED
    assert server.state(held.reference) == 1003
    assert till.service.compare(held.id) == ()


def test_held_too_long(till: "Till", server: MoMoServer) -> None:
    """MoMo frees it by itself and says so."""
    held = till.paid(capture=False)
    server.lapse(held.reference)
    assert server.send_notices(till.receive) == [204]
    assert till.service.get(held.id).status is PaymentStatus.VOIDED


def test_over_real_http_both_ways(till: "Till", server: MoMoServer) -> None:
    """The IPN is a POST to the shop's own address, answered 204 without a body."""
    with serve(till.receive) as shop:
        payment = till.pay()
        server.approve(till.visit(payment))
        assert server.send_notices(over_http(f"{shop}/notices/momo")) == [204]
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_a_lost_notice_is_not_missed(till: "Till", server: MoMoServer, world: "World") -> None:
    """MoMo is asked before anybody is told that it was not paid."""
    payment = till.pay()
    server.approve(till.visit(payment))
    server.notices()
    world.wait(minutes=6)
    assert till.service.settle_open() == 1
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_the_way_back_may_come_first(till: "Till", server: MoMoServer) -> None:
    """The browser is back before the IPN; the IPN then finds it done, however often it comes."""
    payment = till.pay()
    raw = server.approve(till.visit(payment))
    assert till.pay().status is PaymentStatus.CAPTURED
    assert [till.receive(raw).status for _ in range(3)] == [204, 204, 204]
    assert till.events.count("PaymentCaptured") == 1


def test_many_notices_at_once(till: "Till", server: MoMoServer) -> None:
    """In a crowd: one capture, and nobody is told it failed."""
    payment = till.pay()
    raw = server.approve(till.visit(payment))
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(till.receive(raw).status)) for _ in range(6)]
    threads += [threading.Thread(target=lambda: till.service.settle(payment.id)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {204}
    assert till.service.get(payment.id).captured == ALL
    assert till.events.count("PaymentCaptured") == 1


def test_notices_of_two_payments_cross(till: "Till", server: MoMoServer) -> None:
    """A failed attempt is told after the one that succeeded: each finds its own."""
    first = till.pay(key="pay-1")
    server.cancel(till.visit(first))
    with pytest.raises(PaymentDeclined, match="cancelled_by_customer"):
        till.pay(key="pay-1")
    second = till.pay(key="pay-2")
    server.approve(till.visit(second))
    cancelled, approved = server.notices()
    assert [till.receive(raw).status for raw in (approved, cancelled, approved)] == [204, 204, 204]
    assert till.service.get(first.id).status is PaymentStatus.DECLINED
    assert till.service.get(second.id).status is PaymentStatus.CAPTURED


def test_a_wrong_amount_changes_nothing(till: "Till", server: MoMoServer) -> None:
    """Signed, but not what was asked; MoMo is not even asked."""
    payment = till.pay()
    ref = till.visit(payment)
    server.approve(ref)
    asked = len(server.requests)
    assert till.receive(server.notice(ref, amount=1)).status == 400
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert len(server.requests) == asked


def test_a_forged_notice_changes_nothing(till: "Till", server: MoMoServer) -> None:
    """Nothing is read or written."""
    payment = till.pay()
    ref = till.visit(payment)
    raw = server.decline(ref)
    forged = [
        evolve(raw, body=raw.body.replace(b'"resultCode": 1001', b'"resultCode": 0')),
        evolve(raw, body=raw.body.replace(b'"signature"', b'"sign"')),
        evolve(raw, body=b""),
    ]
    assert [till.receive(one).status for one in forged] == [401, 401, 401]
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert till.service.replay_parked() == 0


def test_an_unknown_order_is_parked(till: "Till", server: MoMoServer) -> None:
    """It is kept for later, so MoMo need not come again."""
    payment = till.pay()
    ref = till.visit(payment)
    server.approve(ref)
    assert till.receive(server.notice(ref, orderId="0197a4c2000070008000000000000009")).status == 204
    assert till.service.get(payment.id).status is PaymentStatus.WAITING


def test_momo_is_down_when_it_tells(till: "Till", server: MoMoServer) -> None:
    """503, so it comes again, and then it is recorded."""
    payment = till.pay()
    server.approve(till.visit(payment))
    server.script(HttpFault.DOWN, path="*/query", times=2)
    assert server.send_notices(till.receive) == [204]
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


_DONE_BUT_LOST = [HttpFault.LOST_ANSWER, HttpFault.STALLED, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE]


@pytest.mark.parametrize("fault", _DONE_BUT_LOST)
def test_a_lost_page_is_one_payment(till: "Till", server: MoMoServer, fault: HttpFault) -> None:
    """The answer did not come: the same key brings the page, and it is paid once."""
    server.script(fault, path="*/create")
    till.pay()
    payment = till.pay()
    server.approve(till.visit(payment))
    assert server.send_notices(till.receive) == [204]
    assert till.service.get(payment.id).captured == ALL
    assert till.events.count("PaymentCaptured") == 1


@pytest.mark.parametrize("fault", _DONE_BUT_LOST)
def test_a_lost_answer_is_one_capture(till: "Till", server: MoMoServer, fault: HttpFault) -> None:
    """MoMo is asked, and nothing is sent twice."""
    held = till.paid(capture=False)
    server.script(fault, path="*/confirm")
    assert till.service.capture(held.id, "capture-1").captured == ALL
    assert server.count("POST", "*/confirm") == 1


@pytest.mark.parametrize("fault", _DONE_BUT_LOST)
def test_a_lost_answer_is_one_refund(till: "Till", server: MoMoServer, fault: HttpFault) -> None:
    """As well."""
    paid = till.paid()
    server.script(fault, path="*/refund")
    for _ in range(2):
        assert till.service.refund(paid.id, "refund-1", Money(30_000, "VND")).refunded == Money(30_000, "VND")
    assert server.refunds(paid.reference) == [(30_000, 0)]


def test_a_lost_request_is_sent_again(till: "Till", server: MoMoServer) -> None:
    """It was not done: the room stays taken until the same key has done it."""
    paid = till.paid()
    server.script(HttpFault.LOST_REQUEST, path="*/refund")
    with pytest.raises(OutcomeUnknown):
        till.service.refund(paid.id, "refund-1", ALL)
    with pytest.raises(RefundTooMuch):
        till.service.refund(paid.id, "refund-2", ALL)
    assert till.service.refund(paid.id, "refund-1", ALL).status is PaymentStatus.REFUNDED
    assert server.refunds(paid.reference) == [(100_000, 0)]


def test_a_refund_that_fails_reopens_the_debt(till: "Till", server: MoMoServer) -> None:
    """In work first, and then not."""
    paid = till.paid()
    server.refund_code = 7002
    assert till.service.refund(paid.id, "refund-1", ALL).refundable == NOTHING
    server.finish_refunds(paid.reference, 1080)
    found = till.service.settle(paid.id)
    assert (found.status, found.refundable) == (PaymentStatus.CAPTURED, ALL)
    assert "PaymentRefundFailed" in till.events


def test_a_refund_at_the_portal_is_booked(till: "Till", server: MoMoServer) -> None:
    """Somebody gave money back by hand: it counts here."""
    paid = till.paid()
    server.refund_by_hand(paid.reference, 40_000)
    assert till.service.settle(paid.id).refunded == Money(40_000, "VND")
    assert till.service.compare(paid.id) == ()


@pytest.mark.parametrize("amount", [999, 50_000_001])
def test_what_momo_would_not_take_is_not_begun(till: "Till", server: MoMoServer, amount: int) -> None:
    """A typed error, before anything is written or sent."""
    with pytest.raises(MoMoAmountRefused, match=r"1000 VND to 50000000 VND"):
        till.pay(amount)
    assert till.service.of_order("order-1") == ()
    assert server.requests == []


def test_a_page_that_ran_out_frees_the_order(till: "Till", server: MoMoServer) -> None:
    """MoMo says so, and another attempt may begin."""
    payment = till.pay()
    server.expire(till.visit(payment))
    server.send_notices(till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.DECLINED
    assert till.pay(key="pay-2").status is PaymentStatus.WAITING
