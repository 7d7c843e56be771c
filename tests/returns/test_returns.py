"""Returns: what may come back, what becomes of it, and what is paid for it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Denied, InvalidValue, Money, NotAllowed
from commerce.returns import (
    GOODS_STATES,
    REFUND_STATES,
    Finding,
    GoodsStatus,
    IneligibleReason,
    InspectionMismatch,
    NotInspected,
    RefundAlreadyDue,
    RefundStatus,
    RefundTooMuch,
    Return,
    ReturnableLine,
    ReturnIneligible,
    ReturnLineNotFound,
    ReturnPolicy,
    ReturnReason,
    ReturnService,
    ReturnWish,
    eligibility,
    restocking_fee,
)
from commerce.returns import hooks as return_hooks
from commerce.runtime import build_hooks, hookimpl, unit_of_work
from commerce.testing.conformance.storage import NOW

FACTS = (
    ReturnableLine(line_id="l1", sku="TEE-M", delivered=3, delivered_at=NOW),
    ReturnableLine(line_id="l2", sku="TEE-M", delivered=2, delivered_at=NOW),
)
WISHES = (
    ReturnWish(line_id="l1", quantity=3, reason=ReturnReason.CHANGED_MIND),
    ReturnWish(line_id="l2", quantity=2, reason=ReturnReason.DEFECTIVE),
)
FINDINGS = (Finding(line_id="l1", restock=2, scrap=1), Finding(line_id="l2", restock=1, refused=1))
TEN = Money("10.00", "EUR")


class NoMondays:
    @hookimpl
    def commerce_validate_return(self, order_id: str) -> None:
        raise Denied


def _service(storage: MemoryStorage, *plugins: object) -> ReturnService:
    begin = unit_of_work(storage, "returns", lambda: NOW, lambda name: True, lambda: None)
    return ReturnService(begin, lambda: NOW, build_hooks([return_hooks], plugins))


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def service(storage: MemoryStorage) -> ReturnService:
    return _service(storage)


@pytest.fixture
def asked(service: ReturnService) -> Return:
    return service.request("key-1", "order-1", WISHES, facts=FACTS, note="Ada says: torn")


@pytest.fixture
def looked_at(service: ReturnService, asked: Return) -> Return:
    service.approve(asked.id)
    return service.receive(asked.id, FINDINGS)


def _names(storage: MemoryStorage) -> list[str]:
    return [envelope.name.removeprefix("returns.") for _, envelope in storage.outbox.archive()]


def test_a_whole_life(service: ReturnService, storage: MemoryStorage, asked: Return) -> None:
    """Asked, approved, received, inspected, owed, refunded; every command twice, everything once."""
    for _ in range(2):
        service.approve(asked.id)
    for _ in range(2):
        service.receive(asked.id)
    for _ in range(2):
        found = service.inspect(asked.id, FINDINGS)
    assert found.accepted == {"l1": 3, "l2": 1}
    assert found.restocked == {"l1": 2, "l2": 1}
    for _ in range(2):
        service.owe(asked.id, TEN, Money("1.00", "EUR"))
    for _ in range(2):
        done = service.record_refund(asked.id, "refund-1", TEN)
    assert (done.money, done.refunded, done.open) == (RefundStatus.REFUNDED, TEN, False)
    service.approve(asked.id)
    service.receive(asked.id, FINDINGS)
    assert _names(storage) == [
        "ReturnRequested",
        "ReturnApproved",
        "ReturnReceived",
        "ReturnInspected",
        "ReturnRefundDue",
        "ReturnRefunded",
    ]


def test_nothing_personal_is_told(storage: MemoryStorage, looked_at: Return) -> None:
    """Neither events nor reprs repeat the note."""
    assert "Ada" not in repr([envelope for _, envelope in storage.outbox.archive()]) + repr(looked_at)


@pytest.mark.parametrize(
    ("fact", "quantity", "days", "reason", "possible"),
    [
        (ReturnableLine(line_id="other", sku="X", delivered=1), 1, 0, IneligibleReason.UNKNOWN_LINE, 0),
        (ReturnableLine(line_id="l1", sku="X", delivered=0), 1, 0, IneligibleReason.NOT_DELIVERED, 0),
        (ReturnableLine(line_id="l1", sku="X", delivered=1, final_sale=True), 1, 0, IneligibleReason.FINAL_SALE, 0),
        (
            ReturnableLine(line_id="l1", sku="X", delivered=1, delivered_at=NOW),
            1,
            31,
            IneligibleReason.WINDOW_CLOSED,
            0,
        ),
        (ReturnableLine(line_id="l1", sku="X", delivered=5, returned=2), 4, 0, IneligibleReason.TOO_MANY, 3),
    ],
)
def test_refusals_say_why(
    fact: ReturnableLine, quantity: int, days: int, reason: IneligibleReason, possible: int
) -> None:
    """Each with the line and how many units would do."""
    wish = ReturnWish(line_id="l1", quantity=quantity)
    (refusal,) = eligibility(ReturnPolicy(), [wish], [fact], (), at=NOW + timedelta(days=days))
    assert (refusal.line_id, refusal.reason, refusal.possible) == ("l1", reason, possible)


def test_the_last_moment_counts() -> None:
    """A return asked for exactly at the end of the window is in time."""
    end = NOW + ReturnPolicy().window
    assert eligibility(ReturnPolicy(), WISHES, FACTS, (), at=end) == ()
    assert len(eligibility(ReturnPolicy(), WISHES, FACTS, (), at=end + timedelta(microseconds=1))) == 2


@pytest.mark.parametrize(
    "wishes",
    [(), (WISHES[0], WISHES[0]), (ReturnWish(line_id="l1", quantity=0),), (ReturnWish(line_id="l1", quantity=-1),)],
)
def test_a_wish_names_units(wishes: tuple[ReturnWish, ...]) -> None:
    """One or more lines, each once, one or more units each."""
    with pytest.raises(InvalidValue):
        eligibility(ReturnPolicy(), wishes, FACTS, (), at=NOW)


def test_units_on_their_way_count(service: ReturnService, asked: Return) -> None:
    """What another return took or may take is not returned twice; rejected and refused units are free again."""
    more = [ReturnWish(line_id="l2", quantity=1)]
    with pytest.raises(ReturnIneligible):
        service.request("key-2", "order-1", more, facts=FACTS)
    service.approve(asked.id)
    service.receive(asked.id, FINDINGS)
    told = [ReturnableLine(line_id="l2", sku="TEE-M", delivered=2, returned=1)]
    assert service.eligibility("order-1", more, facts=told) == ()
    two = [ReturnWish(line_id="l2", quantity=2)]
    assert service.eligibility("order-1", two, facts=told)[0].possible == 1
    service.reject(service.request("key-2", "order-1", more, facts=told).id)
    assert service.request("key-3", "order-1", more, facts=told).pending


def test_hooks_may_object(storage: MemoryStorage) -> None:
    """Besides the policy; nothing is stored then."""
    with pytest.raises(Denied):
        _service(storage, NoMondays()).request("key-1", "order-1", WISHES, facts=FACTS)
    assert _service(storage).for_order("order-1") == ()


def test_lines_move_apart(service: ReturnService, asked: Return) -> None:
    """One line approved, the other rejected; only what was approved can arrive."""
    service.approve(asked.id, ["l1"])
    found = service.reject(asked.id, ["l2"])
    assert [line.status for line in found.lines] == [GoodsStatus.APPROVED, GoodsStatus.REJECTED]
    with pytest.raises(NotAllowed):
        service.receive(asked.id, line_ids=["l2"])
    with pytest.raises(NotAllowed):
        service.inspect(asked.id, FINDINGS[:1])
    assert service.receive(asked.id, FINDINGS[:1]).accepted == {"l1": 3}


def test_each_unit_is_decided_on_once(service: ReturnService, asked: Return) -> None:
    """All units of a line, and not otherwise later."""
    service.approve(asked.id)
    service.receive(asked.id)
    for finding in (Finding(line_id="l1", restock=2), Finding(line_id="l1", restock=2, scrap=2)):
        with pytest.raises(InspectionMismatch):
            service.inspect(asked.id, [finding])
    service.inspect(asked.id, [Finding(line_id="l1", restock=3)])
    with pytest.raises(InspectionMismatch):
        service.inspect(asked.id, [Finding(line_id="l1", scrap=3)])
    with pytest.raises(ReturnLineNotFound):
        service.inspect(asked.id, [Finding(line_id="other", scrap=3)])
    assert service.get(asked.id).accepted == {"l1": 3}


@pytest.mark.parametrize("count", [-1, 1.5, True])
def test_findings_count_units(count: int) -> None:
    """Whole and not below zero."""
    with pytest.raises(InvalidValue):
        Finding(line_id="l1", restock=count)


def test_money_follows_the_inspection(service: ReturnService, asked: Return) -> None:
    """Nothing is owed or refunded while units wait."""
    assert asked.refunded is None
    with pytest.raises(NotInspected):
        service.owe(asked.id, TEN)
    with pytest.raises(NotInspected):
        service.record_refund(asked.id, "refund", TEN)


def test_what_is_owed_is_set_once(service: ReturnService, looked_at: Return) -> None:
    """Another amount or fee later is a mistake; below zero too."""
    with pytest.raises(InvalidValue):
        service.owe(looked_at.id, -TEN)
    service.owe(looked_at.id, TEN)
    with pytest.raises(RefundAlreadyDue):
        service.owe(looked_at.id, TEN + TEN)
    with pytest.raises(RefundAlreadyDue):
        service.owe(looked_at.id, TEN, TEN)


def test_nothing_owed_is_refunded(service: ReturnService, looked_at: Return) -> None:
    """Where the fee takes it all, nobody waits for money."""
    assert service.owe(looked_at.id, Money("0.00", "EUR"), TEN).money is RefundStatus.REFUNDED


def test_a_failed_refund_reopens_the_debt(service: ReturnService, storage: MemoryStorage, looked_at: Return) -> None:
    """Also one that had succeeded; another refund closes it, and late news of the first changes nothing."""
    service.owe(looked_at.id, TEN)
    service.record_refund(looked_at.id, "one", TEN)
    failed = service.record_refund_failure(looked_at.id, "one")
    assert (failed.money, failed.refunded, failed.open) == (RefundStatus.FAILED, Money("0.00", "EUR"), True)
    service.record_refund(looked_at.id, "two", TEN)
    again = service.record_refund_failure(looked_at.id, "one")
    assert (again.money, again.refunded) == (RefundStatus.REFUNDED, TEN)
    assert _names(storage)[-3:] == ["ReturnRefunded", "ReturnRefundFailed", "ReturnRefunded"]


def test_in_parts_and_never_too_much(service: ReturnService, looked_at: Return) -> None:
    """Two tenders get their parts back; more than is due is refused."""
    service.owe(looked_at.id, TEN)
    part = Money("4.00", "EUR")
    assert service.record_refund(looked_at.id, "card", part).money is RefundStatus.DUE
    with pytest.raises(RefundTooMuch) as caught:
        service.record_refund(looked_at.id, "gift", TEN)
    assert caught.value.open == Money("6.00", "EUR")
    assert service.record_refund(looked_at.id, "gift", Money("6.00", "EUR")).money is RefundStatus.REFUNDED


def test_the_fee_spares_the_sellers_faults(service: ReturnService) -> None:
    """15 % of what the shopper's change of mind costs, rounded once per line; defects cost nothing."""
    policy = ReturnPolicy(restocking_fee=Decimal("0.15"))
    found = service.request("key-1", "order-1", WISHES, facts=FACTS, policy=policy)
    worth = {"l1": Money("9.99", "EUR"), "l2": Money("20.00", "EUR")}
    assert restocking_fee(found.policy, found.reasons, worth) == Money("1.50", "EUR")
    with pytest.raises(InvalidValue):
        restocking_fee(found.policy, found.reasons, {})


