"""What goes wrong on the way, and that it is never paid twice for."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from commerce_paypal import PayPalGateway, PayPalPlugin, PayPalUnavailable, PayPalUnknown

from commerce.kernel import KeyReused, Money, utc_now
from commerce.payments import (
    ActionRequired,
    DeclineCode,
    Declined,
    NoticeReply,
    OperationKind,
    OperationStatus,
    Succeeded,
)
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.paypal import PayPalServer
from commerce.testing.serving import HttpFault, HttpRequest, json_reply, serve

Make = Callable[..., PayPalGateway]
HUNDRED = Money("100.00", "EUR")
NOTHING = Money("0.00", "EUR")
ORDERS = "/v2/checkout/orders"

MAYBE_DONE = [
    *(HttpFault.LOST_REQUEST, HttpFault.LOST_ANSWER, HttpFault.BROKEN, HttpFault.BROKEN_AFTER),
    *(HttpFault.DOWN, HttpFault.NONSENSE),
]
_UNIT = {"amount": {"currency_code": "EUR", "value": "100.00"}}
DONE = {HttpFault.LOST_ANSWER, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE}


@pytest.fixture
def desk(gateway: PayPalGateway) -> Desk:
    return Desk(gateway, HUNDRED, "")


@pytest.fixture
def approved(paypal: PayPalServer, desk: Desk) -> Desk:
    """An order that the payer agreed to."""
    assert isinstance(desk.authorize(), ActionRequired)
    paypal.approve(desk.reference)
    return desk


def test_what_certainly_was_not_done(paypal: PayPalServer, desk: Desk) -> None:
    paypal.script(HttpFault.THROTTLED, method="POST", path=ORDERS)
    with pytest.raises(PayPalUnavailable, match="RATE_LIMIT"):
        desk.authorize()
    assert paypal.of_payment(desk.payment_id) == []


@pytest.mark.parametrize("fault", MAYBE_DONE)
def test_a_lost_order_is_made_once(paypal: PayPalServer, desk: Desk, fault: HttpFault) -> None:
    """Nobody can have approved it, so nothing happened; the same key gives the same order."""
    paypal.script(fault, method="POST", path=ORDERS)
    with pytest.raises(PayPalUnknown):
        desk.authorize()
    assert desk.fetch().operations == ()
    assert desk.fetch().complete
    assert isinstance(desk.authorize(), ActionRequired)
    assert len(paypal.of_payment(desk.payment_id)) == 1


@pytest.mark.parametrize("fault", MAYBE_DONE)
def test_a_lost_authorization_is_done_once(paypal: PayPalServer, approved: Desk, fault: HttpFault) -> None:
    paypal.script(fault, method="POST", path=f"{ORDERS}/*/authorize")
    with pytest.raises(PayPalUnknown):
        approved.authorize()
    now = approved.fetch().operations[0].status
    assert now is (OperationStatus.SUCCEEDED if fault in DONE else OperationStatus.APPROVED)
    assert isinstance(approved.authorize(), Succeeded)
    assert approved.total(OperationKind.AUTHORIZE) == HUNDRED


@pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.REFUND, OperationKind.VOID])
@pytest.mark.parametrize("fault", [HttpFault.LOST_REQUEST, HttpFault.LOST_ANSWER])
def test_operations_are_done_once(paypal: PayPalServer, approved: Desk, kind: OperationKind, fault: HttpFault) -> None:
    """Lost, looked up, and repeated with the same key."""
    approved.authorize()
    if kind is OperationKind.REFUND:
        approved.ask(OperationKind.CAPTURE, HUNDRED, "first")
    paypal.script(fault, method="POST", path="/v2/payments/*")
    with pytest.raises(PayPalUnknown):
        approved.ask(kind, HUNDRED, "once")
    assert approved.total(kind) == (HUNDRED if fault is HttpFault.LOST_ANSWER else NOTHING)
    assert isinstance(approved.ask(kind, HUNDRED, "once"), Succeeded)
    assert approved.total(kind) == HUNDRED


def test_a_key_is_compared_by_us(paypal: PayPalServer, approved: Desk) -> None:
    """PayPal answers a known request id with the first order, whatever the body."""
    other = Desk(approved.gateway, HUNDRED, "")
    other.payment_id = approved.payment_id
    with pytest.raises(KeyReused):
        other.authorize(amount=HUNDRED + HUNDRED)
    approved.authorize()
    approved.ask(OperationKind.CAPTURE, Money("10.00", "EUR"), "c")
    with pytest.raises(KeyReused):
        approved.ask(OperationKind.CAPTURE, Money("20.00", "EUR"), "c")


def test_no_answer_in_time(paypal: PayPalServer, make: Make) -> None:
    paypal.script(HttpFault.STALLED, method="POST", path=ORDERS)
    with pytest.raises(PayPalUnknown, match="ReadTimeout"):
        Desk(make(timeout=1), HUNDRED, "").authorize()


@pytest.mark.parametrize("fault", list(HttpFault))
def test_without_a_token_nothing_was_done(paypal: PayPalServer, fault: HttpFault) -> None:
    """Whatever becomes of the request for one."""
    plugin = PayPalPlugin(
        client_id=paypal.client_id, client_secret=paypal.client_secret, base_url=paypal.url, timeout=0.5
    )
    paypal.script(fault, path="/v1/oauth2/token")
    with pytest.raises(PayPalUnavailable):
        Desk(plugin.gateway, HUNDRED, "").authorize()
    plugin.close()
    assert paypal.count("POST", ORDERS) == 0


def test_the_wrong_secret(make: Make) -> None:
    with pytest.raises(PayPalUnavailable, match="no token, HTTP 401") as refused:
        Desk(make(client_secret="wrong-secret-41aa"), HUNDRED, "").authorize()
    assert "41aa" not in f"{refused.value!s}{refused.value!r}{refused.value.__context__!r}"


def test_a_token_is_used_until_it_ends(paypal: PayPalServer, make: Make) -> None:
    """One for many calls; a new one a minute before the end, or when PayPal takes it back."""
    passed = [timedelta(0)]
    plugin = PayPalPlugin(client_id=paypal.client_id, client_secret=paypal.client_secret, base_url=paypal.url)
    gateway = PayPalGateway(plugin.settings, clock=lambda: utc_now() + passed[0])
    for _ in range(3):
        Desk(gateway, HUNDRED, "").authorize()
    assert paypal.count("POST", "/v1/oauth2/token") == 1
    passed[0] = timedelta(seconds=paypal.token_lifetime - 30)
    Desk(gateway, HUNDRED, "").authorize()
    assert paypal.count("POST", "/v1/oauth2/token") == 2
    paypal.expire_tokens()
    assert isinstance(Desk(gateway, HUNDRED, "").authorize(), ActionRequired)
    assert paypal.count("POST", "/v1/oauth2/token") == 3
    gateway.close()
    plugin.close()


@pytest.fixture
def answering(make: Make) -> Iterator[Callable[[int, object], Desk]]:
    """A PayPal that gives one answer to everything but the token."""
    answer: list[tuple[int, object]] = []

    def handle(request: HttpRequest) -> NoticeReply:
        if request.path == "/v1/oauth2/token":
            return json_reply({"access_token": "t", "expires_in": 100})
        return json_reply(answer[-1][1], answer[-1][0])

    with serve(handle) as url:

        def desk(status: int, body: object) -> Desk:
            answer.append((status, body))
            return Desk(make(base_url=url), HUNDRED, "")

        yield desk


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"name": "AUTHENTICATION_FAILURE"}, PayPalUnavailable),
        (403, {"name": "NOT_AUTHORIZED"}, PayPalUnavailable),
        (429, {"name": "RATE_LIMIT_REACHED"}, PayPalUnavailable),
        (409, {"name": "RESOURCE_CONFLICT", "details": [{"issue": "PREVIOUS_REQUEST_IN_PROGRESS"}]}, PayPalUnknown),
        (408, {}, PayPalUnknown),
        (500, {"name": "INTERNAL_SERVER_ERROR"}, PayPalUnknown),
        (503, {}, PayPalUnknown),
        (200, [], PayPalUnknown),
        (200, {"id": "1", "status": "DANCING", "intent": "CAPTURE", "purchase_units": [_UNIT]}, PayPalUnknown),
    ],
)
def test_each_status_means_something(
    answering: Callable[[int, object], Desk], status: int, body: object, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        answering(status, body).authorize()


@pytest.mark.parametrize("kind", [None, OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND])
@pytest.mark.parametrize("body", [{}, [], None, {"id": "ORDER-1", "purchase_units": [None]}])
def test_a_yes_that_says_nothing_is_a_maybe(
    answering: Callable[[int, object], Desk], body: object, kind: OperationKind | None
) -> None:
    """What was asked may have been done, and the next question tells."""
    desk = answering(200, body)
    desk.reference = "ORDER-1"
    with pytest.raises(PayPalUnknown):
        desk.ask(kind, HUNDRED, "key") if kind else desk.authorize()


@pytest.mark.parametrize("status", [400, 404, 422])
def test_who_only_asks_is_not_declined(answering: Callable[[int, object], Desk], status: int) -> None:
    """A no to a question says nothing about the payment: it could not be asked."""
    desk = answering(status, {"name": "INVALID_REQUEST", "details": [{"issue": "INVALID_PARAMETER"}]})
    desk.reference = "ORDER-1"
    with pytest.raises(PayPalUnavailable, match="INVALID_PARAMETER"):
        desk.fetch()


@pytest.mark.parametrize(
    ("issue", "code", "may_retry"),
    [
        ("INSTRUMENT_DECLINED", DeclineCode.DECLINED, True),
        ("PAYER_CANNOT_PAY", DeclineCode.INSUFFICIENT_FUNDS, True),
        ("TRANSACTION_REFUSED", DeclineCode.DECLINED, False),
        ("PAYEE_BLOCKED_TRANSACTION", DeclineCode.SUSPECTED_FRAUD, False),
        ("SOMETHING_NEW", DeclineCode.NOT_ALLOWED, False),
    ],
)
def test_a_no_is_an_answer(
    paypal: PayPalServer, approved: Desk, issue: str, code: DeclineCode, *, may_retry: bool
) -> None:
    """With our word, PayPal's own, and whether to try again."""
    paypal.decline_next(issue)
    answer = approved.authorize()
    assert isinstance(answer, Declined)
    assert (answer.code, answer.vendor_code, answer.may_retry) == (code, issue, may_retry)
    assert answer.reference == approved.reference


