"""Search in the plainest way: every document, every word, one after the other."""

from collections.abc import Iterable

from commerce.kernel import best_locale
from commerce.search import SearchDocument, SearchQuery, SearchResult, answer, fold, pages, tolerant


class PlainSearch:
    """An engine without an index, against which the others are held."""

    def __init__(self) -> None:
        self.documents: dict[str, SearchDocument] = {}

    def index(self, documents: Iterable[SearchDocument]) -> None:
        self.documents |= {document.id: document for document in documents}

    def remove(self, ids: Iterable[str]) -> None:
        for id in set(ids):
            self.documents.pop(id, None)

    def clear(self) -> None:
        self.documents.clear()

    def search(self, query: SearchQuery) -> SearchResult:
        def shown(document: SearchDocument) -> str:
            return best_locale(document.texts, query.locale, "en")

        def read(document: SearchDocument) -> set[str]:
            locale = shown(document)
            page = next(page for page in pages(document, "en") if page.locale == locale)
            return {*page.name, *page.keys, *page.rest}

        def found(terms: Iterable[str]) -> list[tuple[SearchDocument, float]]:
            return [
                (document, 0.0)
                for document in self.documents.values()
                if all(any(word.startswith(term) for word in read(document)) for term in terms)
            ]

        vocabulary = {word for document in self.documents.values() for word in read(document)}
        return tolerant(
            query,
            lambda terms: answer(found(terms), query, lambda d: fold(d.texts[shown(d)].name)),
            lambda term: len(found([term])),
            lambda word: sum(word in read(document) for document in self.documents.values()),
            lambda shortest, longest: (word for word in vocabulary if shortest <= len(word) <= longest),
        )
