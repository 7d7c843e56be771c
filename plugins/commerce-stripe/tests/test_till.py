"""From the shopper's card to the last refund: the payments module, the plugin and Stripe's stand-in together."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from commerce.kernel import Money
from commerce.payments import (
    ActionKind,
    OperationKind,
    PaymentDeclined,
    PaymentStatus,
    RawNotice,
    RefundTooMuch,
)
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.serving import HttpFault, deliver, over_http, serve

HUNDRED = Money("100.00", "EUR")
THREE_D_SECURE = "pm_card_authenticationRequired"

on_both_storages = pytest.mark.parametrize("till", ["memory", "sqlite"], indirect=True)


@on_both_storages
def test_the_whole_way(stripe: StripeServer, till: Any) -> None:
    """3-D Secure, a notice over HTTP, capture, refunds in parts, and not a cent more."""
    waiting = till.pay(THREE_D_SECURE)
    assert waiting.status is PaymentStatus.WAITING
    assert waiting.action is not None
    assert waiting.action.kind is ActionKind.REDIRECT
    intent = stripe.of_payment(waiting.id)[0]["id"]
    stripe.authenticate(intent)
    with serve(till.receive) as url:
        replies = deliver(stripe.notices(), over_http(url))
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
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).version == payment.version


@pytest.mark.parametrize("seed", range(5))
def test_notices_doubled_and_out_of_order(stripe: StripeServer, till: Any, seed: int) -> None:
    """Whatever comes, and how often: it only makes us look."""
    payment = till.pay(THREE_D_SECURE, capture=True)
    intent = stripe.of_payment(payment.id)[0]["id"]
    stripe.authenticate(intent)
    stripe.refund(intent, 2500)
    notices = stripe.notices() * 2
    random.Random(seed).shuffle(notices)  # noqa: S311 - an order, not a secret
    assert {reply.status for reply in deliver(notices, till.receive)} == {200}
    payment = till.service.get(payment.id)
    assert payment.refunded == Money("25.00", "EUR")
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured", "PaymentRefunded"]


def test_the_confirm_call_and_the_notice_race(stripe: StripeServer, till: Any) -> None:
    """The notice arrives while Stripe's answer is still on its way."""
    stripe.script(method="POST", path="/v1/payment_intents", meanwhile=lambda: deliver(stripe.notices(), till.receive))
    payment = till.pay("pm_card_visa", capture=True)
    assert payment.status is PaymentStatus.CAPTURED
    assert till.events == ["PaymentAuthorized", "PaymentCaptured"]


@on_both_storages
def test_customer_back_and_notice_from_many_threads(stripe: StripeServer, till: Any) -> None:
    payment = till.pay(THREE_D_SECURE, capture=True)
    stripe.authenticate(stripe.of_payment(payment.id)[0]["id"])
    notices = stripe.notices()
    with ThreadPoolExecutor(4) as pool:
        for done in [
            *(pool.submit(till.receive, notice) for notice in notices),
            *(pool.submit(till.pay, THREE_D_SECURE, capture=True) for _ in range(3)),
        ]:
            done.result()
    assert till.service.get(payment.id).captured == HUNDRED
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized", "PaymentCaptured"]


def test_a_forged_notice_changes_nothing(stripe: StripeServer, till: Any) -> None:
    payment = till.pay(THREE_D_SECURE)
    stripe.authenticate(stripe.of_payment(payment.id)[0]["id"])
    forged = [RawNotice(headers=n.headers, body=n.body + b" ") for n in stripe.notices()]
    stripe.requests.clear()
    assert {till.receive(notice).status for notice in forged} == {400}
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    assert stripe.requests == []


def test_a_notice_is_repeated_until_we_could_look(stripe: StripeServer, till: Any) -> None:
    """Stripe cannot be read: the notice is answered so that it comes again."""
    payment = till.pay(THREE_D_SECURE)
    stripe.authenticate(stripe.of_payment(payment.id)[0]["id"])
    notice = stripe.notices()[-1]
    stripe.script(HttpFault.DOWN, method="GET")
    assert till.receive(notice).status == 503
    assert till.receive(notice).status == 200
    assert till.service.get(payment.id).status is PaymentStatus.AUTHORIZED


