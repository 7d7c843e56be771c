"""Payments without storage: naming requests, comparing with the gateway."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from attrs import frozen

from commerce.kernel import Money
from commerce.payments.messages import GatewayState
from commerce.payments.model import Payment
from commerce.payments.values import Entry, Operation, OperationKind, OperationStatus, sum_of

__all__ = ["Difference", "differences", "fingerprint", "reconcile"]

_DONE = (OperationStatus.SUCCEEDED,)
_MOVING = (
    OperationKind.CAPTURE,
    OperationKind.REFUND,
    OperationKind.CHARGEBACK,
    OperationKind.CHARGEBACK_REVERSAL,
)


def fingerprint(body: Mapping[str, object]) -> str:
    """A digest by which a repeated request is known, without keeping what was in it."""
    text = json.dumps({name: str(value) for name, value in body.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@frozen(kw_only=True)
class Difference:
    """The ledger and the gateway disagree: about a total of one payment, or about one operation.

    ``ours`` is nothing where the ledger does not know of it, ``theirs`` where the gateway does not.
    """

    kind: OperationKind
    payment_id: str = ""
    reference: str = ""
    ours: Money | None
    theirs: Money | None


def differences(payment: Payment, state: GatewayState) -> tuple[Difference, ...]:
    """Where the succeeded operations of one kind come to another sum at the gateway."""
    sums = (
        (
            kind,
            sum_of(payment.ledger, payment.currency, kind, _DONE),
            sum_of(state.operations, payment.currency, kind, _DONE),
        )
        for kind in OperationKind
    )
    return tuple(
        Difference(payment_id=payment.id, kind=kind, ours=ours, theirs=theirs)
        for kind, ours, theirs in sums
        if ours != theirs
    )


def reconcile(entries: Iterable[tuple[str, Entry]], report: Iterable[Operation]) -> tuple[Difference, ...]:
    """Where the ledger (payment id and entry) and a gateway's report differ, operation by operation.

    Only money that moved is looked at: captures, refunds, chargebacks. What is reported twice counts twice.
    """
    told: dict[tuple[OperationKind, str], Money] = {}
    names: dict[str, str] = {}
    for line in report:
        if line.kind in _MOVING and line.status in _DONE:
            place = (line.kind, line.reference or line.key)
            told[place] = told[place] + line.amount if place in told else line.amount
            names |= {line.key: place[1]} if line.key else {}
    found = []
    for payment_id, entry in entries:
        if entry.kind in _MOVING and entry.status in _DONE:
            name = entry.reference or names.get(entry.id) or names.get(entry.leader) or entry.id
            theirs = told.pop((entry.kind, name), None)
            if theirs != entry.amount:
                found.append(_differs(entry.kind, name, entry.amount, theirs, payment_id))
    return (*found, *(_differs(kind, name, None, theirs) for (kind, name), theirs in told.items()))


def _differs(
    kind: OperationKind, name: str, ours: Money | None, theirs: Money | None, payment_id: str = ""
) -> Difference:
    return Difference(kind=kind, payment_id=payment_id, reference=name, ours=ours, theirs=theirs)
