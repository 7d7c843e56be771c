"""From JSON to the form, with every wrong place named and what to do about it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from commerce.adapters.quote_document.errors import DocumentProblem, InvalidDocument
from commerce.adapters.quote_document.forms import QuoteForm

__all__ = ["invalid", "joined", "read"]

#: How deep lists and objects may be inside each other: conditions in conditions.
_DEEPEST = 40


def invalid(path: str, reason: str) -> InvalidDocument:
    """One problem as an error."""
    return InvalidDocument(problems=(DocumentProblem(path, reason),))


def read(document: Mapping[str, Any] | str | bytes) -> QuoteForm:
    """The form of a document. Raises `InvalidDocument`."""
    text = _decoded(document) if isinstance(document, str | bytes) else _text(document)
    raw = _parsed(text)
    if not isinstance(raw, dict):
        raise invalid("", "a document is one JSON object: begin with {")
    try:
        return QuoteForm.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InvalidDocument(problems=tuple(dict.fromkeys(map(_problem, found)))) from None


def _text(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid("", f"only what JSON knows can be quoted ({error}): write amounts and moments as text") from None


def _decoded(document: str | bytes) -> str:
    """Without the mark that some editors begin a file with (RFC 8259, section 8.1)."""
    try:
        text = document if isinstance(document, str) else document.decode()
    except UnicodeDecodeError as error:
        raise invalid("", f"not UTF-8 text at byte {error.start}: save the file as UTF-8") from None
    return text.removeprefix("\ufeff")


def _parsed(text: str) -> Any:
    try:
        raw = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise invalid("", f"not JSON, line {error.lineno} column {error.colno}: {error.msg}") from None
    except ValueError as error:
        raise invalid("", f"a number that nobody can read ({error}): write amounts as text") from None
    except RecursionError:
        raise invalid("", f"nested too deeply: {_DEEPEST} levels are allowed") from None
    for depth in _depths(raw):
        if depth > _DEEPEST:
            raise invalid("", f"nested too deeply: {_DEEPEST} levels are allowed")
    return raw


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields are given once: of two, nobody knows which one was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name in counts if counts[name] > 1)
        raise invalid(twice, "given twice in one object: leave one out")
    return found


def _no_number(name: str) -> Any:
    raise invalid("", f"{name} is no number: leave it out, or write a number")


def _depths(raw: Any) -> Iterator[int]:
    level, depth = [raw], 0
    while level:
        yield depth
        inside = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level, depth = [one for parts in inside for one in parts], depth + 1


def joined(path: str, name: str) -> str:
    """The path of a field of something."""
    return f"{path}.{name}" if path and name else path or name


def _problem(error: ErrorDetails) -> DocumentProblem:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return DocumentProblem(path.lstrip("."), _reason(error))


def _reason(error: ErrorDetails) -> str:
    """Pydantic's finding, with what to do; the most common in own words."""
    own = _OWN_WORDS.get(error["type"])
    return own(error) if own is not None else error["msg"].replace("Input should be", "must be")


def _no_such_field(error: ErrorDetails) -> str:
    known = _fields_beside(error["loc"])
    return f"no such field here: use {', '.join(known)}" if known else "no such field here: leave it out"


def _too_many(error: ErrorDetails) -> str:
    context = error["ctx"]
    return f"{context['actual_length']} are too many: at most {context['max_length']} are quoted, split them"


_OWN_WORDS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "extra_forbidden": _no_such_field,
    "missing": lambda _: "required: give it",
    "string_pattern_mismatch": lambda error: (
        f"{error['input']!r} does not fit {error['ctx']['pattern']}: see the schema"
    ),
    "string_type": lambda _: "write it as text in quotes",
    "timezone_aware": lambda _: "say its offset, such as 2026-03-01T12:00:00+01:00 or …Z",
    "too_long": _too_many,
}


def _fields_beside(loc: Sequence[int | str]) -> list[str]:
    """The fields that are known where an unknown one was found."""
    form: Any = QuoteForm
    for part in loc[:-1]:
        if isinstance(part, str):
            form = _form_in(form.model_fields[part].annotation)
    return list(form.model_fields) if isinstance(form, type) and issubclass(form, BaseModel) else []


def _form_in(hint: Any) -> Any:
    """The form inside a hint such as ``list[Form]`` or ``Form | None``."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    return next((found for one in getattr(hint, "__args__", ()) if (found := _form_in(one)) is not None), None)