def test_a_notice_for_somebody_elses_payment_is_parked(stripe: StripeServer, till: Any) -> None:
    """Taken, and harmless: another shop may share the account."""
    body = b'{"id":"evt_x","type":"payment_intent.succeeded","data":{"object":{"id":"pi_x","object":"payment_intent"}}}'
    assert till.receive(stripe.sign(body)).status == 200
    assert till.service.replay_parked() == 0


def test_declined_and_then_another_card(stripe: StripeServer, till: Any) -> None:
    with pytest.raises(PaymentDeclined) as declined:
        till.pay("pm_card_visa_chargeDeclinedInsufficientFunds")
    assert declined.value.reason == "insufficient_funds"
    assert till.pay("pm_card_visa", key="second").status is PaymentStatus.AUTHORIZED


def test_the_shopper_fails_3d_secure(stripe: StripeServer, till: Any) -> None:
    payment = till.pay(THREE_D_SECURE)
    stripe.authenticate(stripe.of_payment(payment.id)[0]["id"], succeed=False)
    deliver(stripe.notices(), till.receive)
    payment = till.service.get(payment.id)
    assert payment.status is PaymentStatus.DECLINED
    assert payment.authorization.vendor_code == "payment_intent_authentication_failure"


def test_paying_in_the_page(stripe: StripeServer, till: Any) -> None:
    """No token: the page gets the client secret. A declined card there is not the end."""
    payment = till.pay("", capture=True)
    assert payment.action is not None
    assert payment.action.kind is ActionKind.CLIENT
    intent = stripe.of_payment(payment.id)[0]
    assert payment.action.token == intent["client_secret"]
    stripe.pay(intent["id"], "pm_card_visa_chargeDeclined")
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.WAITING
    stripe.pay(intent["id"], "pm_card_visa")
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_a_method_named_in_the_page_is_confirmed_by_the_shop(stripe: StripeServer, till: Any) -> None:
    """``requires_confirmation``: the authorization is sent again, and goes on with the same intent."""
    payment = till.pay("")
    intent = stripe.of_payment(payment.id)[0]["id"]
    stripe.attach(intent)
    assert till.service.settle(payment.id).status is PaymentStatus.AUTHORIZED
    assert len(stripe.of_payment(payment.id)) == 1


