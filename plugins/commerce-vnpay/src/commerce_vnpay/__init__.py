"""VNPay for `commerce`: customers pay at VNPay's page, in VND.

The address of the page is signed here, and needs no network::

    >>> from commerce_vnpay import VNPayPlugin
    >>> plugin = VNPayPlugin(tmn_code="DEMOV210", hash_secret="…",
    ...     pay_url="https://pay.example/vpcpay.html", api_url="https://pay.example/api/transaction")
    >>> sorted(plugin.commerce_payment_gateways())
    ['vnpay']
"""

from commerce_vnpay.errors import VNPayMisconfigured, VNPayUnavailable, VNPayUnknown
from commerce_vnpay.gateway import VNPayGateway
from commerce_vnpay.plugin import VNPayPlugin
from commerce_vnpay.settings import VNPaySettings

__all__ = [
    "VNPayGateway",
    "VNPayMisconfigured",
    "VNPayPlugin",
    "VNPaySettings",
    "VNPayUnavailable",
    "VNPayUnknown",
]
