"""Sourcing by HiGHS: what is its own. That its plans are right is proved beside those of the search."""

import subprocess
import sys

import pytest

from commerce.adapters.highs import Highs, SolverMissing, solve
from commerce.inventory import SourcingPlace, SourcingTask, search_parcels
from commerce.kernel import InvalidValue


def hard(places: int = 30, skus: int = 15) -> SourcingTask:
    """An order that nobody proves in a moment: every place has another third of it, at about the same cost."""
    return SourcingTask(
        places=tuple(
            SourcingPlace(
                id=f"p{n:02}",
                fixed=300 + n * 37 % 101,
                parcel=200 + n * 53 % 97,
                handling=n * 7 % 23,
                fits=5,
                gives={f"s{k}": 1 + (n + k) % 4 for k in range(skus) if (n * n + k * 5) % 7 < 3},
                most=20,
            )
            for n in range(places)
        ),
        wanted={f"s{k}": 4 + k % 3 for k in range(skus)},
        split=50,
        most_places=places,
        effort=0,
    )


def test_out_of_time_the_gap_is_told() -> None:
    """The plan is never dearer than that of the search, the bound never lower."""
    task = hard()
    quick, plan = search_parcels(task), Highs(seconds=0.05)(task)
    assert quick.bound <= plan.bound < plan.cost <= quick.cost
    assert plan.parcels


def test_out_of_time_without_a_plan_the_search_has_one() -> None:
    task = hard()
    assert Highs(seconds=1e-6)(task).parcels == search_parcels(task).parcels


def test_what_cannot_be_met_has_no_parcels() -> None:
    place = SourcingPlace(id="a", fixed=1, parcel=1, handling=1, fits=1, gives={"A": 1}, most=1)
    other = SourcingPlace(id="b", fixed=1, parcel=1, handling=1, fits=1, gives={"A": 1}, most=1)
    task = SourcingTask(places=(place, other), wanted={"A": 2}, split=0, most_places=1, effort=9)
    assert not solve(task, 9).parcels
    assert not Highs()(task).parcels


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_time_is_positive_and_ends(seconds: float) -> None:
    with pytest.raises(InvalidValue, match="seconds"):
        Highs(seconds=seconds)


def test_without_scipy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the shop is wired, not when the first order is split."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(SolverMissing, match=r"needs scipy: pip install 'commerce-sdk\[solver\]'"):
        Highs()


def test_scipy_is_loaded_by_the_first_order_only() -> None:
    code = "import sys; from commerce.adapters.highs import Highs; Highs(); sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
