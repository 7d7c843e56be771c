"""Fraud: orders are screened before money moves, by rules that are data, and nobody's data is kept.

The rules work without a shop::

    >>> from commerce.fraud import STANDARD, ScreeningFacts, judge
    >>> from commerce.kernel import Money
    >>> facts = ScreeningFacts(amount=Money("80.00", "EUR"), email="x@mailinator.com", billing_country="DE",
    ...                        shipping_country="FR")
    >>> verdict = judge(STANDARD, facts, counts={})
    >>> verdict.decision.value, verdict.score, [reason.rule for reason in verdict.reasons]
    ('challenge', 450, ['country_mismatch', 'disposable_email'])
"""

from commerce.fraud.engine import Count, Verdict, counts_wanted, judge
from commerce.fraud.errors import OrderDeclined, ScreeningNotFound, WeakPepper
from commerce.fraud.events import FraudReported, OrderScreened, ScreeningResolved, ScreeningSuspected
from commerce.fraud.fingerprints import Fingerprints
from commerce.fraud.model import DECISIONS, Listing, Screening
from commerce.fraud.ports import FraudUnit, Listings, Screenings
from commerce.fraud.rules import (
    STANDARD,
    AmountAbove,
    CountryIn,
    CountryMismatch,
    DisposableEmail,
    FraudPolicy,
    Rule,
    Velocity,
)
from commerce.fraud.service import FraudService
from commerce.fraud.values import (
    Decision,
    Effect,
    ListKind,
    Outcome,
    Reason,
    ReasonCode,
    ScreeningFacts,
    Signal,
    Subject,
)

__all__ = [
    "DECISIONS",
    "STANDARD",
    "AmountAbove",
    "Count",
    "CountryIn",
    "CountryMismatch",
    "Decision",
    "DisposableEmail",
    "Effect",
    "Fingerprints",
    "FraudPolicy",
    "FraudReported",
    "FraudService",
    "FraudUnit",
    "ListKind",
    "Listing",
    "Listings",
    "OrderDeclined",
    "OrderScreened",
    "Outcome",
    "Reason",
    "ReasonCode",
    "Rule",
    "Screening",
    "ScreeningFacts",
    "ScreeningNotFound",
    "ScreeningResolved",
    "ScreeningSuspected",
    "Screenings",
    "Signal",
    "Subject",
    "Velocity",
    "Verdict",
    "WeakPepper",
    "counts_wanted",
    "judge",
]
