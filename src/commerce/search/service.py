"""Use cases of search."""

from collections.abc import Iterable
from itertools import islice

from attrs import define, evolve

from commerce.search.model import MOST_HITS, SearchDocument, SearchQuery, SearchResult, Sort
from commerce.search.ports import SearchEngine

__all__ = ["SearchService"]

#: How many documents go to the engine at once.
_CHUNK = 500


@define
class SearchService:
    """Keep the index and answer shoppers. The index holds nothing of its own: it can be rebuilt at any time."""

    engine: SearchEngine

    def search(self, query: SearchQuery) -> SearchResult:
        """Answer a query."""
        return self.engine.search(query)

    def put(self, documents: Iterable[SearchDocument]) -> int:
        """Make documents searchable, in place of those with the same ids; says how many. Idempotent."""
        waiting, count = iter(documents), 0
        while chunk := list(islice(waiting, _CHUNK)):
            self.engine.index(chunk)
            count += len(chunk)
        return count

    def remove(self, ids: Iterable[str]) -> None:
        """Forget documents. Idempotent."""
        self.engine.remove(list(ids))

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Make these documents the whole index; says how many.

        Shoppers find things all the while, and what others put meanwhile stays.
        """
        before = self._all()
        seen: set[str] = set()

        def noted() -> Iterable[SearchDocument]:
            for document in documents:
                seen.add(document.id)
                yield document

        count = self.put(noted())
        self.engine.remove(before - seen)
        return count

    def _all(self) -> set[str]:
        found: set[str] = set()
        query = SearchQuery(sort=Sort.NEWEST, limit=MOST_HITS)
        while hits := self.engine.search(query).hits:
            found.update(hit.id for hit in hits)
            query = evolve(query, offset=query.offset + MOST_HITS)
        return found
