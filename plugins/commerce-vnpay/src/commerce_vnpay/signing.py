"""VNPay's two ways to sign: sorted form fields in addresses, joined values in the API. Both HMAC-SHA512.

The rules are those of VNPay's published integration guide, version 2.1.0.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus, unquote_plus

from commerce.payments import NoticeRejected

__all__ = ["encoded", "joined", "matches", "signed", "verified"]

_HASHES = ("vnp_SecureHash", "vnp_SecureHashType")


def signed(secret: str, text: str) -> str:
    """HMAC-SHA512 in lower-case hexadecimal digits."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def matches(secret: str, text: str, signature: str) -> bool:
    """Whether a signature is right, in constant time."""
    return hmac.compare_digest(signed(secret, text).encode(), signature.lower().encode())


def encoded(fields: Mapping[str, str]) -> str:
    """Fields as they are signed in an address: no empty ones, sorted by name, form-encoded."""
    return "&".join(f"{name}={quote_plus(fields[name])}" for name in sorted(fields) if fields[name])


def joined(values: Iterable[str]) -> str:
    """Values as they are signed in the API; one that is missing is empty."""
    return "|".join(values)


def verified(secret: str, query: str) -> dict[str, str]:
    """The fields of a query string that VNPay signed, or `NoticeRejected`.

    The string is sorted and never encoded anew: encoders disagree about ``*`` and ``~``. Fields that are
    not VNPay's are nobody's promise and left out.
    """
    if not query.isascii():
        raise NoticeRejected(reason="it is not encoded as an address is")
    pairs = [part.partition("=") for part in query.split("&")]
    raw = {name: value for name, _, value in pairs if name.startswith("vnp_")}
    if len(raw) != sum(name.startswith("vnp_") for name, _, _ in pairs):
        raise NoticeRejected(reason="a field is there twice")
    text = "&".join(f"{name}={raw[name]}" for name in sorted(raw) if raw[name] and name not in _HASHES)
    if not matches(secret, text, raw.get("vnp_SecureHash", "")):
        raise NoticeRejected(reason="the signature does not match the query")
    return {name: unquote_plus(value) for name, value in raw.items() if name not in _HASHES}
