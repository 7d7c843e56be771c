"""MoMo's notices (IPN): JSON whose named values are signed."""

import json
from collections.abc import Sequence

from commerce.payments import NoticeRejected
from commerce_momo.signing import NOTICE, matches

__all__ = ["read_notice"]

_NUMBERS = ("amount", "responseTime", "resultCode", "transId")


def read_notice(body: bytes, access_key: str, secret_key: str) -> dict[str, str | int]:
    """The signed fields of a notice, or `NoticeRejected`.

    What is not signed is left out. A value is a text or a whole number, so that nothing is read in
    another way than it was signed.
    """
    try:
        told = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NoticeRejected(reason="it is not JSON, or says something twice") from None
    if not isinstance(told, dict) or any(type(told.get(name)) not in (str, int) for name in NOTICE):
        raise NoticeRejected(reason="a field is missing, or is neither a text nor a whole number")
    try:
        genuine = matches(access_key, secret_key, told, NOTICE)
    except UnicodeEncodeError:
        genuine = False
    if not genuine:
        raise NoticeRejected(reason="the signature does not match the fields")
    if any(type(told[name]) is not int for name in _NUMBERS) or told["amount"] < 0:
        raise NoticeRejected(reason="a number is none")
    return {name: told[name] for name in NOTICE}


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields
