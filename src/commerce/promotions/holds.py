"""Uses held for an order in the making, and given back when it shrinks."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import define

from commerce.kernel import Entity, InvalidValue, Money
from commerce.promotions.errors import UseExpired
from commerce.promotions.events import UsesCommitted, UsesReleased, UsesReserved
from commerce.promotions.limits import budget_name
from commerce.promotions.values import PromotionUse

__all__ = ["HoldStatus", "PromotionHold"]


class HoldStatus(StrEnum):
    """Held until it is committed (belongs to an order), released, or out of time."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


@define(kw_only=True, eq=False)
class PromotionHold(Entity):
    """The uses of whoever has the key. ``given`` is what came back of each use's amount, ``done`` by which parts.

    ``left`` are the positions of uses that still count.
    """

    key: str
    uses: tuple[PromotionUse, ...] = ()
    customer_id: str | None = None
    status: HoldStatus = HoldStatus.HELD
    expires_at: datetime | None = None
    given: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    done: tuple[str, ...] = ()

    def hold(self, uses: tuple[PromotionUse, ...], expires_at: datetime | None) -> None:
        """Begin to hold these uses."""
        self.uses, self.expires_at, self.status, self.done = uses, expires_at, HoldStatus.HELD, ()
        self.given, self.left = (0,) * len(uses), tuple(range(len(uses)))
        self.record(UsesReserved(aggregate_id=self.id, key=self.key, uses=tuple(map(_told, uses))))

    def lapsed(self, at: datetime) -> bool:
        """Whether it is a hold whose time is over: invalid from that moment on, swept or not."""
        return self.status is HoldStatus.HELD and self.expires_at is not None and at >= self.expires_at

    def live(self, at: datetime) -> bool:
        """Whether its uses count."""
        return self.status in (HoldStatus.HELD, HoldStatus.COMMITTED) and not self.lapsed(at)

    def commit(self, at: datetime) -> None:
        """The uses belong to an order: no more expiry."""
        if self.status is HoldStatus.COMMITTED:
            return
        if not self.live(at):
            raise UseExpired(key=self.key)
        self.status, self.expires_at = HoldStatus.COMMITTED, None
        self.record(UsesCommitted(aggregate_id=self.id, key=self.key))

    def end(self, *, expired: bool = False) -> Mapping[str, int]:
        """Give back whatever still counts; returns the steps by counter."""
        if self.status not in (HoldStatus.HELD, HoldStatus.COMMITTED):
            return {}
        freed = self._give(dict.fromkeys(self.left), expired=expired)
        self.status = HoldStatus.EXPIRED if expired else HoldStatus.RELEASED
        return freed

    def give_back(self, part: str, amounts: Mapping[str, Money] | None) -> Mapping[str, int]:
        """Amounts by promotion come back, once per ``part``; a use counts no more when all of its amount is back.

        Without ``amounts`` everything comes back. What took nothing off (points) comes back with the last amount.
        Returns the steps by counter.
        """
        if part in self.done or self.status not in (HoldStatus.HELD, HoldStatus.COMMITTED):
            return {}
        wanted: dict[int, int | None] = {}
        for n in self.left:
            use = self.uses[n]
            if amounts is None:
                wanted[n] = None
            elif use.promotion_id in amounts:
                wanted[n] = self._checked(n, amounts[use.promotion_id])
        freed = self._give(wanted)
        if any(wanted.values()) and not any(self.uses[n].amount.minor for n in self.left):
            for name, step in self._give(dict.fromkeys(self.left)).items():  # what was worth nothing goes with the rest
                freed[name] = freed.get(name, 0) + step
        self.done = (*self.done, part)
        return freed

    def _checked(self, n: int, amount: Money) -> int:
        use = self.uses[n]
        rest = use.amount.minor - self.given[n]
        if amount.currency != use.amount.currency or not 0 <= amount.minor <= rest:
            left = Money.of_minor(rest, use.amount.currency)
            raise InvalidValue(
                field=f"amounts.{use.promotion_id}", reason=f"{amount} cannot come back: between zero and {left} can"
            )
        return amount.minor

    def _give(self, wanted: Mapping[int, int | None], *, expired: bool = False) -> dict[str, int]:
        """Free amounts of uses by position; ``None`` is all of it."""
        steps: dict[str, int] = {}
        given, gone, told = list(self.given), set(), []
        for n, amount in wanted.items():
            use = self.uses[n]
            rest = use.amount.minor - given[n]
            back = rest if amount is None else amount
            given[n] += back
            whole = given[n] == use.amount.minor
            if whole:
                gone.add(n)
            for counter in use.counters:
                step = back if counter.name == budget_name(use.promotion_id) else counter.step if whole else 0
                if step:
                    steps[counter.name] = steps.get(counter.name, 0) + step
            told.append(PromotionUse(promotion_id=use.promotion_id, amount=_minor(back, use), code=use.code))
        self.given, self.left = tuple(given), tuple(n for n in self.left if n not in gone)
        if told:
            self.record(UsesReleased(aggregate_id=self.id, key=self.key, uses=tuple(told), expired=expired))
        return steps


def _minor(amount: int, use: PromotionUse) -> Money:
    return Money.of_minor(amount, use.amount.currency)


def _told(use: PromotionUse) -> PromotionUse:
    """A use as events tell it: counters name the customer, so they stay inside."""
    return PromotionUse(promotion_id=use.promotion_id, amount=use.amount, code=use.code)
