"""A payment: what is asked of a gateway, and what is learned of it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from attrs import define, evolve

from commerce.kernel import InvalidValue, KeyReused, Money, NotAllowed
from commerce.payments.book import Book
from commerce.payments.errors import CaptureTooMuch, GatewayCannot, RefundTooMuch
from commerce.payments.events import PaymentActionRequired, PaymentChanged, PaymentSurplus
from commerce.payments.ledger import News, event_of, learned, match
from commerce.payments.messages import (
    ActionRequired,
    Declined,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Pending,
    Succeeded,
)
from commerce.payments.states import PAYMENT_STATES, PaymentStatus
from commerce.payments.values import DeclineCode, Entry, Operation, OperationKind, OperationStatus, entry_id

__all__ = ["Payment"]

#: In these no money is here and none is asked for: another attempt may begin.
_ENDED = (PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.VOIDED, PaymentStatus.REFUNDED)

#: How long a gateway that knows nothing of an attempt may still say yes to it.
_WATCH = timedelta(days=1)

#: In these no money can come any more unless we ask again.
_NO_SURPRISE = (OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.APPROVED)


@define(kw_only=True, eq=False)
class Payment(Book):
    """One attempt to be paid for ``order_ref``, by one gateway.

    What is asked is written down before the gateway is called (`request_capture` and its like), and so
    counts against what may still be asked. `answer` and `settle` write down what came of it.
    ``live``: it is the order's one attempt. ``surplus``: money came after it was given up;
    ``watched_until``: it still may.
    """

    def begin(self) -> None:
        """Write down that the money is asked for; with its capture, if it is taken at once."""
        first = self._ask(OperationKind.AUTHORIZE, self.key, self.amount, self.created_at)
        if self.capture_at_once:
            self._ask(OperationKind.CAPTURE, self.key, self.amount, self.created_at, leader=first)

    def request_capture(
        self, key: str, amount: Money | None, abilities: GatewayAbilities, *, final: bool, at: datetime
    ) -> Entry | None:
        """Write down a capture of some or all that is held; nothing if all was taken already.

        Where the gateway captures once, and where it is ``final``, the rest is written down as voided.
        """
        self._trusted("capture")
        possible = self.capturable
        if amount is None and not possible and self.captured:
            return None
        wanted = possible if amount is None else _positive(amount)
        if not wanted or wanted > possible:
            raise CaptureTooMuch(payment_id=self.id, amount=wanted or self.amount, possible=possible)
        if wanted < possible and not abilities.partial_capture:
            raise GatewayCannot(gateway=self.gateway, ability="partial_capture")
        entry = self._ask(OperationKind.CAPTURE, key, wanted, at)
        if wanted < possible and (final or not abilities.multi_capture):
            self._ask(OperationKind.VOID, f"{key}/rest", possible - wanted, at, leader=entry)
        return entry

    def request_void(self, key: str, abilities: GatewayAbilities, *, at: datetime) -> Entry | None:
        """Write down that all that is held is set free; nothing if nothing is."""
        possible = self.capturable
        if not possible:
            return None
        if not abilities.void:
            raise GatewayCannot(gateway=self.gateway, ability="void")
        return self._ask(OperationKind.VOID, key, possible, at)

    def request_call_off(self, key: str, *, at: datetime) -> Entry:
        """Write down that the attempt is called off while the customer has not acted."""
        return self._ask(OperationKind.VOID, key, Money.zero(self.currency), at)

    def request_refund(self, key: str, amount: Money | None, abilities: GatewayAbilities, *, at: datetime) -> Entry:
        """Write down a refund of some or all that was taken."""
        possible = self.refundable
        wanted = possible if amount is None else _positive(amount)
        if not wanted or wanted > possible:
            raise RefundTooMuch(payment_id=self.id, amount=wanted, possible=possible)
        if possible < self.captured and not abilities.multi_refund:
            raise GatewayCannot(gateway=self.gateway, ability="multi_refund")
        if wanted < possible and not abilities.partial_refund:
            raise GatewayCannot(gateway=self.gateway, ability="partial_refund")
        return self._ask(OperationKind.REFUND, key, wanted, at)

    def request_increment(self, key: str, amount: Money, abilities: GatewayAbilities, *, at: datetime) -> Entry:
        """Write down that more is to be authorized."""
        self._trusted("increment")
        if self.status not in (PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED):
            raise NotAllowed(
                entity="payment", id=self.id, state=self.status.value, move="increment", allowed=("cancel",)
            )
        if not abilities.increment:
            raise GatewayCannot(gateway=self.gateway, ability="increment")
        return self._ask(OperationKind.INCREMENT, key, _positive(amount), at)

    def repeat(self, entry: Entry, *, at: datetime) -> None:
        """Write down that an entry is sent again, with the same key.

        One that failed without a "no" counts again, if there is still room for it.
        """
        before = self._facts
        for e in (self.by_id(entry.id), *self._followers(entry)):
            if e.repeatable:
                self._room(e)
                first = e.kind is OperationKind.AUTHORIZE  # gateways know a payment by the moment it began
                self.live = self.live or first
                asked = e.at if first else at
                self._put(evolve(e, status=OperationStatus.REQUESTED, reason=None, at=asked, sent_at=at))
            elif e.open:
                self._put(evolve(e, sent_at=at))
        self._conclude(before)

    def same(self, entry: Entry, amount: Money | None) -> None:
        """Raise `commerce.kernel.KeyReused` if the command of this key was for another amount."""
        if amount is not None and amount != entry.amount:
            raise KeyReused(key=entry.key)

    def answer(self, entry: Entry, answer: GatewayAnswer) -> None:
        """Write down what the gateway said."""
        before = self._facts
        if entry.kind is OperationKind.AUTHORIZE:
            self.reference = answer.reference or self.reference
        match answer:
            case Succeeded():
                self.suspected = self.suspected or answer.suspected
                news = News(status=OperationStatus.SUCCEEDED, reference=answer.reference, amount=answer.amount)
            case Pending():
                news = News(status=OperationStatus.PENDING, reference=answer.reference)
            case ActionRequired():
                self.action = answer.action
                news = News(status=OperationStatus.WAITING, reference=answer.reference)
            case Declined():
                news = _no(answer.code, answer)
        self._learn(entry, news)
        self._follow(entry)
        self._conclude(before)

    def unavailable(self, entry: Entry) -> None:
        """Write down that the gateway was not reached; the same key sends it again."""
        before = self._facts
        if self.by_id(entry.id).unanswered:
            self._learn(entry, _no(DeclineCode.UNAVAILABLE))
        self._follow(entry)
        self._conclude(before)

    def lose(self, entry: Entry) -> None:
        """Write down that the answer was lost: it may have happened."""
        before = self._facts
        self._learn(entry, News(status=OperationStatus.UNKNOWN))
        self._conclude(before)

    def settle(self, state: GatewayState, *, at: datetime, patience: timedelta) -> None:
        """Take over the gateway's truth.

        What the gateway does not know, says it knows everything, and was sent more than ``patience`` ago never
        arrived. What it knows and we do not (a refund in its dashboard, a chargeback) is added.
        """
        before = self._facts
        self.reference = state.reference or self.reference
        self.suspected = state.suspected or self.suspected
        self.action = state.action or self.action
        seen: set[str] = set()
        for operation in state.operations:
            entry = match(self.ledger, operation, seen, state.operations) or self._discover(operation, at)
            if entry is not None:
                seen.add(entry.id)
                self._learn(entry, _news(operation))
        for entry in self.ledger:
            if entry.id in seen and (entry.kind is OperationKind.CAPTURE or entry.status is OperationStatus.FAILED):
                self._follow(entry)
        if state.complete:
            self._give_up(seen, at, patience)
        self._watch(state, at)
        self._conclude(before)

    def abandon(self, *, at: datetime) -> None:
        """Give the attempt up; whatever money still comes of it is surplus."""
        before = self._facts
        if self.attempting:
            self.watched_until = at + _WATCH
            self._learn(self.authorization, _no(DeclineCode.ABANDONED))
            self._follow(self.authorization)
        self._conclude(before)

    def confirm(self) -> None:
        """A person saw the money."""
        before = self._facts
        for entry in (self.authorization, *self._followers(self.authorization)):
            self._learn(entry, News(status=OperationStatus.SUCCEEDED))
        self._conclude(before)

    def accept(self) -> None:
        """A person looked at it: it is not in review any more."""
        before = self._facts
        self.accepted = True
        self._conclude(before)

    def _trusted(self, move: str) -> None:
        if self.status is PaymentStatus.REVIEW:
            raise NotAllowed(entity="payment", id=self.id, state="review", move=move, allowed=("accept", "cancel"))

    def _ask(self, kind: OperationKind, key: str, amount: Money, at: datetime, *, leader: Entry | None = None) -> Entry:
        entry = Entry(
            id=entry_id(self.id, kind, key),
            kind=kind,
            key=key,
            amount=amount,
            at=at,
            sent_at=at,
            leader=leader.id if leader else "",
        )
        self.ledger = (*self.ledger, entry)
        return entry

    def _discover(self, operation: Operation, at: datetime) -> Entry | None:
        """Write down what nobody here asked for, unless nothing came of it."""
        if operation.status is OperationStatus.FAILED:
            return None
        name = operation.reference or operation.key or str(len(self.ledger))
        return self._ask(operation.kind, f"gateway-{name}", operation.amount, operation.at or at)

    def _room(self, entry: Entry) -> None:
        """Whether an entry that counted no more may count again."""
        if entry.leader == self.authorization.id:
            return
        if entry.kind in (OperationKind.CAPTURE, OperationKind.VOID) and entry.amount > self.capturable:
            raise CaptureTooMuch(payment_id=self.id, amount=entry.amount, possible=self.capturable)
        if entry.kind is OperationKind.REFUND and entry.amount > self.refundable:
            raise RefundTooMuch(payment_id=self.id, amount=entry.amount, possible=self.refundable)

    def _put(self, entry: Entry) -> None:
        self.ledger = tuple(entry if e.id == entry.id else e for e in self.ledger)

    def _followers(self, leader: Entry) -> tuple[Entry, ...]:
        """What was asked with the same call: the capture of an authorization, the freeing of the rest of a capture."""
        return tuple(e for e in self.ledger if e.leader == leader.id)

    def _follow(self, leader: Entry) -> None:
        """What was asked with one call ends with it, unless the gateway said more of it."""
        leader = self.by_id(leader.id)
        for entry in self._followers(leader):
            if leader.status is OperationStatus.SUCCEEDED and entry.unanswered:
                amount = leader.amount if leader.kind is OperationKind.AUTHORIZE else None
                self._learn(entry, News(status=OperationStatus.SUCCEEDED, amount=amount))
            elif leader.status is OperationStatus.FAILED:
                self._learn(entry, _no(leader.reason or DeclineCode.DECLINED))

    def _give_up(self, seen: Collection[str], at: datetime, patience: timedelta) -> None:
        """What the gateway has not got by now, it will not get; nor will a customer come back who is too late."""
        late = at - patience
        end = self.action.expires_at if self.action else None
        for entry in self.ledger:
            with_another = any(e.open and e.id == entry.leader for e in self.ledger)
            if entry.id in seen or with_another or not entry.open:
                continue
            if entry.unanswered and entry.sent_at <= late:
                self._learn(entry, _no(DeclineCode.NEVER_ARRIVED))
            elif entry.status is OperationStatus.WAITING and end is not None and end <= late:
                self._learn(entry, _no(DeclineCode.TIMED_OUT))
            else:
                continue
            self._follow(entry)
            if entry.kind is OperationKind.AUTHORIZE:
                self.watched_until = at + _WATCH

    def _watch(self, state: GatewayState, at: datetime) -> None:
        """An attempt that we gave up is watched until the gateway gave it up, or has known nothing of it for long."""
        firsts = [o.status for o in state.operations if o.kind is OperationKind.AUTHORIZE]
        late = self.watched_until is not None and self.watched_until <= at
        if (firsts and firsts[0] in _NO_SURPRISE) or (late and not firsts):
            self.watched_until = None

    def _learn(self, entry: Entry, news: News) -> None:
        """Write news into the ledger and tell them, unless they are old."""
        was = self.by_id(entry.id)
        now = learned(was, news)
        self._put(now)
        if now.status is was.status:
            return
        event = event_of(self.id, self.order_ref, now)
        if event is not None:
            self.record(event)
        if now.kind is OperationKind.AUTHORIZE:
            self._learn_first(now)
        if now.kind is OperationKind.VOID and now.status is OperationStatus.SUCCEEDED and self.attempting:
            self._learn(self.authorization, _no(DeclineCode.ABANDONED))
            self._follow(self.authorization)

    def _learn_first(self, entry: Entry) -> None:
        if entry.status is OperationStatus.WAITING and self.action is not None:
            kind = self.action.kind.value
            self.record(PaymentActionRequired(aggregate_id=self.id, order_ref=self.order_ref, kind=kind))
        if entry.status is OperationStatus.SUCCEEDED and not self.live:
            self.surplus = True
            self.record(PaymentSurplus(aggregate_id=self.id, order_ref=self.order_ref, amount=entry.amount))

    @property
    def _facts(self) -> tuple[object, ...]:
        return (self.status, self.authorized, self.captured, self.refunded, self.charged_back)

    def _conclude(self, before: tuple[object, ...]) -> None:
        """Derive the status from the ledger, and say so if anything changed."""
        self.status = PAYMENT_STATES.move(self.id, self.status, self._derived())
        if self.status in _ENDED:
            self.live = False
        if self.status is not PaymentStatus.WAITING:
            self.action = None
        if self._facts != before:
            self.record(
                PaymentChanged(
                    aggregate_id=self.id,
                    order_ref=self.order_ref,
                    gateway=self.gateway,
                    version=self.version + 1,
                    status=self.status.value,
                    authorized=self.authorized,
                    captured=self.captured,
                    refunded=self.refunded,
                    charged_back=self.charged_back,
                    failed=self.failed,
                    surplus=self.surplus,
                )
            )


def _positive(amount: Money) -> Money:
    if amount <= Money.zero(amount.currency):
        raise InvalidValue(field="amount", reason="more than nothing, please")
    return amount


def _no(code: DeclineCode, said: Declined | None = None) -> News:
    said = said or Declined(code=code)
    return News(
        status=OperationStatus.FAILED,
        reference=said.reference,
        reason=code,
        vendor_code=said.vendor_code,
        message=said.message,
        may_retry=said.may_retry,
    )


def _news(operation: Operation) -> News:
    """What a gateway's state says of one operation."""
    succeeded = operation.status is OperationStatus.SUCCEEDED
    failed = operation.status is OperationStatus.FAILED
    return News(
        status=operation.status,
        reference=operation.reference,
        amount=operation.amount if succeeded else None,
        reason=(operation.reason or DeclineCode.DECLINED) if failed else None,
        vendor_code=operation.vendor_code,
    )
