"""What every payment gateway promises. Abilities decide what is asked of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest
from attrs import evolve

from commerce.kernel import KeyReused, Money, OutcomeUnknown, ProviderError, ProviderUnavailable, new_id
from commerce.payments import (
    ActionRequired,
    AuthorizeRequest,
    DeclineCode,
    Declined,
    FetchRequest,
    GatewayAnswer,
    GatewayState,
    NoticeOutcome,
    NoticeRejected,
    NoticeReply,
    Operation,
    OperationKind,
    OperationRequest,
    OperationStatus,
    PaymentGateway,
    Pending,
    RawNotice,
    Succeeded,
    entry_id,
    sum_of,
)
from commerce.testing.serving import HttpRequest, serve

__all__ = ["Customer", "Desk", "GatewayConformance", "Pay"]


class Customer(Protocol):
    """Plays the shopper at the gateway."""

    def __call__(self, payment_id: str, *, approves: bool) -> None:
        """Pass 3-D Secure, or pay on the gateway's page; or do not."""


class Pay(Protocol):
    """Asks for a payment and does the customer's part."""

    def __call__(self, *, capture: bool) -> "Desk":
        """Hold the money, or take it at once."""


_DONE = (OperationStatus.SUCCEEDED,)


def _status(answer: GatewayAnswer) -> OperationStatus:
    match answer:
        case Succeeded():
            return OperationStatus.SUCCEEDED
        case Pending():
            return OperationStatus.PENDING
        case ActionRequired():
            return OperationStatus.WAITING
        case Declined():
            return OperationStatus.FAILED


#: What anybody may post or answer: nothing, no JSON, none of the right kind, too deep, too big, no text.
_TRASH = (
    b"",
    b"null",
    b"[]",
    b'"1"',
    b"{",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 5_000,
    b"1e999999999",
    b"NaN",
    b"\x00",
    b"\xff\xfe",
    b'{"signature": "\\ud800", "amount": "\\ud800"}',
    "ä=ß&signature=é".encode(),
)


class Desk:
    """One payment at a gateway, with the ledger that a shop would keep of it."""

    def __init__(self, gateway: PaymentGateway, amount: Money, token: str) -> None:
        self.gateway = gateway
        self.amount = amount
        self.token = token
        self.payment_id = new_id()
        self.reference = ""
        self.ledger: tuple[Operation, ...] = ()
        self.at = datetime.now(UTC)

    def authorize(self, *, amount: Money | None = None, capture: bool = False) -> GatewayAnswer:
        """Ask for the money; again, it is the same request."""
        asked = amount or self.amount
        request = AuthorizeRequest(
            key=entry_id(self.payment_id, OperationKind.AUTHORIZE, "first"),
            payment_id=self.payment_id,
            order_ref=f"order-{self.payment_id}",
            amount=asked,
            capture=capture or not self.gateway.abilities.separate_capture,
            at=self.at,
            token=self.token,
            customer_ip="203.0.113.7",
            return_url="https://shop.example/back",
            description="Order 1001",
            reference=self.reference,
        )
        answer = self.gateway.authorize(request)
        self.reference = answer.reference or self.reference
        self._note(OperationKind.AUTHORIZE, request.key, asked, answer)
        if request.capture and isinstance(answer, Succeeded | Pending):
            self._note(OperationKind.CAPTURE, request.key, asked, evolve(answer, reference=""))
        return answer

    def ask(self, kind: OperationKind, amount: Money, key: str, *, final: bool = False) -> GatewayAnswer:
        """Capture, void, refund or increment."""
        call = {
            OperationKind.CAPTURE: self.gateway.capture,
            OperationKind.VOID: self.gateway.void,
            OperationKind.REFUND: self.gateway.refund,
            OperationKind.INCREMENT: self.gateway.increment,
        }[kind]
        request = OperationRequest(
            kind=kind,
            key=entry_id(self.payment_id, kind, key),
            payment_id=self.payment_id,
            order_ref=f"order-{self.payment_id}",
            amount=amount,
            at=self.at,
            reference=self.reference,
            ledger=tuple(o for o in self.ledger if o.key != entry_id(self.payment_id, kind, key)),
            final=final,
        )
        answer = call(request)
        self._note(kind, request.key, amount, answer)
        rest = self.held
        if kind is OperationKind.CAPTURE and final and rest and isinstance(answer, Succeeded):
            self._note(OperationKind.VOID, request.key, rest, evolve(answer, reference=""))
        return answer

    def fetch(self) -> GatewayState:
        """What the gateway says."""
        return self.gateway.fetch(
            FetchRequest(
                payment_id=self.payment_id,
                reference=self.reference,
                amount=self.amount,
                at=self.at,
                ledger=self.ledger,
            )
        )

    def total(self, kind: OperationKind) -> Money:
        """What the operations of one kind that succeeded come to at the gateway."""
        return sum_of(self.fetch().operations, self.amount.currency.code, kind, _DONE)

    @property
    def held(self) -> Money:
        """What is authorized and neither taken nor set free, by our ledger."""
        code = self.amount.currency.code
        promised, more, taken, freed = (
            sum_of(self.ledger, code, kind, _DONE)
            for kind in (
                OperationKind.AUTHORIZE,
                OperationKind.INCREMENT,
                OperationKind.CAPTURE,
                OperationKind.VOID,
            )
        )
        return promised + more - taken - freed

    def _note(self, kind: OperationKind, key: str, amount: Money, answer: GatewayAnswer) -> None:
        said = Operation(
            kind=kind, amount=amount, status=_status(answer), key=key, reference=answer.reference, at=self.at
        )
        known = next((o for o in self.ledger if (o.kind, o.key) == (kind, key)), None)
        if known is None:
            self.ledger = (*self.ledger, said)
        elif known.status not in _DONE:
            self.ledger = tuple(said if o is known else o for o in self.ledger)


