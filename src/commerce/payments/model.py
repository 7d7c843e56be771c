"""A payment: a ledger of what was asked of a gateway and what came of it. Every amount is derived."""

from collections.abc import Collection
from datetime import datetime, timedelta

from attrs import define, evolve, field

from commerce.kernel import Entity, InvalidValue, KeyReused, Money, NotAllowed
from commerce.payments.errors import CaptureTooMuch, GatewayCannot, RefundTooMuch
from commerce.payments.events import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentChanged,
    PaymentChargebackReversed,
    PaymentChargedBack,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSurplus,
    PaymentVoided,
)
from commerce.payments.messages import (
    ActionRequired,
    Declined,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Pending,
    Succeeded,
)
from commerce.payments.states import OPERATION_STATES, PAYMENT_STATES, PaymentStatus
from commerce.payments.values import Action, DeclineCode, Entry, Operation, OperationKind, OperationStatus, entry_id
from commerce.payments.values import sum_of as sum_entries

__all__ = ["Payment"]

_DONE = (OperationStatus.SUCCEEDED,)
_OPEN = tuple(s for s in OperationStatus if s not in (OperationStatus.SUCCEEDED, OperationStatus.FAILED))

#: In these no money is here and none is asked for: another attempt may begin.
_ENDED = (PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.VOIDED, PaymentStatus.REFUNDED)

_BEFORE_MONEY = {
    OperationStatus.REQUESTED: PaymentStatus.NEW,
    OperationStatus.WAITING: PaymentStatus.WAITING,
    OperationStatus.APPROVED: PaymentStatus.WAITING,
    OperationStatus.PENDING: PaymentStatus.PENDING,
    OperationStatus.UNKNOWN: PaymentStatus.UNKNOWN,
}

#: What the life of a payment changes.
_CHANGING = ("reference", "status", "action", "live", "suspected", "accepted", "surplus", "ledger")


