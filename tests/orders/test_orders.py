"""Orders: states, facts and refusals."""

from collections.abc import Mapping
from datetime import timedelta, timezone

import pytest
from attrs import evolve

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import (
    Denied,
    InvalidValue,
    Item,
    KeyReused,
    Line,
    Money,
    NotAllowed,
    PricedCart,
    PricedLine,
)
from commerce.orders import (
    FULFILMENT_STATES,
    ORDER_STATES,
    PAYMENT_STATES,
    DatedNumbers,
    FactKind,
    FulfilmentStatus,
    NothingToCancel,
    Order,
    OrderDraft,
    OrderLineNotFound,
    OrderOnHold,
    OrderService,
    OrderStatus,
    PaymentRecord,
    PaymentStatus,
    ShippingRefund,
    TooManyUnits,
    credit_of,
    new_order,
)
from commerce.orders import hooks as order_hooks
from commerce.runtime import build_hooks, hookimpl, unit_of_work
from commerce.testing.conformance.orders import order_draft
from commerce.testing.conformance.storage import NOW

#: The bill of `order_draft`: 59.97 + 15.00 - 0.20, tax 2.02, shipping 4.90.
TOTAL = Money("81.69", "EUR")
ZERO = Money("0.00", "EUR")
ALL = {"z-line": 3, "a-line": 2}


class NoFriday:
    @hookimpl
    def commerce_validate_order(self, draft: OrderDraft) -> None:
        raise Denied


def _service(storage: MemoryStorage, *plugins: object) -> OrderService:
    begin = unit_of_work(storage, "orders", lambda: NOW, lambda name: True, lambda: None)
    return OrderService(begin, lambda: NOW, DatedNumbers(), build_hooks([order_hooks], plugins))


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def service(storage: MemoryStorage) -> OrderService:
    return _service(storage)


@pytest.fixture
def order(service: OrderService) -> Order:
    return service.place("key-1", order_draft(payments=()))


def _pay(service: OrderService, order: Order, version: int, captured: Money, refunded: Money = ZERO) -> Order:
    record = PaymentRecord(payment_id="p", version=version, authorized=captured, captured=captured, refunded=refunded)
    return service.record_payment(order.id, record)


def _names(storage: MemoryStorage) -> list[str]:
    return [envelope.name.removeprefix("orders.") for _, envelope in storage.outbox.archive()]


def test_a_whole_life(service: OrderService, storage: MemoryStorage, order: Order) -> None:
    """Placed, paid, shipped in two parcels, delivered, completed, one unit returned: told in that order."""
    assert (order.status, order.payment, order.fulfilment) == ("open", "unpaid", "unfulfilled")
    _pay(service, order, 1, TOTAL)
    steps: list[tuple[str, Mapping[str, int], str]] = [
        ("ship_lines", {"z-line": 3}, "partially_shipped"),
        ("ship_lines", {"a-line": 2}, "shipped"),
        ("deliver_lines", {"z-line": 3}, "partially_delivered"),
        ("deliver_lines", {"a-line": 2}, "delivered"),
        ("return_lines", {"z-line": 1}, "partially_returned"),
        ("return_lines", {"z-line": 2, "a-line": 2}, "returned"),
    ]
    for n, (command, units, state) in enumerate(steps):
        assert getattr(service, command)(order.id, f"step-{n}", units).fulfilment == state
    done = service.get(order.id)
    assert done.status is OrderStatus.COMPLETED
    assert done.balance == -TOTAL
    assert _pay(service, order, 2, TOTAL, TOTAL).payment is PaymentStatus.REFUNDED
    assert [fact.kind.value for fact in done.timeline] == [
        "placed",
        "shipped",
        "shipped",
        "delivered",
        "delivered",
        "completed",
        "returned",
        "returned",
    ]
    assert _names(storage) == [
        "OrderPlaced",
        "OrderPaymentChanged",
        "OrderShipped",
        "OrderShipped",
        "OrderDelivered",
        "OrderDelivered",
        "OrderCompleted",
        "OrderReturned",
        "OrderReturned",
        "OrderPaymentChanged",
    ]


