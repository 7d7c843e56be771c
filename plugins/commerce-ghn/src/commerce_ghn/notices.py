"""GHN's notices: JSON that is not signed, sent with a header that the shop chose.

Source: developer.ghn.vn/en/docs/webhook/callback-order-status. GHN signs nothing; its portal lets a shop set headers
that it sends along. So the header has to hold the secret, and what the notice says is not believed.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence

from commerce.shipping import CarrierNotice, NoticeRejected
from commerce_ghn.settings import GHNSettings

__all__ = ["numbers_in"]


def numbers_in(settings: GHNSettings, notice: CarrierNotice) -> Sequence[str]:
    """The tracking numbers that a notice may be about, or `NoticeRejected`.

    An order of several parcels is known by the number of its first one.
    """
    secret = settings.notice_secret.get_secret_value() if settings.notice_secret else ""
    given = notice.headers.get(settings.notice_header, "")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise NoticeRejected(carrier=settings.name, reason=f"header {settings.notice_header} does not hold the secret")
    told = _fields(settings, notice)
    order_code = told.get("OrderCode")
    if told.get("ShopID") != settings.shop_id:
        raise NoticeRejected(carrier=settings.name, reason="it is for another shop")
    if not isinstance(order_code, str) or not re.fullmatch("[A-Za-z0-9]{1,32}", order_code):
        raise NoticeRejected(carrier=settings.name, reason="it names no order")
    return order_code, f"{order_code}_1"


def _fields(settings: GHNSettings, notice: CarrierNotice) -> Mapping[str, object]:
    try:
        told = json.loads(notice.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NoticeRejected(carrier=settings.name, reason="it is not JSON with fields")
    return told
