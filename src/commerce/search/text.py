"""From text to words: the same on every engine, so that engines agree on what is found."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["MOST_WORDS", "allowed_edits", "corrected", "distance", "fold", "plain_text", "words"]

#: A query is cut off after this many different words.
MOST_WORDS = 32

#: Words are cut off here: PostgreSQL keeps lexemes of up to 2 KB.
_LONGEST_WORD = 64

#: How many near words are looked up before the choice is made, gone ones included: a lookup is a statement on SQL.
_MOST_NEAR = 20

#: Scripts that write without spaces (Thai, Lao, Burmese, Khmer, Chinese, Japanese): each letter counts as a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
#: Scripts of India, whose vowel signs are parts of words though Python counts them as marks.
_SIGNED = "\u0900-\u0963\u0966-\u096f\u0971-\u0dff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:[^\W_{_UNSPACED}]|[{_SIGNED}])+")
#: What is dropped: what no database keeps, and marks that people leave out when they type (Latin, Greek and
#: Cyrillic accents, Hebrew and Arabic points).
_ACCENT = re.compile("[\x00\ud800-\udfff\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670]")
_MARKUP = re.compile(r"<[^<>]*>")


def fold(text: str) -> str:
    """Without case and accents: ``Crème BRÛLÉE`` becomes ``creme brulee``, ``Straße`` ``strasse``."""
    open_ = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", open_)).casefold()


def words(text: str) -> list[str]:
    """The words of a text in their order, folded; what is not a letter or digit separates.

    >>> words("T-Shirt «Crème», 100% cotton")
    ['t', 'shirt', 'creme', '100', 'cotton']
    """
    return [match[:_LONGEST_WORD] for match in _WORD.findall(fold(text))]


def plain_text(markup: str) -> str:
    """A description without its HTML tags."""
    return html.unescape(_MARKUP.sub(" ", markup))


def allowed_edits(word: str) -> int:
    """How many typos a word may have: none up to 3 letters, one up to 7, then two."""
    return (len(word) >= 4) + (len(word) >= 8)  # noqa: PLR2004 - the two limits are the rule


def distance(a: str, b: str, limit: int) -> int:
    """How many letters to insert, drop, replace or swap with a neighbour; more than ``limit`` is ``limit + 1``."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    here = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, here = here, before, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, here[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            here.append(cost)
        if min(here) > limit:
            return limit + 1
    return min(here[-1], limit + 1)


def corrected(
    terms: Sequence[str],
    begun: Callable[[str], int],
    written: Callable[[str], int],
    known: Callable[[int, int], Iterable[str]],
) -> list[str] | None:
    """The terms with every one that begins no word replaced by the nearest that does; nothing if one has none.

    ``begun`` says in how many texts a word begins with these letters, ``written`` in how many
    this word stands; ``known`` names the words that are so many letters long, and may name
    some that no text has any more. Of words equally near the one in most texts wins, then the
    first in the alphabet.
    """
    better = [term if begun(term) else _nearest(term, written, known) for term in terms]
    return None if None in better or better == list(terms) else [term for term in better if term]


def _nearest(term: str, written: Callable[[str], int], known: Callable[[int, int], Iterable[str]]) -> str | None:
    for group in _near(term, known):
        counted = [(-count, word) for word in group if (count := written(word))]
        if counted:
            return min(counted)[1]
    return None


def _near(term: str, known: Callable[[int, int], Iterable[str]]) -> Iterator[list[str]]:
    """Words within the allowed edits, those with one edit first."""
    limit = allowed_edits(term)
    groups: list[list[str]] = [[] for _ in range(limit)]
    if limit:
        letters = set(term)
        for word in known(len(term) - limit, len(term) + limit):
            if len(letters.symmetric_difference(word)) <= 2 * limit and (edits := distance(term, word, limit)) <= limit:
                groups[edits - 1].append(word)
    return (sorted(group)[:_MOST_NEAR] for group in groups)
