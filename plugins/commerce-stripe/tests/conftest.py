"""One stand-in for Stripe for the whole run; each test brings payments of its own."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from commerce_stripe import StripeGateway, StripePlugin

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money, utc_now
from commerce.payments import NoticeReply, Payment, PaymentGateway, PaymentService, RawNotice
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Providers, Storage, build_hooks, unit_of_work
from commerce.testing.gateways.stripe import StripeServer

Make = Callable[..., StripeGateway]
HUNDRED = Money("100.00", "EUR")


@pytest.fixture(scope="session")
def running() -> Iterator[StripeServer]:
    with StripeServer(secret_key="sk_test_standin_9c1e", webhook_secret="whsec_standin_77af") as server:
        yield server


@pytest.fixture(autouse=True)
def stripe(running: StripeServer) -> StripeServer:
    """The stand-in, with nothing scripted and no notice waiting."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def make(running: StripeServer) -> Iterator[Make]:
    """Gateways to the stand-in, with settings of the test's own. A gateway keeps nothing, so equal ones are one."""
    made: dict[str, StripePlugin] = {}

    def make(**settings: object) -> StripeGateway:
        name = repr(sorted(settings.items()))
        if name not in made:
            made[name] = StripePlugin(
                **{
                    "secret_key": running.secret_key,
                    "webhook_secrets": (running.webhook_secret,),
                    "base_url": running.url,
                    **settings,
                }
            )
        return made[name].gateway

    yield make
    for plugin in made.values():
        plugin.close()


@pytest.fixture
def gateway(make: Make, stripe: StripeServer) -> StripeGateway:
    return make()


class Till:
    """Payments over the plugin's gateway, with notices that arrive over HTTP."""

    def __init__(self, storage: Storage, gateway: PaymentGateway, name: str) -> None:
        self.storage = storage
        self.name = name
        self.passed = timedelta(0)
        begin = unit_of_work(storage, "payments", self.clock, lambda name: True, lambda: None)
        hooks = build_hooks([payment_hooks], [])
        self.service = PaymentService(begin, self.clock, Providers("payment gateway", {name: gateway}), hooks)

    def clock(self) -> datetime:
        return utc_now() + self.passed

    def wait(self, minutes: int = 6) -> None:
        """Longer than the patience."""
        self.passed += timedelta(minutes=minutes)

    def pay(self, token: str, *, key: str = "pay", capture: bool = False, amount: Money = HUNDRED) -> Payment:
        return self.service.authorize(
            key,
            order_ref="order-1",
            amount=amount,
            gateway=self.name,
            token=token,
            capture=capture,
            return_url="https://shop.example/back",
            description="Order 1001",
        )

    def receive(self, notice: RawNotice) -> NoticeReply:
        return self.service.receive_notice(self.name, notice)

    @property
    def events(self) -> list[str]:
        """The names of what happened, without the totals."""
        names = [envelope.name.removeprefix("payments.") for _, envelope in self.storage.outbox.archive()]
        return [name for name in names if name != "PaymentChanged"]


@pytest.fixture
def till(request: pytest.FixtureRequest, gateway: StripeGateway) -> Till:
    """In memory; with ``@on_both_storages`` in SQLite too."""
    if getattr(request, "param", "memory") == "memory":
        return Till(MemoryStorage(), gateway, "stripe")
    return Till(request.getfixturevalue("commerce_sqlite_storage"), gateway, "stripe")


@pytest.fixture
def full_till(make: Make) -> Till:
    """Of an account that may do everything."""
    return Till(MemoryStorage(), make(multi_capture=True, increment=True), "stripe")


@pytest.fixture
def open_till() -> Callable[[StripeGateway], Till]:
    """A new till over a gateway."""
    return lambda gateway: Till(MemoryStorage(), gateway, "stripe")
