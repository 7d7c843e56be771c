"""What every storage's outbox and saga journal promise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from commerce.cart import Cart, CartUnit
from commerce.kernel import Address
from commerce.runtime import Begin, SagaRecord, SagaStatus, Storage
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["OutboxConformance", "SagaLogConformance"]

_LEASE = timedelta(minutes=1)


@frozen(kw_only=True)
class _State:
    amount: int
    where: Address | None = None


def _record(key: str = "k1", **changes: Any) -> SagaRecord:
    plain = SagaRecord(
        id=f"id-{key}",
        saga="buy",
        key=key,
        fingerprint="f",
        input=_State(amount=1),
        state=_State(amount=5, where=Address(country="DE")),
        started_at=NOW,
        lease_until=NOW + _LEASE,
    )
    return evolve(plain, **changes)


class OutboxConformance(StorageConformance):
    """Events are delivered at least once and in order per aggregate, and all are kept. Needs the cart module."""

    @pytest.fixture
    def two_carts(self, begin: Callable[[str], Begin[Any]]) -> None:
        """Two carts with two events each, committed turn by turn."""
        carts: Begin[CartUnit] = begin("cart")
        for id in ("a", "b"):
            with carts() as uow:
                cart = Cart(id=id, currency="EUR")
                cart.add_line("1", "X", 1, at=NOW)
                uow.carts.add(cart)
        for id in ("a", "b"):
            with carts() as uow:
                cart = uow.carts.get(id)
                cart.remove_line("1", at=NOW)
                uow.carts.save(cart)

    @pytest.mark.usefixtures("two_carts")
    def test_hands_out_all_of_an_aggregate_to_one(self, storage: Storage) -> None:
        """In the order written; what is taken is nobody else's, and neither is what follows it."""
        first = storage.outbox.claim(1, NOW, _LEASE)
        assert [(e.aggregate_id, e.name) for e in first] == [("a", "cart.CartLineAdded"), ("a", "cart.CartLineRemoved")]
        second = storage.outbox.claim(10, NOW, _LEASE)
        assert [(e.aggregate_id, e.name) for e in second] == [
            ("b", "cart.CartLineAdded"),
            ("b", "cart.CartLineRemoved"),
        ]
        assert storage.outbox.claim(10, NOW, _LEASE) == []
        storage.outbox.delivered([first[0].id, second[0].id], NOW)
        assert storage.outbox.claim(10, NOW, _LEASE) == []

    @pytest.mark.usefixtures("two_carts")
    def test_keeps_the_order_of_writing(self, storage: Storage) -> None:
        """Over all aggregates of one claim."""
        names = [(e.aggregate_id, e.name.removeprefix("cart.CartLine")) for e in storage.outbox.claim(10, NOW, _LEASE)]
        assert names == [("a", "Added"), ("b", "Added"), ("a", "Removed"), ("b", "Removed")]

    @pytest.mark.usefixtures("two_carts")
    def test_an_unfinished_delivery_comes_again(self, storage: Storage, later: datetime) -> None:
        """Whoever dies while delivering loses its lease, not the events."""
        first = storage.outbox.claim(1, NOW, _LEASE)
        again = storage.outbox.claim(1, later, _LEASE)
        assert [e.id for e in first] == [e.id for e in again]
        assert first[0].event == again[0].event

    @pytest.mark.usefixtures("two_carts")
    def test_a_failed_delivery_waits_and_counts(self, storage: Storage, later: datetime) -> None:
        """Not before its time, and with the number of attempts so far."""
        first, second = storage.outbox.claim(1, NOW, _LEASE)
        storage.outbox.failed(first.id, "KeyError", later)
        taken = [e.id for e in storage.outbox.claim(10, NOW + 2 * _LEASE, _LEASE)]
        assert first.id not in taken
        assert second.id not in taken, "it waits behind the first"
        again = {e.id: e for e in storage.outbox.claim(10, later, _LEASE)}
        assert again[first.id].attempts == 1

    @pytest.mark.usefixtures("two_carts")
    def test_the_archive_keeps_everything(self, storage: Storage) -> None:
        """Delivered or not, by position, a page at a time."""
        storage.outbox.delivered([e.id for e in storage.outbox.claim(1, NOW, _LEASE)], NOW)
        rows = list(storage.outbox.archive(limit=3))
        rows += storage.outbox.archive(after=rows[-1][0], limit=3)
        assert [position for position, _ in rows] == sorted(position for position, _ in rows)
        assert len(rows) == 4
        assert storage.outbox.pending() == 2


class SagaLogConformance(StorageConformance):
    """Processes survive, and each belongs to one runner at a time."""

    def test_one_record_for_a_key(self, storage: Storage) -> None:
        """The second to start learns of the first; nothing is overwritten."""
        assert storage.sagas.start(_record()) is None
        stored = storage.sagas.start(_record(id="other", state=_State(amount=9)))
        assert stored == _record()
        assert storage.sagas.get("other") is None
        assert storage.sagas.find("buy", "k1") == _record()

    def test_one_runner_saves(self, storage: Storage) -> None:
        """Two who hold the same version: the quicker one owns the process."""
        storage.sagas.start(_record())
        assert storage.sagas.save(_record(version=2, position=3, state=_State(amount=6)))
        assert not storage.sagas.save(_record(version=2, position=1))
        stored = storage.sagas.get("id-k1")
        assert stored is not None
        assert (stored.position, stored.state) == (3, _State(amount=6))

    def test_input_changes_only_with_a_new_attempt(self, storage: Storage) -> None:
        """Saving progress keeps what was asked; trying anew replaces it."""
        storage.sagas.start(_record())
        assert storage.sagas.save(_record(version=2, input=_State(amount=2)))
        assert storage.sagas.find("buy", "k1") == _record(version=2)
        assert not storage.sagas.restart(_record(version=2))
        assert storage.sagas.restart(_record(version=3, attempt=2, input=_State(amount=3)))
        assert storage.sagas.find("buy", "k1") == _record(version=3, attempt=2, input=_State(amount=3))

    def test_finds_what_nobody_works_on(self, storage: Storage, later: datetime) -> None:
        """Running and undoing processes whose lease is over; not finished and not waiting ones."""
        for key, status in (("r", "running"), ("u", "undoing"), ("w", "waiting"), ("d", "done"), ("f", "failed")):
            storage.sagas.start(_record(key, status=SagaStatus(status)))
        assert storage.sagas.unfinished(NOW) == []
        assert sorted(r.key for r in storage.sagas.unfinished(later)) == ["r", "u"]
        assert [r.key for r in storage.sagas.waiting(later)] == ["w"]

    @pytest.mark.parametrize("status", [SagaStatus.RUNNING, SagaStatus.WAITING])
    def test_who_was_touched_goes_behind_the_others(
        self, storage: Storage, later: datetime, status: SagaStatus
    ) -> None:
        """However many cannot be finished, everybody's turn comes."""
        for key in "abc":
            storage.sagas.start(_record(key, status=status))
        storage.sagas.save(_record("a", status=status, version=2, lease_until=NOW + 2 * _LEASE))
        log = storage.sagas
        found = log.unfinished(later, limit=2) if status is SagaStatus.RUNNING else log.waiting(later, limit=2)
        assert sorted(record.key for record in found) == ["b", "c"]
