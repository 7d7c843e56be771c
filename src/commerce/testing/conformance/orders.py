"""What every storage of orders promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import attrs
import pytest
from attrs import evolve

from commerce.kernel import (
    QUICK_START,
    Address,
    Adjustment,
    AdjustmentKind,
    Charge,
    Item,
    KeyReused,
    Line,
    Money,
    PricedCart,
    PricedCharge,
    PricedLine,
    StaleVersion,
    TaxShare,
)
from commerce.orders import (
    CancelReason,
    DatedNumbers,
    ExchangeRate,
    FactKind,
    NoFreeNumber,
    Order,
    OrderDraft,
    OrderNotFound,
    OrderService,
    OrderStatus,
    OrderUnit,
    PaymentRecord,
    TooManyUnits,
    new_order,
)
from commerce.orders import hooks as order_hooks
from commerce.runtime import Begin, Storage, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["OrderConformance", "order_draft"]


def _line(id: str, sku: str, quantity: int, price: str) -> PricedLine:
    item = Item(
        sku=sku,
        name=f"{sku}, an item",
        categories=frozenset({"clothes", "tops"}),
        attributes={"size": "M"},
        weight_grams=200,
    )
    line = Line.of(id, item, quantity, Money(price, "EUR"))
    share = TaxShare(name="VAT", rate=Decimal("0.19"), base=line.subtotal, amount=Money("1.01", "EUR"))
    discount = Adjustment(kind=AdjustmentKind.ITEM, source="promo-1", label="off", amount=Money("-0.10", "EUR"))
    return PricedLine(line=line, taxes=(share,), adjustments=(discount,))


def order_draft(**changes: Any) -> OrderDraft:
    """Three shirts and two mugs with discounts, tax, shipping and an authorized payment."""
    lines = (_line("z-line", "TEE-M", 3, "19.99"), _line("a-line", "MUG", 2, "7.50"))
    shipping = PricedCharge(charge=Charge(id="shipping", label="Standard", subtotal=Money("4.90", "EUR")))
    draft = OrderDraft(
        priced=PricedCart(currency="EUR", lines=lines, charges=(shipping,), profile=QUICK_START),
        cart_id="cart-1",
        customer_id="customer-1",
        email="ada@example.org",
        locale="de",
        billing_address=Address(country="DE", lines=("Weg 1",)),
        shipping_address=Address(country="AT", postal_code="1010"),
        shipping_method="standard",
        codes=("SPRING",),
        explanation=("10 cents off each line",),
        exchange_rate=ExchangeRate(base="EUR", target="USD", rate=Decimal("1.0850"), source="ecb", at=NOW),
        payments=(
            PaymentRecord(
                payment_id="pay-1",
                version=1,
                authorized=Money("100.00", "EUR"),
                captured=Money("0.00", "EUR"),
                refunded=Money("0.00", "EUR"),
            ),
        ),
    )
    return evolve(draft, **changes)


class _Numbers:
    """Numbers that repeat: the first twice."""

    def __init__(self, *numbers: str) -> None:
        self._numbers = list(numbers)

    def number(self, order_id: str, placed_at: object) -> str:
        return self._numbers.pop(0) if len(self._numbers) > 1 else self._numbers[0]


class OrderConformance(StorageConformance):
    """Orders are kept whole, once per key, and their lines count exactly."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[OrderUnit]:
        """Transactions of the orders module."""
        return begin("orders")

    @pytest.fixture
    def service(self, transactions: Begin[OrderUnit]) -> OrderService:
        """The use cases over this storage."""
        return OrderService(transactions, lambda: NOW, DatedNumbers(), build_hooks([order_hooks], []))

    def test_keeps_every_field(self, transactions: Begin[OrderUnit], service: OrderService) -> None:
        """What was placed is read back by id, number and key, field by field, lines in their order."""
        placed = service.place("key-1", order_draft())
        for read in (service.get(placed.id), service.by_number(placed.number), service.by_key("key-1")):
            assert read is not None
            assert _fields(read) == _fields(placed)
            assert read.priced == order_draft().priced

    def test_knows_what_it_has_not(self, service: OrderService) -> None:
        """An unknown id or number is `OrderNotFound`, an unknown key is nothing."""
        with pytest.raises(OrderNotFound):
            service.get("nobody")
        with pytest.raises(OrderNotFound):
            service.by_number("nothing")
        assert service.by_key("never") is None

    def test_places_once_per_key(self, service: OrderService, events: Callable[[], list[str]]) -> None:
        """The same key gives the same order; with another cart it is refused; nothing is written twice."""
        first = service.place("key-1", order_draft())
        told = events()
        assert service.place("key-1", order_draft()).id == first.id
        with pytest.raises(KeyReused):
            service.place("key-1", order_draft(cart_id="cart-2"))
        assert events() == told == ["orders.OrderPlaced", "orders.OrderPaymentChanged"]

    def test_a_taken_number_is_not_given_twice(self, transactions: Begin[OrderUnit]) -> None:
        """The unique index notices a repeated number and another one is asked for, within reason."""
        hooks = build_hooks([order_hooks], [])
        service = OrderService(transactions, lambda: NOW, _Numbers("N-1", "N-1", "N-2"), hooks)
        assert service.place("key-1", order_draft()).number == "N-1"
        assert service.place("key-2", order_draft()).number == "N-2"
        with pytest.raises(NoFreeNumber):
            service.place("key-3", order_draft())
        assert service.by_key("key-3") is None

    def test_counts_units(self, service: OrderService, events: Callable[[], list[str]]) -> None:
        """Ships, deliveries, cancellations and returns are stored per line, once per key."""
        id = service.place("key-1", order_draft()).id
        for _ in range(2):
            service.cancel(id, "cancel", {"a-line": 1}, reason=CancelReason.OUT_OF_STOCK, note="broken")
            service.ship_lines(id, "ship", {"z-line": 3})
            service.deliver_lines(id, "deliver", {"z-line": 2})
            service.return_lines(id, "return", {"z-line": 1}, fee=Money("1.00", "EUR"))
        order = service.get(id)
        counts = {line.id: (line.cancelled, line.shipped, line.delivered, line.returned) for line in order.lines}
        assert counts == {"z-line": (0, 3, 2, 1), "a-line": (1, 0, 0, 0)}
        returned = order.fact(FactKind.RETURNED, "return")
        assert returned is not None
        assert returned.credit is not None
        assert returned.credit.fee == Money("1.00", "EUR")
        assert events().count("orders.OrderShipped") == 1

    def test_keeps_what_an_edit_added(self, service: OrderService, events: Callable[[], list[str]]) -> None:
        """Lines come in behind the others, units go out, the bill and the payments follow; once per key."""
        id = service.place("key-1", order_draft()).id
        record = evolve(order_draft().payments[0], payment_id="pay-2")
        for _ in range(2):
            edited = service.edit(
                id,
                "edit-1",
                [_line("b-line", "CAP", 2, "5.00")],
                {"a-line": 1},
                deliver_to=Address(country="DE", postal_code="10115"),
                payments=[record],
                explanation=["a cap instead of a mug"],
            )
        read = service.get(id)
        assert _fields(read) == _fields(edited)
        assert [(line.id, line.edit, line.cancelled) for line in read.lines] == [
            ("z-line", "", 0),
            ("a-line", "", 1),
            ("b-line", "edit-1", 0),
        ]
        assert read.explanation[-1] == "a cap instead of a mug"
        assert [payment.payment_id for payment in read.payments] == ["pay-1", "pay-2"]
        assert read.placed == order_draft().priced
        (summary,) = service.list().items
        assert (summary.units, summary.grand_total) == (7, read.totals.grand_total)
        assert events().count("orders.OrderEdited") == 1
        service.ship_lines(id, "ship", {"b-line": 2})
        assert service.get(id).line("b-line").shipped == 2
        with pytest.raises(KeyReused):
            service.edit(id, "edit-1", [_line("b-line", "CAP", 2, "5.00")], {"a-line": 2})

    def test_many_edit_at_once(self, service: OrderService) -> None:
        """Edits that meet are run again on the fresh order: none is lost, and no unit goes out twice."""
        id = service.place("key-1", order_draft()).id

        def edit(n: int) -> bool:
            try:
                service.edit(id, f"edit-{n}", [_line(f"b-{n}", "CAP", 1, "5.00")], {"z-line": 1})
            except TooManyUnits:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(edit, range(6))) == 3
        order = service.get(id)
        assert order.line("z-line").cancelled == 3
        assert len(order.lines) == 5

    def test_refuses_whole(self, service: OrderService, events: Callable[[], list[str]]) -> None:
        """Where one line of a command cannot move, none does."""
        id = service.place("key-1", order_draft()).id
        told = events()
        with pytest.raises(TooManyUnits):
            service.ship_lines(id, "ship", {"a-line": 1, "z-line": 4})
        assert all(line.shipped == 0 for line in service.get(id).lines)
        assert events() == told

    def test_a_lost_race_is_run_again(self, transactions: Begin[OrderUnit], service: OrderService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        id = service.place("key-1", order_draft()).id
        with transactions() as uow:
            first, second = uow.orders.get(id), uow.orders.get(id)
            first.ship("one", {"a-line": 1}, at=NOW)
            uow.orders.save(first)
            second.ship("two", {"a-line": 2}, at=NOW)
            with pytest.raises(StaleVersion):
                uow.orders.save(second)
        assert {line.id: line.shipped for line in service.get(id).lines} == {"z-line": 0, "a-line": 1}

    def test_many_place_with_one_key(self, service: OrderService, events: Callable[[], list[str]]) -> None:
        """Whoever comes at the same time with the same key gets the one order."""
        with ThreadPoolExecutor(6) as pool:
            placed = list(pool.map(lambda _: service.place("key-1", order_draft()).id, range(12)))
        assert len(set(placed)) == 1
        assert events().count("orders.OrderPlaced") == 1

    def test_many_ship_at_once(self, service: OrderService) -> None:
        """Every unit leaves once: commands that meet are run again, those that come too late are refused."""
        id = service.place("key-1", order_draft()).id

        def ship(n: int) -> bool:
            try:
                service.ship_lines(id, f"ship-{n}", {"z-line": 1})
            except TooManyUnits:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(ship, range(6))) == 3
        assert service.get(id).line("z-line").shipped == 3

    def test_takes_payment_totals_by_version(self, service: OrderService) -> None:
        """A late report of an earlier version changes nothing."""
        id = service.place("key-1", order_draft()).id
        paid = Money("80.00", "EUR")
        zero = Money("0.00", "EUR")
        for version, captured in ((3, paid), (2, zero)):
            record = PaymentRecord(
                payment_id="pay-1", version=version, authorized=paid, captured=captured, refunded=zero
            )
            service.record_payment(id, record)
        assert service.get(id).captured == paid

    def test_lists_newest_first(self, transactions: Begin[OrderUnit], service: OrderService) -> None:
        """A page at a time, of one customer or of all, without gaps or repetitions."""
        placed = [
            service.place(f"key-{n}", order_draft(customer_id=f"customer-{n % 2}", cart_id=f"cart-{n}"))
            for n in range(5)
        ]
        service.cancel(placed[4].id, "cancel")
        ids = [order.id for order in reversed(placed)]
        page = service.list(limit=2)
        seen = list(page.items)
        while page.next is not None:
            page = service.list(cursor=page.next, limit=2)
            seen += page.items
        assert [row.id for row in seen] == ids
        assert [row.id for row in service.list(customer_id="customer-0").items] == ids[::2]
        assert seen[0].status is OrderStatus.CANCELLED
        assert (seen[0].units, seen[0].grand_total) == (5, placed[4].totals.grand_total)

    def test_rolls_back_whole(
        self, storage: Storage, transactions: Begin[OrderUnit], events: Callable[[], list[str]]
    ) -> None:
        """An exception after placing leaves neither order nor line nor event, and the key is free again."""
        order = new_order(order_draft(), id="order-1", number="N-1", key="key-1", at=NOW)
        with pytest.raises(ZeroDivisionError), transactions() as uow:
            assert uow.orders.place(order)
            raise ZeroDivisionError
        assert events() == []
        with transactions() as uow:
            assert uow.orders.by_key("key-1") is None
            fresh = new_order(order_draft(), id="order-1", number="N-1", key="key-1", at=NOW)
            assert uow.orders.place(fresh)


def _fields(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in attrs.fields_dict(Order) if not name.startswith("_")}
