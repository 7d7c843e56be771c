"""Editing: a placed order is changed, or goods are exchanged, on one balance."""

from collections.abc import Mapping

from attrs import astuple, define, evolve, field, frozen

from commerce.cart import Cart, CartLine
from commerce.flows.checkout import BuyerFacts, Placement, demand_of, screening_facts
from commerce.flows.errors import DueMoved, EditNotReady, Problem, ProblemKind
from commerce.flows.quoting import Quote, Quoting
from commerce.flows.sagas import (
    CANCEL_ORDER,
    EDIT_ORDER,
    SETTLE_RETURN,
    Balance,
    Balancing,
    Charge,
    Edited,
    EditOrder,
    awake,
    part_ref,
    process_id,
    require_kind,
    require_settled,
    require_unbroken,
    returnable,
)
from commerce.fraud import ScreeningFacts
from commerce.kernel import Address, InvalidValue, Money, Price, PricedLine, new_id
from commerce.orders import FactKind, Order, OrderDraft, OrderService, edit_order
from commerce.payments import PaymentService
from commerce.returns import BrokenPromotion, ReturnIneligible, ReturnService, ReturnWish
from commerce.runtime import InProgress, Relay, SagaRecord, SagaRunner, SagaStatus, fingerprint

__all__ = ["EditPreview", "Editing", "NewUnits", "OrderEdit"]

#: Under which an edit is tried on a copy.
_PREVIEW = "preview"

#: What the processes are called that give the money of a fact back; its key is theirs.
_GIVING_BACK = {FactKind.CANCELLED: CANCEL_ORDER, FactKind.RETURNED: SETTLE_RETURN}


@frozen(kw_only=True)
class NewUnits:
    """Units to add. ``agreed_price`` stands in for the price lists: an exchange at the price once paid."""

    sku: str
    quantity: int = 1
    agreed_price: Price | None = None


@frozen(kw_only=True)
class OrderEdit:
    """A staged change: what comes in, which units (by line id) that are not shipped go out, what is to come back.

    With ``take_back`` it is an exchange: a return, whose worth is set off against the new lines. ``deliver_to`` is
    where everything that is not shipped yet goes from now on, if taxes and shipping cost the same there.
    """

    add: tuple[NewUnits, ...] = ()
    remove: Mapping[str, int] = field(factory=dict, hash=False)
    take_back: tuple[ReturnWish, ...] = ()
    deliver_to: Address | None = field(default=None, repr=False)


@frozen(kw_only=True)
class EditPreview:
    """What an edit would do. ``order`` is the order as it would be; nothing of it is stored.

    ``due`` is to be paid before anything changes, ``refund`` goes back at once for units that go out, and
    ``refund_on_return`` when everything in ``take_back`` has come back and was accepted.
    """

    order: Order
    added: tuple[PricedLine, ...]
    charge: Money
    credit: Money
    due: Money
    refund: Money
    refund_on_return: Money
    problems: tuple[Problem, ...] = ()
    explanation: tuple[str, ...] = ()


