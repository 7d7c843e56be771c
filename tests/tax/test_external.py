"""Taxes from outside: rates that we round, or amounts that live as long as what was taxed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from commerce.adapters import wire
from commerce.adapters.memory import MemoryStorage
from commerce.kernel import (
    QUICK_START,
    Address,
    Adjustment,
    AdjustmentKind,
    Charge,
    CurrencyMismatch,
    Item,
    Line,
    Money,
    PricedCart,
    PricedCharge,
    PricedLine,
    TaxShare,
)
from commerce.runtime import unit_of_work
from commerce.tax import (
    ExternalAmounts,
    ExternalRates,
    MissingRate,
    MissingReason,
    TaxContext,
    TaxRate,
    TaxService,
    apply_external,
    cart_fingerprint,
    place_fingerprint,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
THERE = TaxContext(destination=Address(country="US", region="CA", postal_code="90012", city="Los Angeles"), at=NOW)
CART = PricedCart(
    currency="USD",
    lines=(
        PricedLine(line=Line.of("a", Item(sku="A"), 3, Money("1.08", "USD"))),
        PricedLine(line=Line.of("b", Item(sku="B"), 1, Money("5.00", "USD"))),
    ),
    charges=(PricedCharge(charge=Charge(id="s", label="Shipping", subtotal=Money("4.00", "USD"))),),
    profile=QUICK_START,
)


def share(amount: str, base: str) -> TaxShare:
    return TaxShare(name="Sales tax", rate=Decimal("0.095"), base=Money(base, "USD"), amount=Money(amount, "USD"))


def amounts(cart: PricedCart = CART, context: TaxContext = THERE, **more: Any) -> ExternalAmounts:
    lines = {"a": (share("0.31", "3.24"),), "b": (share("0.47", "5.00"), share("0.01", "5.00"))}
    fields: dict[str, Any] = {"lines": lines, "charges": {"s": ()}} | more
    return ExternalAmounts(source="fake", fingerprint=cart_fingerprint(cart, context), **fields)


def line_of(cart: PricedCart, **more: Any) -> PricedCart:
    first = evolve(cart.lines[0].line, **more)
    return evolve(cart, lines=(evolve(cart.lines[0], line=first), *cart.lines[1:]))


def charge_of(cart: PricedCart, **more: Any) -> PricedCart:
    (only,) = cart.charges
    return evolve(cart, charges=(evolve(only, charge=evolve(only.charge, **more)),))


def reason(answer: PricedCart | MissingRate) -> MissingReason:
    assert isinstance(answer, MissingRate)
    return answer.reason


def test_external_amounts_are_taken_to_the_cent() -> None:
    answer = apply_external(CART, amounts(), THERE)
    assert isinstance(answer, PricedCart)
    assert (answer.tax_total, answer.grand_total) == (Money("0.79", "USD"), Money("13.03", "USD"))
    assert all(part.net + part.tax == part.gross for part in answer.parts)


OFF = Adjustment(kind=AdjustmentKind.ITEM, source="p", label="off", amount=Money("-0.01", "USD"))


@pytest.mark.parametrize(
    ("cart", "context"),
    [
        (line_of(CART, subtotal=Money("3.23", "USD")), THERE),
        (line_of(CART, quantity=2), THERE),
        (line_of(CART, item=Item(sku="C")), THERE),
        (line_of(CART, item=Item(sku="A", tax_category="books")), THERE),
        (evolve(CART, lines=CART.lines[:1]), THERE),
        (evolve(CART, lines=(evolve(CART.lines[0], adjustments=(OFF,)), CART.lines[1])), THERE),
        (evolve(CART, charges=()), THERE),
        (charge_of(CART, subtotal=Money("3.99", "USD")), THERE),
        (charge_of(CART, tax_category="freight"), THERE),
        (charge_of(CART, id="t"), THERE),
        (evolve(CART, tax_included=True), THERE),
        (CART, evolve(THERE, destination=Address(country="US", region="CA", postal_code="90013", city="Los Angeles"))),
        (CART, evolve(THERE, origin=Address(country="US", region="TX"))),
    ],
)
def test_any_change_voids_external_amounts(cart: PricedCart, context: TaxContext) -> None:
    assert reason(apply_external(cart, amounts(), context)) is MissingReason.VOID
    lines = {part.line.id: (share("0.10", "1.00"),) for part in cart.lines}
    charges: dict[str, Any] = {part.charge.id: () for part in cart.charges}
    again = amounts(cart, context, lines=lines, charges=charges)
    assert isinstance(apply_external(cart, again, context), PricedCart), "until they are set again"


def test_time_alone_voids_nothing() -> None:
    assert isinstance(apply_external(CART, amounts(), evolve(THERE, at=NOW + timedelta(hours=1))), PricedCart)


def test_an_answer_that_leaves_something_out_is_no_answer() -> None:
    assert reason(apply_external(CART, amounts(charges={}), THERE)) is MissingReason.INCOMPLETE
    assert reason(apply_external(CART, amounts(lines={}), THERE)) is MissingReason.INCOMPLETE


def test_external_amounts_are_in_the_currency_of_the_cart() -> None:
    euros = evolve(share("0.31", "3.24"), amount=Money("0.31", "EUR"))
    base = evolve(share("0.31", "3.24"), base=Money("3.24", "EUR"))
    for wrong in (euros, base):
        with pytest.raises(CurrencyMismatch, match="expected USD, got EUR"):
            apply_external(CART, amounts(lines={"a": (wrong,), "b": ()}), THERE)


def rates(**more: Any) -> ExternalRates:
    group = (TaxRate(id="x", name="Sales tax", country="US", rate=Decimal("0.095")),)
    fields: dict[str, Any] = {"lines": {"a": group, "b": group}, "charges": {"s": group}} | more
    return ExternalRates(source="fake", place=place_fingerprint(THERE), **fields)


def test_external_rates_are_rounded_by_our_profile_and_outlive_prices() -> None:
    answer = apply_external(CART, rates(), THERE)
    assert isinstance(answer, PricedCart)
    assert [part.tax.minor for part in answer.parts] == [31, 48, 38]
    assert isinstance(apply_external(line_of(CART, subtotal=Money("9.99", "USD")), rates(), THERE), PricedCart)
    elsewhere = evolve(THERE, destination=Address(country="US", region="NY"))
    assert reason(apply_external(CART, rates(), elsewhere)) is MissingReason.VOID
    assert reason(apply_external(CART, rates(charges={}), THERE)) is MissingReason.INCOMPLETE


@pytest.mark.parametrize("included", [False, True])
def test_the_order_in_which_rates_arrive_changes_no_tax(included: bool) -> None:
    """A compound rate is charged on top of those of lower order, named before or after them."""
    state = TaxRate(id="state", name="State", country="US", rate=Decimal("0.05"))
    city = TaxRate(id="city", name="City", country="US", rate=Decimal("0.10"), order=1, compound=True)
    cart = evolve(line_of(CART, subtotal=Money("115.50", "USD")), tax_included=included)
    answers = []
    for group in ((state, city), (city, state)):
        told = rates(lines={"a": group, "b": group[::-1]}, charges={"s": group})
        answer = apply_external(cart, told, THERE)
        assert isinstance(answer, PricedCart)
        answers.append(answer)
    assert answers[0] == answers[1]
    found = [(share.name, share.base.minor, share.amount.minor) for share in answers[0].lines[0].taxes]
    gross, net = [("State", 10000, 500), ("City", 10500, 1050)], [("State", 11550, 578), ("City", 12128, 1213)]
    assert found == (gross if included else net)


def test_answers_travel_as_json() -> None:
    for answer in (rates(), amounts()):
        assert wire.loads(type(answer), wire.dumps(answer)) == answer


class Bureau:
    """A provider that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def taxes(self, cart: PricedCart, context: TaxContext) -> ExternalAmounts | MissingRate:
        self.asked += 1
        if context.destination.country != "US":
            return MissingRate(country=context.destination.country, region="", category="standard")
        return amounts(cart, context)


