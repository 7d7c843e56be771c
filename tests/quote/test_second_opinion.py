"""Every golden answer once more, by plain fractions."""

import pytest
from tests.quote.golden import load, names
from tests.quote.reference import check_simple_taxes, check_sums

from commerce.adapters.quote_document import quote

_DECIMALS = {"JPY": 0, "KWD": 3}


@pytest.mark.parametrize("name", names(bad=False))
def test_everything_adds_up(name: str) -> None:
    check_sums(quote(load(name)["document"]).model_dump(mode="json"))


def test_taxes_per_line_are_those_of_plain_fractions() -> None:
    checked = 0
    for name in names(bad=False):
        document = load(name)["document"]
        rounding = document["shop"]["rounding"]
        plain = (rounding["tax_rounding"], rounding["tax_level"], rounding["tax_target"]) == ("half_up", "line", "net")
        if plain:
            answer = quote(document).model_dump(mode="json")
            checked += check_simple_taxes(answer, _DECIMALS.get(answer["currency"], 2))
    assert checked > 80
