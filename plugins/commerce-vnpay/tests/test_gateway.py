"""The gateway against the stand-in, over real HTTP: the protocol, its codes, and everything that can break."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from attrs import evolve
from commerce_vnpay import VNPayGateway, VNPaySettings
from commerce_vnpay.signing import joined, signed
from pydantic import SecretStr

from commerce.kernel import Money, OutcomeUnknown, ProviderUnavailable
from commerce.payments import (
    ActionRequired,
    DeclineCode,
    Declined,
    NoticeOutcome,
    NoticeRejected,
    OperationKind,
    OperationStatus,
    Pending,
    RawNotice,
    Succeeded,
    entry_id,
)
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.vnpay import PageRefused, VNPayServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import World

AMOUNT = Money(100_000, "VND")
HALF = Money(50_000, "VND")
ZERO = Money(0, "VND")


@pytest.fixture
def desk(gateway: VNPayGateway, world: "World") -> Desk:
    """A payment that was not asked for yet."""
    desk = Desk(gateway, AMOUNT, "")
    desk.at = world.now
    return desk


@pytest.fixture
def opened(desk: Desk, server: VNPayServer) -> str:
    """VNPay's reference of a payment whose page the customer opened."""
    return server.visit(address(desk))


@pytest.fixture
def taken(desk: Desk, opened: str, server: VNPayServer) -> Desk:
    """A payment that the customer made."""
    server.approve(opened)
    desk.ledger = desk.fetch().operations
    return desk


def address(desk: Desk, amount: Money = AMOUNT) -> str:
    answer = desk.authorize(amount=amount)
    assert isinstance(answer, ActionRequired)
    return answer.action.url


def statuses(desk: Desk) -> list[tuple[OperationKind, OperationStatus]]:
    return [(o.kind, o.status) for o in desk.fetch().operations]


# the page


def test_asking_sends_nothing(desk: Desk, server: VNPayServer) -> None:
    """The address is only signed, and the same each time."""
    assert address(desk) == address(desk)
    assert server.requests == []


def test_a_page_runs_out(desk: Desk, server: VNPayServer, world: "World") -> None:
    """A quarter of an hour, which the action says; later VNPay refuses the address."""
    answer = desk.authorize()
    assert isinstance(answer, ActionRequired)
    assert answer.action.expires_at == world.now + timedelta(minutes=15)
    world.wait(minutes=15)
    with pytest.raises(PageRefused, match="15"):
        server.visit(answer.action.url)


def test_a_page_that_ran_out_is_not_given_out_again(desk: Desk, world: "World") -> None:
    """The same request would be an address that VNPay refuses: it is declined, and another payment may begin."""
    first = address(desk)
    world.wait(minutes=14, seconds=59)
    assert address(desk) == first
    world.wait(seconds=1)
    for reference in (desk.reference, ""):  # whether or not anybody heard of the first
        desk.reference = reference
        assert desk.authorize() == Declined(code=DeclineCode.TIMED_OUT, may_retry=True, reference=desk.reference)


def test_an_altered_address_is_refused(desk: Desk, server: VNPayServer) -> None:
    """The customer cannot make it cheaper."""
    with pytest.raises(PageRefused, match="70"):
        server.visit(address(desk).replace("vnp_Amount=10000000", "vnp_Amount=100"))


def test_one_of_two_addresses_is_taken(desk: Desk, server: VNPayServer) -> None:
    """VNPay takes a reference for one payment, and once."""
    first, second = address(desk), address(Desk(desk.gateway, HALF, ""))
    ref = server.visit(first)
    desk.reference = ""
    dearer = address(desk, AMOUNT + AMOUNT)
    with pytest.raises(PageRefused, match="99"):
        server.visit(dearer)
    server.approve(ref)
    with pytest.raises(PageRefused, match="99"):
        server.visit(first)
    assert server.visit(second) != ref


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money("10.00", "EUR"), DeclineCode.CURRENCY_NOT_SUPPORTED),
        (ZERO, DeclineCode.AMOUNT_NOT_ALLOWED),
        (Money(10_000_000_000, "VND"), DeclineCode.AMOUNT_NOT_ALLOWED),
    ],
)
def test_some_amounts_are_declined_here(gateway: VNPayGateway, amount: Money, code: DeclineCode) -> None:
    """Other currencies, and what does not fit VNPay's twelve digits."""
    answer = Desk(gateway, amount, "").authorize()
    assert isinstance(answer, Declined)
    assert answer.code is code


