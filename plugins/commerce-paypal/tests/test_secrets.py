"""No secret and nothing of the shopper shows anywhere."""

import logging
import pickle
from collections.abc import Callable

import pytest
from commerce_paypal import PayPalGateway, PayPalMisconfigured, PayPalPlugin

from commerce.kernel import CommerceError, Money
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.paypal import PayPalServer
from commerce.testing.serving import HttpFault

SECRETS = ("standin-secret-5e1f", "A21AA-standin")


def shows(*things: object) -> list[str]:
    """Which secrets stand in the printed forms of things, of what they hold, and of what led to them."""
    texts: list[str] = []
    for thing in things:
        texts += [repr(thing), str(thing), repr(getattr(thing, "details", "")), repr(getattr(thing, "args", ""))]
        if isinstance(thing, BaseException):
            texts += [repr(thing.__cause__), repr(thing.__cause__ and thing.__cause__.args)]
    return [secret for secret in SECRETS if any(secret in text for text in texts)]


def test_neither_in_the_plugin_nor_in_the_stand_in(paypal: PayPalServer) -> None:
    plugin = PayPalPlugin(client_id="app", client_secret=SECRETS[0])
    assert shows(plugin, plugin.settings, plugin.gateway, plugin.settings.model_dump(), paypal) == []
    assert SECRETS[0] not in plugin.settings.model_dump_json()
    plugin.close()


@pytest.mark.parametrize("fault", list(HttpFault))
def test_nor_in_errors_and_logs(
    paypal: PayPalServer,
    make: Callable[..., PayPalGateway],
    fault: HttpFault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    paypal.script(fault, method="POST", path="/v2/*")
    with pytest.raises(CommerceError) as raised:
        Desk(make(timeout=0.5), Money("100.00", "EUR"), "").authorize()
    assert shows(raised.value, pickle.loads(pickle.dumps(raised.value)), caplog.text) == []  # noqa: S301 - our own


@pytest.mark.parametrize(
    "settings",
    [
        {"client_id": "app", "client_secret": ""},
        {"client_id": "app", "client_secret": [SECRETS[0]]},
        {"client_id": "app", "client_secret": SECRETS[0], "verify": SECRETS[0]},
        {"client_id": "app", "client_secret": SECRETS[0], "timeout": 900},
        {"client_id": "app", "client_secret": SECRETS[0], "secret": SECRETS[0]},
        {"client_id": "app", "client_secret": SECRETS[0], "verify": "certificate", "trusted_roots": "nonsense"},
        {},
    ],
)
def test_wrong_settings_are_named_and_not_repeated(settings: dict[str, object]) -> None:
    """The host learns which one is wrong when the shop is built."""
    named = r"plugin paypal: (client_id|client_secret|verify|timeout|secret|trusted_roots)"
    with pytest.raises(PayPalMisconfigured, match=named) as raised:
        PayPalPlugin(**settings)
    assert shows(raised.value) == []
