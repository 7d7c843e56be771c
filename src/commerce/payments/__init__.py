"""Payments: money asked for, taken and given back, through gateways, with a ledger that never guesses.

What is asked of a gateway is written down first, so no two can take or give back the same money. The
rules work without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.kernel import Money
    >>> from commerce.payments import Payment, Succeeded
    >>> payment = Payment(id="p1", key="k1", order_ref="o1", gateway="cash", amount=Money("100.00", "EUR"),
    ...                   created_at=datetime.now(UTC))
    >>> payment.begin()
    >>> payment.answer(payment.authorization, Succeeded(reference="receipt 7"))
    >>> payment.status.value, payment.capturable
    ('authorized', Money('100.00', 'EUR'))
"""

from commerce.payments.engine import Difference, differences
from commerce.payments.errors import (
    AttemptOpen,
    CaptureTooMuch,
    GatewayCannot,
    NoticeRejected,
    PaymentDeclined,
    PaymentNotFound,
    PaymentNotSent,
    PaymentUnknown,
    RefundTooMuch,
)
from commerce.payments.events import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentChanged,
    PaymentChargebackReversed,
    PaymentChargedBack,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSurplus,
    PaymentVoided,
)
from commerce.payments.messages import (
    ActionRequired,
    AuthorizeRequest,
    Declined,
    FetchRequest,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Notice,
    NoticeOutcome,
    NoticeReply,
    OperationRequest,
    Pending,
    RawNotice,
    Succeeded,
)
from commerce.payments.model import Payment
from commerce.payments.ports import PaymentGateway, Payments, PaymentUnit, StoredNotice, StoredNotices
from commerce.payments.service import PaymentService
from commerce.payments.states import OPERATION_STATES, PAYMENT_STATES, PaymentStatus
from commerce.payments.values import (
    Action,
    ActionKind,
    DeclineCode,
    Entry,
    Operation,
    OperationKind,
    OperationStatus,
    entry_id,
    sum_of,
)

__all__ = [
    "OPERATION_STATES",
    "PAYMENT_STATES",
    "Action",
    "ActionKind",
    "ActionRequired",
    "AttemptOpen",
    "AuthorizeRequest",
    "CaptureTooMuch",
    "DeclineCode",
    "Declined",
    "Difference",
    "Entry",
    "FetchRequest",
    "GatewayAbilities",
    "GatewayAnswer",
    "GatewayCannot",
    "GatewayState",
    "Notice",
    "NoticeOutcome",
    "NoticeRejected",
    "NoticeReply",
    "Operation",
    "OperationKind",
    "OperationRequest",
    "OperationStatus",
    "Payment",
    "PaymentActionRequired",
    "PaymentAuthorized",
    "PaymentCaptured",
    "PaymentChanged",
    "PaymentChargebackReversed",
    "PaymentChargedBack",
    "PaymentDeclined",
    "PaymentFailed",
    "PaymentGateway",
    "PaymentNotFound",
    "PaymentNotSent",
    "PaymentRefundFailed",
    "PaymentRefunded",
    "PaymentService",
    "PaymentStatus",
    "PaymentSurplus",
    "PaymentUnit",
    "PaymentUnknown",
    "PaymentVoided",
    "Payments",
    "Pending",
    "RawNotice",
    "RefundTooMuch",
    "StoredNotice",
    "StoredNotices",
    "Succeeded",
    "differences",
    "entry_id",
    "sum_of",
]
