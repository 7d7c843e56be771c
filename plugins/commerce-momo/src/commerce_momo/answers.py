"""What MoMo's answers say, in the words of payments. Pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from attrs import evolve

from commerce.kernel import Money
from commerce.payments import (
    DeclineCode,
    Declined,
    FetchRequest,
    GatewayAnswer,
    Operation,
    OperationKind,
    OperationStatus,
    Pending,
    Succeeded,
)
from commerce_momo.client import Answer
from commerce_momo.codes import AUTHORIZED, CANCELLED, DECLINES, DONE, MAY_RETRY, NOT_FOUND, PENDING, WAITING
from commerce_momo.errors import MoMoUnknown

__all__ = ["declined", "payment_operations", "refund_operations", "result"]


def declined(code: int, reference: str = "") -> Declined:
    """A no, with MoMo's code."""
    reason = DECLINES.get(code, DeclineCode.DECLINED)
    return Declined(code=reason, vendor_code=str(code), may_retry=code in MAY_RETRY, reference=reference)


def result(code: int, reference: str) -> GatewayAnswer | None:
    """What a code says of a transaction; nothing if it says nothing of any."""
    if code == DONE:
        return Succeeded(reference=reference)
    if code in PENDING:
        return Pending(reference=reference)
    return declined(code, reference) if code in DECLINES else None


def payment_operations(request: FetchRequest, answer: Answer) -> tuple[Operation, ...]:
    """What became of the payment, by the code that MoMo has for it."""
    first = _asked(request, answer)
    done = evolve(first, status=OperationStatus.SUCCEEDED)
    if answer.code in PENDING:
        return _in_work(first, request.ledger)
    found: dict[int, tuple[Operation, ...]] = {
        NOT_FOUND: (),
        WAITING: (evolve(first, status=OperationStatus.WAITING),),
        AUTHORIZED: (done,),
        DONE: (done, _later(done, request.ledger, OperationKind.CAPTURE)),
        CANCELLED: (done, _later(done, request.ledger, OperationKind.VOID)),
    }
    if answer.code in found:
        return found[answer.code]
    reason = DECLINES.get(answer.code, DeclineCode.DECLINED)
    return (evolve(first, status=OperationStatus.FAILED, reason=reason, vendor_code=str(answer.code)),)


def refund_operations(answer: Answer, ledger: Iterable[Operation]) -> tuple[Operation, ...]:
    """The refunds of a payment. What MoMo has as the order of a refund is our key."""
    ours = {o.key for o in ledger if o.kind is OperationKind.REFUND}
    told = answer.fields.get("refundTrans") or []
    if not isinstance(told, list):
        raise MoMoUnknown(call="query", reason="the refunds are not a list")
    try:
        return tuple(
            _refund(item["orderId"], int(item["amount"]), int(item["resultCode"]), item, ours) for item in told
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MoMoUnknown(call="query", reason="a refund is not what was promised") from error


def _refund(key: str, amount: int, code: int, item: Mapping[str, object], ours: Collection[str]) -> Operation:
    status = OperationStatus.SUCCEEDED if code == DONE else OperationStatus.FAILED
    failed = code != DONE and code not in PENDING
    return Operation(
        kind=OperationKind.REFUND,
        amount=Money.of_minor(amount, "VND"),
        status=OperationStatus.PENDING if code in PENDING else status,
        key=key if key in ours else "",
        reference=str(item.get("transId") or key),
        reason=DECLINES.get(code, DeclineCode.DECLINED) if failed else None,
        vendor_code=str(code) if failed else "",
    )


def _asked(request: FetchRequest, answer: Answer) -> Operation:
    """The payment as we asked for it, with what MoMo says of its amount and number."""
    asked = next((o for o in request.ledger if o.kind is OperationKind.AUTHORIZE), None)
    return Operation(
        kind=OperationKind.AUTHORIZE,
        amount=Money.of_minor(answer.amount, "VND") if answer.amount else request.amount,
        status=asked.status if asked else OperationStatus.REQUESTED,
        key=asked.key if asked else "",
        reference=answer.number,
        at=asked.at if asked and asked.at else request.at,
    )


def _later(done: Operation, ledger: Sequence[Operation], kind: OperationKind) -> Operation:
    """The capture or the void that ended an authorization: the one that we asked for, if we did."""
    wanted = [o for o in ledger if o.kind is kind and o.status is not OperationStatus.FAILED and o.amount]
    return evolve(done, kind=kind, key=wanted[-1].key if wanted else "")


def _in_work(first: Operation, ledger: Sequence[Operation]) -> tuple[Operation, ...]:
    """In work is the payment, or once that is authorized what was asked for next."""
    if first.status is not OperationStatus.SUCCEEDED:
        return (evolve(first, status=OperationStatus.PENDING),)
    ended = (OperationStatus.SUCCEEDED, OperationStatus.FAILED)
    later = (o for o in ledger if o.kind in (OperationKind.CAPTURE, OperationKind.VOID) and o.status not in ended)
    return first, *(evolve(o, status=OperationStatus.PENDING) for o in later)
