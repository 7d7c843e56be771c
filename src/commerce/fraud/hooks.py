"""Hooks of fraud."""

from collections.abc import Iterable

import pluggy

from commerce.fraud.values import ScreeningFacts, Signal

__all__ = ["commerce_screen_order"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_screen_order(facts: ScreeningFacts) -> Iterable[Signal]:  # type: ignore[empty-body]
    """Say what you know of an order: signals with points, or with an effect (block, allow). None is fine.

    Asked before money moves, once per order and again if the screening was interrupted; the points of all add
    up with those of the rules. Ask no service over the network here: put its answer into the facts, or list.
    """
