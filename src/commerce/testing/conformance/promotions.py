"""What every storage of promotions promises."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from commerce.kernel import AdjustmentKind, CommerceError, Money, StaleVersion
from commerce.promotions import (
    CodeTaken,
    Counter,
    Coupon,
    Limits,
    PercentOff,
    Promotion,
    PromotionHold,
    PromotionNotFound,
    PromotionsUnit,
    PromotionUse,
    Selector,
    Stacking,
    Subtotal,
)
from commerce.runtime import Begin
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["PromotionsConformance"]


def _ten(id: str, **facts: Any) -> Promotion:
    return Promotion(id=id, name="10 % off", benefit=PercentOff(percent=Decimal(10)), **facts)


class PromotionsConformance(StorageConformance):
    """Rules are kept whole, codes are unique, counters refuse by themselves, holds are found by key."""

    @pytest.fixture
    def promoted(self, begin: Callable[[str], Begin[Any]]) -> Begin[PromotionsUnit]:
        """Transactions of the promotions module, with one promotion that has something in every field."""
        start: Begin[PromotionsUnit] = begin("promotions")
        with start() as uow:
            uow.promotions.add(
                _ten(
                    "p",
                    conditions=[Subtotal(minimum=Money("50.00", "EUR"))],
                    target=Selector(categories={"shoes"}, attributes={"colour": frozenset({"red"})}),
                    phase=AdjustmentKind.ORDER,
                    priority=3,
                    cap=Money("20.00", "EUR"),
                    starts_at=NOW,
                    ends_at=NOW + timedelta(days=3),
                    stacking=Stacking(tags={"x"}, group="g"),
                    limits=Limits(total=5, budget=Money("100.00", "EUR")),
                )
            )
        return start

    def test_keeps_every_field_of_a_promotion(self, promoted: Begin[PromotionsUnit]) -> None:
        """What was stored is read back, field by field."""
        with promoted() as uow:
            read = uow.promotions.get("p")
            with pytest.raises(PromotionNotFound):
                uow.promotions.get("none")
        assert (read.version, read.phase, read.priority) == (1, AdjustmentKind.ORDER, 3)
        assert read.conditions == (Subtotal(minimum=Money("50.00", "EUR")),)
        assert read.target == Selector(categories={"shoes"}, attributes={"colour": frozenset({"red"})})
        assert (read.benefit, read.cap) == (PercentOff(percent=Decimal(10)), Money("20.00", "EUR"))
        assert (read.starts_at, read.ends_at) == (NOW, NOW + timedelta(days=3))
        assert read.stacking == Stacking(tags={"x"}, group="g")
        assert read.limits == Limits(total=5, budget=Money("100.00", "EUR"))

    def test_only_running_ones_and_those_asked_for_are_candidates(self, promoted: Begin[PromotionsUnit]) -> None:
        """Automatic, switched on and in time; or named. A stale save is refused."""
        with promoted() as uow:
            uow.promotions.add(_ten("code", automatic=False))
            uow.promotions.add(_ten("off", enabled=False))
        with promoted() as uow:
            assert list(uow.promotions.running(NOW, [])) == [("p", 1)]
            assert list(uow.promotions.running(NOW - timedelta(seconds=1), [])) == []
            assert list(uow.promotions.running(NOW + timedelta(days=3), ["code"])) == [("code", 1)]
            assert [one.id for one in uow.promotions.these(["off", "none"])] == ["off"]
            assert [one.id for one in uow.promotions.after("code", 1)] == ["off"]
            one, stale = uow.promotions.get("p"), uow.promotions.get("p")
            one.enabled = False
            uow.promotions.save(one)
            assert list(uow.promotions.running(NOW, [])) == []
            with pytest.raises(StaleVersion):
                uow.promotions.save(stale)

    def test_every_change_makes_a_new_revision(self, promoted: Begin[PromotionsUnit]) -> None:
        """It grows with what is stored, whoever stores it, and not with what is rolled back or only counted."""
        with promoted() as uow:
            seen = [uow.promotions.revision()]
            uow.promotions.add(_ten("q"))
            seen.append(uow.promotions.revision())
        with promoted() as uow:
            changed = uow.promotions.get("q")
            changed.enabled = False
            uow.promotions.save(changed)
        with promoted() as uow:
            seen.append(uow.promotions.revision())
        assert seen == sorted(set(seen))
        with pytest.raises(ZeroDivisionError), promoted() as uow:
            uow.promotions.add(_ten("r"))
            raise ZeroDivisionError
        with promoted() as uow:
            uow.counts.take([Counter(name="a", step=2, limit=3)])
            assert uow.promotions.revision() == seen[-1]

    def test_knows_when_other_ones_run(self, promoted: Begin[PromotionsUnit]) -> None:
        """The start or end before a moment and the one after it, of automatic ones that are on."""
        day, end = timedelta(days=1), NOW + timedelta(days=3)
        with promoted() as uow:
            uow.promotions.add(_ten("later", starts_at=NOW + day))
            uow.promotions.add(_ten("code", automatic=False, starts_at=NOW + day / 2))
            uow.promotions.add(_ten("off", enabled=False, ends_at=NOW + day / 2))
        with promoted() as uow:
            turns = [uow.promotions.turns(at) for at in (NOW - day, NOW, NOW + day, end)]
        assert turns == [(None, NOW), (NOW, NOW + day), (NOW + day, end), (end, None)]

    def test_members_of_a_group_are_found(self, promoted: Begin[PromotionsUnit]) -> None:
        """Any other one of the same phase, after changes too. An id that is taken is told as stale, or refused."""
        with promoted() as uow:
            uow.promotions.add(_ten("q", stacking=Stacking(group="g"), phase=AdjustmentKind.ORDER, enabled=False))
            uow.promotions.add(_ten("r", stacking=Stacking(group="g")))
        with promoted() as uow:
            mate = uow.promotions.mate(AdjustmentKind.ORDER, "g", "p")
            assert mate is not None
            assert mate.id == "q"
            assert uow.promotions.mate(AdjustmentKind.ITEM, "g", "r") is None
            assert uow.promotions.mate(AdjustmentKind.ORDER, "other", "p") is None
            mate.stacking = Stacking(group="other")
            uow.promotions.save(mate)
            assert uow.promotions.mate(AdjustmentKind.ORDER, "g", "p") is None
        with pytest.raises(CommerceError), promoted() as uow:
            uow.promotions.add(_ten("r"))

    def test_a_code_stands_for_one_promotion(self, promoted: Begin[PromotionsUnit]) -> None:
        """Codes are stored whole and once; a batch with a known code is refused."""
        one = Coupon(code="one", promotion_id="p", limit=2, customer_id="c", starts_at=NOW, enabled=False)
        with promoted() as uow:
            uow.coupons.add([one, Coupon(code="two", promotion_id="p")])
        with pytest.raises(CodeTaken), promoted() as uow:
            uow.coupons.add([Coupon(code="three", promotion_id="p"), Coupon(code="TWO", promotion_id="q")])
        with promoted() as uow:
            assert list(uow.coupons.these(["ONE", "THREE"])) == [one]
            assert [coupon.code for coupon in uow.coupons.of("p", "ONE", 5)] == ["TWO"]
            uow.coupons.replace(Coupon(code="one", promotion_id="p"))
            assert list(uow.coupons.these(["ONE"])) == [Coupon(code="ONE", promotion_id="p")]

    def test_a_counter_refuses_by_itself(self, promoted: Begin[PromotionsUnit]) -> None:
        """Steps are added up to the limit, one more is refused, and a refusal changes nothing once rolled back."""
        a, b = Counter(name="a", step=2, limit=3), Counter(name="b", step=1, limit=9)
        with promoted() as uow:
            assert uow.counts.take([a, b]) is None
        with pytest.raises(ZeroDivisionError), promoted() as uow:
            assert uow.counts.take([b, a]) in (a, b)
            raise ZeroDivisionError
        with promoted() as uow:
            assert {k: v for k, v in uow.counts.of(["a", "b", "c"]).items() if v} == {"a": 2, "b": 1}
            uow.counts.give({"a": 1, "b": 5})
            assert {k: v for k, v in uow.counts.of(["a", "b"]).items() if v} == {"a": 1}

    def test_holds_are_kept_whole(self, promoted: Begin[PromotionsUnit]) -> None:
        """Found by key, field by field; lapsed ones are listed; a stale save is refused."""
        due = NOW + timedelta(minutes=5)
        use = PromotionUse(
            promotion_id="p",
            amount=Money("5.00", "EUR"),
            code="ONE",
            counters=(Counter(name="p/total", step=1, limit=5),),
        )
        hold = PromotionHold(id="h1", key="k1", customer_id="c")
        hold.hold((use,), due)
        with promoted() as uow:
            uow.holds.add(hold)
        with promoted() as uow:
            one, stale = uow.holds.by_key("k1"), uow.holds.by_key("k1")
            assert one is not None
            assert stale is not None
            assert (one.uses, one.expires_at, one.given, one.left, one.customer_id) == ((use,), due, (0,), (0,), "c")
            assert uow.holds.by_key("k2") is None
            assert list(uow.holds.lapsed(NOW, 9)) == []
            assert list(uow.holds.lapsed(due, 9)) == ["k1"]
            uow.holds.save(one)
            with pytest.raises(StaleVersion):
                uow.holds.save(stale)
