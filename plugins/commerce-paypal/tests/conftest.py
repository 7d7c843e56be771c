"""One stand-in for PayPal for the whole run; each test brings payments of its own."""

from collections.abc import Callable, Iterator

import pytest
from commerce_paypal import PayPalGateway, PayPalPlugin

from commerce.testing.gateways.paypal import PayPalServer

Make = Callable[..., PayPalGateway]


@pytest.fixture(scope="session")
def running() -> Iterator[PayPalServer]:
    with PayPalServer(client_secret="standin-secret-5e1f") as server:
        yield server


@pytest.fixture(autouse=True)
def paypal(running: PayPalServer) -> PayPalServer:
    """The stand-in, with nothing scripted and no notice waiting."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def make(running: PayPalServer) -> Iterator[Make]:
    """Gateways to the stand-in, with settings of the test's own. Equal ones are one."""
    made: dict[str, PayPalPlugin] = {}

    def make(**settings: object) -> PayPalGateway:
        name = repr(sorted(settings.items()))
        if name not in made:
            made[name] = PayPalPlugin(
                **{
                    "client_id": running.client_id,
                    "client_secret": running.client_secret,
                    "webhook_id": running.webhook_id,
                    "trusted_roots": running.certificate.root_pem,
                    "base_url": running.url,
                    **settings,
                }
            )
        return made[name].gateway

    yield make
    for plugin in made.values():
        plugin.close()


@pytest.fixture
def gateway(make: Make, paypal: PayPalServer) -> PayPalGateway:
    return make()