def service(provider: Bureau | None) -> TaxService:
    begin = unit_of_work(MemoryStorage(), "tax", lambda: NOW, lambda name: True, lambda: None)
    return TaxService(begin, "US", provider=provider)


def test_the_provider_is_asked_again_only_when_its_answer_is_void() -> None:
    bureau = Bureau()
    shop = service(bureau)
    kept = shop.ask_provider(CART, THERE)
    assert isinstance(kept, ExternalAmounts)
    assert isinstance(shop.calculate(CART, THERE, kept), PricedCart)
    assert bureau.asked == 1
    assert isinstance(shop.calculate(line_of(CART, quantity=2), THERE, kept), PricedCart)
    assert bureau.asked == 2
    assert isinstance(shop.calculate(CART, THERE), PricedCart)
    assert reason(shop.calculate(CART, TaxContext(destination=Address(country="BR"), at=NOW))) is MissingReason.NO_RATE
    asked = bureau.asked
    assert isinstance(shop.calculate(CART, evolve(THERE, exempt="resale")), PricedCart)
    assert bureau.asked == asked, "who is exempt needs no rate"


def test_without_a_provider_a_void_answer_is_said() -> None:
    shop = service(None)
    assert shop.ask_provider(CART, THERE) is None
    assert isinstance(shop.calculate(CART, THERE, amounts()), PricedCart)
    assert reason(shop.calculate(line_of(CART, quantity=2), THERE, amounts())) is MissingReason.VOID
