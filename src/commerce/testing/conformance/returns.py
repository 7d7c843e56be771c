"""What every storage of returns promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import attrs
import pytest

from commerce.kernel import KeyReused, Money, StaleVersion
from commerce.returns import (
    Finding,
    IneligibleReason,
    RefundStatus,
    Return,
    ReturnableLine,
    ReturnIneligible,
    ReturnNotFound,
    ReturnPolicy,
    ReturnReason,
    ReturnService,
    ReturnUnit,
    ReturnWish,
)
from commerce.returns import hooks as return_hooks
from commerce.runtime import Begin, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["ReturnConformance"]

_FACTS = (
    ReturnableLine(line_id="l1", sku="TEE-M", delivered=3, delivered_at=NOW),
    ReturnableLine(line_id="l2", sku="MUG", delivered=1, delivered_at=NOW),
)
_WISHES = (
    ReturnWish(line_id="l1", quantity=2, reason=ReturnReason.DOES_NOT_FIT),
    ReturnWish(line_id="l2", quantity=1, reason=ReturnReason.DEFECTIVE),
)


class ReturnConformance(StorageConformance):
    """Returns are kept whole, requested once per key, and no unit is promised twice."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[ReturnUnit]:
        """Transactions of the returns module."""
        return begin("returns")

    @pytest.fixture
    def service(self, transactions: Begin[ReturnUnit]) -> ReturnService:
        """The use cases over this storage."""
        return ReturnService(transactions, lambda: NOW, build_hooks([return_hooks], []))

    def test_keeps_every_field(self, service: ReturnService) -> None:
        """From the request to the refund, what was stored is read back field by field."""
        policy = ReturnPolicy(name="strict", restocking_fee=Decimal("0.15"))
        asked = service.request(
            "key-1", "order-1", _WISHES, facts=_FACTS, customer_id="customer-1", note="too small", policy=policy
        )
        assert _fields(service.get(asked.id)) == _fields(asked)
        service.approve(asked.id)
        service.receive(asked.id, [Finding(line_id="l1", restock=1, scrap=1), Finding(line_id="l2", refused=1)])
        service.owe(asked.id, Money("20.00", "EUR"), Money("1.50", "EUR"))
        done = service.record_refund(asked.id, "refund-1", Money("20.00", "EUR"))
        assert done.money is RefundStatus.REFUNDED
        assert _fields(service.get(asked.id)) == _fields(done)

    def test_knows_what_it_has_not(self, service: ReturnService) -> None:
        """An unknown id is `ReturnNotFound`; an order without returns has none."""
        with pytest.raises(ReturnNotFound):
            service.get("nobody")
        assert service.for_order("nothing") == ()

    def test_requests_once_per_key(self, service: ReturnService, events: Callable[[], list[str]]) -> None:
        """The same key gives the same return; with other units it is refused."""
        first = service.request("key-1", "order-1", _WISHES, facts=_FACTS)
        assert service.request("key-1", "order-1", _WISHES, facts=_FACTS).id == first.id
        with pytest.raises(KeyReused):
            service.request("key-1", "order-1", _WISHES[:1], facts=_FACTS)
        assert events() == ["returns.ReturnRequested"]

    def test_promises_no_unit_twice(self, service: ReturnService) -> None:
        """Of many who ask for the same units at once, as many are heard as there are units."""

        def ask(n: int) -> IneligibleReason | None:
            try:
                service.request(f"key-{n}", "order-1", [ReturnWish(line_id="l1", quantity=1)], facts=_FACTS)
            except ReturnIneligible as error:
                return error.reasons[0].reason
            return None

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(12)))
        assert sorted(map(str, answers)) == ["None"] * 3 + ["too_many"] * 9
        assert len(service.for_order("order-1")) == 3

    def test_refuses_a_stale_save(self, transactions: Begin[ReturnUnit], service: ReturnService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        id = service.request("key-1", "order-1", _WISHES, facts=_FACTS).id
        with transactions() as uow:
            first, second = uow.returns.get(id), uow.returns.get(id)
            first.approve()
            uow.returns.save(first)
            second.reject()
            with pytest.raises(StaleVersion):
                uow.returns.save(second)
        assert _fields(service.get(id)) == _fields(first)

    def test_lists_what_waits(self, service: ReturnService) -> None:
        """Newest first, a page at a time; rejected and refunded returns wait for nothing."""
        ids = [
            service.request(f"key-{n}", f"order-{n}", [ReturnWish(line_id="l1", quantity=1)], facts=_FACTS).id
            for n in range(5)
        ]
        service.reject(ids[1])
        service.approve(ids[3])
        service.receive(ids[3], [Finding(line_id="l1", restock=1)])
        service.owe(ids[3], Money("5.00", "EUR"))
        service.record_refund(ids[3], "refund", Money("5.00", "EUR"))
        first = service.list(limit=2)
        second = service.list(cursor=first.next, limit=2)
        assert [found.id for found in (*first.items, *second.items)] == [ids[4], ids[2], ids[0]]
        assert second.next is None


def _fields(found: Return) -> dict[str, Any]:
    return {name: getattr(found, name) for name in attrs.fields_dict(Return) if not name.startswith("_")}
