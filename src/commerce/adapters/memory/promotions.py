"""Promotions in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.kernel import AdjustmentKind, NotFound
from commerce.promotions import CodeTaken, Counter, Coupon, Promotion, PromotionHold, PromotionNotFound

__all__ = ["Unit"]


class MemoryPromotions(MemoryRepository[Promotion]):
    """The promotions."""

    def after(self, id: str, limit: int) -> Sequence[Promotion]:
        """The next promotions by id."""
        return sorted(self.where(lambda p: p.id > id), key=lambda p: p.id)[:limit]

    def revision(self) -> int:
        """How often a promotion was stored or changed."""
        return self.session.table("promotion_revision").get("promotion") or 0

    def turns(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """The last start or end of an automatic one up to a moment, and the next after it."""
        on = [p for p in self.rows.values() if p.automatic and p.enabled]
        moments = [moment for p in on for moment in (p.starts_at, p.ends_at) if moment is not None]
        return max((m for m in moments if m <= at), default=None), min((m for m in moments if m > at), default=None)

    def running(self, at: datetime, ids: Sequence[str]) -> Sequence[tuple[str, int]]:
        """Id and version of the automatic ones that run at a moment, and of these ids, by id."""
        return sorted(
            (p.id, p.version) for p in self.rows.values() if p.id in ids or (p.automatic and not p.refuses_at(at))
        )

    def these(self, ids: Sequence[str]) -> Sequence[Promotion]:
        """The promotions with these ids."""
        found = (self.find(id) for id in ids)
        return [promotion for promotion in found if promotion is not None]

    def mate(self, phase: AdjustmentKind, group: str, id: str) -> Promotion | None:
        """Any other member of an exclusive group of a phase than the one with that id."""
        found = self.where(lambda p: p.phase is phase and p.stacking.group == group and p.id != id)
        return found[0] if found else None

    def _put(self, entity: Promotion) -> None:
        super()._put(entity)
        self.session.table("promotion_revision")["promotion"] = self.revision() + 1


class MemoryCoupons:
    """Coupons by code."""

    def __init__(self, session: MemorySession) -> None:
        self._rows = session.table("promotion_code")

    def add(self, coupons: Sequence[Coupon]) -> None:
        """Store new codes, all or none."""
        for coupon in coupons:
            if coupon.code in self._rows:
                raise CodeTaken(coupon=coupon.code)
            self._rows[coupon.code] = coupon

    def these(self, codes: Sequence[str]) -> Sequence[Coupon]:
        """The coupons of these codes that exist."""
        found = (self._rows.get(code) for code in codes)
        return [coupon for coupon in found if coupon is not None]

    def replace(self, coupon: Coupon) -> None:
        """Store a changed coupon."""
        self._rows[coupon.code] = coupon

    def of(self, promotion_id: str, after: str, limit: int) -> Sequence[Coupon]:
        """The next coupons of a promotion by code."""
        own = (c for c in self._rows.values() if c.promotion_id == promotion_id and c.code > after)
        return sorted(own, key=lambda coupon: coupon.code)[:limit]


class MemoryCounts:
    """Counters by name."""

    def __init__(self, session: MemorySession) -> None:
        self._rows = session.table("promotion_counter")

    def of(self, names: Sequence[str]) -> Mapping[str, int]:
        """How far counters are."""
        return {name: self._rows.get(name) or 0 for name in names}

    def take(self, counters: Sequence[Counter]) -> Counter | None:
        """Add each step, unless one has no room."""
        for counter in counters:
            used = (self._rows.get(counter.name) or 0) + counter.step
            if used > counter.limit:
                return counter
            self._rows[counter.name] = used
        return None

    def give(self, steps: Mapping[str, int]) -> None:
        """Take steps off again."""
        for name, step in steps.items():
            self._rows[name] = max((self._rows.get(name) or 0) - step, 0)


class MemoryHolds(MemoryRepository[PromotionHold]):
    """The holds, found by key too."""

    def by_key(self, key: str) -> PromotionHold | None:
        """The hold with that key, or nothing."""
        id = self.session.table("promotion_hold_key").get(key)
        return None if id is None else self.find(id)

    def add(self, entity: PromotionHold) -> None:
        """Store a new hold."""
        super().add(entity)
        self.session.table("promotion_hold_key")[entity.key] = entity.id

    def lapsed(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of holds whose time is over."""
        over = [(hold.expires_at, hold.key) for hold in self.where(lambda h: h.lapsed(at)) if hold.expires_at]
        return [key for _, key in sorted(over)][:limit]


class Unit:
    """One transaction of the promotions module."""

    def __init__(self, session: MemorySession) -> None:
        self.promotions = MemoryPromotions(session, "promotion", lambda id: PromotionNotFound(promotion_id=id))
        self.coupons = MemoryCoupons(session)
        self.counts = MemoryCounts(session)
        self.holds = MemoryHolds(session, "promotion_hold", lambda _: NotFound())
