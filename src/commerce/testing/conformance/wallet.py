"""What every storage of stored value promises."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from commerce.kernel import StaleVersion
from commerce.runtime import Begin, Storage, unit_of_work
from commerce.testing.conformance.storage import NOW, StorageConformance
from commerce.wallet import (
    Account,
    AccountNotFound,
    Book,
    CreditGranted,
    Draw,
    Drift,
    Hold,
    HoldStatus,
    Lot,
    Posting,
    Refund,
    RefundLine,
    Transaction,
    TransactionKind,
    WalletService,
    WalletUnit,
    Wish,
)

__all__ = ["PEPPER", "WalletConformance", "wallet_on"]

#: The secret of these tests; a shop's own is random.
PEPPER = b"a pepper for tests only"

_DAY = timedelta(days=1)


def wallet_on(storage: Storage, passed: Callable[[], timedelta] = timedelta) -> WalletService:
    """The wallet over a storage; it is so long after `NOW`, and every event is wanted."""
    begin = unit_of_work(storage, "wallet", lambda: NOW + passed(), lambda _: True, lambda: None)
    return WalletService(begin, lambda: NOW + passed(), PEPPER)


def _account(id: str, **facts: Any) -> Account:
    return Account(**{"id": id, "kind": "store_credit", "unit": "EUR", "opened_at": NOW, **facts})


def _lot(id: str, left: int = 10, **facts: Any) -> Lot:
    usual = {"account_id": "a", "unit": "EUR", "amount": 10, "active_from": NOW}
    return Lot(**{"id": id, "left": left, **usual, **facts})


def _booked(key: str, units: int = 10, *, lot: str = "l1", at: datetime = NOW, **facts: Any) -> Transaction:
    """Units that came into a lot of account ``a``."""
    return Transaction(
        **{
            "id": f"id of {key}",
            "key": key,
            "kind": TransactionKind.GRANT,
            "at": at,
            "postings": (
                Posting(book=Book.CUSTOMER, kind="store_credit", unit="EUR", amount=units, account_id="a", lot_id=lot),
                Posting(book=Book.GRANTED, kind="store_credit", unit="EUR", amount=-units),
            ),
            **facts,
        }
    )


def _hold(key: str, account_id: str = "a", **facts: Any) -> Hold:
    return Hold(
        **{
            "id": f"id of {key}",
            "key": key,
            "unit": "EUR",
            "limit": 12,
            "wishes": (
                Wish(account_id=account_id, kind="gift_card", last4="WXYZ", amount=8),
                Wish(account_id="b", kind="x"),
            ),
            "draws": (Draw(account_id=account_id, kind="gift_card", lot_id="l1", amount=8),),
            **facts,
        }
    )


class WalletConformance(StorageConformance):
    """Lots guard themselves, the ledger is append-only and proves them, keys and codes are taken once."""

    @pytest.fixture
    def wallet(self, begin: Callable[[str], Begin[Any]]) -> Begin[WalletUnit]:
        """Transactions of the wallet module."""
        start: Begin[WalletUnit] = begin("wallet")
        return start

    def test_an_account_comes_back_as_it_was(self, wallet: Begin[WalletUnit]) -> None:
        """By id, by the fingerprint of its code, by its owner; in the order of opening."""
        card = _account("a2", kind="gift_card", fingerprint="f" * 64, last4="WXYZ")
        euro, points = _account("a1", owner_id="ann"), _account("a3", owner_id="ann", unit="PTS")
        with wallet() as uow:
            for account in (euro, card, points):
                uow.accounts.add(account)
        with wallet() as uow:
            found = uow.accounts.by_fingerprint("f" * 64)
            assert found is not None
            assert (found.id, found.kind, found.last4, found.opened_at) == ("a2", "gift_card", "WXYZ", NOW)
            assert uow.accounts.by_fingerprint("e" * 64) is None
            assert [(a.id, a.unit) for a in uow.accounts.of_owner("ann")] == [("a1", "EUR"), ("a3", "PTS")]
            assert [a.id for a in uow.accounts.these(["a3", "a2", "unknown"])] == ["a2", "a3"]
            with pytest.raises(AccountNotFound):
                uow.accounts.get("unknown")

    @pytest.mark.parametrize("second", [{"fingerprint": "f" * 64}, {"owner_id": "ann"}])
    def test_a_code_and_an_owner_have_one_account(self, wallet: Begin[WalletUnit], second: dict[str, str]) -> None:
        """Whoever comes second is told to look again; accounts without either are many."""
        with wallet() as uow:
            uow.accounts.add(_account("a1", owner_id="ann", fingerprint="f" * 64))
            uow.accounts.add(_account("a2"))
            uow.accounts.add(_account("a3"))
        with pytest.raises(StaleVersion), wallet() as uow:
            uow.accounts.add(_account("a4", **second))

    def test_accounts_are_saved_together_and_by_version(
        self, wallet: Begin[WalletUnit], events: Callable[[], list[str]]
    ) -> None:
        """All with their events, or none if one of them changed meanwhile."""
        with wallet() as uow:
            for id in ("a1", "a2"):
                uow.accounts.add(_account(id))
        with wallet() as uow:
            read = uow.accounts.these(["a2", "a1"])
        for account in read:
            account.last4 = "NEWS"
            account.record(
                CreditGranted(
                    aggregate_id=account.id, customer_id="ann", amount=1, unit="EUR", reason="r", expires_at=None
                )
            )
        with wallet() as uow:
            uow.accounts.save_all([])
            uow.accounts.save_all(read)
        assert events() == ["wallet.CreditGranted"] * 2
        stale = _account("a2", version=1)
        with wallet() as uow:
            fresh = uow.accounts.get("a1")
            assert (fresh.last4, fresh.version) == ("NEWS", 2)
        with pytest.raises(StaleVersion), wallet() as uow:
            uow.accounts.save_all([fresh, stale])
        with wallet() as uow:
            assert uow.accounts.get("a1").version == 2

    def test_a_lot_refuses_by_itself(self, wallet: Begin[WalletUnit]) -> None:
        """What is left may be taken, in its time only; a refusal changes nothing once rolled back."""
        with wallet() as uow:
            uow.lots.add([_lot("l1"), _lot("l2"), _lot("l3", active_from=NOW + _DAY), _lot("l4", expires_at=NOW)])
            assert uow.lots.take({"l2": 3, "l1": 10}, NOW)
        for refused in ({"l2": 8}, {"l2": 7, "l1": 1}, {"l3": 1}, {"l4": 1}, {"unknown": 1}):
            with pytest.raises(ZeroDivisionError), wallet() as uow:
                assert not uow.lots.take(refused, NOW)
                raise ZeroDivisionError
        with wallet() as uow:
            assert uow.lots.take({"l3": 1}, NOW + _DAY)
        with wallet() as uow:
            uow.lots.give({"l2": 2, "l1": 1})
            uow.lots.give({})
            assert [(lot.id, lot.left) for lot in uow.lots.of(["a"])] == [("l1", 1), ("l2", 9), ("l3", 9), ("l4", 10)]

    def test_lots_are_found(self, wallet: Begin[WalletUnit]) -> None:
        """By account, by id, and when their time is over, longest first; empty ones only where they matter."""
        full = _lot("l1", expires_at=NOW + _DAY)
        empty, other = _lot("l2", 0, expires_at=NOW), _lot("l3", account_id="b", expires_at=NOW)
        with wallet() as uow:
            uow.lots.add([full, empty, other, _lot("l4", account_id="b", expires_at=NOW - _DAY)])
        with wallet() as uow:
            assert list(uow.lots.of(["a"])) == [full, empty]
            assert list(uow.lots.locked(["a"])) == [full]
            assert list(uow.lots.these(["l3", "l1", "unknown"])) == [full, other]
            assert [lot.id for lot in uow.lots.expired(NOW, 9)] == ["l4", "l3"]
            assert [lot.id for lot in uow.lots.expired(NOW + _DAY, 1)] == ["l4"]

    def test_a_lot_is_cleared_as_it_was_read(self, wallet: Begin[WalletUnit]) -> None:
        """What came back in between is not lost."""
        with wallet() as uow:
            uow.lots.add([_lot("l1"), _lot("l2", 4)])
        with pytest.raises(ZeroDivisionError), wallet() as uow:
            assert not uow.lots.clear([_lot("l1"), _lot("l2", 3)])
            raise ZeroDivisionError
        with wallet() as uow:
            assert uow.lots.clear([_lot("l1"), _lot("l2", 4)])
            assert [lot.left for lot in uow.lots.of(["a"])] == [0, 0]

    def test_a_transaction_comes_back_whole(self, wallet: Begin[WalletUnit]) -> None:
        """By key and by account, in the order booked; a key is taken once."""
        first = _booked("k1", reference="ref", reason="sorry", body="asked")
        second = _booked("k2", 3, lot="l2")
        other = evolve(
            _booked("k3"), postings=tuple(evolve(p, account_id=p.account_id and "b") for p in first.postings)
        )
        with wallet() as uow:
            uow.ledger.book([first, second])
            uow.ledger.book([other])
        with wallet() as uow:
            assert uow.ledger.find("k1") == first
            assert uow.ledger.find("unknown") is None
            assert list(uow.ledger.of("a")) == [first, second]
        with pytest.raises(StaleVersion), wallet() as uow:
            uow.ledger.book([_booked("k4"), evolve(_booked("k1"), id="another")])
        with wallet() as uow:
            assert uow.ledger.find("k4") is None

    def test_sums_are_those_of_a_moment(self, wallet: Begin[WalletUnit]) -> None:
        """Of each kind, unit and book, with what was booked at that very moment."""
        with wallet() as uow:
            uow.ledger.book([_booked("k1"), _booked("k2", 5, at=NOW + _DAY)])
            now, then = uow.ledger.sums(NOW), uow.ledger.sums(NOW + _DAY)
            assert uow.ledger.sums(NOW - _DAY) == {}
        assert now == {("store_credit", "EUR", Book.CUSTOMER): 10, ("store_credit", "EUR", Book.GRANTED): -10}
        assert then == {("store_credit", "EUR", Book.CUSTOMER): 15, ("store_credit", "EUR", Book.GRANTED): -15}

    def test_a_lot_that_the_ledger_does_not_prove_is_told(self, wallet: Begin[WalletUnit]) -> None:
        """Whether postings are missing or too many."""
        with wallet() as uow:
            uow.lots.add([_lot("l1"), _lot("l2", 4), _lot("l3", 0), _lot("l4", 1)])
            uow.ledger.book([_booked("k1"), _booked("k2", 3, lot="l2"), _booked("k3", 2, lot="l2")])
            assert list(uow.ledger.drift()) == [
                Drift(lot_id="l2", left=4, by_ledger=5),
                Drift(lot_id="l4", left=1, by_ledger=0),
            ]

    def test_a_hold_comes_back_as_it_was(self, wallet: Begin[WalletUnit]) -> None:
        """With its wishes, draws and refunds, by its key, which is taken once."""
        refund = Refund(key="r", units=3, unit="EUR", part="a", lines=(RefundLine(draw=0, lot_id="l9", amount=3),))
        with wallet() as uow:
            uow.holds.add(_hold("k1", status=HoldStatus.COMMITTED, refunds=(refund,), expires_at=NOW))
        with wallet() as uow:
            found = uow.holds.by_key("k1")
            assert found is not None
            known = _hold("k1")
            assert (found.wishes, found.draws, found.limit, found.unit) == (known.wishes, known.draws, 12, "EUR")
            assert (found.refunds, found.status, found.expires_at) == ((refund,), HoldStatus.COMMITTED, NOW)
            assert uow.holds.by_key("unknown") is None
        with pytest.raises(StaleVersion), wallet() as uow:
            uow.holds.add(_hold("k1", id="another"))

    def test_holds_are_saved_together_and_by_version(self, wallet: Begin[WalletUnit]) -> None:
        """All, or none if one of them changed meanwhile."""
        with wallet() as uow:
            uow.holds.add(_hold("k1"))
            uow.holds.add(_hold("k2"))
        with wallet() as uow:
            read = [hold for hold in (uow.holds.by_key("k2"), uow.holds.by_key("k1")) if hold is not None]
            for hold in read:
                hold.status = HoldStatus.RELEASED
            uow.holds.save_all([])
            uow.holds.save_all(read)
            assert [hold.version for hold in read] == [2, 2]
        with pytest.raises(StaleVersion), wallet() as uow:
            uow.holds.save_all([read[0], _hold("k1", version=1)])
        with wallet() as uow:
            found = uow.holds.by_key("k2")
            assert found is not None
            assert (found.version, found.status) == (2, HoldStatus.RELEASED)

    def test_what_is_held_is_found(self, wallet: Begin[WalletUnit]) -> None:
        """On an account, lapsed or not, but not what ended; and what lapsed anywhere, longest first."""

        def reserved(key: str, account_id: str) -> Transaction:
            sides = _booked(key).postings
            moved = tuple(evolve(p, account_id=p.account_id and account_id) for p in sides)
            return _booked(key, kind=TransactionKind.RESERVE, reference=key, postings=moved)

        with wallet() as uow:
            for key, account_id, facts in (
                ("k1", "a", {"expires_at": NOW}),
                ("k2", "b", {"expires_at": NOW - _DAY}),
                ("k3", "a", {}),
                ("k4", "a", {"status": HoldStatus.COMMITTED}),
                ("k5", "a", {"status": HoldStatus.EXPIRED, "expires_at": NOW}),
            ):
                uow.holds.add(_hold(key, account_id, **facts))
                uow.ledger.book([reserved(key, account_id)])
        with wallet() as uow:
            assert [hold.key for hold in uow.holds.held(["a"])] == ["k1", "k3"]
            assert [hold.key for hold in uow.holds.held(["b", "a"])] == ["k1", "k2", "k3"]
            assert [hold.key for hold in uow.holds.lapsed(NOW, 9)] == ["k2", "k1"]
            assert [hold.key for hold in uow.holds.lapsed(NOW, 1)] == ["k2"]
