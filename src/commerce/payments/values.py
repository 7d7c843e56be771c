"""The values a payment is made of: operations, entries of the ledger, what a customer has to do."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from commerce.kernel import Money

__all__ = [
    "Action",
    "ActionKind",
    "DeclineCode",
    "Entry",
    "Operation",
    "OperationKind",
    "OperationStatus",
    "entry_id",
    "sum_of",
]


class OperationKind(StrEnum):
    """What can be done to money, by us or by the bank."""

    AUTHORIZE = "authorize"
    INCREMENT = "increment"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"


class OperationStatus(StrEnum):
    """How far one operation came.

    ``requested``: written down here, the gateway may or may not know of it. ``waiting``: the customer
    has to act. ``approved``: the customer did, the gateway waits to be asked again. ``pending``: the
    gateway works on it. ``unknown``: the answer was lost.
    """

    REQUESTED = "requested"
    WAITING = "waiting"
    APPROVED = "approved"
    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DeclineCode(StrEnum):
    """Why an operation failed, in our words; a gateway's own code is kept beside it.

    The last three are said by us: called off before the customer was done, the gateway
    could not be reached, the gateway never got it. After the last two the same key sends it again.
    """

    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    WRONG_SECURITY_CODE = "wrong_security_code"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a code, not a secret
    LIMIT_EXCEEDED = "limit_exceeded"
    LOST_OR_STOLEN = "lost_or_stolen"
    SUSPECTED_FRAUD = "suspected_fraud"
    AUTHENTICATION_FAILED = "authentication_failed"
    CANCELLED_BY_CUSTOMER = "cancelled_by_customer"
    TIMED_OUT = "timed_out"
    AMOUNT_NOT_ALLOWED = "amount_not_allowed"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    NOT_ALLOWED = "not_allowed"
    ABANDONED = "abandoned"
    UNAVAILABLE = "unavailable"
    NEVER_ARRIVED = "never_arrived"


class ActionKind(StrEnum):
    """What a customer does next: follow a link, or let the gateway's script in the page go on with a token."""

    REDIRECT = "redirect"
    CLIENT = "client"


@frozen(kw_only=True)
class Action:
    """What the customer has to do before the payment goes on. After ``expires_at`` it can no longer be done."""

    kind: ActionKind
    url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    expires_at: datetime | None = None


@frozen(kw_only=True)
class Operation:
    """One operation as a gateway knows it.

    ``key`` is the key of the request that asked for it, empty if nobody here did (a refund in the gateway's
    dashboard, a chargeback); ``reference`` is the gateway's own id of it.
    """

    kind: OperationKind
    amount: Money
    status: OperationStatus
    key: str = ""
    reference: str = ""
    reason: DeclineCode | None = None
    vendor_code: str = ""
    at: datetime | None = None


@frozen(kw_only=True)
class Entry:
    """One line of the ledger. ``id`` is the key that the gateway gets, ``key`` that of the command.

    ``leader`` is the id of the entry whose call it went with, if it had none of its own. ``at`` is when it
    was first asked (once more, if it never arrived), ``sent_at`` when last; ``message`` may be shown to the shopper.
    """

    id: str
    kind: OperationKind
    key: str
    amount: Money
    status: OperationStatus = OperationStatus.REQUESTED
    reference: str = ""
    reason: DeclineCode | None = None
    vendor_code: str = ""
    message: str = ""
    may_retry: bool = False
    at: datetime
    sent_at: datetime
    leader: str = ""

    @property
    def open(self) -> bool:
        """Whether its end is not known yet."""
        return self.status not in (OperationStatus.SUCCEEDED, OperationStatus.FAILED)

    @property
    def unanswered(self) -> bool:
        """Whether the gateway may never have heard of it."""
        return self.status in (OperationStatus.REQUESTED, OperationStatus.UNKNOWN)

    @property
    def repeatable(self) -> bool:
        """Whether it failed without anybody saying no, so that the same key sends it again."""
        return self.status is OperationStatus.FAILED and self.reason in (
            DeclineCode.UNAVAILABLE,
            DeclineCode.NEVER_ARRIVED,
        )

    @property
    def operation(self) -> Operation:
        """The entry as gateways are told of it."""
        return Operation(
            kind=self.kind,
            amount=self.amount,
            status=self.status,
            key=self.id,
            reference=self.reference,
            reason=self.reason,
            vendor_code=self.vendor_code,
            at=self.at,
        )


def entry_id(payment_id: str, kind: OperationKind, key: str) -> str:
    """The key that a gateway gets: 32 hexadecimal digits, so that it fits every gateway.

    Two payments may be captured under one command key; their gateway keys still differ.
    """
    return hashlib.sha256(f"{payment_id}/{kind.value}/{key}".encode()).hexdigest()[:32]


class _Counted(Protocol):
    @property
    def kind(self) -> OperationKind: ...
    @property
    def status(self) -> OperationStatus: ...
    @property
    def amount(self) -> Money: ...


def sum_of(
    operations: Iterable[_Counted], currency: str, kind: OperationKind, statuses: Collection[OperationStatus]
) -> Money:
    """What the operations of one kind and of these statuses come to."""
    found = (o.amount.minor for o in operations if o.kind is kind and o.status in statuses)
    return Money.of_minor(sum(found), currency)
