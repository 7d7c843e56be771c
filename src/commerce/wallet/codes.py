"""Gift card codes: made at random, recognised by a keyed hash, never kept.

A code has 15 random symbols of 32 and a check symbol: 2**75 codes. With a million live cards,
a thousand guesses per second hit the first one after about a million years; still, limit the
rate of guesses at the door. The check symbol is Luhn's formula modulo 32, as published under the
name "Luhn mod N": one wrong symbol is always noticed, a swap of neighbours almost always. It keeps
typing mistakes away from the storage and tells nobody anything, for anyone can compute it.
"""

import hmac
import secrets

__all__ = ["ALPHABET", "fingerprint", "is_code", "new_code", "normal_code"]

#: Capitals and digits without 0, 1, I and O, which people mistake for each other.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

_RANDOM = 15
_LENGTH = _RANDOM + 1


def new_code() -> str:
    """A code that nobody can guess, in groups of four: ``K7QX-…``."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
    code = body + _check_symbol(body)
    return "-".join(code[start : start + 4] for start in range(0, _LENGTH, 4))


def normal_code(text: str) -> str:
    """What a person typed, without spaces and hyphens, in capitals."""
    return "".join(text.split()).replace("-", "").upper()


def is_code(text: str) -> bool:
    """Whether this can be a code at all: length, alphabet and check symbol are right."""
    code = normal_code(text)
    if len(code) != _LENGTH or not set(code) <= set(ALPHABET):
        return False
    return _check_symbol(code[:-1]) == code[-1]


def fingerprint(pepper: bytes, code: str) -> str:
    """What is kept of a code: HMAC-SHA-256 under a secret that the storage never sees, in hexadecimal.

    A copy of the storage alone cannot even test a guess.
    """
    return hmac.new(pepper, normal_code(code).encode(), "sha256").hexdigest()


def _check_symbol(body: str) -> str:
    size = len(ALPHABET)
    summed = 0
    for n, symbol in enumerate(reversed(body)):
        value = ALPHABET.index(symbol) * (2 - n % 2)
        summed += value // size + value % size
    return ALPHABET[-summed % size]
