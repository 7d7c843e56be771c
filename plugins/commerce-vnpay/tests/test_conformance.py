"""VNPay passes the suite that every gateway passes, over real HTTP against the stand-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from commerce_vnpay import VNPayGateway, VNPaySettings

from commerce.kernel import Money
from commerce.payments import ActionRequired, AuthorizeRequest, GatewayAnswer, PaymentGateway, RawNotice
from commerce.testing.conformance.gateway import Customer, Desk, GatewayConformance
from commerce.testing.gateways.vnpay import VNPayServer


class WithBrowser(VNPayGateway):
    """Every customer who is sent away opens the page at once."""

    server: VNPayServer

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        answer = super().authorize(request)
        if isinstance(answer, ActionRequired):
            self.server.visit(answer.action.url)
        return answer


class TestVNPay(GatewayConformance):
    @pytest.fixture(autouse=True)
    def _today(self, world: Callable[[], datetime]) -> None:
        """The suite asks at the time of day."""
        world.now = datetime.now(UTC)  # type: ignore[attr-defined]

    @pytest.fixture
    def gateway(
        self,
        server: VNPayServer,
        settings: VNPaySettings,
        world: Callable[[], datetime],
        network: httpx.HTTPTransport,
    ) -> Iterator[PaymentGateway]:
        gateway = WithBrowser(settings, clock=world, transport=network)
        gateway.server = server
        yield gateway
        gateway.close()

    @pytest.fixture
    def amount(self) -> Money:
        return Money(400_000, "VND")

    @pytest.fixture
    def action_token(self) -> str:
        return ""

    @pytest.fixture
    def customer(self, server: VNPayServer) -> Customer:
        def customer(payment_id: str, *, approves: bool) -> None:
            (server.approve if approves else server.cancel)(UUID(payment_id).hex)

        return customer

    @pytest.fixture
    def genuine_notice(self, server: VNPayServer) -> Callable[[Desk], RawNotice]:
        return lambda desk: server.notices()[-1]

    @pytest.fixture
    def elsewhere(self, settings: VNPaySettings, network: httpx.HTTPTransport) -> Callable[[str], PaymentGateway]:
        return lambda url: VNPayGateway(settings.model_copy(update={"api_url": url}), transport=network)


class TestVNPayThatRefundsAtOnce(TestVNPay):
    @pytest.fixture(autouse=True)
    def _at_once(self, server: VNPayServer) -> None:
        server.refund_status = "00"
