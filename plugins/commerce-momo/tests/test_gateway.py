"""The gateway against the stand-in, over real HTTP: the protocol, its codes, and everything that can break."""

import base64
import json
from collections.abc import Callable

import httpx
import pytest
from attrs import evolve
from commerce_momo import MoMoGateway, MoMoSettings, RequestType
from pydantic import SecretStr

from commerce.kernel import KeyReused, Money, OutcomeUnknown, ProviderUnavailable
from commerce.payments import (
    ActionRequired,
    AuthorizeRequest,
    DeclineCode,
    Declined,
    NoticeOutcome,
    NoticeRejected,
    Operation,
    OperationKind,
    OperationStatus,
    Pending,
    Succeeded,
    entry_id,
)
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.serving import HttpFault

AMOUNT = Money(100_000, "VND")
HALF = Money(50_000, "VND")


@pytest.fixture
def desk(gateway: MoMoGateway) -> Desk:
    """A payment that was not asked for yet."""
    return Desk(gateway, AMOUNT, "")


@pytest.fixture
def opened(desk: Desk, server: MoMoServer) -> str:
    """MoMo's order of a payment whose page the customer opened; captured at once."""
    return server.visit(address(desk))


@pytest.fixture
def taken(desk: Desk, opened: str, server: MoMoServer) -> Desk:
    """A payment that the customer made."""
    server.approve(opened)
    desk.ledger = desk.fetch().operations
    return desk


@pytest.fixture
def held(desk: Desk, server: MoMoServer) -> Desk:
    """An authorized payment."""
    server.approve(server.visit(address(desk, capture=False)))
    desk.ledger = desk.fetch().operations
    return desk


def address(desk: Desk, *, capture: bool = True) -> str:
    answer = desk.authorize(capture=capture)
    assert isinstance(answer, ActionRequired)
    return answer.action.url


def statuses(desk: Desk) -> list[tuple[OperationKind, OperationStatus]]:
    return [(o.kind, o.status) for o in desk.fetch().operations]


def lost(desk: Desk, kind: OperationKind, key: str, amount: Money) -> Operation:
    """An operation whose answer was lost, in the ledger."""
    operation = Operation(
        kind=kind, amount=amount, status=OperationStatus.UNKNOWN, key=entry_id(desk.payment_id, kind, key)
    )
    desk.ledger = (*desk.ledger, operation)
    return operation


# asking


def test_what_is_asked(gateway: MoMoGateway, server: MoMoServer, desk: Desk) -> None:
    """Our payment is MoMo's order, our key its request; metadata travel in base64."""
    request = AuthorizeRequest(
        key="f" * 32,
        payment_id=desk.payment_id,
        order_ref="order-1",
        amount=AMOUNT,
        capture=False,
        at=desk.at,
        return_url="https://shop.example/back",
        locale="vi_VN",
        metadata={"basket": "b-1"},
    )
    assert isinstance(gateway.authorize(request), ActionRequired)
    sent = server.requests[-1].json()
    assert json.loads(base64.b64decode(sent.pop("extraData"))) == {"basket": "b-1"}
    assert len(sent.pop("signature")) == 64
    assert sent == {
        "partnerCode": "PTEST",
        "requestId": "f" * 32,
        "amount": 100_000,
        "orderId": desk.payment_id.replace("-", ""),
        "orderInfo": "Order order-1",
        "redirectUrl": "https://shop.example/back",
        "ipnUrl": "https://shop.example/notices/momo",
        "requestType": "captureWallet",
        "autoCapture": False,
        "lang": "vi",
    }


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money("10.00", "EUR"), DeclineCode.CURRENCY_NOT_SUPPORTED),
        (Money(999, "VND"), DeclineCode.AMOUNT_NOT_ALLOWED),
        (Money(50_000_001, "VND"), DeclineCode.AMOUNT_NOT_ALLOWED),
    ],
)
def test_some_amounts_are_declined_here(
    gateway: MoMoGateway, server: MoMoServer, amount: Money, code: DeclineCode
) -> None:
    """1,000 to 50,000,000 dong; nothing else is sent."""
    answer = Desk(gateway, amount, "").authorize()
    assert isinstance(answer, Declined)
    assert answer.code is code
    assert server.requests == []


@pytest.mark.parametrize("amount", [1_000, 50_000_000])
def test_the_limits_themselves_are_taken(gateway: MoMoGateway, amount: int) -> None:
    """By MoMo as well."""
    assert isinstance(Desk(gateway, Money(amount, "VND"), "").authorize(), ActionRequired)


