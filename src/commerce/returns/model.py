"""A return: goods on their way back, line by line, and the money for them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import define, evolve, field

from commerce.kernel import Entity, InvalidValue, Money, no_card_number
from commerce.kernel import total as sum_of
from commerce.returns.errors import (
    InspectionMismatch,
    NotInspected,
    RefundAlreadyDue,
    RefundTooMuch,
    ReturnLineNotFound,
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
from commerce.returns.values import (
    GOODS_STATES,
    REFUND_STATES,
    Finding,
    GoodsStatus,
    RefundEntry,
    RefundStatus,
    ReturnLine,
    ReturnPolicy,
    ReturnReason,
    ReturnWish,
)

__all__ = ["Return"]

#: Whoever asks a line to become one of these finds it there already, or further on.
_PASSED = {
    GoodsStatus.APPROVED: (GoodsStatus.APPROVED, GoodsStatus.RECEIVED, GoodsStatus.INSPECTED),
    GoodsStatus.RECEIVED: (GoodsStatus.RECEIVED, GoodsStatus.INSPECTED),
    GoodsStatus.REJECTED: (GoodsStatus.REJECTED,),
}


@define(kw_only=True, eq=False)
class Return(Entity):
    """Units of one order that come back, each line with its own state, and one debt for all of them.

    Commands name order lines by id; without names they mean every line that can move.
    Repeating a command changes nothing.
    """

    key: str
    order_id: str
    customer_id: str | None = None
    lines: tuple[ReturnLine, ...]
    policy: ReturnPolicy
    requested_at: datetime
    note: str = field(default="", repr=False, validator=no_card_number)
    money: RefundStatus = RefundStatus.NONE
    due: Money | None = None
    fee: Money | None = None
    refunds: tuple[RefundEntry, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether units still have to be approved, received or inspected."""
        return any(line.pending for line in self.lines)

    @property
    def open(self) -> bool:
        """Whether goods or money still wait for somebody."""
        return self.pending or (bool(self.accepted) and self.money is not RefundStatus.REFUNDED)

    @property
    def accepted(self) -> dict[str, int]:
        """Units taken back so far, by order line id: what is to be paid back."""
        return {line.line_id: line.accepted for line in self.lines if line.accepted}

    @property
    def awaited(self) -> tuple[ReturnWish, ...]:
        """The units that may still be taken back."""
        return tuple(
            ReturnWish(line_id=line.line_id, quantity=line.pending, reason=line.reason)
            for line in self.lines
            if line.pending
        )

    @property
    def reasons(self) -> dict[str, ReturnReason]:
        """Why units come back, by order line id."""
        return {line.line_id: line.reason for line in self.lines}

    @property
    def restocked(self) -> dict[str, int]:
        """Units to put back on the shelf, by order line id."""
        return {line.line_id: line.finding.restock for line in self.lines if line.finding and line.finding.restock}

    @property
    def refunded(self) -> Money | None:
        """What was paid back, once something is due."""
        if self.due is None:
            return None
        return sum_of((entry.amount for entry in self.refunds if not entry.failed), self.due.currency)

    def request(self) -> None:
        """Say that it was asked for."""
        self.record(ReturnRequested(aggregate_id=self.id, order_id=self.order_id, lines=_units_of(self.lines)))

    def approve(self, line_ids: Collection[str] | None = None) -> None:
        """Let units be sent back."""
        units = self._move(GoodsStatus.REQUESTED, GoodsStatus.APPROVED, line_ids)
        if units:
            self.record(ReturnApproved(aggregate_id=self.id, order_id=self.order_id, lines=units))

    def reject(self, line_ids: Collection[str] | None = None) -> None:
        """Do not take units back: those asked for, or approved and never arrived."""
        units = self._move(GoodsStatus.REQUESTED, GoodsStatus.REJECTED, line_ids, or_from=GoodsStatus.APPROVED)
        if units:
            self.record(ReturnRejected(aggregate_id=self.id, order_id=self.order_id, lines=units))

    def receive(self, line_ids: Collection[str] | None = None) -> None:
        """Note that units arrived."""
        units = self._move(GoodsStatus.APPROVED, GoodsStatus.RECEIVED, line_ids)
        if units:
            self.record(ReturnReceived(aggregate_id=self.id, order_id=self.order_id, lines=units))

    def inspect(self, findings: Sequence[Finding]) -> None:
        """Decide what becomes of received units; each line once, all its units.

        Raises `InspectionMismatch` if the numbers differ from what came back or from an earlier decision.
        """
        new = [finding for finding in findings if self.line(finding.line_id).finding != finding]
        for finding in new:
            line = self.line(finding.line_id)
            if line.finding is not None or finding.units != line.quantity:
                raise InspectionMismatch(
                    return_id=self.id, line_id=line.line_id, expected=line.quantity, found=finding.units
                )
            status = GOODS_STATES.move(self.id, line.status, GoodsStatus.INSPECTED)
            self._replace(evolve(line, status=status, finding=finding))
        if new:
            self.record(
                ReturnInspected(
                    aggregate_id=self.id,
                    order_id=self.order_id,
                    lines=tuple(_inspected(finding, self.line(finding.line_id)) for finding in new),
                    complete=not self.pending,
                )
            )

    def owe(self, amount: Money, fee: Money) -> None:
        """Set what is to be paid back, after the fee; once.

        Raises `NotInspected` while units wait, `RefundAlreadyDue` if another amount was set before.
        """
        if self.due is not None and self.fee is not None:
            if (self.due, self.fee) != (amount, fee):
                raise RefundAlreadyDue(return_id=self.id, due=self.due, fee=self.fee)
            return
        _require_positive(amount)
        _require_positive(fee)
        if self.pending:
            raise NotInspected(return_id=self.id)
        self.due, self.fee = amount, fee
        self.record(ReturnRefundDue(aggregate_id=self.id, order_id=self.order_id, amount=amount, fee=fee))
        self._settle()

    def record_refund(self, key: str, amount: Money) -> None:
        """Note that money went back, once per key. Raises `RefundTooMuch` for more than is due."""
        _require_positive(amount)
        if any(entry.key == key and not entry.failed for entry in self.refunds):
            return
        left = self._left()
        if amount > left:
            raise RefundTooMuch(return_id=self.id, amount=amount, open=left)
        self._enter(RefundEntry(key=key, amount=amount))

    def record_refund_failure(self, key: str) -> None:
        """Note that the refund with this key did not arrive; the debt is open (again)."""
        due = self._require_due()
        known = {entry.key: entry for entry in self.refunds}
        if key in known and known[key].failed:
            return
        amount = known[key].amount if key in known else Money.zero(due.currency)
        self._enter(RefundEntry(key=key, amount=amount, failed=True))

    def line(self, line_id: str) -> ReturnLine:
        """The units of that order line, or `ReturnLineNotFound`."""
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise ReturnLineNotFound(return_id=self.id, line_id=line_id)

    def _require_due(self) -> Money:
        if self.due is None:
            raise NotInspected(return_id=self.id)
        return self.due

    def _left(self) -> Money:
        due = self._require_due()
        return due - sum_of((entry.amount for entry in self.refunds if not entry.failed), due.currency)

    def _enter(self, entry: RefundEntry) -> None:
        """The newest entry last; it replaces an earlier one of its key."""
        self.refunds = (*(known for known in self.refunds if known.key != entry.key), entry)
        self._settle()

    def _settle(self) -> None:
        before = self.money
        if not self._left():
            now = RefundStatus.REFUNDED
        elif self.refunds and self.refunds[-1].failed:
            now = RefundStatus.FAILED
        else:
            now = RefundStatus.DUE
        self.money = REFUND_STATES.move(self.id, before, now)
        if now is not before and now is RefundStatus.REFUNDED:
            self.record(ReturnRefunded(aggregate_id=self.id, order_id=self.order_id, amount=self._require_due()))
        elif now is RefundStatus.FAILED:
            self.record(ReturnRefundFailed(aggregate_id=self.id, order_id=self.order_id))

    def _move(
        self,
        origin: GoodsStatus,
        to: GoodsStatus,
        line_ids: Collection[str] | None,
        *,
        or_from: GoodsStatus | None = None,
    ) -> tuple[ReturnUnits, ...]:
        if line_ids is None:
            wanted = [line for line in self.lines if line.status in (origin, or_from)]
        else:
            wanted = [line for line in map(self.line, dict.fromkeys(line_ids)) if line.status not in _PASSED[to]]
        moved = [evolve(line, status=GOODS_STATES.move(self.id, line.status, to)) for line in wanted]
        for line in moved:
            self._replace(line)
        return _units_of(moved)

    def _replace(self, changed: ReturnLine) -> None:
        self.lines = tuple(changed if line.line_id == changed.line_id else line for line in self.lines)


def _units_of(lines: Sequence[ReturnLine]) -> tuple[ReturnUnits, ...]:
    """The units of some lines, as events tell them."""
    return tuple(
        ReturnUnits(line_id=line.line_id, sku=line.sku, quantity=line.quantity, reason=line.reason.value)
        for line in lines
    )


def _inspected(finding: Finding, line: ReturnLine) -> InspectedUnits:
    return InspectedUnits(
        line_id=line.line_id, sku=line.sku, restock=finding.restock, scrap=finding.scrap, refused=finding.refused
    )


def _require_positive(amount: Money) -> None:
    if amount.minor < 0:
        raise InvalidValue(field="amount", reason=f"{amount} cannot be paid back: pass zero or more")
