"""No secret and nothing of the shopper shows anywhere."""

import logging
import pickle

import pytest
from commerce_stripe import StripeMisconfigured, StripePlugin

from commerce.kernel import CommerceError, Money
from commerce.payments import PaymentDeclined
from commerce.testing.conformance.gateway import Desk
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.serving import HttpFault

SECRETS = ("sk_test_standin_9c1e", "whsec_standin_77af", "_secret_standin")


def shows(*things: object) -> list[str]:
    """Which secrets stand in the printed forms of things, of what they hold, and of what led to them."""
    texts: list[str] = []
    for thing in things:
        texts += [repr(thing), str(thing), repr(getattr(thing, "details", "")), repr(getattr(thing, "args", ""))]
        if isinstance(thing, BaseException):
            texts += [repr(thing.__cause__), repr(thing.__cause__ and thing.__cause__.args)]
    return [secret for secret in SECRETS if any(secret in text for text in texts)]


def test_neither_in_the_plugin_nor_in_the_stand_in(stripe: StripeServer) -> None:
    plugin = StripePlugin(secret_key=SECRETS[0], webhook_secrets=(SECRETS[1],))
    shown = shows(plugin, plugin.settings, plugin.gateway, plugin.settings.model_dump(), stripe)
    assert shown == []
    assert SECRETS[0] not in plugin.settings.model_dump_json()
    plugin.close()


@pytest.mark.parametrize("fault", list(HttpFault))
def test_nor_in_errors_and_logs(
    stripe: StripeServer, make: object, fault: HttpFault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert callable(make)
    stripe.script(fault, method="POST")
    with pytest.raises(CommerceError) as raised:
        Desk(make(timeout=0.5), Money("100.00", "EUR"), "pm_card_visa").authorize()
    assert shows(raised.value, pickle.loads(pickle.dumps(raised.value)), caplog.text) == []  # noqa: S301 - our own


def test_nor_in_events_and_what_is_told_of_a_decline(stripe: StripeServer, till: object) -> None:
    service, storage = till.service, till.storage  # type: ignore[attr-defined]  # a fixture's class
    with pytest.raises(PaymentDeclined) as declined:
        till.pay("pm_card_chargeDeclined")  # type: ignore[attr-defined]
    waiting = till.pay("", key="second")  # type: ignore[attr-defined]
    events = [envelope for _, envelope in storage.outbox.archive()]
    assert shows(declined.value, waiting, service.get(waiting.id), *events) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"secret_key": ""},
        {"secret_key": SECRETS[0], "webhook_secret": SECRETS[1]},
        {"secret_key": [SECRETS[0]]},
        {"secret_key": SECRETS[0], "webhook_secrets": SECRETS[1]},
        {"secret_key": SECRETS[0], "timeout": "soon"},
        {"secret_key": SECRETS[0], "timeout": 900},
        {},
    ],
)
def test_wrong_settings_are_named_and_not_repeated(settings: dict[str, object]) -> None:
    """The host learns which one is wrong when the shop is built."""
    with pytest.raises(StripeMisconfigured, match=r"plugin stripe: (secret_key|webhook_secret|timeout)") as raised:
        StripePlugin(**settings)
    assert shows(raised.value) == []
