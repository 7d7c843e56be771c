"""A screening: what was decided on an order, by which policy, why, and what it turned out to be."""

from collections.abc import Mapping
from datetime import datetime

from attrs import define, field, frozen

from commerce.fraud.errors import OrderDeclined
from commerce.fraud.events import FraudReported, OrderScreened, ScreeningResolved, ScreeningSuspected
from commerce.fraud.values import Decision, ListKind, Outcome, Reason, ReasonCode, Subject
from commerce.kernel import Entity, InvalidValue, Money, NotAllowed, StateTable

__all__ = ["DECISIONS", "Listing", "Screening"]

#: A gateway may want a review of what was let through; a person decides on what waits. What is declined stays so.
DECISIONS = StateTable(
    "screening",
    {
        Decision.APPROVE: (Decision.REVIEW,),
        Decision.CHALLENGE: (Decision.REVIEW,),
        Decision.REVIEW: (Decision.APPROVE, Decision.DECLINE),
        Decision.DECLINE: (),
    },
)

_GATEWAY = Reason(code=ReasonCode.GATEWAY, rule="gateway")


@frozen(kw_only=True)
class Listing:
    """Somebody on a list, by fingerprint. ``source`` is the screening it came from, empty if a person put it there."""

    kind: ListKind
    subject: Subject
    fingerprint: str = field(repr=False)
    source: str = ""
    until: datetime | None = None


@define(kw_only=True, eq=False)
class Screening(Entity):
    """One order that was screened.

    ``decision`` is what holds now; ``would_be`` what the rules that are only tried out would have made of it.
    ``reviewed``: a person decided. ``body`` is the fingerprint of the facts.
    """

    key: str
    body: str = field(repr=False)
    at: datetime
    policy: str
    amount: Money
    decision: Decision
    score: int
    would_be: Decision
    reasons: tuple[Reason, ...] = ()
    fingerprints: Mapping[Subject, str] = field(factory=dict, repr=False)
    reviewed: bool = False
    outcome: Outcome | None = None

    @property
    def waiting(self) -> bool:
        """Whether a person has to look."""
        return self.decision is Decision.REVIEW

    def require_accepted(self) -> None:
        """Go on unless it is declined. Raises `OrderDeclined`."""
        if self.decision is Decision.DECLINE:
            raise OrderDeclined(screening_id=self.id)

    def set_aside(self) -> None:
        """Give the key free: what was screened never became an order."""
        self.key = self.id

    def screened(self) -> None:
        """Note that it happened."""
        self.record(
            OrderScreened(
                aggregate_id=self.id,
                key=self.key,
                decision=self.decision.value,
                score=self.score,
                policy=self.policy,
                rules=tuple(reason.rule for reason in self.reasons),
            )
        )

    def suspect(self) -> None:
        """The gateway wants a person to look; once. A person's decision stands, and so does a no."""
        if self.reviewed or self.decision is Decision.DECLINE or _GATEWAY in self.reasons:
            return
        self.reasons = (*self.reasons, _GATEWAY)
        if not self.waiting:
            self.decision = DECISIONS.move(self.id, self.decision, Decision.REVIEW)
            self.record(ScreeningSuspected(aggregate_id=self.id, key=self.key))

    def resolve(self, decision: Decision) -> None:
        """A person approves or declines what waited for it."""
        if decision not in (Decision.APPROVE, Decision.DECLINE):
            raise InvalidValue(field="decision", reason="a person approves or declines")
        if self.reviewed and decision is self.decision:
            return
        if not self.waiting:
            raise NotAllowed(
                entity="screening",
                id=self.id,
                state=self.decision.value,
                move=f"be resolved as {decision.value}",
                allowed=DECISIONS.moves[self.decision],
            )
        self.decision = DECISIONS.move(self.id, self.decision, decision)
        self.reviewed = True
        self.record(ScreeningResolved(aggregate_id=self.id, key=self.key, decision=decision.value))

    def report(self, outcome: Outcome) -> bool:
        """Note what the order turned out to be; false if that was known. A chargeback that was won is good."""
        if outcome is self.outcome:
            return False
        self.outcome = outcome
        self.record(FraudReported(aggregate_id=self.id, key=self.key, outcome=outcome.value))
        return True

    def listings(self, kind: ListKind, subjects: frozenset[Subject], until: datetime) -> tuple[Listing, ...]:
        """What of this order goes on a list."""
        return tuple(
            Listing(kind=kind, subject=subject, fingerprint=fingerprint, source=self.id, until=until)
            for subject, fingerprint in sorted(self.fingerprints.items())
            if subject in subjects
        )

    def forget(self) -> None:
        """Drop the fingerprints: nobody is recognised by this order any more."""
        self.fingerprints = {}