@define(kw_only=True, eq=False)
class Payment(Entity):
    """One attempt to be paid for ``order_ref``, by one gateway.

    What is asked is written down before the gateway is called (`request_capture` and its like), and so
    counts against what may still be asked. `answer` and `settle` write down what came of it.
    ``live``: it is the order's one attempt. ``surplus``: money came after it was given up.
    """

    key: str
    order_ref: str
    gateway: str
    amount: Money
    capture_at_once: bool = False
    customer_ref: str = field(default="", repr=False)
    fingerprint: str = field(default="", repr=False)
    created_at: datetime
    reference: str = ""
    status: PaymentStatus = PaymentStatus.NEW
    action: Action | None = None
    live: bool = True
    suspected: bool = False
    accepted: bool = False
    surplus: bool = False
    ledger: tuple[Entry, ...] = ()

    # amounts

    @property
    def currency(self) -> str:
        """The ISO 4217 code of every amount."""
        return str(self.amount.currency.code)

    @property
    def authorized(self) -> Money:
        """All that was ever authorized, less what was voided; capturing does not lower it."""
        return self._promised - self.voided

    @property
    def captured(self) -> Money:
        """All that was taken."""
        return self._sum(OperationKind.CAPTURE)

    @property
    def refunded(self) -> Money:
        """All that was given back."""
        return self._sum(OperationKind.REFUND)

    @property
    def voided(self) -> Money:
        """All that was set free."""
        return self._sum(OperationKind.VOID)

    @property
    def charged_back(self) -> Money:
        """What the bank took back and did not return."""
        return self._sum(OperationKind.CHARGEBACK) - self._sum(OperationKind.CHARGEBACK_REVERSAL)

    @property
    def capturable(self) -> Money:
        """What may be captured or voided now: less what is being asked for already."""
        asked = self._sum(OperationKind.CAPTURE, _OPEN) + self._sum(OperationKind.VOID, _OPEN)
        return max(self.authorized - self.captured - asked, Money.zero(self.currency))

    @property
    def refundable(self) -> Money:
        """What may be refunded now: less what is being refunded already."""
        free = self.captured - self.refunded - self._sum(OperationKind.REFUND, _OPEN) - self.charged_back
        return max(free, Money.zero(self.currency))

    @property
    def due(self) -> Money:
        """What of the amount asked was not captured."""
        return max(self.amount - self.captured, Money.zero(self.currency))

    @property
    def _promised(self) -> Money:
        return self._sum(OperationKind.AUTHORIZE) + self._sum(OperationKind.INCREMENT)

    def _sum(self, kind: OperationKind, statuses: Collection[OperationStatus] = _DONE) -> Money:
        return sum_entries(self.ledger, self.currency, kind, statuses)

    # where it stands

    @property
    def failed(self) -> bool:
        """Whether it was declined or never reached the gateway."""
        return self.status in (PaymentStatus.DECLINED, PaymentStatus.FAILED)

    @property
    def attempting(self) -> bool:
        """Whether the authorization has not come to an end."""
        return self.authorization.open

    @property
    def open(self) -> bool:
        """Whether there is something to ask the gateway about, or surplus money to give back."""
        return any(entry.open for entry in self.ledger) or self.owes_surplus

    @property
    def owes_surplus(self) -> bool:
        """Whether money that came after it was given up is still here."""
        return self.surplus and bool(self.capturable or self.refundable)

    @property
    def authorization(self) -> Entry:
        """The first entry: the authorization."""
        return self.ledger[0]

    def entry(self, kind: OperationKind, key: str) -> Entry | None:
        """What the command of that kind with that key did, or nothing."""
        return next((e for e in self.ledger if e.kind is kind and e.key == key), None)

    def by_id(self, id: str) -> Entry:
        """The entry that the gateway knows by this key."""
        return next(e for e in self.ledger if e.id == id)

    def differs(self, before: "Payment") -> bool:
        """Whether anything has to be stored."""
        return any(getattr(self, name) != getattr(before, name) for name in _CHANGING)

    def others(self, entry: Entry) -> tuple[Operation, ...]:
        """The ledger without one entry, as gateways are told."""
        return tuple(e.operation for e in self.ledger if e.id != entry.id)

    # asking

    def begin(self) -> None:
        """Write down that the money is asked for; with its capture, if it is taken at once."""
        self._ask(OperationKind.AUTHORIZE, self.key, self.amount, self.created_at)
        if self.capture_at_once:
            self._ask(OperationKind.CAPTURE, self.key, self.amount, self.created_at)

    def request_capture(
        self, key: str, amount: Money | None, abilities: GatewayAbilities, *, final: bool, at: datetime
    ) -> Entry | None:
        """Write down a capture of some or all that is held; nothing if all was taken already.

        Where the gateway captures once, and where it is ``final``, the rest is written down as voided.
        """
        self._trusted("capture")
        possible = self.capturable
        wanted = possible if amount is None else self._positive(amount)
        if amount is None and not possible:
            if self.captured:
                return None
            raise CaptureTooMuch(payment_id=self.id, amount=self.amount, possible=possible)
        if wanted > possible:
            raise CaptureTooMuch(payment_id=self.id, amount=wanted, possible=possible)
        if wanted < possible and not abilities.partial_capture:
            raise GatewayCannot(gateway=self.gateway, ability="partial_capture")
        entry = self._ask(OperationKind.CAPTURE, key, wanted, at)
        if wanted < possible and (final or not abilities.multi_capture):
            self._ask(OperationKind.VOID, key, possible - wanted, at)
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
        wanted = possible if amount is None else self._positive(amount)
        if not wanted or wanted > possible:
            raise RefundTooMuch(payment_id=self.id, amount=wanted, possible=possible)
        earlier = self.refunded + self._sum(OperationKind.REFUND, _OPEN)
        if earlier and not abilities.multi_refund:
            raise GatewayCannot(gateway=self.gateway, ability="multi_refund")
        if wanted < self.captured - earlier and not abilities.partial_refund:
            raise GatewayCannot(gateway=self.gateway, ability="partial_refund")
        return self._ask(OperationKind.REFUND, key, wanted, at)

    def request_increment(self, key: str, amount: Money, abilities: GatewayAbilities, *, at: datetime) -> Entry:
        """Write down that more is to be authorized."""
        self._trusted("increment")
        if self.status not in (PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED):
            raise NotAllowed(
                entity="payment", id=self.id, state=self.status.value, move="increment", allowed=("authorized",)
            )
        if not abilities.increment:
            raise GatewayCannot(gateway=self.gateway, ability="increment")
        return self._ask(OperationKind.INCREMENT, key, self._positive(amount), at)

    def repeat(self, entry: Entry, *, at: datetime) -> Entry:
        """Write down that an entry is sent again, with the same key.

        One that failed without a "no" counts again, if there is still room for it.
        """
        before = self._facts
        for e in (entry, *self._followers(entry)):
            status = OperationStatus.REQUESTED if e.repeatable else e.status
            if e.repeatable:
                self._room(e)
                self.live = self.live or e.kind is OperationKind.AUTHORIZE
            reason = None if e.repeatable else e.reason
            self._put(evolve(e, status=status, reason=reason, sent_at=at))
        self._conclude(before)
        return self.by_id(entry.id)

    def same(self, entry: Entry, amount: Money | None) -> None:
        """Raise `commerce.kernel.KeyReused` if the command of this key was for another amount."""
        if amount is not None and amount != entry.amount:
            raise KeyReused(key=entry.key)

    # learning

    def answer(self, entry: Entry, answer: GatewayAnswer) -> None:
        """Write down what the gateway said."""
        before = self._facts
        if entry.kind is OperationKind.AUTHORIZE and answer.reference:
            self.reference = answer.reference
        match answer:
            case Succeeded():
                self.suspected = self.suspected or answer.suspected
                self._move(entry, OperationStatus.SUCCEEDED, reference=answer.reference, amount=answer.amount)
            case Pending():
                self._move(entry, OperationStatus.PENDING, reference=answer.reference)
            case ActionRequired():
                self._wait(entry, answer.action)
            case Declined():
                self._fail(entry, answer.code, answer)
        self._follow(entry)
        self._conclude(before)

    def unavailable(self, entry: Entry) -> None:
        """Write down that the gateway was not reached; the same key sends it again."""
        before = self._facts
        if self.by_id(entry.id).unanswered:
            self._fail(entry, DeclineCode.UNAVAILABLE)
        self._follow(entry)
        self._conclude(before)

    def lose(self, entry: Entry) -> None:
        """Write down that the answer was lost: it may have happened."""
        before = self._facts
        self._move(entry, OperationStatus.UNKNOWN)
        self._conclude(before)

    def settle(self, state: GatewayState, *, at: datetime, patience: timedelta) -> None:
        """Take over the gateway's truth.

        What the gateway does not know, says it knows everything, and was sent more than ``patience`` ago never
        arrived. What it knows and we do not (a refund in its dashboard, a chargeback) is added.
        """
        before = self._facts
        self.reference = state.reference or self.reference
        self.suspected = state.suspected or self.suspected
        seen: set[str] = set()
        for operation in state.operations:
            entry = self._match(operation, seen)
            if entry is None:
                if operation.status is OperationStatus.FAILED:
                    continue
                entry = self._discover(operation, at)
            seen.add(entry.id)
            self._learn(entry, operation)
        if state.action is not None and self.authorization.status is OperationStatus.WAITING:
            self.action = state.action
        for entry in self.ledger:
            if entry.kind is OperationKind.CAPTURE and entry.id in seen:
                self._follow(entry)
        if state.complete:
            self._give_up(seen, at, patience)
        if self.authorization.status is OperationStatus.FAILED:
            self._follow(self.authorization)
        self._conclude(before)

    def abandon(self) -> None:
        """Give the attempt up; whatever money still comes of it is surplus."""
        before = self._facts
        if self.attempting:
            self._fail(self.authorization, DeclineCode.ABANDONED)
            self._follow(self.authorization)
        self._conclude(before)

    def confirm(self) -> None:
        """A person saw the money."""
        before = self._facts
        self._move(self.authorization, OperationStatus.SUCCEEDED)
        self._follow(self.authorization)
        self._conclude(before)

    def accept(self) -> None:
        """A person looked at it: it is not in review any more."""
        before = self._facts
        self.accepted = True
        self._conclude(before)

    # inside

    def _positive(self, amount: Money) -> Money:
        if amount <= Money.zero(self.currency):
            raise InvalidValue(field="amount", reason="more than nothing, please")
        return amount

    def _trusted(self, move: str) -> None:
        if self.status is PaymentStatus.REVIEW:
            raise NotAllowed(entity="payment", id=self.id, state="review", move=move, allowed=("accept", "cancel"))

    def _ask(self, kind: OperationKind, key: str, amount: Money, at: datetime) -> Entry:
        entry = Entry(id=entry_id(self.id, kind, key), kind=kind, key=key, amount=amount, at=at, sent_at=at)
        self.ledger = (*self.ledger, entry)
        return entry

    def _room(self, entry: Entry) -> None:
        if entry in self._followers(self.authorization):
            return
        if entry.kind in (OperationKind.CAPTURE, OperationKind.VOID) and entry.amount > self.capturable:
            raise CaptureTooMuch(payment_id=self.id, amount=entry.amount, possible=self.capturable)
        if entry.kind is OperationKind.REFUND and entry.amount > self.refundable:
            raise RefundTooMuch(payment_id=self.id, amount=entry.amount, possible=self.refundable)

    def _put(self, entry: Entry) -> None:
        self.ledger = tuple(entry if e.id == entry.id else e for e in self.ledger)

    def _followers(self, leader: Entry) -> tuple[Entry, ...]:
        """What was asked with one call: the capture of an authorization, the freeing of the rest of a capture."""
        if leader.kind is OperationKind.AUTHORIZE:
            kind = OperationKind.CAPTURE if self.capture_at_once else None
        else:
            kind = OperationKind.VOID if leader.kind is OperationKind.CAPTURE else None
        return tuple(e for e in self.ledger if e.key == leader.key and e.kind is kind)

    def _follow(self, leader: Entry) -> None:
        leader = self.by_id(leader.id)
        for entry in self._followers(leader):
            if leader.status is OperationStatus.SUCCEEDED and entry.unanswered:
                amount = leader.amount if leader.kind is OperationKind.AUTHORIZE else None
                self._move(entry, OperationStatus.SUCCEEDED, reference=leader.reference, amount=amount)
            elif leader.status is OperationStatus.FAILED and entry.open and leader.reason is not None:
                self._fail(entry, leader.reason)

    def _wait(self, entry: Entry, action: Action) -> None:
        if entry.kind is not OperationKind.AUTHORIZE:
            raise InvalidValue(field="answer", reason="only an authorization can ask the customer to act")
        self.action = action
        if self._move(entry, OperationStatus.WAITING):
            self.record(PaymentActionRequired(aggregate_id=self.id, order_ref=self.order_ref, kind=action.kind.value))

    def _fail(self, entry: Entry, code: DeclineCode, answer: Declined | None = None) -> None:
        said = answer or Declined(code=code)
        self._move(
            entry,
            OperationStatus.FAILED,
            reference=said.reference,
            reason=code,
            vendor_code=said.vendor_code,
            message=said.message,
            may_retry=said.may_retry,
        )

    def _match(self, operation: Operation, seen: Collection[str]) -> Entry | None:
        """Our entry of a gateway's operation: by key, by reference, or the one of its kind and amount that waits."""
        if operation.kind is OperationKind.AUTHORIZE:
            return self.authorization
        free = [e for e in self.ledger if e.kind is operation.kind and e.id not in seen]
        if operation.key:
            return next((e for e in free if e.id == operation.key), None)
        same = (e for e in free if e.reference and e.reference == operation.reference)
        waits = (e for e in free if e.open and not e.reference and e.amount == operation.amount)
        return next(same, None) or next(waits, None)

    def _discover(self, operation: Operation, at: datetime) -> Entry:
        """Write down what nobody here asked for."""
        key = operation.reference or operation.key or str(len(self.ledger))
        return self._ask(operation.kind, f"gateway-{key}", operation.amount, operation.at or at)

    def _learn(self, entry: Entry, operation: Operation) -> None:
        failed = operation.status is OperationStatus.FAILED
        self._move(
            entry,
            operation.status,
            reference=operation.reference,
            amount=operation.amount if operation.status is OperationStatus.SUCCEEDED else None,
            reason=(operation.reason or DeclineCode.DECLINED) if failed else None,
            vendor_code=operation.vendor_code,
        )

    def _give_up(self, seen: Collection[str], at: datetime, patience: timedelta) -> None:
        for entry in self.ledger:
            if entry.id in seen or (self.attempting and entry in self._followers(self.authorization)):
                continue
            if entry.unanswered and entry.sent_at + patience <= at:
                self._fail(entry, DeclineCode.NEVER_ARRIVED)
            elif entry.status is OperationStatus.WAITING and self.action is not None:
                end = self.action.expires_at
                if end is not None and end + patience <= at:
                    self._fail(entry, DeclineCode.TIMED_OUT)

    def _move(
        self,
        entry: Entry,
        to: OperationStatus,
        *,
        reference: str = "",
        amount: Money | None = None,
        reason: DeclineCode | None = None,
        vendor_code: str = "",
        message: str = "",
        may_retry: bool = False,
    ) -> bool:
        """Write news into an entry, unless it is older than what is known; whether the status changed."""
        now = self.by_id(entry.id)
        if to is now.status:
            self._put(evolve(now, reference=reference or now.reference))
            return False
        if to not in OPERATION_STATES.moves[now.status]:
            return False
        if now.status is OperationStatus.SUCCEEDED and now.kind is not OperationKind.REFUND:
            return False
        moved = evolve(
            now,
            status=to,
            reference=reference or now.reference,
            amount=now.amount if amount is None else amount,
            reason=reason,
            vendor_code=vendor_code,
            message=message,
            may_retry=may_retry,
        )
        self._put(moved)
        self._tell(moved)
        return True

    def _tell(self, entry: Entry) -> None:
        about = {"aggregate_id": self.id, "order_ref": self.order_ref}
        match entry.kind, entry.status:
            case OperationKind.AUTHORIZE, OperationStatus.SUCCEEDED:
                self.record(PaymentAuthorized(**about, amount=entry.amount))
                if not self.live:
                    self.surplus = True
                    self.record(PaymentSurplus(**about, amount=entry.amount))
            case OperationKind.AUTHORIZE, OperationStatus.FAILED:
                self.record(PaymentFailed(**about, reason=str(entry.reason)))
            case OperationKind.INCREMENT, OperationStatus.SUCCEEDED:
                self.record(PaymentAuthorized(**about, amount=entry.amount))
            case OperationKind.CAPTURE, OperationStatus.SUCCEEDED:
                self.record(PaymentCaptured(**about, key=entry.key, amount=entry.amount))
            case OperationKind.VOID, OperationStatus.SUCCEEDED if entry.amount:
                self.record(PaymentVoided(**about, key=entry.key, amount=entry.amount))
            case OperationKind.VOID, OperationStatus.SUCCEEDED if self.attempting:
                self._fail(self.authorization, DeclineCode.ABANDONED)
                self._follow(self.authorization)
            case OperationKind.REFUND, OperationStatus.SUCCEEDED:
                self.record(PaymentRefunded(**about, key=entry.key, amount=entry.amount))
            case OperationKind.REFUND, OperationStatus.FAILED:
                self.record(PaymentRefundFailed(**about, key=entry.key, amount=entry.amount, reason=str(entry.reason)))
            case OperationKind.CHARGEBACK, OperationStatus.SUCCEEDED:
                self.record(PaymentChargedBack(**about, amount=entry.amount))
            case OperationKind.CHARGEBACK_REVERSAL, OperationStatus.SUCCEEDED:
                self.record(PaymentChargebackReversed(**about, amount=entry.amount))

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
            self.record(self._changed())

    def _changed(self) -> PaymentChanged:
        return PaymentChanged(
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
        )

    def _derived(self) -> PaymentStatus:
        first = self.authorization
        if first.status is OperationStatus.FAILED:
            if first.reason is DeclineCode.ABANDONED:
                return PaymentStatus.VOIDED
            return PaymentStatus.FAILED if first.repeatable else PaymentStatus.DECLINED
        if first.status is not OperationStatus.SUCCEEDED:
            return _BEFORE_MONEY[first.status]
        here = self.authorized - self.refunded
        if here and not self.accepted and (self.suspected or self._promised < self.amount):
            return PaymentStatus.REVIEW
        return self._with_money()

    def _with_money(self) -> PaymentStatus:
        captured, refunded, authorized = self.captured, self.refunded, self.authorized
        if not captured:
            return PaymentStatus.AUTHORIZED if authorized else PaymentStatus.VOIDED
        if self.charged_back:
            return PaymentStatus.CHARGED_BACK
        if refunded:
            return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
        return PaymentStatus.CAPTURED if captured >= authorized else PaymentStatus.PARTIALLY_CAPTURED
