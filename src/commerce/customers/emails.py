"""E-mail addresses: one spelling of each, and a check that does not pretend to know more than it can."""

import re
import unicodedata

from commerce.customers.errors import InvalidEmail

__all__ = ["normalised_email"]

# RFC 5321 section 4.5.3.1: octets of the local part, and of a path without its angle brackets.
_LONGEST_LOCAL, _LONGEST = 64, 254

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")


def normalised_email(text: str) -> str:
    """The one spelling under which an address is compared and stored: NFKC, lower case, no space around it.

    RFC 5321 lets the part before the ``@`` depend on case; hardly any mailbox does, and two customers
    who differ by case only are one. Dots and ``+tags`` are kept: whether they matter only the provider knows.
    Whether anybody reads mail there is found out by sending one. Raises `InvalidEmail`.

    >>> normalised_email(" Ada@Example.ORG ")
    'ada@example.org'
    """
    email = unicodedata.normalize("NFKC", text).strip().lower()
    local, at, domain = email.rpartition("@")
    if not (local and at and domain):
        raise InvalidEmail(reason="it has a part before and a part after one @")
    if len(local.encode()) > _LONGEST_LOCAL or len(email.encode()) > _LONGEST:
        raise InvalidEmail(reason=f"at most {_LONGEST_LOCAL} characters before the @, {_LONGEST} in all")
    if any(not char.isprintable() or char.isspace() or char in '@<>()[],;:\\"' for char in local):
        raise InvalidEmail(reason="the part before the @ has a character that mail addresses do not have")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise InvalidEmail(reason="dots stand between characters")
    labels = domain.split(".")
    if len(labels) == 1 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise InvalidEmail(reason="the part after the @ is a domain name such as example.org")
    return email
