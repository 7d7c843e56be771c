"""One stand-in for Stripe for the whole run; each test brings payments of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from commerce_stripe import StripeGateway, StripePlugin

from commerce.testing.gateways.stripe import StripeServer

Make = Callable[..., StripeGateway]


@pytest.fixture(scope="session")
def running() -> Iterator[StripeServer]:
    with StripeServer(secret_key="sk_test_standin_9c1e", webhook_secret="whsec_standin_77af") as server:
        yield server


@pytest.fixture
def stripe(running: StripeServer) -> StripeServer:
    """The stand-in, with nothing scripted and no notice waiting."""
    running.reset()
    return running


@pytest.fixture
def make(stripe: StripeServer) -> Iterator[Make]:
    """Gateways to the stand-in, with settings of the test's own."""
    with ExitStack() as stack:

        def make(**settings: object) -> StripeGateway:
            plugin = StripePlugin(
                **{
                    "secret_key": stripe.secret_key,
                    "webhook_secrets": (stripe.webhook_secret,),
                    "base_url": stripe.url,
                    **settings,
                }
            )
            stack.callback(plugin.close)
            return plugin.gateway

        yield make


@pytest.fixture
def gateway(make: Make) -> StripeGateway:
    return make()
