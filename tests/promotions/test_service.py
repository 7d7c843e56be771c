"""Limits hold whoever races, holds end, and everything that was given can be had again."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.promotions.carts import NOW, cart, euro, line, now, percent, promotion
from tests.promotions.services import service_on

from commerce.adapters.sql import SqlStorage
from commerce.kernel import AdjustmentKind, CommerceError, InvalidValue, KeyReused, Money
from commerce.promotions import (
    CodeTaken,
    Coupon,
    FixedOff,
    GroupChoice,
    InvalidPromotion,
    LimitReached,
    Limits,
    PointsMultiplier,
    PromotionContext,
    PromotionNotFound,
    PromotionService,
    Reason,
    Stacking,
    UseExpired,
    UsesNotReserved,
)
from commerce.runtime import Storage

CART = cart(line("A", 2, "30.00"))


@pytest.fixture
def passed() -> list[timedelta]:
    """How long after the start it is."""
    return [timedelta(0)]


@pytest.fixture
def service(any_storage: Storage, passed: list[timedelta]) -> PromotionService:
    made = service_on(any_storage, lambda: passed[0])
    made.add(promotion("auto", percent(10)))
    limits = Limits(total=2, per_customer=1, budget=euro("9.00"))
    made.add(
        promotion("five", FixedOff(amount=euro("5.00")), phase=AdjustmentKind.ORDER, automatic=False, limits=limits)
    )
    made.add_code(Coupon(code="five", promotion_id="five"))
    return made


def test_loads_what_runs_and_what_was_entered(service: PromotionService) -> None:
    """Codes are compared without regard to case; unknown ones are told; a draft takes part without being stored."""
    plain = service.evaluate(CART, now())
    assert [outcome.promotion_id for outcome in plain.outcomes] == ["auto"]
    coded = service.evaluate(CART, now(codes=["Five ", "nope"], customer_id="c"))
    assert [(o.promotion_id, o.code, o.reason) for o in coded.outcomes] == [
        ("auto", None, Reason.APPLIED),
        ("five", "FIVE", Reason.APPLIED),
        ("", "NOPE", Reason.UNKNOWN_CODE),
    ]
    assert coded.cart.grand_total == euro("49.00")
    drafted = service.evaluate(CART, now(), drafts=[promotion("auto", percent(50))])
    assert drafted.cart.grand_total == euro("30.00")
    assert service.evaluate(CART, now()).cart == plain.cart


def test_a_change_is_seen_at_once(service: PromotionService) -> None:
    """Prepared promotions are kept by version."""
    assert service.evaluate(CART, now()).cart.grand_total == euro("54.00")
    changed = service.get("auto")
    changed.benefit = percent(20)
    service.change(changed)
    assert service.evaluate(CART, now()).cart.grand_total == euro("48.00")
    changed.enabled = False
    service.change(changed)
    assert service.evaluate(CART, now()).outcomes == ()


def test_a_promotion_is_added_once(service: PromotionService) -> None:
    """The same again changes nothing, whatever became of its version; another one with its id is refused."""
    ten = promotion("auto", percent("10.0"))
    assert service.add(ten).version == 1
    assert service.add(promotion("auto", percent(10))).version == 1
    with pytest.raises(KeyReused):
        service.add(promotion("auto", percent(11)))
    changed = service.get("auto")
    changed.priority = 5
    service.change(changed)
    with pytest.raises(KeyReused):
        service.add(ten)
    assert service.get("auto").priority == 5


def test_a_group_has_one_choice(service: PromotionService) -> None:
    """Another one is refused where it is stored, changed, or tried as a draft; in another phase it is another group."""
    low, high = Stacking(group="g", choice=GroupChoice.LOWEST), Stacking(group="g")
    service.add(promotion("low", percent(1), stacking=low))
    for refused in (promotion("high", percent(2), stacking=high), promotion("auto", percent(10), stacking=high)):
        with pytest.raises(InvalidPromotion, match=r"stacking\.choice: group g: .* name one choice per group"):
            service.evaluate(CART, now(), drafts=[refused])
    with pytest.raises(InvalidPromotion):
        service.add(promotion("high", percent(2), stacking=high))
    changed = service.get("auto")
    changed.stacking = high
    with pytest.raises(InvalidPromotion):
        service.change(changed)
    service.add(promotion("other", percent(2), stacking=high, phase=AdjustmentKind.ORDER))
    alone = service.get("low")
    alone.stacking = high
    service.change(alone)
    assert service.get("low").stacking.choice is GroupChoice.HIGHEST


def test_a_use_is_counted_once_per_key_and_per_customer(service: PromotionService) -> None:
    """The same key again changes nothing; the same customer is told; another request with the key is refused."""
    asked = now(codes=["five"], customer_id="c")
    uses = service.evaluate(CART, asked).uses
    service.reserve("k1", uses, customer_id="c")
    service.reserve("k1", uses, customer_id="c")
    service.commit("k1")
    service.commit("k1")
    again = service.evaluate(CART, asked).outcome("five")
    assert again is not None
    assert again.reason == Reason.LIMIT_REACHED
    with pytest.raises(KeyReused):
        service.reserve("k1", uses[:1])
    with pytest.raises(LimitReached):
        service.reserve("k2", uses, customer_id="c")


def test_the_budget_gives_what_is_left_of_it(service: PromotionService) -> None:
    """9.00 in all: 5.00, then 4.00, then nothing."""
    amounts = []
    for customer in ("a", "b"):
        result = service.evaluate(CART, now(codes=["five"], customer_id=customer))
        amounts += [use.amount for use in result.uses if use.promotion_id == "five"]
        service.reserve(customer, result.uses)
    assert amounts == [euro("5.00"), euro("4.00")]
    spent = service.evaluate(CART, now(codes=["five"], customer_id="c")).outcome("five")
    assert spent is not None
    assert spent.reason in (Reason.BUDGET_SPENT, Reason.LIMIT_REACHED)


def test_a_lapsed_hold_blocks_nobody(service: PromotionService, passed: list[timedelta]) -> None:
    """Its use goes to the next one, and its own commit is too late."""
    uses = service.evaluate(CART, now(codes=["five"], customer_id="c")).uses
    service.reserve("k1", uses, expires_at=NOW + timedelta(minutes=5))
    with pytest.raises(LimitReached):
        service.reserve("k2", uses)
    passed[0] = timedelta(minutes=5)
    service.reserve("k2", uses)
    with pytest.raises(UseExpired):
        service.commit("k1")
    service.commit("k2")


def test_amounts_come_back_per_part_and_then_the_use(service: PromotionService) -> None:
    """Twice the same part is once; more than was taken is refused; when all is back the use is free."""
    asked = now(codes=["five"], customer_id="c")
    uses = service.evaluate(CART, asked).uses
    service.reserve("k", uses)
    service.commit("k")
    for _ in range(2):
        service.give_back("k", part="1", amounts={"five": euro("2.00")})
    with pytest.raises(InvalidValue):
        service.give_back("k", part="2", amounts={"five": euro("3.01")})
    with pytest.raises(LimitReached):
        service.reserve("k2", uses)
    service.give_back("k", part="2", amounts={"five": euro("3.00")})
    service.reserve("k2", uses)
    service.give_back("k2", part="all")
    service.release("k2")
    service.reserve("k3", uses)


def test_two_codes_of_one_promotion_are_both_looked_up(service: PromotionService) -> None:
    """The one that is used up does not hide the one that is not."""
    service.add(promotion("two", percent(10), automatic=False))
    for code in ("A1", "B1"):
        service.add_code(Coupon(code=code, promotion_id="two", limit=1))
    first = service.evaluate(CART, now(codes=["A1"])).uses
    service.reserve("k", first)
    service.commit("k")
    uses = service.evaluate(CART, now(codes=["A1", "B1"])).uses
    assert [use.code for use in uses if use.promotion_id == "two"] == ["B1"]
    service.reserve("k2", uses)


def test_a_code_without_a_limit_of_its_own_has_that_of_its_promotion(service: PromotionService) -> None:
    service.add(promotion("many", percent(10), automatic=False, limits=Limits(per_code=1)))
    for code, limit in (("M1", None), ("M2", 2)):
        service.add_code(Coupon(code=code, promotion_id="many", limit=limit))
    uses = {code: service.evaluate(CART, now(codes=[code])).uses for code in ("M1", "M2")}
    service.reserve("k1", uses["M1"])
    with pytest.raises(LimitReached):
        service.reserve("k2", uses["M1"])
    service.reserve("k3", uses["M2"])
    service.reserve("k4", uses["M2"])


def test_a_use_worth_nothing_comes_back_with_the_last_amount(service: PromotionService) -> None:
    """Points are no money; their use is free again when all that was taken off is back."""
    service.add(promotion("points", PointsMultiplier(factor=Decimal(2)), limits=Limits(total=1)))
    service.add(promotion("off", FixedOff(amount=euro("4.00"))))
    uses = service.evaluate(CART, now()).uses
    assert {use.promotion_id for use in uses} >= {"points", "off"}
    service.reserve("k", uses)
    rest = {use.promotion_id: use.amount for use in uses if use.amount}
    service.give_back("k", part="1", amounts={"off": euro("1.00")})
    assert why(service, now(), "points") == Reason.LIMIT_REACHED
    service.give_back("k", part="2", amounts={**rest, "off": euro("3.00")})
    assert why(service, now(), "points") == Reason.APPLIED


def test_a_customer_whose_id_looks_like_a_budget_has_a_limit_like_everybody(service: PromotionService) -> None:
    service.add(promotion("once", FixedOff(amount=euro("2.00")), limits=Limits(per_customer=1)))
    asked = now(customer_id="x/budget")
    service.reserve("k", service.evaluate(CART, asked).uses)
    service.give_back("k", part="1", amounts={"once": euro("1.00")})
    assert why(service, asked, "once") == Reason.LIMIT_REACHED


def why(service: PromotionService, context: PromotionContext, promotion_id: str) -> str:
    """What became of a promotion."""
    outcome = service.evaluate(CART, context).outcome(promotion_id)
    assert outcome is not None
    return outcome.reason


def test_unknown_things_are_named(service: PromotionService) -> None:
    """Typed errors; releasing what never was changes nothing."""
    with pytest.raises(PromotionNotFound):
        service.get("none")
    with pytest.raises(UsesNotReserved):
        service.commit("none")
    service.release("none")
    with pytest.raises(CodeTaken):
        service.add_code(Coupon(code="FIVE", promotion_id="auto"))
    service.add_code(Coupon(code="five", promotion_id="five"))
    service.disable_code("five")
    told = service.evaluate(CART, now(codes=["five"], customer_id="c")).outcome("five")
    assert told is not None
    assert told.reason == Reason.DISABLED


def test_bulk_codes_are_unique_and_good_once(service: PromotionService) -> None:
    """Each code has its own limit."""
    codes = service.add_codes("five", 50, prefix="spring-")
    assert len(set(codes)) == 50
    assert all(code.startswith("SPRING-") for code in codes)
    assert {coupon.limit for coupon in service.codes("five", limit=100).items if coupon.code != "FIVE"} == {1}
    page = service.list(limit=1)
    assert ([p.id for p in page.items], page.next) == (["auto"], "auto")


@pytest.mark.parametrize("limit", [0, -1, -5])
def test_a_page_has_one_or_more(service: PromotionService, limit: int) -> None:
    for ask in (lambda: service.list(limit=limit), lambda: service.codes("five", limit=limit)):
        with pytest.raises(InvalidValue, match=r"^limit: "):
            ask()


def test_a_hold_ends_at_a_moment_that_everybody_knows(service: PromotionService) -> None:
    """A naive one is refused before it is kept: it would stop whoever looks for holds that are over."""
    with pytest.raises(InvalidValue, match=r"^expires_at: "):
        service.reserve("k", service.evaluate(CART, now()).uses, expires_at=NOW.replace(tzinfo=None))
    assert service.expire() == 0


def test_codes_are_looked_up_however_many_were_entered(service: PromotionService) -> None:
    """Forty thousand, more than one statement takes."""
    result = service.evaluate(CART, now(codes=["five", *(f"c{n}" for n in range(40_000))], customer_id="c"))
    assert [use.code for use in result.uses] == [None, "FIVE"]


def test_fifty_uses_are_fifty_whoever_races(commerce_postgres_url: str) -> None:
    """200 takers in 8 threads for 50 uses on PostgreSQL: exactly 50 get one, and the counter says so."""
    storage = SqlStorage(commerce_postgres_url)
    service = service_on(storage)
    service.add(promotion("p", percent(10), limits=Limits(total=50)))
    uses = service.evaluate(CART, now()).uses
    taken: list[int] = []

    def take(worker: int) -> None:
        for n in range(25):
            try:
                service.reserve(f"{worker}-{n}", uses)
            except CommerceError:
                continue
            taken.append(n)

    threads = [threading.Thread(target=take, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with service.begin() as uow:
        assert uow.counts.of(["p/total"]) == {"p/total": 50}
    assert len(taken) == 50
    assert Money("6.00", "EUR") == uses[0].amount
    storage.close()
