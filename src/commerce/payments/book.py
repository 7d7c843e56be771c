"""What a payment's ledger comes to: every amount and the status are derived from it."""

from collections.abc import Collection
from datetime import datetime

from attrs import define, field

from commerce.kernel import Entity, Money
from commerce.payments.states import PaymentStatus
from commerce.payments.values import Action, DeclineCode, Entry, Operation, OperationKind, OperationStatus, sum_of

__all__ = ["Book"]

_DONE = (OperationStatus.SUCCEEDED,)
_OPEN = tuple(s for s in OperationStatus if s not in (OperationStatus.SUCCEEDED, OperationStatus.FAILED))

_BEFORE_MONEY = {
    OperationStatus.REQUESTED: PaymentStatus.NEW,
    OperationStatus.WAITING: PaymentStatus.WAITING,
    OperationStatus.APPROVED: PaymentStatus.WAITING,
    OperationStatus.PENDING: PaymentStatus.PENDING,
    OperationStatus.UNKNOWN: PaymentStatus.UNKNOWN,
}

#: What the life of a payment changes.
_CHANGING = ("reference", "status", "action", "live", "suspected", "accepted", "surplus", "watched_until", "ledger")


@define(kw_only=True, eq=False)
class Book(Entity):
    """The reading half of a `Payment`."""

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
    watched_until: datetime | None = None
    ledger: tuple[Entry, ...] = ()

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
        asked = self.being_captured + self._sum(OperationKind.VOID, _OPEN)
        return max(self.authorized - self.captured - asked, Money.zero(self.currency))

    @property
    def refundable(self) -> Money:
        """What may be refunded now: less what is being refunded already."""
        free = self.captured - self.refunded - self.being_refunded - self.charged_back
        return max(free, Money.zero(self.currency))

    @property
    def being_captured(self) -> Money:
        """What was asked to be captured, and may arrive yet."""
        return self._sum(OperationKind.CAPTURE, _OPEN)

    @property
    def being_refunded(self) -> Money:
        """What was asked to be refunded, and may leave yet."""
        return self._sum(OperationKind.REFUND, _OPEN)

    @property
    def due(self) -> Money:
        """What of the amount asked was not captured."""
        return max(self.amount - self.captured, Money.zero(self.currency))

    @property
    def failed(self) -> bool:
        """Whether it was declined or never reached the gateway."""
        return self.status in (PaymentStatus.DECLINED, PaymentStatus.FAILED)

    @property
    def attempting(self) -> bool:
        """Whether the authorization has not come to an end."""
        return self.authorization.open

    @property
    def capturing(self) -> bool:
        """Whether a capture was asked for whose end is not known."""
        return any(entry.kind is OperationKind.CAPTURE and entry.open for entry in self.ledger)

    @property
    def open(self) -> bool:
        """Whether there is something to ask the gateway about, or surplus money to give back."""
        return self.watched_until is not None or self.owes_surplus or any(entry.open for entry in self.ledger)

    @property
    def last_sent_at(self) -> datetime:
        """When the gateway was last sent something."""
        return max(entry.sent_at for entry in self.ledger)

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

    def others(self, entry: Entry) -> tuple[Operation, ...]:
        """The ledger without one entry, as gateways are told."""
        return tuple(e.operation for e in self.ledger if e.id != entry.id)

    def differs(self, before: "Book") -> bool:
        """Whether anything has to be stored."""
        return any(getattr(self, name) != getattr(before, name) for name in _CHANGING)

    @property
    def _promised(self) -> Money:
        return self._sum(OperationKind.AUTHORIZE) + self._sum(OperationKind.INCREMENT)

    def _sum(self, kind: OperationKind, statuses: Collection[OperationStatus] = _DONE) -> Money:
        return sum_of(self.ledger, self.currency, kind, statuses)

    def _derived(self) -> PaymentStatus:
        """The status that follows from the ledger."""
        first = self.authorization
        if first.status is OperationStatus.FAILED:
            if first.reason is DeclineCode.ABANDONED:
                return PaymentStatus.VOIDED
            return PaymentStatus.FAILED if first.repeatable else PaymentStatus.DECLINED
        if first.status is not OperationStatus.SUCCEEDED:
            return _BEFORE_MONEY[first.status]
        doubtful = self.suspected or self._promised < self.amount
        if doubtful and not self.accepted and self.authorized > self.refunded:
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