def test_what_vnpay_cannot_do_is_declined(taken: Desk) -> None:
    """Capturing, voiding and incrementing are answered without a call."""
    for kind in (OperationKind.CAPTURE, OperationKind.VOID, OperationKind.INCREMENT):
        assert isinstance(taken.ask(kind, AMOUNT, "no"), Declined)


# the truth


def test_an_address_waits_until_it_runs_out(desk: Desk, server: VNPayServer, world: "World") -> None:
    """Opened or not; then it is as if it had never been given out."""
    url = address(desk)
    waiting = [(OperationKind.AUTHORIZE, OperationStatus.WAITING)]
    assert statuses(desk) == waiting
    server.visit(url)
    assert statuses(desk) == waiting
    world.wait(minutes=15)
    state = desk.fetch()
    assert (state.operations, state.complete) == ((), True)


def test_paid(desk: Desk, opened: str, server: VNPayServer) -> None:
    """Authorized and captured, with VNPay's number and our key."""
    server.approve(opened)
    state = desk.fetch()
    first, second = state.operations
    assert (first.kind, second.kind) == (OperationKind.AUTHORIZE, OperationKind.CAPTURE)
    assert {o.status for o in state.operations} == {OperationStatus.SUCCEEDED}
    assert {o.amount for o in state.operations} == {AMOUNT}
    assert {o.key for o in state.operations} == {entry_id(desk.payment_id, OperationKind.AUTHORIZE, "first")}
    assert first.reference.isdigit()
    assert (state.suspected, state.complete) == (False, True)


def test_suspected_money_is_money(desk: Desk, opened: str, server: VNPayServer) -> None:
    """07 is captured, for a person to look at."""
    server.suspect(opened)
    state = desk.fetch()
    assert state.suspected
    assert desk.total(OperationKind.CAPTURE) == AMOUNT


def test_a_reversal_has_no_end_yet(desk: Desk, opened: str, server: VNPayServer) -> None:
    """04: the bank took the money, VNPay has not got it."""
    server.debit_only(opened)
    assert statuses(desk) == [(OperationKind.AUTHORIZE, OperationStatus.PENDING)]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("09", DeclineCode.NOT_ALLOWED),
        ("10", DeclineCode.AUTHENTICATION_FAILED),
        ("11", DeclineCode.TIMED_OUT),
        ("12", DeclineCode.LOST_OR_STOLEN),
        ("13", DeclineCode.AUTHENTICATION_FAILED),
        ("24", DeclineCode.CANCELLED_BY_CUSTOMER),
        ("51", DeclineCode.INSUFFICIENT_FUNDS),
        ("65", DeclineCode.LIMIT_EXCEEDED),
        ("75", DeclineCode.DECLINED),
        ("79", DeclineCode.AUTHENTICATION_FAILED),
        ("99", DeclineCode.DECLINED),
    ],
)
def test_why_it_failed(desk: Desk, opened: str, server: VNPayServer, code: str, reason: DeclineCode) -> None:
    """That it failed is asked; why is known once the notice came."""
    raw = server.decline(opened, code)
    (failed,) = desk.fetch().operations
    assert (failed.status, failed.reason, failed.vendor_code) == (OperationStatus.FAILED, DeclineCode.DECLINED, "02")
    desk.gateway.parse_notice(raw)
    (failed,) = desk.fetch().operations
    assert (failed.status, failed.reason, failed.vendor_code) == (OperationStatus.FAILED, reason, code)


# refunds


def refunds(desk: Desk) -> list[tuple[Money, OperationStatus]]:
    return [(o.amount, o.status) for o in desk.fetch().operations if o.kind is OperationKind.REFUND]


def sent_types(server: VNPayServer) -> list[str]:
    sent = (request.json() for request in server.requests if request.method == "POST")
    return [body["vnp_TransactionType"] for body in sent if body["vnp_Command"] == "refund"]