def test_events_carry_no_personal_data(service: OrderService, storage: MemoryStorage, order: Order) -> None:
    """Neither they nor reprs know who or where the buyer is, or what was noted about them."""
    service.hold(order.id, "hold", reason="Ada phoned")
    service.cancel(order.id, "cancel", note="Ada moved")
    told = repr([envelope for _, envelope in storage.outbox.archive()]) + repr(service.get(order.id))
    assert all(secret not in told for secret in ("ada@", "Ada", "Weg 1", "1010"))


def test_delivered_but_unpaid_waits_for_the_money(service: OrderService, order: Order) -> None:
    """An order bought on invoice is complete when it is paid."""
    service.ship_lines(order.id, "ship", ALL)
    assert service.deliver_lines(order.id, "deliver", ALL).status is OrderStatus.OPEN
    assert _pay(service, order, 1, TOTAL - Money("0.01", "EUR")).payment is PaymentStatus.PARTIALLY_PAID
    assert _pay(service, order, 2, TOTAL).status is OrderStatus.COMPLETED


def test_cancel_takes_what_is_not_shipped(service: OrderService, order: Order) -> None:
    """Without naming lines: the rest, once per key, and never what left the house."""
    service.ship_lines(order.id, "ship", {"z-line": 2})
    for _ in range(2):
        cancelled = service.cancel(order.id, "cancel")
    assert {line.id: line.cancelled for line in cancelled.lines} == {"z-line": 1, "a-line": 2}
    assert (cancelled.status, cancelled.fulfilment) == (OrderStatus.OPEN, FulfilmentStatus.SHIPPED)
    with pytest.raises(NothingToCancel):
        service.cancel(order.id, "again")
    with pytest.raises(TooManyUnits):
        service.cancel(order.id, "more", {"z-line": 1})


def test_cancelled_before_any_money_moved(service: OrderService, order: Order) -> None:
    """Nothing is owed, and shipping is called off with the last unit."""
    cancelled = service.cancel(order.id, "cancel")
    assert (cancelled.status, cancelled.payment) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
    assert (cancelled.fulfilment, cancelled.owed) == (FulfilmentStatus.CANCELLED, ZERO)
    with pytest.raises(NotAllowed):
        service.hold(order.id, "hold")
    with pytest.raises(TooManyUnits):
        service.ship_lines(order.id, "ship", {"a-line": 1})


def test_a_partly_cancelled_order_is_paid_with_less(service: OrderService, order: Order) -> None:
    """What is owed follows the kept units."""
    less = service.cancel(order.id, "cancel", {"a-line": 2}).owed
    assert less < TOTAL
    assert _pay(service, order, 1, less).payment is PaymentStatus.PAID


def test_nothing_ships_on_hold(service: OrderService, order: Order) -> None:
    """Until it is released; holding twice is one hold."""
    service.hold(order.id, "hold", reason="look at the address")
    service.hold(order.id, "hold")
    with pytest.raises(OrderOnHold):
        service.ship_lines(order.id, "ship", ALL)
    for _ in range(2):
        assert service.release(order.id, "release").status is OrderStatus.OPEN
    shipped = service.ship_lines(order.id, "ship", ALL)
    assert [fact.kind for fact in shipped.timeline] == [
        FactKind.PLACED,
        FactKind.HELD,
        FactKind.RELEASED,
        FactKind.SHIPPED,
    ]


def test_released_when_all_is_done_completes(service: OrderService, order: Order) -> None:
    """What was finished during the hold is completed by the release."""
    _pay(service, order, 1, TOTAL)
    service.ship_lines(order.id, "ship", ALL)
    service.hold(order.id, "hold")
    assert service.deliver_lines(order.id, "deliver", ALL).status is OrderStatus.ON_HOLD
    assert service.release(order.id, "release").status is OrderStatus.COMPLETED


@pytest.mark.parametrize(
    ("command", "units"),
    [
        ("ship_lines", {"z-line": 4}),
        ("deliver_lines", {"z-line": 2}),
        ("cancel", {"z-line": 3}),
        ("return_lines", {"z-line": 1}),
    ],
)
def test_more_than_possible_is_refused(
    service: OrderService, order: Order, command: str, units: Mapping[str, int]
) -> None:
    """Ship what was ordered, deliver what was shipped, cancel what was not, return what was delivered."""
    service.ship_lines(order.id, "first", {"z-line": 1})
    with pytest.raises(TooManyUnits) as caught:
        getattr(service, command)(order.id, "second", units)
    assert caught.value.possible == {"ship_lines": 2, "deliver_lines": 1, "cancel": 2, "return_lines": 0}[command]


