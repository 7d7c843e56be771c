"""Search: what shoppers find, by words, facets and prices.

An engine is a port; the rules that all engines share are pure and work without one::

    >>> from commerce.kernel import Money
    >>> from commerce.search import SearchDocument, SearchQuery, SearchText, admits, words
    >>> mug = SearchDocument(
    ...     id="p1", texts={"en": SearchText(name="Mug")}, vendor="Acme", prices={"EUR": Money("9", "EUR")}
    ... )
    >>> admits(mug, SearchQuery(filters={"vendor": {"Acme", "Other"}}, max_price=Money("10", "EUR")))
    True
    >>> words("Crème-Brûlée")
    ['creme', 'brulee']
"""

from commerce.search.engine import SearchPage, admits, answer, counted, pages, tolerant
from commerce.search.model import (
    CATEGORY,
    MOST_HITS,
    TAG,
    VENDOR,
    FacetCount,
    SearchDocument,
    SearchHit,
    SearchQuery,
    SearchResult,
    SearchText,
    Sort,
)
from commerce.search.ports import SearchEngine
from commerce.search.service import SearchService
from commerce.search.text import allowed_edits, corrected, distance, fold, words

__all__ = [
    "CATEGORY",
    "MOST_HITS",
    "TAG",
    "VENDOR",
    "FacetCount",
    "SearchDocument",
    "SearchEngine",
    "SearchHit",
    "SearchPage",
    "SearchQuery",
    "SearchResult",
    "SearchService",
    "SearchText",
    "Sort",
    "admits",
    "allowed_edits",
    "answer",
    "corrected",
    "counted",
    "distance",
    "fold",
    "pages",
    "tolerant",
    "words",
]
