"""Payments: asked once, taken once, given back once, whatever the network does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.payments.shop import HUNDRED, NOTHING, TEN, Till

from commerce.adapters.sql import SqlStorage
from commerce.kernel import (
    CardNumberRefused,
    Denied,
    InvalidValue,
    KeyReused,
    Money,
    NotAllowed,
    OutcomeUnknown,
    ProviderUnavailable,
)
from commerce.payments import (
    OPERATION_STATES,
    PAYMENT_STATES,
    AttemptOpen,
    CaptureTooMuch,
    GatewayCannot,
    OperationKind,
    OperationStatus,
    PaymentChanged,
    PaymentDeclined,
    PaymentNotSent,
    PaymentStatus,
    PaymentUnknown,
    RefundTooMuch,
)
from commerce.runtime import UnknownProvider, hookimpl
from commerce.testing.conformance.storage import NOW
from commerce.testing.gateways import Fault, Tokens

CARD = "4111-1111 1111 1111"


class Crash(BaseException):
    """The process dies here."""


def die() -> None:
    raise Crash


@pytest.fixture
def till() -> Till:
    return Till()


def test_a_whole_life(till: Till) -> None:
    """Authorized, captured in parts, refunded in parts; every command twice, everything once."""
    service = till.service
    for _ in range(2):
        payment = till.pay()
    assert (payment.status, payment.authorized, payment.capturable) == (PaymentStatus.AUTHORIZED, HUNDRED, HUNDRED)
    for _ in range(2):
        payment = service.capture(payment.id, "first", TEN * 4)
    assert (payment.status, payment.capturable, payment.due) == (
        PaymentStatus.PARTIALLY_CAPTURED,
        TEN * 6,
        TEN * 6,
    )
    for _ in range(2):
        payment = service.capture(payment.id, "rest")
    assert (payment.status, payment.captured, payment.due) == (PaymentStatus.CAPTURED, HUNDRED, NOTHING)
    for _ in range(2):
        payment = service.refund(payment.id, "some", TEN)
    assert (payment.status, payment.refundable) == (PaymentStatus.PARTIALLY_REFUNDED, TEN * 9)
    for _ in range(2):
        payment = service.refund(payment.id, "all")
    assert (payment.status, payment.refunded, payment.live) == (PaymentStatus.REFUNDED, HUNDRED, False)
    assert till.events == [
        "PaymentAuthorized",
        "PaymentCaptured",
        "PaymentCaptured",
        "PaymentRefunded",
        "PaymentRefunded",
    ]
    assert len(till.fake.operations()) == 5
    assert service.compare(payment.id) == ()


def test_totals_come_with_the_version(till: Till) -> None:
    """What `PaymentChanged` says is what the payment of that version says."""
    payment = till.service.capture(till.pay().id, "c", TEN)
    told = [envelope.event for _, envelope in till.storage.outbox.archive()][-1]
    assert told == PaymentChanged(
        aggregate_id=payment.id,
        order_ref="order-1",
        gateway="fake",
        version=payment.version,
        status="partially_captured",
        authorized=HUNDRED,
        captured=TEN,
        refunded=NOTHING,
        charged_back=NOTHING,
        failed=False,
        surplus=False,
    )


def test_a_key_is_for_one_request(till: Till) -> None:
    """Other amounts, orders, tokens under a key are refused, and nothing is sent."""
    payment = till.pay()
    with pytest.raises(KeyReused):
        till.pay(token=Tokens.PENDING)
    till.service.capture(payment.id, "c", TEN)
    with pytest.raises(KeyReused):
        till.service.capture(payment.id, "c", TEN + TEN)
    assert till.service.refund(payment.id, "c", TEN).refunded == TEN
    assert len(till.fake.calls) == 3


def test_never_more_than_there_is(till: Till) -> None:
    """Neither captured nor refunded; a refusal writes nothing down."""
    payment = till.pay()
    with pytest.raises(CaptureTooMuch):
        till.service.capture(payment.id, "c", HUNDRED + TEN)
    with pytest.raises(RefundTooMuch):
        till.service.refund(payment.id, "r")
    till.service.capture(payment.id, "c", TEN)
    with pytest.raises(RefundTooMuch) as caught:
        till.service.refund(payment.id, "r", TEN + TEN)
    assert caught.value.possible == TEN
    for amount in (NOTHING, -TEN):
        with pytest.raises(InvalidValue):
            till.service.refund(payment.id, "r", amount)
        with pytest.raises(InvalidValue):
            till.service.capture(payment.id, "c2", amount)
        with pytest.raises(InvalidValue):
            till.service.authorize("k", order_ref="o", amount=amount, gateway="fake")
    assert len(till.service.get(payment.id).ledger) == 2


def test_a_decline_is_told_again_and_lets_another_try(till: Till) -> None:
    """With its reason; the same key declines the same, another key may be luckier."""
    for _ in range(2):
        with pytest.raises(PaymentDeclined) as caught:
            till.pay(token=Tokens.DECLINED)
    error = caught.value
    assert (error.reason, error.may_retry, error.text) == ("insufficient_funds", True, "The bank said no.")
    assert till.service.get(error.payment_id).failed
    assert till.calls("authorize") == 1
    assert till.pay("again").status is PaymentStatus.AUTHORIZED
    assert [p.status for p in till.service.of_order("order-1")] == [PaymentStatus.DECLINED, PaymentStatus.AUTHORIZED]


def test_one_attempt_at_a_time(till: Till) -> None:
    """While one is live, another key is told which."""
    first = till.pay()
    with pytest.raises(AttemptOpen) as caught:
        till.pay("another")
    assert caught.value.payment_id == first.id


def test_a_customer_who_has_to_act(till: Till) -> None:
    """The payment waits with what to do; asked again after that, it goes on."""
    waiting = till.pay(token=Tokens.ACTION)
    assert waiting.status is PaymentStatus.WAITING
    assert waiting.action is not None
    assert waiting.action.token
    assert waiting.action.token not in repr(waiting)
    assert till.pay(token=Tokens.ACTION).action == waiting.action
    till.fake.customer_acts(waiting.id)
    paid = till.pay(token=Tokens.ACTION)
    assert (paid.status, paid.action) == (PaymentStatus.AUTHORIZED, None)
    assert till.calls("authorize") == 1
    assert till.events == ["PaymentActionRequired", "PaymentAuthorized"]


def test_a_customer_who_does_not_want(till: Till) -> None:
    """Then it is declined, for whoever asks again."""
    waiting = till.pay(token=Tokens.ACTION)
    till.fake.customer_acts(waiting.id, approves=False)
    with pytest.raises(PaymentDeclined) as caught:
        till.pay(token=Tokens.ACTION)
    assert caught.value.reason == "authentication_failed"


def test_an_approval_is_carried_out(till: Till) -> None:
    """Where the gateway waits to be asked again after the customer approved, settling asks, once."""
    waiting = till.pay(token=Tokens.REDIRECT, capture=True)
    till.fake.customer_acts(waiting.id)
    for _ in range(2):
        paid = till.service.settle(waiting.id)
    assert (paid.status, paid.captured) == (PaymentStatus.CAPTURED, HUNDRED)
    assert till.calls("authorize") == 2


def test_captured_at_once_where_there_is_no_other_way(till: Till) -> None:
    """A flow that captures later has nothing to do, and to cancel is to refund."""
    payment = till.pay(gateway="once")
    assert payment.status is PaymentStatus.CAPTURED
    assert till.service.capture(payment.id, "later").version == payment.version
    cancelled = till.service.cancel(payment.id, "undo")
    assert (cancelled.status, cancelled.refunded) == (PaymentStatus.REFUNDED, HUNDRED)
    assert till.service.cancel(payment.id, "undo").version == cancelled.version


def test_cancelling_takes_everything_back(till: Till) -> None:
    """What is held is freed, what was taken refunded; and another attempt may begin."""
    payment = till.pay()
    till.service.capture(payment.id, "c", TEN)
    for _ in range(2):
        cancelled = till.service.cancel(payment.id, "undo")
    assert (cancelled.authorized, cancelled.captured, cancelled.refunded) == (TEN, TEN, TEN)
    assert cancelled.voided == TEN * 9
    assert till.service.compare(payment.id) == ()
    assert till.pay("again").status is PaymentStatus.AUTHORIZED


def test_nothing_left_to_take_back(till: Till) -> None:
    """Declined because somebody else did it: then there is nothing to do, now and in every repetition."""
    payment = till.pay()
    till.fake.script("void", before=lambda: till.fake.happen(payment.id, OperationKind.VOID, HUNDRED))
    for _ in range(2):
        assert till.service.void(payment.id, "v").status is PaymentStatus.VOIDED
    payment = till.pay("again", capture=True)
    till.fake.script("refund", before=lambda: till.fake.happen(payment.id, OperationKind.REFUND, HUNDRED))
    for _ in range(2):
        assert till.service.cancel(payment.id, "undo").status is PaymentStatus.REFUNDED
    assert till.fake.total(OperationKind.REFUND) == HUNDRED


def test_what_cannot_be_taken_back_is_told(till: Till) -> None:
    """Declined while the money is still there: an error, and another key may succeed."""
    payment = till.pay()
    till.fake.script("void", Fault.DECLINED)
    with pytest.raises(PaymentDeclined):
        till.service.void(payment.id, "v")
    till.service.capture(payment.id, "c")
    till.fake.script("refund", Fault.DECLINED)
    with pytest.raises(PaymentDeclined):
        till.service.cancel(payment.id, "undo")
    assert till.service.cancel(payment.id, "undo 2").status is PaymentStatus.REFUNDED


def test_voiding(till: Till) -> None:
    """Frees what is held, once; afterwards nothing can be captured."""
    payment = till.pay()
    for _ in range(2):
        payment = till.service.void(payment.id, "v")
    assert (payment.status, payment.authorized) == (PaymentStatus.VOIDED, NOTHING)
    assert till.service.void(payment.id, "other").version == payment.version
    with pytest.raises(CaptureTooMuch):
        till.service.capture(payment.id, "c")
    assert till.events == ["PaymentAuthorized", "PaymentVoided"]


def test_the_rest_of_a_single_capture_is_freed(till: Till) -> None:
    """By a gateway that captures once, and by a final capture anywhere; failed, it frees nothing."""
    held = till.pay()
    till.fake.script("capture", Fault.DECLINED)
    with pytest.raises(PaymentDeclined):
        till.service.capture(held.id, "no", TEN, final=True)
    assert till.service.get(held.id).capturable == HUNDRED
    till.fake.script("capture", Fault.LOST_ANSWER)
    done = till.service.capture(held.id, "c", TEN, final=True)
    assert (done.captured, done.voided, done.capturable) == (TEN, TEN * 9, NOTHING)
    assert done.status is PaymentStatus.CAPTURED
    assert till.service.compare(held.id) == ()


def test_more_can_be_authorized(till: Till) -> None:
    """Where the gateway is able to, and the payment holds money."""
    payment = till.pay()
    for _ in range(2):
        payment = till.service.increment(payment.id, "more", TEN)
    assert payment.capturable == HUNDRED + TEN
    till.service.void(payment.id, "v")
    with pytest.raises(NotAllowed):
        till.service.increment(payment.id, "late", TEN)


def test_what_a_gateway_cannot_is_not_sent(till: Till) -> None:
    """Refused with the ability that is missing, and nothing is written down."""
    plain = till.pay(gateway="plain")
    service = till.service
    acts: tuple[Callable[[], object], ...] = (
        lambda: service.capture(plain.id, "c", TEN),
        lambda: service.void(plain.id, "v"),
        lambda: service.increment(plain.id, "i", TEN),
        lambda: service.confirm(plain.id),
        lambda: service.authorize("k", order_ref="o", amount=Money("5", "USD"), gateway="plain"),
    )
    for act in acts:
        with pytest.raises(GatewayCannot):
            act()
    service.capture(plain.id, "c")
    with pytest.raises(GatewayCannot):
        service.refund(plain.id, "r", TEN)
    assert service.refund(plain.id, "r").refunded == HUNDRED
    once = service.authorize("k", order_ref="o", amount=HUNDRED, gateway="once")
    service.refund(once.id, "r", TEN)
    with pytest.raises(GatewayCannot):
        service.refund(once.id, "r2", TEN)


def test_bad_requests_reach_nobody(till: Till) -> None:
    """Unknown gateway, no key, a key too long, no way back from the gateway's page, card numbers."""
    with pytest.raises(UnknownProvider):
        till.pay(gateway="nobody")
    for key in ("", "k" * 101, "\0", "\ud800"):
        with pytest.raises(InvalidValue):
            till.pay(key)
    for ref, customer, amount in (("", "", TEN), ("o" * 256, "", TEN), ("o", "c" * 256, TEN), ("o", "", TEN * 2**60)):
        with pytest.raises(InvalidValue):
            till.service.authorize("k", order_ref=ref, customer_ref=customer, amount=amount, gateway="fake")
    with pytest.raises(InvalidValue):
        till.pay(gateway="away")
    for name in ("token", "customer_ref", "description", "return_url", "customer_ip", "locale"):
        texts: dict[str, Any] = {name: "half \ud800"}
        with pytest.raises(InvalidValue, match=name):
            till.service.authorize("k", order_ref="o", amount=TEN, gateway="fake", **texts)
    for metadata in ({"\0": ""}, {"": "\0"}):
        with pytest.raises(InvalidValue, match="metadata"):
            till.service.authorize("k", order_ref="o", amount=TEN, gateway="fake", metadata=metadata)
    with pytest.raises(CardNumberRefused) as caught:
        till.pay(token=CARD)
    assert "4111" not in str(caught.value)
    for description, metadata in ((f"card {CARD}", {}), ("", {"note": CARD}), ("", {f"of {CARD}": ""})):
        with pytest.raises(CardNumberRefused) as caught:
            till.service.authorize(
                "k", order_ref="o", amount=TEN, gateway="fake", description=description, metadata=metadata
            )
        assert "4111" not in str(caught.value)
    assert till.fake.calls == []
    assert till.service.of_order("order-1") == ()


