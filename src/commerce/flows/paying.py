"""What gateways tell, and what the shop does about it."""

from contextlib import suppress

from attrs import define

from commerce.kernel import Refused
from commerce.orders import OrderService, PaymentRecord
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
        order_ref, payment_id = changed.order_ref, changed.aggregate_id
        if changed.surplus:
            self.payments.return_surplus(payment_id)
            return
        order = self.orders.by_key(order_ref)
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
        process = self.runner.get(order_ref)
        waits = process is not None and process.status is SagaStatus.WAITING
        if waits and changed.status not in _NO_NEWS:
            with suppress(Refused):  # a declined payment has undone the checkout: that is news enough
                self.runner.resume(order_ref)