def test_no_more_is_captured_than_was_authorized(paypal: PayPalServer, approved: Desk) -> None:
    """Though PayPal would take fifteen percent more."""
    approved.authorize()
    paypal.requests.clear()
    answer = approved.ask(OperationKind.CAPTURE, Money("110.00", "EUR"), "c")
    assert isinstance(answer, Declined)
    assert paypal.count("POST") == 0


def test_a_refund_is_taken_from_several_captures(paypal: PayPalServer, approved: Desk) -> None:
    """One refund of ours may be several of PayPal's, and is one again when read; lost half way, it is finished."""
    approved.authorize()
    for n in range(3):
        approved.ask(OperationKind.CAPTURE, Money("30.00", "EUR"), f"c{n}")
    seventy = Money("70.00", "EUR")
    paypal.script(path="/v2/payments/captures/*")
    paypal.script(HttpFault.LOST_ANSWER, path="/v2/payments/captures/*")
    with pytest.raises(PayPalUnknown):
        approved.ask(OperationKind.REFUND, seventy, "r")
    assert approved.total(OperationKind.REFUND) == Money("60.00", "EUR")
    assert isinstance(approved.ask(OperationKind.REFUND, seventy, "r"), Succeeded)
    refunds = [o for o in approved.fetch().operations if o.kind is OperationKind.REFUND]
    assert [o.amount for o in refunds] == [seventy]
    assert isinstance(approved.ask(OperationKind.REFUND, Money("21.00", "EUR"), "more"), Declined)
    assert isinstance(approved.ask(OperationKind.REFUND, Money("20.00", "EUR"), "rest"), Succeeded)
    assert approved.total(OperationKind.REFUND) == Money("90.00", "EUR")


