"""Screening without storage: a policy, facts, counts and listings make a verdict."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from attrs import frozen

from commerce.fraud.fingerprints import domain_of
from commerce.fraud.model import Listing
from commerce.fraud.rules import (
    AmountAbove,
    CountryIn,
    CountryMismatch,
    DisposableEmail,
    FraudPolicy,
    Rule,
    Velocity,
)
from commerce.fraud.values import (
    MOST_SCORE,
    Decision,
    Effect,
    ListKind,
    Reason,
    ReasonCode,
    ScreeningFacts,
    Signal,
    Subject,
)

__all__ = ["Count", "Verdict", "counts_wanted", "judge"]


@frozen(kw_only=True)
class Count:
    """A question about the past: how many orders with the same subject, or how many different ones of another."""

    subject: Subject
    within: timedelta
    distinct: Subject | None = None


@frozen(kw_only=True)
class Verdict:
    """What a policy says of an order, and what it would say if the rules that are only tried out held."""

    decision: Decision
    score: int
    would_be: Decision
    reasons: tuple[Reason, ...]


def counts_wanted(policy: FraudPolicy, known: Collection[Subject]) -> tuple[Count, ...]:
    """What has to be counted for the velocity rules, of the subjects that are known; each once."""
    rules = (rule for rule in policy.rules if isinstance(rule, Velocity))
    wanted = (
        Count(subject=rule.subject, within=rule.within, distinct=rule.distinct)
        for rule in rules
        if rule.subject in known and (rule.distinct is None or rule.distinct in known)
    )
    return tuple(dict.fromkeys(wanted))


def judge(
    policy: FraudPolicy,
    facts: ScreeningFacts,
    *,
    counts: Mapping[Count, int],
    listings: Sequence[Listing] = (),
    signals: Iterable[Signal] = (),
) -> Verdict:
    """Try every rule. ``counts`` include the order itself; a count that is missing meets no rule.

    A block declines, whatever else is said; then what is allowed is approved; then the score decides.
    """
    reasons = (
        *dict.fromkeys(_listed(listing) for listing in sorted(listings, key=lambda one: (one.kind, one.subject))),
        *(reason for rule in policy.rules if (reason := _reason(rule, facts, counts)) is not None),
        *(_said(signal) for signal in signals),
    )
    live = [reason for reason in reasons if not reason.shadow]
    score = _score(live)
    return Verdict(
        decision=_decide(policy, live, score),
        score=score,
        would_be=_decide(policy, reasons, _score(reasons)),
        reasons=reasons,
    )


def _decide(policy: FraudPolicy, reasons: Sequence[Reason], score: int) -> Decision:
    effects = {reason.effect for reason in reasons}
    if Effect.BLOCK in effects:
        return Decision.DECLINE
    return Decision.APPROVE if Effect.ALLOW in effects else policy.decide(score)


def _score(reasons: Iterable[Reason]) -> int:
    return max(0, min(MOST_SCORE, sum(reason.score for reason in reasons)))


def _listed(listing: Listing) -> Reason:
    effect = Effect.BLOCK if listing.kind is ListKind.BLOCK else Effect.ALLOW
    rule = f"{listing.kind.value}_list"
    return Reason(code=ReasonCode.LISTED, rule=rule, effect=effect, subject=listing.subject)


def _said(signal: Signal) -> Reason:
    return Reason(
        code=ReasonCode.SIGNAL, rule=signal.name, effect=signal.effect, score=signal.score, shadow=signal.shadow
    )


def _reason(rule: Rule, facts: ScreeningFacts, counts: Mapping[Count, int]) -> Reason | None:
    if isinstance(rule, Velocity):
        wanted = Count(subject=rule.subject, within=rule.within, distinct=rule.distinct)
        met, code, subject = counts.get(wanted, 0) > rule.most, ReasonCode.VELOCITY, rule.subject
    else:
        (test, code), subject = _TESTS[type(rule)], None
        met = test(rule, facts)
    if not met:
        return None
    score = rule.score if rule.effect is Effect.SCORE else 0
    return Reason(code=code, rule=rule.name, effect=rule.effect, score=score, subject=subject, shadow=rule.shadow)


def _amount_above(rule: AmountAbove, facts: ScreeningFacts) -> bool:
    return facts.amount.currency == rule.amount.currency and facts.amount > rule.amount


def _mismatch(_: CountryMismatch, facts: ScreeningFacts) -> bool:
    return bool(facts.billing_country and facts.shipping_country) and facts.billing_country != facts.shipping_country


def _in_countries(rule: CountryIn, facts: ScreeningFacts) -> bool:
    return not rule.countries.isdisjoint((facts.billing_country, facts.shipping_country))


def _disposable(rule: DisposableEmail, facts: ScreeningFacts) -> bool:
    labels = domain_of(facts.email).split(".")
    return any(".".join(labels[n:]) in rule.domains for n in range(len(labels)))


_TESTS: Mapping[type, tuple[Callable[..., bool], ReasonCode]] = {
    AmountAbove: (_amount_above, ReasonCode.AMOUNT),
    CountryMismatch: (_mismatch, ReasonCode.COUNTRY_MISMATCH),
    CountryIn: (_in_countries, ReasonCode.COUNTRY),
    DisposableEmail: (_disposable, ReasonCode.DISPOSABLE_EMAIL),
}
