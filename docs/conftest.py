"""Documentation cannot lie: every Python block of every page is run, one namespace and one empty folder per page.

A block titled "It prints" is compared with what the Python block before it printed; ``...`` stands for anything.
"""

import doctest
import os
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, SkipParser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_python = PythonEvaluator()


def run(example: Example) -> None:
    """Run a block and keep what it prints."""
    with redirect_stdout(StringIO()) as printed:
        _python(example)
    example.namespace["_printed"] = printed.getvalue()


def compare(example: Example) -> str | None:
    """What is wrong with the output that the page shows, or nothing."""
    wanted = str(example.parsed)
    printed = example.namespace.pop("_printed", "").replace("\N{NO-BREAK SPACE}", " ")
    if doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS):
        return None
    return f"the page says\n\n{wanted}\nit printed\n\n{printed}"


def enter(namespace: dict[str, Any]) -> None:
    """Go to an empty folder."""
    namespace["_home"], namespace["_folder"] = Path.cwd(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.chdir(namespace["_folder"].name)


def leave(namespace: dict[str, Any]) -> None:
    """Come back, and leave nothing behind."""
    os.chdir(namespace["_home"])
    namespace["_folder"].cleanup()


pages = Sybil(
    parsers=[
        CodeBlockParser("python", run),
        CodeBlockParser('text title="It prints"', compare),
        SkipParser(),
    ],
    pattern="*.md",
    setup=enter,
    teardown=leave,
)

pytest_collect_file = pages.pytest()


class WholePages(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Spreads tests over processes one by one, and pages whole: each block goes on where the one before ended."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, _ = nodeid.partition("::")
        return path if path.endswith(".md") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholePages:
    """Keep the blocks of a page in one process."""
    return WholePages(config, log)


@pytest.fixture
def readme() -> Iterator[Document]:
    """The README, which stands outside this folder, read as its pages are."""
    document = pages.parse(Path(__file__).parent.parent / "README.md")
    enter(document.namespace)
    yield document
    leave(document.namespace)
