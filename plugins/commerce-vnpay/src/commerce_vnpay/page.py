"""The address that a customer pays at. Made without calling anybody: the same request, the same address."""

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from urllib.parse import quote
from uuid import UUID

from commerce.payments import AuthorizeRequest
from commerce_vnpay.settings import VNPaySettings
from commerce_vnpay.signing import encoded, signed

__all__ = ["page_address", "payment_id_of", "plain", "stamp", "txn_ref"]

#: VNPay's clocks are those of Vietnam, which knows no daylight saving time.
VIETNAM = timezone(timedelta(hours=7))

_TXN_REF = re.compile(r"[0-9a-f]{32}")
_LONGEST_INFO = 255


def stamp(moment: datetime) -> str:
    """A moment in VNPay's way, ``yyyyMMddHHmmss``."""
    return moment.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")


def txn_ref(payment_id: str) -> str:
    """Our id as VNPay knows it: letters and digits only."""
    return UUID(payment_id).hex


def payment_id_of(ref: str) -> str:
    """Our id of what VNPay knows by a reference; empty if that is none of ours."""
    return str(UUID(ref)) if _TXN_REF.fullmatch(ref) else ""


def plain(text: str) -> str:
    """A text in the characters that every encoder treats alike, without Vietnamese marks.

    >>> plain("Đơn hàng số 12 * ~ (gấp!)")
    'Don hang so 12 gap'
    """
    bare = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    kept = re.sub(r"[^A-Za-z0-9 .:_-]+", " ", "".join(c for c in bare if not unicodedata.combining(c)))
    return re.sub(" +", " ", kept).strip()[:_LONGEST_INFO].rstrip()


def page_address(settings: VNPaySettings, request: AuthorizeRequest) -> str:
    """The signed address of VNPay's page for one payment."""
    fields = encoded(
        {
            "vnp_Version": "2.1.0",
            "vnp_Command": "pay",
            "vnp_TmnCode": settings.tmn_code,
            "vnp_Amount": str(request.amount.minor * 100),
            "vnp_CurrCode": "VND",
            "vnp_TxnRef": txn_ref(request.payment_id),
            "vnp_OrderInfo": plain(request.description) or plain(f"Order {request.order_ref}"),
            "vnp_OrderType": settings.order_type,
            "vnp_Locale": "vn" if request.locale.lower().startswith("vi") else "en",
            "vnp_ReturnUrl": _unambiguous(request.return_url),
            "vnp_IpAddr": _ip(request.customer_ip) or settings.server_ip,
            "vnp_CreateDate": stamp(request.at),
            "vnp_ExpireDate": stamp(request.at + settings.expires_after),
            "vnp_BankCode": settings.bank_code,
        }
    )
    return f"{settings.pay_url}?{fields}&vnp_SecureHash={signed(settings.hash_secret.get_secret_value(), fields)}"


def _ip(text: str) -> str:
    """An address of the internet; nothing if it is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _unambiguous(url: str) -> str:
    """The same URL without the characters that encoders disagree about (``!'()*~``), nor any beyond ASCII."""
    escaped = quote(url, safe="%/:?#[]@&=+$,;-._")
    return escaped.replace("~", "%7E")
