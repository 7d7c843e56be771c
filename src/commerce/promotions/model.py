"""A promotion: conditions, a benefit, whom it targets, how often, and what it combines with."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
from attrs import define, field

from commerce.kernel import (
    MOST_WHOLE,
    AdjustmentKind,
    Entity,
    InvalidValue,
    Money,
    require_period,
    require_storable,
    whole_number,
)
from commerce.promotions.benefits import Benefit
from commerce.promotions.conditions import Condition
from commerce.promotions.errors import InvalidPromotion, Problem
from commerce.promotions.values import Limits, Reason, Selector, Stacking, require_amount

__all__ = ["Promotion"]

#: What every storage keeps, in characters.
_LONGEST_ID, _LONGEST_NAME = 36, 255

#: How deep values may lie in one another: half of what readers of JSON go into.
_DEEPEST = 100


def _all(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(conditions)


@define(kw_only=True, eq=False)
class Promotion(Entity):
    """Data, all of it: two carts and contexts alike get the same from it.

    All ``conditions`` must hold. Higher ``priority`` comes first within a phase. One that is not ``automatic``
    needs one of its coupons entered. ``cap`` is the most it takes off a cart. Raises `InvalidPromotion`.
    """

    name: str
    benefit: Benefit
    conditions: tuple[Condition, ...] = field(default=(), converter=_all)
    target: Selector = field(factory=Selector)
    phase: AdjustmentKind = field()
    priority: int = 0
    automatic: bool = True
    enabled: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    cap: Money | None = None
    stacking: Stacking = field(factory=Stacking)
    limits: Limits = field(factory=Limits)

    @phase.default
    def _own_phase(self) -> AdjustmentKind:
        return self.benefit.phase

    def __attrs_post_init__(self) -> None:
        self.require_valid()

    def require_valid(self) -> None:
        """Raise `InvalidPromotion` with everything that contradicts."""
        if problems := tuple(self._problems()):
            raise InvalidPromotion(problems=problems)

    def _problems(self) -> Iterator[Problem]:
        if self.phase not in self.benefit.phases:
            allowed = ", ".join(sorted(self.benefit.phases))
            yield Problem("phase", f"{self.benefit.kind} does not act in phase {self.phase}: use {allowed}")
        for check in (self._require_storable, self._require_cap, self._require_period):
            try:
                check()
            except InvalidValue as error:
                yield Problem(error.field, error.reason)
        yield from self._currency_problems()
        yield from self._stacking_problems()

    def _require_storable(self) -> None:
        """What some storage could not keep is refused by all."""
        require_storable("id", self.id, least=1, most=_LONGEST_ID)
        require_storable("name", self.name, most=_LONGEST_NAME)
        require_storable("stacking.group", self.stacking.group, most=_LONGEST_NAME)
        whole_number(self.priority, "priority", least=-MOST_WHOLE)
        for name in _parts(Promotion):
            for path, text in _texts(getattr(self, name), name, _DEEPEST):
                require_storable(path, text)

    def _require_cap(self) -> None:
        if self.cap is not None:
            require_amount(self.cap, "cap")

    def _require_period(self) -> None:
        require_period(self.starts_at, self.ends_at)

    def _currency_problems(self) -> Iterator[Problem]:
        first: Money | None = None
        for path, amount in _amounts(self, ""):
            first = first or amount
            if amount.currency != first.currency:
                yield Problem(
                    path, f"is in {amount.currency.code}, the rest in {first.currency.code}: use one currency"
                )

    def _stacking_problems(self) -> Iterator[Problem]:
        stacking = self.stacking
        if stacking.group and stacking.stop_after and stacking.exclusive:
            yield Problem("stacking.stop_after", "it combines with nothing, so there is nothing to stop: leave one out")
        if self.target != Selector() and self.phase is AdjustmentKind.SHIPPING:
            yield Problem("target", "shipping has no lines to target: use a condition contains")
        if self.limits.per_code is not None and self.automatic:
            yield Problem("limits.per_code", "it applies without a code: make it not automatic")

    @property
    def currency(self) -> str | None:
        """The code of the currency its amounts are in; ``None`` if it has no amounts."""
        return next((amount.currency.code for _, amount in _amounts(self, "")), None)

    def alike(self, other: "Promotion") -> bool:
        """Whether it says the same as another one, whatever their versions."""
        names = (a.name for a in attrs.fields(Promotion) if a.name not in ("version", "_recorded"))
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def refuses_at(self, at: datetime) -> str:
        """Why it does not run at a moment; empty if it does."""
        if not self.enabled:
            return Reason.DISABLED
        if self.starts_at is not None and at < self.starts_at:
            return Reason.NOT_STARTED
        if self.ends_at is not None and at >= self.ends_at:
            return Reason.EXPIRED
        return ""


def _amounts(value: Any, path: str) -> Iterator[tuple[str, Money]]:
    """Every amount of money in a value, with its place."""
    if isinstance(value, Money):
        yield path, value
    elif isinstance(value, tuple):
        for n, part in enumerate(value):
            yield from _amounts(part, f"{path}[{n}]")
    else:
        for name in _parts(type(value)):
            part = getattr(value, name)
            if part is not None and type(part) not in _PLAIN:
                yield from _amounts(part, f"{path}.{name}" if path else name)


def _texts(value: Any, path: str, room: int) -> Iterator[tuple[str, str]]:
    """Every text in a value, with its place; raise `InvalidPromotion` where more than ``room`` lie in one another."""
    if not room:
        reason = f"more than {_DEEPEST} conditions or others lie in one another: say it flatter"
        raise InvalidPromotion(problems=(Problem(path.partition(".")[0], reason),))
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield path, name
            yield from _texts(part, path, room - 1)
    elif isinstance(value, tuple | frozenset):
        for part in value:
            yield from _texts(part, path, room - 1)
    else:
        for name in _parts(type(value)):
            yield from _texts(getattr(value, name), f"{path}.{name}", room - 1)


#: What has no amounts in it.
_PLAIN = frozenset({str, int, bool, float, Decimal, datetime, frozenset, dict, Selector, Stacking, AdjustmentKind})
_KNOWN: dict[type, tuple[str, ...]] = {}


def _parts(kind: type) -> tuple[str, ...]:
    """The names of the public fields of a class; kept, since they are asked for at every promotion."""
    if kind not in _KNOWN:
        names = [a.name for a in attrs.fields(kind)] if attrs.has(kind) else []
        _KNOWN[kind] = tuple(name for name in names if not name.startswith("_"))
    return _KNOWN[kind]
