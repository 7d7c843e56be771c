"""The gateways that ship, and what makes them special."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commerce.adapters.manual_gateway import ManualGateway
from commerce.kernel import Money
from commerce.payments import GatewayAbilities, OperationKind, PaymentGateway, RawNotice
from commerce.testing.conformance.gateway import Customer, Desk, GatewayConformance
from commerce.testing.gateways import FakeGateway, Fault, Tokens


class TestFakeGateway(GatewayConformance):
    @pytest.fixture
    def gateway(self) -> Iterator[PaymentGateway]:
        gateway = FakeGateway()
        yield gateway
        gateway.close()

    @pytest.fixture
    def declined_token(self) -> str:
        return Tokens.DECLINED

    @pytest.fixture(params=[Tokens.ACTION, Tokens.REDIRECT])
    def action_token(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def customer(self, gateway: FakeGateway) -> Customer:
        return gateway.customer_acts

    @pytest.fixture
    def genuine_notice(self, gateway: FakeGateway) -> Callable[[Desk], RawNotice]:
        return lambda desk: gateway.notices()[-1]

    @pytest.fixture
    def unreachable(self, gateway: FakeGateway) -> FakeGateway:
        gateway.script("authorize", Fault.UNAVAILABLE)
        return gateway

    @pytest.fixture
    def timing_out(self, gateway: FakeGateway) -> FakeGateway:
        gateway.script("authorize", Fault.LOST_ANSWER)
        return gateway


class TestFakeGatewayThatCapturesOnce(TestFakeGateway):
    @pytest.fixture
    def gateway(self) -> Iterator[PaymentGateway]:
        gateway = FakeGateway(abilities=GatewayAbilities(currencies=frozenset({"EUR"})))
        yield gateway
        gateway.close()


class TestFakeGatewayThatRedirects(TestFakeGateway):
    """As a bank's payment page does: always away, always captured at once, never voided."""

    @pytest.fixture
    def gateway(self) -> Iterator[PaymentGateway]:
        gateway = FakeGateway(
            abilities=GatewayAbilities(separate_capture=False, void=False, cancel=False, redirects=True)
        )
        yield gateway
        gateway.close()

    @pytest.fixture
    def ok_token(self) -> str:
        return Tokens.REDIRECT


class TestManualGateway(GatewayConformance):
    @pytest.fixture(params=[False, True])
    def gateway(self, request: pytest.FixtureRequest) -> PaymentGateway:
        return ManualGateway(awaits_funds=request.param)


def test_the_outside_world_outlives_the_process(tmp_path: Path) -> None:
    """A fake in a file knows after a restart what it did before."""
    amount = Money("100.00", "EUR")
    before = FakeGateway(tmp_path / "bank.db")
    desk = Desk(before, amount, Tokens.OK)
    desk.authorize(capture=True)
    before.close()
    after = FakeGateway(tmp_path / "bank.db")
    desk.gateway = after
    assert desk.total(OperationKind.CAPTURE) == amount
    assert [call.method for call in after.calls] == ["authorize", "fetch"]
    assert len(after.notices()) == 2
    after.close()
