"""PayPal as a payment gateway of commerce.

A shop loads it by name, with its settings; secrets are masked wherever they are shown::

    >>> from commerce_paypal import PayPalPlugin
    >>> plugin = PayPalPlugin(client_id="app-1", client_secret="s3cret", webhook_id="WH-1")
    >>> plugin.settings.client_secret
    SecretStr('**********')
    >>> plugin.gateway.abilities.redirects
    True
"""

from commerce_paypal.errors import PayPalMisconfigured, PayPalUnavailable, PayPalUnknown
from commerce_paypal.gateway import PayPalGateway
from commerce_paypal.plugin import PayPalPlugin
from commerce_paypal.settings import PayPalSettings

__all__ = [
    "PayPalGateway",
    "PayPalMisconfigured",
    "PayPalPlugin",
    "PayPalSettings",
    "PayPalUnavailable",
    "PayPalUnknown",
]