@pytest.mark.parametrize("ratio", [Decimal("-0.01"), Decimal("1.01"), 0.15])
def test_a_fee_is_an_exact_part(ratio: Decimal) -> None:
    """From nothing to everything, and never a float."""
    with pytest.raises(InvalidValue):
        ReturnPolicy(restocking_fee=ratio)


def test_a_request_needs_a_key(service: ReturnService) -> None:
    """An empty key would make all returns one."""
    with pytest.raises(InvalidValue):
        service.request("", "order-1", WISHES, facts=FACTS)


def test_pages_have_bounds(service: ReturnService) -> None:
    """Neither none nor everything at once."""
    for limit in (0, 501):
        with pytest.raises(InvalidValue):
            service.list(limit=limit)


def test_every_state_is_drawn() -> None:
    """The tables name each state of their kind."""
    assert set(GOODS_STATES.moves) == set(GoodsStatus)
    assert set(REFUND_STATES.moves) == set(RefundStatus)


@given(
    st.lists(st.tuples(st.sampled_from(["pay", "fail"]), st.sampled_from("abcd"), st.integers(0, 1200)), max_size=12)
)
def test_any_news_of_refunds_can_be_told(news: list[tuple[str, str, int]]) -> None:
    """In any order and repetition: never more than due, refunded exactly when nothing is left."""
    service = _service(MemoryStorage())
    found = service.request("key-1", "order-1", WISHES, facts=FACTS)
    service.approve(found.id)
    service.receive(found.id, FINDINGS)
    found = service.owe(found.id, TEN)
    arrived: dict[str, int] = {}
    for kind, key, minor in news:
        if kind == "fail":
            arrived.pop(key, None)
            found = service.record_refund_failure(found.id, key)
        elif key not in arrived and sum(arrived.values()) + minor > TEN.minor:
            with pytest.raises(RefundTooMuch):
                service.record_refund(found.id, key, Money.of_minor(minor, "EUR"))
        else:
            arrived.setdefault(key, minor)
            found = service.record_refund(found.id, key, Money.of_minor(minor, "EUR"))
        assert found.refunded == Money.of_minor(sum(arrived.values()), "EUR")
        assert (found.money is RefundStatus.REFUNDED) == (found.refunded == TEN)
