"""A quote: what a cart costs, why, and what still keeps it from being ordered. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from commerce.cart import Cart, CartLine
from commerce.catalog import CatalogService
from commerce.customers import Customer, CustomerService
from commerce.flows.errors import Problem, ProblemKind
from commerce.inventory import InventoryService
from commerce.kernel import (
    Address,
    Charge,
    Clock,
    Item,
    Line,
    Money,
    Price,
    PricedCart,
    PricedCharge,
    PricedLine,
    RoundingProfile,
)
from commerce.orders import Order, OrderService
from commerce.pricing import NoPrice, PriceContext, PricingService, Selected, explain_charge, explain_line, price_line
from commerce.promotions import Promotion, PromotionContext, PromotionResult, PromotionService
from commerce.shipping import RateLine, RateRequest, ShippingRate, ShippingService, ShippingUnavailable
from commerce.tax import MissingRate, TaxContext, TaxRate, TaxService, explain_taxes, untaxed

__all__ = ["Quote", "Quoting", "SellingPolicy"]


@frozen(kw_only=True)
class SellingPolicy:
    """How a shop sells: its rounding profile, its country, and whether prices agreed with a buyer include tax.

    ``country`` (ISO 3166-1 alpha-2) stands in for a destination that the shopper has not
    given yet, so that gross prices can be shown from the first page on. ``time_zone`` (an IANA name) says which day
    and hour it is for promotions.
    """

    profile: RoundingProfile
    country: str = ""
    agreed_prices_include_tax: bool = False
    time_zone: str = "UTC"


@frozen(kw_only=True)
class Quote:
    """What a cart costs at a moment. ``problems`` is empty when it can be ordered as it stands."""

    cart: Cart
    at: datetime
    priced: PricedCart
    selected: Mapping[str, Selected] = field(factory=dict)
    promotions: PromotionResult
    shipping: ShippingRate | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def total(self) -> Money:
        """What is to be paid; while there are problems, what is known of it."""
        return self.priced.grand_total

    def explain(self) -> tuple[str, ...]:
        """Plain sentences: lists, promotions taken and refused, taxes, rounding. They are kept with the order."""
        return (
            *(explain_line(line.line, self.selected.get(line.line.id)) for line in self.priced.lines),
            *(explain_charge(charge.charge) for charge in self.priced.charges),
            *self.promotions.explain(),
            *explain_taxes(self.priced),
            self.priced.profile.explain(),
        )


@frozen(kw_only=True)
class _Bill:
    """What of a bill depends on where it goes."""

    taxes: tuple[Money, ...]
    exempt: str
    shipping: Money | None


@define
class Quoting:
    """Prices a cart from what the modules know. Nothing is written."""

    catalog: CatalogService
    customers: CustomerService
    pricing: PricingService
    promotions: PromotionService
    shipping: ShippingService
    tax: TaxService
    inventory: InventoryService
    orders: OrderService
    clock: Clock
    policy: SellingPolicy

    def quote(
        self, cart: Cart, *, at: datetime | None = None, payment_method: str = "", drafts: Sequence[Promotion] = ()
    ) -> Quote:
        """The price of a cart now, or at another time, or as if draft promotions were running (a what-if)."""
        moment = at or self.clock()
        customer = self.customers.get(cart.customer_id) if cart.customer_id else None
        work = _Work(self, cart, moment, customer, self._tax_context(cart, customer, moment))
        priced = work.priced_lines()
        rate = work.shipping_rate(priced)
        if rate is not None:
            priced = evolve(priced, charges=(work.charge(rate),))
        context = work.promotion_context(payment_method)
        promoted = self.promotions.evaluate(priced, context, drafts=drafts, gifts=work.gifts)
        return Quote(
            cart=cart,
            at=work.at,
            priced=work.taxed(promoted.cart),
            selected=work.selected,
            promotions=promoted,
            shipping=rate,
            problems=tuple(work.problems),
        )

    def price_lines(self, cart: Cart) -> Quote:
        """The lines of a cart by themselves: at list or agreed prices and taxed, without promotions and shipping."""
        moment = self.clock()
        customer = self.customers.get(cart.customer_id) if cart.customer_id else None
        work = _Work(self, cart, moment, customer, self._tax_context(cart, customer, moment))
        priced = work.taxed(work.priced_lines())
        return Quote(
            cart=cart,
            at=moment,
            priced=priced,
            selected=work.selected,
            promotions=PromotionResult(cart=priced, outcomes=(), uses=(), policy=self.promotions.policy),
            problems=tuple(work.problems),
        )

    def elsewhere(self, order: Order, destination: Address) -> tuple[Problem, ...]:
        """What keeps an order from going to another address at the same bill: other taxes, or other shipping.

        Both addresses are asked about as of now, so what has changed since makes no difference.
        """
        before, after = self._bill(order, order.shipping_address), self._bill(order, destination)
        if after == before:
            return ()
        if isinstance(after, Problem):
            return (after,)
        advice = "taxes or shipping cost something else there: cancel the order and order anew"
        return (Problem(kind=ProblemKind.OTHER_TOTAL, subject=destination.country, advice=advice),)

    def _bill(self, order: Order, destination: Address | None) -> _Bill | Problem:
        """What an order would be billed there, or what keeps it from going there."""
        cart = Cart(
            id=order.id,
            currency=order.currency,
            locale=order.locale,
            customer_id=order.customer_id,
            destination=destination,
            shipping_method=order.shipping_method,
        )
        customer = self.customers.get(order.customer_id) if order.customer_id else None
        work = _Work(self, cart, self.clock(), customer, self._tax_context(cart, customer, order.placed_at))
        bare = evolve(
            order.placed,
            lines=tuple(evolve(line, taxes=()) for line in order.placed.lines),
            charges=tuple(evolve(charge, taxes=()) for charge in order.placed.charges),
        )
        taxed = work.taxed(bare)
        rate = work.shipping_rate(bare) if order.shipping_method else None
        if work.problems:
            return work.problems[0]
        return _Bill(
            taxes=tuple(part.tax for part in taxed.parts),
            exempt=work.taxation.exempt if work.taxation else "",
            shipping=rate.price if rate else None,
        )

    def promise(self, cart: Cart, key: str, until: datetime) -> None:
        """Keep today's list prices for a cart under a key, until a moment."""
        customer = self.customers.get(cart.customer_id) if cart.customer_id else None
        wanted = {line.id: (line.sku, line.quantity) for line in cart.lines if line.agreed_price is None}
        context = self.price_context(cart, customer, self.clock())
        self.pricing.keep(key, self.pricing.hold(wanted, context, until))

    def _tax_context(self, cart: Cart, customer: Customer | None, at: datetime) -> TaxContext | None:
        """Where and how the cart is taxed: where it goes, or at home as long as nobody knows."""
        if cart.destination is None and not self.policy.country:
            return None
        destination = cart.destination or Address(country=self.policy.country)
        return self.tax.context(destination, at, vat_id=customer.vat_id if customer else "")

    def price_context(self, cart: Cart, customer: Customer | None, at: datetime) -> PriceContext:
        """What the pricing module is asked for a cart."""
        return PriceContext(
            currency=cart.currency,
            at=at,
            channel=cart.channel,
            country=cart.destination.country if cart.destination else self.policy.country,
            groups=frozenset(customer.groups) if customer else frozenset(),
        )


