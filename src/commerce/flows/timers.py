"""What has to be done because time has passed. Call it every few seconds, from one process or several."""

from contextlib import suppress
from datetime import timedelta

from attrs import define, frozen

from commerce.fraud import FraudService
from commerce.inventory import InventoryService
from commerce.kernel import Clock, CommerceError
from commerce.payments import PaymentService
from commerce.promotions import PromotionService
from commerce.runtime import Relay, SagaRunner
from commerce.shipping import ShippingService
from commerce.wallet import WalletService

__all__ = ["TimerReport", "Timers"]


@frozen(kw_only=True)
class TimerReport:
    """How much was done in one run."""

    resumed: int = 0
    abandoned: int = 0
    settled: int = 0
    expired: int = 0
    delivered: int = 0


@define
class Timers:
    """Take up what was interrupted, let go of what nobody came back for, deliver what waits."""

    runner: SagaRunner
    payments: PaymentService
    inventory: InventoryService
    promotions: PromotionService
    shipping: ShippingService
    wallet: WalletService | None
    fraud: FraudService | None
    relay: Relay
    clock: Clock
    abandon_after: timedelta = timedelta(hours=1)

    def run(self) -> TimerReport:
        """One round of everything that is due. Safe to run anywhere, any number of times."""
        with self.relay.hold():
            settled = self.payments.settle_open() + self.payments.replay_parked() + self._settle_shipments()
            self.payments.forget_notices()
            if self.fraud is not None:
                self.fraud.forget()
            expired = self.wallet.expire() if self.wallet is not None else 0
            return TimerReport(
                resumed=self.runner.recover(),
                abandoned=self._abandon(),
                settled=settled,
                expired=expired + self.inventory.expire() + self.promotions.expire(),
                delivered=self.relay.drain(),
            )

    def _settle_shipments(self) -> int:
        """Finish purchases of labels that nobody came back to; one whose carrier fails keeps its place."""
        found = self.shipping.unsettled(self.clock() - self.abandon_after)
        for shipment in found:
            with suppress(CommerceError):
                self.shipping.settle(shipment.id)
        return len(found)

    def _abandon(self) -> int:
        """Undo checkouts whose shopper never came back from paying."""
        count = 0
        for record in self.runner.log.waiting(self.clock() - self.abandon_after):
            try:
                self.runner.abandon(record.id, "nobody came back to pay")
            except CommerceError:
                continue  # it went on, or the gateway does not answer: the next round looks again
            count += 1
        return count
