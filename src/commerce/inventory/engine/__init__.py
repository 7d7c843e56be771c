"""Stock without storage: where units are taken from, and what can be promised when."""

from commerce.inventory.engine.planning import Planner, available_to_promise, plan, promised_by, serving, sum_demand
from commerce.inventory.engine.search import search_parcels
from commerce.inventory.engine.sourcing import (
    Source,
    SourceNote,
    SourceReason,
    Sourcing,
    SourcingPlan,
    SourcingPolicy,
    source,
)
from commerce.inventory.engine.task import SourcingAnswer, SourcingPlace, SourcingSolver, SourcingTask

__all__ = [
    "Planner",
    "Source",
    "SourceNote",
    "SourceReason",
    "Sourcing",
    "SourcingAnswer",
    "SourcingPlace",
    "SourcingPlan",
    "SourcingPolicy",
    "SourcingSolver",
    "SourcingTask",
    "available_to_promise",
    "plan",
    "promised_by",
    "search_parcels",
    "serving",
    "source",
    "sum_demand",
]
