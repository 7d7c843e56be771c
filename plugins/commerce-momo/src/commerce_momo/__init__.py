"""MoMo for `commerce`: customers pay with MoMo's wallet or cards, in VND.

>>> from commerce_momo import MoMoPlugin
>>> plugin = MoMoPlugin(partner_code="PTEST", access_key="…", secret_key="…",
...     base_url="https://momo.example", ipn_url="https://shop.example/notices/momo")
>>> sorted(plugin.commerce_payment_gateways())
['momo']
"""

from commerce_momo.errors import MoMoAmountRefused, MoMoMisconfigured, MoMoUnavailable, MoMoUnknown
from commerce_momo.gateway import MoMoGateway
from commerce_momo.plugin import MoMoPlugin
from commerce_momo.settings import MoMoSettings, RequestType

__all__ = [
    "MoMoAmountRefused",
    "MoMoGateway",
    "MoMoMisconfigured",
    "MoMoPlugin",
    "MoMoSettings",
    "MoMoUnavailable",
    "MoMoUnknown",
    "RequestType",
]
