"""Talking to gateways: write down, call, write down the answer; and never do twice what may have been done."""

from collections.abc import Callable
from datetime import timedelta

from attrs import define

from commerce.kernel import (
    Clock,
    CommerceError,
    Money,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
)
from commerce.payments.errors import PaymentDeclined, PaymentNotSent, PaymentUnknown
from commerce.payments.messages import (
    AuthorizeRequest,
    FetchRequest,
    GatewayAnswer,
    GatewayState,
    OperationRequest,
)
from commerce.payments.model import Payment
from commerce.payments.ports import PaymentGateway, PaymentUnit
from commerce.payments.values import DeclineCode, Entry, OperationKind, OperationStatus
from commerce.runtime import Begin, Providers, retried

__all__ = ["Ask", "Exchange", "Send"]

#: Writes down what is wanted of a gateway; nothing if there is nothing to want.
Ask = Callable[[Payment, PaymentGateway], Entry | None]

#: Sends an entry to its gateway.
Send = Callable[[Payment, Entry], GatewayAnswer]


@define
class Exchange:
    """One payment, one gateway, one entry of the ledger at a time. No transaction is open during a call."""

    begin: Begin[PaymentUnit]
    clock: Clock
    gateways: Providers[PaymentGateway]
    patience: timedelta

    def get(self, payment_id: str) -> Payment:
        """The payment, or `PaymentNotFound`."""
        with self.begin() as uow:
            return uow.payments.get(payment_id)

    def operate(
        self,
        payment_id: str,
        kind: OperationKind,
        key: str,
        amount: Money | None,
        ask: Ask,
    ) -> Payment:
        """Write down what is asked, then send it; or find out what became of it."""
        gateway = self.gateways[self.get(payment_id).gateway]
        fresh = False

        def write(payment: Payment) -> None:
            nonlocal fresh
            known = payment.entry(kind, key)
            fresh = known is None
            if known is None:
                ask(payment, gateway)
            else:
                payment.same(known, amount)

        payment = self.change(payment_id, write)
        entry = payment.entry(kind, key)
        if entry is None:
            return payment
        return (self.send if fresh else self.again)(payment, entry, self._call)

    def again(self, payment: Payment, entry: Entry, call: Send) -> Payment:
        """Find out what became of an entry; send it again only if the gateway has not got it."""
        if entry.open:
            payment = self.settle(payment.id)
            entry = payment.by_id(entry.id)
        actionless = entry.status is OperationStatus.WAITING and payment.action is None
        if not (entry.unanswered or entry.repeatable or actionless):
            return _outcome(payment, entry)
        payment = self.change(payment.id, lambda p: p.repeat(entry, at=self.clock()))
        entry = payment.by_id(entry.id)
        return self.send(payment, entry, call) if entry.open else _outcome(payment, entry)

    def send(
        self,
        payment: Payment,
        entry: Entry,
        call: Send,
        *,
        told: bool = True,
    ) -> Payment:
        """Call the gateway, no transaction open, and write down what it said."""
        try:
            answer = call(payment, entry)
        except ProviderUnavailable:
            self.change(payment.id, lambda p: p.unavailable(entry))
            raise
        except OutcomeUnknown as error:
            self.change(payment.id, lambda p: p.lose(entry))
            return self._lost(payment, entry, error)
        payment = self.change(payment.id, lambda p: p.answer(entry, answer))
        return _outcome(payment, payment.by_id(entry.id)) if told else payment

    def fetch(self, payment: Payment) -> GatewayState:
        """What the gateway knows of a payment."""
        return self.gateways[payment.gateway].fetch(
            FetchRequest(
                payment_id=payment.id,
                reference=payment.reference,
                amount=payment.amount,
                at=payment.created_at,
                ledger=tuple(entry.operation for entry in payment.ledger),
            )
        )

    def settle(self, payment_id: str, *, go_on: bool = True) -> Payment:
        """Ask the gateway what is true and write it down; where it waits to be asked again, ``go_on``."""
        payment = self.get(payment_id)
        state = self.fetch(payment)
        payment = self.change(payment_id, lambda p: p.settle(state, at=self.clock(), patience=self.patience))
        if not go_on or payment.authorization.status is not OperationStatus.APPROVED:
            return payment
        return self.send(payment, payment.authorization, self._go_on, told=False)

    def change(self, payment_id: str, change: Callable[[Payment], object]) -> Payment:
        """Change a payment alone; a storage that cannot wait for others is asked again."""
        return retried(lambda: self._try(payment_id, change))

    def _lost(self, payment: Payment, entry: Entry, error: CommerceError) -> Payment:
        """Ask what happened; if that cannot be told yet, say so."""
        unknown = PaymentUnknown(payment_id=payment.id, kind=entry.kind.value)
        try:
            state = self.fetch(payment)
        except ProviderError:
            raise unknown from error
        payment = self.change(payment.id, lambda p: p.settle(state, at=self.clock(), patience=self.patience))
        found = payment.by_id(entry.id)
        if found.unanswered:
            raise unknown from error
        return _outcome(payment, found)

    def _call(self, payment: Payment, entry: Entry) -> GatewayAnswer:
        """Send an entry other than the authorization."""
        gateway = self.gateways[payment.gateway]
        call = {
            OperationKind.CAPTURE: gateway.capture,
            OperationKind.VOID: gateway.void,
            OperationKind.REFUND: gateway.refund,
            OperationKind.INCREMENT: gateway.increment,
        }[entry.kind]
        return call(
            OperationRequest(
                kind=entry.kind,
                key=entry.id,
                payment_id=payment.id,
                order_ref=payment.order_ref,
                amount=entry.amount,
                at=entry.at,
                reference=payment.reference,
                ledger=payment.others(entry),
                final=any(e.leader == entry.id for e in payment.ledger),
            )
        )

    def _go_on(self, payment: Payment, entry: Entry) -> GatewayAnswer:
        """Send an authorization again that the customer approved."""
        return self.gateways[payment.gateway].authorize(
            AuthorizeRequest(
                key=entry.id,
                payment_id=payment.id,
                order_ref=payment.order_ref,
                amount=entry.amount,
                capture=payment.capture_at_once,
                at=entry.at,
                reference=payment.reference,
            )
        )

    def _try(self, payment_id: str, change: Callable[[Payment], object]) -> Payment:
        with self.begin() as uow:
            payment = uow.payments.claim(payment_id)
            before = payment.snapshot()
            change(payment)
            if payment.differs(before):
                uow.payments.save(payment)
            return payment


def _outcome(payment: Payment, entry: Entry) -> Payment:
    """The payment, or what the caller has to be told instead."""
    if entry.repeatable:
        raise PaymentNotSent(payment_id=payment.id, kind=entry.kind.value)
    late = entry.kind is OperationKind.AUTHORIZE and payment.surplus
    if late or entry.status is OperationStatus.FAILED:
        raise PaymentDeclined(
            payment_id=payment.id,
            kind=entry.kind.value,
            reason=(entry.reason or DeclineCode.ABANDONED).value,
            text=entry.message,
            may_retry=entry.may_retry,
        )
    return payment
