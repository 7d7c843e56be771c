"""A second opinion on an answer: plain fractions, nothing of the library but the text of document and answer."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves away from zero, for values of zero and more."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def sums(parts: list[Mapping[str, Any]], name: str) -> Fraction:
    return sum((Fraction(part[name]) for part in parts), Fraction(0))


def check_sums(answer: Mapping[str, Any]) -> None:
    """What belongs together adds up, on every unit, line, charge, rate group and in the totals."""
    totals, lines, charges = answer["totals"], answer["lines"], answer["charges"]
    parts = [*lines, *charges]
    for part in (*parts, *(unit for line in lines for unit in line["units"] or [])):
        assert Fraction(part["net"]) + Fraction(part["tax"]) == Fraction(part["gross"])
        assert Fraction(part["gross"]) >= 0
        assert Fraction(part["net"]) >= 0
    for part in parts:
        assert Fraction(part["subtotal"]) - Fraction(part["discount"]) == Fraction(part["total"])
        assert sums(part["shares"], "amount") == -Fraction(part["discount"])
        assert sums(part["taxes"], "amount") == Fraction(part["tax"])
        assert part["total"] == part["gross" if answer["tax_included"] else "net"]
    for line in lines:
        for name in ("subtotal", "discount", "net", "tax", "gross"):
            spread = sum((Fraction(unit[name]) * unit["units"] for unit in line["units"] or []), Fraction(0))
            assert line["units"] is None or spread == Fraction(line[name])
    assert sums(lines, "subtotal") == Fraction(totals["subtotal"])
    assert sums(charges, "subtotal") == Fraction(totals["shipping"])
    assert sums(parts, "discount") == sums(answer["discounts"], "amount") == Fraction(totals["discount"])
    assert sums(parts, "net") == Fraction(totals["net"])
    assert sums(parts, "tax") == sums(answer["taxes"], "amount") == Fraction(totals["tax"])
    assert Fraction(totals["net"]) + Fraction(totals["tax"]) == Fraction(totals["total"])
    assert sums(answer["tenders"], "used") == Fraction(totals["tendered"])
    left = Fraction(totals["total"]) - Fraction(totals["tendered"])
    assert left + Fraction(totals["rounding"]) == Fraction(totals["due"])
    for one in answer["promotions"]:
        taken = sum(Fraction(s["amount"]) for p in parts for s in p["shares"] if s["promotion"] == one["promotion"])
        assert -taken == Fraction(one["amount"]) or one["reason"] != "applied"


def check_simple_taxes(answer: Mapping[str, Any], decimals: int) -> int:
    """Tax of each line or charge with one rate, halves up per line, the net rounded. How many were checked."""
    scale, checked = 10**decimals, 0
    for part in (*answer["lines"], *answer["charges"]):
        if len(part["taxes"]) != 1:
            continue
        rate, total = Fraction(part["taxes"][0]["rate"]), Fraction(part["total"]) * scale
        net = half_up(total / (1 + rate)) if answer["tax_included"] else total
        tax = total - net if answer["tax_included"] else half_up(total * rate)
        assert Fraction(part["tax"]) * scale == tax
        checked += 1
    return checked
