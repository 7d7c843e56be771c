"""Whatever is reserved, committed, released, given back or runs out: counters are the uses that live."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.promotions.carts import NOW, euro
from tests.promotions.services import service_on

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import CommerceError, InvalidValue, KeyReused, Money
from commerce.promotions import Counter, LimitReached, PromotionUse, UseExpired, UsesNotReserved

LIMITS = {"a/total": 3, "a/budget": 1000, "b/total": 2, "b/customer/c": 1}
KEYS = st.sampled_from(["k1", "k2", "k3", "k4"])
AMOUNTS = st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, 2]))
USES = st.lists(st.sampled_from(["a", "b", "b for c"]), min_size=1, max_size=2, unique_by=lambda kind: kind[0])


def use(kind: str, minor: int) -> PromotionUse:
    """One of promotion a, which has a budget, or of b, which a customer may use once."""
    steps = {"a": {"a/total": 1, "a/budget": minor}, "b": {"b/total": 1}, "b for c": {"b/total": 1, "b/customer/c": 1}}
    return PromotionUse(
        promotion_id=kind[0],
        amount=Money.of_minor(minor, "EUR"),
        counters=tuple(Counter(name=n, step=step, limit=LIMITS[n]) for n, step in sorted(steps[kind].items())),
    )


class Held:
    """What the model knows of a key."""

    def __init__(self, uses: tuple[PromotionUse, ...], ends: datetime | None) -> None:
        self.uses, self.ends = uses, ends
        self.rest = {one.promotion_id: one.amount.minor for one in uses}
        self.gone: set[str] = set()
        self.parts: set[str] = set()
        self.committed = self.over = False

    def steps(self) -> dict[str, int]:
        """What it adds to the counters."""
        found: dict[str, int] = {}
        for one in self.uses:
            for counter in one.counters:
                step = self.rest[one.promotion_id] if counter.name.endswith("/budget") else counter.step
                if not self.over and one.promotion_id not in self.gone:
                    found[counter.name] = found.get(counter.name, 0) + step
        return found


class Uses(RuleBasedStateMachine):
    """Four keys over two promotions, against a model that only adds up what lives."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta(0)
        self.service = service_on(MemoryStorage(), lambda: self.passed)
        self.held: dict[str, Held] = {}

    def now(self) -> datetime:
        return NOW + self.passed

    def lapsed(self, held: Held) -> bool:
        return not held.committed and held.ends is not None and self.now() >= held.ends

    def live(self, key: str) -> Held | None:
        held = self.held.get(key)
        return None if held is None or held.over or self.lapsed(held) else held

    def living(self) -> dict[str, int]:
        """The counters as they should be for whoever wants a use now."""
        found = dict.fromkeys(LIMITS, 0)
        for key in self.held:
            if held := self.live(key):
                for name, step in held.steps().items():
                    found[name] += step
        return found

    def counted(self) -> dict[str, int]:
        """The counters as they are: with what has lapsed and was not swept yet."""
        with self.service.begin() as uow:
            return dict(uow.counts.of(sorted(LIMITS)))

    def told(self, act: Any) -> CommerceError | None:
        try:
            act()
        except CommerceError as error:
            return error
        return None

    @rule(key=KEYS, kinds=USES, minor=st.sampled_from([200, 400, 600]), minutes=st.sampled_from([None, 5, 20]))
    def reserve(self, key: str, kinds: list[str], minor: int, minutes: int | None) -> None:
        """All or none: exactly if there is room among what lives. Lapsed holds block nobody, swept or not."""
        uses = tuple(sorted((use(kind, minor) for kind in kinds), key=lambda one: one.promotion_id))
        ends = None if minutes is None else self.now() + timedelta(minutes=minutes)
        before, counted = self.living(), self.counted()
        own = self.held[key].steps() if key in self.held else {}
        crowded = any(counted[c.name] - own.get(c.name, 0) + c.step > c.limit for one in uses for c in one.counters)
        error = self.told(lambda: self.service.reserve(key, uses, expires_at=ends))
        live = self.live(key)
        if live is not None:
            assert isinstance(error, KeyReused) if live.uses != uses else error is None
            return
        if crowded:  # whoever finds no room sweeps before the answer
            for held in self.held.values():
                held.over = held.over or self.lapsed(held)
        fits = all(before[c.name] + c.step <= c.limit for one in uses for c in one.counters)
        assert error is None if fits else isinstance(error, LimitReached)
        if fits:
            self.held[key] = Held(uses, ends)

    @rule(key=KEYS)
    def commit(self, key: str) -> None:
        """While it lives; again changes nothing."""
        error, live = self.told(lambda: self.service.commit(key)), self.live(key)
        if live is not None:
            assert error is None
            live.committed = True
        else:
            assert isinstance(error, UseExpired if key in self.held else UsesNotReserved)

    @rule(key=KEYS)
    def release(self, key: str) -> None:
        """Everything ends; unknown or ended keys are no matter."""
        self.service.release(key)
        if key in self.held:
            self.held[key].over = True

    @precondition(lambda self: self.held)
    @rule(
        key=KEYS, part=st.sampled_from("xyz"), amounts=st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, 2]))
    )
    def give_back(self, key: str, part: str, amounts: Mapping[str, int]) -> None:
        """Amounts come back once per part; a use is free when all of it is back."""
        back = {id: euro(f"{2 * hundreds}.00") for id, hundreds in amounts.items()}
        error = self.told(lambda: self.service.give_back(key, part=part, amounts=back))
        held = self.held.get(key)
        if held is None or held.over or part in held.parts:
            assert error is None
            return
        meant = {id: amount.minor for id, amount in back.items() if id in held.rest and id not in held.gone}
        if any(minor > held.rest[id] for id, minor in meant.items()):
            assert isinstance(error, InvalidValue)
            return
        assert error is None
        held.parts.add(part)
        for id, minor in meant.items():
            held.rest[id] -= minor
            if not held.rest[id]:
                held.gone.add(id)

    @rule(minutes=st.sampled_from([1, 5, 30]))
    def wait(self, minutes: int) -> None:
        self.passed += timedelta(minutes=minutes)

    @rule()
    def expire(self) -> None:
        """The sweeper ends what has lapsed, and nothing else."""
        due = [held for held in self.held.values() if not held.over and self.lapsed(held)]
        assert self.service.expire() == len(due)
        assert self.counted() == self.living()
        for held in due:
            held.over = True

    @invariant()
    def counters_are_what_lives_or_has_lapsed_unswept(self) -> None:
        """Never above a limit, never below the living, and without the lapsed exactly the living."""
        used = self.counted()
        for name, count in self.living().items():
            assert count <= used[name] <= LIMITS[name]
        if not any(self.lapsed(held) for held in self.held.values() if not held.over):
            assert used == self.living()


TestUses = Uses.TestCase
TestUses.settings = settings(max_examples=80, stateful_step_count=25)