@pytest.mark.parametrize("units", [{}, {"a-line": 0}, {"a-line": -1}, {"a-line": True}, {"a-line": 1.0}])
def test_units_are_whole_and_at_least_one(service: OrderService, order: Order, units: Mapping[str, int]) -> None:
    """Nothing, less than nothing and fractions are mistakes."""
    for command in (service.ship_lines, service.deliver_lines, service.cancel, service.return_lines):
        with pytest.raises(InvalidValue):
            command(order.id, "key", units)


def test_an_unknown_line_is_named(service: OrderService, order: Order) -> None:
    """Whatever the command."""
    for command in (service.ship_lines, service.deliver_lines, service.cancel, service.return_lines):
        with pytest.raises(OrderLineNotFound):
            command(order.id, "key", {"other": 1})


def test_a_key_means_one_request(service: OrderService, order: Order) -> None:
    """The same key with other units is refused; for another command it is another key."""
    service.ship_lines(order.id, "key", {"a-line": 1})
    with pytest.raises(KeyReused):
        service.ship_lines(order.id, "key", {"a-line": 2})
    assert service.deliver_lines(order.id, "key", {"a-line": 1}).line("a-line").delivered == 1


def test_money_is_not_un_taken(service: OrderService, order: Order) -> None:
    """A payment that reports less captured than before is a defect somewhere, and is not believed."""
    _pay(service, order, 1, TOTAL)
    with pytest.raises(NotAllowed):
        _pay(service, order, 2, ZERO)
    assert service.get(order.id).payment is PaymentStatus.PAID


def test_a_failed_refund_reopens_what_was_paid(service: OrderService, order: Order) -> None:
    """Refunded, then not: the totals decide."""
    assert _pay(service, order, 1, TOTAL, TOTAL).payment is PaymentStatus.REFUNDED
    assert _pay(service, order, 2, TOTAL, ZERO).payment is PaymentStatus.PAID


def test_two_tenders_pay_together(service: OrderService, order: Order) -> None:
    """A gift card and a card: authorized together, paid together."""
    half, rest = Money("40.00", "EUR"), Money("41.69", "EUR")
    for id, amount, state in (("gift", half, "unpaid"), ("card", rest, "authorized")):
        record = PaymentRecord(payment_id=id, version=1, authorized=amount, captured=ZERO, refunded=ZERO)
        order = service.record_payment(order.id, record)
        assert order.payment == state
    gone = PaymentRecord(payment_id="card", version=2, authorized=ZERO, captured=ZERO, refunded=ZERO, failed=True)
    failed = service.record_payment(order.id, gone)
    assert failed.payment is PaymentStatus.FAILED


def test_a_free_order_is_paid(service: OrderService) -> None:
    """Nothing to pay is paid from the beginning, and completed by its delivery."""
    draft = order_draft(payments=())
    line = evolve(draft.priced.lines[0], taxes=(), adjustments=())
    gift = evolve(line, line=evolve(line.line, subtotal=ZERO))
    free = PricedCart(currency="EUR", lines=(gift,), profile=draft.priced.profile)
    order = service.place("free", order_draft(priced=free, payments=()))
    assert order.payment is PaymentStatus.PAID
    service.ship_lines(order.id, "ship", {"z-line": 3})
    assert service.deliver_lines(order.id, "deliver", {"z-line": 3}).status is OrderStatus.COMPLETED


def test_hooks_may_object(storage: MemoryStorage) -> None:
    """When asked; placing itself asks nobody, since the money has moved by then."""
    service = _service(storage, NoFriday())
    with pytest.raises(Denied):
        service.validate(order_draft())
    assert service.place("key-1", order_draft()).number


def test_a_draft_needs_lines_of_their_own() -> None:
    """No line, or one id for two lines: refused before anything happens."""
    priced = order_draft().priced
    for lines in ((), (priced.lines[0], priced.lines[0])):
        with pytest.raises(InvalidValue):
            OrderDraft(priced=evolve(priced, lines=lines))


def test_commands_need_a_key(service: OrderService) -> None:
    """An empty key would make all orders one."""
    with pytest.raises(InvalidValue):
        service.place("", order_draft())


