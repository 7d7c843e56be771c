"""All engines against the plainest one, on shops and queries that nobody would think of."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.adapters.sql import SqlStorage
from commerce.adapters.sql.search import SqlSearch
from commerce.adapters.whoosh import WhooshSearch
from commerce.kernel import Money
from commerce.search import (
    MOST_HITS,
    SearchDocument,
    SearchEngine,
    SearchQuery,
    SearchResult,
    SearchService,
    SearchText,
    Sort,
)
from commerce.testing.conformance.search_engine import SearchEngineConformance
from commerce.testing.conformance.storage import NOW

from .reference import PlainSearch

WORDS = ["shirt", "shirts", "shrit", "polo", "Café", "blue", "t", "ab", "stone", "stoned", "日本", "o'neill"]
VALUES = ["red", "blue", "it's", "100%"]

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
values = st.frozensets(st.sampled_from(VALUES), max_size=3)
prices = st.dictionaries(st.sampled_from(["EUR", "USD"]), st.integers(0, 5)).map(
    lambda amounts: {code: Money.of_minor(minor, code) for code, minor in amounts.items()}
)
documents = st.builds(
    SearchDocument,
    id=st.sampled_from(["a", "B", "c", "d-1", "d_1", "é", "zz", "0"]),
    texts=st.dictionaries(
        st.sampled_from(["en", "en-GB", "de", "de-AT", "fr"]),
        st.builds(SearchText, name=texts, description=texts),
        min_size=1,
    ),
    skus=st.lists(st.sampled_from(WORDS), max_size=1).map(tuple),
    categories=values,
    attributes=st.dictionaries(st.sampled_from(["colour", "vendor"]), values),
    vendor=st.sampled_from(["", "red", "Acme"]),
    prices=prices,
    available=st.booleans(),
    listed_at=st.none() | st.integers(0, 3).map(lambda days: NOW - timedelta(days=days)),
)
bounds = st.none() | st.integers(0, 5).map(lambda minor: Money.of_minor(minor, "EUR"))
queries = st.builds(
    SearchQuery,
    text=st.just("") | texts | st.sampled_from(["shi", "shiert", "stonedd", "%", "polo shrit"]),
    locale=st.sampled_from(["en", "de-AT", "de-CH", "fr", "ja", "en-GB-oed"]),
    filters=st.dictionaries(st.sampled_from(["colour", "vendor", "category"]), values, max_size=2),
    min_price=bounds,
    max_price=bounds,
    currency=st.just("EUR"),
    available=st.none() | st.booleans(),
    facets=st.lists(st.sampled_from(["colour", "vendor", "category", "none"]), unique=True).map(tuple),
    sort=st.sampled_from(Sort),
    limit=st.integers(1, 9),
    offset=st.integers(0, 4),
)


class TestPlain(SearchEngineConformance):
    """What the others are held against keeps the promises itself, but for ranking."""

    test_ranks_names_first: Any = None

    @pytest.fixture
    def engine(self) -> SearchEngine:
        return PlainSearch()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlSearch]:
    storage = SqlStorage(f"sqlite:///{tmp_path_factory.mktemp('search')}/shop.db")
    yield SqlSearch(storage)
    storage.close()


@pytest.fixture(scope="module")
def postgresql(commerce_postgres_server: str) -> Iterator[SqlSearch]:
    storage = SqlStorage(commerce_postgres_server)
    yield SqlSearch(storage)
    storage.close()


@pytest.mark.parametrize("name", ["whoosh", "sqlite", "postgresql"])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shop=st.lists(documents, max_size=10),
    gone=st.lists(st.sampled_from(["a", "B", "zz"]), max_size=1),
    asked=st.lists(queries, min_size=1, max_size=6),
)
def test_every_engine_finds_what_the_plainest_finds(
    request: pytest.FixtureRequest,
    name: str,
    shop: list[SearchDocument],
    gone: list[str],
    asked: list[SearchQuery],
) -> None:
    """Hits, totals, facets, order and corrections are the same; by relevance, the same are found in all."""
    engine: SearchEngine = WhooshSearch() if name == "whoosh" else request.getfixturevalue(name)
    plain = PlainSearch()
    engine.clear()
    for each in (plain, engine):
        for document in shop:  # one at a time, so that later ones replace earlier ones
            each.index([document])
        each.remove(gone)
    for query in asked:
        if query.sort is Sort.RELEVANCE and query.text:
            query = evolve(query, offset=0, limit=100)  # noqa: PLW2901
        assert _plain(engine.search(query), query) == _plain(plain.search(query), query)


def _plain(result: SearchResult, query: SearchQuery) -> tuple[object, ...]:
    ids = [hit.id for hit in result.hits]
    ranked = query.sort is Sort.RELEVANCE and query.text
    return sorted(ids) if ranked else ids, result.total, result.facets, result.corrected


def test_a_search_takes_few_statements(tmp_path: Path) -> None:
    """One for the hits, one for their number if the page is full, one for all facets and one for each filtered one."""
    storage = SqlStorage(f"sqlite:///{tmp_path}/shop.db")
    engine = SqlSearch(storage)
    engine.index(
        SearchDocument(id=f"p{n}", texts={"en": SearchText(name="Lamp")}, vendor="Acme", tags={"new"}) for n in range(9)
    )
    seen: list[str] = []

    @sa.event.listens_for(storage.engine, "before_cursor_execute")
    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    for query, statements in (
        (SearchQuery(text="lamp"), 1),
        (SearchQuery(text="lamp", limit=5), 2),
        (SearchQuery(text="lamp", limit=5, facets=("vendor", "tag", "colour")), 3),
        (SearchQuery(text="lamp", limit=5, facets=("vendor", "tag", "colour"), filters={"vendor": {"Acme"}}), 4),
    ):
        seen.clear()
        engine.search(query)
        assert seen.count("SELECT") == statements
    storage.close()


@pytest.mark.parametrize("directory", [False, True])
def test_a_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, directory: bool) -> None:
    """Neither in the machine's folder for temporary files nor in the index's own."""
    temporary, own = tmp_path / "temporary", tmp_path / "own"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine = WhooshSearch(own if directory else None)
    engine.index([SearchDocument(id="a", texts={"en": SearchText(name="Lamp")})])
    engine.remove(["a"])
    engine.clear()
    engine.close()
    assert list(temporary.iterdir()) == []
    assert [path for path in own.glob("*") if path.is_dir()] == []


def test_a_rebuild_forgets_what_it_was_not_given_and_nothing_that_came_meanwhile() -> None:
    """However many pages of documents there are before it."""
    service = SearchService(PlainSearch())
    old = [SearchDocument(id=f"p{n}", texts={"en": SearchText(name="Lamp")}) for n in range(2 * MOST_HITS + 1)]
    service.put(old)

    def stream() -> Iterator[SearchDocument]:
        yield from old[-2:]
        service.put([SearchDocument(id="new", texts={"en": SearchText(name="Lamp")})])

    assert service.rebuild(stream()) == 2
    hits = service.search(SearchQuery(text="lamp")).hits
    assert {hit.id for hit in hits} == {old[-2].id, old[-1].id, "new"}


def test_indexes_in_memory_do_not_meet() -> None:
    """Each writes for itself, in whatever thread or process: nothing of it is shared on disk."""

    def fill(number: int) -> int:
        engine = WhooshSearch()
        for n in range(15):
            texts = {"en": SearchText(name=f"shirt {n}")}
            engine.index([SearchDocument(id=f"{number}-{n}", texts=texts)])
        return engine.search(SearchQuery(text="shirt", locale="en")).total

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(fill, range(6))) == [15] * 6
