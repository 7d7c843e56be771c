"""Taking money for a part of an order, before it exists and after: what placing and editing share."""

from contextlib import suppress
from typing import TypeVar
from uuid import NAMESPACE_OID, uuid5

from attrs import define, evolve, field, frozen

from commerce.fraud import Decision, FraudService, ScreeningFacts
from commerce.kernel import InvalidValue, Money, NotAllowed, Refused, no_card_number
from commerce.orders import Order, OrderService, PaymentRecord
from commerce.payments import Action, CaptureTooMuch, OperationKind, Payment, PaymentService, PaymentStatus
from commerce.runtime import InProgress, SagaLog, SagaRecord, SagaRunner, SagaStatus, UnknownProcess, Waiting

__all__ = [
    "Charge",
    "Charged",
    "Charging",
    "awake",
    "part_ref",
    "payment_record",
    "process_id",
    "process_of",
    "require_kind",
    "require_settled",
]


@frozen(kw_only=True)
class Charge:
    """What was asked: whom to ask for money, and how."""

    gateway: str = field(default="", validator=no_card_number)
    token: str = field(default="", repr=False, validator=no_card_number)
    customer_ref: str = ""
    return_url: str = ""
    locale: str = "en"
    capture: bool = True


@frozen(kw_only=True)
class Charged:
    """What has come of it so far."""

    challenged: bool = False
    payment: PaymentRecord | None = None
    action: Action | None = None
    suspected: bool = False


C = TypeVar("C", bound=Charged)


@define
class Charging:
    """The steps, over the services they move. ``ref`` names the payment and its screening."""

    payments: PaymentService
    orders: OrderService
    fraud: FraudService | None

    def screen(self, ref: str, facts: ScreeningFacts | None, state: C) -> C:
        """Refuse, or say whether the customer has to prove something, or a person to look."""
        if self.fraud is None or facts is None:
            return state
        # An earlier attempt with this key, of something else, was undone: its screening gives way, and still counts.
        screening = self.fraud.screen(ref, facts, anew=True)
        screening.require_accepted()
        return evolve(
            state,
            suspected=screening.decision is Decision.REVIEW,
            challenged=screening.decision is Decision.CHALLENGE,
        )

    def authorize(self, key: str, ref: str, due: Money, charge: Charge, state: C) -> C | Waiting[C]:
        """Ask for what is due; wait for whoever has to act."""
        if not due:
            return evolve(state, suspected=state.suspected or state.challenged)
        if not charge.gateway:
            raise InvalidValue(field="gateway", reason=f"{due} is left to pay: name a gateway")
        payment = self.payments.authorize(
            key,
            order_ref=ref,
            amount=due,
            gateway=charge.gateway,
            token=charge.token,
            customer_ref=charge.customer_ref,
            return_url=charge.return_url,
            locale=charge.locale,
        )
        known = evolve(
            state,
            payment=payment_record(payment),
            action=payment.action,
            # Whoever had to act has proved something; who was to be challenged and was not is looked at by a person.
            challenged=state.challenged and payment.action is None,
        )
        if payment.authorized < due:
            return Waiting(state=known, reason=payment.status.value)
        review = payment.status is PaymentStatus.REVIEW
        return evolve(known, suspected=known.suspected or known.challenged or review)

    def let_go(self, key: str, ref: str) -> None:
        """Take back whatever was asked for."""
        for payment in self.payments.of_order(ref):
            self.payments.cancel(payment.id, key)

    def hold_suspected(self, key: str, ref: str, order_id: str, facts: ScreeningFacts | None, state: Charged) -> None:
        """Let a person look before anything is shipped."""
        if state.suspected:
            if self.fraud is not None and facts is not None:
                self.fraud.suspect(ref)
            with suppress(NotAllowed):  # called off meanwhile: nothing will be shipped
                self.orders.hold(order_id, key, reason="a person has to look at the payment")

    def capture(self, key: str, order: Order, payment_id: str, due: Money) -> None:
        """Take ``due`` of a payment, if more than nothing, and tell the order what it would not hear otherwise."""
        if due.minor > 0:
            key = f"{key}-{due.minor}"  # what never left may be asked again for less
            # A refusal leaves an unpaid order to look at: trying for ever would help nobody.
            with suppress(Refused, CaptureTooMuch):
                payment = self.payments.capture(payment_id, key, due, final=True)
                if payment.entry(OperationKind.CAPTURE, key) is not None:
                    return
        payment = self.payments.get(payment_id)
        if payment.capturing:
            raise InProgress(saga=OperationKind.CAPTURE.value)  # more was asked for before, and may be on its way
        # What the gateway told while there was nothing to tell it to; a capture of ours tells by its own event.
        record = payment_record(payment)
        if order.awaits(record):
            self.orders.record_payment(order.id, record)

    def free(self, key: str, payment_id: str) -> None:
        """Nothing is due any more: let go of what is held, unless it is being taken right now."""
        if self.payments.get(payment_id).capturing:
            raise InProgress(saga=OperationKind.CAPTURE.value)
        self.payments.void(payment_id, key)


def payment_record(payment: Payment) -> PaymentRecord:
    """What an order keeps of a payment."""
    return PaymentRecord(
        payment_id=payment.id,
        version=payment.version,
        authorized=payment.authorized,
        captured=payment.captured,
        refunded=payment.refunded,
        failed=payment.failed,
    )


def part_ref(order: Order, process_id: str) -> str:
    """What names the stock and the payment of an edit: it tells its order, too."""
    return f"{order.key}/{process_id}"


def process_id(saga: str, key: str) -> str:
    """The id of the process with this key, the same in every attempt: what it holds is named by it."""
    return str(uuid5(NAMESPACE_OID, f"commerce {saga} {key}"))


def process_of(ref: str) -> str:
    """The process that made a part of an order: the order itself, or an edit."""
    return ref.rpartition("/")[2]


def require_settled(journal: SagaLog | SagaRunner, order: Order) -> None:
    """Raise `commerce.runtime.InProgress` while a part of the order is being made: money may be taken for it yet."""
    for ref in order.refs:
        making = journal.get(process_of(ref))
        if making is not None and making.status is SagaStatus.RUNNING:
            raise InProgress(saga=making.saga)


def require_kind(runner: SagaRunner, id: str, saga: str) -> None:
    """Raise `commerce.runtime.UnknownProcess` unless that is the id of a process of this kind."""
    found = runner.get(id)
    if found is None or found.saga != saga:
        raise UnknownProcess(id=id)


def awake(runner: SagaRunner, payments: PaymentService, record: SagaRecord) -> SagaRecord:
    """Go on at once if the payment moved while its process was lying down: nobody will wake it for that."""
    known = record.state.payment
    if record.status is not SagaStatus.WAITING or payments.get(known.payment_id).version == known.version:
        return record
    return runner.resume(record.id)
