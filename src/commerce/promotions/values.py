"""The values that promotions are written with, asked with and answered with."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from attrs import field, frozen

from commerce.kernel import (
    InvalidValue,
    Line,
    Money,
    Price,
    aware,
    exact_number,
    iso_code,
    require_period,
    require_storable,
    text_set,
    text_tuple,
    time_zone,
    whole_number,
)

__all__ = [
    "BEST_FOR_CUSTOMER",
    "Basis",
    "Choice",
    "Counter",
    "Coupon",
    "Gift",
    "Grant",
    "GroupChoice",
    "Level",
    "Limits",
    "Outcome",
    "Period",
    "PromotionContext",
    "PromotionPolicy",
    "PromotionUse",
    "Reason",
    "Reward",
    "Selector",
    "Stacking",
    "StackingMode",
    "normal_code",
    "percentage",
    "require_amount",
    "require_counts",
]


class Reason(StrEnum):
    """What became of a promotion or code that was looked at. Only ``applied`` took effect."""

    APPLIED = "applied"
    DISABLED = "disabled"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    CODE_REQUIRED = "code_required"
    UNKNOWN_CODE = "unknown_code"
    CUSTOMER_REQUIRED = "customer_required"
    LIMIT_REACHED = "limit_reached"
    BUDGET_SPENT = "budget_spent"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_CHANNEL = "wrong_channel"
    WRONG_COUNTRY = "wrong_country"
    WRONG_CUSTOMER = "wrong_customer"
    WRONG_GROUP = "wrong_group"
    WRONG_SEGMENT = "wrong_segment"
    NOT_FIRST_ORDER = "not_first_order"
    WRONG_TIME = "wrong_time"
    WRONG_SHIPPING_METHOD = "wrong_shipping_method"
    WRONG_PAYMENT_METHOD = "wrong_payment_method"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NO_TARGET = "no_target"
    CONDITION_NOT_MET = "condition_not_met"
    GIFT_REFUSED = "gift_refused"
    GIFT_UNAVAILABLE = "gift_unavailable"
    NOT_NEEDED = "not_needed"
    EXCLUDED_BY = "excluded_by"


class Basis(StrEnum):
    """What a percentage acts on: the list amount, or what earlier discounts left of it."""

    LIST = "list"
    DISCOUNTED = "discounted"


class Level(StrEnum):
    """Where a percentage is rounded: on each unit, on each line, or once on the total."""

    UNIT = "unit"
    LINE = "line"
    TOTAL = "total"


class Choice(StrEnum):
    """Which units are rewarded where only some are."""

    CHEAPEST = "cheapest"
    DEAREST = "dearest"


class GroupChoice(StrEnum):
    """Which member of an exclusive group stays: the first in order, or the one worth most or least.

    ``first`` and ``lowest`` are settled before the best combination is looked for. In order, priority goes before the
    choice. All members of a group in a phase name the same one.
    """

    FIRST = "first"
    HIGHEST = "highest"
    LOWEST = "lowest"


class StackingMode(StrEnum):
    """How a cart's promotions meet each other.

    ``sequential``: in order, each if it combines with all before it. ``best_combination``: the
    combination that takes most off. ``best_per_line``: in the item phase each line gets its best
    promotion only, then sequential. ``exclusive_by_priority``: the first with an effect, alone.
    """

    SEQUENTIAL = "sequential"
    BEST_COMBINATION = "best_combination"
    BEST_PER_LINE = "best_per_line"
    EXCLUSIVE_BY_PRIORITY = "exclusive_by_priority"


class Period(StrEnum):
    """A calendar period in the context's time zone, in which uses are counted anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def percentage(percent: object, name: str = "percent", most: int | None = 100) -> Decimal:
    """A percentage above zero, exact; ``most`` is the highest allowed."""
    exact = exact_number(percent, name)
    if exact <= 0 or (most is not None and exact > most):
        limit = "above 0" if most is None else f"above 0 and at most {most}"
        raise InvalidValue(field=name, reason=f"{percent} % is not possible: it is {limit}")
    return exact


def require_amount(amount: object, name: str, *, least: int = 1) -> None:
    """Refuse what is no money, or fewer minor units than ``least``, or more than any cart costs."""
    if not isinstance(amount, Money):
        raise InvalidValue(field=name, reason='it is no amount: pass Money("5.00", "EUR")')
    if amount.minor < least:
        enough = "more than zero" if least else "zero or more"
        raise InvalidValue(field=name, reason=f"{amount} is not possible here: pass {enough}")
    if amount.minor > _MOST_MINOR:
        raise InvalidValue(field=name, reason=f"{amount} is more than any cart costs: leave it out for no limit")


def require_counts(*, least: int = 1, **counts: int | None) -> None:
    """Refuse what is no whole number of at least one, or more than a database counts; nothing given is no limit."""
    for name, count in counts.items():
        if count is not None:
            whole_number(count, name, least=least)


