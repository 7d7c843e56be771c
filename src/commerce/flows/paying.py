"""What gateways tell, and what the shop does about it."""

from contextlib import suppress

from attrs import define

from commerce.flows.sagas import process_of
from commerce.kernel import Refused
from commerce.orders import Order, OrderService, PaymentRecord
from commerce.payments import NoticeReply, PaymentChanged, PaymentService, PaymentStatus, RawNotice
from commerce.runtime import Relay, SagaRunner, SagaStatus

__all__ = ["Paying"]

#: The payment itself still waits, for the customer or the gateway: no reason to ask again.
_NO_NEWS = (PaymentStatus.NEW, PaymentStatus.WAITING, PaymentStatus.PENDING)


@define
class Paying:
    """Notices come in, payments change, orders and waiting checkouts follow."""

    payments: PaymentService
    orders: OrderService
    runner: SagaRunner
    relay: Relay

    def receive_notice(self, gateway: str, notice: RawNotice) -> NoticeReply:
        """Take a webhook or IPN call of a gateway; the answer is what its HTTP reply must be.

        The signature is checked on the raw bytes first. A notice only makes us read the gateway's
        own books; what they say moves the payment, its order, and a checkout that waits for it.
        """
        with self.relay.hold():
            return self.payments.receive_notice(gateway, notice)

    def follow(self, changed: PaymentChanged) -> None:
        """A payment changed: tell its order, wake its checkout, or give back what nobody is owed.

        While the order is being made there is nothing to do: its process looks at the payment before it
        lies down to wait, and again once the order is there.
        """
        payment_id, process = changed.aggregate_id, process_of(changed.order_ref)
        if changed.surplus:
            self.payments.return_surplus(payment_id)
            return
        order = self._order(changed.order_ref)
        if order is not None:
            record = PaymentRecord(
                payment_id=payment_id,
                version=changed.version,
                authorized=changed.authorized,
                captured=changed.captured,
                refunded=changed.refunded,
                failed=changed.failed,
            )
            if order.awaits(record):
                self.orders.record_payment(order.id, record)
            return
        making = self.runner.get(process)
        waits = making is not None and making.status is SagaStatus.WAITING
        if waits and changed.status not in _NO_NEWS:
            with suppress(Refused):  # a declined payment has undone the checkout: that is news enough
                self.runner.resume(process)

    def _order(self, ref: str) -> Order | None:
        """The order that is paid for, if the part of it that has this ref is made already."""
        found = self.orders.by_key(ref) or (self.orders.by_key(ref.rpartition("/")[0]) if "/" in ref else None)
        return found if found is not None and ref in found.refs else None
