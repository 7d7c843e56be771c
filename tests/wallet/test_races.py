"""Many at once on PostgreSQL: exactly what there is, no deadlock, nothing but typed answers."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

import pytest

from commerce.adapters.sql import SqlStorage
from commerce.kernel import CommerceError, Money
from commerce.testing.conformance.storage import NOW
from commerce.testing.conformance.wallet import wallet_on
from commerce.wallet import Tender, WalletService


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


def race(acts: Sequence[Callable[[], object]]) -> Counter[str]:
    """All at once, each in its own thread; counts what became of them."""
    outcomes: Counter[str] = Counter()
    barrier, lock = threading.Barrier(len(acts)), threading.Lock()

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
            result = "done"
        except CommerceError as error:
            result = error.code
        except Exception as error:  # noqa: BLE001 - whatever else happens must be counted, too
            result = repr(error)
        with lock:
            outcomes[result] += 1

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def passed() -> list[timedelta]:
    return [timedelta(0)]


@pytest.fixture
def wallet(commerce_postgres_url: str, passed: list[timedelta]) -> Iterator[WalletService]:
    storage = SqlStorage(commerce_postgres_url, pool_size=20)
    yield wallet_on(storage, lambda: passed[0])
    storage.close()


def card(wallet: WalletService, amount: str, key: str = "card", days: int = 365) -> Tender:
    issued = wallet.issue_gift_card(key, eur(amount), expires_at=NOW + timedelta(days=days))
    assert issued.code is not None
    return Tender.of_code(issued.code)


def reserve(wallet: WalletService, key: str, tenders: Sequence[Tender], limit: str) -> Callable[[], object]:
    return lambda: wallet.reserve(key, tenders, limit=eur(limit))


def settled(wallet: WalletService) -> None:
    assert wallet.reconcile() == []
    with wallet.begin() as uow:
        assert sum(uow.ledger.sums(wallet.clock()).values()) == 0


def test_twenty_takers_of_ten_from_a_hundred(wallet: WalletService) -> None:
    tender = card(wallet, "100.00")
    acts = [reserve(wallet, f"o{n}", [tender], "10.00") for n in range(20)]
    assert race(acts) == {"done": 10, "nothing_left": 10}
    assert wallet.balance(tender.instrument).available == eur("0")
    settled(wallet)


def test_takers_of_odd_amounts_take_everything_once(wallet: WalletService) -> None:
    """The last one gets the rest; several lots are one balance."""
    for n in range(3):
        wallet.grant_credit(f"g{n}", "ann", eur("33.34"), reason="r")
    acts = [reserve(wallet, f"o{n}", [Tender.of_credit("ann")], "7.00") for n in range(20)]
    assert race(acts) == {"done": 15, "nothing_left": 5}
    held = [hold.amount for n in range(20) if (hold := wallet.hold(f"o{n}"))]
    assert sorted(held) == [eur("2.02"), *[eur("7.00")] * 14]
    settled(wallet)


def test_opposite_orders_of_tenders_do_not_wait_in_a_circle(wallet: WalletService) -> None:
    first, second = card(wallet, "100.00", "c1"), card(wallet, "100.00", "c2")
    acts = [reserve(wallet, f"o{n}", [first, second] if n % 2 else [second, first], "20.00") for n in range(10)]
    assert race(acts) == {"done": 10}
    assert race([reserve(wallet, "late", [first], "1.00")]) == {"nothing_left": 1}
    settled(wallet)


def test_one_key_is_one_hold_one_card_and_one_account(wallet: WalletService) -> None:
    tender = card(wallet, "100.00")
    assert race([reserve(wallet, "o", [tender], "30.00")] * 8) == {"done": 8}
    assert wallet.balance(tender.instrument).available == eur("70.00")
    assert race([lambda: wallet.issue_gift_card("again", eur("5.00"))] * 6) == {"done": 6}
    assert race([lambda: wallet.grant_credit("g", "ann", eur("5.00"), reason="r")] * 6) == {"done": 6}
    grants = [partial(wallet.grant_credit, f"g{n}", "bob", eur("1.00"), reason="r") for n in range(6)]
    assert race(grants) == {"done": 6}
    assert len(wallet.accounts_of("bob")) == 1
    assert wallet.balance("credit:bob", "EUR").available == eur("6.00")
    assert sum(line.liability.minor for line in wallet.liability_report()) == 10_000 + 500 + 500 + 600
    settled(wallet)


def test_refunds_never_exceed_what_was_redeemed(wallet: WalletService) -> None:
    tender = card(wallet, "100.00")
    wallet.reserve("o", [tender], limit=eur("50.00"))
    wallet.commit("o")
    acts = [partial(wallet.refund, f"r{n % 10}", "o", eur("10.00")) for n in range(20)]
    outcomes = race(acts)
    assert set(outcomes) == {"done", "refund_too_large"}
    assert wallet.balance(tender.instrument).available == eur("100.00")
    settled(wallet)


def test_commit_and_release_of_one_hold_have_one_winner(wallet: WalletService) -> None:
    tender = card(wallet, "100.00")
    for n in range(5):
        wallet.reserve(f"o{n}", [tender], limit=eur("10.00"))
        outcomes = race([partial(wallet.commit, f"o{n}"), partial(wallet.release, f"o{n}")])
        assert outcomes in ({"done": 1, "already_redeemed": 1}, {"done": 1, "hold_ended": 1})
    settled(wallet)


def test_lapsed_value_is_fought_over_once_while_it_is_swept(wallet: WalletService, passed: list[timedelta]) -> None:
    """Sweepers, takers and those who let go meet on the same holds and lots."""
    tender, short = card(wallet, "100.00"), card(wallet, "10.00", "short", days=1)
    for n in range(10):
        wallet.reserve(f"old{n}", [tender], limit=eur("10.00"), expires_at=NOW + timedelta(hours=1))
    wallet.reserve("held", [short], limit=eur("5.00"), expires_at=NOW + timedelta(hours=1))
    passed[0] = timedelta(days=1)
    takers = [reserve(wallet, f"new{n}", [tender], "10.00") for n in range(12)]
    others: list[Callable[[], object]] = [
        wallet.expire,
        wallet.expire,
        partial(wallet.release, "old3"),
        partial(wallet.release, "held"),
    ]
    outcomes = race([*takers, *others])
    assert outcomes == {"done": 14, "nothing_left": 2}
    wallet.expire()
    assert [line.breakage for line in wallet.liability_report()] == [eur("10.00")]
    settled(wallet)
