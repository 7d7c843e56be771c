"""What a process keeps of promotions is never older than what another one has stored."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotions.carts import NOW, cart, euro, line, now, percent, promotion
from tests.promotions.services import service_on

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.sql import SqlStorage
from commerce.promotions import Coupon, PromotionResult, PromotionService
from commerce.runtime import Storage

CART = cart(line("A", 1, "100.00"))

#: Another process: it doubles the percentage, and is gone.
_ELSEWHERE = """
import sys
from commerce.adapters.sql import SqlStorage
from commerce.promotions import PercentOff
from tests.promotions.services import service_on
storage = SqlStorage(sys.argv[1])
service = service_on(storage)
changed = service.get("p")
changed.benefit = PercentOff(percent=20)
service.change(changed)
storage.close()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("commerce_postgres_url")
        return found
    storage: SqlStorage = request.getfixturevalue("commerce_sqlite_storage")
    return storage.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def connected(url: str) -> Iterator[Callable[[], PromotionService]]:
    """Services that share the database and nothing else, as those of several processes do."""
    storages: list[SqlStorage] = []

    def connect() -> PromotionService:
        storages.append(SqlStorage(url))
        return service_on(storages[-1])

    yield connect
    for storage in storages:
        storage.close()


def test_the_next_quote_sees_what_another_process_changed(url: str, connected: Callable[[], PromotionService]) -> None:
    """A percentage is changed by a process of its own: no cache is asked to let go of anything."""
    here = connected()
    here.add(promotion("p", percent(10)))
    assert here.evaluate(CART, now()).cart.grand_total == euro("90.00")
    subprocess.run([sys.executable, "-c", _ELSEWHERE, url], check=True)
    assert here.evaluate(CART, now()).cart.grand_total == euro("80.00")


def test_a_change_that_is_committed_is_seen_while_others_are_made(connected: Callable[[], PromotionService]) -> None:
    """One process raises a percentage, another changes other promotions, a third never sees it fall again."""
    here, there, elsewhere = connected(), connected(), connected()
    here.add(promotion("p", percent(1)))
    here.add(promotion("other", percent(1), automatic=False))
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            other = elsewhere.get("other")
            other.name += "'" if len(other.name) < 9 else ""
            elsewhere.change(other)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for percentage in range(2, 22):
            changed = there.get("p")
            changed.benefit = percent(percentage)
            there.change(changed)
            assert here.evaluate(CART, now()).cart.discount_total == euro(f"{percentage}.00")
    finally:
        done.set()
        thread.join()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "percent", "switch", "dates", "coded", "quote", "quote"]),
        st.integers(0, 2),  # which of the services
        st.integers(0, 3),  # which promotion
        st.integers(-3, 3),  # days from now
    ),
    max_size=25,
)


def _step(service: PromotionService, what: str, which: int, days: int) -> None:
    id = f"p{which}"
    if what == "add":
        if id not in {promotion.id for promotion in service.list().items}:
            service.add(promotion(id, percent(which + 1), automatic=which < 3))
            service.add_code(Coupon(code=f"code{which}", promotion_id=id))
        return
    for found in service.list().items:
        if found.id == id:
            if what == "percent":
                found.benefit = percent(10 + days)
            elif what == "switch":
                found.enabled = not found.enabled
            elif what == "coded":
                found.automatic = not found.automatic
            else:
                found.starts_at, found.ends_at = NOW + timedelta(days=days), NOW + timedelta(days=days + 2)
            service.change(found)


def _quoted(service: PromotionService, which: int, days: int) -> PromotionResult:
    codes = [f"code{which}"] if which else []
    return service.evaluate(CART, now(at=NOW + timedelta(days=days), codes=codes))


@given(_STEPS)
@settings(max_examples=60)
def test_whatever_is_kept_the_answer_is_that_of_a_service_that_keeps_nothing(
    steps: list[tuple[str, int, int, int]],
) -> None:
    """Any changes by any of three services, quotes at any moment with any code in between: as if all were read."""
    storage: Storage = MemoryStorage()
    services = [service_on(storage) for _ in range(3)]
    for what, who, which, days in steps:
        if what == "quote":
            assert _quoted(services[who], which, days) == _quoted(service_on(storage), which, days)
        else:
            _step(services[who], what, which, days)


def test_the_law_holds_on_databases(connected: Callable[[], PromotionService]) -> None:
    """The same, for each kind of change once, on SQLite and PostgreSQL."""
    services, reader = [connected() for _ in range(2)], connected()
    changes = [("add", n, 0) for n in range(4)]
    changes += [
        ("percent", 0, 1),
        ("switch", 1, 0),
        ("dates", 2, 1),
        ("coded", 0, 0),
        ("coded", 3, 0),
        ("dates", 2, -3),
    ]
    for what, which, days in changes:
        _step(services[0], what, which, days)
        for asked in range(4):
            for day in (-1, 0, 1, 3):
                fresh = PromotionService(begin=reader.begin, clock=reader.clock, hooks=reader.hooks)
                assert _quoted(services[1], asked, day) == _quoted(fresh, asked, day), (what, which, asked, day)


def test_few_books_are_kept() -> None:
    """However many moments and codes are asked for: what a process keeps is bounded."""
    service = service_on(MemoryStorage())
    for n in range(12):
        service.add(promotion(f"p{n}", percent(1), automatic=n < 6, starts_at=NOW + timedelta(days=n)))
        service.add_code(Coupon(code=f"code{n}", promotion_id=f"p{n}"))
    for n in range(12):
        service.evaluate(CART, now(at=NOW + timedelta(days=n), codes=[f"code{n}"]))
    assert len(service._kept) == 4
