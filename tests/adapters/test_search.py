"""Search by Whoosh, SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commerce.adapters.sql import SqlStorage
from commerce.adapters.sql.search import SqlSearch
from commerce.adapters.whoosh import WhooshSearch
from commerce.search import SearchDocument, SearchEngine, SearchQuery, SearchText
from commerce.testing.conformance.search_engine import SearchEngineConformance


class TestWhoosh(SearchEngineConformance):
    @pytest.fixture
    def engine(self) -> SearchEngine:
        return WhooshSearch()


class TestWhooshInADirectory(SearchEngineConformance):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[SearchEngine]:
        engine = WhooshSearch(tmp_path / "index")
        yield engine
        engine.close()


class TestSqlite(SearchEngineConformance):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[SearchEngine]:
        storage = SqlStorage(f"sqlite:///{tmp_path}/shop.db")
        yield SqlSearch(storage)
        storage.close()


@pytest.fixture(scope="module")
def database(commerce_postgres_server: str) -> Iterator[SqlSearch]:
    storage = SqlStorage(commerce_postgres_server)
    yield SqlSearch(storage)
    storage.close()


class TestPostgresql(SearchEngineConformance):
    @pytest.fixture
    def engine(self, database: SqlSearch) -> SearchEngine:
        database.clear()
        return database


def test_whoosh_finds_again_what_a_directory_holds(tmp_path: Path) -> None:
    first = WhooshSearch(tmp_path)
    first.index([SearchDocument(id="p1", texts={"en": SearchText(name="Mug")}, vendor="Acme")])
    first.close()
    again = WhooshSearch(tmp_path)
    result = again.search(SearchQuery(text="mug", facets=("vendor",)))
    assert [hit.id for hit in result.hits] == ["p1"]
    assert result.facets["vendor"][0].value == "Acme"
    again.remove(["p1"])
    again.close()
    last = WhooshSearch(tmp_path)
    assert last.search(SearchQuery()).total == 0
    last.close()
