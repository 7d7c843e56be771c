"""The statement budget of the wallet: however many tenders and lots, as few statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.kernel import Money
from commerce.testing.conformance.storage import NOW
from commerce.testing.conformance.wallet import wallet_on
from commerce.wallet import Tender

EUR = Money(1, "EUR")


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split(maxsplit=1)[0])

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


BOOK, EVENTS = ["INSERT", "INSERT"], ["INSERT"]


def test_each_step_of_an_order_takes_few_statements(commerce_sqlite_storage: SqlStorage) -> None:
    """A tender is found by one statement; hold, lots, ledger and events are one or two each, whatever their number."""
    passed = [timedelta(0)]
    wallet = wallet_on(commerce_sqlite_storage, lambda: passed[0])
    tenders = []
    for n in range(3):
        wallet.grant_credit(f"g{n}", "ann", 5 * EUR, reason="r", expires_at=NOW + timedelta(days=1))
        code = wallet.issue_gift_card(f"c{n}", 5 * EUR, expires_at=NOW + timedelta(days=1)).code
        tenders.append(Tender.of_code(code or ""))
    tenders.append(Tender.of_credit("ann"))
    found, read = ["SELECT"] * 4, ["SELECT"] * 3
    steps: dict[str, tuple[Callable[[], object], list[str]]] = {
        "reserve": (
            lambda: wallet.reserve("o", tenders, limit=25 * EUR),
            [*found, *read, "UPDATE", "INSERT", *BOOK, *EVENTS],
        ),
        "reserve again": (lambda: wallet.reserve("o", tenders, limit=25 * EUR), [*found, "SELECT"]),
        "commit": (lambda: wallet.commit("o"), ["SELECT", "UPDATE", *BOOK, *EVENTS]),
        "commit again": (lambda: wallet.commit("o"), ["SELECT"]),
        "refund": (
            lambda: wallet.refund("r", "o", 22 * EUR),
            ["SELECT"] * 3 + ["UPDATE", "UPDATE", *BOOK, *EVENTS],
        ),
        "refund again": (lambda: wallet.refund("r", "o", 22 * EUR), ["SELECT"] * 2),
        "balance": (lambda: wallet.balance("credit:ann", "EUR"), ["SELECT"] * 3),
        "report": (wallet.liability_report, ["SELECT"]),
    }
    for name, (act, budget) in steps.items():
        with _counted(commerce_sqlite_storage) as seen:
            act()
        assert seen == budget, name
    passed[0] = timedelta(days=1)
    with _counted(commerce_sqlite_storage) as seen:
        assert wallet.expire() == 6
    assert seen == ["SELECT", "SELECT", "SELECT", "UPDATE", "UPDATE", *BOOK, *EVENTS], "a sweep"