def test_all_of_it_is_a_full_refund(taken: Desk, server: VNPayServer) -> None:
    """02; anything else is 03, what is left after a part too."""
    taken.ask(OperationKind.REFUND, AMOUNT, "all")
    assert sent_types(server) == ["02"]


def test_parts_are_parts_to_the_last(taken: Desk, server: VNPayServer, opened: str) -> None:
    """03, also for the rest."""
    taken.ask(OperationKind.REFUND, HALF, "one")
    taken.ask(OperationKind.REFUND, HALF, "two")
    assert sent_types(server) == ["03", "03"]
    assert server.charged(opened) == 0


def test_a_refund_is_followed_to_its_end(taken: Desk, opened: str, server: VNPayServer) -> None:
    """In work, sent to the bank, done."""
    assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Pending)
    assert refunds(taken) == [(HALF, OperationStatus.PENDING)]
    server.finish_refunds(opened, "06")
    assert refunds(taken) == [(HALF, OperationStatus.PENDING)]
    server.finish_refunds(opened)
    assert refunds(taken) == [(HALF, OperationStatus.SUCCEEDED)]


def test_a_bank_may_reject_a_refund(taken: Desk, opened: str, server: VNPayServer) -> None:
    """09: the money is still here."""
    taken.ask(OperationKind.REFUND, HALF, "part")
    server.finish_refunds(opened, "09")
    assert refunds(taken) == [(HALF, OperationStatus.FAILED)]
    assert server.charged(opened) == 100_000


def test_refunds_at_the_portal_are_found(taken: Desk, opened: str, server: VNPayServer) -> None:
    """The latest one, beside ours."""
    taken.ask(OperationKind.REFUND, HALF, "part")
    server.refund_by_hand(opened, 20_000)
    assert refunds(taken) == [(HALF, OperationStatus.PENDING), (Money(20_000, "VND"), OperationStatus.PENDING)]


def test_a_lost_refund_is_found_and_not_repeated(taken: Desk, opened: str, server: VNPayServer) -> None:
    """The answer got lost after it was done."""
    server.script(HttpFault.LOST_ANSWER, method="POST")
    with pytest.raises(OutcomeUnknown):
        taken.ask(OperationKind.REFUND, HALF, "part")
    lost = evolve(taken.ledger[-1], kind=OperationKind.REFUND, amount=HALF, status=OperationStatus.UNKNOWN)
    lost = evolve(lost, key=entry_id(taken.payment_id, OperationKind.REFUND, "part"), reference="")
    taken.ledger = (*taken.ledger, lost)
    assert refunds(taken) == [(HALF, OperationStatus.PENDING)]
    assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Pending)
    assert server.refunds(opened) == [(50_000, "05")]


def test_a_refund_behind_another_is_not_guessed(taken: Desk, opened: str, server: VNPayServer) -> None:
    """VNPay tells of the latest refund only: the lost one before it is neither done nor not done."""
    lost = evolve(taken.ledger[-1], kind=OperationKind.REFUND, amount=HALF, status=OperationStatus.UNKNOWN)
    lost = evolve(lost, key=entry_id(taken.payment_id, OperationKind.REFUND, "lost"), reference="")
    taken.ledger = (*taken.ledger, lost)
    assert not taken.fetch().complete
    taken.ask(OperationKind.REFUND, Money(10_000, "VND"), "known")
    assert not taken.fetch().complete


def test_one_refund_at_a_time(taken: Desk, opened: str, server: VNPayServer) -> None:
    """While VNPay works on one, the outcome of another is unknown; later it is done once."""
    server.one_refund_at_a_time = True
    taken.ask(OperationKind.REFUND, HALF, "one")
    with pytest.raises(OutcomeUnknown, match="another refund"):
        taken.ask(OperationKind.REFUND, HALF, "two")
    server.finish_refunds(opened)
    taken.ask(OperationKind.REFUND, HALF, "two")
    assert server.refunds(opened) == [(50_000, "00"), (50_000, "05")]


