"""The states of a payment and of one operation in its ledger."""

from enum import StrEnum

from commerce.kernel import StateTable
from commerce.payments.values import OperationStatus

__all__ = ["OPERATION_STATES", "PAYMENT_STATES", "PaymentStatus"]


class PaymentStatus(StrEnum):
    """Where a payment stands, derived from its ledger.

    ``new``: the gateway has not answered. ``waiting``: for the customer. ``pending``: for the gateway.
    ``unknown``: the answer was lost. ``review``: money moved, but is suspected or not what was asked.
    ``declined``: somebody said no. ``failed``: the gateway was not reached.
    ``voided``: given up before money was taken.
    """

    NEW = "new"
    WAITING = "waiting"
    PENDING = "pending"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    FAILED = "failed"
    REVIEW = "review"
    AUTHORIZED = "authorized"
    VOIDED = "voided"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


_ASKING = (PaymentStatus.WAITING, PaymentStatus.PENDING, PaymentStatus.UNKNOWN)
_REFUSED = (PaymentStatus.DECLINED, PaymentStatus.FAILED, PaymentStatus.VOIDED)
_TAKEN = (
    PaymentStatus.PARTIALLY_CAPTURED,
    PaymentStatus.CAPTURED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.REFUNDED,
    PaymentStatus.CHARGED_BACK,
)
_MONEY = (PaymentStatus.REVIEW, PaymentStatus.AUTHORIZED, *_TAKEN)


def _but(state: PaymentStatus, *following: PaymentStatus) -> tuple[PaymentStatus, ...]:
    return tuple(to for to in following if to is not state)


# One look at the gateway may bring several facts, so states can be skipped; and a gateway may say
# yes after it was given up. But money once taken is never un-taken, only given back.
PAYMENT_STATES = StateTable(
    "payment",
    {
        PaymentStatus.NEW: (*_ASKING, *_REFUSED, *_MONEY),
        **{state: (*_but(state, *_ASKING), *_REFUSED, *_MONEY) for state in _ASKING},
        PaymentStatus.DECLINED: (PaymentStatus.VOIDED, *_MONEY),
        PaymentStatus.FAILED: (PaymentStatus.NEW, PaymentStatus.VOIDED, *_MONEY),
        PaymentStatus.VOIDED: _MONEY,
        PaymentStatus.REVIEW: (PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED, *_TAKEN),
        PaymentStatus.AUTHORIZED: (PaymentStatus.REVIEW, PaymentStatus.VOIDED, *_TAKEN),
        **{state: (PaymentStatus.REVIEW, *_but(state, *_TAKEN)) for state in _TAKEN},
    },
)

_ANY = (
    OperationStatus.WAITING,
    OperationStatus.APPROVED,
    OperationStatus.PENDING,
    OperationStatus.UNKNOWN,
    OperationStatus.SUCCEEDED,
    OperationStatus.FAILED,
)

# News may be old when it arrives, so nothing that ended opens again. Two ends are not final: a refund
# that arrived may come back, and what was given up may turn out to have happened.
OPERATION_STATES = StateTable(
    "payment operation",
    {
        OperationStatus.REQUESTED: _ANY,
        OperationStatus.UNKNOWN: tuple(to for to in _ANY if to is not OperationStatus.UNKNOWN),
        OperationStatus.WAITING: tuple(to for to in _ANY if to is not OperationStatus.WAITING),
        OperationStatus.APPROVED: tuple(to for to in _ANY if to is not OperationStatus.APPROVED),
        OperationStatus.PENDING: (OperationStatus.SUCCEEDED, OperationStatus.FAILED),
        OperationStatus.SUCCEEDED: (OperationStatus.FAILED,),
        OperationStatus.FAILED: (OperationStatus.SUCCEEDED,),
    },
)