@define
class Editing:
    """Change placed orders: stage an `OrderEdit`, look at its preview, commit it.

    What is there keeps its price. New lines cost what the price lists or an agreement say today, with today's
    tax; promotions and shipping are not asked again. `commit` happens once per key. A change of address is
    screened as an order is, and refused where it would change the bill.
    """

    quoting: Quoting
    orders: OrderService
    returns: ReturnService
    payments: PaymentService
    balancing: Balancing
    runner: SagaRunner
    relay: Relay

    def preview(self, order_id: str, edit: OrderEdit) -> EditPreview:
        """What an edit would change and cost now. Writes nothing.

        Raises what cannot be edited at all: `commerce.orders.TooManyUnits`, `commerce.orders.OrderLineNotFound`,
        `commerce.kernel.NotAllowed`, `commerce.kernel.InvalidValue` and `commerce.returns.ReturnIneligible`.
        """
        order = self.orders.get(order_id)
        return self._preview(order, edit, self._priced(order, edit))

    def commit(
        self,
        order_id: str,
        edit: OrderEdit,
        *,
        key: str,
        gateway: str = "",
        token: str = "",
        facts: BuyerFacts | None = None,
        expected_due: Money | None = None,
        capture: bool = True,
        return_url: str = "",
    ) -> Placement:
        """Carry an edit out: reserve what comes in, take the difference, change the order, give back what is too much.

        The ``gateway`` takes the difference, if there is one. With ``expected_due`` (what was seen in the preview) it
        is refused with `DueMoved` if that has changed. What is to come back is announced as a return: approve and
        receive it as any other. Raises as `preview`, `EditNotReady` with every problem, what inventory, screening
        and gateway refuse, and `commerce.runtime.InProgress` while the order, another edit, a cancellation or a
        return of it is being carried out. Whatever happens on the way, it is carried out whole or leaves nothing held
        and nothing charged.
        """
        if not key:
            raise InvalidValue(field="key", reason="a key has at least one character: make one for each click on Save")
        charge = Charge(gateway=gateway, token=token, return_url=return_url, capture=capture)
        body = fingerprint(order_id, astuple(edit), gateway, token, return_url, capture)
        with self.relay.hold():
            known = self.runner.find(EDIT_ORDER, key)
            if known is None or known.status is SagaStatus.FAILED:
                visit = facts or BuyerFacts()
                asked = self._request(order_id, edit, key, charge=charge, visit=visit, expected=expected_due)
            else:
                asked = known.input
            process = process_id(EDIT_ORDER, key)
            record = self.runner.run(EDIT_ORDER, key=key, fingerprint=body, input=asked, state=Edited(), id=process)
            record = awake(self.runner, self.payments, record)
        return self._placement(record)

    def collect(
        self,
        order_id: str,
        *,
        key: str,
        gateway: str,
        token: str = "",
        facts: BuyerFacts | None = None,
        capture: bool = True,
        return_url: str = "",
    ) -> Placement:
        """Take what an order owes and nothing on its way covers: an exchange whose goods did not come back.

        An edit that changes nothing but the payments, so everything said of `commit` holds. Raises
        `commerce.kernel.InvalidValue` if nothing is owed.
        """
        return self.commit(
            order_id,
            OrderEdit(),
            key=key,
            gateway=gateway,
            token=token,
            facts=facts,
            capture=capture,
            return_url=return_url,
        )

    def resume(self, placement_id: str) -> Placement:
        """Go on with an edit that waited for its payment: the customer is back, or the gateway has told us."""
        require_kind(self.runner, placement_id, EDIT_ORDER)
        with self.relay.hold():
            record = awake(self.runner, self.payments, self.runner.resume(placement_id))
        return self._placement(record)

    def abandon(self, placement_id: str, *, reason: str = "abandoned") -> None:
        """Let go of everything an edit that waits for its payment holds: the order stays as it was."""
        require_kind(self.runner, placement_id, EDIT_ORDER)
        with self.relay.hold():
            self.runner.abandon(placement_id, reason)

    def _priced(self, order: Order, edit: OrderEdit) -> Quote | None:
        """The new lines, priced and taxed as a cart of their own."""
        if not edit.add:
            return None
        for units in edit.add:
            if type(units.quantity) is not int or units.quantity < 1:
                raise InvalidValue(field="quantity", reason=f"{units.quantity!r} units of {units.sku}: pass 1 or more")
        cart = Cart(
            id=order.id,
            currency=order.currency,
            channel=order.channel,
            locale=order.locale,
            customer_id=order.customer_id,
            email=order.email,
            destination=edit.deliver_to or order.shipping_address,
            lines=tuple(
                CartLine(id=new_id(), sku=units.sku, quantity=units.quantity, agreed_price=units.agreed_price)
                for units in edit.add
            ),
        )
        return self.quoting.price_lines(cart)

    def _preview(self, order: Order, edit: OrderEdit, quote: Quote | None) -> EditPreview:
        added = quote.priced.lines if quote else ()
        problems = quote.problems if quote else ()
        if not problems and quote and quote.priced.tax_included is not order.tax_included:
            told = "include" if order.tax_included else "are without"
            advice = f"prices of this order {told} tax: add at prices that do, too"
            problems = (Problem(kind=ProblemKind.MIXED_TAX, advice=advice),)
        if edit.deliver_to is not None:
            problems = (*problems, *self.quoting.elsewhere(order, edit.deliver_to))
        after, nothing = order.snapshot(), order.owed * 0
        if not problems and edit != OrderEdit():
            edit_order(after, _PREVIEW, added, edit.remove, deliver_to=edit.deliver_to, at=self.orders.clock())
        fact = after.fact(FactKind.EDITED, _PREVIEW)
        credit = fact.credit.refund if fact and fact.credit else nothing
        self._require_returnable(after, edit)
        if edit == OrderEdit():
            balance = Balance(due=self.balancing.still_open(order), refund=nothing, refund_on_return=nothing)
        else:
            balance = self.balancing.of(order, after, credit, edit.take_back)
        return EditPreview(
            order=after,
            added=added,
            charge=fact.charge if fact and fact.charge else nothing,
            credit=credit,
            due=balance.due,
            refund=balance.refund,
            refund_on_return=balance.refund_on_return,
            problems=problems,
            explanation=quote.explain() if quote else (),
        )

    def _require_returnable(self, after: Order, edit: OrderEdit) -> None:
        """Raise `commerce.returns.ReturnIneligible` if what is to come back may not."""
        if not edit.take_back:
            return
        reasons = self.returns.eligibility(after.id, edit.take_back, facts=returnable(after))
        if reasons:
            raise ReturnIneligible(order_id=after.id, reasons=reasons)
        if self.returns.policy.broken_promotion is BrokenPromotion.DENY:
            require_unbroken(self.balancing.clawing, after, edit.take_back, self.returns.for_order(after.id))

    def _request(
        self,
        order_id: str,
        edit: OrderEdit,
        key: str,
        *,
        charge: Charge,
        visit: BuyerFacts,
        expected: Money | None,
    ) -> EditOrder:
        order = self.orders.get(order_id)
        require_settled(self.runner, order)
        self._require_given_back(order)
        quote = self._priced(order, edit)
        found = self._preview(order, edit, quote)
        if found.problems:
            raise EditNotReady(order_id=order_id, problems=found.problems)
        if expected is not None and expected != found.due:
            raise DueMoved(order_id=order_id, expected=expected, actual=found.due)
        if edit == OrderEdit() and not found.due:
            raise InvalidValue(field="edit", reason="nothing is to be changed and nothing is owed: say what to change")
        if quote is not None:
            self.orders.validate(_draft(order, quote))
        return EditOrder(
            order_id=order_id,
            ref=part_ref(order, process_id(EDIT_ORDER, key)),
            added=found.added,
            removed=dict(edit.remove),
            returning=edit.take_back,
            deliver_to=edit.deliver_to,
            explanation=found.explanation,
            demand=demand_of(found.added),
            due=found.due,
            facts=_facts(order, edit, found, visit),
            charge=evolve(charge, customer_ref=order.customer_id or "", locale=order.locale),
        )

    def _require_given_back(self, order: Order) -> None:
        """Raise `commerce.runtime.InProgress` while money has to go back yet: it pays for nothing."""
        for fact in order.timeline:
            saga = _GIVING_BACK.get(fact.kind)
            giving = self.runner.find(saga, fact.key) if saga else None
            if giving is not None and giving.status is SagaStatus.RUNNING:
                raise InProgress(saga=giving.saga)

    def _placement(self, record: SagaRecord) -> Placement:
        """Read once the relay has delivered: the order follows its payment by an event."""
        state: Edited = record.state
        if state.edited:
            return Placement(id=record.id, placed=self.orders.get(record.input.order_id))
        waits = record.status is SagaStatus.WAITING
        return Placement(
            id=record.id, action=state.action if waits else None, reason=record.reason or record.status.value
        )


def _facts(order: Order, edit: OrderEdit, found: EditPreview, visit: BuyerFacts) -> ScreeningFacts | None:
    """What comes in is screened as an order is; going elsewhere, all that is owed."""
    if not found.added and edit.deliver_to is None:
        return None
    to = edit.deliver_to or order.shipping_address
    amount = found.order.owed if edit.deliver_to else found.charge
    return screening_facts(order, amount, to, order.billing_address or order.shipping_address, visit)


def _draft(order: Order, quote: Quote) -> OrderDraft:
    """What comes in, as the hooks that may refuse an order know it."""
    return OrderDraft(
        priced=quote.priced,
        customer_id=order.customer_id,
        email=order.email,
        channel=order.channel,
        locale=order.locale,
        billing_address=order.billing_address,
        shipping_address=order.shipping_address,
        shipping_method=order.shipping_method,
        explanation=quote.explain(),
    )
