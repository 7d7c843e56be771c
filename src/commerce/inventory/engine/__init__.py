"""Stock without storage: where units are taken from, and what can be promised when."""

from commerce.inventory.engine.planning import Planner, available_to_promise, plan, promised_by, serving, sum_demand
from commerce.inventory.engine.search import search
from commerce.inventory.engine.sourcing import (
    Source,
    SourceNote,
    SourceReason,
    Sourcing,
    SourcingPlan,
    SourcingPolicy,
    source,
)
from commerce.inventory.engine.task import Place, SourcingAnswer, SourcingSolver, SourcingTask

__all__ = [
    "Place",
    "Planner",
    "Source",
    "SourceNote",
    "SourceReason",
    "Sourcing",
    "SourcingAnswer",
    "SourcingPlan",
    "SourcingPolicy",
    "SourcingSolver",
    "SourcingTask",
    "available_to_promise",
    "plan",
    "promised_by",
    "search",
    "serving",
    "source",
    "sum_demand",
]
