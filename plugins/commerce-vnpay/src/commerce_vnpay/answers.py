"""What VNPay's answers say, in the words of payments. Pure functions over the verified fields of an answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve

from commerce.kernel import Money
from commerce.payments import (
    DeclineCode,
    Declined,
    GatewayAnswer,
    Operation,
    OperationKind,
    OperationStatus,
    Pending,
    Succeeded,
)
from commerce_vnpay.codes import PAYMENT_DECLINES, REFUND_STATUSES

__all__ = [
    "Answer",
    "created_at",
    "dong",
    "is_refund",
    "is_suspected",
    "payment_operations",
    "refund_answer",
    "refund_operation",
]

Answer = Mapping[str, str]

_PAID, _UNFINISHED, _REVERSED, _SUSPECTED = "00", "01", "04", "07"
_REFUNDS = ("02", "03")


def dong(text: str) -> Money | None:
    """The amount that is told a hundredfold; nothing if it is none."""
    if not text.isascii() or not text.isdecimal() or int(text) % 100:
        return None
    return Money.of_minor(int(text) // 100, "VND")


def created_at(ledger: Sequence[Operation], otherwise: datetime) -> datetime:
    """When the payment was first asked for: VNPay's ``vnp_TransactionDate``."""
    first = next((o for o in ledger if o.kind is OperationKind.AUTHORIZE), None)
    return otherwise if first is None or first.at is None else first.at


def is_refund(answer: Answer | None) -> bool:
    """Whether an answer tells of a refund and not of the payment."""
    return answer is not None and answer["TransactionType"] in _REFUNDS


def is_suspected(answer: Answer | None) -> bool:
    """Whether an answer tells of money that was taken and is suspected."""
    return answer is not None and not is_refund(answer) and answer["TransactionStatus"] == _SUSPECTED


def payment_operations(first: Operation, answer: Answer | None, reason: str) -> tuple[Operation, ...]:
    """What became of the payment ``first``; ``reason`` is the code of its failure if a notice told one.

    Whatever is refunded was paid. 04, debited by the bank but not booked by VNPay, has no end yet.
    """
    if answer is None:
        return ()
    if not is_refund(answer):
        told = dong(answer["Amount"])
        first = evolve(first, amount=first.amount if told is None else told, reference=answer["TransactionNo"])
    status = _PAID if is_refund(answer) else answer["TransactionStatus"]
    if status in (_PAID, _SUSPECTED):
        done = evolve(first, status=OperationStatus.SUCCEEDED)
        return done, evolve(done, kind=OperationKind.CAPTURE)
    if status == _UNFINISHED:
        return ()
    if status == _REVERSED:
        return (evolve(first, status=OperationStatus.PENDING),)
    code = reason or status
    why = PAYMENT_DECLINES.get(code, DeclineCode.DECLINED)
    return (evolve(first, status=OperationStatus.FAILED, reason=why, vendor_code=code),)


def refund_operation(answer: Answer, asked: Operation | None = None) -> Operation:
    """A refund as VNPay sees it; ``asked`` is our entry, if it is known to be ours."""
    status = REFUND_STATUSES.get(answer["TransactionStatus"], OperationStatus.PENDING)
    failed = status is OperationStatus.FAILED
    told = dong(answer["Amount"])
    otherwise = asked.amount if asked else Money.zero("VND")
    return Operation(
        kind=OperationKind.REFUND,
        amount=otherwise if told is None else told,
        status=status,
        key=asked.key if asked else "",
        reference=answer["TransactionNo"],
        reason=DeclineCode.DECLINED if failed else None,
        vendor_code=answer["TransactionStatus"] if failed else "",
        at=asked.at if asked else None,
    )


def refund_answer(answer: Answer) -> GatewayAnswer:
    """What a refund that VNPay took came to so far."""
    told = refund_operation(answer)
    if told.status is OperationStatus.SUCCEEDED:
        return Succeeded(reference=told.reference)
    if told.status is OperationStatus.PENDING:
        return Pending(reference=told.reference)
    return Declined(code=DeclineCode.DECLINED, vendor_code=told.vendor_code, reference=told.reference)