def test_hooks_may_object() -> None:
    """Before anything is written or sent."""

    class NoBigOnes:
        @hookimpl
        def commerce_validate_payment(self, amount: Money) -> None:
            if amount > TEN:
                raise Denied

    till = Till(None, NoBigOnes())
    with pytest.raises(Denied):
        till.pay()
    assert till.fake.calls == []


def test_what_did_not_happen_is_sent_again(till: Till) -> None:
    """The gateway was not reached: the payment failed for now, and the same key tries once more."""
    till.fake.script("authorize", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.pay()
    (failed,) = till.service.of_order("order-1")
    assert (failed.status, failed.live) == (PaymentStatus.FAILED, False)
    paid = till.pay()
    assert (paid.id, paid.status, paid.live) == (failed.id, PaymentStatus.AUTHORIZED, True)
    till.fake.script("capture", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.service.capture(paid.id, "c")
    assert till.service.get(paid.id).capturable == HUNDRED
    assert till.service.capture(paid.id, "c").captured == HUNDRED


def test_what_was_to_be_taken_at_once_is_sent_again(till: Till) -> None:
    """The capture goes with its authorization: one call, and one answer for both."""
    till.fake.script("authorize", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.pay(capture=True)
    assert not till.service.of_order("order-1")[0].open
    assert till.pay(capture=True).captured == till.fake.total(OperationKind.CAPTURE) == HUNDRED


def test_what_cannot_be_sent_again_any_more(till: Till) -> None:
    """A capture that did not happen counts again only if there is still room for it."""
    payment = till.pay()
    till.fake.script("capture", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.service.capture(payment.id, "c", TEN * 6)
    till.service.capture(payment.id, "other", TEN * 5)
    with pytest.raises(CaptureTooMuch):
        till.service.capture(payment.id, "c", TEN * 6)
    till.fake.script("refund", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.service.refund(payment.id, "r", TEN * 5)
    till.service.refund(payment.id, "other", TEN)
    with pytest.raises(RefundTooMuch):
        till.service.refund(payment.id, "r", TEN * 5)


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST])
def test_a_lost_answer_is_found_and_never_paid_twice(till: Till, fault: Fault) -> None:
    """Asked what happened; where that cannot be told, the same key finds out, and sends only what is missing."""
    till.fake.script("authorize", fault)
    till.fake.script("fetch", Fault.UNAVAILABLE)
    with pytest.raises(PaymentUnknown):
        till.pay()
    (unknown,) = till.service.of_order("order-1")
    assert unknown.status is PaymentStatus.UNKNOWN
    payment = till.pay()
    assert payment.status is PaymentStatus.AUTHORIZED
    for method, act in (("capture", till.service.capture), ("refund", till.service.refund)):
        till.fake.script(method, fault)
        if fault is Fault.LOST_REQUEST:
            with pytest.raises(OutcomeUnknown):
                act(payment.id, "key", TEN)
        act(payment.id, "key", TEN)
    kinds = [(o.kind, o.amount) for o in till.fake.operations()]
    assert kinds == [(OperationKind.AUTHORIZE, HUNDRED), (OperationKind.CAPTURE, TEN), (OperationKind.REFUND, TEN)]


def test_what_may_have_happened_counts(till: Till) -> None:
    """While a refund is unknown, its money cannot be refunded again."""
    payment = till.pay(capture=True)
    till.fake.script("refund", Fault.LOST_REQUEST)
    with pytest.raises(PaymentUnknown):
        till.service.refund(payment.id, "r", TEN * 9)
    with pytest.raises(RefundTooMuch) as caught:
        till.service.refund(payment.id, "r2", TEN * 2)
    assert caught.value.possible == TEN
    till.wait()
    assert till.service.settle_open() == 1
    assert till.service.get(payment.id).refundable == HUNDRED
    assert till.service.refund(payment.id, "r", TEN * 9).refunded == TEN * 9


def test_one_bad_payment_stops_no_other(till: Till) -> None:
    """Whatever its gateway raises: the next is settled, and it is asked about again later."""
    for key in ("one", "two"):
        till.service.authorize(
            key, order_ref=key, amount=HUNDRED, gateway="fake", token=Tokens.ACTION, return_url="https://shop.example"
        )
        (payment,) = till.service.of_order(key)
        till.fake.customer_acts(payment.id)
    till.fake.script("fetch", before=trip)
    till.wait()
    assert till.service.settle_open() == 2
    statuses = {till.service.of_order(key)[0].status for key in ("one", "two")}
    assert statuses == {PaymentStatus.WAITING, PaymentStatus.AUTHORIZED}
    till.wait(60)
    assert till.service.settle_open() == 1


def trip() -> None:
    raise ZeroDivisionError


def test_what_never_arrived_is_asked_anew(till: Till) -> None:
    """A gateway that tells repetitions apart by the day gets the day on which it is really asked."""
    payment = till.pay(capture=True)
    till.fake.script("refund", Fault.UNAVAILABLE)
    with pytest.raises(ProviderUnavailable):
        till.service.refund(payment.id, "r", TEN)
    till.wait(60 * 24)
    till.service.refund(payment.id, "r", TEN)
    entry = till.service.get(payment.id).entry(OperationKind.REFUND, "r")
    assert entry is not None
    assert entry.at == entry.sent_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["authorize", "capture", "refund", "void"])
def test_a_crash_is_settled_by_asking(till: Till, moment: str, method: str) -> None:
    """Died before or after the gateway did it: settling writes down the truth, the same key ends it."""
    service = till.service
    acts = {
        "authorize": lambda id: till.pay(),
        "capture": lambda id: service.capture(id, "c", TEN),
        "refund": lambda id: service.refund(id, "r", TEN),
        "void": lambda id: service.void(id, "v"),
    }
    id = "" if method == "authorize" else till.pay().id
    if method == "refund":
        service.capture(id, "c", TEN)
    till.fake.script(method, **{moment: die})  # type: ignore[arg-type]
    with pytest.raises(Crash):
        acts[method](id)
    (payment,) = service.of_order("order-1")
    assert payment.ledger[-1].status is OperationStatus.REQUESTED
    done = len(till.fake.operations())
    till.wait()
    assert service.settle_open() == 1
    settled = service.get(payment.id).ledger[-1]
    assert settled.status is (OperationStatus.SUCCEEDED if moment == "after" else OperationStatus.FAILED)
    assert len(till.fake.operations()) == done
    acts[method](payment.id)
    assert service.get(payment.id).ledger[-1].status is OperationStatus.SUCCEEDED
    assert service.compare(payment.id) == ()
    assert service.settle_open() == 0


def test_patience(till: Till) -> None:
    """What was just sent may still arrive: it is not given up before the time."""
    till.fake.script("authorize", before=die)
    with pytest.raises(Crash):
        till.pay()
    (payment,) = till.service.of_order("order-1")
    till.wait(4)
    assert till.service.settle_open() == 0
    assert till.service.settle(payment.id).status is PaymentStatus.NEW
    till.wait(1)
    assert till.service.settle_open() == 1
    assert till.service.get(payment.id).status is PaymentStatus.FAILED


def test_told_that_it_was_not_sent(till: Till) -> None:
    """Where patience is over and the gateway knows nothing, the caller learns that nothing happened."""
    till.service.patience *= 0
    till.fake.script("authorize", Fault.LOST_REQUEST)
    with pytest.raises(PaymentNotSent):
        till.pay()
    assert till.pay().status is PaymentStatus.AUTHORIZED


def test_a_gateway_that_thinks_about_it(till: Till) -> None:
    """Pending is neither yes nor no; it counts, until the gateway knows."""
    payment = till.pay(token=Tokens.PENDING)
    assert payment.status is PaymentStatus.PENDING
    till.fake.finish(payment.id)
    assert till.pay(token=Tokens.PENDING).status is PaymentStatus.AUTHORIZED
    till.fake.script("capture", Fault.PENDING)
    payment = till.service.capture(payment.id, "c")
    assert (payment.captured, payment.capturable) == (NOTHING, NOTHING)
    till.fake.finish(payment.id, succeeds=False)
    assert till.service.settle(payment.id).capturable == HUNDRED


def test_a_failed_refund_opens_again(till: Till) -> None:
    """Money that came back can be refunded again, under another key."""
    payment = till.pay(capture=True)
    till.service.refund(payment.id, "r")
    till.fake.fail_refund(payment.id)
    payment = till.service.settle(payment.id)
    assert (payment.status, payment.refundable) == (PaymentStatus.CAPTURED, HUNDRED)
    with pytest.raises(PaymentDeclined):
        till.service.refund(payment.id, "r")
    assert till.service.refund(payment.id, "r2").status is PaymentStatus.REFUNDED
    assert till.events[-3:] == ["PaymentRefunded", "PaymentRefundFailed", "PaymentRefunded"]


def test_what_others_do_is_taken_over(till: Till) -> None:
    """A refund in the gateway's dashboard, a chargeback and its reversal: named, then written down once."""
    payment = till.pay(capture=True)
    till.fake.happen(payment.id, OperationKind.REFUND, TEN)
    till.fake.happen(payment.id, OperationKind.CHARGEBACK, TEN * 9)
    found = till.service.compare(payment.id)
    assert [(d.kind, d.ours, d.theirs) for d in found] == [
        (OperationKind.REFUND, NOTHING, TEN),
        (OperationKind.CHARGEBACK, NOTHING, TEN * 9),
    ]
    for _ in range(2):
        payment = till.service.settle(payment.id)
    assert (payment.status, payment.charged_back, payment.refundable) == (
        PaymentStatus.CHARGED_BACK,
        TEN * 9,
        NOTHING,
    )
    till.fake.happen(payment.id, OperationKind.CHARGEBACK_REVERSAL, TEN * 9)
    payment = till.service.settle(payment.id)
    assert (payment.status, payment.refundable) == (PaymentStatus.PARTIALLY_REFUNDED, TEN * 9)
    assert till.events[2:] == ["PaymentRefunded", "PaymentChargedBack", "PaymentChargebackReversed"]


def test_an_authorization_expires(till: Till) -> None:
    """The gateway freed it: nothing can be captured, another attempt may begin."""
    payment = till.pay()
    till.fake.happen(payment.id, OperationKind.VOID, HUNDRED)
    assert till.service.settle(payment.id).status is PaymentStatus.VOIDED
    assert till.pay("again").status is PaymentStatus.AUTHORIZED


@pytest.mark.parametrize("token", [Tokens.SUSPECTED, Tokens.PARTIAL])
def test_doubtful_money_waits_for_a_person(till: Till, token: str) -> None:
    """Suspected, or less than was asked: in review, not captured, until accepted or cancelled."""
    payment = till.pay(token=token)
    assert payment.status is PaymentStatus.REVIEW
    assert till.service.settle(payment.id).status is PaymentStatus.REVIEW
    with pytest.raises(NotAllowed):
        till.service.capture(payment.id, "c")
    accepted = till.service.accept(payment.id)
    assert till.service.settle(payment.id).status is PaymentStatus.AUTHORIZED
    assert till.service.capture(payment.id, "c").captured == accepted.authorized


def test_doubtful_money_can_go_back(till: Till) -> None:
    """Cancelling needs no acceptance."""
    payment = till.pay(token=Tokens.SUSPECTED, capture=True)
    assert payment.status is PaymentStatus.REVIEW
    assert till.service.cancel(payment.id, "undo").status is PaymentStatus.REFUNDED


def test_giving_up_a_waiting_attempt(till: Till) -> None:
    """The gateway is told where it can be; the customer is too late then."""
    waiting = till.pay(token=Tokens.ACTION)
    for _ in range(2):
        voided = till.service.void(waiting.id, "v")
    assert (voided.status, voided.open) == (PaymentStatus.VOIDED, False)
    till.fake.customer_acts(waiting.id)
    assert till.service.settle(waiting.id).authorized == NOTHING
    with pytest.raises(PaymentDeclined) as caught:
        till.pay(token=Tokens.ACTION)
    assert caught.value.reason == "abandoned"


@pytest.mark.parametrize("gateway", ["fake", "once"])
def test_an_approval_that_nobody_wants_any_more(till: Till, gateway: str) -> None:
    """The customer approved, and we give up: nothing is taken for the sake of giving it back."""
    bank = till.fake if gateway == "fake" else till.once
    waiting = till.pay(gateway=gateway, token=Tokens.REDIRECT)
    bank.customer_acts(waiting.id)
    assert till.service.void(waiting.id, "v").status is PaymentStatus.VOIDED
    assert not till.service.settle(waiting.id).open
    assert bank.total(OperationKind.AUTHORIZE) == NOTHING
    assert [call.method for call in bank.calls].count("authorize") == 1


def test_the_customer_was_quicker(till: Till) -> None:
    """Approved while it was being called off: the money is there, and is freed."""
    waiting = till.pay(token=Tokens.ACTION)
    till.fake.script("void", before=lambda: till.fake.customer_acts(waiting.id))
    voided = till.service.void(waiting.id, "v")
    assert (voided.status, voided.voided, voided.surplus) == (PaymentStatus.VOIDED, HUNDRED, False)
    assert till.service.compare(waiting.id) == ()


def test_surplus_money_goes_back_by_itself(till: Till) -> None:
    """Given up where the gateway cannot be told, paid all the same: noticed, and refunded once."""
    waiting = till.pay(gateway="once", token=Tokens.ACTION)
    till.service.void(waiting.id, "v")
    second = till.pay("again", gateway="once")
    till.once.customer_acts(waiting.id)
    late = till.service.settle(waiting.id)
    assert (late.surplus, late.captured, late.live) == (True, HUNDRED, False)
    till.wait()
    till.service.settle_open()
    returned = till.service.get(waiting.id)
    assert (returned.status, returned.refunded, returned.open) == (PaymentStatus.REFUNDED, HUNDRED, False)
    assert till.service.return_surplus(second.id).refunded == NOTHING
    assert till.once.total(OperationKind.REFUND) == HUNDRED
    assert "PaymentSurplus" in till.events
    with pytest.raises(PaymentDeclined):
        till.pay(gateway="once", token=Tokens.ACTION)


def test_surplus_money_is_offered_again(till: Till) -> None:
    """A refund of it that fails is tried anew at the next turn."""
    waiting = till.pay(gateway="once", token=Tokens.ACTION)
    till.service.void(waiting.id, "v")
    till.once.customer_acts(waiting.id)
    till.once.script("refund", Fault.DECLINED)
    for refunded in (NOTHING, HUNDRED):
        till.wait()
        till.service.settle_open()
        assert till.service.get(waiting.id).refunded == refunded


def test_given_up_while_it_was_asked(till: Till) -> None:
    """A yes that comes after the attempt was given up is no yes for the caller."""

    def give_up() -> None:
        (payment,) = till.service.of_order("order-1")
        till.service.void(payment.id, "v")

    till.fake.script("authorize", before=give_up)
    with pytest.raises(PaymentDeclined) as caught:
        till.pay()
    assert caught.value.reason == "abandoned"
    (payment,) = till.service.of_order("order-1")
    assert till.service.return_surplus(payment.id).status is PaymentStatus.VOIDED


def test_money_that_moves_by_hand(till: Till) -> None:
    """Cash is promised at once; a transfer waits until somebody saw it. Neither has anything to lose."""
    cash = till.pay(gateway="cash")
    assert till.service.settle(cash.id).status is PaymentStatus.AUTHORIZED
    till.service.void(cash.id, "v")
    transfer = till.pay("two", gateway="transfer", capture=True)
    assert transfer.status is PaymentStatus.PENDING
    assert till.service.settle(transfer.id).status is PaymentStatus.PENDING
    for _ in range(2):
        paid = till.service.confirm(transfer.id)
    assert paid.status is PaymentStatus.CAPTURED
    assert till.service.settle(paid.id).version == paid.version
    assert till.service.refund(paid.id, "r", TEN).refunded == TEN


def test_a_transfer_nobody_waits_for(till: Till) -> None:
    """Given up, and if the money comes after all it is surplus."""
    transfer = till.pay(gateway="transfer")
    assert till.service.void(transfer.id, "v").status is PaymentStatus.VOIDED
    late = till.service.confirm(transfer.id)
    assert (late.surplus, late.live) == (True, False)


def test_one_bad_gateway_stops_nobody(till: Till) -> None:
    """Settling goes on with the next payment, and comes back later."""
    first = till.pay(token=Tokens.PENDING)
    second = till.service.authorize("k", order_ref="o", amount=TEN, gateway="fake", token=Tokens.PENDING)
    for payment in (first, second):
        till.fake.finish(payment.id)
    till.fake.script("fetch", Fault.UNAVAILABLE)
    till.wait()
    assert till.service.settle_open() == 2
    assert [till.service.get(p.id).status for p in (first, second)] == [
        PaymentStatus.PENDING,
        PaymentStatus.AUTHORIZED,
    ]
    assert till.service.settle_open() == 0
    till.wait(7)
    assert till.service.settle_open() == 1
    assert till.service.get(first.id).status is PaymentStatus.AUTHORIZED


def test_long_waits_are_asked_about_less_often(till: Till) -> None:
    """Five minutes, then a quarter of the time that it takes already."""
    till.pay(token=Tokens.PENDING)
    asked = []
    for minute in range(24 * 60):
        till.wait(1)
        asked += [minute + 1] * till.service.settle_open()
    assert asked[:4] == [5, 12, 20, 30]
    assert len(asked) < 25


def test_an_attempt_given_up_is_watched(till: Till) -> None:
    """As long as somebody could still pay; where the gateway was told, nobody can."""
    waiting = till.pay(gateway="once", token=Tokens.ACTION)
    assert till.service.void(waiting.id, "v").watched_until == NOW + timedelta(days=1)
    till.wait(24 * 60)
    assert till.service.settle(waiting.id).open
    till.once.customer_acts(waiting.id, approves=False)
    assert not till.service.settle(waiting.id).open
    told = till.pay("again", token=Tokens.ACTION)
    assert not till.service.settle(till.service.void(told.id, "v").id).open


def test_what_never_arrived_is_watched_for_a_day(till: Till) -> None:
    """It may have been on its way for very long; then it is surplus."""
    till.fake.script("authorize", Fault.LOST_REQUEST)
    with pytest.raises(PaymentUnknown):
        till.pay()
    (payment,) = till.service.of_order("order-1")
    till.wait()
    assert till.service.settle(payment.id).watched_until == NOW + timedelta(minutes=6, days=1)
    till.wait(24 * 60)
    assert not till.service.settle(payment.id).open


def test_every_state_is_drawn() -> None:
    """The tables name each state."""
    assert set(PAYMENT_STATES.moves) == set(PaymentStatus)
    assert set(OPERATION_STATES.moves) == set(OperationStatus)


def test_nothing_secret_is_told(till: Till) -> None:
    """Neither tokens nor links nor customers are in events, reprs and errors."""
    payment = till.service.authorize(
        "k",
        order_ref="o",
        amount=TEN,
        gateway="fake",
        token=Tokens.REDIRECT,
        customer_ref="customer-7",
        description="three shirts for Ada",
    )
    told = repr([envelope for _, envelope in till.storage.outbox.archive()]) + repr(payment)
    for secret in (Tokens.REDIRECT.value, "https://", "customer-7", "Ada"):
        assert secret not in told


def test_a_payment_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    """A row that somebody wrote by hand: the next payment is settled, and comes first the next time."""
    storage = SqlStorage(f"sqlite:///{tmp_path}/shop.db").migrate()
    till = Till(storage)
    broken, sound = (
        till.service.authorize(key, order_ref=key, amount=HUNDRED, gateway="fake", token=Tokens.ACTION)
        for key in ("one", "two")
    )
    till.fake.customer_acts(sound.id)
    with storage.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE payment_entry SET kind = 'nonsense' WHERE payment_id = :id"), {"id": broken.id}
        )
    till.wait()
    assert till.service.settle_open() == 2
    assert till.service.get(sound.id).status is PaymentStatus.AUTHORIZED
    assert till.service.settle_open() == 0, "not asked about again at once"
    storage.close()
