"""From the values to a priced cart: prices, shipping, promotions, taxes, in the order of a shop's own quote."""

from collections.abc import Iterable, Mapping

from attrs import define, evolve, field, frozen

from commerce.adapters.quote_document.building import Asked, Wish
from commerce.adapters.quote_document.reading import invalid
from commerce.kernel import Charge, InvalidValue, Line, Money, Price, PricedCart, PricedCharge, PricedLine
from commerce.pricing import NoPrice, Selected, explain, price_line
from commerce.promotions import PromotionResult, apply
from commerce.shipping import RateLine, RateRequest, ShippingRate, Unavailable
from commerce.shipping import quote as shipping_quote
from commerce.tax import MissingRate, TaxContext, calculate, tax_context, untaxed

__all__ = ["Trouble", "Worked", "work"]


@frozen(kw_only=True)
class Trouble:
    """What keeps the cart from being ordered as it stands; of the kinds that a shop's own quote names."""

    kind: str
    subject: str = ""
    advice: str
    tried: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For people; with the price lists that were asked in vain."""
        about = f" ({self.subject})" if self.subject else ""
        return "; ".join((f"{self.kind.replace('_', ' ')}{about}: {self.advice}", *self.tried))


@frozen(kw_only=True)
class Worked:
    """A priced cart, and how it came about."""

    asked: Asked
    cart: PricedCart
    selected: Mapping[str, Selected]
    promotions: PromotionResult
    troubles: tuple[Trouble, ...]


def work(asked: Asked) -> Worked:
    """Price it. Reads nothing but what was asked."""
    return _Work(asked).done()


@define
class _Work:
    asked: Asked
    taxation: TaxContext | None = None
    troubles: list[Trouble] = field(factory=list)
    selected: dict[str, Selected] = field(factory=dict)

    def done(self) -> Worked:
        asked = self.asked
        self.taxation = self._tax_context()
        priced = self._priced_lines()
        gifts = self._gifts(priced)
        rate = self._shipping_rate(priced)
        if rate is not None:
            priced = evolve(priced, charges=(self._charge(rate, included=priced.tax_included),))
        promoted = apply(priced, asked.promotions, evolve(asked.context, gifts=gifts), asked.policy)
        return Worked(
            asked=asked,
            cart=self._taxed(promoted.cart),
            selected=self.selected,
            promotions=promoted,
            troubles=tuple(self.troubles),
        )

    def _trouble(self, kind: str, subject: str = "", *, advice: str, tried: tuple[str, ...] = ()) -> None:
        self.troubles.append(Trouble(kind=kind, subject=subject, advice=advice, tried=tried))

    def _priced_lines(self) -> PricedCart:
        asked = self.asked
        if not asked.wishes:
            self._trouble("empty", advice="add a line first")
        lines = self._lines(asked.wishes)
        included = self._tax_included()
        return PricedCart(
            currency=asked.currency,
            lines=tuple(PricedLine(line=line, tax_included=included) for line in lines),
            tax_included=included,
            profile=asked.profile,
        )

    def _lines(self, wishes: Iterable[Wish]) -> list[Line]:
        """Lines at agreed prices, or at those of the lists; those without a price are left out."""
        asked = self.asked
        wanted = {wish.id: (wish.item.sku, wish.quantity) for wish in wishes if wish.price is None}
        chosen = asked.book.select_all(wanted, asked.prices)
        lines = []
        for wish in wishes:
            if wish.price is not None:
                lines.append(self._agreed(wish, wish.price))
                continue
            answer = chosen[wish.id]
            if isinstance(answer, NoPrice):
                advice = f"give {wish.item.sku} a unit_price, or a price in a list that holds here"
                self._trouble("no_price", wish.item.sku, advice=advice, tried=explain(answer)[:-1])
            else:
                self.selected[wish.id] = answer
                lines.append(self._listed(wish, answer))
        return lines

    def _listed(self, wish: Wish, selected: Selected) -> Line:
        """A line at the price of a list."""
        if selected.tax_included:
            selected = selected.reprice(lambda price: self._without_home_tax(price, wish.item.tax_category))
        return price_line(wish.id, wish.item, wish.quantity, selected, self.asked.profile.price_rounding)

    def _agreed(self, wish: Wish, price: Price) -> Line:
        """A line at a price of its own."""
        if self.asked.included:
            price = self._without_home_tax(price, wish.item.tax_category)
        return Line(
            id=wish.id,
            item=wish.item,
            quantity=wish.quantity,
            unit_price=price,
            subtotal=price.times(wish.quantity, self.asked.profile.price_rounding),
            price_list="agreed",
        )

    def _charge(self, rate: ShippingRate, *, included: bool) -> PricedCharge:
        price = self._without_home_tax(Price(rate.price), rate.tax_category).amount if included else rate.price
        charge = Charge(id="shipping", label=rate.label, subtotal=price, tax_category=rate.tax_category)
        return PricedCharge(charge=charge, tax_included=included)

    def _without_home_tax(self, price: Price, category: str) -> Price:
        """Who owes no tax pays the net price where prices include tax; everybody else, the price."""
        asked = self.asked
        if self.taxation is None or not self.taxation.exempt or asked.origin is None:
            return price
        home = TaxContext(destination=asked.origin, at=asked.context.at)
        return untaxed(price, category, asked.rates, home, asked.profile.price_rounding)

    def _tax_included(self) -> bool:
        """One answer for the whole cart: net and gross prices do not add up."""
        answers = {selected.tax_included for selected in self.selected.values()}
        if any(wish.price is not None for wish in self.asked.wishes):
            answers.add(self.asked.included)
        if len(answers) > 1:
            self._trouble("mixed_tax", advice="use price lists that all include tax, or none")
        return any(answers)

    def _gifts(self, priced: PricedCart) -> dict[str, Line]:
        """Candidates for gift lines by SKU, whose prices are to be had and in the terms of the cart."""
        asked = self.asked
        found = {}
        wanted = {gift.id: (gift.item.sku, 1) for gift in asked.gifts if gift.price is None}
        chosen = asked.book.select_all(wanted, asked.prices)
        for gift in asked.gifts:
            if gift.price is not None:
                if asked.included is priced.tax_included:
                    found[gift.id] = self._agreed(gift, gift.price)
                continue
            answer = chosen[gift.id]
            if isinstance(answer, Selected) and answer.tax_included is priced.tax_included:
                found[gift.id] = self._listed(gift, answer)
        return found

    def _shipping_rate(self, priced: PricedCart) -> ShippingRate | None:
        """What shipping costs; nothing for goods that are not shipped, and where no way is named."""
        asked = self.asked
        to_ship = [line for line in priced.lines if line.line.item.requires_shipping]
        if asked.method is None or not to_ship:
            return None
        if asked.destination is None:
            self._trouble("no_destination", advice="say where it goes")
            return None
        request = RateRequest(
            destination=asked.destination,
            currency=asked.currency,
            lines=tuple(
                RateLine(item=line.line.item, quantity=line.line.quantity, value=line.total) for line in to_ship
            ),
            at=asked.context.at,
        )
        answer = shipping_quote(asked.method, request)
        if isinstance(answer, Unavailable):
            advice = f"{answer.reason.value.replace('_', ' ')}: choose another way to ship"
            self._trouble("shipping_unavailable", asked.method.id, advice=advice)
            return None
        return answer

    def _taxed(self, priced: PricedCart) -> PricedCart:
        """With taxes, by where it goes; without any, and a trouble, where nobody stated a rate."""
        asked = self.asked
        if self.taxation is None:
            if not any(trouble.kind == "no_destination" for trouble in self.troubles):
                self._trouble("no_destination", advice="tax depends on the country: give a destination")
            return priced
        answer = calculate(priced, asked.rates, self.taxation)
        if isinstance(answer, MissingRate):
            place = f"{answer.country}-{answer.region}" if answer.region else answer.country
            advice = f"state a tax rate for category {answer.category} there (zero, if none is charged)"
            self._trouble("no_tax_rate", place, advice=advice)
            return priced
        return answer

    def _tax_context(self) -> TaxContext | None:
        """Where and how it is taxed: where it goes, or at home as long as nobody knows."""
        asked = self.asked
        this_year, last_year = asked.sold or (None, None)
        destination = asked.destination or asked.origin
        if destination is None:
            return None
        try:
            return tax_context(
                asked.tax_policy,
                destination,
                asked.context.at,
                origin=asked.origin,
                exempt=asked.exempt,
                vat_id=asked.vat_id,
                this_year=this_year,
                last_year=last_year,
            )
        except InvalidValue as error:
            place = "tax.sold_abroad" if error.field == "this_year" else "shop.country"
            raise invalid(place, error.reason) from None


def due(total: Money, asked: Asked) -> tuple[list[Money], Money]:
    """What each tender pays, in the order given, and what is then due."""
    used = []
    for tender in asked.tenders:
        used.append(min(tender.amount, total))
        total -= used[-1]
    return used, total
