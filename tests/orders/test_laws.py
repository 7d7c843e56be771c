"""Whatever happens to an order, its money is what its units were sold for."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.orders.carts import priced_carts

from commerce.kernel import Item, Line, Money, NotAllowed, PricedCart, PricedLine, TaxShare, total
from commerce.orders import (
    CancelReason,
    FactKind,
    Order,
    OrderDraft,
    OrderStatus,
    PaymentRecord,
    PaymentStatus,
    ShippingRefund,
    TooManyUnits,
    credit_of,
    edit_order,
    new_order,
    totals_of,
)
from commerce.testing.conformance.storage import NOW

_MOVES = {
    "ship": "to_ship",
    "deliver": "to_deliver",
    "cancel": "to_ship",
    "return": "to_return",
    "edit": "to_ship",
}

#: A move, how much of what is possible of each line (in quarters), and whether to ask for one unit too many.
_steps = st.lists(
    st.tuples(
        st.sampled_from(list(_MOVES)),
        st.lists(st.integers(0, 4), min_size=4, max_size=4),
        st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=14,
)
Steps = list[tuple[str, list[int], int]]


def _order(priced: PricedCart, policy: ShippingRefund = ShippingRefund.WITH_LAST_UNIT) -> Order:
    order = new_order(OrderDraft(priced=priced, shipping_refund=policy), id="o", number="N", key="k", at=NOW)
    _pay(order, 1, order.totals.grand_total, Money.zero(order.currency))
    return order


def _pay(order: Order, version: int, captured: Money, refunded: Money) -> None:
    order.record_payment(
        PaymentRecord(payment_id="p", version=version, authorized=captured, captured=captured, refunded=refunded),
        at=NOW,
    )


def _apply(order: Order, move: str, key: str, units: dict[str, int], fee_percent: int) -> None:
    """Do it and pay out at once, as a shop would."""
    if move == "ship":
        order.ship(key, units, at=NOW)
    elif move == "deliver":
        order.deliver(key, units, at=NOW)
    elif move == "cancel":
        order.cancel(key, credit_of(order, units), reason=CancelReason.CUSTOMER, at=NOW)
    elif move == "edit":
        edit_order(order, key, [_added(order, key)], units, at=NOW)
    else:
        worth = credit_of(order, units).gross.minor
        fee = Money.of_minor(worth * fee_percent // 100, order.currency)
        order.give_back(key, credit_of(order, units, fee=fee), at=NOW)
    if order.balance > Money.zero(order.currency):
        _pay(order, len(order.timeline) + 2, order.captured + order.balance, order.refunded)
    elif order.balance < Money.zero(order.currency):
        _pay(order, len(order.timeline) + 2, order.captured, order.refunded - order.balance)


def _added(order: Order, key: str) -> PricedLine:
    """A line that an edit adds: another price and another tax with each."""
    n = len(order.lines)
    value = Money.of_minor(7 * n + 1, order.currency)
    tax = TaxShare(name="t", rate=Decimal("0.1"), base=value, amount=Money.of_minor(n, order.currency))
    line = Line.of(f"added-{key}", Item(sku=f"SKU-{n}"), 1 + n % 3, value)
    return PricedLine(line=line, taxes=(tax,), tax_included=order.tax_included)


def _play(order: Order, steps: Steps, fee_percent: int = 0) -> None:
    """Run the steps; those that ask for too much must be refused without a trace."""
    for n, (move, quarters, excess) in enumerate(steps):
        units = {}
        for line, quarter in zip(order.lines, quarters, strict=False):
            count = -(-getattr(line, _MOVES[move]) * quarter // 4)
            if count:
                units[line.id] = count + excess * (quarter == 4)
        if not units and move != "edit":
            continue
        before = (order.lines, order.timeline, order.status, order.refunded)
        try:
            _apply(order, move, f"{n}", units, fee_percent)
        except (TooManyUnits, NotAllowed):
            assert excess or order.status is OrderStatus.CANCELLED
            assert (order.lines, order.timeline, order.status, order.refunded) == before


def _give_all_back(order: Order) -> None:
    """Cancel what has not left, deliver the rest and take it back."""
    for move, counter in (("cancel", "to_ship"), ("deliver", "to_deliver"), ("return", "to_return")):
        units = {line.id: getattr(line, counter) for line in order.lines if getattr(line, counter)}
        if units:
            _apply(order, move, f"last-{move}", units, 0)


@given(priced_carts())
def test_totals_are_those_of_the_priced_cart(priced: PricedCart) -> None:
    """The one-pass sums say the same as the cart's own."""
    totals = totals_of(priced)
    for name in ("subtotal", "shipping_total", "discount_total", "tax_total", "net_total", "grand_total"):
        assert getattr(totals, name) == getattr(priced, name)


