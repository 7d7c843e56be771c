"""Hooks of orders."""

import pluggy

from commerce.orders.values import OrderDraft

__all__ = ["commerce_validate_order"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_order(draft: OrderDraft) -> None:
    """Object to an order being placed by raising a `commerce.kernel.CommerceError`.

    Asked before stock is taken and money moves, and possibly again when a checkout is taken up after a crash.
    """
