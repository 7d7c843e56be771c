"""Tax on a discounted cart: pure, on whole minor units, net + tax = gross everywhere."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter

from attrs import evolve, frozen

from commerce.kernel import (
    Currency,
    CurrencyMismatch,
    InvalidValue,
    Money,
    Price,
    PricedCart,
    PricedCharge,
    PricedLine,
    Rounding,
    TaxLevel,
    TaxShare,
    allocate,
)
from commerce.tax.formula import Formula, Group, face, factors, in_order
from commerce.tax.model import STANDARD, MissingRate, ShippingTax, TaxContext, TaxRate
from commerce.tax.places import crosses_borders

__all__ = ["Part", "TaxTotal", "calculate", "charge", "rates_for", "replace_taxes", "restate", "tax_totals", "untaxed"]

_ZERO = Decimal(0)

Part = PricedLine | PricedCharge


def rates_for(rates: Sequence[TaxRate], category: str, context: TaxContext) -> Group | MissingRate:
    """All rates charged on one category by a context, in the order they are charged.

    A category without a rate of its own there takes the standard rate.
    """
    return _of_category(_here(rates, context), category, context)


def _here(rates: Sequence[TaxRate], context: TaxContext) -> Group:
    """All rates of the place and moment, in the order they are charged."""
    place = context.place
    here = in_order(rate for rate in rates if rate.applies(place, context.at))
    ids = [rate.id for rate in here]
    if len(set(ids)) != len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise InvalidValue(
            field="rates", reason=f"two rates with the id {twice} hold at once: end one, or give it its own"
        )
    return here


def _of_category(here: Sequence[TaxRate], category: str, context: TaxContext) -> Group | MissingRate:
    own = tuple(rate for rate in here if rate.category == category)
    own = own or tuple(rate for rate in here if rate.category == STANDARD)
    if not own:
        return MissingRate(country=context.place.country, region=context.place.region, category=category)
    return own


def calculate(cart: PricedCart, rates: Sequence[TaxRate], context: TaxContext) -> PricedCart | MissingRate:
    """The cart with its taxes, by the cart's rounding profile; or the first rate that is missing.

    Tax is taken on what is left after discounts. On every line, charge and total
    ``net + tax = gross`` holds exactly, since one side is found by subtraction.
    Whether prices include tax is said by the cart, for all its lines.
    """
    if context.exempt:
        return _exempted(cart, context.exempt)
    selling, origin = context.distance_selling, context.origin
    if selling is not None and not selling.used_up and origin and crosses_borders(origin, context.destination):
        at_home = _calculate(cart, rates, evolve(context, destination=origin))
        if isinstance(at_home, MissingRate) or selling.stays_home(at_home.net_total):
            return at_home
    return _calculate(cart, rates, context)


def _calculate(cart: PricedCart, rates: Sequence[TaxRate], context: TaxContext) -> PricedCart | MissingRate:
    here = _here(rates, context)
    known: dict[str, Group | MissingRate] = {}

    def group(part: Part) -> Group | MissingRate:
        category = _category(part)
        if category not in known:
            known[category] = _of_category(here, category, context)
        return known[category]

    return charge(cart, group, context.shipping)


def _category(part: Part) -> str:
    return part.line.item.tax_category if isinstance(part, PricedLine) else part.charge.tax_category


def charge(
    cart: PricedCart, group_of: Callable[[Part], Group | MissingRate], shipping: ShippingTax
) -> PricedCart | MissingRate:
    """The cart with the taxes that ``group_of`` names for each part; or the first that it misses."""
    formulas = _Formulas(cart)
    jobs: list[_Job] = []
    weights: dict[Formula, int] = {}
    for place, line in enumerate(cart.lines):
        group = group_of(line)
        if isinstance(group, MissingRate):
            return group
        job = _Job(place, _taxable(line, cart.currency), formulas.of(group), line.line.quantity)
        weights[job.formula] = weights.get(job.formula, 0) + job.amount
        jobs.append(job)
    weights = dict(sorted(weights.items(), key=lambda entry: entry[0].face))  # the order of lines changes nothing
    spread = shipping is ShippingTax.WEIGHTED and any(weights.values())
    for place, part in enumerate(cart.charges, len(cart.lines)):
        amount = _taxable(part, cart.currency)
        if spread:
            shares = zip(weights, allocate(amount, list(weights.values())), strict=True)
            jobs.extend(_Job(place, share, formula) for formula, share in shares if share)
            continue
        group = group_of(part)
        if isinstance(group, MissingRate):
            return group
        jobs.append(_Job(place, amount, formulas.of(group)))
    return _with_taxes(cart, jobs)


class _Job:
    """An amount of one part (by its place in the cart) to be taxed at one rate group; a part may have several."""

    __slots__ = ("amount", "formula", "place", "quantity")

    def __init__(self, place: int, amount: int, formula: Formula, quantity: int = 1) -> None:
        self.place = place
        self.amount = amount
        self.formula = formula
        self.quantity = quantity


class _Formulas:
    """One formula per rate group. Rates that a bill could not tell apart are one group."""

    def __init__(self, cart: PricedCart) -> None:
        self._cart = cart
        self._by_group: dict[int, tuple[Group, Formula]] = {}  # keeps the group, so that its id stays its own
        self._by_face: dict[tuple[object, ...], Formula] = {}

    def of(self, group: Group) -> Formula:
        """The formula of a group; the same object as long as the group is."""
        known = self._by_group.get(id(group))
        if known is not None:
            return known[1]
        ordered = in_order(group)
        seen = face(ordered)
        formula = self._by_face.get(seen)
        if formula is None:
            cart = self._cart
            formula = Formula(ordered, cart.profile, cart.currency, included=cart.tax_included)
            self._by_face[seen] = formula
        self._by_group[id(group)] = group, formula
        return formula


def _taxable(part: Part, currency: Currency) -> int:
    """What is left of a part after discounts, in minor units: `total`, without a Money for each step."""
    subtotal = part.line.subtotal if isinstance(part, PricedLine) else part.charge.subtotal
    minor = subtotal.minor
    if subtotal.currency is not currency:
        _require(currency, subtotal)
    for adjustment in part.adjustments:
        amount = adjustment.amount
        if amount.currency is not currency:
            _require(currency, amount)
        minor += amount.minor
    return minor


def _require(currency: Currency, amount: Money) -> None:
    if amount.currency != currency:
        raise CurrencyMismatch(expected=currency.code, actual=amount.currency.code)


def _with_taxes(cart: PricedCart, jobs: Sequence[_Job]) -> PricedCart:
    level = cart.profile.tax_level
    if level is TaxLevel.TOTAL:
        taxes = _by_total(jobs)
    elif level is TaxLevel.UNIT:
        taxes = [job.formula.of_units(job.amount, job.quantity) for job in jobs]
    else:
        taxes = [job.formula.taxes(job.amount) for job in jobs]
    shares: list[tuple[TaxShare, ...]] = [()] * (len(cart.lines) + len(cart.charges))
    for job, found in zip(jobs, taxes, strict=True):
        shares[job.place] += job.formula.shares(job.amount, found)
    return replace_taxes(cart, shares)


def _by_total(jobs: Sequence[_Job]) -> list[list[int]]:
    """Taxes rounded on the sum of the amounts, then shared over them by largest remainder."""
    found: list[list[int]] = [[] for _ in jobs]
    places: dict[Formula, list[int]] = {}
    for n, job in enumerate(jobs):
        places.setdefault(job.formula, []).append(n)
    amounts = {formula: [jobs[n].amount for n in numbers] for formula, numbers in places.items()}
    for formula, taxes in _of_groups({formula: sum(parts) for formula, parts in amounts.items()}).items():
        share = _shared_inside if formula.included else _shared_on_top
        for n, shares in zip(places[formula], share(taxes, amounts[formula]), strict=True):
            found[n] = shares
    return found


def _of_groups(amounts: Mapping[Formula, int]) -> dict[Formula, list[int]]:
    """The taxes of each rate group; on net prices, what is one row of the bill is rounded once over all groups."""
    taxes = {formula: formula.taxes(amount) for formula, amount in amounts.items()}
    rows: dict[tuple[int, str, Decimal, str], list[tuple[Formula, int]]] = {}
    for formula in sorted(amounts, key=lambda formula: formula.face):  # the order of lines changes nothing
        for nth, row in enumerate(() if formula.included else formula.rows):
            rows.setdefault(row, []).append((formula, nth))
    for row in sorted(rows, key=itemgetter(0)):  # what a tax is charged on comes before it
        bases = [formula.base(nth, amounts[formula], taxes[formula]) for formula, nth in rows[row]]
        first, place = rows[row][0]
        shares = allocate(first.tax_on(place, sum(bases)), bases)
        for (formula, nth), share in zip(rows[row], shares, strict=True):
            taxes[formula][nth] = share
    return taxes


def _shared_on_top(taxes: Sequence[int], amounts: Sequence[int]) -> list[list[int]]:
    """Each tax of a rate group shared over its amounts."""
    shares = [allocate(tax, amounts) for tax in taxes]
    return [list(own) for own in zip(*shares, strict=True)]


def _shared_inside(taxes: Sequence[int], amounts: Sequence[int]) -> list[list[int]]:
    """All taxes together shared over the amounts, then each share over what is left of the taxes.

    Tax by tax, the same small amount could come first every time and hold more tax than money.
    """
    left = list(taxes)
    found = []
    for tax in allocate(sum(taxes), amounts):
        own = allocate(tax, left)
        left = [rest - share for rest, share in zip(left, own, strict=True)]
        found.append(own)
    return found


def _exempted(cart: PricedCart, reason: str) -> PricedCart:
    currency = cart.currency
    zero = Money.zero(currency)

    def share(part: Part) -> tuple[TaxShare, ...]:
        base = Money.of_minor(_taxable(part, currency), currency)
        return (TaxShare(name="exempt", rate=_ZERO, base=base, amount=zero, note=reason),)

    parts: tuple[Part, ...] = (*cart.lines, *cart.charges)
    return replace_taxes(cart, [share(part) for part in parts])


def replace_taxes(cart: PricedCart, taxes: Sequence[tuple[TaxShare, ...]]) -> PricedCart:
    """The cart with these taxes on its lines, then its charges. Not by `attrs.evolve`: slow."""
    included = cart.tax_included
    count = len(cart.lines)
    return PricedCart(
        currency=cart.currency,
        lines=tuple(
            [
                PricedLine(line=part.line, adjustments=part.adjustments, taxes=own, tax_included=included)
                for part, own in zip(cart.lines, taxes[:count], strict=True)
            ]
        ),
        charges=tuple(
            [
                PricedCharge(charge=part.charge, adjustments=part.adjustments, taxes=own, tax_included=included)
                for part, own in zip(cart.charges, taxes[count:], strict=True)
            ]
        ),
        tax_included=included,
        profile=cart.profile,
    )


@frozen(kw_only=True)
class TaxTotal:
    """One row of the tax table of a bill: all that was charged at one rate, and on what."""

    name: str
    rate: Decimal
    jurisdiction: str
    note: str
    base: Money
    amount: Money


def tax_totals(cart: PricedCart) -> tuple[TaxTotal, ...]:
    """The taxes of a cart by rate, in the order they first occur: what an invoice shows."""
    rows: dict[tuple[str, Decimal, str, str], list[int]] = {}
    for part in cart.parts:
        for tax in part.taxes:
            row = rows.setdefault((tax.name, tax.rate, tax.jurisdiction, tax.note), [0, 0])
            row[0] += tax.base.minor
            row[1] += tax.amount.minor
    return tuple(
        TaxTotal(
            name=name,
            rate=rate,
            jurisdiction=jurisdiction,
            note=note,
            base=Money.of_minor(base, cart.currency),
            amount=Money.of_minor(amount, cart.currency),
        )
        for (name, rate, jurisdiction, note), (base, amount) in rows.items()
    )


def restate(price: Price, home: Group, there: Group, rounding: Rounding) -> Price:
    """A price that includes the taxes of ``home``, with those of ``there`` instead; rounded once.

    For shops that keep their net and let the gross price follow the destination. With an
    empty ``there`` it is the net price: what an exempt buyer pays where prices include tax.
    """
    before, after = (1 + sum(factors(in_order(group)), Fraction(0)) for group in (home, there))
    return Price(price.amount.scale(after / before, rounding), per=price.per)


def untaxed(price: Price, category: str, rates: Sequence[TaxRate], home: TaxContext, rounding: Rounding) -> Price:
    """A price that includes the taxes of ``home``, without them; as it is, where nobody stated any."""
    group = rates_for(rates, category, home)
    return price if isinstance(group, MissingRate) else restate(price, group, (), rounding)
