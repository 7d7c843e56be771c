"""What every gateway promises; notices are verified by asking PayPal, and by the certificate."""

import socket
from collections.abc import Callable, Iterator

import pytest
from commerce_paypal import PayPalGateway

from commerce.payments import NoticeReply, PaymentGateway, RawNotice
from commerce.testing.conformance.gateway import Customer, Desk, GatewayConformance
from commerce.testing.gateways.paypal import PayPalServer
from commerce.testing.serving import HttpFault, HttpRequest, json_reply

Make = Callable[..., PayPalGateway]


class Conformance(GatewayConformance):
    @pytest.fixture
    def ok_token(self) -> str:
        return ""

    @pytest.fixture
    def action_token(self) -> str:
        return ""

    @pytest.fixture
    def customer(self, paypal: PayPalServer) -> Customer:
        def act(payment_id: str, *, approves: bool) -> None:
            order = paypal.of_payment(payment_id)[0]
            (paypal.approve if approves else paypal.expire)(order["id"])

        return act

    @pytest.fixture
    def genuine_notice(self, paypal: PayPalServer) -> Callable[[Desk], RawNotice]:
        def newest(desk: Desk) -> RawNotice:
            return next(n for n in reversed(paypal.notices()) if desk.reference.encode() in n.body)

        return newest

    @pytest.fixture
    def unreachable(self, make: Make) -> Iterator[PaymentGateway]:
        with socket.socket() as deaf:  # nobody else gets its port meanwhile
            deaf.bind(("127.0.0.1", 0))
            yield make(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}")

    @pytest.fixture
    def timing_out(self, paypal: PayPalServer, make: Make) -> PaymentGateway:
        paypal.script(HttpFault.STALLED, path="/v2/*", times=3)
        return make(timeout=1)

    @pytest.fixture
    def elsewhere(self, make: Make) -> Callable[[str], PaymentGateway]:
        return lambda url: make(base_url=url)

    def before_answering(self, request: HttpRequest) -> NoticeReply | None:
        token = request.path == "/v1/oauth2/token"
        return json_reply({"access_token": "t", "expires_in": 100}) if token else None


class TestAskingPayPal(Conformance):
    @pytest.fixture
    def gateway(self, make: Make) -> PaymentGateway:
        return make()


class TestByCertificate(Conformance):
    @pytest.fixture
    def gateway(self, make: Make) -> PaymentGateway:
        return make(verify="certificate")
