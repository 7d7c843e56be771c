"""Languages of readers: one spelling of each tag, and what is read where the reader's own is missing."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from commerce.kernel.cards import refuse_card_numbers
from commerce.kernel.errors import InvalidValue

__all__ = ["LONGEST_LOCALE", "best_locale", "by_locale", "fallbacks", "locale_tag", "localized"]

T = TypeVar("T")

#: The room that a language tag needs at most (RFC 5646, section 4.4.1).
LONGEST_LOCALE = 35

_TAG = re.compile(r"([a-z]{2,8})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-[a-z0-9]{1,8})*)")


def locale_tag(locale: str) -> str:
    """A locale in the spelling of BCP 47. Raises `InvalidValue`.

    >>> locale_tag("de_at"), locale_tag("zh-hant-tw")
    ('de-AT', 'zh-Hant-TW')
    """
    return _spelled(locale)


@lru_cache(maxsize=256)  # a quote asks for the same two tags at every line
def _spelled(locale: str) -> str:
    match = _TAG.fullmatch(locale.strip().replace("_", "-").lower())
    if match is None or len(match.group()) > LONGEST_LOCALE:
        raise InvalidValue(
            field="locale",
            reason=f"pass a language tag such as en, de-AT or zh-Hant-TW, of at most {LONGEST_LOCALE} characters",
        )
    language, script, region, rest = match.groups()
    tag = "-".join(filter(None, (language, (script or "").title(), (region or "").upper()))) + rest
    return refuse_card_numbers(tag, "locale")


def fallbacks(tag: str) -> Iterator[str]:
    """The tag and those that may stand in for it, nearest first: a lookup by RFC 4647, section 3.4.

    >>> list(fallbacks("de-AT-u-co-phonebk"))
    ['de-AT-u-co-phonebk', 'de-AT-u-co', 'de-AT', 'de']
    """
    parts = [part for part in tag.split("-") if part]
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:  # it says what the parts after it are, so it goes with them
            parts.pop()


def best_locale(there: Collection[str], locale: str, default: str) -> str:
    """The tag that serves a reader: own, fallback, default, or the first there is. All are spelled alike."""
    return next((tag for tag in (*fallbacks(locale), *fallbacks(default)) if tag in there), min(there))


def localized(texts: Mapping[str, T], locale: str, default: str = "en") -> T:
    """The text for a reader, by `best_locale`.

    >>> localized({"de": "Hemd", "en": "Shirt"}, "de-AT"), localized({"de": "Hemd", "en": "Shirt"}, "fr")
    ('Hemd', 'Shirt')
    """
    return texts[best_locale(texts, locale_tag(locale), locale_tag(default))]


def by_locale(texts: Mapping[str, T]) -> dict[str, T]:
    """Texts under well-spelled locales, in one order."""
    return {locale_tag(locale): text for locale, text in sorted(texts.items())}
