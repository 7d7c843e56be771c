"""Words, typos, and what a query may say."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.kernel import CurrencyMismatch, InvalidValue, Money
from commerce.search import (
    FacetCount,
    SearchDocument,
    SearchQuery,
    SearchText,
    Sort,
    allowed_edits,
    counted,
    distance,
    fold,
    words,
)

EUR = Money("1", "EUR")
TEXT = {"en": SearchText(name="Mug")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("T-Shirt «Crème», 100% cotton", ["t", "shirt", "creme", "100", "cotton"]),
        ("Straße ÅNGSTRÖM ﬁne", ["strasse", "angstrom", "fine"]),
        ("İstanbul ΣΊΣΥΦΟΣ Ёлка", ["istanbul", "σισυφοσ", "елка"]),
        ("日本語 カメラ", ["日", "本", "語", "カ", "メ", "ラ"]),
        ("हिन्दी। 한국어", ["हिन्दी", "한국어"]),
        ("שָׁלוֹם مَرْحَبًا", ["שלום", "مرحبا"]),
        ("snake_case 3.5mm", ["snake", "case", "3", "5mm"]),
        ("👕 ' \" % * \x00", []),
        ("", []),
        ("x" * 100, ["x" * 64]),
    ],
)
def test_text_becomes_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(fold(text)) == words(text)
    assert words(" ".join(words(text))) == words(text)


@given(st.text(), st.text())
def test_texts_beside_each_other_are_their_words(one: str, two: str) -> None:
    assert words(f"{one} {two}") == words(one) + words(two)


_word = st.text("abc", max_size=7)


def _naive(a: str, b: str) -> int:
    """Optimal string alignment by its definition."""
    if not a or not b:
        return len(a) + len(b)
    best = min(_naive(a[:-1], b) + 1, _naive(a, b[:-1]) + 1, _naive(a[:-1], b[:-1]) + (a[-1] != b[-1]))
    if len(a) > 1 and len(b) > 1 and a[-2:] == b[-2:][::-1]:
        best = min(best, _naive(a[:-2], b[:-2]) + 1)
    return best


@settings(max_examples=100)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(0, 3))
def test_distance_is_that_of_the_definition(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit) == min(_naive(a, b), limit + 1)


@given(_word, _word)
def test_distance_is_symmetric_and_zero_only_at_home(a: str, b: str) -> None:
    assert distance(a, b, 9) == distance(b, a, 9)
    assert (distance(a, b, 9) == 0) == (a == b)


@given(_word, st.data())
def test_one_slip_of_the_finger_is_one_edit(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word)))
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    for typed in (word[:at] + "z" + word[at:], word[:at] + word[at + 1 :], word[:at] + "z" + word[at + 1 :], swapped):
        assert distance(word, typed, 3) <= 1


def test_longer_words_may_have_more_typos() -> None:
    assert [allowed_edits("x" * n) for n in (1, 3, 4, 7, 8, 20)] == [0, 0, 1, 1, 2, 2]


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 5)))
def test_facet_values_come_most_frequent_first(counts: dict[str, int]) -> None:
    ranked = counted(counts)
    assert {one.value: one.count for one in ranked} == counts
    assert all((-a.count, a.value) < (-b.count, b.value) for a, b in pairwise(ranked))
    assert all(isinstance(one, FacetCount) for one in ranked)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: SearchQuery(limit=0), InvalidValue),
        (lambda: SearchQuery(limit=1001), InvalidValue),
        (lambda: SearchQuery(offset=-1), InvalidValue),
        (lambda: SearchQuery(sort=Sort.PRICE_UP), InvalidValue),
        (lambda: SearchQuery(currency="XXY"), InvalidValue),
        (lambda: SearchQuery(min_price=EUR, max_price=Money("1", "USD")), CurrencyMismatch),
        (lambda: SearchQuery(min_price=EUR, currency="USD"), CurrencyMismatch),
        (lambda: SearchDocument(id="", texts=TEXT), InvalidValue),
        (lambda: SearchDocument(id="x" * 129, texts=TEXT), InvalidValue),
        (lambda: SearchDocument(id="a\x00", texts=TEXT), InvalidValue),
        (lambda: SearchDocument(id="a", texts={}), InvalidValue),
        (lambda: SearchDocument(id="a", texts={"not a locale": TEXT["en"]}), InvalidValue),
        (lambda: SearchDocument(id="a", texts=TEXT, prices={"USD": EUR}), CurrencyMismatch),
        (lambda: SearchDocument(id="a", texts=TEXT, listed_at=datetime(2026, 1, 1)), InvalidValue),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_an_attribute_called_vendor_adds_to_the_vendors() -> None:
    document = SearchDocument(id="a", texts=TEXT, vendor="Acme", attributes={"vendor": {"Other"}, "size": {"S"}})
    assert document.facets == {"vendor": {"Acme", "Other"}, "size": {"S"}}
    assert SearchDocument(id="a", texts=TEXT).facets == {}
