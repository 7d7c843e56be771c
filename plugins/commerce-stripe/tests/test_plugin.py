"""The shop gets the gateway through the hook, under the name that the settings give it."""

from commerce_stripe import StripePlugin

from commerce.payments import hooks as payment_hooks
from commerce.runtime import build_hooks


def test_offers_its_gateway() -> None:
    plugin = StripePlugin(secret_key="sk_test_1", name="stripe-eu")
    offered = build_hooks([payment_hooks], [plugin]).commerce_payment_gateways()
    assert offered == [{"stripe-eu": plugin.gateway}]
    plugin.close()