def test_pages_have_bounds(service: OrderService) -> None:
    """Neither none nor everything at once."""
    for limit in (0, 501):
        with pytest.raises(InvalidValue):
            service.list(limit=limit)


def test_refundable_says_what_it_would_be(service: OrderService, order: Order) -> None:
    """A preview that changes nothing and agrees with what happens then."""
    preview = service.refundable(order.id, {"z-line": 2})
    service.ship_lines(order.id, "ship", ALL)
    service.deliver_lines(order.id, "deliver", ALL)
    fact = service.return_lines(order.id, "return", {"z-line": 2}).fact(FactKind.RETURNED, "return")
    assert fact is not None
    assert fact.credit == preview
    assert preview.gross == Money("39.98", "EUR") - Money("0.07", "EUR") + Money("0.67", "EUR")


@pytest.mark.parametrize(
    ("policy", "first", "second"),
    [
        (ShippingRefund.NEVER, "0.00", "0.00"),
        (ShippingRefund.WITH_LAST_UNIT, "0.00", "4.90"),
        # the shirts are 60.88 of 76.79
        (ShippingRefund.PROPORTIONAL, "3.88", "1.02"),
    ],
)
def test_shipping_is_refunded_by_policy(policy: ShippingRefund, first: str, second: str) -> None:
    """All shirts go back, then all mugs."""
    service = _service(MemoryStorage())
    order = service.place("key-1", order_draft(shipping_refund=policy))
    for key, units, expected in (("one", {"z-line": 3}, first), ("two", {"a-line": 2}, second)):
        fact = service.cancel(order.id, key, units).fact(FactKind.CANCELLED, key)
        assert fact is not None
        assert fact.credit is not None
        assert fact.credit.shipping.gross == Money(expected, "EUR")


@pytest.mark.parametrize("fee", [Money("-0.01", "EUR"), Money("20.31", "EUR"), Money("1.00", "USD")])
def test_a_fee_is_part_of_the_worth(fee: Money) -> None:
    """Neither negative, nor more than the units cost, nor in another currency."""
    order = new_order(order_draft(), id="o", number="N", key="k", at=NOW)
    with pytest.raises(InvalidValue):
        credit_of(order, {"z-line": 1}, fee=fee)


def test_numbers_are_for_people() -> None:
    """The day in the shop's zone and a code of letters that is the same for the same order."""
    id = "019c3a5e-0000-7000-8000-000000000000"
    late = NOW.replace(hour=23, minute=30)
    assert DatedNumbers().number(id, late) == "260301-BBBB-BBBB"
    east = timezone(timedelta(hours=7))
    assert DatedNumbers(prefix="DE-", zone=east).number(id[:-1] + "1", late) == "DE-260302-CBBB-BBBB"


def test_every_state_is_drawn() -> None:
    """The tables name each state of their kind, and lead somewhere known."""
    for table, kinds in (
        (ORDER_STATES, OrderStatus),
        (PAYMENT_STATES, PaymentStatus),
        (FULFILMENT_STATES, FulfilmentStatus),
    ):
        assert set(table.moves) == set(kinds)


def _cap(id: str, quantity: int = 1, price: str = "5.00") -> PricedLine:
    return PricedLine(line=Line.of(id, Item(sku="CAP"), quantity, Money(price, "EUR")))


def test_an_edit_charges_what_comes_and_credits_what_goes(service: OrderService, order: Order) -> None:
    """At the price of each: what stays keeps its own."""
    _pay(service, order, 1, TOTAL)
    worth = credit_of(order, {"a-line": 2}).gross
    edited = service.edit(order.id, "edit", [_cap("cap", 3)], {"a-line": 2})
    assert edited.totals.grand_total == TOTAL + Money("15.00", "EUR")
    assert edited.owed == TOTAL + Money("15.00", "EUR") - worth
    assert edited.balance == Money("15.00", "EUR") - worth
    assert edited.payment is (PaymentStatus.PARTIALLY_PAID if edited.balance > ZERO else PaymentStatus.PAID)
    fact = edited.fact(FactKind.EDITED, "edit")
    assert fact is not None
    assert (fact.charge, fact.credit and fact.credit.gross) == (Money("15.00", "EUR"), worth)


