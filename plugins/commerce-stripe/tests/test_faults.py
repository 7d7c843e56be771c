"""What goes wrong on the way, and that it is never paid twice for."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe as sdk
from commerce_stripe import StripeGateway, StripeUnavailable, StripeUnknown
from commerce_stripe.errors import StripeRefusal, asking

from commerce.kernel import KeyReused, Money, ProviderError
from commerce.payments import (
    ActionRequired,
    DeclineCode,
    Declined,
    OperationKind,
    OperationStatus,
    PaymentUnknown,
    Succeeded,
)
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.serving import HttpFault, json_reply, serve

Make = Callable[..., StripeGateway]
HUNDRED = Money("100.00", "EUR")

NOTHING_DONE = (HttpFault.THROTTLED,)
MAYBE_DONE = (HttpFault.LOST_REQUEST, HttpFault.LOST_ANSWER, HttpFault.BROKEN, HttpFault.BROKEN_AFTER, HttpFault.DOWN)


@pytest.fixture
def desk(gateway: StripeGateway) -> Desk:
    return Desk(gateway, HUNDRED, "pm_card_visa")


@pytest.mark.parametrize("fault", NOTHING_DONE)
def test_what_certainly_was_not_done(stripe: StripeServer, desk: Desk, fault: HttpFault) -> None:
    stripe.script(fault, method="POST")
    with pytest.raises(StripeUnavailable):
        desk.authorize()
    assert stripe.of_payment(desk.payment_id) == []


@pytest.mark.parametrize("fault", [*MAYBE_DONE, HttpFault.NONSENSE])
def test_what_may_have_been_done_is_found_by_our_id(stripe: StripeServer, desk: Desk, fault: HttpFault) -> None:
    """The answer is lost, and with it Stripe's id; one look tells, and the same key makes at most one intent."""
    stripe.script(fault, method="POST")
    with pytest.raises(StripeUnknown):
        desk.authorize(capture=True)
    done = fault in (HttpFault.LOST_ANSWER, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE)
    state = desk.fetch()
    assert state.complete
    assert len(state.operations) == (2 if done else 0)
    assert isinstance(desk.authorize(capture=True), Succeeded)
    assert len(stripe.of_payment(desk.payment_id)) == 1
    assert desk.total(OperationKind.CAPTURE) == HUNDRED


def test_no_answer_in_time(stripe: StripeServer, make: Make) -> None:
    desk = Desk(make(timeout=0.2), HUNDRED, "pm_card_visa")
    stripe.script(HttpFault.STALLED, method="POST")
    with pytest.raises(StripeUnknown, match="ReadTimeout"):
        desk.authorize()
    assert len(desk.fetch().operations) == 1


@pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.REFUND, OperationKind.VOID])
@pytest.mark.parametrize("fault", [HttpFault.LOST_REQUEST, HttpFault.LOST_ANSWER])
def test_operations_are_done_once(stripe: StripeServer, desk: Desk, kind: OperationKind, fault: HttpFault) -> None:
    """Lost, looked up, and repeated with the same key."""
    desk.authorize(capture=kind is OperationKind.REFUND)
    stripe.script(fault, method="POST")
    with pytest.raises(StripeUnknown):
        desk.ask(kind, HUNDRED, "once")
    assert desk.total(kind) == (HUNDRED if fault is HttpFault.LOST_ANSWER else Money.zero("EUR"))
    assert isinstance(desk.ask(kind, HUNDRED, "once"), Succeeded)
    assert desk.total(kind) == HUNDRED


def test_the_wrong_key(make: Make) -> None:
    """Nothing is done, and the key is not repeated in the error."""
    desk = Desk(make(secret_key="sk_test_wrong_41aa"), HUNDRED, "pm_card_visa")
    with pytest.raises(StripeUnavailable) as refused:
        desk.authorize()
    assert "41aa" not in f"{refused.value!s}{refused.value!r}{refused.value.__context__!r}"


