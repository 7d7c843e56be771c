"""What every storage of screenings promises."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest

from commerce.fraud import (
    Count,
    Decision,
    Effect,
    Fingerprints,
    FraudPolicy,
    FraudService,
    FraudUnit,
    ListKind,
    Outcome,
    Screening,
    ScreeningFacts,
    ScreeningNotFound,
    Subject,
    Velocity,
)
from commerce.fraud import hooks as fraud_hooks
from commerce.kernel import KeyReused, Money, StaleVersion
from commerce.runtime import Begin, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["FraudConformance"]

_HOUR = timedelta(hours=1)
_FACTS = ScreeningFacts(
    amount=Money("80.00", "EUR"),
    email="ada@example.com",
    customer_id="customer-1",
    billing_country="DE",
    shipping_country="FR",
    address="12 Rue de l'Église",
    ip="192.0.2.7",
    device="device-1",
    card="card-1",
)
_STRICT = FraudPolicy(
    name="strict",
    rules=(Velocity(name="card_hour", subject=Subject.CARD, most=3, within=_HOUR, effect=Effect.BLOCK),),
)
_WAIT = FraudPolicy(name="wait", rules=(Velocity(name="all", subject=Subject.EMAIL, most=0, within=_HOUR, score=500),))


class FraudConformance(StorageConformance):
    """Screenings are kept whole, once per key; nobody is counted too little, and lists hold as long as they say."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[FraudUnit]:
        """Transactions of the fraud module."""
        return begin("fraud")

    @pytest.fixture
    def service(self, transactions: Begin[FraudUnit]) -> FraudService:
        """The use cases over this storage."""
        return FraudService(transactions, lambda: NOW, build_hooks([fraud_hooks], []), Fingerprints(b"p" * 32))

    def test_keeps_every_field(self, service: FraudService) -> None:
        """What was stored is read back field by field, also after a person and the bank had their say."""
        asked = service.screen("key-1", _FACTS, policy=_WAIT)
        assert _fields(service.get("key-1")) == _fields(asked)
        service.resolve("key-1", Decision.APPROVE)
        done = service.report("key-1", Outcome.CHARGEBACK)
        assert _fields(service.get("key-1")) == _fields(done)

    def test_knows_what_it_has_not(self, service: FraudService) -> None:
        """An unknown key is `ScreeningNotFound`."""
        with pytest.raises(ScreeningNotFound):
            service.get("nobody")

    def test_screens_once_per_key(self, service: FraudService, events: Callable[[], list[str]]) -> None:
        """The same key gives the same screening; with other facts it is refused."""
        first = service.screen("key-1", _FACTS)
        assert _fields(service.screen("key-1", _FACTS)) == _fields(first)
        with pytest.raises(KeyReused):
            service.screen("key-1", attrs.evolve(_FACTS, amount=Money("81.00", "EUR")))
        assert events() == ["fraud.OrderScreened"]

    def test_counts_in_the_window(self, service: FraudService, transactions: Begin[FraudUnit]) -> None:
        """What is older than the window or later than the order is not counted; distinct ones are counted once."""
        for n, minutes in enumerate((-61, -60, -59, -1, 0, 1)):
            at = NOW + timedelta(minutes=minutes)
            service.screen(f"key-{n}", attrs.evolve(_FACTS, card=f"card-{n // 2}", at=at))
        known = {**service.fingerprints.all_of(_FACTS)}
        orders = Count(subject=Subject.EMAIL, within=_HOUR)
        cards = Count(subject=Subject.EMAIL, within=_HOUR, distinct=Subject.CARD)
        with transactions() as uow:
            found = uow.screenings.counts((orders, cards), known, NOW)
            assert uow.screenings.counts((), known, NOW) == {}
        # card-1 (59 minutes and 1 minute ago) and card-2 (now); known is card-1, so card-2 is the only other.
        assert found == {orders: 3, cards: 1}

    def test_counts_a_crowd_one_by_one(self, service: FraudService) -> None:
        """A dozen orders with one card at the same moment: no more than allowed get through."""

        def order(n: int) -> Decision:
            facts = attrs.evolve(_FACTS, email=f"{n}@example.com", device=f"device-{n}")
            return service.screen(f"key-{n}", facts, policy=_STRICT).decision

        with ThreadPoolExecutor(6) as pool:
            decisions = Counter(pool.map(order, range(12)))
        assert decisions == {Decision.APPROVE: 3, Decision.DECLINE: 9}

    def test_screens_once_for_a_crowd_with_one_key(self, service: FraudService) -> None:
        """Of many who ask with one key at once, all get one screening."""
        with ThreadPoolExecutor(4) as pool:
            ids = set(pool.map(lambda _: service.screen("key-1", _FACTS).id, range(8)))
        assert len(ids) == 1

    def test_refuses_a_stale_save(self, transactions: Begin[FraudUnit], service: FraudService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        service.screen("key-1", _FACTS)
        with transactions() as uow:
            first, second = uow.screenings.by_key("key-1"), uow.screenings.by_key("key-1")
            assert first is not None
            assert second is not None
            first.suspect()
            uow.screenings.save(first)
            second.suspect()
            with pytest.raises(StaleVersion):
                uow.screenings.save(second)

    def test_lists_hold_until_they_end(self, service: FraudService) -> None:
        """Who is blocked is declined, until then; taken off, no longer."""
        service.block(Subject.EMAIL, "Ada@Example.com", until=NOW + _HOUR)
        declined = service.screen("key-1", _FACTS)
        assert declined.decision is Decision.DECLINE
        later = attrs.evolve(_FACTS, at=NOW + _HOUR)
        assert service.screen("key-2", later).decision is Decision.APPROVE
        service.unlist(ListKind.BLOCK, Subject.EMAIL, "ada@example.com")
        assert service.screen("key-3", _FACTS).decision is Decision.APPROVE

    def test_listing_again_changes_until_when(self, service: FraudService) -> None:
        """The last word on how long holds."""
        service.block(Subject.CARD, "card-1", until=NOW)
        assert service.screen("key-1", _FACTS).decision is Decision.APPROVE
        service.block(Subject.CARD, "card-1")
        assert service.screen("key-2", _FACTS).decision is Decision.DECLINE

    def test_learns_and_unlearns(self, service: FraudService) -> None:
        """A chargeback blocks; won, it does no more; one listing of two screenings stays for the other."""
        for key in ("key-1", "key-2"):
            service.screen(key, _FACTS)
            service.report(key, Outcome.CHARGEBACK)
        service.report("key-1", Outcome.GOOD)
        assert service.screen("key-3", _FACTS).decision is Decision.DECLINE
        service.report("key-2", Outcome.GOOD)
        allowed = service.screen("key-4", _FACTS)
        assert allowed.decision is Decision.APPROVE
        assert [reason.rule for reason in allowed.reasons if reason.effect is Effect.ALLOW] == ["allow_list"]

    def test_lists_what_waits(self, service: FraudService) -> None:
        """Oldest first, a page at a time; what was decided on waits no longer."""
        ids = [service.screen(f"key-{n}", _FACTS, policy=_WAIT).id for n in range(5)]
        service.resolve("key-1", Decision.DECLINE)
        service.resolve("key-3", Decision.APPROVE)
        first = service.waiting(limit=2)
        second = service.waiting(cursor=first.next, limit=2)
        assert [found.id for found in (*first.items, *second.items)] == [ids[0], ids[2], ids[4]]
        assert second.next is None

    def test_forgets(self, service: FraudService) -> None:
        """Old fingerprints go, and nobody is recognised by them; decisions stay."""
        old = service.screen("key-1", attrs.evolve(_FACTS, at=NOW - timedelta(days=181)))
        service.screen("key-2", _FACTS)
        service.block(Subject.IP, "192.0.2.9", until=NOW)
        assert service.forget() == 2
        assert service.forget() == 0
        found = service.get("key-1")
        assert found.fingerprints == {}
        assert (found.decision, found.score, found.reasons) == (old.decision, old.score, old.reasons)
        assert service.get("key-2").fingerprints


def _fields(found: Screening) -> dict[str, Any]:
    return {name: getattr(found, name) for name in attrs.fields_dict(Screening) if not name.startswith("_")}
