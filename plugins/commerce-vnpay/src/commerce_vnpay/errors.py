"""What can be wrong with VNPay, besides a no."""

from attrs import define

from commerce.kernel import Misconfigured, OutcomeUnknown, ProviderUnavailable

__all__ = ["VNPayMisconfigured", "VNPayUnavailable", "VNPayUnknown"]


@define(kw_only=True, slots=False)
class VNPayMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; what was set is not repeated here."""

    message = "plugin vnpay cannot work with these settings ({problems}): correct them where the shop is built"
    problems: str


@define(kw_only=True, slots=False)
class VNPayUnavailable(ProviderUnavailable):
    """VNPay certainly did nothing."""

    message = "VNPay did not take the {call} ({reason}): try again with the same key"
    call: str
    reason: str


@define(kw_only=True, slots=False)
class VNPayUnknown(OutcomeUnknown):
    """VNPay may have done it."""

    message = "VNPay may have done the {call} ({reason}): settle the payment, or repeat with the same key"
    call: str
    reason: str
