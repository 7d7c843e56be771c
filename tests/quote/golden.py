"""The golden documents: each file has a document, why the numbers are what they are, and what must come out."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "fixtures"


def names(*, bad: bool) -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.json") if path.stem.startswith("bad-") is bad)


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where an answer is not what was expected; fields that are not named may be anything."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            line for name, value in expected.items() for line in differences(value, actual.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [line for n, (one, other) in pairs for line in differences(one, other, f"{path}[{n}]")]
    return [] if expected == actual else [f"{path}: expected {expected}, got {actual}"]
