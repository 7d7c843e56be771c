"""The values a return is made of: states, reasons, policy, lines, refunds."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import InvalidValue, Money, Rounding, StateTable

__all__ = [
    "GOODS_STATES",
    "REFUND_STATES",
    "BrokenPromotion",
    "Finding",
    "GoodsStatus",
    "RefundEntry",
    "RefundStatus",
    "ReturnLine",
    "ReturnPolicy",
    "ReturnReason",
    "ReturnWish",
    "ReturnableLine",
]


class GoodsStatus(StrEnum):
    """Where the units of one line of a return are."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    INSPECTED = "inspected"
    REJECTED = "rejected"


GOODS_STATES = StateTable(
    "return goods",
    {
        GoodsStatus.REQUESTED: (GoodsStatus.APPROVED, GoodsStatus.REJECTED),
        GoodsStatus.APPROVED: (GoodsStatus.RECEIVED, GoodsStatus.REJECTED),
        GoodsStatus.RECEIVED: (GoodsStatus.INSPECTED,),
        GoodsStatus.INSPECTED: (),
        GoodsStatus.REJECTED: (),
    },
)


class RefundStatus(StrEnum):
    """Where the money of a return is."""

    NONE = "none"
    DUE = "due"
    REFUNDED = "refunded"
    FAILED = "failed"


REFUND_STATES = StateTable(
    "return money",
    {
        RefundStatus.NONE: (RefundStatus.DUE, RefundStatus.REFUNDED),
        RefundStatus.DUE: (RefundStatus.REFUNDED, RefundStatus.FAILED),
        RefundStatus.REFUNDED: (RefundStatus.FAILED,),
        RefundStatus.FAILED: (RefundStatus.DUE, RefundStatus.REFUNDED),
    },
)


class ReturnReason(StrEnum):
    """Why a buyer gives something back."""

    CHANGED_MIND = "changed_mind"
    DOES_NOT_FIT = "does_not_fit"
    NOT_AS_DESCRIBED = "not_as_described"
    DEFECTIVE = "defective"
    WRONG_ITEM = "wrong_item"
    TOO_LATE = "too_late"
    OTHER = "other"


_SELLERS_FAULT = frozenset(
    {ReturnReason.NOT_AS_DESCRIBED, ReturnReason.DEFECTIVE, ReturnReason.WRONG_ITEM, ReturnReason.TOO_LATE}
)


class BrokenPromotion(StrEnum):
    """What happens when the goods that stay have not earned a discount any more: buy for 100, get 20 off.

    ``keep``: the buyer keeps it. ``claw_back``: it is kept back from the refund, and given back if the rest is
    returned or called off too. ``deny``: the return is refused.
    """

    KEEP = "keep"
    CLAW_BACK = "claw_back"
    DENY = "deny"


@frozen(kw_only=True)
class ReturnPolicy:
    """What a shop takes back, and what it keeps for the trouble; stored with every return.

    ``window`` counts from delivery. ``restocking_fee`` is a ratio of what the units cost
    (0.15 for 15 %), rounded once per line, not taken for the reasons in ``free_of_fee``.
    The law may ask for more than a policy gives: EU buyers have 14 days and pay no fee
    (Directive 2011/83/EU art. 9 and 13).
    """

    name: str = "standard"
    window: timedelta = timedelta(days=30)
    restocking_fee: Decimal = field(default=Decimal(0))
    rounding: Rounding = Rounding.HALF_UP
    free_of_fee: frozenset[ReturnReason] = _SELLERS_FAULT
    broken_promotion: BrokenPromotion = BrokenPromotion.KEEP

    @restocking_fee.validator
    def _ratio(self, _: object, ratio: Decimal) -> None:
        if type(ratio) is not Decimal or not 0 <= ratio <= 1:
            raise InvalidValue(field="restocking_fee", reason=f"{ratio!r} is not a Decimal from 0 to 1: 0.15 for 15 %")


@frozen(kw_only=True)
class ReturnWish:
    """Units that a buyer wants to give back."""

    line_id: str
    quantity: int
    reason: ReturnReason = ReturnReason.CHANGED_MIND


@frozen(kw_only=True)
class ReturnableLine:
    """What the order knows of a line: the facts that decide. ``returned`` is what was taken back already."""

    line_id: str
    sku: str
    delivered: int
    returned: int = 0
    delivered_at: datetime | None = None
    final_sale: bool = False


@frozen(kw_only=True)
class Finding:
    """What is to become of the units of one line: back on the shelf, thrown away, or refused and not paid back.

    Units that were announced and did not arrive are refused.
    """

    line_id: str
    restock: int = field(default=0)
    scrap: int = field(default=0)
    refused: int = field(default=0)

    @restock.validator
    @scrap.validator
    @refused.validator
    def _count(self, attribute: object, count: int) -> None:
        if type(count) is not int or count < 0:
            raise InvalidValue(field="finding", reason=f"{count!r} units of line {self.line_id}: pass 0 or more")

    @property
    def units(self) -> int:
        """All units decided on."""
        return self.restock + self.scrap + self.refused


@frozen(kw_only=True)
class ReturnLine:
    """Units of one order line on their way back."""

    line_id: str
    sku: str
    quantity: int
    reason: ReturnReason
    status: GoodsStatus = GoodsStatus.REQUESTED
    finding: Finding | None = None

    @property
    def accepted(self) -> int:
        """Units taken back and to be paid back."""
        return self.finding.restock + self.finding.scrap if self.finding else 0

    @property
    def pending(self) -> int:
        """Units that may still be taken back."""
        return 0 if self.status in (GoodsStatus.INSPECTED, GoodsStatus.REJECTED) else self.quantity


@frozen(kw_only=True)
class RefundEntry:
    """One attempt to pay back, by the key of the payment's refund."""

    key: str
    amount: Money
    failed: bool = False
