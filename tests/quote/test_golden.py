"""Golden documents: derived by hand, see ``why`` in each file under ``fixtures``."""

import pytest
from tests.quote.golden import differences, load, names

from commerce.adapters.quote_document import InvalidDocument, quote


@pytest.mark.parametrize("name", names(bad=False))
def test_a_document_costs_what_was_worked_out_by_hand(name: str) -> None:
    golden = load(name)
    assert not differences(golden["expected"], quote(golden["document"]).model_dump(mode="json"))


@pytest.mark.parametrize("name", names(bad=True))
def test_a_bad_document_is_refused_with_every_place_and_what_to_do(name: str) -> None:
    golden = load(name)
    with pytest.raises(InvalidDocument) as caught:
        quote(golden["document"])
    assert [{"path": p.path, "reason": p.reason} for p in caught.value.problems] == golden["problems"]


def test_every_kind_of_benefit_and_condition_has_a_golden_document() -> None:
    from commerce.promotions import BENEFITS, CONDITIONS

    text = "".join(str(load(name)["document"]) for name in names(bad=False))
    kinds = {kind.kind for kind in BENEFITS} | {kind.kind for kind in CONDITIONS}
    assert {kind for kind in kinds if f"'kind': '{kind}'" not in text} == set()


def test_every_choice_of_rounding_stacking_and_tax_has_a_golden_document() -> None:
    """All modes, levels, targets, allocations and stackings are named in some file."""
    from commerce.kernel import Allocation, Rounding, TaxLevel, TaxTarget
    from commerce.promotions import Reason, StackingMode
    from commerce.tax import ShippingTax

    text = "".join(str(load(name)) for name in names(bad=False))
    choices = {*Allocation, *Rounding, *TaxLevel, *TaxTarget, *StackingMode, *ShippingTax}
    rare = {Reason.GIFT_REFUSED, Reason.GIFT_UNAVAILABLE}
    defaults = {Allocation.LARGEST_REMAINDER, StackingMode.BEST_COMBINATION, ShippingTax.OWN}
    wanted = {*choices, *Reason} - rare - defaults
    assert {choice.value for choice in wanted if f"'{choice.value}'" not in text} == set()
