"""What can be wrong with MoMo, besides a no."""

from attrs import define

from commerce.kernel import Invalid, Misconfigured, Money, OutcomeUnknown, ProviderUnavailable

__all__ = ["MoMoAmountRefused", "MoMoMisconfigured", "MoMoUnavailable", "MoMoUnknown"]


@define(kw_only=True, slots=False)
class MoMoAmountRefused(Invalid):
    """MoMo takes no payments of that size; nothing was written or sent."""

    message = "MoMo takes payments of {least} to {most}, not of {amount}: offer another gateway"
    amount: Money
    least: Money
    most: Money


@define(kw_only=True, slots=False)
class MoMoMisconfigured(Misconfigured):
    """The settings of the plugin are wrong; what was set is not repeated here."""

    message = "plugin momo cannot work with these settings ({problems}): correct them where the shop is built"
    problems: str


@define(kw_only=True, slots=False)
class MoMoUnavailable(ProviderUnavailable):
    """MoMo certainly did nothing."""

    message = "MoMo did not take the {call} ({reason}): try again with the same key"
    call: str
    reason: str


@define(kw_only=True, slots=False)
class MoMoUnknown(OutcomeUnknown):
    """MoMo may have done it."""

    message = "MoMo may have done the {call} ({reason}): settle the payment, or repeat with the same key"
    call: str
    reason: str
