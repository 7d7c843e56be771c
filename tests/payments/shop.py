"""A till for tests: payments over a fake gateway, with a clock that can be set."""

from collections.abc import Mapping
from datetime import timedelta

from commerce.adapters.manual_gateway import ManualGateway
from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money
from commerce.payments import GatewayAbilities, Payment, PaymentGateway, PaymentService
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Providers, Storage, build_hooks, unit_of_work
from commerce.testing.conformance.storage import NOW
from commerce.testing.gateways import FakeGateway, Tokens

HUNDRED = Money("100.00", "EUR")
TEN = Money("10.00", "EUR")
NOTHING = Money("0.00", "EUR")

ONCE = GatewayAbilities(separate_capture=False, void=False, cancel=False, multi_refund=False)
PLAIN = GatewayAbilities(void=False, partial_capture=False, partial_refund=False, currencies=frozenset({"EUR"}))
AWAY = GatewayAbilities(redirects=True)


class Till:
    """The service, the outside world, and the time."""

    def __init__(self, storage: Storage | None = None, *plugins: object, gateway: FakeGateway | None = None) -> None:
        self.storage = storage or MemoryStorage()
        self.passed = timedelta(0)
        self.fake = gateway or FakeGateway()
        self.once = FakeGateway(abilities=ONCE)
        gateways: Mapping[str, PaymentGateway] = {
            "fake": self.fake,
            "once": self.once,
            "plain": FakeGateway(abilities=PLAIN),
            "away": FakeGateway(abilities=AWAY),
            "cash": ManualGateway(),
            "transfer": ManualGateway(awaits_funds=True),
        }
        clock = lambda: NOW + self.passed  # noqa: E731 - read where it is used
        begin = unit_of_work(self.storage, "payments", clock, lambda name: True, lambda: None)
        hooks = build_hooks([payment_hooks], plugins)
        self.service = PaymentService(begin, clock, Providers("payment gateway", gateways), hooks)

    def wait(self, minutes: int = 6) -> None:
        """Longer than the patience."""
        self.passed += timedelta(minutes=minutes)

    def pay(self, key: str = "pay", *, token: str = Tokens.OK, gateway: str = "fake", capture: bool = False) -> Payment:
        """Ask for 100.00 for the order."""
        return self.service.authorize(
            key, order_ref="order-1", amount=HUNDRED, gateway=gateway, token=token, capture=capture
        )

    @property
    def events(self) -> list[str]:
        """The names of what happened, without the totals."""
        names = [envelope.name.removeprefix("payments.") for _, envelope in self.storage.outbox.archive()]
        return [name for name in names if name != "PaymentChanged"]

    def calls(self, method: str) -> int:
        """How often the gateway was called."""
        return sum(call.method == method for call in self.fake.calls)
