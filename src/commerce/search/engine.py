"""What a query lets through, in which order, and how facets count: pure, over documents."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from attrs import evolve, frozen

from commerce.kernel import best_locale
from commerce.search.model import FacetCount, SearchDocument, SearchHit, SearchQuery, SearchResult, Sort
from commerce.search.text import MOST_WORDS, corrected, fold, plain_text, words

__all__ = ["SearchPage", "admits", "answer", "counted", "pages", "tolerant"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@frozen(kw_only=True)
class SearchPage:
    """A document in one of its languages, as words: of its name, of its vendor, tags and SKUs, of its description.

    ``main`` marks the one page for readers of none of its languages.
    """

    locale: str
    main: bool
    sort_name: str
    name: tuple[str, ...]
    keys: tuple[str, ...]
    rest: tuple[str, ...]


def pages(document: SearchDocument, default: str) -> Iterator[SearchPage]:
    """The document in each of its languages."""
    main = best_locale(document.texts, default, default)
    keys = tuple(word for part in (document.vendor, *sorted(document.tags), *document.skus) for word in words(part))
    for locale, text in sorted(document.texts.items()):
        yield SearchPage(
            locale=locale,
            main=locale == main,
            sort_name=fold(text.name),
            name=tuple(words(text.name)),
            keys=keys,
            rest=tuple(words(plain_text(text.description))),
        )


def admits(document: SearchDocument, query: SearchQuery, *, but: str = "") -> bool:
    """Whether a document passes everything but the text, and but the filter of one facet."""
    if query.available is not None and document.available is not query.available:
        return False
    facets = document.facets
    if any(name != but and wanted.isdisjoint(facets.get(name, frozenset())) for name, wanted in query.filters.items()):
        return False
    if query.min_price is None and query.max_price is None:
        return True
    price = document.prices.get(query.price_currency or "")
    return (
        price is not None
        and (query.min_price is None or price >= query.min_price)
        and (query.max_price is None or price <= query.max_price)
    )


def counted(counts: Mapping[str, int]) -> tuple[FacetCount, ...]:
    """Facet values, most frequent first, equals by the alphabet."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetCount(value=value, count=count) for value, count in ranked)


def answer(
    found: Sequence[tuple[SearchDocument, float]], query: SearchQuery, name_of: Callable[[SearchDocument], str]
) -> SearchResult:
    """The result of a query, given every document that its text finds, with scores."""
    passed = [(document, score) for document, score in found if admits(document, query)]
    passed.sort(key=lambda hit: hit[0].id)
    _sort(passed, query, name_of)
    page = passed[query.offset : query.offset + query.limit]
    facets = {}
    for facet in query.facets:
        base = [document for document, _ in passed]
        if facet in query.filters:
            base = [document for document, _ in found if admits(document, query, but=facet)]
        facets[facet] = counted(Counter(value for document in base for value in document.facets.get(facet, ())))
    hits = tuple(SearchHit(id=document.id, score=score) for document, score in page)
    return SearchResult(hits=hits, total=len(passed), facets=facets)


def _sort(
    passed: list[tuple[SearchDocument, float]], query: SearchQuery, name_of: Callable[[SearchDocument], str]
) -> None:
    """Sorting is stable, so what is equal stays by id; what has no price or date comes last."""
    if query.sort is Sort.RELEVANCE:
        passed.sort(key=lambda hit: -hit[1])
    elif query.sort is Sort.NAME:
        passed.sort(key=lambda hit: name_of(hit[0]))
    elif query.sort is Sort.NEWEST:
        passed.sort(key=lambda hit: hit[0].listed_at or _LONG_AGO, reverse=True)
    else:
        code, sign = query.price_currency or "", -1 if query.sort is Sort.PRICE_DOWN else 1
        passed.sort(key=lambda hit: (1, 0) if code not in hit[0].prices else (0, sign * hit[0].prices[code].minor))


def tolerant(
    query: SearchQuery,
    search: Callable[[Sequence[str]], SearchResult],
    begun: Callable[[str], int],
    written: Callable[[str], int],
    known: Callable[[int, int], Iterable[str]],
) -> SearchResult:
    """The result for the words of a query; if they find nothing, for the words that were probably meant."""
    terms = list(dict.fromkeys(words(query.text)))[:MOST_WORDS]
    if query.text.strip() and not terms:
        return SearchResult(facets=dict.fromkeys(query.facets, ()))
    result = search(terms)
    if result.total or not terms:
        return result
    meant = corrected(terms, begun, written, known)
    if meant is None:
        return result
    again = search(meant)
    return evolve(again, corrected=" ".join(meant)) if again.total else result
