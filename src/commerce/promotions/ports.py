"""What promotions need from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.kernel import AdjustmentKind
from commerce.promotions.holds import PromotionHold
from commerce.promotions.model import Promotion
from commerce.promotions.values import Counter, Coupon

__all__ = ["Counts", "Coupons", "Holds", "Promotions", "PromotionsUnit"]


class Promotions(Protocol):
    """Stored promotions."""

    def get(self, id: str) -> Promotion:
        """The promotion, or `PromotionNotFound`."""

    def add(self, entity: Promotion) -> None:
        """Store a new promotion, or raise `commerce.kernel.StaleVersion` if its id was taken meanwhile."""

    def save(self, entity: Promotion) -> None:
        """Store a changed promotion, or raise `commerce.kernel.StaleVersion`."""

    def after(self, id: str, limit: int) -> Sequence[Promotion]:
        """The next promotions by id."""

    def revision(self) -> int:
        """A number that grows with every promotion stored or changed, in the same transaction, whoever does it."""

    def turns(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """The moments around one at which an automatic promotion that is on starts or ends: last up to it, next after.

        Between them the same ones run.
        """

    def running(self, at: datetime, ids: Sequence[str]) -> Sequence[tuple[str, int]]:
        """Id and version of the automatic ones that run at a moment, and of these ids, by id."""

    def these(self, ids: Sequence[str]) -> Sequence[Promotion]:
        """The promotions with these ids."""

    def mate(self, phase: AdjustmentKind, group: str, id: str) -> Promotion | None:
        """Any other member of an exclusive group of a phase than the one with that id."""


class Coupons(Protocol):
    """Stored codes."""

    def add(self, coupons: Sequence[Coupon]) -> None:
        """Store new codes, all or none: `CodeTaken` if one exists."""

    def these(self, codes: Sequence[str]) -> Sequence[Coupon]:
        """The coupons of these normal codes that exist."""

    def replace(self, coupon: Coupon) -> None:
        """Store a changed coupon; its code exists."""

    def of(self, promotion_id: str, after: str, limit: int) -> Sequence[Coupon]:
        """The next coupons of a promotion by code."""


class Counts(Protocol):
    """Guarded counters."""

    def of(self, names: Sequence[str]) -> Mapping[str, int]:
        """How far counters are; those at zero may be left out."""

    def take(self, counters: Sequence[Counter]) -> Counter | None:
        """Add each step in the order of names, the limit checked in the statement itself.

        The first counter without room is returned; then the transaction must be rolled back.
        """

    def give(self, steps: Mapping[str, int]) -> None:
        """Take steps off again."""


class Holds(Protocol):
    """Stored holds."""

    def by_key(self, key: str) -> PromotionHold | None:
        """The hold with that key, or nothing."""

    def add(self, entity: PromotionHold) -> None:
        """Store a new hold, or raise `commerce.kernel.StaleVersion` if its key was taken meanwhile."""

    def save(self, entity: PromotionHold) -> None:
        """Store a changed hold, or raise `commerce.kernel.StaleVersion`."""

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over, longest first."""


class PromotionsUnit(Protocol):
    """One transaction of the promotions module."""

    @property
    def promotions(self) -> Promotions:
        """The promotions in this transaction."""

    @property
    def coupons(self) -> Coupons:
        """The codes in this transaction."""

    @property
    def counts(self) -> Counts:
        """The counters in this transaction."""

    @property
    def holds(self) -> Holds:
        """The holds in this transaction."""
