"""The document that is quoted, as pydantic forms: their schema is the documentation of the format."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from commerce.kernel import Allocation, Rounding, TaxLevel, TaxTarget
from commerce.pricing import ListKind
from commerce.promotions import Basis, StackingMode
from commerce.shipping import RateBasis
from commerce.tax import ShippingTax, Sourcing

__all__ = [
    "MOST_LINES",
    "MOST_PROMOTIONS",
    "ArticleForm",
    "CashForm",
    "CouponForm",
    "CustomerForm",
    "DestinationForm",
    "LineForm",
    "ListForm",
    "PriceForm",
    "PromotionPolicyForm",
    "QuoteForm",
    "RateForm",
    "RoundingForm",
    "ShippingForm",
    "ShopForm",
    "SoldForm",
    "TableForm",
    "TaxForm",
    "TaxPolicyForm",
    "TenderForm",
    "TierForm",
]

#: What one document may hold. More is refused, so that nobody waits for an answer without end.
MOST_LINES = 10_000
MOST_PROMOTIONS = 10_000
_MOST_PRICES = 100_000
_MOST_UNITS = 2**31 - 1
_MOST_STEPS = 100_000


def _with_a_date(moment: object) -> object:
    """Digits alone would be read as seconds since 1970: "2026" as half an hour of that year."""
    if not isinstance(moment, str | None) or (moment and "-" not in moment[1:]):
        raise PydanticCustomError("moment", "write it as 2026-03-01T12:00:00Z")
    return moment


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_with_a_date)]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$", examples=["19.99"])]
Measure = Annotated[int, Field(ge=0, le=_MOST_UNITS)]
Percent = Annotated[Decimal, Field(gt=0, le=100, max_digits=12, examples=["10"])]
Name = Annotated[str, Field(max_length=200)]
Names = frozenset[Name]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["DE"])]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Form(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RoundingForm(Form):
    """How the shop rounds. There is no silent default: each mode is named."""

    name: Name
    version: int = 1
    price_rounding: Rounding
    tax_rounding: Rounding
    tax_level: TaxLevel
    tax_target: TaxTarget
    allocation: Allocation = Allocation.LARGEST_REMAINDER


class PromotionPolicyForm(Form):
    """How promotions meet each other; without it the best combination for the customer."""

    name: Name = "best-for-customer"
    version: int = 1
    stacking: StackingMode = StackingMode.BEST_COMBINATION
    threshold: Basis = Basis.DISCOUNTED
    line_cap: Percent | None = None
    category_caps: dict[Name, Percent] = {}
    search_bound: int = Field(default=2_000, ge=1, le=_MOST_STEPS)


class TaxPolicyForm(Form):
    """Whose rates are charged, and how shipping is taxed. ``distance_selling`` is the EU threshold."""

    name: Name = "by-destination"
    version: int = 1
    shipping: ShippingTax = ShippingTax.OWN
    sourcing: Sourcing = Sourcing.DESTINATION
    distance_selling: Amount | None = None


class CashForm(Form):
    """Paid in coins: what is due is rounded to the nearest ``step``. Taxes and totals stay."""

    step: Amount
    rounding: Rounding = Rounding.HALF_UP


class ShopForm(Form):
    """The seller's choices. ``country`` and ``region`` also stand in for a destination that is not known yet."""

    country: Country | None = None
    region: Name = ""
    rounding: RoundingForm
    promotion_policy: PromotionPolicyForm = PromotionPolicyForm()
    tax_policy: TaxPolicyForm = TaxPolicyForm()
    prices_include_tax: bool = False
    timezone: str = Field(default="UTC", description="IANA name: where weekdays, hours and periods are counted.")
    cash_rounding: CashForm | None = None


class ArticleForm(Form):
    """What is known of an article. With ``unit_price`` (for ``per`` units) it costs that; else lists are asked."""

    sku: str = Field(min_length=1, max_length=128)
    unit_price: Amount | None = None
    per: int = Field(default=1, ge=1, le=_MOST_UNITS)
    product_id: Name = ""
    name: Name = ""
    tax_category: Name = "standard"
    categories: Names = frozenset()
    collections: Names = frozenset()
    attributes: dict[Name, Name] = {}
    weight_grams: Measure = 0
    dimensions_mm: tuple[Measure, Measure, Measure] | None = None
    requires_shipping: bool = True


class LineForm(ArticleForm):
    """A line of the cart. Without ``id`` it is called by its SKU (``TEE``, ``TEE/2`` …)."""

    id: str | None = Field(default=None, min_length=1, max_length=64)
    quantity: int = Field(ge=1, le=_MOST_UNITS)