def test_one_refund_is_not_booked_as_two(taken: Desk, opened: str, server: VNPayServer) -> None:
    """VNPay works on one, of which two may be meant: neither is told done until its number is known."""
    server.one_refund_at_a_time = True
    server.script(HttpFault.LOST_ANSWER, method="POST")
    with pytest.raises(OutcomeUnknown):
        taken.ask(OperationKind.REFUND, HALF, "one")
    lost = evolve(taken.ledger[-1], kind=OperationKind.REFUND, amount=HALF, status=OperationStatus.UNKNOWN)
    taken.ledger = (
        *taken.ledger,
        evolve(lost, key=entry_id(taken.payment_id, OperationKind.REFUND, "one"), reference=""),
    )
    with pytest.raises(OutcomeUnknown, match="another refund"):
        taken.ask(OperationKind.REFUND, HALF, "two")
    assert server.refunds(opened) == [(50_000, "05")]


def test_a_rejected_refund_is_not_taken_for_the_next(taken: Desk, opened: str, server: VNPayServer) -> None:
    """Its number is known, so it is nobody else's, though it came to nothing."""
    server.one_refund_at_a_time = True
    taken.ask(OperationKind.REFUND, HALF, "one")
    taken.ledger = (*taken.ledger[:-1], evolve(taken.ledger[-1], status=OperationStatus.FAILED))
    with pytest.raises(OutcomeUnknown, match="another refund"):
        taken.ask(OperationKind.REFUND, HALF, "two")
    assert server.refunds(opened) == [(50_000, "05")]


def test_another_day_is_not_risked(taken: Desk, server: VNPayServer, world: "World") -> None:
    """VNPay tells repetitions apart within a day, so nothing is sent on the next."""
    world.wait(hours=12)
    sent = len(server.requests)
    with pytest.raises(OutcomeUnknown, match="another day"):
        taken.ask(OperationKind.REFUND, HALF, "part")
    assert len(server.requests) == sent


def test_what_was_not_paid_is_not_refunded(desk: Desk, opened: str) -> None:
    """95."""
    answer = desk.ask(OperationKind.REFUND, HALF, "part")
    assert isinstance(answer, Declined)
    assert (answer.code, answer.vendor_code) == (DeclineCode.NOT_ALLOWED, "95")


# what can break


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (HttpFault.THROTTLED, ProviderUnavailable),
        (HttpFault.LOST_REQUEST, OutcomeUnknown),
        (HttpFault.LOST_ANSWER, OutcomeUnknown),
        (HttpFault.STALLED, OutcomeUnknown),
        (HttpFault.BROKEN, OutcomeUnknown),
        (HttpFault.BROKEN_AFTER, OutcomeUnknown),
        (HttpFault.DOWN, OutcomeUnknown),
        (HttpFault.NONSENSE, OutcomeUnknown),
    ],
)
def test_what_a_failure_means(
    taken: Desk, opened: str, server: VNPayServer, fault: HttpFault, error: type[Exception]
) -> None:
    """Nothing was done, or that cannot be told; afterwards the same key comes to one refund."""
    server.script(fault, method="POST")
    with pytest.raises(error):
        taken.ask(OperationKind.REFUND, HALF, "part")
    assert isinstance(taken.ask(OperationKind.REFUND, HALF, "part"), Pending | Succeeded)
    assert server.refunds(opened) == [(50_000, "05")]


def test_no_connection_is_nothing_done(taken: Desk, settings: VNPaySettings, world: "World") -> None:
    """Refused before anything was sent."""
    away = VNPayGateway(settings.model_copy(update={"api_url": "http://127.0.0.1:9/api"}), clock=world)
    taken.gateway = away
    with pytest.raises(ProviderUnavailable):
        taken.ask(OperationKind.REFUND, HALF, "part")
    with pytest.raises(ProviderUnavailable):
        taken.fetch()
    away.close()


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"vnp_ResponseCode": "00"}', b"\xff"])
def test_answers_are_not_taken_on_trust(taken: Desk, settings: VNPaySettings, world: "World", body: bytes) -> None:
    """An answer that is not signed says nothing."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    taken.gateway = VNPayGateway(settings, clock=world, transport=transport)
    with pytest.raises(OutcomeUnknown):
        taken.ask(OperationKind.REFUND, HALF, "part")


def test_a_wrong_secret_believes_nobody(
    taken: Desk, settings: VNPaySettings, world: "World", opened: str, server: VNPayServer
) -> None:
    """VNPay refuses our signature and we refuse VNPay's: nothing is done, and nothing believed."""
    wrong = settings.model_copy(update={"hash_secret": SecretStr("wrong")})
    taken.gateway = VNPayGateway(wrong, clock=world)
    with pytest.raises(OutcomeUnknown, match="not signed"):
        taken.ask(OperationKind.REFUND, HALF, "part")
    assert server.refunds(opened) == []
    taken.gateway.close()


