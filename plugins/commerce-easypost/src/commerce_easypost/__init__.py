"""EasyPost as a carrier of commerce: one account with USPS, UPS, FedEx, DHL and many more.

A shop loads it by name, with its settings; secrets are masked wherever they are shown::

    >>> from commerce_easypost import EasyPostPlugin
    >>> plugin = EasyPostPlugin(api_key="EZTK-not-a-key", label_format="zpl")
    >>> plugin.settings.api_key
    SecretStr('**********')
    >>> sorted(plugin.commerce_carriers())
    ['easypost']
"""

from commerce_easypost.carrier import EasyPostCarrier
from commerce_easypost.errors import (
    EasyPostCannotQuote,
    EasyPostMisconfigured,
    EasyPostUnavailable,
    EasyPostUnknown,
)
from commerce_easypost.plugin import EasyPostPlugin
from commerce_easypost.settings import EasyPostSettings, LabelFormat

__all__ = [
    "EasyPostCannotQuote",
    "EasyPostCarrier",
    "EasyPostMisconfigured",
    "EasyPostPlugin",
    "EasyPostSettings",
    "EasyPostUnavailable",
    "EasyPostUnknown",
    "LabelFormat",
]
