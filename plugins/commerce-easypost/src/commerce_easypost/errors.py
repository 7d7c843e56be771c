"""What can go wrong between a shop and EasyPost, and what EasyPost's codes mean.

Error texts of EasyPost repeat what was sent, addresses too, so only its codes and names of fields are kept.
"""

import re
from collections.abc import Mapping

from attrs import define

from commerce.kernel import Misconfigured
from commerce.shipping import CarrierCannot, CarrierUnavailable, LabelUnknown

__all__ = [
    "ALREADY_BOUGHT",
    "MAYBE_BOUGHT",
    "STALE_RATE",
    "EasyPostCannotQuote",
    "EasyPostMisconfigured",
    "EasyPostRefusal",
    "EasyPostUnavailable",
    "EasyPostUnknown",
]

# EasyPost Errors Guide, list of error codes.

#: The shipment has a label: it was bought before.
ALREADY_BOUGHT = "SHIPMENT.POSTAGE.EXISTS"

#: Another purchase of the shipment is under way, or the carrier behind EasyPost gave no answer.
MAYBE_BOUGHT = ("SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.NO_RESPONSE", "SHIPMENT.POSTAGE.TIMED_OUT")

#: The rate is gone, because the shipment was rated again or the rate is too old.
STALE_RATE = ("SHIPMENT.MISSING_RATE", "SHIPMENT.RATE.EXPIRED")


@define(kw_only=True, slots=False)
class EasyPostUnavailable(CarrierUnavailable):
    """EasyPost did nothing. ``reason`` is its code, or what kept us from reaching it."""

    message = "{carrier} did nothing ({reason}): repeat with the same key, and check the account if it stays so"
    reason: str


@define(kw_only=True, slots=False)
class EasyPostUnknown(LabelUnknown):
    """EasyPost's answer to a purchase or a refund was lost, or is none."""

    message = "{carrier} may have done it ({reason}): repeat with the same key to settle it"
    reason: str


@define(kw_only=True, slots=False)
class EasyPostCannotQuote(CarrierCannot):
    """Something is missing that every price depends on; nothing was asked."""

    message = "{carrier} cannot quote: {reason}"
    reason: str


@define(kw_only=True, slots=False)
class EasyPostMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; their values are not repeated here."""

    message = "plugin easypost: {problems}"
    problems: str


class EasyPostRefusal(Exception):
    """EasyPost said no: ``code`` is its word for it, ``missing`` whether it knows no such thing."""

    def __init__(self, code: str, *, reason: str = "", missing: bool = False) -> None:
        super().__init__(reason or code)
        self.code = code
        self.reason = reason or code
        self.missing = missing

    @classmethod
    def of(cls, status: int, said: Mapping[str, object]) -> "EasyPostRefusal":
        """What a no says: its code, and the names of the fields it is about."""
        code = _word(said.get("code")) or f"HTTP {status}"
        problems = said.get("errors")
        named = [p.get("field") for p in problems if isinstance(p, Mapping)] if isinstance(problems, list) else []
        fields = ", ".join(filter(None, map(_word, named)))
        return cls(code, reason=f"{code} ({fields})" if fields else code, missing=code == "NOT_FOUND")


def _word(value: object) -> str:
    """A code or the name of a field; anything else might be what somebody wrote."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z_.\[\]0-9]{0,63}", value) else ""
