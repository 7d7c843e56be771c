"""Rows of a settlement report, and what came out of comparing them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import define, field, frozen

from commerce.adapters.rows import RowError
from commerce.kernel import Invalid, Money
from commerce.payments import OperationKind

__all__ = [
    "DifferenceKind",
    "EmptyReport",
    "MissingColumns",
    "Reconciliation",
    "SettlementDifference",
    "SettlementRow",
    "SkippedRow",
]


@define(kw_only=True, slots=False)
class MissingColumns(Invalid):
    """The file is no report of this format."""

    code = "settlement_missing_columns"
    message = "the report has no column {missing}: export it with it, or name your columns in a map (--format MAP.json)"
    missing: tuple[str, ...]


@define(kw_only=True, slots=False)
class EmptyReport(Invalid):
    """Nothing in the report says which time it is about."""

    message = "the report tells no time: say which time it is about (--since, --until)"


class DifferenceKind(StrEnum):
    """How ledger and report disagree."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    CURRENCY = "currency"
    FEE = "fee"
    DUPLICATE = "duplicate"


#: What to do about each.
_NEXT_STEP = {
    DifferenceKind.MISSING_HERE: "settle the payment, or look for it in the gateway's dashboard",
    DifferenceKind.MISSING_THERE: "look into the next report; then ask the gateway",
    DifferenceKind.AMOUNT: "compare both; a refund made in the dashboard is taken over by settling the payment",
    DifferenceKind.CURRENCY: "name the columns of the charged amount in the map, or ask the gateway",
    DifferenceKind.FEE: "compare with the fees agreed",
    DifferenceKind.DUPLICATE: "ask the gateway whether it was paid out twice",
}


@frozen(kw_only=True)
class SettlementRow:
    """Money that moved, as one row tells it.

    ``amount`` is signed as the operation is: positive does it, negative takes it back (a failed refund).
    ``settled``, ``fee`` and ``net`` are in the currency of the payout.
    """

    line: int
    operation: OperationKind
    reference: str
    related: tuple[str, ...] = ()
    id: str = ""
    amount: Money
    settled: Money
    fee: Money | None = None
    net: Money | None = None
    at: datetime | None = None


@frozen(kw_only=True)
class SkippedRow:
    """A row that is about something else: a payout, a fee, a conversion."""

    line: int
    kind: str


@frozen(kw_only=True)
class SettlementDifference:
    """One disagreement. ``ours`` is nothing where the ledger does not know of it, ``theirs`` where the report does not.

    With fees, ``ours`` is the fee that should be. ``lines`` are those of the report.
    """

    kind: DifferenceKind
    operation: OperationKind
    reference: str
    payment_id: str = ""
    ours: Money | None = None
    theirs: Money | None = None
    lines: tuple[int, ...] = ()

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return _NEXT_STEP[self.kind]


@frozen(kw_only=True)
class Reconciliation:
    """What came out. ``skipped`` counts the rows that are about something else, by their kind."""

    gateway: str
    since: datetime
    until: datetime
    rows: int
    agreed: int
    differences: tuple[SettlementDifference, ...] = ()
    broken: tuple[RowError, ...] = ()
    skipped: Mapping[str, int] = field(factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether every row could be read and nothing differs."""
        return not self.differences and not self.broken
