"""What payments need from outside: gateways, and a place for payments and notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from commerce.payments.messages import (
    AuthorizeRequest,
    FetchRequest,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Notice,
    NoticeOutcome,
    NoticeReply,
    OperationRequest,
    RawNotice,
)
from commerce.payments.model import Payment
from commerce.payments.values import Entry

__all__ = ["PaymentGateway", "PaymentUnit", "Payments", "StoredNotice", "StoredNotices"]


class PaymentGateway(Protocol):
    """Somebody who moves money.

    **The same key is the same operation**: asked again it answers as before and does nothing again.
    A call that fails raises `commerce.kernel.ProviderUnavailable` if it certainly did nothing, and
    `commerce.kernel.OutcomeUnknown` if it may have (a timeout, a broken connection, a 5xx answer); a "no" is an
    answer. Timeouts are the gateway's own settings. Nothing is called with a transaction open.
    """

    @property
    def abilities(self) -> GatewayAbilities:
        """What it can do."""

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Ask for money, or take it at once."""

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """Raise what is authorized by an amount."""

    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """Take authorized money."""

    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Free what is authorized and not captured, or call off an attempt."""

    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """Give captured money back."""

    def fetch(self, request: FetchRequest) -> GatewayState:
        """The truth. Changes nothing.

        Raises a `commerce.kernel.ProviderError`, and nothing else, whatever the vendor answers.
        """

    def parse_notice(self, notice: RawNotice) -> Notice | None:
        """Verify the signature on the raw bytes and read the notice; nothing if it is none about a payment.

        Raises `NoticeRejected` for one that is forged, altered or too old.
        """

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """How this gateway is told what became of its notice."""


class Payments(Protocol):
    """Stored payments. Keys are unique, and of the payments with one ``order_ref`` at most one is live."""

    def get(self, payment_id: str) -> Payment:
        """The payment, or `PaymentNotFound`."""

    def find(self, payment_id: str) -> Payment | None:
        """The payment, or nothing."""

    def claim(self, payment_id: str) -> Payment:
        """As `get`, and nobody else claims it before this transaction ends."""

    def by_key(self, key: str) -> Payment | None:
        """The payment that was authorized with that key, or nothing."""

    def by_reference(self, gateway: str, reference: str) -> Payment | None:
        """The payment that a gateway knows by that reference, or nothing."""

    def of_order(self, order_ref: str) -> Sequence[Payment]:
        """All attempts for an order, oldest first."""

    def entries(self, gateway: str, since: datetime, until: datetime) -> Sequence[tuple[str, Entry]]:
        """Payment ids and entries of one gateway that succeeded and were first asked in that time, oldest first."""

    def start(self, payment: Payment) -> bool:
        """Store a new payment; false, and nothing stored, if its key is taken or its order has a live one."""

    def save(self, payment: Payment) -> None:
        """Store a changed payment.

        Raises `commerce.kernel.StaleVersion` if it changed meanwhile, `AttemptOpen` if it
        came alive again while another is live.
        """

    def open(self, checked_before: datetime, limit: int) -> Sequence[str]:
        """Ids of payments that wait for news, longest unchecked first."""

    def checked(self, payment_id: str, at: datetime) -> None:
        """Note from when on its next turn counts; touches no version."""


@frozen(kw_only=True)
class StoredNotice:
    """A notice that was verified. ``done`` when the gateway was asked about the payment since."""

    gateway: str
    id: str
    payment_id: str
    reference: str
    received_at: datetime
    checked_at: datetime
    done: bool = False


class StoredNotices(Protocol):
    """Stored notices, one per gateway and id."""

    def take(self, notice: StoredNotice) -> StoredNotice:
        """Store a notice, or answer with the one of this gateway and id."""

    def save(self, notice: StoredNotice) -> None:
        """Store what changed: ``checked_at`` and ``done``."""

    def parked(self, limit: int) -> Sequence[StoredNotice]:
        """Notices that are not done, longest unchecked first."""

    def forget(self, before: datetime) -> int:
        """Drop what was received before a moment; returns how many."""


class PaymentUnit(Protocol):
    """One transaction of the payments module."""

    @property
    def payments(self) -> Payments:
        """The payments in this transaction."""

    @property
    def notices(self) -> StoredNotices:
        """The notices in this transaction."""