@given(priced_carts(), _steps, st.sampled_from(ShippingRefund), st.integers(0, 100))
def test_paid_less_refunded_is_what_the_kept_units_cost(
    priced: PricedCart, steps: Steps, policy: ShippingRefund, fee_percent: int
) -> None:
    """After any sequence of ships, deliveries, cancellations, returns and refunds, by the stored shares."""
    order = _order(priced, policy)
    _play(order, steps, fee_percent)
    zero = Money.zero(order.currency)
    kept = total(
        (
            line.priced.units(line.given_back, line.quantity - line.given_back).gross
            for line in order.lines
            if line.given_back < line.quantity
        ),
        order.currency,
    )
    credits = [fact.credit for fact in order.timeline if fact.credit]
    charges = total((charge.gross for charge in order.charges), order.currency)
    charges_back = total((credit.shipping.gross for credit in credits), order.currency)
    fees = total((credit.fee for credit in credits), order.currency)
    assert order.captured - order.refunded == order.owed == kept + charges - charges_back + fees
    assert zero <= order.refunded <= order.captured
    assert all(credit.gross >= zero and credit.net + credit.tax == credit.gross for credit in credits)
    assert order.balance == zero


@given(priced_carts(), _steps, st.sampled_from(ShippingRefund))
def test_giving_everything_back_refunds_what_was_paid(priced: PricedCart, steps: Steps, policy: ShippingRefund) -> None:
    """To the minor unit, however it was grouped; charges too unless the policy keeps them."""
    order = _order(priced, policy)
    _play(order, steps)
    _give_all_back(order)
    charges = total((charge.gross for charge in order.charges), order.currency)
    kept = charges if policy is ShippingRefund.NEVER else Money.zero(order.currency)
    assert order.captured - order.refunded == kept
    assert order.status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED)


@given(priced_carts(), _steps)
def test_each_line_gives_back_its_shares(priced: PricedCart, steps: Steps) -> None:
    """The credits of a line are together the share of as many units, net and tax each."""
    order = _order(priced)
    _play(order, steps)
    for line in order.lines:
        shares = [
            credited.share
            for fact in order.timeline
            if fact.credit
            for credited in fact.credit.lines
            if credited.line_id == line.id
        ]
        zero = Money.zero(order.currency)
        expected = line.priced.units(0, line.given_back) if line.given_back else None
        assert sum((share.net for share in shares), zero) == (expected.net if expected else zero)
        assert sum((share.tax for share in shares), zero) == (expected.tax if expected else zero)


@given(priced_carts())
@settings(max_examples=300)
def test_no_unit_is_worth_less_than_nothing(priced: PricedCart) -> None:
    """Neither of a line nor of a charge; all units together are worth the line."""
    zero = Money.zero(priced.currency)
    for line in priced.lines:
        worth = [line.units(n, 1).gross for n in range(line.line.quantity)]
        assert min(worth) >= zero
        assert total(worth, priced.currency) == line.gross


@given(priced_carts(), _steps)
def test_units_are_accounted_for(priced: PricedCart, steps: Steps) -> None:
    """Never more shipped than kept, delivered than shipped, returned than delivered."""
    order = _order(priced)
    _play(order, steps)
    for line in order.lines:
        assert 0 <= line.returned <= line.delivered <= line.shipped <= line.kept <= line.quantity


@given(priced_carts(), _steps)
def test_a_command_happens_once(priced: PricedCart, steps: Steps) -> None:
    """Repeating the ships and deliveries with their keys changes nothing."""
    order = _order(priced)
    _play(order, steps)
    before = (order.lines, order.timeline, order.status)
    for fact in list(order.timeline):
        units = {unit.line_id: unit.quantity for unit in fact.units}
        if fact.kind is FactKind.SHIPPED:
            order.ship(fact.key, units, at=NOW)
        elif fact.kind is FactKind.DELIVERED:
            order.deliver(fact.key, units, at=NOW)
    assert (order.lines, order.timeline, order.status) == before


@given(
    priced_carts(),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000), st.booleans()), max_size=8),
)
@settings(max_examples=60)
def test_any_growing_ledger_can_be_told(priced: PricedCart, reports: list[tuple[int, int, int, bool]]) -> None:
    """Whatever a payment's totals do, as long as what was captured stays captured, the order follows."""
    order = new_order(OrderDraft(priced=priced), id="o", number="N", key="k", at=NOW)
    most = 0
    for version, (authorized, captured, refunded, failed) in enumerate(reports, start=1):
        most = max(most, captured)

        def money(minor: int, code: str = order.currency) -> Money:
            return Money.of_minor(minor, code)

        order.record_payment(
            PaymentRecord(
                payment_id="p",
                version=version,
                authorized=money(authorized),
                captured=money(most),
                refunded=money(min(refunded, most)),
                failed=failed,
            ),
            at=NOW,
        )
        taken = order.payment not in (PaymentStatus.UNPAID, PaymentStatus.AUTHORIZED, PaymentStatus.FAILED)
        assert taken == (most > 0 or not order.totals.grand_total)
