"""The answer to a document, as pydantic forms: amounts are decimal text in the document's currency."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

__all__ = [
    "ChargeAnswer",
    "CodeAnswer",
    "DiscountAnswer",
    "GrantAnswer",
    "LineAnswer",
    "ProblemAnswer",
    "QuoteAnswer",
    "ShareAnswer",
    "TaxAnswer",
    "TenderAnswer",
    "TotalsAnswer",
    "TriedAnswer",
    "UnitsAnswer",
]


class Answer(BaseModel):
    """Values, once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShareAnswer(Answer):
    """What one promotion changes on one line or charge: below zero for a discount. Others may keep theirs."""

    promotion: str
    label: str
    phase: str
    amount: str
    code: str | None = None


class TaxAnswer(Answer):
    """One tax, and what it was charged on. ``rate`` is a ratio."""

    name: str
    jurisdiction: str
    rate: str
    base: str
    amount: str
    note: str = ""


class UnitsAnswer(Answer):
    """What some equal units next to each other carry, each of them: net + tax = gross."""

    units: int
    subtotal: str
    discount: str
    net: str
    tax: str
    gross: str


class TriedAnswer(Answer):
    """A price list that has the item, and why it was taken or not."""

    price_list: str
    name: str
    outcome: str
    price: str | None = None


class PartAnswer(Answer):
    """What lines and charges share: net + tax = gross, subtotal - discount = total."""

    id: str
    subtotal: str
    discount: str
    total: str
    net: str
    tax: str
    gross: str
    shares: list[ShareAnswer]
    taxes: list[TaxAnswer]


class LineAnswer(PartAnswer):
    """A line. ``units`` is there if the document has at most 10,000 units; ``gift`` marks what a promotion added."""

    sku: str
    quantity: int
    unit_price: str
    price_list: str
    list_price: str | None = None
    gift: bool = False
    units: list[UnitsAnswer] | None = None
    tried: list[TriedAnswer] = []


class ChargeAnswer(PartAnswer):
    """Shipping."""

    label: str


class DiscountAnswer(Answer):
    """What one promotion takes off, all lines and charges together."""

    promotion: str
    label: str
    amount: str


class CodeAnswer(Answer):
    """What became of a promotion or code, and why (``reason``); ``missing`` is what its minimum lacks."""

    promotion: str
    reason: str
    amount: str
    label: str = ""
    code: str | None = None
    excluded_by: list[str] = []
    missing: str | None = None


class GrantAnswer(Answer):
    """Something promised beside the price: points times ``factor``, ``units`` of points, an ``amount`` for later."""

    promotion: str
    kind: str
    factor: str | None = None
    amount: str | None = None
    units: int | None = None


class TenderAnswer(Answer):
    """What a tender offered, and how much of it was needed."""

    kind: str
    offered: str
    used: str


class TotalsAnswer(Answer):
    """The sums: net + tax = total. ``due`` is what tenders leave to be paid, ``rounding`` what coins add to it."""

    subtotal: str
    shipping: str
    discount: str
    net: str
    tax: str
    total: str
    tendered: str
    rounding: str
    due: str


class ProblemAnswer(Answer):
    """What keeps the cart from being ordered as it stands, and what to do."""

    kind: str
    subject: str = ""
    advice: str


class QuoteAnswer(Answer):
    """What the cart costs, and why. Without ``problems`` it could be ordered as it stands."""

    at: datetime
    currency: str
    tax_included: bool
    totals: TotalsAnswer
    lines: list[LineAnswer]
    charges: list[ChargeAnswer]
    discounts: list[DiscountAnswer]
    taxes: list[TaxAnswer]
    tenders: list[TenderAnswer]
    promotions: list[CodeAnswer]
    grants: list[GrantAnswer]
    bound_hit: bool
    explanation: list[str]
    problems: list[ProblemAnswer]

    def text(self) -> str:
        """As JSON, without what is not given."""
        return self.model_dump_json(indent=2, exclude_none=True)
