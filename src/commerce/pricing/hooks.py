"""Hooks of pricing."""

import pluggy

from commerce.pricing.engine import Selected
from commerce.pricing.model import PriceContext

__all__ = ["commerce_adjust_price"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec(firstresult=True)
def commerce_adjust_price(sku: str, quantity: int, selected: Selected, context: PriceContext) -> Selected | None:
    """Answer with another price for an item, or ``None`` to leave it.

    The first answer wins. Keep ``trace`` and add to it, so that a price can still be explained.
    """
