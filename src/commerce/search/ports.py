"""What search needs from outside."""

from collections.abc import Iterable
from typing import Protocol

from commerce.search.model import SearchDocument, SearchQuery, SearchResult

__all__ = ["SearchEngine"]


class SearchEngine(Protocol):
    """An index of products. All engines find the same; only the order by relevance is their own.

    What the methods promise in detail is `commerce.testing.conformance.search_engine`.
    """

    def index(self, documents: Iterable[SearchDocument]) -> None:
        """Make documents searchable, in place of those with the same ids. Visible when it returns."""

    def remove(self, ids: Iterable[str]) -> None:
        """Forget documents; ids that are unknown are passed over."""

    def search(self, query: SearchQuery) -> SearchResult:
        """Answer a query. No text is an error: what cannot be found finds nothing."""

    def clear(self) -> None:
        """Forget everything."""
