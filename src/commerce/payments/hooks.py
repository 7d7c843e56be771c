"""Hooks of payments."""

import pluggy

from commerce.kernel import Money

__all__ = ["commerce_validate_payment"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_payment(order_ref: str, gateway: str, amount: Money) -> None:
    """Object to a payment by raising a `commerce.kernel.CommerceError`. Asked before anything is written or sent."""
