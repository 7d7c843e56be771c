"""MoMo's signature: HMAC-SHA256 over named values as they are, in the order of their names.

The rules and the names are those of MoMo's published documentation of its All-In-One gateway, version 2.
"""

import hashlib
import hmac
from collections.abc import Mapping

__all__ = ["CONFIRM", "CREATE", "NOTICE", "QUERY", "REFUND", "matches", "signed"]

CREATE = (
    "amount",
    "extraData",
    "ipnUrl",
    "orderId",
    "orderInfo",
    "partnerCode",
    "redirectUrl",
    "requestId",
    "requestType",
)
QUERY = ("orderId", "partnerCode", "requestId")
CONFIRM = ("amount", "description", "orderId", "partnerCode", "requestId", "requestType")
REFUND = ("amount", "description", "orderId", "partnerCode", "requestId", "transId")
NOTICE = (
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
)


def signed(access_key: str, secret_key: str, fields: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The signature over some of the fields, in lower-case hexadecimal digits. One that is missing is empty."""
    text = "&".join((f"accessKey={access_key}", *(f"{name}={_text(fields.get(name))}" for name in names)))
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def matches(access_key: str, secret_key: str, fields: Mapping[str, object], names: tuple[str, ...]) -> bool:
    """Whether the signature among the fields is right, in constant time."""
    given = fields.get("signature")
    right = signed(access_key, secret_key, fields, names)
    return isinstance(given, str) and hmac.compare_digest(right.encode(), given.lower().encode())


def _text(value: object) -> str:
    return "" if value is None else str(value)
