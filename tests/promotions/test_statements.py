"""The statement budget of promotions: however many there are, as few statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.promotions.carts import NOW, cart, euro, line, now, percent, promotion
from tests.promotions.services import service_on

from commerce.adapters.sql import SqlStorage
from commerce.promotions import Coupon, Limits, PromotionService, Stacking

CART = cart(line("A", 2, "30.00"))


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split(maxsplit=1)[0])

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


@pytest.fixture
def service(commerce_sqlite_storage: SqlStorage) -> PromotionService:
    """Thirty limited promotions and a code."""
    made = service_on(commerce_sqlite_storage)
    for n in range(30):
        made.add(promotion(f"p{n:02}", percent(1), limits=Limits(total=9, budget=euro("50.00"))))
    made.add(promotion("code", percent(5), automatic=False))
    made.add_code(Coupon(code="five", promotion_id="code"))
    return made


def test_each_step_of_an_order_takes_few_statements(
    service: PromotionService, commerce_sqlite_storage: SqlStorage
) -> None:
    """The revision, the codes, the counters: one each; promotions are read once, and again only what changed."""
    coded = now(codes=["five"], customer_id="c")
    uses = service.evaluate(CART, now(customer_id="c")).uses
    counted = ["UPDATE"] * sum(len(use.counters) for use in uses)
    new = promotion("new", percent(1))
    steps: dict[str, tuple[Callable[[], object], list[str]]] = {
        "evaluate": (lambda: service.evaluate(CART, now(customer_id="c")), ["SELECT"] * 2),
        "evaluate with a code for the first time": (lambda: service.evaluate(CART, coded), ["SELECT"] * 4),
        "evaluate with a code": (lambda: service.evaluate(CART, coded), ["SELECT"] * 3),
        "evaluate without it again": (lambda: service.evaluate(CART, now(customer_id="c")), ["SELECT"] * 2),
        "evaluate in another week": (
            lambda: service.evaluate(CART, now(customer_id="c", at=NOW + timedelta(days=7))),
            ["SELECT"] * 2,
        ),
        "reserve": (lambda: service.reserve("order", uses), ["SELECT", "INSERT", *counted, "INSERT", "INSERT"]),
        "reserve again": (lambda: service.reserve("order", uses), ["SELECT"]),
        "commit": (lambda: service.commit("order"), ["SELECT", "UPDATE", "INSERT"]),
        "commit again": (lambda: service.commit("order"), ["SELECT"]),
        "give back": (lambda: service.give_back("order", part="1"), ["SELECT", "UPDATE", "UPDATE", "INSERT"]),
        "release": (lambda: service.release("order"), ["SELECT", "UPDATE"]),
        "add": (lambda: service.add(new), ["SELECT", "INSERT", "INSERT", "INSERT"]),
        "evaluate after that": (lambda: service.evaluate(CART, now(customer_id="c")), ["SELECT"] * 5),
        "add again": (lambda: service.add(promotion("new", percent(1))), ["SELECT"]),
        "add to a group": (
            lambda: service.add(promotion("grouped", percent(1), stacking=Stacking(group="g"))),
            ["SELECT", "SELECT", "INSERT", "INSERT", "INSERT"],
        ),
    }
    for name, (act, budget) in steps.items():
        with _counted(commerce_sqlite_storage) as seen:
            act()
        assert seen == budget, name
