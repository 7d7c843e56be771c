"""What every storage of payments promises."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from commerce.kernel import KeyReused, Money, StaleVersion
from commerce.payments import (
    AttemptOpen,
    CaptureTooMuch,
    DeclineCode,
    Declined,
    OperationKind,
    Payment,
    PaymentDeclined,
    PaymentGateway,
    PaymentNotFound,
    PaymentService,
    PaymentUnit,
    RefundTooMuch,
    StoredNotice,
    Succeeded,
)
from commerce.payments import hooks as payment_hooks
from commerce.runtime import Begin, Providers, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance
from commerce.testing.gateways import FakeGateway, Tokens

__all__ = ["PaymentConformance"]

_HUNDRED = Money("100.00", "EUR")
_TEN = Money("10.00", "EUR")


def _payment(id: str, *, key: str = "", order_ref: str = "order-1", at: datetime = NOW) -> Payment:
    payment = Payment(
        id=id,
        key=key or f"key {id}",
        order_ref=order_ref,
        gateway="fake",
        amount=_HUNDRED,
        capture_at_once=True,
        customer_ref="customer-1",
        fingerprint="f" * 64,
        created_at=at,
    )
    payment.begin()
    return payment


def _notice(id: str, **changes: Any) -> StoredNotice:
    notice = StoredNotice(
        gateway="fake", id=id, payment_id="p", reference="r", received_at=NOW, checked_at=NOW, done=False
    )
    return evolve(notice, **changes)


class PaymentConformance(StorageConformance):
    """Payments are kept whole, one attempt at a time, and no two take or give back the same money."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[PaymentUnit]:
        """Transactions of the payments module."""
        return begin("payments")

    @pytest.fixture
    def gateway(self) -> Iterator[FakeGateway]:
        """The outside world."""
        gateway = FakeGateway()
        yield gateway
        gateway.close()

    @pytest.fixture
    def service(self, transactions: Begin[PaymentUnit], gateway: FakeGateway) -> PaymentService:
        """The use cases over this storage."""
        providers: Providers[PaymentGateway] = Providers("payment gateway", {"fake": gateway})
        return PaymentService(transactions, lambda: NOW, providers, build_hooks([payment_hooks], []))

    @pytest.fixture
    def taken(self, service: PaymentService) -> Payment:
        """100.00, authorized and captured."""
        return service.authorize("pay", order_ref="order-1", amount=_HUNDRED, gateway="fake", capture=True)

    def test_keeps_every_field(self, service: PaymentService, transactions: Begin[PaymentUnit]) -> None:
        """Waiting, declined and captured payments are read back field by field, however they are looked for."""
        for token in (Tokens.ACTION, Tokens.DECLINED, Tokens.SUSPECTED):
            try:
                made = service.authorize(
                    token, order_ref=token, amount=_HUNDRED, gateway="fake", token=token, customer_ref="c-1"
                )
            except PaymentDeclined as error:
                made = service.get(error.payment_id)
            with transactions() as uow:
                found = [
                    uow.payments.get(made.id),
                    uow.payments.find(made.id),
                    uow.payments.claim(made.id),
                    uow.payments.by_key(token),
                    uow.payments.by_reference("fake", made.reference),
                    *uow.payments.of_order(token),
                ]
            assert len(found) == 6
            assert all(_fields(payment) == _fields(made) for payment in found)

    def test_knows_what_it_has_not(self, service: PaymentService, transactions: Begin[PaymentUnit]) -> None:
        """An unknown id is `PaymentNotFound`; unknown keys, references and orders are nothing."""
        with pytest.raises(PaymentNotFound):
            service.get("nothing")
        with transactions() as uow:
            with pytest.raises(PaymentNotFound):
                uow.payments.claim("nothing")
            assert uow.payments.find("nothing") is None
            assert uow.payments.by_key("nothing") is None
            assert uow.payments.by_reference("fake", "nothing") is None
            assert uow.payments.of_order("nothing") == []

    def test_starts_once_per_key(self, service: PaymentService, taken: Payment) -> None:
        """The same key gives the same payment, and for another amount it is refused."""
        again = service.authorize("pay", order_ref="order-1", amount=_HUNDRED, gateway="fake", capture=True)
        assert _fields(again) == _fields(taken)
        with pytest.raises(KeyReused):
            service.authorize("pay", order_ref="order-1", amount=_TEN, gateway="fake", capture=True)

    def test_one_attempt_at_a_time(self, transactions: Begin[PaymentUnit]) -> None:
        """An order has one live payment; the next may start when that one ended, and both are told, oldest first."""
        with transactions() as uow:
            first = _payment("1")
            assert uow.payments.start(first)
            assert not uow.payments.start(_payment("2"))
            assert uow.payments.start(_payment("3", order_ref="order-2"))
            first.answer(first.authorization, Declined(code=DeclineCode.DECLINED))
            uow.payments.save(first)
            assert uow.payments.start(_payment("2"))
            assert not uow.payments.start(_payment("4", key="key 1", order_ref="order-3"))
            assert [payment.id for payment in uow.payments.of_order("order-1")] == ["1", "2"]

    def test_keeps_when_it_was_asked_anew(self, transactions: Begin[PaymentUnit]) -> None:
        """What never arrived and is sent another day is of that day when it is read back."""
        with transactions() as uow:
            made = _payment("1")
            assert uow.payments.start(made)
            made.unavailable(made.authorization)
            uow.payments.save(made)
            made.repeat(made.authorization, at=NOW + timedelta(days=1))
            uow.payments.save(made)
        with transactions() as uow:
            assert _fields(uow.payments.get("1")) == _fields(made)
        assert [entry.at for entry in made.ledger] == [NOW, NOW + timedelta(days=1)]

    def test_no_attempt_comes_back_beside_another(self, transactions: Begin[PaymentUnit]) -> None:
        """One that never reached its gateway may be sent again, unless another is live by then."""
        with transactions() as uow:
            first = _payment("1")
            assert uow.payments.start(first)
            first.unavailable(first.authorization)
            uow.payments.save(first)
            assert uow.payments.start(_payment("2"))
        with pytest.raises(AttemptOpen), transactions() as uow:
            first = uow.payments.claim("1")
            first.repeat(first.authorization, at=NOW)
            uow.payments.save(first)
        with transactions() as uow:
            assert [payment.live for payment in uow.payments.of_order("order-1")] == [False, True]

    def test_refuses_a_stale_save(self, transactions: Begin[PaymentUnit]) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        with transactions() as uow:
            assert uow.payments.start(_payment("1"))
        with transactions() as uow:
            first, second = uow.payments.get("1"), uow.payments.get("1")
            first.answer(first.authorization, Succeeded(reference="r"))
            uow.payments.save(first)
            second.abandon(at=NOW)
            with pytest.raises(StaleVersion):
                uow.payments.save(second)
        with transactions() as uow:
            assert _fields(uow.payments.get("1")) == _fields(first)

    def test_lists_what_waits(self, transactions: Begin[PaymentUnit]) -> None:
        """Payments without an end, longest unchecked first; ended ones wait for nothing."""
        with transactions() as uow:
            for n in range(4):
                assert uow.payments.start(_payment(str(n), order_ref=str(n), at=NOW + timedelta(minutes=n)))
            done = uow.payments.get("1")
            done.answer(done.authorization, Succeeded(reference="r"))
            uow.payments.save(done)
            uow.payments.checked("0", NOW + timedelta(minutes=9))
        with transactions() as uow:
            assert uow.payments.open(NOW + timedelta(minutes=9), 9) == ["2", "3", "0"]
            assert uow.payments.open(NOW + timedelta(minutes=9), 1) == ["2"]
            assert uow.payments.open(NOW + timedelta(minutes=2), 9) == ["2"]
            assert uow.payments.get("0").version == 1

    def test_tells_the_ledger_of_a_time(self, service: PaymentService, transactions: Begin[PaymentUnit]) -> None:
        """What succeeded at one gateway, from a moment on and before another."""
        made = service.authorize("k", order_ref="o", amount=_HUNDRED, gateway="fake", capture=True)
        with pytest.raises(PaymentDeclined):
            service.authorize("n", order_ref="n", amount=_HUNDRED, gateway="fake", token=Tokens.DECLINED)
        with transactions() as uow:
            found = uow.payments.entries("fake", NOW, NOW + timedelta(seconds=1))
            assert list(found) == [(made.id, entry) for entry in made.ledger]
            assert not uow.payments.entries("other", NOW, NOW + timedelta(seconds=1))
            assert not uow.payments.entries("fake", NOW - timedelta(seconds=1), NOW)

    def test_keeps_notices_once(self, transactions: Begin[PaymentUnit]) -> None:
        """By gateway and id; those not done are listed, longest unchecked first, and old ones are forgotten."""
        with transactions() as uow:
            for n in ("b", "a", "c"):
                assert uow.notices.take(_notice(n)) == _notice(n)
            assert uow.notices.take(_notice("a", gateway="other")).gateway == "other"
            uow.notices.save(_notice("a", done=True))
            uow.notices.save(_notice("b", checked_at=NOW + timedelta(minutes=1)))
        with transactions() as uow:
            assert uow.notices.take(_notice("a", payment_id="another")) == _notice("a", done=True)
            assert [(n.gateway, n.id) for n in uow.notices.parked(9)] == [("other", "a"), ("fake", "c"), ("fake", "b")]
            assert len(uow.notices.parked(1)) == 1
            assert uow.notices.forget(NOW) == 0
            assert uow.notices.forget(NOW + timedelta(seconds=1)) == 4
            assert uow.notices.parked(9) == []

    def test_no_money_goes_back_twice(self, service: PaymentService, gateway: FakeGateway, taken: Payment) -> None:
        """Of twenty who refund 10.00 of 100.00 at once, ten are heard."""
        heard = _race(20, lambda n: service.refund(taken.id, f"refund {n}", _TEN))
        assert heard == Counter({"Payment": 10, "RefundTooMuch": 10})
        assert service.get(taken.id).refunded == gateway.total(OperationKind.REFUND) == _HUNDRED

    def test_no_money_is_taken_twice(self, service: PaymentService, gateway: FakeGateway) -> None:
        """Of twelve who capture 10.00 of 50.00 at once, five are heard."""
        held = service.authorize("pay", order_ref="order-1", amount=_TEN * 5, gateway="fake")
        heard = _race(12, lambda n: service.capture(held.id, f"capture {n}", _TEN))
        assert heard == Counter({"Payment": 5, "CaptureTooMuch": 7})
        assert service.get(held.id).captured == _TEN * 5

    def test_one_of_many_attempts_begins(self, service: PaymentService, gateway: FakeGateway) -> None:
        """With different keys for the same order, at once: one payment. With the same key: one payment for all."""
        heard = _race(8, lambda n: service.authorize(f"k{n}", order_ref="o", amount=_TEN, gateway="fake"))
        assert heard == Counter({"Payment": 1, "AttemptOpen": 7})
        heard = _race(8, lambda _: service.authorize("same", order_ref="o2", amount=_TEN, gateway="fake"))
        assert heard == Counter({"Payment": 8})
        assert len(gateway.operations()) == 2


def _race(many: int, act: Callable[[int], object]) -> Counter[str]:
    """What many callers at once get: the names of the answers' and errors' classes."""
    start = threading.Barrier(many)

    def run(n: int) -> str:
        start.wait()
        try:
            return type(act(n)).__name__
        except (RefundTooMuch, CaptureTooMuch, AttemptOpen) as error:
            return type(error).__name__

    with ThreadPoolExecutor(many) as pool:
        return Counter(pool.map(run, range(many)))


def _fields(payment: Payment | None) -> dict[str, Any]:
    assert payment is not None
    return {name: getattr(payment, name) for name in attrs.fields_dict(Payment) if not name.startswith("_")}
