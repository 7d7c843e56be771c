"""Hooks of shipping."""

from collections.abc import Collection

import pluggy

from commerce.shipping.requests import RateRequest, ShippingRate

__all__ = ["commerce_filter_shipping_methods"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_filter_shipping_methods(request: RateRequest, rates: tuple[ShippingRate, ...]) -> Collection[str] | None:
    """Name the ids of methods that are not to be offered for this request; they appear as ``withheld``.

    Asked with everything that serves the request, cheapest first. Pure: no clock, no I/O.
    """
