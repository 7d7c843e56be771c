"""A shop that is paid through VNPay: the service, a storage, the plugin and the stand-in together."""

import json
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from commerce_vnpay import VNPayGateway, VNPaySettings

from commerce.kernel import Money, OutcomeUnknown
from commerce.payments import (
    ActionKind,
    AuthorizeRequest,
    GatewayAnswer,
    NoticeReply,
    OperationKind,
    PaymentDeclined,
    PaymentStatus,
    RawNotice,
    RefundTooMuch,
)
from commerce.runtime import Providers
from commerce.testing.gateways.vnpay import VNPayServer
from commerce.testing.serving import HttpFault, over_http, serve

if TYPE_CHECKING:
    from conftest import Till, World

ALL = Money(100_000, "VND")
NOTHING = Money(0, "VND")


def code(reply: NoticeReply) -> str:
    assert reply.status == 200
    return str(json.loads(reply.body)["RspCode"])


def test_from_the_page_to_the_last_refund(till: "Till", server: VNPayServer) -> None:
    """Asked, sent away, paid, told, given back in parts, and never more than was paid."""
    waiting = till.pay()
    assert waiting.status is PaymentStatus.WAITING
    assert waiting.action is not None
    assert waiting.action.kind is ActionKind.REDIRECT
    assert till.pay().action == waiting.action
    ref = till.visit(waiting)
    server.approve(ref)
    assert server.send_notices(till.receive) == ["00"]
    paid = till.service.get(waiting.id)
    assert (paid.status, paid.captured) == (PaymentStatus.CAPTURED, ALL)

    part = till.service.refund(paid.id, "refund-1", Money(30_000, "VND"))
    assert (part.refunded, part.refundable) == (NOTHING, Money(70_000, "VND"))
    server.finish_refunds(ref)
    part = till.service.settle(paid.id)
    assert (part.status, part.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, Money(30_000, "VND"))
    with pytest.raises(RefundTooMuch):
        till.service.refund(paid.id, "refund-2", Money(70_001, "VND"))
    till.service.refund(paid.id, "refund-3", Money(20_000, "VND"))
    till.service.refund(paid.id, "refund-3", Money(20_000, "VND"))
    till.service.refund(paid.id, "refund-4")
    server.finish_refunds(ref)
    done = till.service.settle(paid.id)
    assert (done.status, done.refunded) == (PaymentStatus.REFUNDED, ALL)
    assert server.refunds(ref) == [(30_000, "00"), (20_000, "00"), (50_000, "00")]
    assert till.service.compare(paid.id) == ()
    assert till.events.count("PaymentCaptured") == 1
    assert till.events.count("PaymentRefunded") == 3


def test_over_real_http_both_ways(till: "Till", server: VNPayServer) -> None:
    """The IPN is a GET to the shop's own address."""
    with serve(till.receive) as shop:
        payment = till.pay()
        server.approve(till.visit(payment))
        assert server.send_notices(over_http(f"{shop}/notices/vnpay")) == ["00"]
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_a_lost_notice_is_not_missed(till: "Till", server: VNPayServer, world: "World") -> None:
    """VNPay is asked before anybody is told that it was not paid."""
    payment = till.pay()
    server.approve(till.visit(payment))
    server.notices()
    world.wait(minutes=6)
    assert till.service.settle_open() == 1
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_the_way_back_may_come_first(till: "Till", server: VNPayServer) -> None:
    """The browser is back before the IPN: asking again with the key settles; the IPN then finds it done."""
    payment = till.pay()
    server.approve(till.visit(payment))
    assert till.pay().status is PaymentStatus.CAPTURED
    assert server.send_notices(till.receive) == ["00"]
    assert till.events.count("PaymentCaptured") == 1


def test_notices_repeat_themselves(till: "Till", server: VNPayServer) -> None:
    """The first is recorded, the others are told that it was."""
    payment = till.pay()
    raw = server.approve(till.visit(payment))
    assert [code(till.receive(raw)) for _ in range(3)] == ["00", "02", "02"]
    assert till.events.count("PaymentCaptured") == 1


