"""Fingerprints: what orders are recognised by, without keeping it.

An HMAC under a secret of the shop (a pepper). Without the secret a fingerprint says nothing, and cannot be
found by trying all addresses or cards.
"""

import hashlib
import hmac
import ipaddress
import unicodedata
from collections.abc import Mapping

from attrs import field, frozen

from commerce.fraud.errors import WeakPepper
from commerce.fraud.values import ScreeningFacts, Subject
from commerce.kernel import InvalidValue

__all__ = ["Fingerprints", "domain_of", "normal"]

#: Secrets shorter than this (RFC 2104 advises the length of the digest, half of it is what it must have) can be tried.
_SHORTEST_PEPPER = 16

#: Mail providers that heed neither dots nor case in what stands before the @ (support.google.com/mail/answer/7436150).
_DOTLESS = {"gmail.com", "googlemail.com"}

#: The part of an IPv6 address that one customer has to themselves (RFC 6177).
_IPV6_PREFIX = 64


@frozen
class Fingerprints:
    """Makes fingerprints under one pepper."""

    pepper: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        """A pepper that can be guessed protects nobody."""
        if len(self.pepper) < _SHORTEST_PEPPER:
            raise WeakPepper(shortest=_SHORTEST_PEPPER)

    def of(self, subject: Subject, value: str) -> str:
        """The fingerprint of one value, however it was spelled: 32 hexadecimal digits."""
        return self._digest(f"{subject.value}:{normal(subject, value)}")

    def all_of(self, facts: ScreeningFacts) -> Mapping[Subject, str]:
        """The fingerprint of every subject that the facts tell."""
        return {subject: self.of(subject, value) for subject, value in _values(facts).items() if value}

    def body(self, facts: ScreeningFacts) -> str:
        """By this a repeated request is known."""
        plain = (facts.amount.minor, facts.amount.currency.code, facts.billing_country, facts.shipping_country)
        return self._digest(repr((*plain, *sorted((s.value, v) for s, v in _values(facts).items()))))

    def _digest(self, text: str) -> str:
        return hmac.digest(self.pepper, text.encode(), hashlib.sha256).hex()[:32]


def normal(subject: Subject, value: str) -> str:
    """One spelling for what is the same: letters folded, tags of mail addresses dropped, networks of IPv6.

    >>> normal(Subject.EMAIL, "Ada.Lovelace+shoes@GoogleMail.com")
    'adalovelace@gmail.com'
    >>> normal(Subject.ADDRESS, "12, Rue de l'Église")
    '12 rue de l eglise'
    """
    text = unicodedata.normalize("NFKC", value).casefold().strip()
    if subject is Subject.EMAIL:
        return _mailbox(text)
    if subject is Subject.IP:
        return _network(text)
    if subject is Subject.ADDRESS:
        plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
    return text if subject is Subject.EMAIL_DOMAIN else unicodedata.normalize("NFKC", value).strip()


def domain_of(email: str) -> str:
    """What stands after the @, folded; nothing if there is none."""
    return unicodedata.normalize("NFKC", email).casefold().strip().rpartition("@")[2] if "@" in email else ""


def _values(facts: ScreeningFacts) -> Mapping[Subject, str]:
    return {
        Subject.CUSTOMER: facts.customer_id,
        Subject.EMAIL: facts.email,
        Subject.EMAIL_DOMAIN: domain_of(facts.email),
        Subject.ADDRESS: facts.address,
        Subject.CARD: facts.card,
        Subject.DEVICE: facts.device,
        Subject.IP: facts.ip,
    }


def _mailbox(text: str) -> str:
    name, _, domain = text.rpartition("@")
    name = name.partition("+")[0] or name
    if domain in _DOTLESS:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidValue(field="ip", reason="pass an IPv4 or IPv6 address, or leave it out") from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _IPV6_PREFIX), strict=False))
    return str(address)
