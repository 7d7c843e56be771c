"""Priced lines: the values that cart, pricing, promotions, tax, orders and returns share.

A `Line` says what is bought and at which unit price. Promotions add
`Adjustment` shares, tax adds `TaxShare` values, and a `PricedCart` holds the
result. All totals are derived, so they cannot disagree: on every line, charge
and cart ``net + tax = gross``.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel.currency import Currency
from commerce.kernel.currency import currency as to_currency
from commerce.kernel.errors import InvalidValue
from commerce.kernel.money import Money, Price, total
from commerce.kernel.numbers import whole_number
from commerce.kernel.profile import RoundingProfile

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "Charge",
    "Item",
    "Line",
    "PricedCart",
    "PricedCharge",
    "PricedLine",
    "TaxShare",
    "UnitsShare",
]


@frozen(kw_only=True)
class Item:
    """What a line sells: the facts that price, promotion, tax and packing rules may ask.

    ``categories`` holds the product's categories and all their ancestors.
    Weights are whole grams, dimensions whole millimetres (length, width, height).
    """

    sku: str
    product_id: str = ""
    name: str = ""
    tax_category: str = "standard"
    categories: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(factory=dict, hash=False)
    weight_grams: int = 0
    dimensions_mm: tuple[int, int, int] | None = None
    requires_shipping: bool = True


@frozen(kw_only=True)
class Line:
    """``quantity`` units of an item at one unit price.

    ``subtotal`` is the price of all units, rounded once by whoever priced it;
    ``list_price`` is what the item costs without a sale price list, if dearer.
    """

    id: str
    item: Item
    quantity: int = field()
    unit_price: Price
    subtotal: Money
    list_price: Price | None = None
    price_list: str = ""

    @quantity.validator
    def _at_least_one(self, _: object, quantity: int) -> None:
        whole_number(quantity, "quantity", least=1)

    @classmethod
    def of(cls, id: str, item: Item, quantity: int, unit_price: Money) -> "Line":
        """A line at a plain whole-minor-unit price."""
        return cls(id=id, item=item, quantity=quantity, unit_price=Price(unit_price), subtotal=unit_price * quantity)


@frozen(kw_only=True)
class Charge:
    """Something on the bill that is not an item: shipping, a handling fee."""

    id: str
    label: str
    subtotal: Money
    tax_category: str = "shipping"


class AdjustmentKind(StrEnum):
    """The promotion phase that made an adjustment."""

    ITEM = "item"
    ORDER = "order"
    SHIPPING = "shipping"


@frozen(kw_only=True)
class Adjustment:
    """A signed change of one line or charge, by one source: a discount is negative."""

    kind: AdjustmentKind
    source: str
    label: str
    amount: Money
    code: str | None = None


@frozen(kw_only=True)
class TaxShare:
    """One tax on one line or charge. ``rate`` is a ratio: 0.19 for 19 %."""

    name: str
    rate: Decimal
    base: Money
    amount: Money
    jurisdiction: str = ""
    note: str = ""


@frozen(kw_only=True)
class UnitsShare:
    """What some units of a line carry of its amounts; ``net + tax = gross``."""

    subtotal: Money
    discount: Money
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        """What was to be paid for these units."""
        return self.net + self.tax


@frozen(kw_only=True)
class _Priced:
    """The arithmetic that lines and charges share."""

    adjustments: tuple[Adjustment, ...] = ()
    taxes: tuple[TaxShare, ...] = ()
    tax_included: bool = False

    @property
    def subtotal(self) -> Money:
        """Before discounts, in the terms the price was given (net or gross)."""
        raise NotImplementedError

    @property
    def currency(self) -> Currency:
        """The one currency of every amount here."""
        return self.subtotal.currency

    @property
    def discount(self) -> Money:
        """How much all adjustments take off, as a positive amount."""
        return -total((a.amount for a in self.adjustments), self.currency)

    @property
    def total(self) -> Money:
        """After discounts, in the terms the price was given (net or gross)."""
        return self.subtotal - self.discount

    @property
    def tax(self) -> Money:
        """All taxes together."""
        return total((t.amount for t in self.taxes), self.currency)

    @property
    def net(self) -> Money:
        """Without tax."""
        return self.total - self.tax if self.tax_included else self.total

    @property
    def gross(self) -> Money:
        """With tax: what is to be paid."""
        return self.total if self.tax_included else self.total + self.tax

    def portion(self, whole: int, start: int, count: int) -> UnitsShare:
        """What the parts ``start … start + count - 1`` of ``whole`` carry, by cumulative difference.

        The value after discounts is split by itself and the discount found by
        subtraction, so what is to be paid for a part is never below zero.
        """
        tax = total((t.amount.units(whole, start, count) for t in self.taxes), self.currency)
        subtotal = self.subtotal.units(whole, start, count)
        value = self.total.units(whole, start, count)
        return UnitsShare(
            subtotal=subtotal, discount=subtotal - value, net=value - tax if self.tax_included else value, tax=tax
        )


@frozen(kw_only=True)
class PricedLine(_Priced):
    """A line with its discounts and taxes."""

    line: Line

    @property
    def subtotal(self) -> Money:
        """Before discounts, in the terms the price was given (net or gross)."""
        return self.line.subtotal

    def units(self, start: int, count: int) -> UnitsShare:
        """What units ``start … start + count - 1`` carry, by cumulative difference.

        Refunding units in any order and grouping sums to what was paid.
        """
        quantity = self.line.quantity
        if start < 0 or count < 1 or start + count > quantity:
            raise InvalidValue(field="count", reason=f"units {start} to {start + count} of {quantity} do not exist")
        return self.portion(quantity, start, count)


@frozen(kw_only=True)
class PricedCharge(_Priced):
    """A charge with its discounts and taxes."""

    charge: Charge

    @property
    def subtotal(self) -> Money:
        """Before discounts, in the terms the price was given (net or gross)."""
        return self.charge.subtotal


@frozen(kw_only=True)
class PricedCart:
    """Lines and charges, priced. Every total is a sum of what the lines store."""

    currency: Currency = field(converter=to_currency)
    lines: tuple[PricedLine, ...]
    charges: tuple[PricedCharge, ...] = ()
    tax_included: bool = False
    profile: RoundingProfile

    def _sum(self, amounts: Iterable[Money]) -> Money:
        return total(amounts, self.currency)

    @property
    def parts(self) -> tuple[_Priced, ...]:
        """Lines, then charges."""
        return (*self.lines, *self.charges)

    @property
    def subtotal(self) -> Money:
        """The lines before discounts."""
        return self._sum(line.subtotal for line in self.lines)

    @property
    def shipping_total(self) -> Money:
        """The charges before discounts."""
        return self._sum(charge.subtotal for charge in self.charges)

    @property
    def discount_total(self) -> Money:
        """All discounts on lines and charges, as a positive amount."""
        return self._sum(part.discount for part in self.parts)

    @property
    def tax_total(self) -> Money:
        """All taxes, whether included in the prices or added to them."""
        return self._sum(part.tax for part in self.parts)

    @property
    def net_total(self) -> Money:
        """What the seller keeps: without tax."""
        return self._sum(part.net for part in self.parts)

    @property
    def grand_total(self) -> Money:
        """What is to be paid: with tax, after discounts, before tenders."""
        return self._sum(part.gross for part in self.parts)
