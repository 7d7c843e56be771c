"""GHN (Giao Hàng Nhanh) for `commerce`: parcels within Vietnam.

>>> from commerce_ghn import GHNPlugin
>>> plugin = GHNPlugin(token="…", shop_id=885, base_url="https://ghn.example", phone="02871000000")
>>> sorted(plugin.commerce_carriers())
['ghn']
"""

from commerce_ghn.carrier import GHNCarrier
from commerce_ghn.errors import GHNCannotPrice, GHNMisconfigured, GHNRejectsToken, GHNUnavailable, GHNVoidUnknown
from commerce_ghn.plugin import GHNPlugin
from commerce_ghn.settings import AddressLevels, GHNSettings, Paper, RequiredNote

__all__ = [
    "AddressLevels",
    "GHNCannotPrice",
    "GHNCarrier",
    "GHNMisconfigured",
    "GHNPlugin",
    "GHNRejectsToken",
    "GHNSettings",
    "GHNUnavailable",
    "GHNVoidUnknown",
    "Paper",
    "RequiredNote",
]
