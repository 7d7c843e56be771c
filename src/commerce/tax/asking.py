"""What a shop asks, by its policy, about the tax of one buyer."""

from datetime import datetime

from commerce.kernel import Address, InvalidValue, Money
from commerce.tax.model import DistanceSelling, TaxContext, TaxPolicy
from commerce.tax.places import reverse_charged

__all__ = ["tax_context"]


def tax_context(
    policy: TaxPolicy,
    destination: Address,
    at: datetime,
    *,
    origin: Address | None = None,
    exempt: str = "",
    vat_id: str = "",
    this_year: Money | None = None,
    last_year: Money | None = None,
) -> TaxContext:
    """What `calculate` is to be asked, by a policy.

    ``origin`` is where the goods leave. A ``vat_id`` that shifts the tax to the buyer exempts with ``reverse
    charge``. A policy with a threshold for distance selling needs what was sold across borders ``this_year`` and
    ``last_year``; raises `InvalidValue` without it.
    """
    if not exempt and vat_id and reverse_charged(origin, destination, vat_id):
        exempt = "reverse charge"
    return TaxContext(
        destination=destination,
        at=at,
        exempt=exempt,
        shipping=policy.shipping,
        origin=origin,
        sourcing=policy.sourcing,
        distance_selling=_distance_selling(policy, this_year, last_year),
    )


def _distance_selling(policy: TaxPolicy, this_year: Money | None, last_year: Money | None) -> DistanceSelling | None:
    threshold = policy.distance_selling
    if threshold is None:
        return None
    if this_year is None or last_year is None:
        raise InvalidValue(
            field="this_year",
            reason=f"policy {policy.name} has a threshold of {threshold}: pass what was sold in both years",
        )
    return DistanceSelling(threshold=threshold, this_year=this_year, last_year=last_year)