def test_an_answer_about_another_payment_is_not_taken(
    taken: Desk, settings: VNPaySettings, world: "World", server: VNPayServer, network: httpx.HTTPTransport
) -> None:
    """A genuine answer, played back to another question."""
    kept: list[httpx.Response] = []

    class PlayedBack(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if not kept:
                response = network.handle_request(request)
                kept.append(httpx.Response(200, content=response.read()))
            return httpx.Response(200, content=kept[0].content)

    played = VNPayGateway(settings, clock=world, transport=PlayedBack())
    taken.gateway = played
    taken.fetch()
    other = Desk(played, AMOUNT, "")
    with pytest.raises(OutcomeUnknown, match="another payment"):
        other.fetch()


_ANSWER = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType"
    " TransactionStatus OrderInfo"
)


def signed_answer(secret: SecretStr, command: str, said: dict[str, str]) -> httpx.Response:
    """Fields as VNPay signs them."""
    names = (_ANSWER + (" PromotionCode PromotionAmount" if command == "querydr" else "")).split()
    said["SecureHash"] = signed(secret.get_secret_value(), joined(said.get(name, "") for name in names))
    return httpx.Response(200, json={f"vnp_{name}": value for name, value in said.items()})


@pytest.mark.parametrize("name", ["TmnCode", "TxnRef"])
@pytest.mark.parametrize(
    ("code", "other", "error"),
    [
        ("00", "", OutcomeUnknown),
        ("00", "OTHER123", OutcomeUnknown),
        ("97", "OTHER123", OutcomeUnknown),
        ("97", "", ProviderUnavailable),
    ],
)
def test_an_answer_about_nothing_is_a_maybe(
    taken: Desk,
    settings: VNPaySettings,
    world: "World",
    *,
    name: str,
    code: str,
    other: str,
    error: type[Exception],
) -> None:
    """A yes has to name the payment, though it is signed; that nothing was taken, need not."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        named = {"TmnCode": asked["vnp_TmnCode"], "TxnRef": asked["vnp_TxnRef"], name: other}
        paid = {"TransactionNo": "7", "TransactionStatus": "00", "Amount": "10000000", "TransactionType": "01"}
        return signed_answer(settings.hash_secret, asked["vnp_Command"], {"ResponseCode": code, **named, **paid})

    gateway = VNPayGateway(settings, clock=world, transport=httpx.MockTransport(answer))
    taken.gateway = gateway
    with pytest.raises(error):
        taken.ask(OperationKind.REFUND, HALF, "part")
    with pytest.raises(error):
        taken.fetch()
    gateway.close()


# notices


def test_the_way_back_is_signed_as_well(taken: Desk, opened: str, server: VNPayServer) -> None:
    """The customer's return and the IPN are read alike, and name the payment."""
    notice = taken.gateway.parse_notice(server.notice(opened))
    assert notice is not None
    assert (notice.payment_id, notice.reference, notice.amount) == (taken.payment_id, taken.reference, AMOUNT)


def test_a_payment_of_somebody_else(gateway: VNPayGateway, server: VNPayServer) -> None:
    """A reference that is none of ours is told as it is."""
    raw = RawNotice(
        method="GET",
        query=server.sign_query(
            {
                "vnp_TmnCode": server.tmn_code,
                "vnp_TxnRef": "POS-17",
                "vnp_Amount": "500000",
                "vnp_ResponseCode": "00",
                "vnp_TransactionStatus": "00",
                "vnp_OrderInfo": "Tại quầy * ~",
            }
        ),
    )
    notice = gateway.parse_notice(raw)
    assert notice is not None
    assert (notice.payment_id, notice.reference) == ("", "POS-17.5000")


