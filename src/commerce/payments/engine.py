"""Payments without storage: comparing with the gateway."""

from attrs import frozen

from commerce.kernel import Money
from commerce.payments.messages import GatewayState
from commerce.payments.model import Payment
from commerce.payments.values import OperationKind, OperationStatus, sum_of

__all__ = ["Difference", "differences"]

_DONE = (OperationStatus.SUCCEEDED,)


@frozen(kw_only=True)
class Difference:
    """The ledger and the gateway disagree about what the operations of one kind come to."""

    payment_id: str
    kind: OperationKind
    ours: Money
    theirs: Money


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
