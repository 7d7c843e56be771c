"""Every fault that a stand-in can inject into a refund, at every gateway: what the shop is told, and what comes of it.

A captured payment is refunded in half over real HTTP while the vendor's connection or answer fails, and then repeated
with the same key until it is done. Exit code 0 only if, by the vendor's own books, each was refunded exactly once.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from attrs import frozen
from commerce_momo import MoMoPlugin
from commerce_paypal import PayPalPlugin
from commerce_stripe import StripePlugin
from commerce_vnpay import VNPayPlugin
from rich.console import Console
from rich.table import Table

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money, OutcomeUnknown, ProviderUnavailable, new_id, utc_now
from commerce.payments import OperationKind, Payment, PaymentGateway, PaymentService
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Providers, build_hooks, unit_of_work
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.gateways.paypal import PayPalServer
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.gateways.vnpay import VNPayServer
from commerce.testing.serving import HttpFault, StandInServer

#: Seconds that an answer may take; a stalled one takes them all.
PATIENCE = 1.0


@frozen
class Vendor:
    """A gateway, the stand-in that it speaks to, and what its customer does to pay."""

    gateway: PaymentGateway
    server: StandInServer
    amount: Money
    refunds: str
    pays: Callable[[Payment], object]
    token: str = ""


@contextmanager
def vendors() -> Iterator[dict[str, Vendor]]:
    """All four, on loopback."""
    with ExitStack() as stack:
        stripe, paypal = stack.enter_context(StripeServer()), stack.enter_context(PayPalServer())
        vnpay, momo = stack.enter_context(VNPayServer(refund_status="00")), stack.enter_context(MoMoServer())
        plugins = (
            StripePlugin(secret_key=stripe.secret_key, base_url=stripe.url, timeout=PATIENCE),
            PayPalPlugin(
                client_id=paypal.client_id, client_secret=paypal.client_secret, base_url=paypal.url, timeout=PATIENCE
            ),
            VNPayPlugin(
                tmn_code=vnpay.tmn_code,
                hash_secret=vnpay.hash_secret,
                pay_url=vnpay.pay_url,
                api_url=vnpay.api_url,
                timeout=PATIENCE,
            ),
            MoMoPlugin(
                partner_code=momo.partner_code,
                access_key=momo.access_key,
                secret_key=momo.secret_key,
                base_url=momo.url,
                ipn_url="https://shop.example/ipn",
                timeout=PATIENCE,
            ),
        )
        for plugin in plugins:
            stack.callback(plugin.close)
        a, b, c, d = (plugin.gateway for plugin in plugins)
        euro, dong = Money("100.00", "EUR"), Money(100_000, "VND")
        yield {
            "Stripe": Vendor(a, stripe, euro, "*/refunds", lambda _: None, "pm_card_visa"),
            "PayPal": Vendor(b, paypal, euro, "*/refund", lambda p: paypal.approve(p.reference)),
            "VNPay": Vendor(c, vnpay, dong, "*/transaction", lambda p: vnpay.approve(vnpay.visit(page(p)))),
            "MoMo": Vendor(d, momo, dong, "*/refund", lambda p: momo.approve(momo.visit(page(p)))),
        }


def page(payment: Payment) -> str:
    """Where the customer pays."""
    if payment.action is None:
        raise SystemExit("no page to pay at")
    return payment.action.url


def refunded(vendor: Vendor, fault: HttpFault) -> str:
    """What the shop is told of a refund with this fault; exits unless it ends as one refund."""
    begin = unit_of_work(MemoryStorage(), "payments", utc_now, lambda _: False, lambda: None)
    gateways = Providers("payment gateway", {"it": vendor.gateway})
    service = PaymentService(begin, utc_now, gateways, build_hooks([payment_hooks], []))
    order, half = new_id(), vendor.amount.allocate([1, 1])[0]

    def pay() -> Payment:
        return service.authorize(
            "pay",
            order_ref=order,
            amount=vendor.amount,
            gateway="it",
            token=vendor.token,
            return_url="https://shop.example/back",
            capture=True,
        )

    vendor.pays(pay())
    payment = pay()
    vendor.server.script(fault, method="POST", path=vendor.refunds)
    told = ""
    try:
        service.refund(payment.id, "refund", half)
    except ProviderUnavailable:
        told = "not done, then "
    except OutcomeUnknown:
        told = "unknown, then "
    service.refund(payment.id, "refund", half)
    payment = service.settle(payment.id)
    made = [entry for entry in payment.ledger if entry.kind is OperationKind.REFUND]
    if (len(made), payment.refunded, service.compare(payment.id)) != (1, half, ()):
        raise SystemExit(f"{fault}: {made}")
    return f"{told}done"


def main() -> int:
    """Measure, prove, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="refunds per fault and gateway")
    times = parser.parse_args().times
    table = Table("fault")
    rows: dict[HttpFault, list[str]] = {fault: [] for fault in HttpFault}
    with vendors() as found:
        for name, vendor in found.items():
            table.add_column(name)
            for fault in HttpFault:
                counts = Counter(refunded(vendor, fault) for _ in range(times))
                rows[fault].append(", ".join(f"{told} ({n})" for told, n in sorted(counts.items())))
    for fault, cells in rows.items():
        table.add_row(fault.value, *cells)
    console = Console(width=140)
    console.print(table)
    console.print(f"{times * len(HttpFault) * len(found)} refunds, each made once by the vendor's own books")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
