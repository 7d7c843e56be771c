"""What the documentation generates from the code when it is built, so that it cannot drift.

A page says ``<!-- generated: errors -->`` where the table belongs. MkDocs calls the ``on_…`` functions.
"""

import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import commerce
from commerce import kernel
from commerce.kernel import CommerceError, StateTable

#: These act when they are imported (the command line, what Alembic runs) or need a test runner.
_LEFT_OUT = ("commerce.__main__", "commerce.adapters.sql.migrations.", "commerce.testing")

_FAMILIES = (
    kernel.Invalid,
    kernel.NotFound,
    kernel.Conflict,
    kernel.Denied,
    kernel.Refused,
    kernel.ProviderUnavailable,
    kernel.OutcomeUnknown,
    kernel.ProviderError,
    kernel.Misconfigured,
)

#: How a hook is shown, though module pages show no heading for themselves.
_SHOWN = """
    options:
      heading_level: 3
      show_root_heading: true
      show_root_full_path: false
"""

#: A drawing with more arrows than this is a ball of wool; its table still reads well.
_MOST_ARROWS = 25


def on_files(files: Any, *, config: Any) -> Any:
    """Publish the JSON schemas as files beside the pages, so that editors and other programs can fetch them."""
    from mkdocs.structure.files import File

    for name, schema in _schemas().items():
        content = json.dumps(schema, indent=2, sort_keys=True)
        files.append(File.generated(config, f"schemas/{name}.json", content=content))
    return files


def _schemas() -> dict[str, dict[str, Any]]:
    from commerce.adapters.promotion_json import PromotionJson
    from commerce.adapters.quote_document import answer_schema, schema

    return {"promotion": PromotionJson().schema(), "quote": schema(), "quote-answer": answer_schema()}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put in what is generated."""
    return re.sub(r"<!-- generated: (\w+) -->", lambda found: _GENERATORS[found[1]](), markdown)


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(commerce.__path__, "commerce."):
        if not found.name.startswith(_LEFT_OUT):
            yield import_module(found.name)


def _front_door(name: str) -> str:
    """``commerce.cart`` for ``commerce.cart.errors``: where outsiders import from, if it is offered there."""
    return ".".join(name.split(".")[:2])


def _errors() -> str:
    found: dict[str, type[CommerceError]] = {}
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, CommerceError) and value.message:
                found[f"{value.__module__}.{value.__name__}"] = value
    parts = []
    for family in _FAMILIES:
        rows = [error for error in found.values() if _family(error) is family]
        if rows:
            parts += [f"### {family.__name__}", "", _first_line(family), ""]
            parts += ["| error | when | it says | retry |", "| --- | --- | --- | --- |"]
            parts += [_error_row(error) for error in sorted(rows, key=lambda e: (e.__module__, e.__name__))]
            parts.append("")
    return "\n".join(parts)


def _family(error: type[CommerceError]) -> type[CommerceError]:
    return next(base for base in error.__mro__ if base in _FAMILIES)


def _error_row(error: type[CommerceError]) -> str:
    home = _front_door(error.__module__)
    public = home if getattr(import_module(home), error.__name__, None) is error else error.__module__
    name = f'<autoref optional identifier="{public}.{error.__name__}"><code>{error.__name__}</code></autoref>'
    cells = (f"{name}<br>`{public}`", _first_line(error), f"`{error.message}`", "yes" if error.retryable else "")
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _states() -> str:
    found: dict[str, tuple[str, StateTable[Any]]] = {}
    for module in _modules():
        for name, value in vars(module).items():
            if isinstance(value, StateTable):
                found.setdefault(value.entity, (f"{_front_door(module.__name__)}.{name}", value))
    return "\n".join(_table(where, table) for _, (where, table) in sorted(found.items()))


def _table(where: str, table: StateTable[Any]) -> str:
    rows = [f"## {table.entity.capitalize()}", "", f"`{where}`", ""]
    if sum(map(len, table.moves.values())) <= _MOST_ARROWS:
        rows += ["```mermaid", table.mermaid(), "```", ""]
    rows += ["| from | may become |", "| --- | --- |"]
    for state, following in table.moves.items():
        rows.append(f"| `{state}` | {', '.join(f'`{to}`' for to in following) or 'nothing: it is final'} |")
    return "\n".join([*rows, ""])


def _hooks() -> str:
    """One section per module that has hooks; mkdocstrings reads their docstrings."""
    rows = []
    for module in _modules():
        names = [name for name, value in vars(module).items() if hasattr(value, "commerce_spec")]
        if names:
            rows += [f"## {module.__name__.split('.')[1]}", ""]
            rows += [f"::: {module.__name__}.{name}{_SHOWN}" for name in names]
    return "\n".join(rows)


_GENERATORS: dict[str, Callable[[], str]] = {"errors": _errors, "states": _states, "hooks": _hooks}