def test_nobody_there(make: Make) -> None:
    with socket.socket() as deaf, pytest.raises(StripeUnavailable, match="ConnectError"):
        deaf.bind(("127.0.0.1", 0))  # and nobody else gets its port meanwhile
        Desk(make(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}"), HUNDRED, "pm_card_visa").authorize()


@pytest.fixture
def answering(make: Make) -> Iterator[Callable[[int, object], Desk]]:
    """A Stripe that gives one answer to everything."""
    answer: list[tuple[int, object]] = []
    with serve(lambda request: json_reply(answer[-1][1], answer[-1][0])) as url:

        def desk(status: int, body: object) -> Desk:
            answer.append((status, body))
            return Desk(make(base_url=url), HUNDRED, "pm_card_visa")

        yield desk


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (409, {"type": "invalid_request_error", "code": "lock_timeout"}, StripeUnavailable),
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, StripeUnknown),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}, StripeUnavailable),
        (401, {"type": "invalid_request_error"}, StripeUnavailable),
        (403, {"type": "invalid_request_error"}, StripeUnavailable),
        (400, {"type": "idempotency_error"}, KeyReused),
        (500, {"type": "api_error"}, StripeUnknown),
        (503, {"type": "api_error"}, StripeUnknown),
    ],
)
def test_each_status_means_something(
    answering: Callable[[int, object], Desk], status: int, error: dict[str, str], expected: type[Exception]
) -> None:
    """An earlier request with the same key still running is a maybe: that one may succeed."""
    with pytest.raises(expected):
        answering(status, {"error": error}).authorize()


@pytest.mark.parametrize("kind", [None, OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND])
@pytest.mark.parametrize("body", [{}, [], None, {"id": "pi_1"}])
def test_a_yes_that_says_nothing_is_a_maybe(
    answering: Callable[[int, object], Desk], body: object, kind: OperationKind | None
) -> None:
    """What was asked may have been done, and the next question tells."""
    desk = answering(200, body)
    desk.reference = "pi_1"
    with pytest.raises(StripeUnknown):
        desk.ask(kind, HUNDRED, "key") if kind else desk.authorize()


@pytest.mark.parametrize("status", [400, 402, 404])
def test_who_only_asks_is_not_declined(answering: Callable[[int, object], Desk], status: int) -> None:
    """A no to a question says nothing about the payment: it could not be asked."""
    desk = answering(status, {"error": {"type": "invalid_request_error", "code": "parameter_invalid"}})
    desk.reference = "pi_1"
    with pytest.raises(ProviderError):
        desk.fetch()


def test_a_status_that_is_not_known_yet(answering: Callable[[int, object], Desk]) -> None:
    """Stripe may add some: then nothing is claimed."""
    with pytest.raises(StripeUnknown, match="dancing"):
        answering(200, {"id": "pi_1", "object": "payment_intent", "status": "dancing"}).authorize()


def test_every_error_of_stripes_library_is_mapped() -> None:
    """Also those that a later version adds."""

    def kinds(of: type[sdk.StripeError]) -> Iterator[type[sdk.StripeError]]:
        for kind in of.__subclasses__():
            yield kind
            yield from kinds(kind)

    found = list(kinds(sdk.StripeError))
    assert len(found) > 10
    for kind in found:
        error = kind.__new__(kind)
        sdk.StripeError.__init__(error, "secret text")
        with pytest.raises((ProviderError, StripeRefusal, KeyReused)) as raised, asking("k"):
            raise error
        assert "secret text" not in str(raised.value)


@pytest.mark.parametrize(
    ("token", "code", "vendor_code", "may_retry"),
    [
        ("pm_card_visa_chargeDeclined", DeclineCode.DECLINED, "generic_decline", False),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", DeclineCode.INSUFFICIENT_FUNDS, "insufficient_funds", False),
        ("pm_card_visa_chargeDeclinedLostCard", DeclineCode.LOST_OR_STOLEN, "lost_card", False),
        ("pm_card_chargeDeclinedExpiredCard", DeclineCode.EXPIRED_CARD, "expired_card", False),
        ("pm_card_chargeDeclinedIncorrectCvc", DeclineCode.WRONG_SECURITY_CODE, "incorrect_cvc", True),
        ("pm_card_chargeDeclinedProcessingError", DeclineCode.DECLINED, "processing_error", True),
        ("pm_card_radarBlock", DeclineCode.SUSPECTED_FRAUD, "fraudulent", False),
        ("pm_of_nobody", DeclineCode.INVALID_TOKEN, "resource_missing", False),
    ],
)
def test_a_no_is_an_answer(
    gateway: StripeGateway, token: str, code: DeclineCode, vendor_code: str, *, may_retry: bool
) -> None:
    """With our word, Stripe's own, and whether to try again; the bank's reasons are not told to the shopper."""
    answer = Desk(gateway, HUNDRED, token).authorize()
    assert isinstance(answer, Declined)
    assert (answer.code, answer.vendor_code, answer.may_retry) == (code, vendor_code, may_retry)
    assert "lost" not in answer.message
    assert "fraud" not in answer.message


