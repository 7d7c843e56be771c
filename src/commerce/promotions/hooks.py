"""Hooks of promotions."""

from collections.abc import Sequence

import pluggy

from commerce.promotions.benefits import Benefit
from commerce.promotions.conditions import Condition

__all__ = ["commerce_promotion_benefits", "commerce_promotion_conditions"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_promotion_conditions() -> Sequence[type[Condition]]:  # type: ignore[empty-body]
    """Own kinds of conditions: frozen attrs classes with a ``kind`` that no other has.

    They can be written in JSON like the built-in ones, and appear in the JSON schema.
    """


@hookspec
def commerce_promotion_benefits() -> Sequence[type[Benefit]]:  # type: ignore[empty-body]
    """Own kinds of benefits: frozen attrs classes with a ``kind`` that no other has.

    They can be written in JSON like the built-in ones, and appear in the JSON schema.
    """