class GatewayConformance:
    """Subclass it and give ``gateway``, and tokens for what the gateway can be made to do.

    ``customer`` plays the shopper at the gateway: ``customer(payment_id, approves=True)``. A gateway that always
    sends customers away needs it for everything. ``genuine_notice`` makes a notice as the gateway sends it.
    """

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        """The gateway. To be given by the subclass."""
        raise NotImplementedError

    @pytest.fixture
    def amount(self) -> Money:
        """An amount that divides by four and that the gateway takes."""
        return Money("100.00", "EUR")

    @pytest.fixture
    def ok_token(self) -> str:
        """Succeeds, at once or after `customer` acted."""
        return "tok_ok"

    @pytest.fixture
    def declined_token(self) -> str:
        """Is declined."""
        pytest.skip("nothing is declined here")

    @pytest.fixture
    def action_token(self) -> str:
        """Needs the customer."""
        pytest.skip("no customer has to act here")

    @pytest.fixture
    def customer(self) -> Customer:
        """Plays the customer at the gateway."""
        pytest.skip("nobody plays the customer here")

    @pytest.fixture
    def genuine_notice(self) -> Callable[[Desk], RawNotice]:
        """Makes a signed notice about a payment."""
        pytest.skip("this gateway sends no notices")

    @pytest.fixture
    def unreachable(self) -> PaymentGateway:
        """The same gateway where no connection can be made."""
        pytest.skip("this gateway calls nobody")

    @pytest.fixture
    def timing_out(self) -> PaymentGateway:
        """The same gateway where requests arrive and answers do not."""
        pytest.skip("this gateway calls nobody")

    @pytest.fixture
    def elsewhere(self) -> Callable[[str], PaymentGateway]:
        """Makes the same gateway that calls another base URL."""
        pytest.skip("this gateway calls nobody")

    def before_answering(self, request: HttpRequest) -> NoticeReply | None:
        """What a request gets that has to succeed before the one that matters, such as one for a token."""
        return None

    @pytest.fixture
    def desk(self, gateway: PaymentGateway, amount: Money, ok_token: str) -> Desk:
        """A payment that was not asked for yet."""
        return Desk(gateway, amount, ok_token)

    @pytest.fixture
    def pay(self, desk: Desk, request: pytest.FixtureRequest) -> Pay:
        """Authorize, or capture at once, with the customer's part where there is one."""

        def pay(*, capture: bool) -> Desk:
            answer = desk.authorize(capture=capture)
            if isinstance(answer, ActionRequired):
                request.getfixturevalue("customer")(desk.payment_id, approves=True)
                first = desk.fetch().operations[0]
                if first.status is OperationStatus.APPROVED:
                    answer = desk.authorize(capture=capture)
                desk.ledger = desk.fetch().operations
            elif isinstance(answer, Pending):
                desk.ledger = tuple(evolve(o, status=OperationStatus.SUCCEEDED) for o in desk.ledger)
            return desk

        return pay

    @pytest.fixture
    def held(self, gateway: PaymentGateway, pay: Pay) -> Desk:
        """An authorized payment."""
        if not gateway.abilities.separate_capture:
            pytest.skip("captures at once")
        return pay(capture=False)

    @pytest.fixture
    def taken(self, pay: Pay) -> Desk:
        """A captured payment."""
        return pay(capture=True)

    def _able(self, gateway: PaymentGateway, *abilities: str) -> None:
        for name in abilities:
            if not getattr(gateway.abilities, name):
                pytest.skip(f"has not the ability {name}")

    def test_knows_nothing_of_a_stranger(self, desk: Desk) -> None:
        """A payment that never arrived has no operations, and asking for it changes nothing."""
        assert desk.fetch().operations == ()

    def test_authorizes(self, held: Desk, amount: Money) -> None:
        """The whole amount is held, nothing is taken, and our key and its reference are on it."""
        state = held.fetch()
        assert [(o.kind, o.amount, o.status) for o in state.operations] == [
            (OperationKind.AUTHORIZE, amount, OperationStatus.SUCCEEDED)
        ]
        assert state.reference == held.reference != ""

    def test_takes_at_once(self, taken: Desk, amount: Money) -> None:
        """An authorization captured at once is two operations."""
        kinds = [o.kind for o in taken.fetch().operations]
        assert kinds == [OperationKind.AUTHORIZE, OperationKind.CAPTURE]
        assert taken.total(OperationKind.CAPTURE) == amount

    def test_authorizes_once_per_key(self, held: Desk, amount: Money) -> None:
        """The same request again is the same payment."""
        answer = held.authorize()
        assert isinstance(answer, Succeeded | Pending)
        assert answer.reference == held.reference
        assert held.total(OperationKind.AUTHORIZE) == amount

    def test_a_key_is_for_one_amount(self, gateway: PaymentGateway, desk: Desk, amount: Money) -> None:
        """Another amount under the same key is refused, and nothing comes of it."""
        if gateway.abilities.by_hand:
            pytest.skip("remembers nothing")
        desk.authorize()
        with pytest.raises(KeyReused):
            desk.authorize(amount=amount + amount)
        assert len([o for o in desk.fetch().operations if o.kind is OperationKind.AUTHORIZE]) == 1

    def test_declines(self, gateway: PaymentGateway, amount: Money, declined_token: str) -> None:
        """A no is an answer with a code, the same again for the same key, and no money is there."""
        desk = Desk(gateway, amount, declined_token)
        first, second = desk.authorize(), desk.authorize()
        assert isinstance(first, Declined)
        assert isinstance(second, Declined)
        assert first.code is second.code
        assert desk.total(OperationKind.AUTHORIZE) == Money.zero(amount.currency)

    def test_waits_for_the_customer(
        self, gateway: PaymentGateway, amount: Money, action_token: str, customer: Customer
    ) -> None:
        """A link or a token to go on with; then the money is there."""
        desk = Desk(gateway, amount, action_token)
        answer = desk.authorize()
        assert isinstance(answer, ActionRequired)
        assert answer.action.url or answer.action.token
        assert desk.total(OperationKind.AUTHORIZE) == Money.zero(amount.currency)
        customer(desk.payment_id, approves=True)
        if desk.fetch().operations[0].status is OperationStatus.APPROVED:
            assert isinstance(desk.authorize(), Succeeded)
        assert desk.total(OperationKind.AUTHORIZE) == amount

    def test_the_customer_may_not_want(
        self, gateway: PaymentGateway, amount: Money, action_token: str, customer: Customer
    ) -> None:
        """Then it failed, and says so."""
        desk = Desk(gateway, amount, action_token)
        desk.authorize()
        customer(desk.payment_id, approves=False)
        assert [o.status for o in desk.fetch().operations][:1] == [OperationStatus.FAILED]

    def test_a_waiting_attempt_can_be_called_off(
        self, gateway: PaymentGateway, amount: Money, action_token: str
    ) -> None:
        """A void of nothing ends it."""
        self._able(gateway, "cancel")
        desk = Desk(gateway, amount, action_token)
        desk.authorize()
        assert isinstance(desk.ask(OperationKind.VOID, Money.zero(amount.currency), "off"), Succeeded)
        first = desk.fetch().operations[0]
        assert (first.kind, first.status) == (OperationKind.AUTHORIZE, OperationStatus.FAILED)

    def test_captures_all(self, held: Desk, amount: Money) -> None:
        """All that is held, once, however often it is asked."""
        for _ in range(2):
            assert isinstance(held.ask(OperationKind.CAPTURE, amount, "all"), Succeeded | Pending)
        assert held.total(OperationKind.CAPTURE) == amount

    def test_captures_a_part(self, gateway: PaymentGateway, held: Desk, amount: Money) -> None:
        """Less than is held; a final capture frees the rest."""
        self._able(gateway, "partial_capture")
        part, rest = amount.allocate([1, 3])
        held.ask(OperationKind.CAPTURE, part, "part", final=True)
        assert held.total(OperationKind.CAPTURE) == part
        assert held.total(OperationKind.VOID) == rest

    def test_captures_in_parts(self, gateway: PaymentGateway, held: Desk, amount: Money) -> None:
        """Several times, up to what was authorized."""
        self._able(gateway, "partial_capture", "multi_capture")
        for n, part in enumerate(amount.allocate([1, 1, 2])):
            assert isinstance(held.ask(OperationKind.CAPTURE, part, f"part {n}"), Succeeded | Pending)
        assert held.total(OperationKind.CAPTURE) == amount
        assert held.total(OperationKind.VOID) == Money.zero(amount.currency)

    def test_never_captures_more(self, held: Desk, amount: Money) -> None:
        """More than is held is declined, and nothing is taken."""
        assert isinstance(held.ask(OperationKind.CAPTURE, amount + amount, "more"), Declined)
        assert held.total(OperationKind.CAPTURE) == Money.zero(amount.currency)

    def test_voids(self, gateway: PaymentGateway, held: Desk, amount: Money) -> None:
        """What was held is free, once; nothing can be captured any more."""
        self._able(gateway, "void")
        for _ in range(2):
            assert isinstance(held.ask(OperationKind.VOID, amount, "void"), Succeeded)
        assert held.total(OperationKind.VOID) == amount
        assert isinstance(held.ask(OperationKind.CAPTURE, amount, "late"), Declined)

    def test_what_was_captured_is_not_voided(self, gateway: PaymentGateway, taken: Desk, amount: Money) -> None:
        """It has to be refunded."""
        self._able(gateway, "void")
        assert isinstance(taken.ask(OperationKind.VOID, amount, "void"), Declined)
        assert taken.total(OperationKind.CAPTURE) == amount

    def test_increments(self, gateway: PaymentGateway, held: Desk, amount: Money) -> None:
        """More is held, and can be captured."""
        self._able(gateway, "increment")
        for _ in range(2):
            assert isinstance(held.ask(OperationKind.INCREMENT, amount, "more"), Succeeded)
        assert isinstance(held.ask(OperationKind.CAPTURE, amount + amount, "all"), Succeeded | Pending)
        assert held.total(OperationKind.CAPTURE) == amount + amount

    def test_refunds_all(self, taken: Desk, amount: Money) -> None:
        """Once, however often it is asked; and then nothing is left."""
        for _ in range(2):
            assert isinstance(taken.ask(OperationKind.REFUND, amount, "all"), Succeeded | Pending)
        refunds = [o for o in taken.fetch().operations if o.kind is OperationKind.REFUND]
        assert [o.amount for o in refunds] == [amount]

    def test_refunds_in_parts(self, gateway: PaymentGateway, taken: Desk, amount: Money) -> None:
        """Up to what was captured, and each part can be told from the others."""
        self._able(gateway, "partial_refund", "multi_refund")
        half = amount.allocate([1, 1])[0]
        for n in range(2):
            assert isinstance(taken.ask(OperationKind.REFUND, half, f"half {n}"), Succeeded | Pending)
        assert isinstance(taken.ask(OperationKind.REFUND, half, "too much"), Declined)
        refunds = [o for o in taken.fetch().operations if o.kind is OperationKind.REFUND]
        counted = [o for o in refunds if o.status is not OperationStatus.FAILED]
        assert len({o.key or o.reference for o in counted}) == 2

    def test_never_refunds_more(self, taken: Desk, amount: Money) -> None:
        """More than was captured is declined, and nothing goes back."""
        assert isinstance(taken.ask(OperationKind.REFUND, amount + amount, "more"), Declined)
        assert taken.total(OperationKind.REFUND) == Money.zero(amount.currency)

    def test_a_refund_key_is_for_one_amount(self, gateway: PaymentGateway, taken: Desk, amount: Money) -> None:
        """Another amount under the same key is refused."""
        self._able(gateway, "partial_refund")
        if gateway.abilities.by_hand:
            pytest.skip("remembers nothing")
        quarter, rest = amount.allocate([1, 3])
        taken.ask(OperationKind.REFUND, quarter, "one")
        with pytest.raises(KeyReused):
            taken.ask(OperationKind.REFUND, rest, "one")

    def test_what_happened_is_named(self, taken: Desk, amount: Money) -> None:
        """Every operation that is told has our key or the gateway's reference."""
        taken.ask(OperationKind.REFUND, amount, "all")
        assert all(o.key or o.reference for o in taken.fetch().operations)

    def test_takes_its_currencies_only(self, gateway: PaymentGateway, ok_token: str) -> None:
        """Another currency is declined."""
        if gateway.abilities.currencies is None or "XTS" in gateway.abilities.currencies:
            pytest.skip("takes any currency")
        answer = Desk(gateway, Money("100.00", "XTS"), ok_token).authorize()
        assert isinstance(answer, Declined)
        assert answer.code is DeclineCode.CURRENCY_NOT_SUPPORTED

    def test_reads_its_notices(
        self, gateway: PaymentGateway, pay: Pay, genuine_notice: Callable[[Desk], RawNotice]
    ) -> None:
        """They name the payment, by our id or the gateway's, and themselves, the same when repeated."""
        desk = pay(capture=True)
        raw = genuine_notice(desk)
        notice, again = gateway.parse_notice(raw), gateway.parse_notice(raw)
        assert notice is not None
        assert again is not None
        assert notice.id == again.id != ""
        assert notice.payment_id == desk.payment_id or notice.reference == desk.reference
        assert notice.amount in (None, desk.amount)

    def test_refuses_altered_notices(
        self, gateway: PaymentGateway, pay: Pay, genuine_notice: Callable[[Desk], RawNotice]
    ) -> None:
        """One changed character, or no signature: not from the gateway."""
        raw = genuine_notice(pay(capture=True))
        altered = [evolve(raw, headers={}, query="", body=b"{}")]
        if raw.body:
            altered.append(evolve(raw, body=raw.body.replace(b"1", b"2") + b" "))
        if raw.query:
            altered.append(evolve(raw, query=raw.query.replace("1", "2")))
        for forged in altered:
            with pytest.raises(NoticeRejected):
                gateway.parse_notice(forged)

    @pytest.mark.parametrize("trash", _TRASH, ids=range(len(_TRASH)))
    def test_refuses_what_is_no_notice(
        self, gateway: PaymentGateway, pay: Pay, genuine_notice: Callable[[Desk], RawNotice], trash: bytes
    ) -> None:
        """Whatever anybody may post: it is refused, and breaks nothing."""
        raw = genuine_notice(pay(capture=True))
        text = trash.decode("utf-8", "surrogateescape")
        headers = dict.fromkeys(raw.headers, text)
        posted = [evolve(raw, body=trash), evolve(raw, body=trash, headers=headers)] if raw.body else []
        posted += [evolve(raw, query=text), evolve(raw, query=f"{raw.query}2{text}")] if raw.query else []
        for forged in posted:
            with pytest.raises(NoticeRejected):
                gateway.parse_notice(forged)

    def test_answers_every_notice(self, gateway: PaymentGateway) -> None:
        """There is a reply for every outcome."""
        assert all(100 <= gateway.reply(outcome).status < 600 for outcome in NoticeOutcome)

    def test_says_when_nothing_was_done(self, unreachable: PaymentGateway, amount: Money, ok_token: str) -> None:
        """No connection: it certainly did not happen."""
        with pytest.raises(ProviderUnavailable):
            Desk(unreachable, amount, ok_token).authorize(capture=True)

    def test_says_when_it_does_not_know(self, timing_out: PaymentGateway, amount: Money, ok_token: str) -> None:
        """No answer: it may have happened."""
        with pytest.raises(OutcomeUnknown):
            Desk(timing_out, amount, ok_token).authorize(capture=True)

    @pytest.mark.parametrize("status", [200, 400, 401, 404, 500])
    def test_an_answer_that_says_nothing_is_the_providers_fault(
        self, elsewhere: Callable[[str], PaymentGateway], amount: Money, ok_token: str, status: int
    ) -> None:
        """Whoever asks what is true gets the truth or a `ProviderError`, so that it is asked again."""
        bodies: list[bytes] = []
        headers = {"content-type": "application/json"}

        def answer(request: HttpRequest) -> NoticeReply:
            return self.before_answering(request) or NoticeReply(status=status, headers=headers, body=bodies[-1])

        with serve(answer) as url:
            desk = Desk(elsewhere(url), amount, ok_token)
            desk.reference = "1"
            for body in (*_TRASH, b"{}", b'{"error": "1"}', b"<html></html>"):
                bodies.append(body)
                with pytest.raises(ProviderError):
                    desk.fetch()
