"""`FakeGateway`: a gateway that does everything, forgets nothing, and fails when told to."""

import hashlib
import hmac
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from commerce.kernel import KeyReused, Money, OutcomeUnknown, ProviderUnavailable
from commerce.payments import (
    Action,
    ActionKind,
    ActionRequired,
    AuthorizeRequest,
    DeclineCode,
    Declined,
    FetchRequest,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Notice,
    NoticeOutcome,
    NoticeRejected,
    NoticeReply,
    Operation,
    OperationKind,
    OperationRequest,
    OperationStatus,
    Pending,
    RawNotice,
    Succeeded,
    sum_of,
)
from commerce.testing.gateways.world import Call, World

__all__ = ["Call", "FakeGateway", "Fault", "Tokens"]

_DONE = (OperationStatus.SUCCEEDED,)
_COUNTING = (OperationStatus.SUCCEEDED, OperationStatus.PENDING)
_REPLIES = {NoticeOutcome.REJECTED: 401, NoticeOutcome.WRONG_AMOUNT: 422, NoticeOutcome.FAILED: 503}


class Tokens(StrEnum):
    """What the token of an authorization makes happen; any other token is ``ok``.

    ``action``: 3-D Secure in the page, see `FakeGateway.customer_acts`. ``redirect``: the customer approves
    elsewhere, and then the authorization has to be sent again. ``pending``: see `FakeGateway.finish`.
    ``suspected``: done, but a person should look. ``partial``: half of it is authorized.
    """

    OK = "tok_ok"
    DECLINED = "tok_declined"
    ACTION = "tok_action"
    REDIRECT = "tok_redirect"
    PENDING = "tok_pending"
    SUSPECTED = "tok_suspected"
    PARTIAL = "tok_partial"


class Fault(StrEnum):
    """What goes wrong with one call.

    ``unavailable``: nothing was done, and that is known. ``lost_request``: nothing was done.
    ``lost_answer``: it was done. After the last two the caller knows neither. ``declined``: a no.
    ``pending``: it is done only by `FakeGateway.finish`.
    """

    UNAVAILABLE = "unavailable"
    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"
    DECLINED = "declined"
    PENDING = "pending"


@frozen
class _Script:
    fault: Fault | None = None
    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None