class PriceForm(Form):
    """One price in a list: from ``min_quantity`` units on, while it is valid (end exclusive)."""

    sku: str = Field(min_length=1, max_length=128)
    price: Amount
    per: int = Field(default=1, ge=1, le=_MOST_UNITS)
    min_quantity: int = Field(default=1, ge=1, le=_MOST_UNITS)
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class ListForm(Form):
    """A price list in the document's currency; without ``tax_included`` as the shop's prices."""

    id: str = Field(min_length=1, max_length=36)
    name: Name = ""
    kind: ListKind = ListKind.BASE
    tax_included: bool | None = None
    priority: int = 0
    channels: Names = frozenset()
    countries: frozenset[Country] = frozenset()
    groups: Names = frozenset()
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    enabled: bool = True
    prices: list[PriceForm] = Field(default=[], max_length=_MOST_PRICES)


class CouponForm(Form):
    """A code and the promotion that it stands for."""

    code: Code
    promotion_id: Name
    limit: int | None = Field(default=None, ge=1)
    customer_id: Name | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    enabled: bool = True


class CustomerForm(Form):
    """Who buys. ``exempt`` charges no tax and says why; prices that include the shop's own taxes are without them."""

    id: Name | None = None
    groups: Names = frozenset()
    segments: Names = frozenset()
    first_order: bool = False
    vat_id: Name = ""
    exempt: Name = ""


class DestinationForm(Form):
    """Where it goes; ``region`` is the part after the hyphen of ISO 3166-2."""

    country: Country
    region: Name = ""
    postal_code: Name = ""


class TierForm(Form):
    """The price up to and including a measure: grams, units, or for basis ``value`` an amount.

    With ``step`` and ``step_price`` each started ``step`` above the tier before costs that much more.
    """

    price: Amount
    up_to: Annotated[int, Field(ge=0)] | None = None
    up_to_amount: Amount | None = None
    step: int = Field(default=0, ge=0)
    step_price: Amount | None = None


class TableForm(Form):
    """Shipping prices by one measure."""

    basis: RateBasis = RateBasis.WEIGHT
    tiers: list[TierForm] = Field(min_length=1, max_length=1_000)
    divisor: int = Field(default=5_000, ge=1)


class ShippingForm(Form):
    """How it is sent: for a ``price``, or by a ``table``."""

    method: Name = "standard"
    label: Name = "Shipping"
    price: Amount | None = None
    table: TableForm | None = None
    free_above: Amount | None = None
    handling_fee: Amount | None = None
    tax_category: Name = "shipping"


class RateForm(Form):
    """One tax of one place; ``rate`` is a ratio (``"0.19"`` for 19 %)."""

    id: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=128)
    country: Country
    rate: Decimal = Field(ge=0, lt=1, max_digits=12, examples=["0.19"])
    category: str = Field(default="standard", max_length=64)
    region: str = Field(default="", max_length=16)
    postal_prefixes: list[Name] = []
    except_postal_prefixes: list[Name] = []
    order: int = 0
    compound: bool = False
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class SoldForm(Form):
    """What was sold to consumers in other member states, without VAT: asked by a distance selling threshold."""

    this_year: Amount
    last_year: Amount


class TaxForm(Form):
    """Tax rates: the standard rates of the library, own ones, or both (one of the same id replaces it)."""

    standard_rates: bool = False
    rates: list[RateForm] = Field(default=[], max_length=10_000)
    sold_abroad: SoldForm | None = None


class TenderForm(Form):
    """Stored value that pays: a gift card, store credit, points. It lowers what is due, never the tax."""

    kind: Name = "gift_card"
    amount: Amount


class QuoteForm(Form):
    """A cart and all that its price depends on.

    Amounts are decimal text in the one ``currency``; promotions have the form of promotions
    (there money names its currency). Moments are ISO 8601 with their offset.
    """

    at: Moment | None = Field(default=None, description="The moment of the quote, unless told otherwise.")
    currency: str = Field(pattern="^[A-Z]{3}$", examples=["EUR"])
    shop: ShopForm
    channel: Name = ""
    lines: list[LineForm] = Field(max_length=MOST_LINES)
    price_lists: list[ListForm] = Field(default=[], max_length=1_000)
    promotions: list[dict[str, Any]] = Field(default=[], max_length=MOST_PROMOTIONS)
    codes: list[Code] = Field(default=[], max_length=1_000)
    coupons: list[CouponForm] = Field(default=[], max_length=MOST_PROMOTIONS)
    used: dict[Name, Annotated[int, Field(ge=0)]] = Field(
        default={}, description="Uses so far (minor units for budgets) by counter, such as welcome/total."
    )
    gifts: list[ArticleForm] = Field(default=[], max_length=1_000, description="What gift lines may be made of.")
    refused_gifts: Names = frozenset()
    floors: dict[Name, Amount] = Field(default={}, description="Unit prices by SKU below which nothing goes.")
    customer: CustomerForm = CustomerForm()
    destination: DestinationForm | None = None
    shipping: ShippingForm | None = None
    payment_method: Name = ""
    tax: TaxForm = TaxForm()
    tenders: list[TenderForm] = Field(default=[], max_length=100)
