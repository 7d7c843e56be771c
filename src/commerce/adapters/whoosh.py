"""`WhooshSearch`: a search index in this process, in memory or in a directory, without a database.

Whoosh finds words; filters, facets, prices and order are the pure rules of
`commerce.search`, over documents that are held in memory. So it is for small
catalogues: some ten thousand products.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from whoosh import index as whoosh_index
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.fields import ID, STORED, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.query import And, Or, Prefix, Term
from whoosh.writing import CLEAR

from commerce.adapters.wire import dumps, loads
from commerce.kernel import best_locale
from commerce.search import SearchDocument, SearchQuery, SearchResult, answer, fold, pages, tolerant

__all__ = ["WhooshSearch"]

#: How much a word counts, by where it stands.
_WEIGHTS = {"name": 16.0, "keys": 4.0, "rest": 1.0}


class _Memory(RamStorage):  # type: ignore[misc]  # Whoosh is untyped
    """Whoosh keeps what it is writing in one folder for all processes of a machine; here it stays in memory, too."""

    def temp_storage(self, name: str | None = None) -> Any:
        return RamStorage()


class WhooshSearch:
    """An index in ``directory``, or in memory without one. A directory belongs to one process at a time.

    ``default_locale`` is what readers find who have no text in a language of theirs.
    """

    def __init__(self, directory: str | Path | None = None, *, default_locale: str = "en") -> None:
        self._lock = threading.RLock()
        self._default = default_locale.lower()
        self._index = _Memory().create_index(_schema()) if directory is None else _opened(Path(directory))
        self._searcher = self._index.searcher()
        self._documents = self._stored()

    def close(self) -> None:
        """Let go of the files of a directory."""
        with self._lock:
            self._searcher.close()

    def index(self, documents: Iterable[SearchDocument]) -> None:
        """Make documents searchable, in place of those with the same ids."""
        fresh = {document.id: document for document in documents}
        with self._lock:
            self._write(gone=self._documents.keys() & fresh.keys(), fresh=fresh)
            self._documents |= fresh

    def remove(self, ids: Iterable[str]) -> None:
        """Forget documents."""
        with self._lock:
            gone = self._documents.keys() & set(ids)
            self._write(gone=gone, fresh={})
            for id in gone:
                del self._documents[id]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._index.writer().commit(mergetype=CLEAR)
            self._documents.clear()
            self._reopen()

    def search(self, query: SearchQuery) -> SearchResult:
        """Answer a query."""
        with self._lock:
            return _Answer(self._searcher, self._documents, query, self._default).result()

    def _write(self, gone: Iterable[str], fresh: Mapping[str, SearchDocument]) -> None:
        if not gone and not fresh:
            return
        with self._index.writer() as writer:
            for id in gone:
                writer.delete_by_term("id", id)
            for document in fresh.values():
                writer.add_document(id=document.id, document=dumps(document))
                for page in pages(document, self._default):
                    text = {name: " ".join(getattr(page, name)) for name in _WEIGHTS}
                    writer.add_document(id=document.id, locale=page.locale, **text)
        self._reopen()

    def _reopen(self) -> None:
        """A searcher sees one state of the index and is dear to open, so it is kept until the next write."""
        self._searcher.close()
        self._searcher = self._index.searcher()

    def _stored(self) -> dict[str, SearchDocument]:
        texts = (fields["document"] for fields in self._searcher.documents() if "document" in fields)
        return {document.id: document for document in (loads(SearchDocument, text) for text in texts)}


class _Answer:
    """One query, over one state of the index."""

    def __init__(
        self, searcher: Any, documents: Mapping[str, SearchDocument], query: SearchQuery, default: str
    ) -> None:
        self._searcher = searcher
        self._documents = documents
        self._query = query
        self._default = default

    def result(self) -> SearchResult:
        """The result, of the words as typed or as probably meant."""
        return tolerant(self._query, self._search, self._begun, self._written, self._known)

    def _search(self, terms: Sequence[str]) -> SearchResult:
        found = self._found(terms) if terms else dict.fromkeys(self._documents, 0.0)
        scored = [(self._documents[id], score) for id, score in found.items()]
        return answer(scored, self._query, lambda document: fold(document.texts[self._shown(document)].name))

    def _found(self, terms: Sequence[str]) -> dict[str, float]:
        """Documents whose text for this reader has words that begin with every term; a whole word counts double."""
        wish = And([Or([kind(name, term) for name in _WEIGHTS for kind in (Prefix, Term)]) for term in terms])
        hits = ((hit.fields(), hit.score) for hit in self._searcher.search(wish, limit=None))
        return {page["id"]: score for page, score in hits if self._reads(page)}

    def _reads(self, page: Mapping[str, str]) -> bool:
        """Whether this reader sees this page of its document."""
        return page["locale"] == self._shown(self._documents[page["id"]])

    def _shown(self, document: SearchDocument) -> str:
        return best_locale(document.texts, self._query.locale, self._default)

    def _begun(self, term: str) -> int:
        reader = self._searcher.reader()
        return self._count((name, word) for name in _WEIGHTS for word in reader.expand_prefix(name, term))

    def _written(self, term: str) -> int:
        reader = self._searcher.reader()
        return self._count((name, term) for name in _WEIGHTS if (name, term) in reader)

    def _count(self, words: Iterable[tuple[str, Any]]) -> int:
        """How many texts that this reader sees have one of these words, each by its field."""
        reader = self._searcher.reader()
        found = {number for name, word in words for number in reader.postings(name, word).all_ids()}
        return sum(self._reads(reader.stored_fields(number)) for number in found)

    def _known(self, shortest: int, longest: int) -> Iterator[str]:
        reader = self._searcher.reader()
        lexicon = {term for name in _WEIGHTS for term in reader.field_terms(name)}
        return (word for word in lexicon if shortest <= len(word) <= longest)


def _schema() -> Any:
    text = {
        name: TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=False, field_boost=weight)
        for name, weight in _WEIGHTS.items()
    }
    return Schema(id=ID(stored=True), locale=STORED, document=STORED, **text)


def _opened(path: Path) -> Any:
    path.mkdir(parents=True, exist_ok=True)
    return whoosh_index.open_dir(path) if whoosh_index.exists_in(path) else whoosh_index.create_in(path, _schema())
