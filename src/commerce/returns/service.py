"""Use cases of returns."""

from collections.abc import Callable, Collection, Sequence

from attrs import define, field

from commerce.kernel import Clock, InvalidValue, KeyReused, Money, Page, new_id
from commerce.returns.engine import eligibility
from commerce.returns.errors import Ineligible, ReturnIneligible
from commerce.returns.model import Return
from commerce.returns.ports import ReturnUnit
from commerce.returns.values import Finding, ReturnableLine, ReturnLine, ReturnPolicy, ReturnWish
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["ReturnService"]

#: The longest page of a list.
_MOST_ROWS = 500


@define
class ReturnService:
    """Take goods back and pay for them.

    The module knows no orders: whoever requests a return passes the order's facts in, and tells
    the order afterwards what was accepted. Repeating any command changes nothing.
    """

    begin: Begin[ReturnUnit]
    clock: Clock
    hooks: HookRelay
    policy: ReturnPolicy = field(factory=ReturnPolicy)

    def request(
        self,
        key: str,
        order_id: str,
        lines: Sequence[ReturnWish],
        *,
        facts: Sequence[ReturnableLine],
        customer_id: str | None = None,
        note: str = "",
        policy: ReturnPolicy | None = None,
    ) -> Return:
        """Ask to give units back, or answer with the return of this key.

        Raises `ReturnIneligible` with every reason, `commerce.kernel.KeyReused` for other units under the same key.
        """
        if not key:
            raise InvalidValue(field="key", reason="a key has at least one character")
        rules = policy or self.policy
        with self.begin() as uow:
            uow.returns.alone(order_id)
            known = uow.returns.by_key(key)
            if known is not None:
                return _same(known, order_id, lines)
            at = self.clock()
            reasons = eligibility(rules, lines, facts, uow.returns.of_order(order_id), at=at)
            if reasons:
                raise ReturnIneligible(order_id=order_id, reasons=reasons)
            self.hooks.commerce_validate_return(order_id=order_id, lines=lines)
            skus = {fact.line_id: fact.sku for fact in facts}
            found = Return(
                id=new_id(),
                key=key,
                order_id=order_id,
                customer_id=customer_id,
                lines=tuple(
                    ReturnLine(line_id=w.line_id, sku=skus[w.line_id], quantity=w.quantity, reason=w.reason)
                    for w in lines
                ),
                policy=rules,
                requested_at=at,
                note=note,
            )
            found.request()
            uow.returns.add(found)
            return found

    def eligibility(
        self,
        order_id: str,
        lines: Sequence[ReturnWish],
        *,
        facts: Sequence[ReturnableLine],
        policy: ReturnPolicy | None = None,
    ) -> tuple[Ineligible, ...]:
        """Why these units could not be returned now; nothing if they could. Changes nothing."""
        others = self.for_order(order_id)
        return eligibility(policy or self.policy, lines, facts, others, at=self.clock())

    def get(self, return_id: str) -> Return:
        """The return, or `ReturnNotFound`."""
        with self.begin() as uow:
            return uow.returns.get(return_id)

    def for_order(self, order_id: str) -> tuple[Return, ...]:
        """The returns of an order, oldest first."""
        with self.begin() as uow:
            return tuple(uow.returns.of_order(order_id))

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Return]:
        """Returns that wait for something (goods or money), newest first, a page at a time."""
        if not 1 <= limit <= _MOST_ROWS:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {_MOST_ROWS} returns, not {limit}")
        with self.begin() as uow:
            rows = uow.returns.page(before=cursor, limit=limit + 1)
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def approve(self, return_id: str, line_ids: Collection[str] | None = None) -> Return:
        """Let units be sent back: those of some order lines, or all that were asked for."""
        return self._change(return_id, lambda found: found.approve(line_ids))

    def reject(self, return_id: str, line_ids: Collection[str] | None = None) -> Return:
        """Do not take units back: asked for, or approved and never arrived."""
        return self._change(return_id, lambda found: found.reject(line_ids))

    def receive(
        self, return_id: str, findings: Sequence[Finding] = (), *, line_ids: Collection[str] | None = None
    ) -> Return:
        """Note that approved units arrived; with ``findings``, decide on those at once.

        ``line_ids`` names what arrived; without it the lines of the findings, or everything approved.
        """
        arrived = line_ids if line_ids is not None else [finding.line_id for finding in findings] or None

        def receive(found: Return) -> None:
            found.receive(arrived)
            found.inspect(findings)

        return self._change(return_id, receive)

    def inspect(self, return_id: str, findings: Sequence[Finding]) -> Return:
        """Decide what becomes of received units. Raises `InspectionMismatch`."""
        return self._change(return_id, lambda found: found.inspect(findings))

    def owe(self, return_id: str, amount: Money, fee: Money | None = None) -> Return:
        """Set what is to be paid back, after the fee. Raises `NotInspected` while units wait."""
        kept = fee if fee is not None else Money.zero(amount.currency)
        return self._change(return_id, lambda found: found.owe(amount, kept))

    def record_refund(self, return_id: str, key: str, amount: Money) -> Return:
        """Note that money went back, once per key. Raises `RefundTooMuch`."""
        return self._change(return_id, lambda found: found.record_refund(key, amount))

    def record_refund_failure(self, return_id: str, key: str) -> Return:
        """Note that the refund with this key did not arrive: the debt is open again."""
        return self._change(return_id, lambda found: found.record_refund_failure(key))

    def _change(self, return_id: str, change: Callable[[Return], None]) -> Return:
        """Commands here are refused by the states if they came too late, so a lost race is run again."""
        return retried(lambda: self._try(return_id, change))

    def _try(self, return_id: str, change: Callable[[Return], None]) -> Return:
        with self.begin() as uow:
            found = uow.returns.get(return_id)
            before = (found.lines, found.due, found.refunds)
            change(found)
            if (found.lines, found.due, found.refunds) != before:
                uow.returns.save(found)
            return found


def _same(known: Return, order_id: str, lines: Sequence[ReturnWish]) -> Return:
    asked = {(line.line_id, line.quantity, line.reason) for line in known.lines}
    if known.order_id != order_id or asked != {(wish.line_id, wish.quantity, wish.reason) for wish in lines}:
        raise KeyReused(key=known.key)
    return known
