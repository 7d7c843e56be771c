"""One stand-in for Stripe for the whole run; each test brings payments of its own."""

from collections.abc import Callable, Iterator

import pytest
from commerce_stripe import StripeGateway, StripePlugin

from commerce.testing.gateways.stripe import StripeServer

Make = Callable[..., StripeGateway]


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
