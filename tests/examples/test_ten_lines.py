"""The ten-line script does what it says."""

import ast
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "ten_lines.py"


def test_it_sells_ships_and_refunds(tmp_path: Path) -> None:
    """With the explanation of the price, and nothing left behind."""
    done = subprocess.run([sys.executable, SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *explanation, last = done.stdout.splitlines()
    assert "2 x TEE-M-NAV" in explanation[0]
    assert any("WELCOME10: applied" in line for line in explanation)
    assert any(line.startswith("VAT DE 19 %") for line in explanation)
    paid = re.fullmatch(r"order [\w-]+: (\d+\.\d\d) EUR paid, (\d+\.\d\d) EUR of it given back", last)
    assert paid is not None
    # 2 x 24.90 less 10 % with 4.90 shipping; one of the two units comes back
    assert paid.groups() == ("49.72", "22.41")
    assert list(tmp_path.iterdir()) == []


def test_it_is_short() -> None:
    """About ten statements that do something."""
    body = ast.parse(SCRIPT.read_text(encoding="utf-8")).body
    assert sum(not isinstance(one, ast.Import | ast.ImportFrom) for one in body) <= 16
