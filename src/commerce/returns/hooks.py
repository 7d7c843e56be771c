"""Hooks of returns."""

from collections.abc import Sequence

import pluggy

from commerce.returns.values import ReturnWish

__all__ = ["commerce_validate_return"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_return(order_id: str, lines: Sequence[ReturnWish]) -> None:
    """Object to units being returned by raising a `commerce.kernel.CommerceError`.

    Asked when a return is requested, besides the shop's policy; never for a return that exists.
    """
