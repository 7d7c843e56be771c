"""What every gateway promises, with every switch of the account off, and with every one on."""

import socket
from collections.abc import Callable, Iterator

import pytest
from commerce_stripe import StripeGateway

from commerce.payments import PaymentGateway, RawNotice
from commerce.testing.conformance.gateway import Customer, Desk, GatewayConformance
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.serving import HttpFault

Make = Callable[..., StripeGateway]


class Conformance(GatewayConformance):
    @pytest.fixture
    def ok_token(self) -> str:
        return "pm_card_visa"

    @pytest.fixture
    def declined_token(self) -> str:
        return "pm_card_visa_chargeDeclinedInsufficientFunds"

    @pytest.fixture
    def action_token(self) -> str:
        return "pm_card_authenticationRequired"

    @pytest.fixture
    def customer(self, stripe: StripeServer) -> Customer:
        def act(payment_id: str, *, approves: bool) -> None:
            stripe.authenticate(stripe.of_payment(payment_id)[0]["id"], succeed=approves)

        return act

    @pytest.fixture
    def genuine_notice(self, stripe: StripeServer) -> Callable[[Desk], RawNotice]:
        def newest(desk: Desk) -> RawNotice:
            return next(n for n in reversed(stripe.notices()) if desk.reference.encode() in n.body)

        return newest

    @pytest.fixture
    def unreachable(self, make: Make) -> Iterator[PaymentGateway]:
        with socket.socket() as deaf:  # nobody else gets its port meanwhile
            deaf.bind(("127.0.0.1", 0))
            yield make(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}")

    @pytest.fixture
    def timing_out(self, stripe: StripeServer, make: Make) -> PaymentGateway:
        stripe.script(HttpFault.STALLED, times=3)
        return make(timeout=0.2)

    @pytest.fixture
    def elsewhere(self, make: Make) -> Callable[[str], PaymentGateway]:
        return lambda url: make(base_url=url)


class TestPlainAccount(Conformance):
    @pytest.fixture
    def gateway(self, make: Make) -> PaymentGateway:
        return make()


class TestFullAccount(Conformance):
    @pytest.fixture
    def gateway(self, make: Make) -> PaymentGateway:
        return make(multi_capture=True, increment=True)


class TestInPage(Conformance):
    """Without a token the shopper pays in the page."""

    @pytest.fixture
    def gateway(self, make: Make) -> PaymentGateway:
        return make()

    @pytest.fixture
    def ok_token(self) -> str:
        return ""

    @pytest.fixture
    def action_token(self) -> str:
        return ""

    @pytest.fixture
    def customer(self, stripe: StripeServer) -> Customer:
        def act(payment_id: str, *, approves: bool) -> None:
            intent = stripe.of_payment(payment_id)[0]
            if approves:
                stripe.pay(intent["id"])
            else:
                stripe.abandon(intent["id"])

        return act