def test_notices_of_two_payments_cross(till: "Till", server: VNPayServer) -> None:
    """A failed attempt is told after the one that succeeded: each finds its own."""
    first = till.pay(key="pay-1")
    server.cancel(till.visit(first))
    with pytest.raises(PaymentDeclined) as declined:
        till.pay(key="pay-1")
    second = till.pay(key="pay-2")
    server.approve(till.visit(second))
    cancelled, approved = server.notices()
    assert [code(till.receive(raw)) for raw in (approved, cancelled, approved)] == ["00", "00", "02"]
    assert declined.value.payment_id == first.id
    assert till.service.get(first.id).status is PaymentStatus.DECLINED
    assert till.service.get(second.id).status is PaymentStatus.CAPTURED


def test_many_notices_at_once(till: "Till", server: VNPayServer) -> None:
    """VNPay and the customer's way back in a crowd: one capture, and nobody is told it failed."""
    payment = till.pay()
    raw = server.approve(till.visit(payment))
    codes: list[str] = []
    threads = [threading.Thread(target=lambda: codes.append(code(till.receive(raw)))) for _ in range(6)]
    threads += [threading.Thread(target=lambda: till.service.settle(payment.id)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {"00", "02"}
    assert till.service.get(payment.id).captured == ALL
    assert till.events.count("PaymentCaptured") == 1


def test_a_cancelled_payment_says_so(till: "Till", server: VNPayServer) -> None:
    """With its reason; and the order may be paid again."""
    payment = till.pay()
    server.cancel(till.visit(payment))
    assert server.send_notices(till.receive) == ["00"]
    assert till.service.get(payment.id).status is PaymentStatus.DECLINED
    with pytest.raises(PaymentDeclined, match="cancelled_by_customer"):
        till.pay()
    again = till.pay(key="pay-2")
    server.approve(till.visit(again))
    assert server.send_notices(till.receive) == ["00"]


def test_suspected_money_waits_for_a_person(till: "Till", server: VNPayServer) -> None:
    """07 is money in review, until somebody accepts it."""
    payment = till.pay()
    server.suspect(till.visit(payment))
    assert server.send_notices(till.receive) == ["00"]
    found = till.service.get(payment.id)
    assert (found.status, found.captured) == (PaymentStatus.REVIEW, ALL)
    assert till.service.accept(payment.id).status is PaymentStatus.CAPTURED


def test_a_wrong_amount_changes_nothing(till: "Till", server: VNPayServer) -> None:
    """Signed, but not what was asked: 04, and VNPay is not even asked."""
    payment = till.pay()
    ref = till.visit(payment)
    server.approve(ref)
    asked = len(server.requests)
    assert code(till.receive(server.notice(ref, vnp_Amount="100"))) == "04"
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert len(server.requests) == asked


def test_a_forged_notice_changes_nothing(till: "Till", server: VNPayServer) -> None:
    """97, and nothing is read or written."""
    payment = till.pay()
    ref = till.visit(payment)
    genuine = server.decline(ref).query
    for forged in (
        genuine.replace("vnp_ResponseCode=51", "vnp_ResponseCode=00"),
        genuine.rpartition("&")[0],
        VNPayServer("DEMOV210", "other").sign_query({"vnp_TxnRef": ref, "vnp_TmnCode": server.tmn_code}),
        "",
    ):
        assert code(till.receive(RawNotice(method="GET", query=forged))) == "97"
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert till.service.replay_parked() == 0


def test_an_unknown_order_is_parked(till: "Till", server: VNPayServer) -> None:
    """01, so VNPay comes again; it is kept here as well."""
    payment = till.pay()
    ref = till.visit(payment)
    server.approve(ref)
    stranger = server.notice(ref, vnp_TxnRef="0197a4c2000070008000000000000009")
    assert [code(till.receive(stranger)) for _ in range(2)] == ["01", "01"]
    assert till.service.get(payment.id).status is PaymentStatus.WAITING


def test_vnpay_is_down_when_it_tells(till: "Till", server: VNPayServer) -> None:
    """99, so it comes again, and then it is recorded."""
    payment = till.pay()
    server.approve(till.visit(payment))
    server.script(HttpFault.DOWN, method="POST", times=2)
    assert server.send_notices(till.receive) == ["00"]
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


@pytest.mark.parametrize(
    "fault", [HttpFault.LOST_ANSWER, HttpFault.STALLED, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE]
)
def test_a_lost_answer_is_one_refund(till: "Till", server: VNPayServer, fault: HttpFault) -> None:
    """It was done, the answer did not come: VNPay is asked, and nothing is sent twice."""
    paid = till.paid()
    server.script(fault, method="POST")
    part = till.service.refund(paid.id, "refund-1", Money(30_000, "VND"))
    assert part.refundable == Money(70_000, "VND")
    till.service.refund(paid.id, "refund-1", Money(30_000, "VND"))
    ref = paid.reference.partition(".")[0]
    assert server.refunds(ref) == [(30_000, "05")]
    server.finish_refunds(ref)
    assert till.service.settle(paid.id).refunded == Money(30_000, "VND")


def test_a_lost_request_is_sent_again(till: "Till", server: VNPayServer) -> None:
    """It was not done, and nobody can know: the room stays taken until the same key has done it."""
    paid = till.paid()
    server.script(HttpFault.LOST_REQUEST, method="POST")
    with pytest.raises(OutcomeUnknown):
        till.service.refund(paid.id, "refund-1", ALL)
    with pytest.raises(RefundTooMuch):
        till.service.refund(paid.id, "refund-2", ALL)
    till.service.refund(paid.id, "refund-1", ALL)
    assert server.refunds(paid.reference.partition(".")[0]) == [(100_000, "05")]


def test_a_rejected_refund_reopens_the_debt(till: "Till", server: VNPayServer) -> None:
    """The bank sent it back, so it is refundable again."""
    paid = till.paid()
    till.service.refund(paid.id, "refund-1", ALL)
    server.finish_refunds(paid.reference.partition(".")[0], "09")
    found = till.service.settle(paid.id)
    assert (found.status, found.refundable) == (PaymentStatus.CAPTURED, ALL)
    assert "PaymentRefundFailed" in till.events


def test_a_refund_at_the_portal_is_booked(till: "Till", server: VNPayServer) -> None:
    """Somebody gave money back by hand: it counts here."""
    paid = till.paid()
    ref = paid.reference.partition(".")[0]
    server.refund_by_hand(ref, 40_000)
    server.finish_refunds(ref)
    assert till.service.settle(paid.id).refunded == Money(40_000, "VND")
    assert till.service.compare(paid.id) == ()


def test_a_page_that_ran_out_frees_the_order(till: "Till", world: "World") -> None:
    """Nobody paid: after the page and the patience, another attempt may begin."""
    payment = till.pay()
    world.wait(minutes=21)
    till.service.settle_open()
    assert till.service.get(payment.id).status is PaymentStatus.DECLINED
    assert till.pay(key="pay-2").status is PaymentStatus.WAITING


class _Dying(VNPayGateway):
    """A process that ends while it makes the page."""

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        sys.exit(f"died of {request.key}")


def test_a_page_nobody_was_given_in_time_is_another_payment(
    till: "Till", server: VNPayServer, settings: VNPaySettings, world: "World"
) -> None:
    """The process died before it gave the page out, and was asked again too late: VNPay would refuse that page."""
    with closing(_Dying(settings, clock=world)) as dying, pytest.raises(SystemExit):
        evolve(till, service=evolve(till.service, gateways=Providers("payment gateway", {"vnpay": dying}))).pay()
    world.wait(minutes=16)
    with pytest.raises(PaymentDeclined) as declined:
        till.pay()
    assert declined.value.may_retry
    assert till.visit(till.pay(key="pay-2"))


def test_money_that_came_too_late_goes_back(till: "Till", server: VNPayServer, world: "World") -> None:
    """The bank was slow: the attempt was given up, so what it brings is given back."""
    payment = till.pay()
    ref = till.visit(payment)
    world.wait(minutes=21)
    till.service.settle_open()
    server.approve(ref)
    server.send_notices(till.receive)
    world.wait(minutes=21)
    till.service.settle_open()
    assert server.refunds(ref) == [(100_000, "05")]
    entry = next(e for e in till.service.get(payment.id).ledger if e.kind is OperationKind.REFUND)
    assert entry.amount == ALL
