"""Any sequence of commands: never oversold, never negative, and every hold ends committed, released or expired."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from commerce.adapters.memory import MemoryStorage
from commerce.inventory import (
    Demand,
    HoldExpired,
    NotHeld,
    OutOfStock,
    Reservation,
    ReservationNotFound,
    ReservationStatus,
)
from commerce.runtime import Storage
from commerce.testing.conformance.inventory import inventory_on, stocked
from commerce.testing.conformance.storage import NOW

PLACES = ("near", "far")
COMPONENTS = {"A": {"A": 1}, "B": {"B": 1}, "SET": {"A": 2, "B": 1}}

skus = st.sampled_from([*COMPONENTS])
places = st.sampled_from(PLACES)
few = st.integers(1, 3)


class StockMachine(RuleBasedStateMachine):
    """Two items, a kit of both, two places; most commands are given twice."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta(0)
        self.service = stocked(inventory_on(self.storage(), lambda: self.passed), A=4, B=2)
        self.service.define_kit("SET", COMPONENTS["SET"])
        self.number = 0
        self.came = {"A": 4, "B": 2}
        self.counted: dict[str, bool] = {"A": False, "B": False}

    def storage(self) -> Storage:
        return MemoryStorage()

    def fresh(self) -> str:
        self.number += 1
        return f"key {self.number}"

    def tolerate(self, act: Callable[[], object]) -> bool:
        """Twice, since every command has a key; whether it was refused, with a typed reason."""
        for _ in range(2):
            try:
                act()
            except (OutOfStock, NotHeld, HoldExpired, ReservationNotFound):
                return False
        return True

    def on_hand(self) -> Mapping[str, int]:
        return {sku: sum(movement.on_hand for movement in self.service.movements(sku)) for sku in "AB"}

    @rule(sku=st.sampled_from("AB"), quantity=few, place=places, expected=st.booleans())
    def receive(self, sku: str, quantity: int, place: str, expected: bool) -> None:
        key = self.fresh()
        if expected:
            self.tolerate(lambda: self.service.expect(key, sku, place, quantity, due_at=NOW + self.passed))
        assert self.tolerate(lambda: self.service.receive(key, sku, place, quantity))
        self.came[sku] += quantity

    @rule(
        target=keys,
        demand=st.dictionaries(skus, few, min_size=1, max_size=2),
        minutes=st.sampled_from([None, 1, 10]),
        place=st.none() | places,
    )
    def reserve(self, demand: dict[str, int], minutes: int | None, place: str | None) -> str:
        """Refused exactly if some component is short, lapsed holds not counted."""
        key = self.fresh()
        until = None if minutes is None else NOW + self.passed + timedelta(minutes=minutes)
        wanted = [Demand(sku=sku, quantity=quantity) for sku, quantity in demand.items()]
        free = self.service.availability(["A", "B"], location_id=place)
        needed = {part: sum(demand[sku] * COMPONENTS[sku].get(part, 0) for sku in demand) for part in ("A", "B")}
        held = self.tolerate(lambda: self.service.reserve(key, wanted, expires_at=until, location_id=place))
        assert held == all((free[sku] or 0) >= quantity for sku, quantity in needed.items() if quantity)
        return key

    @rule(target=keys, old=keys, sku=skus, quantity=few)
    def replace(self, old: str, sku: str, quantity: int) -> str:
        key = self.fresh()
        self.tolerate(lambda: self.service.reserve(key, [Demand(sku=sku, quantity=quantity)], replaces=old))
        return key

    @rule(key=keys)
    def commit(self, key: str) -> None:
        hold = self.service.reservation(key)
        live = hold is not None and hold.live(NOW + self.passed)
        assert self.tolerate(lambda: self.service.commit(key)) == live

    @rule(key=keys)
    def release(self, key: str) -> None:
        assert self.tolerate(lambda: self.service.release(key))

    @rule(key=keys, sku=skus, quantity=few)
    def release_some(self, key: str, sku: str, quantity: int) -> None:
        part = self.fresh()
        self.tolerate(lambda: self.service.release_units(key, {sku: quantity}, part=part))

    @rule(key=keys, sku=skus, quantity=few, place=st.none() | places)
    def ship(self, key: str, sku: str, quantity: int, place: str | None) -> None:
        """Only what lived in the hold leaves."""
        part, before = self.fresh(), self.on_hand()
        hold = self.service.reservation(key)
        live = hold is not None and hold.live(NOW + self.passed)
        self.tolerate(lambda: self.service.ship(key, {sku: quantity}, part=part, location_id=place))
        gone = {one: before[one] - left for one, left in self.on_hand().items()}
        assert live or not any(gone.values())
        for one, units in gone.items():
            self.came[one] -= units

    @rule(key=keys, sku=skus, quantity=few)
    def bring_back(self, key: str, sku: str, quantity: int) -> None:
        """Only what is out comes back, and to the place it left."""
        back, before = self.fresh(), self.on_hand()
        self.tolerate(lambda: self.service.restock_shipped(key, {sku: quantity}, part=back))
        for one, units in self.on_hand().items():
            self.came[one] += units - before[one]
        hold = self.service.reservation(key)
        assert hold is None or all(line.shipped >= line.returned >= 0 for line in hold.lines)

    @rule(key=keys, sku=skus, quantity=few, place=places)
    def reject(self, key: str, sku: str, quantity: int, place: str) -> None:
        """The hold keeps as many units as before, wherever they are."""
        part, before = self.fresh(), _open(self.service.reservation(key))
        self.tolerate(lambda: self.service.reject(key, place, {sku: quantity}, part=part))
        assert _open(self.service.reservation(key)) == before

    @rule(sku=st.sampled_from("AB"), quantity=few)
    def transfer(self, sku: str, quantity: int) -> None:
        key = self.fresh()
        self.tolerate(lambda: self.service.transfer(key, sku, "near", "far", quantity))

    @rule(sku=st.sampled_from("AB"), place=places, counted=st.integers(0, 5))
    def count(self, sku: str, place: str, counted: int) -> None:
        key = self.fresh()
        self.came[sku] += self.service.count(key, sku, place, counted)
        self.service.count(key, sku, place, counted)
        self.counted[sku] = True

    @rule(minutes=st.integers(1, 5), sweep=st.booleans())
    def wait(self, minutes: int, sweep: bool) -> None:
        self.passed += timedelta(minutes=minutes)
        if sweep:
            self.service.expire()

    @invariant()
    def books_are_right(self) -> None:
        assert self.service.reconcile() == []
        assert self.on_hand() == self.came
        with self.service.begin() as uow:
            items = uow.stock.items(["A", "B"], NOW + self.passed)
        assert all(item.on_hand >= 0 and item.reserved >= item.lapsed >= 0 for item in items)
        holds = self.holds()
        for item in items:
            lines = [
                (hold, line)
                for hold in holds
                for line in hold.lines
                if (line.sku, line.location_id) == (item.sku, item.location_id)
            ]
            lapsed = [hold.lapsed(NOW + self.passed) for hold, _ in lines]
            assert item.reserved == sum(line.open for _, line in lines)
            assert item.lapsed == sum(line.open for (_, line), over in zip(lines, lapsed, strict=True) if over)
            if not self.counted[item.sku]:
                assert item.available >= 0, "never oversold, unless a count found units missing"

    @invariant()
    def an_ended_hold_has_nothing_open(self) -> None:
        for hold in self.holds():
            if hold.status in (ReservationStatus.RELEASED, ReservationStatus.EXPIRED):
                assert _open(hold) == {}

    def holds(self) -> list[Reservation]:
        found = (self.service.reservation(f"key {n}") for n in range(self.number + 1))
        return [hold for hold in found if hold is not None]

    def teardown(self) -> None:
        """In a year no hold without an order is left."""
        self.passed += timedelta(days=365)
        self.service.expire()
        left = [h for h in self.holds() if h.status is ReservationStatus.HELD]
        assert all(hold.expires_at is None for hold in left)
        for hold in left:
            self.service.release(hold.key)
        assert all(h.status is not ReservationStatus.HELD for h in self.holds())
        self.books_are_right()


def _open(hold: Reservation | None) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in hold.lines if hold is not None else ():
        if line.open:
            units[line.sku] = units.get(line.sku, 0) + line.open
    return units


StockMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)
TestStock = StockMachine.TestCase
