"""PayPal's notices: who sent them, and what they are about (developer.paypal.com/api/rest/webhooks/rest)."""

import base64
import contextlib
import json
import re
import warnings
import zlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

import certifi
from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from commerce.payments import Notice, NoticeRejected, RawNotice
from commerce_paypal.errors import PayPalMisconfigured

__all__ = ["Transmission", "load_roots", "read_event", "trusted_key"]

#: The names that PayPal's signing certificates carry.
_NAMES = ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com")

_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

_FIELDS = {
    "id": "paypal-transmission-id",
    "time": "paypal-transmission-time",
    "signature": "paypal-transmission-sig",
    "cert_url": "paypal-cert-url",
    "algorithm": "paypal-auth-algo",
}


@frozen(kw_only=True)
class Transmission:
    """What PayPal says about a notice in its headers."""

    id: str
    time: str
    signature: str
    cert_url: str
    algorithm: str

    @classmethod
    def of(cls, notice: RawNotice, *, base_url: str, at: datetime, tolerance: int) -> "Transmission":
        """Read and check all that can be checked without a key.

        The certificate may only come from PayPal by https, or from the very address that we send our own secrets to.
        """
        found = {name: notice.headers.get(header, "") for name, header in _FIELDS.items()}
        if not all(found.values()):
            raise NoticeRejected(reason="there is no PayPal signature on it")
        self = cls(**found)
        if self.algorithm != "SHA256withRSA":
            raise NoticeRejected(reason="its signature is of an unknown kind")
        if not _from_paypal(self.cert_url, base_url):
            raise NoticeRejected(reason="its certificate is not at PayPal's")
        try:
            age = at.timestamp() - datetime.fromisoformat(self.time).timestamp()
        except ValueError:
            raise NoticeRejected(reason="it has no time") from None
        if abs(age) > tolerance:
            raise NoticeRejected(reason="it is too old")
        return self

    def check(self, key: rsa.RSAPublicKey, webhook_id: str, body: bytes) -> None:
        """Raise `NoticeRejected` unless the key signed these bytes for this webhook."""
        message = f"{self.id}|{self.time}|{webhook_id}|{zlib.crc32(body)}".encode()
        try:
            signature = base64.b64decode(self.signature, validate=True)
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):  # or what is no Base64, or no text that could have been signed
            raise NoticeRejected(reason="the signature does not match the body") from None

    def question(self, webhook_id: str, body: bytes) -> bytes:
        """The body of a request that asks PayPal itself, with the notice in it byte for byte."""
        told = {
            "auth_algo": self.algorithm,
            "cert_url": self.cert_url,
            "transmission_id": self.id,
            "transmission_sig": self.signature,
            "transmission_time": self.time,
            "webhook_id": webhook_id,
        }
        return json.dumps(told)[:-1].encode() + b', "webhook_event": ' + body + b"}"


def load_roots(pem: str) -> Store:
    """The roots to trust: those given, or the ones that certifi ships."""
    roots = _certificates(pem or certifi.contents())
    if not roots:
        raise PayPalMisconfigured(reason="trusted_roots: give certificates in PEM")
    return Store(roots)


def _certificates(pem: str) -> list[x509.Certificate]:
    """Those that are as RFC 5280 wants them; the web trusts some old roots that are not."""
    found: list[x509.Certificate] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for text in _PEM.findall(pem):
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                found.append(x509.load_pem_x509_certificate(text.encode()))
    return found


def trusted_key(pem: bytes, roots: Store, *, at: datetime) -> rsa.RSAPublicKey:
    """The key of a certificate, if a root vouches for it, it is PayPal's by name, and valid now."""
    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise NoticeRejected(reason="its certificate cannot be read") from None
    key = leaf.public_key()
    for name in _NAMES:
        try:
            verifier = PolicyBuilder().store(roots).time(at).build_server_verifier(x509.DNSName(name))
            verifier.verify(leaf, others)
        except VerificationError:
            continue
        if isinstance(key, rsa.RSAPublicKey):
            return key
    raise NoticeRejected(reason="its certificate is not one to trust")


def read_event(body: bytes) -> Notice | None:
    """What a verified event is about; nothing unless it is about a payment."""
    try:
        event = json.loads(body)
        about, id, kind = event["resource"], event["id"], str(event["event_type"])
        if kind.startswith("CHECKOUT.ORDER."):
            reference, payment_id = about["id"], about["purchase_units"][0].get("custom_id")
        else:
            # Refunds name no order: what we wrote on them has to do.
            reference = ((about.get("supplementary_data") or {}).get("related_ids") or {}).get("order_id", "")
            payment_id = about.get("custom_id")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    if not isinstance(id, str) or not isinstance(reference, str) or not (reference or payment_id):
        return None
    return Notice(id=id, payment_id=str(payment_id or ""), reference=reference)


def _from_paypal(url: str, base_url: str) -> bool:
    try:
        asked, ours = urlsplit(url), urlsplit(base_url)
        # A query makes another address of the same file, to be fetched again.
        if "@" in asked.netloc or "?" in url or "#" in url:
            return False
        host = asked.hostname or ""
        paypal = asked.scheme == "https" and asked.port in (None, 443) and host.endswith(".paypal.com")
    except ValueError:
        return False
    return paypal or (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc)


def verdict(answer: Mapping[str, object]) -> None:
    """Raise `NoticeRejected` unless PayPal said that the notice is its own."""
    if answer.get("verification_status") != "SUCCESS":
        raise NoticeRejected(reason="PayPal did not send it")
