"""`SqlSearch`: the search index in the host's own database, SQLite (FTS5) or PostgreSQL (tsvector).

Both get words that are folded and cut by `commerce.search`, so neither's own
tokenizer or stemmer has a say and both find the same. Near words for typos are
measured over the table of known words: trigram similarity (``pg_trgm``) would
need an extension and overlook close words (*shrit* and *shirt* share too few).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import BigKey, UtcDateTime, metadata
from commerce.adapters.sql.catalog import among
from commerce.adapters.sql.storage import SqlStorage
from commerce.kernel import fallbacks
from commerce.search import (
    FacetCount,
    SearchDocument,
    SearchHit,
    SearchPage,
    SearchQuery,
    SearchResult,
    Sort,
    counted,
    pages,
    tolerant,
)

__all__ = ["SqlSearch", "create_search", "search_facets", "search_pages", "search_prices", "search_words"]

#: Text in the order of its code points, as Python and SQLite have it.
_Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_Id = sa.String(128).with_variant(postgresql.VARCHAR(128, collation="C"), "postgresql")

search_pages = sa.Table(
    "search_page",
    metadata,
    sa.Column("row", BigKey, primary_key=True, autoincrement=True),
    sa.Column("document_id", _Id, nullable=False),
    sa.Column("locale", sa.String(35), nullable=False),
    sa.Column("locales", sa.Text, nullable=False),
    sa.Column("main", sa.Boolean, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("available", sa.Boolean, nullable=False),
    sa.Column("listed_at", UtcDateTime),
    sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")),
    sa.UniqueConstraint("document_id", "locale"),
)
sa.Index("ix_search_page_words", search_pages.c.words, postgresql_using="gin").ddl_if(dialect="postgresql")

search_facets = sa.Table(
    "search_facet",
    metadata,
    sa.Column("document_id", _Id, primary_key=True),
    sa.Column("name", _Text, primary_key=True),
    sa.Column("value", _Text, primary_key=True),
    sa.Index("ix_search_facet_name_value", "name", "value"),
)

search_prices = sa.Table(
    "search_price",
    metadata,
    sa.Column("document_id", _Id, primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
)

#: Every word that was ever indexed: a candidate for a typo is kept only if it is still found.
search_words = sa.Table(
    "search_word",
    metadata,
    sa.Column("word", _Text, primary_key=True),
    sa.Column("length", sa.Integer, nullable=False, index=True),
)

_TABLES = (search_pages, search_facets, search_prices, search_words)
_CHILDREN = (search_facets, search_prices)

#: FTS5 needs a table of its own kind. Its tokenizer takes every non-ASCII character for a letter, and gets only words.
_FTS5 = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5(name, keys, rest, tokenize='ascii', prefix='1 2 3 4')"
)
_text = sa.table("search_text", sa.column("rowid"), sa.column("name"), sa.column("keys"), sa.column("rest"))

#: Name, then vendor, tags and SKUs, then description.
_BM25 = sa.literal_column("-bm25(search_text, 16.0, 4.0, 1.0)", sa.Float)
_WEIGHTS = sa.cast([0.0, 1 / 16, 1 / 4, 1.0], postgresql.ARRAY(postgresql.REAL))

#: Whoever writes to the index on PostgreSQL holds this lock, as one does on SQLite.
_WRITERS = 7_261_340_902

#: Positions in a tsvector end here.
_LAST_POSITION = 16_383

_MOST = 2**63 - 1


def create_search(connection: sa.Connection) -> None:
    """Create what `SqlSearch` needs and is not there yet. For migrations, and called by it at its first use.

    The tables are in the shared metadata; SQLite's FTS5 table cannot be, since SQLAlchemy knows no virtual tables.
    """
    _wait(connection)
    metadata.create_all(connection, tables=_TABLES)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_FTS5)


class SqlSearch:
    """A search index in the database of a `SqlStorage`, or of an engine.

    ``default_locale`` is what readers find who have no text in a language of theirs.
    It is no part of the shop's transactions: put documents after the commit, or rebuild.
    """

    def __init__(self, database: SqlStorage | sa.Engine, *, default_locale: str = "en") -> None:
        self._engine = database.engine if isinstance(database, SqlStorage) else database
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._default = default_locale.lower()
        self._ready = False

    def index(self, documents: Iterable[SearchDocument]) -> None:
        """Make documents searchable, in place of those with the same ids."""
        latest = {document.id: document for document in documents}
        fresh = [document for _, document in sorted(latest.items())]
        if fresh:
            with self._writing() as connection:
                self._forget(connection, list(latest))
                self._add_pages(connection, fresh)
                _insert(connection, search_facets, [row for document in fresh for row in _facet_rows(document)])
                _insert(connection, search_prices, [row for document in fresh for row in _price_rows(document)])

    def remove(self, ids: Iterable[str]) -> None:
        """Forget documents."""
        gone = [id for id in set(ids) if "\x00" not in id]
        if gone:
            with self._writing() as connection:
                self._forget(connection, gone)

    def clear(self) -> None:
        """Forget everything, and all words."""
        with self._writing() as connection:
            if self._sqlite:
                connection.execute(sa.delete(_text))
            for table in _TABLES:
                connection.execute(sa.delete(table))

    def search(self, query: SearchQuery) -> SearchResult:
        """Answer a query: one statement for the hits, one for their number, one or more for facets."""
        self._prepare()
        with self._engine.begin() as connection:
            return _Answer(connection, query, self._default).result()

    def _prepare(self) -> None:
        if not self._ready:
            with self._engine.begin() as connection:
                create_search(connection)
            self._ready = True

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        self._prepare()
        return _alone(self._engine)

    def _forget(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        if self._sqlite:
            rows = sa.select(search_pages.c.row).where(among(search_pages.c.document_id, ids, sqlite=True))
            connection.execute(sa.delete(_text).where(_text.c.rowid.in_(rows)))
        for table in (search_pages, *_CHILDREN):
            connection.execute(sa.delete(table).where(among(table.c.document_id, ids, sqlite=self._sqlite)))

    def _add_pages(self, connection: sa.Connection, documents: Sequence[SearchDocument]) -> None:
        made = {
            (document.id, page.locale): (document, page)
            for document in documents
            for page in pages(document, self._default)
        }
        rows = [_page_row(document, page, tsvector=not self._sqlite) for document, page in made.values()]
        added = sa.insert(search_pages).returning(search_pages.c.row, search_pages.c.document_id, search_pages.c.locale)
        numbers = connection.execute(added, rows).all()
        if self._sqlite:
            texts = ((row, made[document_id, locale][1]) for row, document_id, locale in numbers)
            _insert(connection, _text, [{"rowid": row, **_columns(page)} for row, page in texts])
        known = {word for _, page in made.values() for word in (*page.name, *page.keys, *page.rest)}
        dialect = sqlite if self._sqlite else postgresql
        if known:
            connection.execute(
                dialect.insert(search_words).on_conflict_do_nothing(),
                [{"word": word, "length": len(word)} for word in sorted(known)],
            )


class _Answer:
    """One query, in one transaction."""

    def __init__(self, connection: sa.Connection, query: SearchQuery, default: str) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._query = query
        self._visible = _visible(query.locale, default)

    def result(self) -> SearchResult:
        """The result, of the words as typed or as probably meant."""
        return tolerant(self._query, self._search, self._begun, self._written, self._known)

    def _search(self, terms: Sequence[str]) -> SearchResult:
        query = self._query
        rows = self._connection.execute(self._hits(terms)).all()
        total = query.offset + len(rows)
        if len(rows) == query.limit or (query.offset and not rows):
            total = self._connection.execute(self._pages(terms, sa.func.count())).scalar_one()
        hits = tuple(SearchHit(id=id, score=score or 0.0) for id, score in rows)
        return SearchResult(hits=hits, total=total, facets=self._facets(terms))

    def _hits(self, terms: Sequence[str]) -> sa.Select[Any]:
        page, order = search_pages.c, self._query.sort
        score = self._score(terms)
        hits = self._pages(terms, page.document_id, score.label("score"))
        by: list[sa.ColumnElement[Any]] = []
        if order is Sort.RELEVANCE and terms:
            by = [sa.desc("score")]
        elif order is Sort.NAME:
            by = [page.name]
        elif order is Sort.NEWEST:
            by = [page.listed_at.is_(None), page.listed_at.desc()]
        elif order in (Sort.PRICE_UP, Sort.PRICE_DOWN):
            price = search_prices.c
            here = sa.and_(price.document_id == page.document_id, price.currency == self._query.price_currency)
            hits = hits.outerjoin(search_prices, here)
            by = [price.amount.is_(None), price.amount if order is Sort.PRICE_UP else price.amount.desc()]
        return hits.order_by(*by, page.document_id).limit(self._query.limit).offset(self._query.offset)

    def _score(self, terms: Sequence[str]) -> sa.ColumnElement[Any]:
        if not terms:
            return sa.literal(0.0)
        return _BM25 if self._sqlite else sa.func.ts_rank(_WEIGHTS, search_pages.c.words, _tsquery(terms))

    def _pages(self, terms: Sequence[str], *columns: sa.ColumnElement[Any], but: str = "") -> sa.Select[Any]:
        """The pages that a query finds, leaving the filter of one facet out."""
        found = sa.select(*columns).select_from(search_pages).where(self._visible, *self._conditions(but))
        return self._with_text(found, terms)

    def _with_text(self, found: sa.Select[Any], terms: Sequence[str], *, whole: bool = False) -> sa.Select[Any]:
        if not terms:
            return found
        if self._sqlite:
            wish = " AND ".join(f'"{term}"' if whole else f'"{term}"*' for term in terms)
            match = sa.literal_column("search_text").op("MATCH")(wish)
            return found.join(_text, _text.c.rowid == search_pages.c.row).where(match)
        return found.where(search_pages.c.words.op("@@")(_tsquery(terms, whole=whole)))

    def _conditions(self, but: str) -> Iterable[sa.ColumnElement[bool]]:
        query, id, facet, price = self._query, search_pages.c.document_id, search_facets.c, search_prices.c
        if query.available is not None:
            yield search_pages.c.available.is_(query.available)
        for name, values in query.filters.items():
            if name != but:
                having = among(facet.value, values, sqlite=self._sqlite)
                yield id.in_(sa.select(facet.document_id).where(facet.name == name, having))
        if query.min_price is not None or query.max_price is not None:
            inside = [price.currency == query.price_currency]
            if query.min_price is not None:
                inside.append(price.amount >= _bounded(query.min_price.minor))
            if query.max_price is not None:
                inside.append(price.amount <= _bounded(query.max_price.minor))
            yield id.in_(sa.select(price.document_id).where(*inside))

    def _facets(self, terms: Sequence[str]) -> dict[str, tuple[FacetCount, ...]]:
        """One statement for all facets without a filter of their own, and one for each that has one."""
        query = self._query
        counts: dict[str, dict[str, int]] = {name: {} for name in query.facets}
        own = [name for name in counts if name in query.filters]
        plain = [name for name in counts if name not in query.filters]
        for names, but in [*((plain, "") for _ in plain[:1]), *(([name], name) for name in own)]:
            facet = search_facets.c
            found = self._pages(terms, search_pages.c.document_id, but=but)
            rows = self._connection.execute(
                sa.select(facet.name, facet.value, sa.func.count())
                .where(among(facet.name, names, sqlite=self._sqlite), facet.document_id.in_(found))
                .group_by(facet.name, facet.value)
            )
            for name, value, count in rows:
                counts[name][value] = count
        return {name: counted(values) for name, values in counts.items()}

    def _begun(self, term: str) -> int:
        return self._count(term, whole=False)

    def _written(self, term: str) -> int:
        return self._count(term, whole=True)

    def _count(self, term: str, *, whole: bool) -> int:
        found = sa.select(sa.func.count()).select_from(search_pages).where(self._visible)
        return int(self._connection.execute(self._with_text(found, [term], whole=whole)).scalar_one())

    def _known(self, shortest: int, longest: int) -> Iterable[str]:
        word = search_words.c
        return self._connection.execute(sa.select(word.word).where(word.length.between(shortest, longest))).scalars()


def _visible(locale: str, default: str) -> sa.ColumnElement[bool]:
    """That a page is the one of its document that a reader sees: the first of the chain that the document has."""
    page = search_pages.c
    choices: list[sa.ColumnElement[bool]] = []
    none_before: sa.ColumnElement[bool] = sa.true()
    for tag in dict.fromkeys((*fallbacks(locale), *fallbacks(default))):
        choices.append(sa.and_(page.locale == tag, none_before))
        none_before = sa.and_(none_before, ~page.locales.contains(f" {tag} ", autoescape=True))
    return sa.or_(*choices, sa.and_(page.main, none_before))


def _tsquery(terms: Sequence[str], *, whole: bool = False) -> sa.ColumnElement[Any]:
    """Words only, so quoting is enough: there is no operator a shopper could type."""
    return sa.cast(" & ".join(f"'{term}'" if whole else f"'{term}':*" for term in terms), postgresql.TSQUERY)


def _tsvector(page: SearchPage) -> str:
    """The words with their places and weights: A for the name, B for keys, C for the rest."""
    places: dict[str, list[str]] = {}
    at = 0
    for weight, part in zip("ABC", (page.name, page.keys, page.rest), strict=True):
        for word in part:
            at = min(at + 1, _LAST_POSITION)
            places.setdefault(word, []).append(f"{at}{weight}")
    return " ".join(f"'{word}':{','.join(dict.fromkeys(found[:255]))}" for word, found in places.items())


def _page_row(document: SearchDocument, page: SearchPage, *, tsvector: bool) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "locale": page.locale,
        "locales": f" {' '.join(document.texts)} ",
        "main": page.main,
        "name": page.sort_name,
        "available": document.available,
        "listed_at": document.listed_at,
        "words": _tsvector(page) if tsvector else None,
    }


def _columns(page: SearchPage) -> dict[str, str]:
    return {"name": " ".join(page.name), "keys": " ".join(page.keys), "rest": " ".join(page.rest)}


def _facet_rows(document: SearchDocument) -> list[dict[str, Any]]:
    return [
        {"document_id": document.id, "name": name, "value": value}
        for name, values in document.facets.items()
        for value in values
    ]


def _price_rows(document: SearchDocument) -> list[dict[str, Any]]:
    return [
        {"document_id": document.id, "currency": code, "amount": price.minor} for code, price in document.prices.items()
    ]


def _insert(connection: sa.Connection, table: sa.TableClause, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _bounded(minor: int) -> int:
    return max(-_MOST, min(minor, _MOST))


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that no other writer of the index runs beside."""
    with engine.begin() as connection:
        _wait(connection)
        yield connection


def _wait(connection: sa.Connection) -> None:
    """On SQLite a transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))