def test_the_same_request_is_the_same_page(desk: Desk, server: MoMoServer) -> None:
    """MoMo knows its request id, and there is one order."""
    first = address(desk)
    desk.reference = ""
    assert address(desk) == first
    assert server.count("POST", "*/create") == 2


def test_an_order_is_for_one_request(desk: Desk, opened: str, gateway: MoMoGateway, server: MoMoServer) -> None:
    """41: another request for the same payment cannot charge twice; once paid, it is told so."""
    again = Desk(gateway, AMOUNT, "")
    again.payment_id = desk.payment_id
    request = AuthorizeRequest(
        key="e" * 32,
        payment_id=desk.payment_id,
        order_ref="order-1",
        amount=AMOUNT,
        capture=True,
        at=desk.at,
        return_url="https://shop.example/back",
    )
    with pytest.raises(OutcomeUnknown, match="41"):
        gateway.authorize(request)
    with pytest.raises(KeyReused):
        gateway.authorize(evolve(request, amount=HALF))
    server.approve(opened)
    assert gateway.authorize(request) == Succeeded(reference=opened)


@pytest.mark.parametrize(
    ("request_type", "two_steps"),
    [
        (RequestType.WALLET, True),
        (RequestType.CARD, True),
        (RequestType.METHOD, False),
        (RequestType.ATM, False),
    ],
)
def test_some_means_are_captured_at_once(
    settings: MoMoSettings, network: httpx.HTTPTransport, request_type: RequestType, *, two_steps: bool
) -> None:
    """Holding money is for the wallet and credit cards."""
    gateway = MoMoGateway(settings.model_copy(update={"request_type": request_type}), transport=network)
    assert gateway.abilities.separate_capture is two_steps
    assert gateway.abilities.void is two_steps


# the truth


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (98, DeclineCode.DECLINED),
        (99, DeclineCode.DECLINED),
        (1001, DeclineCode.INSUFFICIENT_FUNDS),
        (1002, DeclineCode.DECLINED),
        (1004, DeclineCode.LIMIT_EXCEEDED),
        (1005, DeclineCode.TIMED_OUT),
        (1006, DeclineCode.CANCELLED_BY_CUSTOMER),
        (1007, DeclineCode.NOT_ALLOWED),
        (1017, DeclineCode.ABANDONED),
        (1026, DeclineCode.NOT_ALLOWED),
        (4001, DeclineCode.NOT_ALLOWED),
        (4002, DeclineCode.AUTHENTICATION_FAILED),
        (4100, DeclineCode.AUTHENTICATION_FAILED),
        (4999, DeclineCode.DECLINED),
    ],
)
def test_why_it_failed(desk: Desk, opened: str, server: MoMoServer, code: int, reason: DeclineCode) -> None:
    """MoMo tells the reason when it is asked, and so does a repetition."""
    server.decline(opened, code)
    (failed,) = desk.fetch().operations
    assert (failed.status, failed.reason, failed.vendor_code) == (OperationStatus.FAILED, reason, str(code))
    answer = desk.authorize(capture=True)
    assert isinstance(answer, Declined)
    assert answer.code is reason


def test_in_work_is_pending(desk: Desk, opened: str, server: MoMoServer) -> None:
    """7002: the bank takes its time."""
    server.in_work(opened)
    assert statuses(desk) == [(OperationKind.AUTHORIZE, OperationStatus.PENDING)]
    assert desk.authorize(capture=True) == Pending(reference=opened)
    server.approve(opened)
    assert desk.total(OperationKind.CAPTURE) == AMOUNT


def test_a_capture_in_work_is_pending(held: Desk, server: MoMoServer) -> None:
    """What is authorized stays so."""
    lost(held, OperationKind.CAPTURE, "all", AMOUNT)
    server.in_work(held.reference)
    assert statuses(held) == [
        (OperationKind.AUTHORIZE, OperationStatus.SUCCEEDED),
        (OperationKind.CAPTURE, OperationStatus.PENDING),
    ]


def test_what_is_not_captured_lapses(held: Desk, server: MoMoServer) -> None:
    """1003: it was authorized, and is free again."""
    server.lapse(held.reference)
    assert statuses(held) == [
        (OperationKind.AUTHORIZE, OperationStatus.SUCCEEDED),
        (OperationKind.VOID, OperationStatus.SUCCEEDED),
    ]
    assert isinstance(held.ask(OperationKind.CAPTURE, AMOUNT, "late"), Declined)


