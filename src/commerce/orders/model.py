"""The order: what was bought, as it was bought, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define, evolve, field

from commerce.kernel import (
    Address,
    Entity,
    InvalidValue,
    KeyReused,
    Money,
    NotAllowed,
    PricedCart,
    PricedCharge,
    PricedLine,
    RoundingProfile,
)
from commerce.kernel import total as sum_of
from commerce.orders.errors import OrderLineNotFound, OrderOnHold, TooManyUnits
from commerce.orders.events import (
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderEdited,
    OrderHeld,
    OrderPaymentChanged,
    OrderPlaced,
    OrderReleased,
    OrderReturned,
    OrderShipped,
    OrderUnits,
)
from commerce.orders.states import (
    FULFILMENT_STATES,
    ORDER_STATES,
    PAYMENT_STATES,
    FulfilmentStatus,
    OrderStatus,
    PaymentStatus,
)
from commerce.orders.values import (
    CancelReason,
    Credit,
    ExchangeRate,
    Fact,
    FactKind,
    OrderLine,
    OrderTotals,
    PaymentRecord,
    ShippingRefund,
    totals_of,
)

__all__ = ["Order", "units_of"]

_ARRIVED = (FulfilmentStatus.DELIVERED, FulfilmentStatus.PARTIALLY_RETURNED, FulfilmentStatus.RETURNED)
_SETTLED = (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED)


@define(kw_only=True, eq=False)
class Order(Entity):
    """A snapshot of a priced cart with three states: of the order, of its payment, of its goods.

    Lines are named by their id, with how many units; every command carries a key and
    happens once per key. ``owed`` is what the kept units cost, by the shares stored with them.
    """

    number: str
    key: str
    placed_at: datetime
    currency: str
    lines: tuple[OrderLine, ...]
    charges: tuple[PricedCharge, ...] = ()
    tax_included: bool = False
    profile: RoundingProfile
    totals: OrderTotals
    cart_id: str | None = None
    customer_id: str | None = None
    email: str = field(default="", repr=False)
    channel: str = "web"
    locale: str = "en"
    billing_address: Address | None = None
    shipping_address: Address | None = None
    shipping_method: str | None = None
    codes: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    exchange_rate: ExchangeRate | None = None
    shipping_refund: ShippingRefund = ShippingRefund.WITH_LAST_UNIT
    status: OrderStatus = OrderStatus.OPEN
    payment: PaymentStatus = PaymentStatus.UNPAID
    fulfilment: FulfilmentStatus = FulfilmentStatus.UNFULFILLED
    payments: tuple[PaymentRecord, ...] = ()
    timeline: tuple[Fact, ...] = ()

    @property
    def priced(self) -> PricedCart:
        """Its lines and charges as priced, with what was added since it was placed."""
        return PricedCart(
            currency=self.currency,
            lines=tuple(line.priced for line in self.lines),
            charges=self.charges,
            tax_included=self.tax_included,
            profile=self.profile,
        )

    @property
    def placed(self) -> PricedCart:
        """The priced cart it was placed with, without what was added since."""
        return evolve(self.priced, lines=tuple(line.priced for line in self.lines if not line.edit))

    @property
    def refs(self) -> tuple[str, ...]:
        """What names the stock and the payments of its parts: the key it was placed with, and that of each edit."""
        return (self.key, *(fact.key for fact in self.timeline if fact.kind is FactKind.EDITED))

    def ref_of(self, line_id: str) -> str:
        """The one of `refs` that a line came with."""
        return self.line(line_id).edit or self.key

    @property
    def authorized(self) -> Money:
        """What all payments have authorized."""
        return sum_of((record.authorized for record in self.payments), self.currency)

    @property
    def captured(self) -> Money:
        """What all payments have taken."""
        return sum_of((record.captured for record in self.payments), self.currency)

    @property
    def refunded(self) -> Money:
        """What all payments have given back."""
        return sum_of((record.refunded for record in self.payments), self.currency)

    @property
    def credited(self) -> Money:
        """What the cancelled and returned units are worth to the buyer, after fees."""
        return sum_of((fact.credit.refund for fact in self.timeline if fact.credit), self.currency)

    @property
    def owed(self) -> Money:
        """What is to be paid for what is kept, fees included."""
        return self.totals.grand_total - self.credited

    @property
    def balance(self) -> Money:
        """Still to be paid; below zero: still to be given back."""
        return self.owed - self.captured + self.refunded

    def line(self, line_id: str) -> OrderLine:
        """The line with that id, or `OrderLineNotFound`."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise OrderLineNotFound(order_id=self.id, line_id=line_id)

    def fact(self, kind: FactKind, key: str) -> Fact | None:
        """What the command with this key did, or nothing if it has not happened."""
        return next((fact for fact in self.timeline if fact.kind is kind and fact.key == key), None)

    def happened(self, kind: FactKind, key: str, lines: Mapping[str, int] | None = None) -> bool:
        """Whether this command was carried out; `commerce.kernel.KeyReused` if with other units."""
        fact = self.fact(kind, key)
        if fact and lines is not None and {u.line_id: u.quantity for u in fact.units} != dict(lines):
            raise KeyReused(key=key)
        return fact is not None

    def place(self) -> None:
        """Say that it exists, and where its payment stands already."""
        self._note(Fact(kind=FactKind.PLACED, key=self.key, at=self.placed_at))
        totals = self.totals
        self.record(
            OrderPlaced(
                aggregate_id=self.id,
                number=self.number,
                cart_id=self.cart_id,
                customer_id=self.customer_id,
                channel=self.channel,
                currency=self.currency,
                subtotal=totals.subtotal,
                shipping_total=totals.shipping_total,
                discount_total=totals.discount_total,
                tax_total=totals.tax_total,
                grand_total=totals.grand_total,
                lines=tuple(OrderUnits(line_id=line.id, sku=line.sku, quantity=line.quantity) for line in self.lines),
                codes=self.codes,
            )
        )
        self._settle(self.placed_at)

    def hold(self, key: str, *, reason: str = "", at: datetime) -> None:
        """Stop shipping."""
        if self.happened(FactKind.HELD, key):
            return
        self.status = ORDER_STATES.move(self.id, self.status, OrderStatus.ON_HOLD)
        self._note(Fact(kind=FactKind.HELD, key=key, at=at, note=reason))
        self.record(OrderHeld(aggregate_id=self.id))

    def release(self, key: str, *, at: datetime) -> None:
        """Let shipping go on."""
        if self.happened(FactKind.RELEASED, key):
            return
        self.status = ORDER_STATES.move(self.id, self.status, OrderStatus.OPEN)
        self._note(Fact(kind=FactKind.RELEASED, key=key, at=at))
        self.record(OrderReleased(aggregate_id=self.id))
        self._settle(at)

    def ship(self, key: str, lines: Mapping[str, int], *, at: datetime) -> None:
        """Units leave the house. Raises `OrderOnHold`, `TooManyUnits`."""
        if self.happened(FactKind.SHIPPED, key, lines):
            return
        if self.status is OrderStatus.ON_HOLD:
            raise OrderOnHold(order_id=self.id)
        units = self._move("ship", "to_ship", "shipped", lines)
        self._note(Fact(kind=FactKind.SHIPPED, key=key, at=at, units=units))
        complete = not any(line.to_ship for line in self.lines)
        self.record(OrderShipped(aggregate_id=self.id, lines=units, complete=complete))
        self._settle(at)

    def deliver(self, key: str, lines: Mapping[str, int], *, at: datetime) -> None:
        """Units arrive. Raises `TooManyUnits` for more than are under way."""
        if self.happened(FactKind.DELIVERED, key, lines):
            return
        units = self._move("deliver", "to_deliver", "delivered", lines)
        self._note(Fact(kind=FactKind.DELIVERED, key=key, at=at, units=units))
        complete = not any(line.to_ship or line.to_deliver for line in self.lines)
        self.record(OrderDelivered(aggregate_id=self.id, lines=units, complete=complete))
        self._settle(at)

    def cancel(self, key: str, credit: Credit, *, reason: CancelReason, note: str = "", at: datetime) -> None:
        """Units will not be shipped. Raises `TooManyUnits` for units that left already."""
        units = self._move("cancel", "to_ship", "cancelled", {c.line_id: c.quantity for c in credit.lines})
        self._note(
            Fact(kind=FactKind.CANCELLED, key=key, at=at, units=units, credit=credit, reason=reason.value, note=note)
        )
        complete = not any(line.kept for line in self.lines)
        if complete:
            self.status = ORDER_STATES.move(self.id, self.status, OrderStatus.CANCELLED)
        self.record(
            OrderCancelled(
                aggregate_id=self.id, lines=units, reason=reason.value, credit=credit.gross, complete=complete
            )
        )
        self._settle(at)

    def grow(self, key: str, added: Sequence[PricedLine]) -> None:
        """Take lines in, and their cost into the bill. For `edit`, which says so.

        A completed order is open again. Raises `commerce.kernel.NotAllowed` for a cancelled one, and
        `commerce.kernel.InvalidValue` for lines that do not fit: an id that is taken, another currency, tax told
        otherwise.
        """
        if added and self.status is not OrderStatus.ON_HOLD:
            self.status = ORDER_STATES.move(self.id, self.status, OrderStatus.OPEN)
        ids = [line.id for line in self.lines] + [line.line.id for line in added]
        if len(set(ids)) != len(ids):
            raise InvalidValue(field="added", reason="two lines have the same id: give each its own")
        if any(line.currency.code != self.currency or line.tax_included is not self.tax_included for line in added):
            told = "including" if self.tax_included else "without"
            raise InvalidValue(field="added", reason=f"prices of this order are in {self.currency}, {told} tax")
        self.lines = (*self.lines, *(OrderLine(priced=line, edit=key) for line in added))
        self.totals = totals_of(self.priced)

    def edit(
        self,
        key: str,
        added: Sequence[PricedLine],
        credit: Credit | None,
        *,
        deliver_to: Address | None = None,
        payments: Sequence[PaymentRecord] = (),
        explanation: Sequence[str] = (),
        at: datetime,
    ) -> None:
        """Lines come in, units that have not left the house go out; all of it, or nothing. For `edit_order`.

        Raises `TooManyUnits`, what `grow` raises, and `commerce.kernel.InvalidValue` if nothing would change, or
        nothing be left of the order.
        """
        wanted = {part.line_id: part.quantity for part in credit.lines} if credit else {}
        if not added and not wanted and not payments and deliver_to in (None, self.shipping_address):
            raise InvalidValue(field="edit", reason="say what to add, to take out, where to deliver, or what pays")
        if deliver_to is not None and not added and not any(line.to_ship for line in self.lines):
            raise InvalidValue(field="deliver_to", reason="everything has left the house: ask the carrier")
        open_yet = self.owed - self.authorized + self.refunded
        if not added and not wanted and deliver_to is None and open_yet.minor <= 0:
            raise InvalidValue(field="edit", reason="nothing is owed any more: it is paid, or will be")
        if not added and all(line.kept == wanted.get(line.id, 0) for line in self.lines):
            raise InvalidValue(field="edit", reason="nothing would be left of the order: cancel it instead")
        removed = self._move("cancel", "to_ship", "cancelled", wanted) if wanted else ()
        self.grow(key, added)
        units = units_of(added)
        charge = sum_of((line.gross for line in added), self.currency)
        self.explanation = (*self.explanation, *explanation)
        self.shipping_address = deliver_to or self.shipping_address
        self.payments = (*self.payments, *payments)
        self._note(Fact(kind=FactKind.EDITED, key=key, at=at, units=units, credit=credit, charge=charge))
        self.record(
            OrderEdited(
                aggregate_id=self.id,
                added=units,
                removed=removed,
                readdressed=deliver_to is not None,
                charge=charge,
                credit=credit.gross if credit else charge * 0,
                grand_total=self.totals.grand_total,
            )
        )
        self._settle(at)

    def give_back(self, key: str, credit: Credit, *, at: datetime) -> None:
        """Returned units are accepted. Raises `TooManyUnits` for more than the buyer has."""
        units = self._move("return", "to_return", "returned", {c.line_id: c.quantity for c in credit.lines})
        self._note(Fact(kind=FactKind.RETURNED, key=key, at=at, units=units, credit=credit))
        self.record(
            OrderReturned(
                aggregate_id=self.id, lines=units, credit=credit.gross, fee=credit.fee, clawback=credit.clawback
            )
        )
        self._settle(at)

    def awaits(self, record: PaymentRecord) -> bool:
        """Whether these totals of a payment are news."""
        return all(
            stored.payment_id != record.payment_id or stored.version < record.version for stored in self.payments
        )

    def record_payment(self, record: PaymentRecord, *, at: datetime) -> None:
        """Take over the totals of a payment, unless a later version of it is known.

        Raises `commerce.kernel.NotAllowed` for one that took money and says now that it took none.
        """
        if not self.awaits(record):
            return
        known = {stored.payment_id: stored for stored in self.payments}
        before = known.get(record.payment_id)
        if before is not None and before.captured and not record.captured:
            to = PaymentStatus.UNPAID
            raise NotAllowed(entity="order payment", id=self.id, state=self.payment, move=f"become {to}", allowed=())
        self.payments = tuple((known | {record.payment_id: record}).values())
        self._settle(at)

    def _move(self, move: str, possible: str, counter: str, wanted: Mapping[str, int]) -> tuple[OrderUnits, ...]:
        """Raise one counter of some lines; all of them, or none."""
        known = {line.id: line for line in self.lines}
        changed = {}
        for line_id, count in wanted.items():
            line = known.get(line_id) or self.line(line_id)
            most = getattr(line, possible)
            if type(count) is not int or count < 1:
                raise InvalidValue(field="lines", reason=f"{count!r} units of line {line_id}: pass 1 or more")
            if count > most:
                raise TooManyUnits(order_id=self.id, line_id=line_id, move=move, wanted=count, possible=most)
            changed[line_id] = evolve(line, **{counter: getattr(line, counter) + count})
        if not changed:
            raise InvalidValue(field="lines", reason=f"name the units to {move}, by line id")
        self.lines = tuple(changed.get(line.id, line) for line in self.lines)
        return tuple(OrderUnits(line_id=id, sku=known[id].sku, quantity=count) for id, count in wanted.items())

    def _note(self, fact: Fact) -> None:
        self.timeline = (*self.timeline, fact)

    def _settle(self, at: datetime) -> None:
        """Derive the states from what the lines and payments say now."""
        self.fulfilment = FULFILMENT_STATES.move(self.id, self.fulfilment, _fulfilment(self.lines))
        payment = PAYMENT_STATES.move(self.id, self.payment, self._payment())
        if payment is not self.payment:
            self.payment = payment
            self.record(
                OrderPaymentChanged(
                    aggregate_id=self.id,
                    status=payment.value,
                    authorized=self.authorized,
                    captured=self.captured,
                    refunded=self.refunded,
                )
            )
        if self.status is OrderStatus.OPEN and self.fulfilment in _ARRIVED and self.payment in _SETTLED:
            self.status = ORDER_STATES.move(self.id, self.status, OrderStatus.COMPLETED)
            self._note(Fact(kind=FactKind.COMPLETED, key="", at=at))
            self.record(OrderCompleted(aggregate_id=self.id))

    def _payment(self) -> PaymentStatus:
        captured, refunded, owed = self.captured, self.refunded, self.owed
        if captured:
            # What was given back beyond credits was a kindness, and opens no debt.
            if captured - min(refunded, self.credited) < owed:
                return PaymentStatus.PARTIALLY_PAID
            if refunded:
                return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
            return PaymentStatus.PAID
        if not owed:
            return PaymentStatus.VOIDED if self.totals.grand_total else PaymentStatus.PAID
        if self.authorized >= owed:
            return PaymentStatus.AUTHORIZED
        return PaymentStatus.FAILED if any(record.failed for record in self.payments) else PaymentStatus.UNPAID


def units_of(lines: Sequence[PricedLine]) -> tuple[OrderUnits, ...]:
    """All units of some lines, as facts and events name them."""
    return tuple(OrderUnits(line_id=x.line.id, sku=x.line.item.sku, quantity=x.line.quantity) for x in lines)


def _fulfilment(lines: tuple[OrderLine, ...]) -> FulfilmentStatus:
    kept = sum(line.kept for line in lines)
    shipped = sum(line.shipped for line in lines)
    delivered = sum(line.delivered for line in lines)
    returned = sum(line.returned for line in lines)
    if not kept:
        return FulfilmentStatus.CANCELLED
    if delivered == kept:
        if returned:
            return FulfilmentStatus.RETURNED if returned == kept else FulfilmentStatus.PARTIALLY_RETURNED
        return FulfilmentStatus.DELIVERED
    if delivered:
        return FulfilmentStatus.PARTIALLY_DELIVERED
    if shipped:
        return FulfilmentStatus.SHIPPED if shipped == kept else FulfilmentStatus.PARTIALLY_SHIPPED
    return FulfilmentStatus.UNFULFILLED