#: The most money a rule may name, in minor units: every JSON reader keeps integers up to this exactly.
_MOST_MINOR = 2**53 - 1


def normal_code(code: str) -> str:
    """A code as it is compared: without outer blanks, in upper case."""
    return code.strip().upper()


def _attributes(attributes: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    return {name: text_set(values) for name, values in attributes.items()}


@frozen(kw_only=True, cache_hash=True)
class Selector:
    """Some lines of a cart. Within one field any value matches, all fields given must match.

    Nothing given selects every line. ``excluding`` takes lines out again. ``categories`` match
    whatever is below them, since an item names all ancestors.
    """

    skus: frozenset[str] = field(default=frozenset(), converter=text_set)
    products: frozenset[str] = field(default=frozenset(), converter=text_set)
    categories: frozenset[str] = field(default=frozenset(), converter=text_set)
    collections: frozenset[str] = field(default=frozenset(), converter=text_set)
    attributes: Mapping[str, frozenset[str]] = field(factory=dict, converter=_attributes, hash=False)
    excluding: "Selector | None" = None

    def __attrs_post_init__(self) -> None:
        if self.excluding is not None and not self.excluding.narrow:
            raise InvalidValue(field="excluding", reason="it takes out every line: name what it takes out")
        for name, values in self.attributes.items():
            if not values:
                raise InvalidValue(field=f"attributes.{name}", reason="name at least one value")

    @property
    def narrow(self) -> bool:
        """Whether it names what it selects, so that it can be looked up."""
        return bool(self.wanted)

    @cached_property
    def wanted(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The fields given and their values, the narrowest first; a line that matches has one value of each."""
        fields = ((name, getattr(self, name)) for name in ("skus", "products", "collections", "categories"))
        attributes = ((f"attributes.{name}", values) for name, values in self.attributes.items())
        return tuple((name, values) for name, values in (*fields, *attributes) if values)


def _one_way(reward: "Reward") -> int:
    return sum(way is not None for way in (reward.percent, reward.amount, reward.price))


@frozen(kw_only=True)
class Reward:
    """What one rewarded unit gets: a percentage off, an amount off, or a fixed price. One of the three.

    ``Reward(percent=100)`` makes it free. A percentage acts on what ``acts_on`` names.
    """

    percent: Decimal | None = None
    amount: Money | None = None
    price: Money | None = None
    acts_on: Basis = Basis.DISCOUNTED

    def __attrs_post_init__(self) -> None:
        if _one_way(self) != 1:
            raise InvalidValue(field="reward", reason="give exactly one of percent, amount, price")
        if self.percent is not None:
            object.__setattr__(self, "percent", percentage(self.percent))
        if self.amount is not None:
            require_amount(self.amount, "amount")
        if self.price is not None:
            require_amount(self.price, "price", least=0)


@frozen(kw_only=True)
class Gift:
    """Units that are given; their price comes from the shop, as a gift candidate in the context."""

    sku: str
    quantity: int = 1

    def __attrs_post_init__(self) -> None:
        require_counts(quantity=self.quantity)


#: What every storage keeps of a code, in characters.
_LONGEST_CODE = 128

ALL_CLASSES = frozenset({"item", "order", "shipping"})


@frozen(kw_only=True)
class Stacking:
    """What a promotion combines with. Two combine only if both agree.

    A promotion agrees to another one whose phase is among ``classes`` or that has one of ``with_tags``.
    Of an exclusive ``group`` (within one phase) one stays, by ``choice``. After a promotion with
    ``stop_after`` took effect nothing that comes later is tried.
    """

    tags: frozenset[str] = field(default=frozenset(), converter=text_set)
    classes: frozenset[str] = field(default=ALL_CLASSES, converter=text_set)
    with_tags: frozenset[str] = field(default=frozenset(), converter=text_set)
    group: str = ""
    choice: GroupChoice = GroupChoice.HIGHEST
    stop_after: bool = False

    def __attrs_post_init__(self) -> None:
        if unknown := sorted(self.classes - ALL_CLASSES):
            raise InvalidValue(field="classes", reason=f"{unknown[0]!r} is none of item, order, shipping")

    @property
    def exclusive(self) -> bool:
        """Whether it combines with nothing."""
        return not (self.classes or self.with_tags)


@frozen(kw_only=True)
class Limits:
    """How often and for how much a promotion may be used. Nothing given means without limit."""

    total: int | None = None
    per_customer: int | None = None
    per_code: int | None = None
    per_period: int | None = None
    period: Period | None = None
    budget: Money | None = None

    def __attrs_post_init__(self) -> None:
        require_counts(
            total=self.total, per_customer=self.per_customer, per_code=self.per_code, per_period=self.per_period
        )
        if (self.per_period is None) != (self.period is None):
            raise InvalidValue(field="period", reason="a limit per period needs both per_period and period")
        if self.budget is not None:
            require_amount(self.budget, "budget")


@frozen(kw_only=True)
class Coupon:
    """A code that a shopper enters to be offered a promotion. Compared without regard to case."""

    code: str = field(converter=normal_code)
    promotion_id: str
    limit: int | None = None
    customer_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enabled: bool = True

    def __attrs_post_init__(self) -> None:
        require_storable("code", self.code, least=1, most=_LONGEST_CODE)
        require_counts(limit=self.limit)
        require_period(self.starts_at, self.ends_at)


@frozen(kw_only=True)
class PromotionPolicy:
    """The promotion choices of a shop: named, versioned, stored with the order.

    ``threshold`` says whether minimum amounts look at list amounts or at what earlier discounts
    left. ``line_cap`` is the most that all promotions together may take off a line, in percent of
    its list amount, and ``category_caps`` the same for all lines of a category. ``search_bound`` is how many
    steps the search for the best combination may take: looking at one promotion is one, taking it ten.
    """

    name: str
    version: int = 1
    stacking: StackingMode = StackingMode.BEST_COMBINATION
    threshold: Basis = Basis.DISCOUNTED
    line_cap: Decimal | None = None
    category_caps: Mapping[str, Decimal] = field(factory=dict, hash=False)
    search_bound: int = 200_000

    def __attrs_post_init__(self) -> None:
        if self.line_cap is not None:
            object.__setattr__(self, "line_cap", percentage(self.line_cap, "line_cap"))
        caps = {name: percentage(cap, f"category_caps.{name}") for name, cap in self.category_caps.items()}
        object.__setattr__(self, "category_caps", caps)
        require_counts(version=self.version, search_bound=self.search_bound)


#: What the quick start uses: the best combination, minimum amounts after earlier discounts.
BEST_FOR_CUSTOMER = PromotionPolicy(name="best-for-customer")


@frozen(kw_only=True)
class PromotionContext:
    """Who buys, when and how: what conditions may ask, and what was used so far.

    ``codes`` are as entered; ``coupons`` says what they stand for. ``used`` counts uses (and minor
    units of budgets) by counter name, see `commerce.promotions.counters`. ``gifts`` are priced
    candidates by SKU, ``refused_gifts`` the SKUs that the shopper does not want. ``floors`` are
    unit prices by SKU below which nothing goes. ``timezone`` is an IANA name.
    """

    at: datetime = field(converter=aware)
    channel: str = ""
    country: str = field(default="", converter=iso_code)
    customer_id: str | None = None
    groups: frozenset[str] = field(default=frozenset(), converter=text_set)
    segments: frozenset[str] = field(default=frozenset(), converter=text_set)
    first_order: bool = False
    codes: tuple[str, ...] = field(default=(), converter=text_tuple)
    coupons: tuple[Coupon, ...] = ()
    shipping_method: str = ""
    payment_method: str = ""
    timezone: str = "UTC"
    used: Mapping[str, int] = field(factory=dict, hash=False)
    gifts: Mapping[str, Line] = field(factory=dict, hash=False)
    refused_gifts: frozenset[str] = field(default=frozenset(), converter=text_set)
    floors: Mapping[str, Price] = field(factory=dict, hash=False)

    def __attrs_post_init__(self) -> None:
        time_zone(self.timezone, "timezone")


@frozen(kw_only=True)
class Outcome:
    """What became of one promotion, or of one code, and why.

    ``amount`` is what it took off. ``excluded_by`` names the promotions in its way, ``missing`` what is
    needed for its minimum: an amount or a number of units.
    """

    promotion_id: str
    reason: str
    amount: Money
    label: str = ""
    code: str | None = None
    excluded_by: tuple[str, ...] = ()
    missing: Money | int | None = None

    @property
    def applied(self) -> bool:
        """Whether it took effect."""
        return self.reason == Reason.APPLIED


@frozen(kw_only=True)
class Counter:
    """A named count that may not pass ``limit``; a use adds ``step``: 1, or the minor units of a budget."""

    name: str
    step: int
    limit: int


@frozen(kw_only=True)
class PromotionUse:
    """One use of a promotion, to be counted: by which code, how much it took off, and which counters it moves."""

    promotion_id: str
    amount: Money
    code: str | None = None
    counters: tuple[Counter, ...] = ()


@frozen(kw_only=True)
class Grant:
    """Something promised beside the price: points times ``factor``, or an ``amount`` for later.

    ``kind`` is ``points_multiplier``, or what a deferred reward pays: ``points``, ``store_credit``, ``coupon``.
    """

    promotion_id: str
    kind: str
    factor: Decimal | None = None
    amount: Money | None = None
    units: int | None = None
