"""The guides about storages and hosts say what is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
HOSTS = [ROOT / "examples" / "django_host", ROOT / "examples" / "fastapi_host"]

BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_storage_of_the_guide_passes_the_suites(tmp_path: Path) -> None:
    """Its blocks, one after the other, are a test module."""
    page = (GUIDES / "write-storage.md").read_text(encoding="utf-8")
    code = "\n".join(block for language, _, block in BLOCK.findall(page) if language == "python")
    (tmp_path / "test_tiny.py").write_text(code, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_tiny.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 10


@pytest.mark.parametrize("guide", ["write-storage.md", "hosts.md"])
def test_what_is_quoted_is_there(guide: str) -> None:
    """A block with a file's name as its title is part of that file."""
    quoted = [(name, block) for _, name, block in BLOCK.findall((GUIDES / guide).read_text(encoding="utf-8")) if name]
    assert quoted
    for name, block in quoted:
        files = [(host / name).read_text(encoding="utf-8") for host in HOSTS if (host / name).exists()]
        assert any(block in file for file in files), f"{name} no longer has\n{block}"
