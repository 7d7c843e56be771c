"""Orders are screened once, people and banks have their say, and nobody's data is kept."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.sql import SqlStorage
from commerce.adapters.wire import dumps
from commerce.fraud import (
    Decision,
    Effect,
    Fingerprints,
    FraudPolicy,
    FraudService,
    OrderDeclined,
    Outcome,
    Reason,
    ReasonCode,
    ScreeningFacts,
    ScreeningNotFound,
    Signal,
    Subject,
    Velocity,
)
from commerce.fraud import hooks as fraud_hooks
from commerce.kernel import InvalidValue, KeyReused, Money, NotAllowed
from commerce.runtime import Storage, build_hooks, hookimpl, unit_of_work

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = ScreeningFacts(
    amount=Money("80.00", "EUR"),
    email="ada.private@example.com",
    customer_id="customer-77",
    billing_country="DE",
    shipping_country="DE",
    address="Secret Street 9",
    ip="192.0.2.77",
    device="device-77",
    card="card-77",
)
REVIEW = [Signal(name="model", score=600)]


class Says:
    """A plugin with an opinion."""

    def __init__(self, signals: Iterable[Signal] = ()) -> None:
        self.signals = list(signals)

    @hookimpl
    def commerce_screen_order(self, facts: ScreeningFacts) -> Iterable[Signal]:
        return self.signals


def service(storage: Storage | None = None, *plugins: object, **options: Any) -> FraudService:
    begin = unit_of_work(storage or MemoryStorage(), "fraud", lambda: NOW, lambda _: True, lambda: None)
    hooks = build_hooks([fraud_hooks], plugins)
    return FraudService(begin, lambda: NOW, hooks, Fingerprints(b"p" * 32), **options)


def test_what_was_screened_for_nothing_gives_its_key_free_and_still_counts(any_storage: Storage) -> None:
    """An order that did not come about is tried anew with the same key, and another cart."""
    screening = service(any_storage)
    first = screening.screen("key-1", FACTS)
    other = evolve(FACTS, amount=Money("90.00", "EUR"))
    with pytest.raises(KeyReused):
        screening.screen("key-1", other)
    anew = screening.screen("key-1", other, anew=True)
    assert anew.id != first.id
    assert screening.screen("key-1", other, anew=True).id == anew.id
    assert screening.get("key-1").amount == other.amount
    with pytest.raises(ScreeningNotFound):
        screening.get("key-2")
    for n in range(2, 5):
        found = screening.screen(f"key-{n}", FACTS)
    assert ReasonCode.VELOCITY in {reason.code for reason in found.reasons}, "five with one card"


def test_an_ordinary_order_is_approved() -> None:
    found = service().screen("key-1", FACTS)
    assert (found.decision, found.score, found.reasons, found.policy) == (Decision.APPROVE, 0, (), "standard/1")
    found.require_accepted()


def test_a_run_on_one_card_is_noticed() -> None:
    """Card testing: many addresses and devices, one card. The fifth is challenged, the sixth e-mail is reviewed."""
    fraud = service()
    found = [
        fraud.screen(f"key-{n}", evolve(FACTS, email=f"{n}@example.com", device=f"d-{n}", ip=f"192.0.2.{n}"))
        for n in range(5)
    ]
    assert [one.decision for one in found[:3]] == [Decision.APPROVE] * 3
    assert found[3].decision is Decision.REVIEW
    assert [reason.rule for reason in found[4].reasons] == ["card_hour", "emails_of_card"]
    assert found[4].decision is Decision.DECLINE


def test_a_declined_order_says_no_and_not_why() -> None:
    fraud = service()
    fraud.block(Subject.EMAIL_DOMAIN, "example.com")
    found = fraud.screen("key-1", FACTS)
    with pytest.raises(OrderDeclined) as caught:
        found.require_accepted()
    assert str(caught.value) == f"the order was declined: ask the shop, and name screening {found.id}"
    assert found.reasons == (
        Reason(code=ReasonCode.LISTED, rule="block_list", effect=Effect.BLOCK, subject=Subject.EMAIL_DOMAIN),
    )


def test_plugins_add_their_points() -> None:
    fraud = service(None, Says([Signal(name="a", score=200)]), Says([Signal(name="b", score=150)]), Says())
    found = fraud.screen("key-1", FACTS)
    assert (found.decision, found.score) == (Decision.CHALLENGE, 350)
    assert [reason.rule for reason in found.reasons] == ["a", "b"]


def test_a_decision_stands_whatever_is_said_later() -> None:
    """Again with the same key, the rules are not asked again."""
    says = Says()
    fraud = service(None, says)
    first = fraud.screen("key-1", FACTS)
    says.signals = [Signal(name="late", score=1000)]
    assert fraud.screen("key-1", evolve(FACTS, at=NOW + timedelta(minutes=5))).decision is first.decision


def test_a_person_decides_once_on_what_waits() -> None:
    fraud = service(None, Says(REVIEW))
    fraud.screen("key-1", FACTS)
    approved = fraud.resolve("key-1", Decision.APPROVE)
    assert (approved.decision, approved.reviewed, approved.waiting) == (Decision.APPROVE, True, False)
    assert fraud.resolve("key-1", Decision.APPROVE).version == approved.version
    with pytest.raises(NotAllowed):
        fraud.resolve("key-1", Decision.DECLINE)
    with pytest.raises(InvalidValue):
        fraud.resolve("key-1", Decision.REVIEW)


def test_nobody_decides_on_what_does_not_wait() -> None:
    fraud = service()
    fraud.screen("key-1", FACTS)
    with pytest.raises(NotAllowed):
        fraud.resolve("key-1", Decision.DECLINE)


def test_the_gateway_may_want_a_person_to_look() -> None:
    fraud = service()
    fraud.screen("key-1", FACTS)
    suspected = fraud.suspect("key-1")
    assert suspected.waiting
    assert [reason.code for reason in suspected.reasons] == [ReasonCode.GATEWAY]
    assert fraud.suspect("key-1").version == suspected.version
    fraud.resolve("key-1", Decision.APPROVE)
    assert fraud.suspect("key-1").decision is Decision.APPROVE, "a person's decision stands"


def test_a_persons_yes_stands_whatever_the_gateway_says_later() -> None:
    fraud = service(None, Says(REVIEW))
    fraud.screen("key-1", FACTS)
    fraud.resolve("key-1", Decision.APPROVE)
    assert fraud.suspect("key-1").decision is Decision.APPROVE


def test_a_no_stays_a_no() -> None:
    fraud = service()
    fraud.block(Subject.CARD, "card-77")
    fraud.screen("key-1", FACTS)
    assert fraud.suspect("key-1").decision is Decision.DECLINE


def test_a_report_again_changes_nothing() -> None:
    fraud = service()
    fraud.screen("key-1", FACTS)
    first = fraud.report("key-1", Outcome.FRAUD)
    assert fraud.report("key-1", Outcome.FRAUD).version == first.version
    with pytest.raises(ScreeningNotFound):
        fraud.report("key-2", Outcome.FRAUD)


def test_what_is_listed_after_fraud_is_the_policys() -> None:
    """Address and network are shared by the innocent."""
    fraud = service()
    fraud.screen("key-1", FACTS)
    fraud.report("key-1", Outcome.CHARGEBACK)
    neighbour = evolve(FACTS, email="bob@example.com", customer_id="", device="", card="card-2")
    assert fraud.screen("key-2", neighbour).decision is Decision.APPROVE
    assert fraud.screen("key-3", evolve(neighbour, card="card-77")).decision is Decision.DECLINE


def test_a_good_customer_is_let_through_next_time() -> None:
    fraud = service(None, Says(REVIEW))
    assert fraud.screen("key-1", FACTS).decision is Decision.REVIEW
    fraud.report("key-1", Outcome.GOOD)
    assert fraud.screen("key-2", FACTS).decision is Decision.APPROVE
    other = evolve(FACTS, customer_id="customer-78")
    assert fraud.screen("key-3", other).decision is Decision.REVIEW, "a known address alone proves nothing"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b", "\ud800"], ids=range(4))
def test_a_key_is_what_every_storage_keeps(key: str) -> None:
    with pytest.raises(InvalidValue):
        service().screen(key, FACTS)


def test_nothing_is_half_done_after_bad_input() -> None:
    fraud = service()
    with pytest.raises(InvalidValue):
        fraud.screen("key-1", evolve(FACTS, ip="somewhere"))
    with pytest.raises(ScreeningNotFound):
        fraud.get("key-1")
    with pytest.raises(InvalidValue):
        fraud.block(Subject.EMAIL, "  ")
    with pytest.raises(InvalidValue):
        fraud.waiting(limit=0)


def test_no_personal_data_is_kept_anywhere(commerce_sqlite_storage: SqlStorage) -> None:
    """Neither rows nor events nor reprs hold what a person wrote; fingerprints are not in events and reprs."""
    fraud = service(commerce_sqlite_storage, Says(REVIEW))
    fraud.block(Subject.EMAIL, "mallory.private@example.com")
    screening = fraud.screen("key-1", FACTS)
    fraud.resolve("key-1", Decision.APPROVE)
    fraud.report("key-1", Outcome.CHARGEBACK)
    events = " ".join(dumps(envelope.event) for _, envelope in commerce_sqlite_storage.outbox.archive())
    with commerce_sqlite_storage.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = repr([connection.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])  # noqa: S608
    secrets = ("private", "customer-77", "device-77", "card-77", "192.0.2.77", "Secret", "secret street")
    for secret in secrets:
        assert secret not in rows.replace(screening.id, ""), secret
        assert secret not in events.replace(screening.id, "") + repr(screening).replace(screening.id, ""), secret
    for fingerprint in screening.fingerprints.values():
        assert fingerprint in rows
        assert fingerprint not in events + repr(screening)


def test_a_screening_costs_few_statements(commerce_sqlite_storage: SqlStorage) -> None:
    """However many rules: by key, all counts, the lists, the row, the event."""
    rules = tuple(
        Velocity(name=f"{subject.value}-{hours}", subject=subject, most=9, within=timedelta(hours=hours), score=1)
        for subject in Subject
        for hours in range(1, 6)
    )
    fraud = service(commerce_sqlite_storage, policy=FraudPolicy(name="many", rules=rules))
    fraud.screen("key-0", FACTS)
    seen: list[str] = []
    sa.event.listen(
        commerce_sqlite_storage.engine, "before_cursor_execute", lambda *told: seen.append(told[2].split()[0])
    )
    fraud.screen("key-1", FACTS)
    assert [word for word in seen if word != "BEGIN"] == ["SELECT", "SELECT", "SELECT", "INSERT", "INSERT"]
