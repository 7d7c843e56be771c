"""Never oversold, never negative, and every hold ends committed, released or expired."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.sql import SqlStorage
from commerce.inventory import (
    Demand,
    HoldExpired,
    Incoming,
    InventoryService,
    LocationNotFound,
    NotHeld,
    OutOfStock,
    ReservationNotFound,
    ReservationStatus,
    SameLocation,
    StockItem,
    StockLocation,
    StockMode,
    StockUnits,
    UnknownStockItem,
    available_to_promise,
)
from commerce.kernel import CommerceError, InvalidValue, KeyReused
from commerce.runtime import Storage, unit_of_work
from commerce.testing.conformance.storage import NOW


def service_on(storage: Storage, clock: Callable[[], timedelta] = lambda: timedelta(0)) -> InventoryService:
    begin = unit_of_work(storage, "inventory", lambda: NOW + clock(), lambda _: False, lambda: None)
    return InventoryService(begin=begin, clock=lambda: NOW + clock())


def stocked(service: InventoryService, **units: int) -> InventoryService:
    """Stock of SKUs at ``near``; ``far`` exists and is empty."""
    service.add_location(StockLocation(id="near", name="Near"))
    service.add_location(StockLocation(id="far", name="Far", priority=1))
    for sku, quantity in units.items():
        service.receive(f"first {sku}", sku, "near", quantity)
    return service


@pytest.fixture
def passed() -> list[timedelta]:
    """How long after the start it is."""
    return [timedelta(0)]


@pytest.fixture
def service(any_storage: Storage, passed: list[timedelta]) -> InventoryService:
    return stocked(service_on(any_storage, lambda: passed[0]), A=5, B=2)


def want(**units: int) -> list[Demand]:
    return [Demand(sku=sku, quantity=quantity) for sku, quantity in units.items()]


def test_two_lines_of_one_item_are_one_demand(service: InventoryService) -> None:
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        service.reserve("k", [*want(A=3), *want(A=3)])
    assert service.availability(["A"]) == {"A": 5}


def test_all_or_nothing_is_held(service: InventoryService) -> None:
    with pytest.raises(OutOfStock):
        service.reserve("k", want(A=1, B=3))
    assert service.availability(["A", "B"]) == {"A": 5, "B": 2}
    assert service.reservation("k") is None


def test_the_same_key_holds_once(service: InventoryService) -> None:
    first = service.reserve("k", want(A=2))
    assert service.reserve("k", want(A=2)).id == first.id
    assert service.availability(["A"]) == {"A": 3}
    service.release("k")
    service.release("k")
    service.release("unheard of")
    assert service.availability(["A"]) == {"A": 5}
    assert service.reserve("k", want(A=5)).live(NOW), "a released key may hold anew"


def test_a_key_stands_for_one_wish(service: InventoryService) -> None:
    service.reserve("k", want(A=2))
    with pytest.raises(KeyReused):
        service.reserve("k", want(A=3))
    with pytest.raises(KeyReused):
        service.reserve("k", want(A=2, B=1))
    service.receive("in", "A", "far", 1)
    with pytest.raises(KeyReused):
        service.receive("in", "A", "far", 2)
    with pytest.raises(KeyReused):
        service.restock("in", [StockUnits(sku="A", location_id="far", quantity=1)])
    assert service.availability(["A", "B"]) == {"A": 4, "B": 2}


def test_what_was_never_reserved_cannot_leave(service: InventoryService) -> None:
    acts: tuple[Callable[[], None], ...] = (
        lambda: service.commit("none"),
        lambda: service.ship("none", {"A": 1}, part="p"),
        lambda: service.release_units("none", {"A": 1}, part="p"),
    )
    for act in acts:
        with pytest.raises(ReservationNotFound, match="nothing was reserved with key none"):
            act()


def test_parts_of_two_orders_may_share_a_name(service: InventoryService) -> None:
    for order in ("one", "two"):
        service.reserve(order, want(A=1))
        service.ship(order, {"A": 1}, part="parcel-1")
    assert service.availability(["A"]) == {"A": 3}


def test_a_delivery_told_by_many_at_once_counts_once(any_storage: Storage) -> None:
    service = stocked(service_on(any_storage))
    errors: list[Exception] = []

    def receive() -> None:
        try:
            service.receive("truck", "A", "near", 7)
        except Exception as error:  # noqa: BLE001 - none may happen, of whatever kind
            errors.append(error)

    threads = [threading.Thread(target=receive) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert service.availability(["A"]) == {"A": 7}


def test_an_expired_hold_blocks_nobody(service: InventoryService, passed: list[timedelta]) -> None:
    service.reserve("slow", want(A=5), expires_at=NOW + timedelta(minutes=1))
    with pytest.raises(OutOfStock):
        service.reserve("quick", want(A=1))
    passed[0] = timedelta(minutes=1)
    service.reserve("quick", want(A=5))
    with pytest.raises(HoldExpired):
        service.commit("slow")
    with pytest.raises(NotHeld):
        service.ship("slow", {"A": 1}, part="p")
    assert service.reservation("slow").status is ReservationStatus.EXPIRED  # type: ignore[union-attr]
    assert service.reconcile() == []


def test_a_hold_is_invalid_the_moment_it_expires(service: InventoryService, passed: list[timedelta]) -> None:
    service.reserve("k", want(A=1), expires_at=NOW + timedelta(minutes=1))
    passed[0] = timedelta(minutes=1)
    with pytest.raises(HoldExpired, match="reserve again"):
        service.commit("k")
    with pytest.raises(HoldExpired, match="reserve again"):
        service.ship("k", {"A": 1}, part="p")
    again = service.reserve("k", want(A=2))
    assert (again.lines[0].quantity, service.availability(["A"])) == (2, {"A": 3})
    service.commit("k")
    passed[0] = timedelta(days=900)
    assert service.expire() == 0, "what belongs to an order does not expire"


def test_units_leave_once_per_part(service: InventoryService) -> None:
    service.reserve("order", want(A=4))
    service.commit("order")
    for _ in range(2):
        service.ship("order", {"A": 3}, part="parcel-1")
    with pytest.raises(NotHeld, match="holds 1 of A, not 2"):
        service.ship("order", {"A": 2}, part="parcel-2")
    for _ in range(2):
        service.release_units("order", {"A": 1}, part="cancel-1")
    assert service.availability(["A"]) == {"A": 2}
    assert [(m.reason.value, m.on_hand, m.reserved) for m in service.movements("A")] == [
        ("receive", 5, 0),
        ("reserve", 0, 4),
        ("ship", -3, -3),
        ("release", 0, -1),
    ]


def test_returned_units_are_for_sale_again(service: InventoryService) -> None:
    units = [StockUnits(sku="A", location_id="far", quantity=2)]
    for _ in range(2):
        service.restock("return-1", units)
    assert service.availability(["A"], location_id="far") == {"A": 2}


def test_one_place_with_everything_is_preferred(service: InventoryService) -> None:
    service.receive("more", "A", "far", 9)
    assert [(x.location_id, x.quantity) for x in service.reserve("k1", want(A=7)).lines] == [("far", 7)]
    assert [(x.location_id, x.quantity) for x in service.reserve("k2", want(A=6)).lines] == [("far", 1), ("near", 5)]
    with pytest.raises(OutOfStock):
        service.reserve("k3", want(A=1), location_id="near")
    assert service.reserve("k4", want(A=1), location_id="far").lines[0].location_id == "far"


def test_modes(service: InventoryService) -> None:
    service.configure("FILE", "near", mode=StockMode.UNTRACKED)
    assert service.reserve("k1", want(FILE=1000)).lines == ()
    service.ship("k1", {"FILE": 1000}, part="p")
    service.configure("B", "near", mode=StockMode.TRACKED)
    service.reserve("k2", want(B=10))
    service.ship("k2", {"B": 10}, part="p")
    service.configure("A", "near", safety_stock=4, backorder_limit=1)
    assert service.availability(["A", "B", "FILE", "NONE"]) == {"A": 2, "B": None, "FILE": None, "NONE": 0}
    with pytest.raises(UnknownStockItem, match="NONE has no stock record"):
        service.reserve("k3", want(NONE=1))


def test_counts_and_transfers(service: InventoryService) -> None:
    for _ in range(2):
        service.transfer("t1", "A", "near", "far", 2)
        service.adjust("count-1", "A", "near", -1)
    assert service.availability(["A"], location_id="near") == {"A": 2}
    assert service.availability(["A"], location_id="far") == {"A": 2}
    with pytest.raises(SameLocation):
        service.transfer("t2", "A", "near", "near", 1)
    with pytest.raises(OutOfStock):
        service.transfer("t3", "A", "near", "far", 99)
    with pytest.raises(OutOfStock):
        service.adjust("count-2", "A", "near", -3)
    with pytest.raises(LocationNotFound):
        service.receive("r", "A", "nowhere", 1)
    assert service.reconcile() == []


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5])
def test_odd_quantities_are_refused(service: InventoryService, quantity: int) -> None:
    service.reserve("k", want(A=1))
    for attempt in (
        lambda: service.reserve("x", [Demand(sku="A", quantity=quantity)]),
        lambda: service.receive("x", "A", "near", quantity),
        lambda: service.transfer("x", "A", "near", "far", quantity),
        lambda: service.ship("k", {"A": quantity}, part="p"),
    ):
        with pytest.raises(InvalidValue, match="quantity"):
            attempt()


def test_promises_in_time() -> None:
    item = StockItem(sku="A", location_id="near", on_hand=3, reserved=2, safety_stock=1, backorder_limit=1)
    due = [Incoming(sku="A", quantity=5, due_at=NOW + timedelta(days=n)) for n in (1, 2)]
    assert [available_to_promise(item, due, NOW + timedelta(days=n)) for n in range(4)] == [1, 6, 11, 11]


def race(service: InventoryService, wishes: list[list[Demand]]) -> Counter[str]:
    """All wishes at once, each in its own thread; counts what became of them."""
    outcomes: Counter[str] = Counter()
    barrier, lock = threading.Barrier(len(wishes)), threading.Lock()

    def buy(n: int) -> None:
        barrier.wait()
        try:
            service.reserve(f"buyer-{n}", wishes[n])
            result = "held"
        except CommerceError as error:
            result = error.code
        except Exception as error:  # noqa: BLE001 - whatever else happens must be counted, too
            result = repr(error)
        with lock:
            outcomes[result] += 1

    threads = [threading.Thread(target=buy, args=(n,)) for n in range(len(wishes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_hundred_buyers_fifty_units(any_storage: Storage) -> None:
    service = stocked(service_on(any_storage), A=50)
    assert race(service, [want(A=1)] * 200) == {"held": 50, "out_of_stock": 150}
    assert service.availability(["A"]) == {"A": 0}
    assert service.reconcile() == []


def test_opposite_orders_do_not_deadlock(commerce_postgres_url: str) -> None:
    storage = SqlStorage(commerce_postgres_url)
    service = stocked(service_on(storage), A=100, B=100)
    assert race(service, [want(A=1, B=1), want(B=1, A=1)] * 20) == {"held": 40}
    assert service.availability(["A", "B"]) == {"A": 60, "B": 60}
    storage.close()


class StockMachine(RuleBasedStateMachine):
    """Any sequence of commands, some doubled: counters equal the ledger and nothing is promised twice."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta(0)
        self.service = stocked(service_on(MemoryStorage(), lambda: self.passed), A=3)
        self.count = 0
        self.received = 3
        self.shipped = 0

    def tolerate(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (OutOfStock, NotHeld, HoldExpired, ReservationNotFound):
            return False
        return True

    @rule(quantity=st.integers(1, 4), place=st.sampled_from(["near", "far"]))
    def receive(self, quantity: int, place: str) -> None:
        self.count += 1
        for _ in range(2):
            self.service.receive(f"in {self.count}", "A", place, quantity)
        self.received += quantity

    @rule(target=keys, quantity=st.integers(1, 5), minutes=st.sampled_from([None, 1, 10]))
    def reserve(self, quantity: int, minutes: int | None) -> str:
        self.count += 1
        key = f"hold {self.count}"
        until = None if minutes is None else NOW + self.passed + timedelta(minutes=minutes)
        free = self.service.availability(["A"])["A"]
        held = self.tolerate(lambda: self.service.reserve(key, want(A=quantity), expires_at=until))
        assert held or (free is not None and free < quantity)
        return key

    @rule(key=keys)
    def commit(self, key: str) -> None:
        self.tolerate(lambda: self.service.commit(key))

    @rule(key=keys)
    def release(self, key: str) -> None:
        self.service.release(key)

    @rule(key=keys, quantity=st.integers(1, 3))
    def release_some(self, key: str, quantity: int) -> None:
        self.count += 1
        self.tolerate(lambda: self.service.release_units(key, {"A": quantity}, part=f"part {self.count}"))

    @rule(key=keys, quantity=st.integers(1, 3))
    def ship(self, key: str, quantity: int) -> None:
        self.count += 1
        on_hand = self.on_hand()
        for _ in range(2):
            self.tolerate(lambda: self.service.ship(key, {"A": quantity}, part=f"part {self.count}"))
        self.shipped += on_hand - self.on_hand()

    @rule(quantity=st.integers(1, 3))
    def transfer(self, quantity: int) -> None:
        self.count += 1
        self.tolerate(lambda: self.service.transfer(f"move {self.count}", "A", "near", "far", quantity))

    @rule(minutes=st.integers(1, 5), sweep=st.booleans())
    def wait(self, minutes: int, sweep: bool) -> None:
        self.passed += timedelta(minutes=minutes)
        if sweep:
            self.service.expire()

    def on_hand(self) -> int:
        return sum(movement.on_hand for movement in self.service.movements("A"))

    @invariant()
    def books_are_right(self) -> None:
        assert self.service.reconcile() == []
        assert self.on_hand() == self.received - self.shipped
        with self.service.begin() as uow:
            assert all(item.on_hand >= 0 and item.reserved >= 0 for item in uow.stock.items(["A"]))
            reserved = sum(item.reserved for item in uow.stock.items(["A"]))
        holds = [self.service.reservation(f"hold {n}") for n in range(self.count + 1)]
        assert reserved == sum(line.open for hold in holds if hold for line in hold.lines)


StockMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestStock = StockMachine.TestCase
