"""A stand-in VNPay on loopback, the plugin that speaks to it, and a till that is paid through both."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from attrs import define, field
from commerce_vnpay import VNPayGateway, VNPayPlugin, VNPaySettings
from pydantic import SecretStr

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money
from commerce.payments import NoticeReply, Payment, PaymentService, RawNotice
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Providers, Storage, build_hooks, unit_of_work
from commerce.testing.gateways.vnpay import VNPayServer
from commerce.testing.serving import HttpFault

SECRET = "n0t-f0r-l0gs-7f3a"


@define
class World:
    """The time, which stands still until it is moved; midday in Vietnam."""

    now: datetime = field(factory=lambda: datetime(2026, 3, 2, 5, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **passed: int) -> None:
        self.now += timedelta(**passed)


@define
class Till:
    """The payments of a shop that has one gateway, VNPay."""

    server: VNPayServer
    service: PaymentService
    storage: Storage

    def pay(self, amount: int = 100_000, key: str = "pay-1") -> Payment:
        """Ask for so many dong."""
        return self.service.authorize(
            key,
            order_ref="order-1",
            amount=Money(amount, "VND"),
            gateway="vnpay",
            customer_ip="203.0.113.7",
            return_url="https://shop.example/back?order=1",
            locale="vi-VN",
            description="Đơn hàng số 1 (*~)",
        )

    def visit(self, payment: Payment) -> str:
        """Let the customer open the page; gives VNPay's reference."""
        assert payment.action is not None
        return self.server.visit(payment.action.url)

    def paid(self, amount: int = 100_000) -> Payment:
        """A captured payment."""
        payment = self.pay(amount)
        self.server.approve(self.visit(payment))
        assert self.server.send_notices(self.receive) == ["00"]
        return self.service.get(payment.id)

    def receive(self, raw: RawNotice) -> NoticeReply:
        """Take a notice as the shop's web server does."""
        return self.service.receive_notice("vnpay", raw)

    @property
    def events(self) -> list[str]:
        """The names of what happened, without the totals."""
        names = [envelope.name.removeprefix("payments.") for _, envelope in self.storage.outbox.archive()]
        return [name for name in names if name != "PaymentChanged"]


@pytest.fixture
def world() -> World:
    """The time."""
    return World()


@pytest.fixture(scope="session")
def running() -> Iterator[VNPayServer]:
    """One VNPay for all tests: every payment has an id of its own."""
    with VNPayServer(hash_secret=SECRET) as server:
        yield server


@pytest.fixture
def server(running: VNPayServer, world: World) -> VNPayServer:
    """VNPay, as it is in the morning."""
    running.clock = world
    running.refund_status, running.one_refund_at_a_time = "05", False
    running.reset()
    return running


@pytest.fixture(scope="session")
def network() -> Iterator[httpx.HTTPTransport]:
    """Real connections, and the certificates that they would need read once."""
    with httpx.HTTPTransport() as transport:
        yield transport


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """Seconds that an answer may take: few where it is stalled, else more than a busy machine ever needs."""
    case = getattr(request.node, "callspec", None)
    return 1 if case is not None and HttpFault.STALLED in case.params.values() else 30


@pytest.fixture
def settings(server: VNPayServer, patience: float) -> VNPaySettings:
    """As a shop sets the plugin up."""
    return VNPaySettings(
        tmn_code=server.tmn_code,
        hash_secret=SecretStr(SECRET),
        pay_url=server.pay_url,
        api_url=server.api_url,
        timeout=patience,
    )


@pytest.fixture
def gateway(settings: VNPaySettings, world: World, network: httpx.HTTPTransport) -> Iterator[VNPayGateway]:
    """The gateway."""
    gateway = VNPayGateway(settings, clock=world, transport=network)
    yield gateway
    gateway.close()


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Where payments are kept."""
    if request.param == "memory":
        return MemoryStorage()
    kept: Storage = request.getfixturevalue("commerce_sqlite_storage")
    return kept


@pytest.fixture
def till(
    server: VNPayServer, settings: VNPaySettings, world: World, storage: Storage, network: httpx.HTTPTransport
) -> Iterator[Till]:
    """A shop's payments, with the plugin as a shop loads it."""
    plugin = VNPayPlugin(clock=world, transport=network, **settings.model_dump())
    hooks = build_hooks([payment_hooks], [plugin])
    (gateways,) = hooks.commerce_payment_gateways()
    begin = unit_of_work(storage, "payments", world, lambda name: True, lambda: None)
    service = PaymentService(begin, world, Providers("payment gateway", gateways), hooks)
    yield Till(server, service, storage)
    plugin.close()
