"""What is searched, what is asked, and what is answered."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import (
    LONGEST_LOCALE,
    CurrencyMismatch,
    InvalidValue,
    Money,
    aware,
    require_storable,
    strip_unstorable,
)
from commerce.kernel import currency as to_currency

__all__ = [
    "CATEGORY",
    "MOST_HITS",
    "TAG",
    "VENDOR",
    "FacetCount",
    "SearchDocument",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "SearchText",
    "Sort",
]

#: The facets that every document has; all others are its attributes.
CATEGORY, TAG, VENDOR = "category", "tag", "vendor"

#: The longest page of hits.
MOST_HITS = 1000

_LONGEST_ID = 128

#: Names and values of facets are cut off here, in documents and in filters: an index keeps no longer ones.
_LONGEST_FACET = 255


def _clean(values: Collection[str]) -> frozenset[str]:
    return frozenset(_kept(value) for value in ((values,) if isinstance(values, str) else values))


def _kept(text: str) -> str:
    return strip_unstorable(text)[:_LONGEST_FACET]


def _in_turn(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_kept, names)))


def _facets(facets: Mapping[str, Collection[str]]) -> Mapping[str, frozenset[str]]:
    return {_kept(name): _clean(values) for name, values in facets.items() if values}


def _tags(locale: str) -> str:
    return strip_unstorable(locale).strip().replace("_", "-").lower()


def _texts(texts: "Mapping[str, SearchText]") -> "Mapping[str, SearchText]":
    return {_tags(locale): text for locale, text in texts.items()}


@frozen(kw_only=True)
class SearchText:
    """What can be read about a product in one language. Tags in the description are not searched."""

    name: str
    description: str = ""


@frozen(kw_only=True)
class SearchDocument:
    """A product as a search sees it.

    ``attributes`` are facets: a value, or several. ``categories`` should hold all ancestors, so
    that a wide category finds what lies below. ``prices`` holds the lowest price per currency;
    what has none in a currency lies in no price range of it. ``listed_at`` is for the newest first.
    ``facets`` is all values by facet; an attribute called like one of the three that all have adds to it.
    """

    id: str
    texts: Mapping[str, SearchText] = field(converter=_texts)
    skus: tuple[str, ...] = ()
    categories: frozenset[str] = field(default=frozenset(), converter=_clean)
    attributes: Mapping[str, frozenset[str]] = field(factory=dict, converter=_facets)
    vendor: str = ""
    tags: frozenset[str] = field(default=frozenset(), converter=_clean)
    prices: Mapping[str, Money] = field(factory=dict)
    available: bool = True
    listed_at: datetime | None = None
    facets: Mapping[str, frozenset[str]] = field(init=False, eq=False, repr=False)

    @facets.default
    def _all_facets(self) -> Mapping[str, frozenset[str]]:
        found = dict(self.attributes)
        for name, values in ((CATEGORY, self.categories), (TAG, self.tags), (VENDOR, _clean([self.vendor]))):
            if values - {""}:
                found[name] = found.get(name, frozenset()) | values
        return found

    def __attrs_post_init__(self) -> None:
        require_storable("id", self.id, least=1, most=_LONGEST_ID)
        if not self.texts:
            raise InvalidValue(field="texts", reason=f"document {self.id} needs a text in at least one language")
        if any(not re.fullmatch(f"[a-z0-9-]{{1,{LONGEST_LOCALE}}}", locale) for locale in self.texts):
            raise InvalidValue(field="texts", reason=f"document {self.id} has a text in no locale such as en or de-AT")
        for code, price in self.prices.items():
            if price.currency.code != code:
                raise CurrencyMismatch(expected=code, actual=price.currency.code)
        if self.listed_at is not None:
            aware(self.listed_at, "listed_at")


class Sort(StrEnum):
    """In which order hits come. Whatever is equal comes by id, so that pages fit together."""

    RELEVANCE = "relevance"
    NAME = "name"
    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"
    NEWEST = "newest"


@frozen(kw_only=True)
class SearchQuery:
    """What a shopper asks.

    Every word of ``text`` must begin a word of the product; no text finds everything. Within a
    filter one value suffices, and every filter must hold. A price range is inclusive, in the currency of its ends;
    ``currency`` is needed only to sort by price without a range. ``facets`` names those to count.
    """

    text: str = ""
    locale: str = field(default="en", converter=_tags)
    filters: Mapping[str, frozenset[str]] = field(factory=dict, converter=_facets)
    min_price: Money | None = None
    max_price: Money | None = None
    currency: str | None = None
    available: bool | None = None
    facets: tuple[str, ...] = field(default=(), converter=_in_turn)
    sort: Sort = field(default=Sort.RELEVANCE, converter=Sort)
    offset: int = 0
    limit: int = 20

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_HITS or not 0 <= self.offset < 2**31:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {MOST_HITS} hits and begins at 0 or later")
        if len(self.locale) > LONGEST_LOCALE:
            raise InvalidValue(field="locale", reason=f"a language tag has at most {LONGEST_LOCALE} characters")
        named = {price.currency.code for price in (self.min_price, self.max_price) if price is not None}
        named |= {to_currency(self.currency).code} if self.currency is not None else set()
        if len(named) > 1:
            raise CurrencyMismatch(expected=min(named), actual=max(named))
        if not named and self.sort in (Sort.PRICE_UP, Sort.PRICE_DOWN):
            raise InvalidValue(field="currency", reason="name the currency to sort by price in")

    @property
    def price_currency(self) -> str | None:
        """The currency of the range and the price order, if there is one."""
        for price in (self.min_price, self.max_price):
            if price is not None:
                return price.currency.code
        return None if self.currency is None else to_currency(self.currency).code


@frozen(kw_only=True)
class SearchHit:
    """A product found. Scores compare within one answer only; without text they are 0."""

    id: str
    score: float = 0.0


@frozen(kw_only=True)
class FacetCount:
    """A value of a facet, and how many products have it."""

    value: str
    count: int


@frozen(kw_only=True)
class SearchResult:
    """A page of hits, how many there are in all, and the wanted facets, most frequent value first.

    A facet counts what every condition but its own filter lets through, so it shows what
    choosing another of its values would add. ``corrected`` is the text that was searched
    instead, if nothing was found as typed.
    """

    hits: tuple[SearchHit, ...] = ()
    total: int = 0
    facets: Mapping[str, tuple[FacetCount, ...]] = field(factory=dict)
    corrected: str | None = None