def test_somebody_was_faster(paypal: PayPalServer, approved: Desk) -> None:
    """The order was authorized between our look and our request: that is the authorization."""
    paypal.script(method="GET", path=f"{ORDERS}/*", meanwhile=lambda: paypal._authorize_order(approved.reference, {}))
    assert isinstance(approved.authorize(), Succeeded)
    assert approved.total(OperationKind.AUTHORIZE) == HUNDRED


def test_what_is_free_already_is_free(approved: Desk) -> None:
    """A second void, with another key, has nothing left to do."""
    approved.authorize()
    for key in ("v1", "v2"):
        assert isinstance(approved.ask(OperationKind.VOID, HUNDRED, key), Succeeded)
    assert approved.total(OperationKind.VOID) == HUNDRED


def test_a_capture_that_we_did_not_ask_for(paypal: PayPalServer, approved: Desk) -> None:
    """One made on PayPal's site has the number of the order, and is not taken for ours."""
    approved.authorize()
    held = next(r for r in paypal.resources.values() if r["custom_id"] == approved.payment_id)
    paypal._capture(held["id"], {"amount": {"currency_code": "EUR", "value": "30.00"}})
    found = [o for o in approved.fetch().operations if o.kind is OperationKind.CAPTURE]
    assert [(o.key, o.amount) for o in found] == [("", Money("30.00", "EUR"))]
    assert found[0].reference
