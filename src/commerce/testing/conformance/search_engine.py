"""What every search engine promises."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from attrs import evolve

from commerce.kernel import InvalidValue, Money
from commerce.search import (
    FacetCount,
    SearchDocument,
    SearchEngine,
    SearchQuery,
    SearchResult,
    SearchService,
    SearchText,
    Sort,
)
from commerce.testing.conformance.storage import NOW

__all__ = ["SearchEngineConformance"]


def _eur(amount: str) -> Money:
    return Money(amount, "EUR")


def _shop() -> list[SearchDocument]:
    """Six products as a small shop has them."""
    return [
        SearchDocument(
            id="tee",
            texts={
                "en": SearchText(name="Organic T-Shirt", description="<p>Soft <b>cotton</b> for summer days</p>"),
                "de": SearchText(name="Bio-Shirt", description="Weiche Baumwolle für Sommertage"),
            },
            skus=("TEE-S-RED", "TEE-M-RED"),
            categories={"clothes", "shirts"},
            attributes={"colour": {"red", "blue"}, "material": {"cotton"}},
            vendor="Hafen",
            tags={"new"},
            prices={"EUR": _eur("24.90"), "USD": Money("27.00", "USD")},
            listed_at=NOW,
        ),
        SearchDocument(
            id="polo",
            texts={"en": SearchText(name="Polo Shirt", description="Cotton with a collar")},
            skus=("POLO-1",),
            categories={"clothes", "shirts"},
            attributes={"colour": {"red"}, "material": {"cotton"}},
            vendor="Nordlicht",
            prices={"EUR": _eur("39.00")},
            listed_at=NOW - timedelta(days=1),
        ),
        SearchDocument(
            id="jeans",
            texts={"en": SearchText(name="Jeans", description="Denim trousers, goes with every shirt")},
            categories={"clothes"},
            attributes={"colour": {"blue"}, "material": {"denim"}},
            vendor="Hafen",
            prices={"EUR": _eur("80.00")},
            available=False,
            listed_at=NOW - timedelta(days=2),
        ),
        SearchDocument(
            id="mug",
            texts={"en": SearchText(name="Café au lait mug"), "fr": SearchText(name="Bol à café")},
            categories={"kitchen"},
            attributes={"colour": {"white"}, "material": {"stoneware"}},
            vendor="Nordlicht",
            tags={"new", "gift"},
            prices={"EUR": _eur("12.90")},
        ),
        SearchDocument(
            id="board",
            texts={"de": SearchText(name="Schneidebrett Nussbaum", description="Von Hand geölt, groß")},
            categories={"kitchen"},
            attributes={"material": {"wood"}},
            vendor="Holzwerk",
            prices={"USD": Money("64.00", "USD")},
            listed_at=NOW - timedelta(days=5),
        ),
        SearchDocument(
            id="kimono",
            texts={"ja": SearchText(name="綿の着物"), "en": SearchText(name="Kimono")},
            categories={"clothes"},
            prices={"EUR": _eur("80.00")},
        ),
    ]


#: What shoppers, robots and copy-and-paste type.
_ODD = (
    "'",
    '"',
    '"unclosed',
    "shirt'; DROP TABLE search_page; --",
    "shirt AND",
    "NOT shirt",
    "NEAR(shirt polo)",
    "name:shirt",
    "shirt*",
    "*",
    "%",
    "_",
    "shi%t",
    "(((",
    "a & b | !c",
    "shirt:*",
    "\\",
    "\x00",
    "shi\x00rt",
    "\ud800",
    "👕",
    "👕 shirt",
    "e\u0301",
    "ﷺ",
    " \t\n ",
    "x" * 100_000,
    "shirt " * 20_000,
    " ".join(f"w{n}" for n in range(5_000)),
)


class SearchEngineConformance:
    """Subclass it and give a fixture ``engine`` that returns an empty engine whose default locale is ``en``."""

    @pytest.fixture
    def engine(self) -> SearchEngine:
        """An empty engine. To be given by the subclass."""
        raise NotImplementedError

    @pytest.fixture
    def shop(self, engine: SearchEngine) -> SearchEngine:
        """The engine with six products."""
        engine.index(_shop())
        return engine

    def test_an_empty_index_finds_nothing(self, engine: SearchEngine) -> None:
        """Neither words nor no words find anything; wanted facets are there and empty."""
        for text in ("shirt", ""):
            assert engine.search(SearchQuery(text=text, facets=("colour",))) == SearchResult(facets={"colour": ()})
        engine.remove(["nothing"])
        engine.index([])
        engine.clear()

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("shirt", {"tee", "polo", "jeans"}),
            ("SHIRT", {"tee", "polo", "jeans"}),
            ("shi", {"tee", "polo", "jeans"}),
            ("polo shirt", {"polo"}),
            ("shirt polo", {"polo"}),
            ("t-shirt", {"tee", "jeans"}),
            ("cafe", {"mug"}),
            ("CAFÉ", {"mug"}),
            ("hafen", {"tee", "jeans"}),
            ("gift", {"mug"}),
            ("POLO-1", {"polo"}),
            ("tee-m-red", {"tee"}),
            ("hafen jeans", {"jeans"}),
            ("cotton", {"tee", "polo"}),
            ("shirt wood", set()),
            ("irt", set()),
            ("", {"tee", "polo", "jeans", "mug", "board", "kimono"}),
            ("  ", {"tee", "polo", "jeans", "mug", "board", "kimono"}),
        ],
    )
    def test_finds_by_words(self, shop: SearchEngine, text: str, found: set[str]) -> None:
        """Every word begins a word of name, description, vendor, tags or SKUs; case and accents do not count."""
        result = shop.search(SearchQuery(text=text))
        assert _ids(result) == found
        assert result.total == len(found)
        assert result.corrected is None

    @pytest.mark.parametrize(
        ("text", "locale", "found"),
        [
            ("baumwolle", "de", {"tee"}),
            ("baumwolle", "de-AT", {"tee"}),
            ("baumwolle", "de_AT", {"tee"}),
            ("cotton", "de", {"polo"}),
            ("baumwolle", "en", set()),
            ("shirt", "de", {"tee", "polo", "jeans"}),
            ("geolt gross", "en", {"board"}),
            ("bol", "fr-CA", {"mug"}),
            ("bol", "en", set()),
            ("着物", "ja", {"kimono"}),
            ("着物", "en", set()),
            ("mug", "xx%'", {"mug"}),
        ],
    )
    def test_reads_what_the_shopper_reads(self, shop: SearchEngine, text: str, locale: str, found: set[str]) -> None:
        """The text searched is the one shown: of the locale, of its parent, of the default, or the first."""
        assert _ids(shop.search(SearchQuery(text=text, locale=locale))) == found

    def test_a_locale_has_a_longest(self, shop: SearchEngine) -> None:
        """As many parts as fit are looked at, one after the other; more is not asked of any engine."""
        deep = "de" + "-a" * 16
        assert _ids(shop.search(SearchQuery(text="baumwolle", locale=deep))) == {"tee"}
        with pytest.raises(InvalidValue, match="at most 35 characters"):
            SearchQuery(text="baumwolle", locale=f"{deep}-b")

    def test_ranks_names_first(self, shop: SearchEngine) -> None:
        """What is called so comes before what only mentions it; scores fall."""
        hits = shop.search(SearchQuery(text="shirt")).hits
        assert hits[-1].id == "jeans"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"colour": {"red"}}, {"tee", "polo"}),
            ({"colour": {"red", "white"}}, {"tee", "polo", "mug"}),
            ({"colour": {"red"}, "vendor": {"Hafen"}}, {"tee"}),
            ({"category": {"clothes"}}, {"tee", "polo", "jeans", "kimono"}),
            ({"category": {"shirts", "kitchen"}}, {"tee", "polo", "mug", "board"}),
            ({"tag": {"new"}}, {"tee", "mug"}),
            ({"colour": {"RED"}}, set()),
            ({"colour": set()}, {"tee", "polo", "jeans", "mug", "board", "kimono"}),
            ({"colour": {"%"}}, set()),
            ({"nothing": {"x"}}, set()),
            ({"col'our\x00": {"re'd\x00", "\ud800"}}, set()),
        ],
    )
    def test_filters(self, shop: SearchEngine, filters: dict[str, set[str]], found: set[str]) -> None:
        """Within a filter one value suffices; every filter must hold; values are compared exactly."""
        assert _ids(shop.search(SearchQuery(filters=filters))) == found

    def test_filters_what_it_found(self, shop: SearchEngine) -> None:
        """Words, filters, prices and availability narrow together."""
        query = SearchQuery(text="shirt", filters={"material": {"cotton", "denim"}}, min_price=_eur("30"))
        assert _ids(shop.search(query)) == {"polo", "jeans"}
        assert _ids(shop.search(evolve(query, available=True))) == {"polo"}
        assert _ids(shop.search(evolve(query, available=False))) == {"jeans"}

    def test_price_ranges_are_inclusive(self, shop: SearchEngine) -> None:
        """Both ends belong to a range; what has no price in the currency lies in none."""
        for low, high, found in (
            ("24.90", "39.00", {"tee", "polo"}),
            ("24.91", "38.99", set()),
            (None, "12.90", {"mug"}),
            ("80", None, {"jeans", "kimono"}),
            ("-99999999999999999999", "99999999999999999999", {"tee", "polo", "jeans", "mug", "kimono"}),
        ):
            query = SearchQuery(min_price=_eur(low) if low else None, max_price=_eur(high) if high else None)
            assert _ids(shop.search(query)) == found
        assert _ids(shop.search(SearchQuery(max_price=Money("30", "USD")))) == {"tee"}

    def test_counts_facets(self, shop: SearchEngine) -> None:
        """Most frequent first, equals by the alphabet, over all that was found and not over the page."""
        facets = shop.search(SearchQuery(facets=("colour", "vendor", "category", "none"), limit=1)).facets
        assert facets == {
            "colour": _counts(blue=2, red=2, white=1),
            "vendor": _counts(Hafen=2, Nordlicht=2, Holzwerk=1),
            "category": _counts(clothes=4, kitchen=2, shirts=2),
            "none": (),
        }
        assert shop.search(SearchQuery(text="polo", facets=("colour",))).facets == {"colour": _counts(red=1)}

    def test_names_of_facets_are_cleaned(self, shop: SearchEngine) -> None:
        """As in documents and filters: without what no index keeps, cut off where documents are; each counts once."""
        facets = shop.search(SearchQuery(facets=("col\x00our", "colour", "\ud800", "ä" * 5_000))).facets
        assert facets == {"colour": _counts(blue=2, red=2, white=1), "": (), "ä" * 255: ()}

    def test_a_facet_is_not_narrowed_by_its_own_filter(self, shop: SearchEngine) -> None:
        """It shows what else could be chosen; the filters of the others narrow it."""
        query = SearchQuery(filters={"colour": {"red"}}, facets=("colour", "vendor"))
        assert shop.search(query).facets == {
            "colour": _counts(blue=2, red=2, white=1),
            "vendor": _counts(Hafen=1, Nordlicht=1),
        }
        both = evolve(query, filters={"colour": {"red"}, "vendor": {"Nordlicht"}}, available=True)
        result = shop.search(both)
        assert _ids(result) == {"polo"}
        assert result.facets == {"colour": _counts(red=1, white=1), "vendor": _counts(Hafen=1, Nordlicht=1)}

    @pytest.mark.parametrize(
        ("sort", "ids"),
        [
            (Sort.NAME, ["mug", "jeans", "kimono", "tee", "polo", "board"]),
            (Sort.PRICE_UP, ["mug", "tee", "polo", "jeans", "kimono", "board"]),
            (Sort.PRICE_DOWN, ["jeans", "kimono", "polo", "tee", "mug", "board"]),
            (Sort.NEWEST, ["tee", "polo", "jeans", "board", "kimono", "mug"]),
            (Sort.RELEVANCE, ["board", "jeans", "kimono", "mug", "polo", "tee"]),
        ],
    )
    def test_sorts(self, shop: SearchEngine, sort: Sort, ids: list[str]) -> None:
        """By name as read, price or age; what has none comes last, and equals by id."""
        result = shop.search(SearchQuery(sort=sort, currency="EUR"))
        assert [hit.id for hit in result.hits] == ids

    def test_sorts_by_the_name_that_is_read(self, shop: SearchEngine) -> None:
        """In German the tee is called something else."""
        hits = shop.search(SearchQuery(sort=Sort.NAME, locale="de")).hits
        assert [hit.id for hit in hits] == ["tee", "mug", "jeans", "kimono", "polo", "board"]

    @pytest.mark.parametrize("sort", list(Sort))
    @pytest.mark.parametrize("text", ["", "lamp"])
    def test_pages_fit_together(self, engine: SearchEngine, sort: Sort, text: str) -> None:
        """Page by page every hit comes once and in the same order as in one long page."""
        engine.index(
            SearchDocument(
                id=f"p{n % 7}{n}", texts={"en": SearchText(name=f"Lamp {n % 3}")}, prices={"EUR": _eur(str(n % 4))}
            )
            for n in range(25)
        )
        query = SearchQuery(text=text, sort=sort, currency="EUR", limit=100)
        whole = [hit.id for hit in engine.search(query).hits]
        parts = [engine.search(evolve(query, offset=offset, limit=7)) for offset in range(0, 35, 7)]
        assert [hit.id for part in parts for hit in part.hits] == whole
        assert len(set(whole)) == 25
        assert {part.total for part in parts} == {25}

    @pytest.mark.parametrize(
        ("typed", "meant", "found"),
        [
            ("shrit", "shirt", {"tee", "polo", "jeans"}),
            ("hsirt", "shirt", {"tee", "polo", "jeans"}),
            ("shiert", "shirt", {"tee", "polo", "jeans"}),
            ("jaens", "jeans", {"jeans"}),
            ("nordlihct", "nordlicht", {"polo", "mug"}),
            ("nordlcth", "nordlicht", {"polo", "mug"}),
            ("polo shrit", "polo shirt", {"polo"}),
            ("shirts", "shirt", {"tee", "polo", "jeans"}),
        ],
    )
    def test_forgives_typos(self, shop: SearchEngine, typed: str, meant: str, found: set[str]) -> None:
        """If nothing is found, the nearest words that are found are searched, and the answer says so."""
        result = shop.search(SearchQuery(text=typed))
        assert (_ids(result), result.total, result.corrected) == (found, len(found), meant)

    @pytest.mark.parametrize("typed", ["mgu", "xyzzy", "shxxt", "shirt xyzzy", "nrdlcth"])
    def test_does_not_guess_wildly(self, shop: SearchEngine, typed: str) -> None:
        """Short words are taken as typed, and what is far from everything stays unfound."""
        result = shop.search(SearchQuery(text=typed))
        assert (result.hits, result.total, result.corrected) == ((), 0, None)

    def test_corrects_only_what_the_reader_could_find(self, shop: SearchEngine) -> None:
        """A word of another language, or one that no product has any more, is no correction."""
        assert shop.search(SearchQuery(text="baumwole")).total == 0
        assert shop.search(SearchQuery(text="baumwole", locale="de")).corrected == "baumwolle"
        shop.remove(["tee"])
        assert shop.search(SearchQuery(text="baumwole", locale="de")).total == 0

    def test_corrects_to_whole_words_only(self, engine: SearchEngine) -> None:
        """That a word begins another makes it no correction, if no product that the reader sees has it itself."""
        engine.index([SearchDocument(id="a", texts={"en": SearchText(name="shirt")})])
        engine.index([SearchDocument(id="a", texts={"en": SearchText(name="shirts"), "de": SearchText(name="shirt")})])
        assert engine.search(SearchQuery(text="shiert", locale="en")).corrected is None
        assert engine.search(SearchQuery(text="shiert", locale="de")).corrected == "shirt"

    def test_prefers_the_nearest_then_the_most_frequent(self, engine: SearchEngine) -> None:
        """One edit beats two; of equals the word that more products have, then the alphabet."""
        names = ["stones", "stoned", "stoned", "stonebag"]
        engine.index(SearchDocument(id=f"d{n}", texts={"en": SearchText(name=name)}) for n, name in enumerate(names))
        assert engine.search(SearchQuery(text="stonex")).corrected == "stoned"
        engine.remove(["d1"])
        assert engine.search(SearchQuery(text="stonex")).corrected == "stoned"
        engine.remove(["d2"])
        assert engine.search(SearchQuery(text="stonex")).corrected == "stones"

    def test_an_update_is_visible(self, shop: SearchEngine) -> None:
        """A document put again replaces all of the old one: words, languages, facets, prices."""
        tee = _shop()[0]
        shop.index([evolve(tee, texts={"en": SearchText(name="Blouse")}, attributes={}, prices={}, available=False)])
        assert _ids(shop.search(SearchQuery(text="organic"))) == set()
        assert _ids(shop.search(SearchQuery(text="blouse", locale="de"))) == {"tee"}
        assert _ids(shop.search(SearchQuery(filters={"colour": {"red"}}))) == {"polo"}
        assert _ids(shop.search(SearchQuery(text="blouse", available=False))) == {"tee"}
        assert _ids(shop.search(SearchQuery(max_price=_eur("30")))) == {"mug"}
        assert shop.search(SearchQuery()).total == 6

    def test_of_one_id_twice_the_last_counts(self, engine: SearchEngine) -> None:
        """Within one call, too."""
        names = ("First", "Second")
        engine.index(SearchDocument(id="same", texts={"en": SearchText(name=name)}) for name in names)
        assert engine.search(SearchQuery(text="first")).total == 0
        assert engine.search(SearchQuery(text="second")).total == 1

    def test_a_removal_is_visible(self, shop: SearchEngine) -> None:
        """What was removed is in no hits and in no counts; unknown ids are passed over."""
        shop.remove(["tee", "nothing", "x\x00y"])
        result = shop.search(SearchQuery(facets=("colour",)))
        assert _ids(result) == {"polo", "jeans", "mug", "board", "kimono"}
        assert result.facets["colour"] == _counts(blue=1, red=1, white=1)
        shop.clear()
        assert shop.search(SearchQuery()).total == 0
        shop.index(_shop())
        assert shop.search(SearchQuery(text="shirt")).total == 3

    @pytest.mark.parametrize("text", _ODD, ids=range(len(_ODD)))
    def test_no_text_is_an_error(self, shop: SearchEngine, text: str) -> None:
        """Operators, quotes, wildcards, half characters and whole books are words or nothing."""
        result = shop.search(SearchQuery(text=text, facets=("colour",)))
        assert len(result.hits) == result.total <= 6

    def test_odd_signs_are_no_words(self, shop: SearchEngine) -> None:
        """A text of signs only finds nothing; beside words the signs do not count."""
        for text in ('"', "%", "*", "👕", "(((", "-"):
            assert shop.search(SearchQuery(text=text)).total == 0
        for text in ("👕 shirt", '"shirt', "shirt*", "shirt:*", "'shirt'"):
            assert _ids(shop.search(SearchQuery(text=text))) == {"tee", "polo", "jeans"}

    def test_odd_documents_are_kept(self, engine: SearchEngine) -> None:
        """Empty names, markup, quotes, long words and long texts are indexed as far as they go."""
        long = "word " * 40_000 + "end"
        engine.index(
            [
                SearchDocument(id="empty", texts={"en": SearchText(name="")}),
                SearchDocument(id="quote'\"%", texts={"en": SearchText(name='O\'Neill "quoted" \\ back')}),
                SearchDocument(
                    id="odd",
                    texts={
                        "en": SearchText(name="A\x00B \ud800", description="<script>x</script> a < b &amp; c" + long)
                    },
                    attributes={"si'ze\x00": {"it's", "\ud800"}},
                    vendor="\x00",
                ),
                SearchDocument(id="long", texts={"en": SearchText(name="y" * 5_000)}),
            ]
        )
        assert engine.search(SearchQuery()).total == 4
        assert _ids(engine.search(SearchQuery(text="o'neill"))) == {"quote'\"%"}
        assert _ids(engine.search(SearchQuery(text="end word"))) == {"odd"}
        assert _ids(engine.search(SearchQuery(text="y" * 5_000))) == {"long"}
        assert _ids(engine.search(SearchQuery(filters={"si'ze": {"it's"}}))) == {"odd"}
        engine.remove(["quote'\"%"])
        assert engine.search(SearchQuery()).total == 3

    def test_long_facets_are_cut_in_documents_and_filters(self, engine: SearchEngine) -> None:
        """A value too long for an index is still found by itself."""
        long = "ä" * 5_000
        engine.index([SearchDocument(id="a", texts={"en": SearchText(name="A")}, attributes={long: {long}})])
        assert _ids(engine.search(SearchQuery(filters={long: {long}}))) == {"a"}
        assert engine.search(SearchQuery(filters={long: {long}}, facets=(long[:255],))).facets == {
            long[:255]: _counts(**{long[:255]: 1})
        }

    def test_many_write_and_read_at_once(self, engine: SearchEngine) -> None:
        """Writers of the same documents end with each once; readers see a state before or after a write."""

        def write(n: int) -> None:
            engine.index(evolve(document, vendor=f"v{n}") for document in _shop())

        def read(_: int) -> int:
            return engine.search(SearchQuery(facets=("vendor",))).total

        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(write, n) for n in range(6)]
            totals = set(pool.map(read, range(6)))
            for done in writing:
                done.result()
        assert totals <= {0, 6}
        result = engine.search(SearchQuery(text="shirt", facets=("vendor",)))
        assert _ids(result) == {"tee", "polo", "jeans"}
        assert [one.count for one in result.facets["vendor"]] == [3]

    def test_is_rebuilt(self, shop: SearchEngine) -> None:
        """After a rebuild the index holds exactly what was given."""
        service = SearchService(shop)
        assert service.rebuild(iter(_shop()[:2])) == 2
        assert _ids(service.search(SearchQuery())) == {"tee", "polo"}
        assert service.put(_shop()[1:]) == 5
        service.remove(["polo"])
        assert service.search(SearchQuery()).total == 5


def _ids(result: SearchResult) -> set[str]:
    return {hit.id for hit in result.hits}


def _counts(**counts: int) -> Sequence[FacetCount]:
    return tuple(FacetCount(value=value, count=count) for value, count in counts.items())
