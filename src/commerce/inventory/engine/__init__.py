"""Stock without storage: where units are taken from, and what can be promised when."""

from commerce.inventory.engine.planning import Planner, available_to_promise, plan, promised_by, serving, sum_demand
from commerce.inventory.engine.sourcing import (
    Source,
    SourceNote,
    SourceReason,
    Sourcing,
    SourcingPlan,
    SourcingPolicy,
    source,
)

__all__ = [
    "Planner",
    "Source",
    "SourceNote",
    "SourceReason",
    "Sourcing",
    "SourcingPlan",
    "SourcingPolicy",
    "available_to_promise",
    "plan",
    "promised_by",
    "serving",
    "source",
    "sum_demand",
]
