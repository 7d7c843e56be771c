"""What happens to promotions."""

from attrs import frozen

from commerce.kernel import Event
from commerce.promotions.values import PromotionUse

__all__ = ["PromotionChanged", "UsesCommitted", "UsesReleased", "UsesReserved"]


@frozen(kw_only=True)
class PromotionChanged(Event):
    """A promotion was added, or its rules changed."""


@frozen(kw_only=True)
class UsesReserved(Event):
    """Uses are held for somebody who is about to order."""

    key: str
    uses: tuple[PromotionUse, ...]


@frozen(kw_only=True)
class UsesCommitted(Event):
    """Held uses belong to an order now."""

    key: str


@frozen(kw_only=True)
class UsesReleased(Event):
    """Uses can be had again: given up, expired, or their goods came back. ``amounts`` is what was freed."""

    key: str
    uses: tuple[PromotionUse, ...]
    expired: bool = False
