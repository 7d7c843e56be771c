"""A stand-in MoMo on loopback, the plugin that speaks to it, and a till that is paid through both."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from attrs import define, field
from commerce_momo import MoMoGateway, MoMoPlugin, MoMoSettings
from pydantic import SecretStr

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money
from commerce.payments import NoticeReply, Payment, PaymentService, RawNotice
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Providers, Storage, build_hooks, unit_of_work
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.serving import HttpFault

ACCESS, SECRET = "n0t-f0r-l0gs-acc3ss", "n0t-f0r-l0gs-s3cr3t"


@define
class World:
    """The time, which stands still until it is moved."""

    now: datetime = field(factory=lambda: datetime(2026, 3, 2, 5, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **passed: int) -> None:
        self.now += timedelta(**passed)


@define
class Till:
    """The payments of a shop that has one gateway, MoMo."""

    server: MoMoServer
    service: PaymentService
    storage: Storage

    def pay(self, amount: int = 100_000, key: str = "pay-1", *, capture: bool = True) -> Payment:
        """Ask for so many dong."""
        return self.service.authorize(
            key,
            order_ref="order-1",
            amount=Money(amount, "VND"),
            gateway="momo",
            return_url="https://shop.example/back?order=1&x=*~",
            locale="vi-VN",
            description="Đơn hàng số 1 & 2 = *~",
            metadata={"basket": "b-1"},
            capture=capture,
        )

    def visit(self, payment: Payment) -> str:
        """Let the customer open the page; gives MoMo's order id."""
        assert payment.action is not None
        return self.server.visit(payment.action.url)

    def paid(self, amount: int = 100_000, *, capture: bool = True) -> Payment:
        """A captured payment, or an authorized one."""
        payment = self.pay(amount, capture=capture)
        self.server.approve(self.visit(payment))
        assert self.server.send_notices(self.receive) == [204]
        return self.service.get(payment.id)

    def receive(self, raw: RawNotice) -> NoticeReply:
        """Take a notice as the shop's web server does."""
        return self.service.receive_notice("momo", raw)

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
def running() -> Iterator[MoMoServer]:
    """One MoMo for all tests: every payment has an id of its own."""
    with MoMoServer(access_key=ACCESS, secret_key=SECRET) as server:
        yield server


@pytest.fixture
def server(running: MoMoServer, world: World) -> MoMoServer:
    """MoMo, as it is in the morning."""
    running.clock = world
    running.refund_code = 0
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
def settings(server: MoMoServer, patience: float) -> MoMoSettings:
    """As a shop sets the plugin up."""
    return MoMoSettings(
        partner_code=server.partner_code,
        access_key=SecretStr(ACCESS),
        secret_key=SecretStr(SECRET),
        base_url=server.url,
        ipn_url="https://shop.example/notices/momo",
        timeout=patience,
    )


@pytest.fixture
def gateway(settings: MoMoSettings, network: httpx.HTTPTransport) -> Iterator[MoMoGateway]:
    """The gateway."""
    gateway = MoMoGateway(settings, transport=network)
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
    server: MoMoServer, settings: MoMoSettings, world: World, storage: Storage, network: httpx.HTTPTransport
) -> Iterator[Till]:
    """A shop's payments, with the plugin as a shop loads it."""
    plugin = MoMoPlugin(transport=network, **settings.model_dump())
    hooks = build_hooks([payment_hooks], [plugin])
    (gateways,) = hooks.commerce_payment_gateways()
    begin = unit_of_work(storage, "payments", world, lambda name: True, lambda: None)
    service = PaymentService(begin, world, Providers("payment gateway", gateways), hooks)
    yield Till(server, service, storage)
    plugin.close()
