"""The ledger of a payment as values: whose news is this, what goes with what, what is told of it."""

from collections.abc import Collection, Sequence

from attrs import evolve, frozen

from commerce.kernel import Event, Money
from commerce.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentChargebackReversed,
    PaymentChargedBack,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
)
from commerce.payments.states import OPERATION_STATES
from commerce.payments.values import DeclineCode, Entry, Operation, OperationKind, OperationStatus

__all__ = ["News", "event_of", "learned", "match"]


@frozen(kw_only=True)
class News:
    """What is new of one operation."""

    status: OperationStatus
    reference: str = ""
    amount: Money | None = None
    reason: DeclineCode | None = None
    vendor_code: str = ""
    message: str = ""
    may_retry: bool = False


def learned(entry: Entry, news: News) -> Entry:
    """The entry with the news in it; unchanged by news that are older than what is known.

    How much a void set free is the gateway's to say: also what was kept here for a capture in doubt.
    """
    reference = news.reference or entry.reference
    if news.status is entry.status:
        freed = news.amount if entry.kind is OperationKind.VOID else None
        return evolve(entry, reference=reference, amount=entry.amount if freed is None else freed)
    final = entry.status is OperationStatus.SUCCEEDED and entry.kind is not OperationKind.REFUND
    if final or news.status not in OPERATION_STATES.moves[entry.status]:
        return entry
    return evolve(
        entry,
        status=news.status,
        reference=reference,
        amount=entry.amount if news.amount is None else news.amount,
        reason=news.reason,
        vendor_code=news.vendor_code,
        message=news.message,
        may_retry=news.may_retry,
    )


def match(
    ledger: Sequence[Entry], operation: Operation, seen: Collection[str], others: Sequence[Operation] = ()
) -> Entry | None:
    """Our entry of a gateway's operation, or nothing if nobody here asked for it.

    By the key of its call, or else by reference; without either known, the first of its kind and amount
    that has no reference yet. A void sets free all there is, so one whose answer is not known may be of another amount.
    What one of the ``others``, told with it, has the key of, is not taken for this one.
    """
    free = [e for e in ledger if e.kind is operation.kind and e.id not in seen]
    if operation.kind is OperationKind.AUTHORIZE:
        return next(iter(free), None)
    asked = next((e for e in free if operation.key and operation.key in (e.id, e.leader)), None)
    if asked is not None:
        return asked
    keys = {o.key for o in others if o.kind is operation.kind and o.key}
    free = [e for e in free if keys.isdisjoint((e.id, e.leader))]
    same = next((e for e in free if e.reference and e.reference == operation.reference), None)
    if same is not None or operation.key:
        return same
    lacking = (
        e for e in free if not e.reference and e.amount == operation.amount and e.status is not OperationStatus.FAILED
    )
    voids = (e for e in free if e.kind is OperationKind.VOID and e.unanswered and e.amount)
    return next(lacking, None) or next(voids, None)


def event_of(payment_id: str, order_ref: str, entry: Entry) -> Event | None:
    """What is told when an entry came to its end; nothing for an end that nobody waits for."""
    about = {"aggregate_id": payment_id, "order_ref": order_ref}
    keyed = {**about, "key": entry.key}
    amount, reason = entry.amount, str(entry.reason)
    if entry.status is OperationStatus.FAILED:
        failures: dict[OperationKind, Event] = {
            OperationKind.AUTHORIZE: PaymentFailed(**about, reason=reason),
            OperationKind.REFUND: PaymentRefundFailed(**keyed, amount=amount, reason=reason),
        }
        return failures.get(entry.kind)
    if entry.status is not OperationStatus.SUCCEEDED or not amount:
        return None
    return {
        OperationKind.AUTHORIZE: PaymentAuthorized(**about, amount=amount),
        OperationKind.INCREMENT: PaymentAuthorized(**about, amount=amount),
        OperationKind.CAPTURE: PaymentCaptured(**keyed, amount=amount),
        OperationKind.VOID: PaymentVoided(**keyed, amount=amount),
        OperationKind.REFUND: PaymentRefunded(**keyed, amount=amount),
        OperationKind.CHARGEBACK: PaymentChargedBack(**about, amount=amount),
        OperationKind.CHARGEBACK_REVERSAL: PaymentChargebackReversed(**about, amount=amount),
    }[entry.kind]
