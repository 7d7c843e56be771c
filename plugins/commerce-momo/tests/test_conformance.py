"""MoMo passes the suite that every gateway passes, over real HTTP against the stand-in."""

from collections.abc import Callable, Iterator
from uuid import UUID

import httpx
import pytest
from commerce_momo import MoMoGateway, MoMoSettings, RequestType

from commerce.kernel import Money
from commerce.payments import PaymentGateway, RawNotice
from commerce.testing.conformance.gateway import Customer, Desk, GatewayConformance
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.serving import HttpFault


class TestMoMo(GatewayConformance):
    @pytest.fixture
    def gateway(self, settings: MoMoSettings, network: httpx.HTTPTransport) -> Iterator[PaymentGateway]:
        gateway = MoMoGateway(settings, transport=network)
        yield gateway
        gateway.close()

    @pytest.fixture
    def amount(self) -> Money:
        return Money(400_000, "VND")

    @pytest.fixture
    def action_token(self) -> str:
        return ""

    @pytest.fixture
    def customer(self, server: MoMoServer) -> Customer:
        def customer(payment_id: str, *, approves: bool) -> None:
            (server.approve if approves else server.cancel)(UUID(payment_id).hex)

        return customer

    @pytest.fixture
    def genuine_notice(self, server: MoMoServer) -> Callable[[Desk], RawNotice]:
        return lambda desk: server.notices()[-1]

    @pytest.fixture
    def unreachable(self, elsewhere: Callable[[str], PaymentGateway]) -> PaymentGateway:
        return elsewhere("http://127.0.0.1:9")

    @pytest.fixture
    def timing_out(self, settings: MoMoSettings, server: MoMoServer, network: httpx.HTTPTransport) -> PaymentGateway:
        server.script(HttpFault.STALLED, method="POST")
        return MoMoGateway(settings.model_copy(update={"timeout": 0.2}), transport=network)

    @pytest.fixture
    def elsewhere(self, settings: MoMoSettings, network: httpx.HTTPTransport) -> Callable[[str], PaymentGateway]:
        return lambda url: MoMoGateway(settings.model_copy(update={"base_url": url}), transport=network)


class TestMoMoWhoseRefundsTakeTime(TestMoMo):
    @pytest.fixture(autouse=True)
    def _in_work(self, server: MoMoServer) -> None:
        server.refund_code = 7002


class TestMoMoWithDomesticCards(TestMoMo):
    """Captured at once, always."""

    @pytest.fixture
    def settings(self, settings: MoMoSettings) -> MoMoSettings:
        return settings.model_copy(update={"request_type": RequestType.ATM})