def test_the_bank_takes_its_time(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("", capture=True)
    intent = stripe.of_payment(payment.id)[0]["id"]
    stripe.attach(intent)
    stripe.process(intent)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.PENDING
    stripe.processed(intent)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED


def test_what_nobody_captured_in_time_is_free(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_visa")
    stripe.expire(stripe.of_payment(payment.id)[0]["id"])
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.VOIDED


def test_the_shopper_pays_after_all(stripe: StripeServer, till: Any) -> None:
    """Void and authentication cross: what was held is free in the end."""
    payment = till.pay(THREE_D_SECURE)
    stripe.authenticate(stripe.of_payment(payment.id)[0]["id"])
    voided = till.service.void(payment.id, "v")
    assert voided.status is PaymentStatus.VOIDED
    assert stripe.of_payment(payment.id)[0]["status"] == "canceled"


def test_a_waiting_attempt_is_called_off_at_stripe(stripe: StripeServer, till: Any) -> None:
    payment = till.pay(THREE_D_SECURE)
    assert till.service.void(payment.id, "v").status is PaymentStatus.VOIDED
    assert stripe.of_payment(payment.id)[0]["status"] == "canceled"


def test_a_partial_capture_frees_the_rest(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_visa")
    payment = till.service.capture(payment.id, "c", Money("30.00", "EUR"))
    assert (payment.captured, payment.voided) == (Money("30.00", "EUR"), Money("70.00", "EUR"))
    assert till.service.settle(payment.id).version == payment.version


def test_a_refund_that_fails_later_opens_the_debt_again(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_refundFail", capture=True)
    payment = till.service.refund(payment.id, "r", Money("40.00", "EUR"))
    refund = next(e for e in payment.ledger if e.kind is OperationKind.REFUND)
    stripe.finish_refund(refund.reference, "failed")
    deliver(stripe.notices(), till.receive)
    payment = till.service.get(payment.id)
    assert payment.refunded == Money("0.00", "EUR")
    assert payment.refundable == HUNDRED


def test_a_refund_that_takes_its_time(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_pendingRefund", capture=True)
    payment = till.service.refund(payment.id, "r", Money("40.00", "EUR"))
    assert (payment.refunded, payment.refundable) == (Money("0.00", "EUR"), Money("60.00", "EUR"))
    refund = next(e for e in payment.ledger if e.kind is OperationKind.REFUND)
    stripe.finish_refund(refund.reference)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).refunded == Money("40.00", "EUR")


def test_a_chargeback_won_and_one_lost(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_visa", capture=True)
    intent = stripe.of_payment(payment.id)[0]["id"]
    dispute = stripe.dispute(intent)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.CHARGED_BACK
    stripe.close_dispute(dispute, won=True)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).status is PaymentStatus.CAPTURED
    stripe.close_dispute(stripe.dispute(intent, 4000), won=False)
    deliver(stripe.notices(), till.receive)
    assert till.service.get(payment.id).charged_back == Money("40.00", "EUR")


def test_a_review_at_stripe_is_a_review_here(stripe: StripeServer, till: Any) -> None:
    payment = till.pay("pm_card_riskLevelElevated")
    assert payment.status is PaymentStatus.REVIEW
    assert till.service.accept(payment.id).status is PaymentStatus.AUTHORIZED


@on_both_storages
def test_an_answer_lost_on_the_way_to_the_till(stripe: StripeServer, till: Any) -> None:
    """The service asks at once: the caller notices nothing."""
    stripe.script(HttpFault.LOST_ANSWER, method="POST")
    payment = till.pay("pm_card_visa", capture=True)
    stripe.script(HttpFault.LOST_ANSWER, method="POST")
    payment = till.service.refund(payment.id, "r")
    assert payment.status is PaymentStatus.REFUNDED
    assert len(stripe.of_payment(payment.id)) == 1
    assert stripe.count("POST", "/v1/refunds") == 1


def test_an_account_that_captures_in_parts(stripe: StripeServer, full_till: Any) -> None:
    """Raise, capture twice, free the rest, refund across both: every operation is known by its key."""
    till = full_till
    payment = till.pay("pm_card_visa")
    till.service.increment(payment.id, "i", Money("20.00", "EUR"))
    for n in range(2):
        till.service.capture(payment.id, f"c{n}", Money("50.00", "EUR"))
    payment = till.service.void(payment.id, "v")
    assert (payment.captured, payment.voided) == (HUNDRED, Money("20.00", "EUR"))
    payment = till.service.refund(payment.id, "r", Money("75.00", "EUR"))
    assert till.service.compare(payment.id) == ()
    before = len(payment.ledger)
    deliver(stripe.notices(), till.receive)
    assert len(till.service.get(payment.id).ledger) == before
    assert till.service.get(payment.id).refunded == Money("75.00", "EUR")


def test_what_is_done_in_the_dashboard_is_learned(stripe: StripeServer, till: Any) -> None:
    """A refund there, once, however often we look; and a waiting attempt that is cancelled there."""
    payment = till.pay("pm_card_visa", capture=True)
    stripe.refund(stripe.of_payment(payment.id)[0]["id"], 1500)
    for _ in range(2):
        payment = till.service.settle(payment.id)
    assert payment.refunded == Money("15.00", "EUR")
    waiting = till.service.authorize("w", order_ref="order-2", amount=HUNDRED, gateway="stripe", token=THREE_D_SECURE)
    stripe.abandon(stripe.of_payment(waiting.id)[0]["id"])
    assert till.service.settle(waiting.id).status is PaymentStatus.VOIDED