def test_a_swap_keeps_the_shipping(service: OrderService, order: Order) -> None:
    """Shipping comes back with the last unit; where another takes its place, it is not the last."""
    edited = service.edit(order.id, "edit", [_cap("cap")], ALL)
    fact = edited.fact(FactKind.EDITED, "edit")
    assert fact is not None
    assert fact.credit is not None
    assert fact.credit.shipping.gross == ZERO
    back = service.cancel(edited.id, "cancel").fact(FactKind.CANCELLED, "cancel")
    assert back is not None
    assert back.credit is not None
    assert back.credit.shipping.gross == Money("4.90", "EUR")


def test_shipping_is_credited_once(service: OrderService, order: Order) -> None:
    """All came back, something was added, and came back too."""
    _pay(service, order, 1, TOTAL)
    for command, units in (("ship_lines", ALL), ("deliver_lines", ALL), ("return_lines", ALL)):
        getattr(service, command)(order.id, command, units)
    assert service.edit(order.id, "edit", [_cap("cap")]).status is OrderStatus.OPEN
    assert service.cancel(order.id, "cancel").owed == ZERO


def test_an_edit_opens_a_completed_order(service: OrderService, order: Order) -> None:
    """Until what was added has arrived and is paid."""
    _pay(service, order, 1, TOTAL)
    service.ship_lines(order.id, "ship", ALL)
    assert service.deliver_lines(order.id, "deliver", ALL).status is OrderStatus.COMPLETED
    edited = service.edit(order.id, "edit", [_cap("cap")])
    assert (edited.status, edited.payment, edited.fulfilment) == ("open", "partially_paid", "partially_delivered")
    service.ship_lines(order.id, "ship-2", {"cap": 1})
    service.deliver_lines(order.id, "deliver-2", {"cap": 1})
    assert _pay(service, order, 2, TOTAL + Money("5.00", "EUR")).status is OrderStatus.COMPLETED


def test_an_order_that_cost_nothing_can_grow(service: OrderService) -> None:
    """It was paid without money; now it is not."""
    free = evolve(order_draft().priced, lines=(_cap("gift", price="0.00"),), charges=())
    placed = service.place("free", order_draft(priced=free, payments=()))
    assert placed.payment is PaymentStatus.PAID
    assert service.edit(placed.id, "edit", [_cap("cap")]).payment is PaymentStatus.UNPAID


def test_an_edit_that_does_not_fit_changes_nothing(service: OrderService, storage: MemoryStorage, order: Order) -> None:
    """Each refusal says why, and leaves no trace."""
    before = (len(_names(storage)), service.get(order.id).totals)
    yen = PricedLine(line=Line.of("yen", Item(sku="CAP"), 1, Money("500", "JPY")))
    for added, removed in (
        ([], {}),
        ([], ALL),
        ([_cap("a-line")], {}),
        ([_cap("cap"), _cap("cap")], {}),
        ([yen], {}),
        ([evolve(_cap("cap"), tax_included=True)], {}),
    ):
        with pytest.raises(InvalidValue):
            service.edit(order.id, "edit", added, removed)
    with pytest.raises(TooManyUnits):
        service.edit(order.id, "edit", [_cap("cap")], {"a-line": 3})
    with pytest.raises(OrderLineNotFound):
        service.edit(order.id, "edit", [_cap("cap")], {"cap": 1, "other": 1})
    assert (len(_names(storage)), service.get(order.id).totals) == before
    service.cancel(order.id, "cancel")
    with pytest.raises(NotAllowed):
        service.edit(order.id, "edit", [_cap("cap")])


def test_an_edit_leaves_a_refunded_order_owing(service: OrderService, order: Order) -> None:
    """Something was given back, something else is to be paid: that comes first. A kindness opens no debt."""
    back = credit_of(order, {"a-line": 1}).refund
    _pay(service, order, 1, TOTAL)
    service.cancel(order.id, "less", {"a-line": 1})
    assert _pay(service, order, 2, TOTAL, back).payment is PaymentStatus.PARTIALLY_REFUNDED
    assert service.edit(order.id, "edit", [_cap("cap")]).payment is PaymentStatus.PARTIALLY_PAID
    paid = TOTAL + Money("5.00", "EUR")
    assert _pay(service, order, 3, paid, back).payment is PaymentStatus.PARTIALLY_REFUNDED
    assert _pay(service, order, 4, paid, back + Money("1.00", "EUR")).payment is PaymentStatus.PARTIALLY_REFUNDED
