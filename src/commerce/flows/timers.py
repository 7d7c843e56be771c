"""What has to be done because time has passed. Call it every few seconds, from one process or several."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from attrs import define, frozen

from commerce.fraud import FraudService
from commerce.inventory import InventoryService
from commerce.kernel import Clock
from commerce.payments import PaymentService
from commerce.promotions import PromotionService
from commerce.runtime import Relay, SagaRunner, SagaStatus
from commerce.shipping import ShippingService
from commerce.wallet import WalletService

__all__ = ["TimerReport", "Timers"]

log = logging.getLogger("commerce.timers")


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
        """One round of everything that is due. Safe to run anywhere, any number of times.

        What fails is logged by the type of its error and comes again; it keeps nothing else from being done.
        """
        with self.relay.hold():
            settled = (
                _done("payments", self.payments.settle_open)
                + _done("notices", self.payments.replay_parked)
                + _done("shipments", self._settle_shipments)
            )
            _done("notices", self.payments.forget_notices)
            if self.fraud is not None:
                _done("screenings", self.fraud.forget)
            expired = _done("stored value", self.wallet.expire) if self.wallet is not None else 0
            return TimerReport(
                resumed=_done("processes", self.runner.recover),
                abandoned=_done("checkouts", self._abandon),
                settled=settled,
                expired=expired + _done("stock", self.inventory.expire) + _done("promotions", self.promotions.expire),
                delivered=_done("events", self.relay.drain),
            )

    def _settle_shipments(self) -> int:
        """Finish purchases of labels that nobody came back to; one whose carrier fails keeps its place."""
        found = self.shipping.unsettled(self.clock() - self.abandon_after)
        return sum(_done("a label", partial(self._settle, shipment.id)) for shipment in found)

    def _abandon(self) -> int:
        """Undo checkouts whose shopper never came back from paying, unless the gateway knows better."""
        found = self.runner.log.waiting(self.clock() - self.abandon_after)
        return sum(_done("a checkout", partial(self._let_go, record.id)) for record in found)

    def _settle(self, shipment_id: str) -> int:
        self.shipping.settle(shipment_id)
        return 1

    def _let_go(self, process_id: str) -> int:
        if self.runner.resume(process_id).status is not SagaStatus.WAITING:
            return 0
        self.runner.abandon(process_id, "nobody came back to pay")
        return 1


def _done(what: str, act: Callable[[], int]) -> int:
    """How much was done: nothing, if it failed."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whatever it was, the next round comes back to it
        log.warning("%s: %s", what, type(error).__name__)
        return 0