@pytest.mark.parametrize(
    "changes",
    [{"vnp_TmnCode": "OTHER123"}, {"vnp_Amount": "10000050"}, {"vnp_Amount": "-1"}, {"vnp_Amount": ""}],
)
def test_signed_nonsense_is_refused(opened: str, desk: Desk, server: VNPayServer, changes: dict[str, str]) -> None:
    """Another terminal, part of a dong, no amount."""
    server.approve(opened)
    with pytest.raises(NoticeRejected):
        desk.gateway.parse_notice(server.notice(opened, **changes))


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (NoticeOutcome.RECORDED, "00"),
        (NoticeOutcome.REPEATED, "02"),
        (NoticeOutcome.PARKED, "01"),
        (NoticeOutcome.IGNORED, "01"),
        (NoticeOutcome.WRONG_AMOUNT, "04"),
        (NoticeOutcome.REJECTED, "97"),
        (NoticeOutcome.FAILED, "99"),
    ],
)
def test_how_vnpay_is_answered(gateway: VNPayGateway, outcome: NoticeOutcome, code: str) -> None:
    """HTTP 200 and a code, always."""
    reply = gateway.reply(outcome)
    assert reply.status == 200
    assert f'"RspCode": "{code}"'.encode() in reply.body


def test_reasons_are_kept_for_a_while(gateway: VNPayGateway, server: VNPayServer) -> None:
    """Ten thousand of them, and no more."""
    fields = {"vnp_TmnCode": server.tmn_code, "vnp_Amount": "500000", "vnp_ResponseCode": "51"}
    for n in range(10_010):
        gateway.parse_notice(RawNotice(query=server.sign_query({**fields, "vnp_TxnRef": f"N{n}"})))
    assert len(gateway._reasons) == 10_000
    assert "N0" not in gateway._reasons


# the stand-in


def refund_body(desk: Desk, server: VNPayServer) -> dict[str, str]:
    """The last refund that was sent, without its signature."""
    desk.ask(OperationKind.REFUND, Money(10_000, "VND"), "first")
    sent = next(r.json() for r in reversed(server.requests) if b'"refund"' in r.body)
    return {name: value for name, value in sent.items() if name != "vnp_SecureHash"}


ORDER = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy"
    " CreateDate IpAddr OrderInfo"
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "94"),
        ({"vnp_RequestId": "R2", "vnp_Amount": "9000100"}, "02"),
        ({"vnp_RequestId": "R2", "vnp_TransactionType": "02"}, "04"),
        ({"vnp_RequestId": "R2", "vnp_TransactionType": "01"}, "03"),
        ({"vnp_RequestId": "R2", "vnp_Amount": "1050"}, "03"),
        ({"vnp_RequestId": "R2", "vnp_Amount": "0"}, "03"),
        ({"vnp_RequestId": "R 2"}, "03"),
        ({"vnp_CreateBy": ""}, "03"),
        ({"vnp_TmnCode": "OTHER123"}, "02"),
        ({"vnp_RequestId": "R2", "vnp_TxnRef": "5"}, "91"),
        ({"vnp_RequestId": "R2", "vnp_TransactionDate": "20200101000000"}, "91"),
        ({"vnp_RequestId": "R2", "vnp_TransactionNo": "7"}, "91"),
        ({"vnp_RequestId": "R2"}, "00"),
    ],
)
def test_the_stand_in_is_strict(taken: Desk, server: VNPayServer, change: dict[str, str], code: str) -> None:
    """It looks at every field of a call that is signed, and answers with VNPay's codes."""
    body = {**refund_body(taken, server), **change}
    text = joined(body[f"vnp_{name}"] for name in ORDER.split())
    body["vnp_SecureHash"] = signed(server.hash_secret, text)
    assert httpx.post(server.api_url, json=body).json()["vnp_ResponseCode"] == code


def test_the_stand_in_wants_signatures(taken: Desk, server: VNPayServer, opened: str) -> None:
    """97, and nothing is done."""
    body = {**refund_body(taken, server), "vnp_RequestId": "R2", "vnp_SecureHash": "0" * 128}
    assert httpx.post(server.api_url, json=body).json()["vnp_ResponseCode"] == "97"
    assert httpx.post(server.api_url, content=b"{").status_code == 400
    assert server.refunds(opened) == [(10_000, "05")]
