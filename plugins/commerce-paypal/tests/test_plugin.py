"""The shop gets the gateway through the hook, under the name that the settings give it."""

from commerce_paypal import PayPalPlugin

from commerce.payments import hooks as payment_hooks
from commerce.runtime import build_hooks


def test_offers_its_gateway() -> None:
    plugin = PayPalPlugin(client_id="app", client_secret="s", name="paypal-eu", verify="certificate")
    offered = build_hooks([payment_hooks], [plugin]).commerce_payment_gateways()
    assert offered == [{"paypal-eu": plugin.gateway}]
    plugin.close()
