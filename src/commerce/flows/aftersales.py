"""After the sale: goods and money on their way back."""

from collections.abc import Sequence

from attrs import define

from commerce.flows.sagas import SETTLE_RETURN, Clawing, ReturnSettled, SettleReturn, require_unbroken, returnable
from commerce.orders import OrderService
from commerce.returns import BrokenPromotion, Finding, Return, ReturnInspected, ReturnService, ReturnWish
from commerce.runtime import Relay, SagaRunner

__all__ = ["Aftersales"]


@define
class Aftersales:
    """Returns of orders: what may come back, what is done with it, and its refund."""

    orders: OrderService
    returns: ReturnService
    clawing: Clawing
    runner: SagaRunner
    relay: Relay

    def request_return(self, order_id: str, lines: Sequence[ReturnWish], *, key: str, note: str = "") -> Return:
        """Ask to give delivered units back. Raises `commerce.returns.ReturnIneligible` with every reason."""
        order = self.orders.get(order_id)
        if self.returns.policy.broken_promotion is BrokenPromotion.DENY:
            others = self.returns.for_order(order_id)
            known = any(other.key == key for other in others)
            if not known and not self.returns.eligibility(order_id, lines, facts=returnable(order)):
                require_unbroken(self.clawing, order, lines, others)
        return self.returns.request(
            key, order_id, lines, facts=returnable(order), customer_id=order.customer_id, note=note
        )

    def receive(self, return_id: str, findings: Sequence[Finding]) -> Return:
        """Units arrived and were looked at: restocked, scrapped or refused.

        When the last unit is decided on, accepted ones are restocked and paid back from the shares stored
        with the order, less the policy's fee. The reaction to `commerce.returns.ReturnInspected` does that,
        so that a crash loses nothing.
        """
        with self.relay.hold():
            self.returns.receive(return_id, findings)
        return self.returns.get(return_id)

    def follow(self, inspected: ReturnInspected) -> None:
        """Restock and refund what was accepted, when everything was looked at; once per return."""
        found = self.returns.get(inspected.aggregate_id)
        if inspected.complete and found.accepted:
            asked = SettleReturn(return_id=found.id, order_id=found.order_id)
            self.runner.run(SETTLE_RETURN, key=found.id, fingerprint="", input=asked, state=ReturnSettled())
