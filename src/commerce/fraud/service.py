"""Use cases of screening."""

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field

from commerce.fraud.engine import counts_wanted, judge
from commerce.fraud.errors import ScreeningNotFound
from commerce.fraud.fingerprints import Fingerprints
from commerce.fraud.model import Listing, Screening
from commerce.fraud.ports import FraudUnit
from commerce.fraud.rules import STANDARD, FraudPolicy
from commerce.fraud.values import Decision, ListKind, Outcome, ScreeningFacts, Signal, Subject
from commerce.kernel import Clock, InvalidValue, KeyReused, Page, aware, new_id, require_storable
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["FraudService"]

#: The longest key, the longest page, and how many screenings are forgotten in one transaction.
_LONGEST_KEY, _MOST_ROWS, _BATCH = 255, 500, 1000


@define
class FraudService:
    """Screen orders before money moves, and learn from what became of them.

    ``fingerprints`` holds the pepper, a secret of the shop: with another one nobody is recognised any more.
    The module knows no orders: the key is that of whoever places one.
    """

    begin: Begin[FraudUnit]
    clock: Clock
    hooks: HookRelay
    fingerprints: Fingerprints
    policy: FraudPolicy = field(default=STANDARD)

    def screen(
        self, key: str, facts: ScreeningFacts, *, policy: FraudPolicy | None = None, anew: bool = False
    ) -> Screening:
        """Decide on an order, once per key; again with the same facts it is the same screening.

        A decision to decline is an answer, too: see `Screening.require_accepted`. Other facts under the same key
        raise `commerce.kernel.KeyReused`; ``anew``, the earlier screening is set aside: it still counts, the key
        is free.
        """
        require_storable("key", key, least=1, most=_LONGEST_KEY)
        rules = policy or self.policy
        known, body = self.fingerprints.all_of(facts), self.fingerprints.body(facts)
        wanted = counts_wanted(rules, known.keys())
        with self.begin() as uow:
            uow.screenings.alone(key, {known[count.subject] for count in wanted})
            found = uow.screenings.by_key(key)
            if found is not None and found.body == body:
                return found
            if found is not None:
                if not anew:
                    raise KeyReused(key=key)
                found.set_aside()
                uow.screenings.save(found)
            at = facts.at or self.clock()
            seen = uow.screenings.counts(wanted, known, at)
            verdict = judge(
                rules,
                facts,
                counts={count: seen.get(count, 0) + 1 for count in wanted},
                listings=uow.listings.find(known, at),
                signals=self._signals(facts),
            )
            screening = Screening(
                id=new_id(),
                key=key,
                body=body,
                at=at,
                policy=rules.label,
                amount=facts.amount,
                decision=verdict.decision,
                score=verdict.score,
                would_be=verdict.would_be,
                reasons=verdict.reasons,
                fingerprints=known,
            )
            screening.screened()
            uow.screenings.add(screening)
            return screening

    def get(self, key: str) -> Screening:
        """The screening of that key, or `ScreeningNotFound`."""
        with self.begin() as uow:
            return _found(uow, key)

    def waiting(self, *, cursor: str | None = None, limit: int = 50) -> Page[Screening]:
        """What a person has to look at, oldest first, a page at a time."""
        if not 1 <= limit <= _MOST_ROWS:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {_MOST_ROWS} screenings, not {limit}")
        with self.begin() as uow:
            rows = uow.screenings.waiting(after=cursor, limit=limit + 1)
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def suspect(self, key: str) -> Screening:
        """The gateway wants a person to look: what was let through waits for review now."""
        return self._change(key, lambda _, screening: screening.suspect())

    def resolve(self, key: str, decision: Decision) -> Screening:
        """A person approves or declines. Raises `commerce.kernel.NotAllowed` for what does not wait."""
        return self._change(key, lambda _, screening: screening.resolve(decision))

    def report(self, key: str, outcome: Outcome) -> Screening:
        """Say what an order turned out to be; the lists learn from it, by the policy.

        A later report takes the place of an earlier one, and so do its listings: a chargeback that was won
        unblocks.
        """

        def learn(uow: FraudUnit, screening: Screening) -> None:
            if not screening.report(outcome):
                return
            good = outcome is Outcome.GOOD
            rules, now = self.policy, self.clock()
            uow.listings.remove_source(screening.id)
            if good:
                listed = screening.listings(ListKind.ALLOW, rules.allow_on_good, now + rules.allowed_for)
            else:
                listed = screening.listings(ListKind.BLOCK, rules.block_on_fraud, now + rules.blocked_for)
            uow.listings.put(listed)

        return self._change(key, learn)

    def block(self, subject: Subject, value: str, *, until: datetime | None = None) -> None:
        """Decline orders of somebody; the value itself is not stored."""
        self._list(ListKind.BLOCK, subject, value, until)

    def allow(self, subject: Subject, value: str, *, until: datetime | None = None) -> None:
        """Approve orders of somebody, whatever the score, unless they are blocked."""
        self._list(ListKind.ALLOW, subject, value, until)

    def unlist(self, kind: ListKind, subject: Subject, value: str) -> None:
        """Take somebody off a list, whoever put them there."""
        with self.begin() as uow:
            uow.listings.remove(kind, subject, self.fingerprints.of(subject, value))

    def forget(self, older_than: timedelta = timedelta(days=180)) -> int:
        """Drop the fingerprints of screenings that old, and listings that hold no longer; how many in all.

        Decisions, scores and reasons stay: they name nobody.
        """
        now = self.clock()
        with self.begin() as uow:
            count = uow.listings.expire(now)
        while True:
            with self.begin() as uow:
                done = uow.screenings.forget(now - older_than, _BATCH)
            count += done
            if done < _BATCH:
                return count

    def _signals(self, facts: ScreeningFacts) -> tuple[Signal, ...]:
        answers = self.hooks.commerce_screen_order(facts=facts)
        return tuple(sorted((signal for answer in answers for signal in answer), key=lambda signal: signal.name))

    def _list(self, kind: ListKind, subject: Subject, value: str, until: datetime | None) -> None:
        if not value.strip():
            raise InvalidValue(field="value", reason=f"say which {subject.value} is meant")
        fingerprint = self.fingerprints.of(subject, value)
        end = None if until is None else aware(until, "until")
        with self.begin() as uow:
            uow.listings.put([Listing(kind=kind, subject=subject, fingerprint=fingerprint, until=end)])

    def _change(self, key: str, change: Callable[[FraudUnit, Screening], None]) -> Screening:
        return retried(lambda: self._try(key, change))

    def _try(self, key: str, change: Callable[[FraudUnit, Screening], None]) -> Screening:
        with self.begin() as uow:
            screening = _found(uow, key)
            before = screening.snapshot()
            change(uow, screening)
            if (screening.decision, screening.reasons, screening.outcome, screening.reviewed) != (
                before.decision,
                before.reasons,
                before.outcome,
                before.reviewed,
            ):
                uow.screenings.save(screening)
            return screening


def _found(uow: FraudUnit, key: str) -> Screening:
    screening = uow.screenings.by_key(key)
    if screening is None:
        raise ScreeningNotFound(key=key)
    return screening