@define
class _Work:
    """One quote in the making."""

    shop: Quoting
    cart: Cart
    at: datetime
    customer: Customer | None
    taxation: TaxContext | None
    problems: list[Problem] = field(factory=list)
    selected: dict[str, Selected] = field(factory=dict)
    floors: dict[str, Price] = field(factory=dict)
    tax_included: bool = False
    _home_rates: Sequence[TaxRate] | None = None

    def priced_lines(self) -> PricedCart:
        """The lines at list or agreed prices, before anything is taken off."""
        if not self.cart.lines:
            self._problem(ProblemKind.EMPTY, advice="add something first")
        items = self.shop.catalog.items([line.sku for line in self.cart.lines], locale=self.cart.locale)
        self._select()
        self.tax_included = included = self._tax_included()
        lines = (self._line(wish, items.get(wish.sku)) for wish in self.cart.lines)
        return PricedCart(
            currency=self.cart.currency,
            lines=tuple(PricedLine(line=line, tax_included=included) for line in lines if line is not None),
            tax_included=included,
            profile=self.shop.policy.profile,
        )

    def _select(self) -> None:
        wanted = {line.id: (line.sku, line.quantity) for line in self.cart.lines if line.agreed_price is None}
        if not wanted:
            return
        key = self.cart.held(self.at)
        hold = self.shop.pricing.held(key) if key else None
        context = self.shop.price_context(self.cart, self.customer, self.at)
        for line_id, answer in self.shop.pricing.select(wanted, context, hold).items():
            if isinstance(answer, NoPrice):
                advice = f"give it a price in {self.cart.currency}, or remove it from the cart"
                self._problem(ProblemKind.NO_PRICE, answer.sku, advice=advice)
            else:
                self.selected[line_id] = answer

    def _tax_included(self) -> bool:
        """One answer for the whole cart: net and gross prices do not add up."""
        answers = {selected.tax_included for selected in self.selected.values()}
        if any(line.agreed_price is not None for line in self.cart.lines):
            answers.add(self.shop.policy.agreed_prices_include_tax)
        if len(answers) > 1:
            self._problem(ProblemKind.MIXED_TAX, advice="use price lists that all include tax, or none")
        return any(answers)

    def _line(self, wish: CartLine, item: Item | None) -> Line | None:
        if item is None:
            self._problem(ProblemKind.NOT_ON_SALE, wish.sku, advice="remove it from the cart")
            return None
        rounding = self.shop.policy.profile.price_rounding
        if wish.agreed_price is not None:
            included = self.shop.policy.agreed_prices_include_tax
            price = self._without_home_tax(wish.agreed_price, item.tax_category) if included else wish.agreed_price
            return Line(
                id=wish.id,
                item=item,
                quantity=wish.quantity,
                unit_price=price,
                subtotal=price.times(wish.quantity, rounding),
                price_list="agreed",
            )
        selected = self.selected.get(wish.id)
        if selected is None:
            return None
        selected = self._for_buyer(selected, item)
        if selected.floor is not None:
            self.floors[item.sku] = selected.floor
        return price_line(wish.id, item, wish.quantity, selected, rounding)

    def _for_buyer(self, selected: Selected, item: Item) -> Selected:
        """What was selected, without tax for who owes none."""
        if not selected.tax_included:
            return selected
        return selected.reprice(lambda price: self._without_home_tax(price, item.tax_category))

    def _without_home_tax(self, price: Price, category: str) -> Price:
        """Who owes no tax pays the net price where prices include tax; everybody else, the price."""
        country = self.shop.policy.country
        if self.taxation is None or not self.taxation.exempt or not country:
            return price
        if self._home_rates is None:
            self._home_rates = self.shop.tax.rates(country)
        home = TaxContext(destination=Address(country=country), at=self.at)
        return untaxed(price, category, self._home_rates, home, self.shop.policy.profile.price_rounding)

    @property
    def _country(self) -> str:
        return self.cart.destination.country if self.cart.destination else self.shop.policy.country

    def shipping_rate(self, priced: PricedCart) -> ShippingRate | None:
        """What shipping costs; nothing for goods that are not shipped."""
        to_ship = [line for line in priced.lines if line.line.item.requires_shipping]
        if not to_ship:
            return None
        if self.cart.destination is None:
            self._problem(ProblemKind.NO_DESTINATION, advice="say where it goes with cart.deliver_to")
            return None
        if self.cart.shipping_method is None:
            self._problem(ProblemKind.NO_SHIPPING_METHOD, advice="choose one with cart.deliver_to")
            return None
        try:
            return self.shop.shipping.rate(self.cart.shipping_method, self.rate_request(self.cart.destination, to_ship))
        except ShippingUnavailable as error:
            self._problem(ProblemKind.SHIPPING_UNAVAILABLE, self.cart.shipping_method, advice=str(error))
            return None

    def charge(self, rate: ShippingRate) -> PricedCharge:
        """Shipping on the bill: its price includes tax where prices of the lines do."""
        price = self._without_home_tax(Price(rate.price), rate.tax_category).amount if self.tax_included else rate.price
        return PricedCharge(
            charge=Charge(id="shipping", label=rate.label, subtotal=price, tax_category=rate.tax_category),
            tax_included=self.tax_included,
        )

    def rate_request(self, destination: Address, to_ship: Sequence[PricedLine]) -> RateRequest:
        """What the shipping module is asked."""
        return RateRequest(
            destination=destination,
            currency=self.cart.currency,
            lines=tuple(
                RateLine(item=line.line.item, quantity=line.line.quantity, value=line.total) for line in to_ship
            ),
            at=self.at,
            locale=self.cart.locale,
        )

    def gifts(self, units: Mapping[str, int]) -> Mapping[str, Line]:
        """What may be given away: on sale, in stock beside what is bought, and priced as the cart is."""
        needed = Counter(units)
        for line in self.cart.lines:
            needed[line.sku] += line.quantity
        items = self.shop.catalog.items(list(units), locale=self.cart.locale)
        stock = self.shop.inventory.availability(list(items))
        ready = {sku: (sku, 1) for sku, left in stock.items() if left is None or left >= needed[sku]}
        context = self.shop.price_context(self.cart, self.customer, self.at)
        rounding = self.shop.policy.profile.price_rounding
        return {
            sku: price_line(sku, items[sku], 1, self._for_buyer(answer, items[sku]), rounding)
            for sku, answer in self.shop.pricing.select(ready, context).items()
            if isinstance(answer, Selected) and answer.tax_included == self.tax_included
        }

    def promotion_context(self, payment_method: str) -> PromotionContext:
        """What promotions may ask about the buyer and the moment."""
        customer = self.customer
        return PromotionContext(
            at=self.at,
            channel=self.cart.channel,
            country=self._country,
            customer_id=self.cart.customer_id,
            groups=frozenset(customer.groups) if customer else frozenset(),
            segments=frozenset(customer.segments) if customer else frozenset(),
            first_order=customer is not None and not self.shop.orders.list(customer_id=customer.id, limit=1).items,
            codes=self.cart.codes,
            shipping_method=self.cart.shipping_method or "",
            payment_method=payment_method,
            timezone=self.shop.policy.time_zone,
            refused_gifts=frozenset(self.cart.refused_gifts),
            floors=self.floors,
        )

    def taxed(self, priced: PricedCart) -> PricedCart:
        """With taxes, by where it goes; without any, and a problem, where nobody stated a rate."""
        if self.taxation is None:
            if not any(problem.kind is ProblemKind.NO_DESTINATION for problem in self.problems):
                self._problem(ProblemKind.NO_DESTINATION, advice="tax depends on the country: use cart.deliver_to")
            return priced
        answer = self.shop.tax.calculate(priced, self.taxation)
        if isinstance(answer, MissingRate):
            place = f"{answer.country}-{answer.region}" if answer.region else answer.country
            advice = (
                f"{answer.reason.replace('_', ' ')} for category {answer.category}: state one, zero if none is charged"
            )
            self._problem(ProblemKind.NO_TAX_RATE, place, advice=advice)
            return priced
        return answer

    def _problem(self, kind: ProblemKind, subject: str = "", *, advice: str) -> None:
        self.problems.append(Problem(kind=kind, subject=subject, advice=advice))