def test_nothing_waiting_is_called_off(desk: Desk, opened: str) -> None:
    """MoMo cannot; its page runs out."""
    assert isinstance(desk.ask(OperationKind.VOID, Money(0, "VND"), "off"), Declined)
    assert isinstance(desk.ask(OperationKind.INCREMENT, AMOUNT, "more"), Declined)


def test_a_lost_capture_is_found(held: Desk, server: MoMoServer) -> None:
    """The answer got lost after it was done: it has our key."""
    server.script(HttpFault.LOST_ANSWER, path="*/confirm")
    with pytest.raises(OutcomeUnknown):
        held.ask(OperationKind.CAPTURE, AMOUNT, "all")
    asked = lost(held, OperationKind.CAPTURE, "all", AMOUNT)
    capture = next(o for o in held.fetch().operations if o.kind is OperationKind.CAPTURE)
    assert (capture.key, capture.status) == (asked.key, OperationStatus.SUCCEEDED)
    assert isinstance(held.ask(OperationKind.CAPTURE, AMOUNT, "all"), Succeeded)


# refunds


def test_a_refund_is_an_order_of_its_own(taken: Desk, server: MoMoServer) -> None:
    """Named by our key, with MoMo's number of the payment."""
    answer = taken.ask(OperationKind.REFUND, HALF, "part")
    key = entry_id(taken.payment_id, OperationKind.REFUND, "part")
    sent = server.requests[-1].json()
    assert (sent["orderId"], sent["requestId"]) == (key, key)
    assert str(sent["transId"]) == taken.ledger[1].reference
    refund = taken.fetch().operations[-1]
    assert (refund.key, refund.reference, refund.status) == (key, answer.reference, OperationStatus.SUCCEEDED)


def test_a_refund_without_a_number_asks_for_it(taken: Desk, server: MoMoServer) -> None:
    """The number may be unknown here, or never have been."""
    taken.ledger = tuple(evolve(o, reference="") for o in taken.ledger)
    assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Succeeded)
    assert server.charged(taken.reference) == 50_000


def test_what_was_not_paid_is_not_refunded(held: Desk) -> None:
    """Not even asked, without a number; 1088 where it is only authorized."""
    stranger = Desk(held.gateway, AMOUNT, "")
    for one in (stranger, held):
        answer = one.ask(OperationKind.REFUND, HALF, "part")
        assert isinstance(answer, Declined)
        assert answer.code is DeclineCode.NOT_ALLOWED


def test_small_change_is_not_refunded(taken: Desk, server: MoMoServer) -> None:
    """Less than 1,000 dong is declined before anything is sent."""
    sent = len(server.requests)
    answer = taken.ask(OperationKind.REFUND, Money(999, "VND"), "part")
    assert isinstance(answer, Declined)
    assert answer.code is DeclineCode.AMOUNT_NOT_ALLOWED
    assert len(server.requests) == sent


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, OperationStatus.SUCCEEDED), (1080, OperationStatus.FAILED), (1088, OperationStatus.FAILED)],
)
def test_a_refund_is_followed_to_its_end(taken: Desk, server: MoMoServer, code: int, status: OperationStatus) -> None:
    """In work, then done or not; repeated meanwhile it is the same."""
    server.refund_code = 7002
    for _ in range(2):
        assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Pending)
    assert taken.fetch().operations[-1].status is OperationStatus.PENDING
    server.finish_refunds(taken.reference, code)
    assert taken.fetch().operations[-1].status is status
    assert len(server.refunds(taken.reference)) == 1


def test_refunds_at_the_portal_are_found(taken: Desk, server: MoMoServer) -> None:
    """Without a key of ours."""
    server.refund_by_hand(taken.reference, 20_000)
    refund = taken.fetch().operations[-1]
    assert (refund.kind, refund.key, refund.amount) == (OperationKind.REFUND, "", Money(20_000, "VND"))


def test_a_repeated_refund_of_another_amount(taken: Desk, server: MoMoServer) -> None:
    """Is known to be another, also while the first is in work."""
    server.refund_code = 7002
    taken.ask(OperationKind.REFUND, HALF, "part")
    with pytest.raises(KeyReused):
        taken.ask(OperationKind.REFUND, Money(20_000, "VND"), "part")
    assert server.refunds(taken.reference) == [(50_000, 7002)]


# what can break

