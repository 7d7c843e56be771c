"""What can be wrong with GHN, besides what the port of carriers has words for.

``reason`` is ours or one of GHN's codes, never a sentence of GHN's: those may repeat what was sent.
"""

from attrs import define

from commerce.kernel import Misconfigured, OutcomeUnknown
from commerce.shipping import CarrierCannot, CarrierUnavailable

__all__ = ["GHNCannotPrice", "GHNMisconfigured", "GHNRejectsToken", "GHNUnavailable", "GHNVoidUnknown"]


@define(kw_only=True, slots=False)
class GHNMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; what was set is not repeated here."""

    message = "plugin ghn cannot work with these settings ({problems}): correct them where the shop is built"
    problems: str


@define(kw_only=True, slots=False)
class GHNCannotPrice(CarrierCannot):
    """The question is not complete enough for a price. A checkout goes on with the other methods."""

    message = "carrier {carrier} cannot say a price: {reason}"
    reason: str


@define(kw_only=True, slots=False)
class GHNUnavailable(CarrierUnavailable):
    """GHN certainly changed nothing."""

    message = "carrier {carrier} did not take the {call} ({reason}): try again with the same key"
    call: str
    reason: str


@define(kw_only=True, slots=False)
class GHNRejectsToken(CarrierUnavailable):
    """GHN does not accept the token, or not for this shop; nothing happened."""

    message = "carrier {carrier} rejects the token or the shop id ({reason}): correct the settings, then try again"
    reason: str


@define(kw_only=True, slots=False)
class GHNVoidUnknown(OutcomeUnknown):
    """The answer to a cancellation got lost: the order may be cancelled."""

    message = "carrier {carrier} may have cancelled the order ({reason}): cancel again with the same key to settle it"
    carrier: str
    reason: str