class FakeGateway:
    """An outside world for tests: a stateful gateway, safe between threads.

    With a ``path`` it lives in a SQLite file: a process that was killed and started anew finds what
    it left. `script` makes the next call of a method fail; `calls` and `operations` prove what was done.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        abilities: GatewayAbilities | None = None,
        secret: str = "whsec_fake",  # noqa: S107 - signs notices of tests
        delay: timedelta = timedelta(0),
    ) -> None:
        self.abilities = abilities or GatewayAbilities(multi_capture=True, increment=True)
        self._world = World(path)
        self._secret = secret.encode()
        self._delay = delay.total_seconds()
        self._scripts: dict[str, deque[_Script]] = defaultdict(deque)
        self._scripting = threading.Lock()

    def close(self) -> None:
        """Give the file back."""
        self._world.close()

    # the port

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Ask for money."""
        return self._perform("authorize", request, lambda fault: self._authorize(request, fault))

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """Raise what is authorized."""
        return self._operate(request, lambda: True)

    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Take authorized money; what is left is freed by a final capture, or if there is only one."""
        return self._operate(request, lambda: request.amount <= self._held(request))

    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Free authorized money, or call a waiting attempt off."""
        return self._operate(request, lambda: self._can_void(request))

    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give captured money back."""
        return self._operate(request, lambda: request.amount <= self._refundable(request))

    def fetch(self, request: FetchRequest) -> GatewayState:
        """All that is known of a payment."""
        self._world.log(Call("fetch", request.payment_id, ""))
        script = self._next("fetch")
        self._begin(script)
        with self._world.change() as db:
            row = db.execute(
                "SELECT reference, token, suspected FROM payment WHERE id = ?", (request.payment_id,)
            ).fetchone()
            operations = self._world.operations(request.payment_id)
        state = GatewayState()
        if row is not None:
            action = self._action(request.payment_id, row[1])
            state = GatewayState(operations=tuple(operations), reference=row[0], action=action, suspected=bool(row[2]))
        self._end(script)
        return state

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Check the signature, HMAC-SHA256 of the body, and read the notice.

        It can be scripted as a call: some gateways have to be asked whether a notice is theirs.
        """
        self._begin(self._next("parse_notice"))
        signature = hmac.new(self._secret, notice.body, hashlib.sha256).hexdigest().encode()
        given = notice.headers.get("fake-signature", "").encode(errors="replace")
        if not hmac.compare_digest(signature, given):
            raise NoticeRejected(reason="the signature does not match the body")
        told = json.loads(notice.body)
        if "payment" not in told:
            return None
        amount = Money(*told["amount"].split()) if "amount" in told else None
        return Notice(id=told["id"], payment_id=told["payment"], reference=told["reference"], amount=amount)

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """200 when there is nothing to repeat."""
        return NoticeReply(status=_REPLIES.get(outcome, 200), body=outcome.value.encode())

    # scripts

    def script(
        self,
        method: str,
        fault: Fault | None = None,
        *,
        times: int = 1,
        before: Callable[[], object] | None = None,
        after: Callable[[], object] | None = None,
    ) -> None:
        """Let the next calls of a method fail, or run ``before`` it is done or ``after``, before it answers.

        What these raise comes out of the call, as if the process had died there.
        """
        with self._scripting:
            self._scripts[method].extend([_Script(fault, before, after)] * times)

    def heal(self) -> None:
        """Forget every script: from now on all calls succeed."""
        with self._scripting:
            self._scripts.clear()

    def notices(self) -> Sequence[RawNotice]:
        """The signed notices since the last call, to be delivered, repeated, shuffled or dropped."""
        return [
            self.sign({"id": f"evt_{n}", "payment": payment_id, "reference": reference})
            for n, payment_id, reference in self._world.take_notices()
        ]

    def sign(self, told: dict[str, str]) -> RawNotice:
        """A notice as this gateway sends it, with id, payment, reference, and perhaps an amount: ``100.00 EUR``."""
        body = json.dumps(told).encode()
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return RawNotice(headers={"Fake-Signature": signature}, body=body)

    # what others do

    def customer_acts(self, payment_id: str, *, approves: bool = True) -> None:
        """The customer passes 3-D Secure or approves on the other page; or does not."""
        with self._world.change():
            first = self._first(payment_id)
            if first is None or first.status is not OperationStatus.WAITING:
                return
            if not approves:
                self._settle(payment_id, first, OperationStatus.FAILED, DeclineCode.AUTHENTICATION_FAILED)
            elif self._token(payment_id) == Tokens.REDIRECT:
                self._world.move(payment_id, first.reference, OperationStatus.APPROVED)
            else:
                self._settle(payment_id, first, OperationStatus.SUCCEEDED)

    def finish(self, payment_id: str, *, succeeds: bool = True) -> None:
        """Everything pending of a payment comes to its end."""
        status = OperationStatus.SUCCEEDED if succeeds else OperationStatus.FAILED
        with self._world.change():
            for operation in self.operations(payment_id):
                if operation.status is OperationStatus.PENDING:
                    self._settle(payment_id, operation, status, None if succeeds else DeclineCode.DECLINED)

    def fail_refund(self, payment_id: str) -> None:
        """The last refund that arrived comes back."""
        with self._world.change():
            refunds = [o for o in self.operations(payment_id) if o.kind is OperationKind.REFUND and o.status in _DONE]
            self._world.move(payment_id, refunds[-1].reference, OperationStatus.FAILED, DeclineCode.DECLINED)

    def happen(self, payment_id: str, kind: OperationKind, amount: Money) -> None:
        """Something that the shop did not ask for: a refund in the dashboard, a chargeback, an expiry (void)."""
        self._world.add(payment_id, Operation(kind=kind, amount=amount, status=OperationStatus.SUCCEEDED))

    # proof

    @property
    def calls(self) -> Sequence[Call]:
        """Every call that was made, in order."""
        return self._world.calls()

    def operations(self, payment_id: str | None = None) -> Sequence[Operation]:
        """Every operation that is known, in order: of one payment, or of all."""
        return self._world.operations(payment_id)

    def total(self, kind: OperationKind, payment_id: str | None = None, currency: str = "EUR") -> Money:
        """What the operations of one kind that succeeded come to."""
        return sum_of(self.operations(payment_id), currency, kind, _DONE)

    # inside

    def _perform(
        self,
        method: str,
        request: AuthorizeRequest | OperationRequest,
        act: Callable[[Fault | None], GatewayAnswer],
    ) -> GatewayAnswer:
        self._world.log(Call(method, request.payment_id, request.key))
        script = self._next(method)
        self._begin(script)
        with self._world.change():
            answer = act(script.fault)
        self._end(script)
        return answer

    def _next(self, method: str) -> _Script:
        with self._scripting:
            waiting = self._scripts[method]
            return waiting.popleft() if waiting else _Script()

    def _begin(self, script: _Script) -> None:
        if self._delay:
            time.sleep(self._delay)
        if script.fault is Fault.UNAVAILABLE:
            raise ProviderUnavailable
        if script.fault is Fault.LOST_REQUEST:
            raise OutcomeUnknown
        if script.before is not None:
            script.before()

    @staticmethod
    def _end(script: _Script) -> None:
        if script.after is not None:
            script.after()
        if script.fault is Fault.LOST_ANSWER:
            raise OutcomeUnknown

    def _authorize(self, request: AuthorizeRequest, fault: Fault | None) -> GatewayAnswer:
        body = f"{request.amount} {request.order_ref} {request.capture}"
        with self._world.change() as db:
            known = db.execute("SELECT body FROM payment WHERE id = ?", (request.payment_id,)).fetchone()
            if known is None:
                number = db.execute("SELECT count(*) FROM payment").fetchone()[0] + 1
                db.execute(
                    "INSERT INTO payment (id, reference, token, body, suspected) VALUES (?, ?, ?, ?, ?)",
                    (request.payment_id, f"pay_{number}", request.token, body, request.token == Tokens.SUSPECTED),
                )
                return self._first_answer(request, fault)
        if known[0] != body:
            raise KeyReused(key=request.key)
        first = self._world.find(request.key, OperationKind.AUTHORIZE)
        if first is None:
            raise KeyReused(key=request.key)
        if first.status is OperationStatus.APPROVED:
            self._settle(request.payment_id, first, OperationStatus.SUCCEEDED)
            first = self._first(request.payment_id) or first
        return self._answer(request.payment_id, first)

    def _first_answer(self, request: AuthorizeRequest, fault: Fault | None) -> GatewayAnswer:
        currencies = self.abilities.currencies
        reason: DeclineCode | None = None
        status = {
            Tokens.ACTION: OperationStatus.WAITING,
            Tokens.REDIRECT: OperationStatus.WAITING,
            Tokens.PENDING: OperationStatus.PENDING,
        }.get(Tokens(request.token) if request.token in set(Tokens) else Tokens.OK, OperationStatus.SUCCEEDED)
        if currencies is not None and request.amount.currency.code not in currencies:
            status, reason = OperationStatus.FAILED, DeclineCode.CURRENCY_NOT_SUPPORTED
        elif request.token == Tokens.DECLINED or fault is Fault.DECLINED:
            status, reason = OperationStatus.FAILED, DeclineCode.INSUFFICIENT_FUNDS
        elif fault is Fault.PENDING:
            status = OperationStatus.PENDING
        amount = request.amount
        if request.token == Tokens.PARTIAL:
            amount = amount.allocate([1, 1])[0]
        done = self._world.add(
            request.payment_id,
            Operation(kind=OperationKind.AUTHORIZE, amount=amount, status=status, key=request.key, reason=reason),
        )
        if status is OperationStatus.SUCCEEDED:
            self._take_at_once(request.payment_id, done, capture=request.capture)
        return self._answer(request.payment_id, done)

    def _operate(self, request: OperationRequest, possible: Callable[[], bool]) -> GatewayAnswer:
        def act(fault: Fault | None) -> GatewayAnswer:
            known = self._world.find(request.key, request.kind)
            if known is not None:
                if known.amount != request.amount:
                    raise KeyReused(key=request.key)
                return self._answer(request.payment_id, known)
            reason: DeclineCode | None = None
            if fault is Fault.DECLINED:
                reason = DeclineCode.DECLINED
            elif self._first(request.payment_id) is None or not possible():
                reason = DeclineCode.NOT_ALLOWED
            status = OperationStatus.FAILED if reason else OperationStatus.SUCCEEDED
            if fault is Fault.PENDING and not reason:
                status = OperationStatus.PENDING
            rest = self._held(request) - request.amount
            done = self._world.add(
                request.payment_id,
                Operation(kind=request.kind, amount=request.amount, status=status, key=request.key, reason=reason),
            )
            if reason is None:
                self._side_effects(request, rest, status)
            return self._answer(request.payment_id, done)

        return self._perform(request.kind.value, request, act)

    def _side_effects(self, request: OperationRequest, rest: Money, status: OperationStatus) -> None:
        """A last capture frees the rest; a call-off ends the attempt."""
        last = request.final or not self.abilities.multi_capture
        if request.kind is OperationKind.CAPTURE and last and rest:
            self._world.add(
                request.payment_id, Operation(kind=OperationKind.VOID, amount=rest, status=status, key=request.key)
            )
        first = self._first(request.payment_id)
        if request.kind is OperationKind.VOID and first is not None and first.status not in _DONE:
            self._settle(request.payment_id, first, OperationStatus.FAILED, DeclineCode.ABANDONED)

    def _settle(
        self, payment_id: str, operation: Operation, status: OperationStatus, reason: DeclineCode | None = None
    ) -> None:
        self._world.move(payment_id, operation.reference, status, reason)
        if operation.kind is OperationKind.AUTHORIZE and status is OperationStatus.SUCCEEDED:
            with self._world.change() as db:
                body = db.execute("SELECT body FROM payment WHERE id = ?", (payment_id,)).fetchone()[0]
            self._take_at_once(payment_id, operation, capture=body.endswith("True"))

    def _take_at_once(self, payment_id: str, first: Operation, *, capture: bool) -> None:
        if capture:
            self._world.add(
                payment_id,
                Operation(
                    kind=OperationKind.CAPTURE, amount=first.amount, status=OperationStatus.SUCCEEDED, key=first.key
                ),
            )

    def _answer(self, payment_id: str, operation: Operation) -> GatewayAnswer:
        reference = operation.reference
        with self._world.change() as db:
            payment = db.execute(
                "SELECT reference, token, suspected FROM payment WHERE id = ?", (payment_id,)
            ).fetchone()
        if operation.kind is OperationKind.AUTHORIZE:
            reference = payment[0]
        action = self._action(payment_id, payment[1]) if payment is not None else None
        if operation.status is OperationStatus.WAITING and action is not None:
            return ActionRequired(action=action, reference=reference)
        if operation.status is OperationStatus.FAILED:
            return Declined(
                code=operation.reason or DeclineCode.DECLINED,
                message="The bank said no.",
                may_retry=operation.reason is DeclineCode.INSUFFICIENT_FUNDS,
                vendor_code=f"fake_{operation.reason}",
                reference=reference,
            )
        if operation.status is OperationStatus.PENDING:
            return Pending(reference=reference)
        suspected = operation.kind is OperationKind.AUTHORIZE and bool(payment[2])
        return Succeeded(reference=reference, amount=operation.amount, suspected=suspected)

    @staticmethod
    def _action(payment_id: str, token: str) -> Action | None:
        if token == Tokens.REDIRECT:
            return Action(kind=ActionKind.REDIRECT, url=f"https://pay.example/{payment_id}")
        if token == Tokens.ACTION:
            return Action(kind=ActionKind.CLIENT, token=f"secret_{payment_id}")
        return None

    def _first(self, payment_id: str) -> Operation | None:
        return next((o for o in self.operations(payment_id) if o.kind is OperationKind.AUTHORIZE), None)

    def _token(self, payment_id: str) -> str:
        with self._world.change() as db:
            return str(db.execute("SELECT token FROM payment WHERE id = ?", (payment_id,)).fetchone()[0])

    def _sum(self, request: OperationRequest, kind: OperationKind) -> Money:
        counting = _DONE if kind in (OperationKind.AUTHORIZE, OperationKind.INCREMENT) else _COUNTING
        return sum_of(self.operations(request.payment_id), request.amount.currency.code, kind, counting)

    def _held(self, request: OperationRequest) -> Money:
        promised = self._sum(request, OperationKind.AUTHORIZE) + self._sum(request, OperationKind.INCREMENT)
        return promised - self._sum(request, OperationKind.CAPTURE) - self._sum(request, OperationKind.VOID)

    def _can_void(self, request: OperationRequest) -> bool:
        first = self._first(request.payment_id)
        if first is not None and first.status in (OperationStatus.WAITING, OperationStatus.APPROVED):
            return not request.amount
        return bool(request.amount) and request.amount <= self._held(request)

    def _refundable(self, request: OperationRequest) -> Money:
        return (
            self._sum(request, OperationKind.CAPTURE)
            - self._sum(request, OperationKind.REFUND)
            - self._sum(request, OperationKind.CHARGEBACK)
            + self._sum(request, OperationKind.CHARGEBACK_REVERSAL)
        )