_FAULTS = [
    (HttpFault.THROTTLED, ProviderUnavailable),
    (HttpFault.LOST_REQUEST, OutcomeUnknown),
    (HttpFault.LOST_ANSWER, OutcomeUnknown),
    (HttpFault.STALLED, OutcomeUnknown),
    (HttpFault.BROKEN, OutcomeUnknown),
    (HttpFault.BROKEN_AFTER, OutcomeUnknown),
    (HttpFault.DOWN, OutcomeUnknown),
    (HttpFault.NONSENSE, OutcomeUnknown),
]


@pytest.mark.parametrize(("fault", "error"), _FAULTS)
def test_what_a_failed_refund_means(taken: Desk, server: MoMoServer, fault: HttpFault, error: type[Exception]) -> None:
    """Nothing was done, or that cannot be told; afterwards the same key comes to one refund."""
    server.script(fault, path="*/refund")
    with pytest.raises(error):
        taken.ask(OperationKind.REFUND, HALF, "part")
    assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Succeeded)
    assert server.refunds(taken.reference) == [(50_000, 0)]


@pytest.mark.parametrize(("fault", "error"), _FAULTS)
def test_what_a_failed_payment_means(desk: Desk, server: MoMoServer, fault: HttpFault, error: type[Exception]) -> None:
    """As well; afterwards the same key comes to one page."""
    server.script(fault, path="*/create")
    with pytest.raises(error):
        desk.authorize(capture=True)
    ref = server.visit(address(desk))
    server.approve(ref)
    assert desk.total(OperationKind.CAPTURE) == AMOUNT


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"[]", OutcomeUnknown),
        (200, b"{}", OutcomeUnknown),
        (200, b"\xff", OutcomeUnknown),
        (200, b'{"resultCode": "zero"}', OutcomeUnknown),
        (200, b'{"resultCode": true}', OutcomeUnknown),
        (403, b"<html>", ProviderUnavailable),
        (200, b'{"resultCode": 10}', ProviderUnavailable),
        (400, b'{"resultCode": 11}', ProviderUnavailable),
        (400, b'{"resultCode": 13, "orderId": "", "requestId": null}', ProviderUnavailable),
        (400, b'{"resultCode": 20}', ProviderUnavailable),
        (400, b'{"resultCode": 20, "orderId": "other"}', OutcomeUnknown),
    ],
)
def test_what_an_answer_means(settings: MoMoSettings, status: int, body: bytes, error: type[Exception]) -> None:
    """Nonsense may hide that it was done; maintenance, access and format errors say that it was not."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=body))
    gateway = MoMoGateway(settings, transport=transport)
    with pytest.raises(error):
        Desk(gateway, AMOUNT, "").authorize()
    gateway.close()


def answering(settings: MoMoSettings, **said: object) -> MoMoGateway:
    """A gateway whose MoMo answers anything with these fields, and those that repeat the question, without any None."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        repeated = {key: asked[key] for key in ("partnerCode", "orderId", "requestId")}
        return httpx.Response(200, json={k: v for k, v in {**repeated, **said}.items() if v is not None})

    return MoMoGateway(settings, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "said",
    [
        {"payUrl": "https://x.example"},
        {"resultCode": 0},
        {"resultCode": 0, "payUrl": 7},
        {"resultCode": 43},
        {"resultCode": 99},
        {"resultCode": 7000},
    ],
)
def test_an_answer_that_says_too_little_is_a_maybe(settings: MoMoSettings, said: dict[str, object]) -> None:
    """No code, no page, a code that is none, or one of a payment that nobody can have made."""
    gateway = answering(settings, **said)
    with pytest.raises(OutcomeUnknown):
        Desk(gateway, AMOUNT, "").authorize()
    gateway.close()


def about_nothing(test: Callable[..., None]) -> Callable[..., None]:
    """Run with a yes, a no and a maybe that lack one field of the question, or have another's."""
    for mark in (
        pytest.mark.parametrize("other", [None, "", "other", 7]),
        pytest.mark.parametrize("name", ["partnerCode", "orderId", "requestId"]),
        pytest.mark.parametrize("code", [0, 1001, 7002], ids=["yes", "no", "in work"]),
    ):
        test = mark(test)
    return test


@about_nothing
def test_an_answer_about_nothing_pays_nothing(settings: MoMoSettings, name: str, other: object, code: int) -> None:
    """Whether it says yes or no: without the name of what was asked it is a maybe."""
    gateway = answering(settings, resultCode=code, payUrl="https://x.example", **{name: other})
    with pytest.raises(OutcomeUnknown):
        Desk(gateway, AMOUNT, "").authorize()
    gateway.close()


