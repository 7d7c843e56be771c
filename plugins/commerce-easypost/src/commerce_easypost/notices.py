"""Events that EasyPost posts to a webhook, signed over their bytes (EasyPost docs, Webhooks: HMAC Validation).

The header ``X-Hmac-Signature`` is ``hmac-sha256-hex=`` and the digest; the secret is taken in Unicode form NFKD, as
EasyPost's client libraries do (``validate_webhook``). The signature has no time in it; a notice that comes again only
makes the shop ask again.
"""

import hmac
import json
import unicodedata

from commerce.shipping import CarrierNotice, NoticeRejected

__all__ = ["numbers_in", "signature"]


def signature(secret: str, body: bytes) -> str:
    """What EasyPost puts into the header."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.digest(key, body, 'sha256').hex()}"


def numbers_in(notice: CarrierNotice, secret: str, carrier: str) -> tuple[str, ...]:
    """The tracking number that an event is about; none, if it is not about a tracker. Else `NoticeRejected`."""
    given = notice.headers.get("x-hmac-signature", "")
    if not hmac.compare_digest(given.encode(), signature(secret, notice.body).encode()):
        raise NoticeRejected(carrier=carrier, reason="the signature is not that of the webhook's secret")
    try:
        event = json.loads(notice.body)
        about, what = event["result"], str(event["description"])
        number = about["tracking_code"] if what.startswith("tracker.") else ""
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NoticeRejected(carrier=carrier, reason="it is no event of EasyPost") from None
    if not isinstance(number, str):
        raise NoticeRejected(carrier=carrier, reason="its tracking code is no text")
    return (number,) if number else ()
