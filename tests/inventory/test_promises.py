"""What can be promised when: expected deliveries, backorders and preorders with dates."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.inventory import (
    Incoming,
    InventoryService,
    LocationNotFound,
    OutOfStock,
    StockItem,
    StockMode,
    available_to_promise,
    plan,
    promised_by,
)
from commerce.kernel import InvalidValue, KeyReused
from commerce.testing.conformance.inventory import inventory_on, stocked, want
from commerce.testing.conformance.storage import NOW

DAY = timedelta(days=1)


def test_promises_in_time() -> None:
    item = StockItem(sku="A", location_id="near", on_hand=3, reserved=2, safety_stock=1, backorder_limit=1)
    due = [Incoming(sku="A", quantity=5, due_at=NOW + n * DAY, location_id="near") for n in (1, 2)]
    assert [available_to_promise(item, due, NOW + n * DAY) for n in range(4)] == [1, 6, 11, 11]
    assert [promised_by([item], due, n, NOW) for n in (1, 2, 11, 12)] == [NOW, NOW + DAY, NOW + 2 * DAY, None]
    elsewhere = Incoming(sku="A", quantity=5, due_at=NOW, location_id="far")
    other = Incoming(sku="B", quantity=5, due_at=NOW, location_id="near")
    assert available_to_promise(item, [elsewhere, other], NOW) == 1


def test_preorders_before_the_release_backorders_after_it() -> None:
    item = StockItem(
        sku="A",
        location_id="near",
        preorder_limit=2,
        released_at=NOW + DAY,
        backorder_limit=7,
        backorder_until=NOW + 2 * DAY,
    )
    assert [item.promisable(NOW + n * DAY) for n in range(3)] == [2, 7, 0]
    assert promised_by([item], [], 5, NOW) == NOW + DAY
    with pytest.raises(OutOfStock):
        plan({"A": 1}, [item])


modes, few = st.sampled_from(StockMode), st.integers(0, 3)
placed = st.dictionaries(st.sampled_from(["near", "far"]), st.tuples(modes, few), min_size=1)


@given(placed, st.sampled_from([None, "near", "far"]), st.integers(1, 7))
def test_what_is_promised_is_held_and_nothing_else(
    rows: dict[str, tuple[StockMode, int]], place: str | None, quantity: int
) -> None:
    """Availability, the promised date and a hold agree, however items are counted and wherever they are wanted."""
    service = stocked(inventory_on(MemoryStorage()))
    for at, (mode, units) in rows.items():
        service.configure("A", at, mode=mode)
        if units:
            service.receive(f"in {at}", "A", at, units)
    free = service.availability(["A"], location_id=place)["A"]
    now = service.promised_by("A", quantity, location_id=place) is not None
    try:
        service.reserve("k", want(A=quantity), location_id=place)
    except OutOfStock:
        held = False
    else:
        held = True
    assert held == now == (free is None or free >= quantity)


@given(st.integers(0, 9), st.lists(st.tuples(st.integers(1, 5), st.integers(-2, 9)), max_size=5), st.integers(1, 30))
def test_a_promised_date_is_the_first_that_holds(
    on_hand: int, deliveries: list[tuple[int, int]], quantity: int
) -> None:
    item = StockItem(sku="A", location_id="near", on_hand=on_hand)
    due = [Incoming(sku="A", quantity=units, due_at=NOW + days * DAY, location_id="near") for units, days in deliveries]
    moment = promised_by([item], due, quantity, NOW)
    days = [n for n in range(10) if available_to_promise(item, due, NOW + n * DAY) >= quantity]
    assert moment == (NOW + days[0] * DAY if days else None)


def test_expected_units_can_be_promised_for_their_day(service: InventoryService, passed: list[timedelta]) -> None:
    for _ in range(2):
        service.expect("po-1", "A", "far", 4, due_at=NOW + 3 * DAY)
    service.expect("po-2", "A", "near", 1, due_at=NOW + 2 * DAY)
    assert [service.available_to_promise(["A"], NOW + n * DAY)["A"] for n in (-9, 1, 2, 3)] == [5, 5, 6, 10]
    assert service.available_to_promise(["A", "NONE"], NOW + 9 * DAY, location_id="near") == {"A": 6, "NONE": 0}
    assert service.availability(["A"]) == {"A": 5}
    assert service.promised_by("A", 7) == NOW + 3 * DAY
    assert service.promised_by("A", 11) is None
    service.reschedule("po-1", due_at=NOW + 5 * DAY)
    assert service.promised_by("A", 7) == NOW + 5 * DAY
    service.receive("po-1", "A", "far", 3)
    assert service.availability(["A"]) == {"A": 8}
    assert service.available_to_promise(["A"], NOW + 9 * DAY) == {"A": 9}, "a short delivery is over, too"
    service.cancel_expected("po-2")
    service.cancel_expected("po-2")
    assert service.promised_by("A", 9) is None


def test_nothing_is_promised_for_a_time_that_is_over(service: InventoryService) -> None:
    """What could be owed then says nothing of now."""
    service.configure("A", "near", preorder_limit=3, released_at=NOW - DAY)
    assert service.available_to_promise(["A"], NOW - 2 * DAY) == {"A": 5}


def test_a_delivery_has_one_content(service: InventoryService) -> None:
    service.expect("po-1", "A", "far", 4, due_at=NOW + DAY)
    with pytest.raises(KeyReused):
        service.expect("po-1", "A", "far", 5, due_at=NOW + DAY)
    service.receive("po-1", "A", "far", 4)
    service.expect("po-1", "A", "far", 4, due_at=NOW + DAY)
    assert service.available_to_promise(["A"], NOW + DAY) == {"A": 9}, "it came already"
    with pytest.raises(KeyReused):
        service.expect("po-1", "B", "far", 4, due_at=NOW + DAY)
    with pytest.raises(LocationNotFound):
        service.expect("po-2", "A", "nowhere", 4, due_at=NOW + DAY)
    with pytest.raises(InvalidValue, match="due_at"):
        service.expect("po-2", "A", "far", 4, due_at=NOW.replace(tzinfo=None))


def test_a_kit_can_be_promised_once_its_last_component_is_there(service: InventoryService) -> None:
    service.define_kit("SET", {"A": 2, "B": 1})
    service.expect("po-1", "A", "near", 3, due_at=NOW + DAY)
    service.expect("po-2", "B", "near", 2, due_at=NOW + 2 * DAY)
    assert [service.available_to_promise(["SET"], NOW + n * DAY)["SET"] for n in range(3)] == [2, 2, 4]
    assert [service.promised_by("SET", n) for n in (2, 4, 5)] == [NOW, NOW + 2 * DAY, None]
    service.configure("B", "near", mode=StockMode.UNTRACKED)
    assert service.promised_by("SET", 4) == NOW + DAY


def test_owed_units_have_a_limit_and_an_end(service: InventoryService, passed: list[timedelta]) -> None:
    service.configure(
        "A",
        "near",
        preorder_limit=1,
        released_at=NOW + DAY,
        backorder_limit=3,
        backorder_until=NOW + 2 * DAY,
    )
    for days, most in ((0, 6), (1, 8), (2, 5)):
        passed[0] = days * DAY
        assert service.availability(["A"]) == {"A": most}
        with pytest.raises(OutOfStock):
            service.reserve(f"more {days}", want(A=most + 1))
        service.reserve(f"all {days}", want(A=most))
        service.release(f"all {days}")
    service.configure("A", "near", backorder_limit=1)
    service.reserve("owed", want(A=6))
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        service.ship("owed", {"A": 6}, part="p")
    service.receive("late", "A", "near", 1)
    service.ship("owed", {"A": 6}, part="p")