@pytest.mark.parametrize(
    ("amount", "code"),
    [("0.10", DeclineCode.AMOUNT_NOT_ALLOWED), ("9999999.00", DeclineCode.AMOUNT_NOT_ALLOWED)],
)
def test_amounts_that_stripe_does_not_take(gateway: StripeGateway, amount: str, code: DeclineCode) -> None:
    answer = Desk(gateway, Money(amount, "EUR"), "pm_card_visa").authorize()
    assert isinstance(answer, Declined)
    assert answer.code is code


def test_a_currency_that_stripe_does_not_take(gateway: StripeGateway) -> None:
    answer = Desk(gateway, Money("100.00", "XTS"), "pm_card_visa").authorize()
    assert isinstance(answer, Declined)
    assert answer.code is DeclineCode.CURRENCY_NOT_SUPPORTED


def test_an_amount_that_cannot_be_said_is_not_sent(stripe: StripeServer, gateway: StripeGateway) -> None:
    answer = Desk(gateway, Money("1.001", "KWD"), "pm_card_visa").authorize()
    assert isinstance(answer, Declined)
    assert answer.code is DeclineCode.AMOUNT_NOT_ALLOWED
    assert stripe.count("POST") == 0


def test_a_lost_authorization_that_needs_the_customer(stripe: StripeServer, gateway: StripeGateway) -> None:
    """What the shopper has to do is not lost with the answer."""
    desk = Desk(gateway, HUNDRED, "pm_card_authenticationRequired")
    stripe.script(HttpFault.LOST_ANSWER, method="POST")
    with pytest.raises(StripeUnknown):
        desk.authorize()
    state = desk.fetch()
    assert state.operations[0].status is OperationStatus.WAITING
    assert state.action is not None
    assert state.action.url.startswith(stripe.url)
    assert isinstance(desk.authorize(), ActionRequired)


def test_looking_through_many_intents(stripe: StripeServer, gateway: StripeGateway, desk: Desk) -> None:
    """The list is paged through; past its end the search is asked, which is believed only an hour later."""
    stripe.script(HttpFault.LOST_ANSWER, method="POST")
    with pytest.raises(StripeUnknown):
        desk.authorize()
    client = sdk.StripeClient(stripe.secret_key, base_addresses={"api": stripe.url})
    mine = stripe.of_payment(desk.payment_id)[0]
    with stripe.lock:
        stripe.intents.update({f"pi_other{n}": {**mine, "id": f"pi_other{n}", "metadata": {}} for n in range(600)})
    try:
        assert client.v1.payment_intents.list({"limit": 1}).has_more
        assert len(desk.fetch().operations) == 1
        stripe.searchable = False
        assert not desk.fetch().complete
        stripe.requests.clear()
        desk.fetch()
        assert stripe.count("GET", "/v1/payment_intents") == 5
    finally:
        stripe.searchable = True
        with stripe.lock:
            for n in range(600):
                del stripe.intents[f"pi_other{n}"]


def test_an_unknown_outcome_that_cannot_be_asked_about(stripe: StripeServer, till: Any) -> None:
    """Stripe is gone after the charge: the payment is unknown, and one look later it is paid, once."""
    stripe.script(HttpFault.LOST_ANSWER, method="POST")
    stripe.script(HttpFault.DOWN, method="GET", times=1)
    with pytest.raises(PaymentUnknown):
        till.pay("pm_card_visa", capture=True)
    payment = till.pay("pm_card_visa", capture=True)
    assert payment.status.value == "captured"
    assert len(stripe.of_payment(payment.id)) == 1
    assert stripe.count("POST", "/v1/payment_intents") == 1


def test_calling_off_comes_too_late(stripe: StripeServer, gateway: StripeGateway) -> None:
    """The customer was quicker: what is held by now is not freed by a void of nothing."""
    desk = Desk(gateway, HUNDRED, "pm_card_authenticationRequired")
    desk.authorize()
    stripe.authenticate(desk.reference)
    assert isinstance(desk.ask(OperationKind.VOID, Money("0.00", "EUR"), "off"), Declined)
    assert desk.total(OperationKind.AUTHORIZE) == HUNDRED
    assert desk.total(OperationKind.VOID) == Money("0.00", "EUR")
