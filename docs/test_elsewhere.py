"""Examples outside this folder: those of the README, and of the docstrings of the package."""
# ruff: noqa: D103, S101 - tests assert, and read as sentences

import doctest
from importlib import import_module
from pathlib import Path

import pytest
from sybil import Document

SOURCE = Path(__file__).parent.parent / "src"

MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_every_example_of_the_readme_runs(readme: Document) -> None:
    examples = list(readme.examples())
    assert examples
    for example in examples:
        example.evaluate()


@pytest.mark.parametrize("module", MODULES)
def test_every_example_of_a_docstring_says_what_happens(module: str) -> None:
    result = doctest.testmod(import_module(module))
    assert result.attempted
    assert not result.failed
