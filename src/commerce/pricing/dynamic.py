"""Dynamic pricing: propose a price from stock and demand, inside named limits, with the reason."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from commerce.kernel import CurrencyMismatch, InvalidValue, Money, Rounding, aware, exact_number, whole_number

__all__ = ["DynamicPolicy", "Move", "Proposal", "Signals", "propose"]


class Move(StrEnum):
    """Why a proposal is what it is.

    ``scarce`` raises and ``slow`` lowers the price; ``floor`` and ``ceiling`` went as far
    as the limits let them. The rest propose no change: ``on_target``, ``cooling_down``
    (changed too recently), ``sold_out`` (nothing to sell, so nothing to learn).
    """

    SCARCE = "scarce"
    SLOW = "slow"
    FLOOR = "floor"
    CEILING = "ceiling"
    ON_TARGET = "on_target"
    COOLING_DOWN = "cooling_down"
    SOLD_OUT = "sold_out"


@frozen(kw_only=True)
class DynamicPolicy:
    """Aim at a number of days that the stock lasts.

    A stock that lasts half as long as ``target_days`` is half off the target: the price
    rises by half of ``largest_step``; one that lasts twice as long or longer lowers it by
    ``largest_step``. Within ``tolerance`` of the target (a ratio) nothing changes.
    ``largest_step`` is a ratio of the price, ``cool_down`` the least time between two changes.
    """

    name: str
    version: int = 1
    floor: Money = field()
    ceiling: Money
    target_days: int = field()
    tolerance: Decimal = field(default=Decimal("0.1"))
    largest_step: Decimal = field()
    cool_down: timedelta = field()
    rounding: Rounding

    @floor.validator
    def _above_zero(self, _: object, floor: Money) -> None:
        if floor.minor <= 0:
            raise InvalidValue(field="floor", reason="a floor is above zero")

    @target_days.validator
    def _some_days(self, _: object, days: int) -> None:
        if type(days) is not int or days < 1:
            raise InvalidValue(field="target_days", reason="aim at one day or more")

    @tolerance.validator
    @largest_step.validator
    def _ratio(self, attribute: "object", ratio: Decimal) -> None:
        name = getattr(attribute, "name", "ratio")
        if type(ratio) is not Decimal or not ratio.is_finite() or not 0 <= ratio < 1:
            raise InvalidValue(field=name, reason=f"{ratio!r} is not a ratio: pass Decimal('0.05') for 5 %")
        exact_number(ratio, name)

    @cool_down.validator
    def _not_back(self, _: object, cool_down: timedelta) -> None:
        if cool_down < timedelta(0):
            raise InvalidValue(field="cool_down", reason="a waiting time is zero or more")

    def __attrs_post_init__(self) -> None:
        if self.ceiling < self.floor:
            raise InvalidValue(field="ceiling", reason=f"{self.ceiling} is below the floor of {self.floor}: swap them")


@frozen(kw_only=True)
class Signals:
    """What is known of one item: units that can be sold now, and units sold in the last ``days``."""

    available: int = field()
    sold: int = field()
    days: int = field()

    @available.validator
    @sold.validator
    def _count(self, attribute: "object", count: int) -> None:
        whole_number(count, getattr(attribute, "name", "count"))

    @days.validator
    def _some_days(self, _: object, days: int) -> None:
        whole_number(days, "days", least=1)

    @property
    def lasts(self) -> Fraction | None:
        """For how many days the stock lasts at this demand; ``None`` without any demand."""
        return Fraction(self.available * self.days, self.sold) if self.sold else None


@frozen(kw_only=True)
class Proposal:
    """A price for one item of one list, and the reason in words."""

    sku: str
    current: Money
    proposed: Money
    move: Move
    reason: str
    at: datetime
    policy: DynamicPolicy

    @property
    def changes(self) -> bool:
        """Whether there is anything to apply."""
        return self.proposed != self.current


def propose(
    sku: str, current: Money, policy: DynamicPolicy, signals: Signals, *, at: datetime, changed_at: datetime | None
) -> Proposal:
    """The price that a policy would ask now. ``changed_at`` is when the price was last changed.

    A price outside floor and ceiling moves towards them by the largest step at most.
    """
    if current.currency != policy.floor.currency:
        raise CurrencyMismatch(expected=policy.floor.currency.code, actual=current.currency.code)
    at = aware(at)
    since = None if changed_at is None else at - aware(changed_at, "changed_at")
    proposed, move = _decide(current, policy, signals, since)
    return Proposal(
        sku=sku,
        current=current,
        proposed=proposed,
        move=move,
        reason=_reason(current, proposed, move, policy, signals),
        at=at,
        policy=policy,
    )


def _decide(current: Money, policy: DynamicPolicy, signals: Signals, since: timedelta | None) -> tuple[Money, Move]:
    if since is not None and since < policy.cool_down:
        return current, Move.COOLING_DOWN
    step = current.scale(policy.largest_step, Rounding.DOWN)
    if not policy.floor <= current <= policy.ceiling:
        limit, move = (policy.floor, Move.FLOOR) if current < policy.floor else (policy.ceiling, Move.CEILING)
        return _within(limit, current - step, current + step), move
    if signals.available == 0:
        return current, Move.SOLD_OUT
    off = _off_target(policy, signals)
    if abs(off) <= policy.tolerance:
        return current, Move.ON_TARGET
    aim = current.scale(1 + off * Fraction(policy.largest_step), policy.rounding)
    stepped = _within(aim, current - step, current + step)
    proposed = _within(stepped, policy.floor, policy.ceiling)
    if proposed != stepped:
        return proposed, Move.CEILING if off > 0 else Move.FLOOR
    return proposed, Move.SCARCE if off > 0 else Move.SLOW


def _within(amount: Money, low: Money, high: Money) -> Money:
    return min(max(amount, low), high)


def _off_target(policy: DynamicPolicy, signals: Signals) -> Fraction:
    """From 1 (about to sell out) through 0 (on target) to -1 (twice the target) and below."""
    lasts = signals.lasts
    if lasts is None:
        return Fraction(-1)
    return (policy.target_days - lasts) / policy.target_days


def _reason(current: Money, proposed: Money, move: Move, policy: DynamicPolicy, signals: Signals) -> str:
    lasts = signals.lasts
    stock = "no sales" if lasts is None else f"stock lasts {round(lasts)} days"
    return (
        f"{policy.name} v{policy.version}: {move.value}, {current} to {proposed}; {stock}, aim is "
        f"{policy.target_days}; {signals.available} available, {signals.sold} sold in {signals.days} days"
    )
