"""Stripe's notices: signatures over raw bytes, and what an event is about (docs.stripe.com/webhooks/signature)."""

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from commerce.payments import Notice, NoticeRejected, RawNotice
from commerce_stripe.reading import PAYMENT_ID

__all__ = ["read_event", "verify"]


def verify(notice: RawNotice, secrets: Iterable[str], *, at: datetime, tolerance: int) -> None:
    """Raise `NoticeRejected` unless one of the secrets signed these bytes within ``tolerance`` seconds of ``at``.

    Any ``v1`` may match any secret: while a secret is rotated Stripe signs with both. Other schemes count
    for nothing.
    """
    fields = [part.partition("=")[::2] for part in notice.headers.get("stripe-signature", "").split(",")]
    times = [value for name, value in fields if name.strip() == "t"]
    given = [value.strip().encode(errors="replace") for name, value in fields if name.strip() == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or not given:
        raise NoticeRejected(reason="there is no Stripe signature on it")
    signed = times[0].encode() + b"." + notice.body
    expected = [hmac.digest(secret.encode(), signed, "sha256").hex().encode() for secret in secrets]
    # Every pair is compared, so that the time it takes tells nothing.
    if not sum(hmac.compare_digest(one, other) for one in given for other in expected):
        raise NoticeRejected(reason="the signature does not match the body")
    if abs(at.timestamp() - int(times[0])) > tolerance:
        raise NoticeRejected(reason="it is too old")


def read_event(body: bytes) -> Notice | None:
    """What a verified event is about; nothing unless it is about a payment.

    The amount is left out: that of the intent grows with increments, and `fetch` reads it anyway.
    """
    try:
        event = json.loads(body)
        about = event["data"]["object"]
        id, what = event["id"], about["object"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    intent = about.get("id") if what == "payment_intent" else about.get("payment_intent")
    if not isinstance(intent, str) or not isinstance(id, str):
        return None
    metadata = about.get("metadata")
    payment_id = metadata.get(PAYMENT_ID, "") if isinstance(metadata, Mapping) else ""
    return Notice(id=id, payment_id=payment_id, reference=intent)