@about_nothing
def test_an_answer_about_nothing_moves_nothing(
    settings: MoMoSettings, held: Desk, name: str, other: object, code: int
) -> None:
    """Neither what is held nor, once taken, what was asked back."""
    gateway = held.gateway = answering(settings, resultCode=code, amount=100_000, transId=7, **{name: other})
    for kind in (OperationKind.CAPTURE, OperationKind.VOID):
        with pytest.raises(OutcomeUnknown):
            held.ask(kind, AMOUNT, "all")
    captured = Operation(
        kind=OperationKind.CAPTURE, amount=AMOUNT, status=OperationStatus.SUCCEEDED, key="c", reference="7"
    )
    held.ledger = (*held.ledger, captured)
    with pytest.raises(OutcomeUnknown):
        held.ask(OperationKind.REFUND, HALF, "part")
    if name != "requestId":
        with pytest.raises(OutcomeUnknown):
            held.fetch()
    gateway.close()


@pytest.mark.parametrize("refunds", ["x", [{"orderId": "x"}], [7], [{"orderId": "x", "amount": "x", "resultCode": 0}]])
def test_refunds_that_cannot_be_read(settings: MoMoSettings, refunds: object) -> None:
    """Are not left out."""
    gateway = answering(settings, resultCode=0, amount=100_000, transId=7, refundTrans=refunds)
    with pytest.raises(OutcomeUnknown, match="refund"):
        Desk(gateway, AMOUNT, "").fetch()
    gateway.close()


def test_a_query_that_is_refused_says_nothing(
    settings: MoMoSettings, taken: Desk, network: httpx.HTTPTransport
) -> None:
    """A wrong key is not a payment that failed."""
    wrong = settings.model_copy(update={"secret_key": SecretStr("wrong")})
    taken.gateway = MoMoGateway(wrong, transport=network)
    with pytest.raises(ProviderUnavailable, match="13"):
        taken.fetch()


# notices


def test_a_notice_names_the_payment(taken: Desk, server: MoMoServer) -> None:
    """By our id, which is MoMo's order."""
    notice = taken.gateway.parse_notice(server.notice(taken.reference))
    assert notice is not None
    assert (notice.payment_id, notice.reference, notice.amount) == (taken.payment_id, taken.reference, AMOUNT)


@pytest.mark.parametrize("order_id", ["POS-17", "z" * 32, "0197a4c2-0000-7000-8000-000000000001"])
def test_an_order_of_somebody_else(taken: Desk, server: MoMoServer, order_id: str) -> None:
    """Is told as it is."""
    notice = taken.gateway.parse_notice(server.notice(taken.reference, orderId=order_id))
    assert notice is not None
    assert (notice.payment_id, notice.reference) == ("", order_id)


def test_another_partner_is_refused(taken: Desk, server: MoMoServer) -> None:
    """Signed with our keys, but not for us."""
    with pytest.raises(NoticeRejected):
        taken.gateway.parse_notice(server.notice(taken.reference, partnerCode="OTHER"))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (NoticeOutcome.RECORDED, 204),
        (NoticeOutcome.REPEATED, 204),
        (NoticeOutcome.PARKED, 204),
        (NoticeOutcome.IGNORED, 204),
        (NoticeOutcome.WRONG_AMOUNT, 400),
        (NoticeOutcome.REJECTED, 401),
        (NoticeOutcome.FAILED, 503),
    ],
)
def test_how_momo_is_answered(gateway: MoMoGateway, outcome: NoticeOutcome, status: int) -> None:
    """204 without a body for whatever need not come again."""
    reply = gateway.reply(outcome)
    assert (reply.status, reply.body) == (status, b"")


# the stand-in


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: {**body, "amount": 999}, 13),
        (lambda body: {**body, "signature": "0" * 64}, 13),
        (lambda body: {**body, "partnerCode": "OTHER"}, 13),
        (lambda body: {**body, "surprise": 1}, 20),
        (lambda body: {name: value for name, value in body.items() if name != "lang"}, 20),
        (lambda body: {**body, "lang": "de"}, 20),
        (lambda body: {**body, "autoCapture": "yes"}, 20),
    ],
)
def test_the_stand_in_is_strict(
    desk: Desk, server: MoMoServer, change: Callable[[dict[str, object]], dict[str, object]], code: int
) -> None:
    """What is altered, missing, unknown or of another kind is refused."""
    address(desk)
    body = change(server.requests[-1].json())
    reply = httpx.post(f"{server.url}/v2/gateway/api/create", json=body)
    assert (reply.status_code, reply.json()["resultCode"]) == (400, code)
