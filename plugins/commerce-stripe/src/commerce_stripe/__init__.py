"""Stripe as a payment gateway of commerce.

A shop loads it by name, with its settings; secrets are masked wherever they are shown::

    >>> from commerce_stripe import StripePlugin
    >>> plugin = StripePlugin(secret_key="sk_test_1", webhook_secrets=("whsec_1",))
    >>> plugin.settings.secret_key
    SecretStr('**********')
    >>> plugin.gateway.abilities.increment
    False
"""

from commerce_stripe.amounts import of_stripe, to_stripe
from commerce_stripe.errors import StripeMisconfigured, StripeUnavailable, StripeUnknown
from commerce_stripe.gateway import StripeGateway
from commerce_stripe.plugin import StripePlugin
from commerce_stripe.settings import StripeSettings

__all__ = [
    "StripeGateway",
    "StripeMisconfigured",
    "StripePlugin",
    "StripeSettings",
    "StripeUnavailable",
    "StripeUnknown",
    "of_stripe",
    "to_stripe",
]
