"""Returns: goods on their way back, and the money for them.

A return knows order lines by id and is told the order's facts; goods and money move apart. It works without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.returns import ReturnableLine, ReturnPolicy, ReturnWish, eligibility
    >>> facts = [ReturnableLine(line_id="l1", sku="TEE-M", delivered=1)]
    >>> eligibility(ReturnPolicy(), [ReturnWish(line_id="l1", quantity=2)], facts, (), at=datetime.now(UTC))
    (l1 too_many (at most 1),)
"""

from commerce.returns.engine import eligibility, restocking_fee
from commerce.returns.errors import (
    Ineligible,
    IneligibleReason,
    InspectionMismatch,
    NotInspected,
    RefundAlreadyDue,
    RefundTooMuch,
    ReturnIneligible,
    ReturnLineNotFound,
    ReturnNotFound,
)
from commerce.returns.events import (
    InspectedUnits,
    ReturnApproved,
    ReturnInspected,
    ReturnReceived,
    ReturnRefundDue,
    ReturnRefunded,
    ReturnRefundFailed,
    ReturnRejected,
    ReturnRequested,
    ReturnUnits,
)
from commerce.returns.model import Return
from commerce.returns.ports import Returns, ReturnUnit
from commerce.returns.service import ReturnService
from commerce.returns.values import (
    GOODS_STATES,
    REFUND_STATES,
    BrokenPromotion,
    Finding,
    GoodsStatus,
    RefundEntry,
    RefundStatus,
    ReturnableLine,
    ReturnLine,
    ReturnPolicy,
    ReturnReason,
    ReturnWish,
)

__all__ = [
    "GOODS_STATES",
    "REFUND_STATES",
    "BrokenPromotion",
    "Finding",
    "GoodsStatus",
    "Ineligible",
    "IneligibleReason",
    "InspectedUnits",
    "InspectionMismatch",
    "NotInspected",
    "RefundAlreadyDue",
    "RefundEntry",
    "RefundStatus",
    "RefundTooMuch",
    "Return",
    "ReturnApproved",
    "ReturnIneligible",
    "ReturnInspected",
    "ReturnLine",
    "ReturnLineNotFound",
    "ReturnNotFound",
    "ReturnPolicy",
    "ReturnReason",
    "ReturnReceived",
    "ReturnRefundDue",
    "ReturnRefundFailed",
    "ReturnRefunded",
    "ReturnRejected",
    "ReturnRequested",
    "ReturnService",
    "ReturnUnit",
    "ReturnUnits",
    "ReturnWish",
    "ReturnableLine",
    "Returns",
    "eligibility",
    "restocking_fee",
]
