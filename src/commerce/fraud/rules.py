"""Rules as data: frozen values that serialise to JSON and back, tried by the engine."""

from datetime import timedelta

from attrs import field, frozen

from commerce.fraud.values import MOST_SCORE, Decision, Effect, Subject
from commerce.kernel import InvalidValue, Money

__all__ = [
    "STANDARD",
    "AmountAbove",
    "CountryIn",
    "CountryMismatch",
    "DisposableEmail",
    "FraudPolicy",
    "Rule",
    "Velocity",
]

#: Some providers of addresses that live for minutes, to begin with. A host passes its own, longer list.
_DISPOSABLE = frozenset(
    {
        "10minutemail.com",
        "discard.email",
        "dispostable.com",
        "fakeinbox.com",
        "getnada.com",
        "grr.la",
        "guerrillamail.com",
        "mailinator.com",
        "maildrop.cc",
        "mintemail.com",
        "sharklasers.com",
        "temp-mail.org",
        "tempmail.dev",
        "throwawaymail.com",
        "trashmail.com",
        "yopmail.com",
    }
)


def _score(_: object, __: object, value: int) -> None:
    if not 0 <= value <= MOST_SCORE:
        raise InvalidValue(field="score", reason=f"pass 0 to {MOST_SCORE}")


@frozen(kw_only=True)
class _Rule:
    """What every rule has: a name, what it does when it is met, and whether it is only tried out."""

    name: str
    score: int = field(default=0, validator=_score)
    effect: Effect = Effect.SCORE
    shadow: bool = False


@frozen(kw_only=True)
class Velocity(_Rule):
    """More than ``most`` orders with the same subject ``within`` a time, this one included.

    With ``distinct``: more than ``most`` different ones of that, such as cards of one device.
    """

    subject: Subject
    most: int
    within: timedelta
    distinct: Subject | None = None

    def __attrs_post_init__(self) -> None:
        """A count of less than none, of no time, or of a subject by itself is a mistake."""
        if self.most < 0 or self.within <= timedelta(0) or self.distinct is self.subject:
            raise InvalidValue(
                field=self.name, reason="most is 0 or more, within is a time, distinct is another subject"
            )


@frozen(kw_only=True)
class AmountAbove(_Rule):
    """The order costs more than this. An amount in another currency is not compared: give each its own rule."""

    amount: Money


@frozen(kw_only=True)
class CountryMismatch(_Rule):
    """Billing and shipping country are both known and differ."""


@frozen(kw_only=True)
class CountryIn(_Rule):
    """Billing or shipping country is one of these (ISO 3166-1 alpha-2)."""

    countries: frozenset[str]


@frozen(kw_only=True)
class DisposableEmail(_Rule):
    """The e-mail address is at one of these domains, or at one below them."""

    domains: frozenset[str] = _DISPOSABLE


Rule = Velocity | AmountAbove | CountryMismatch | CountryIn | DisposableEmail


@frozen(kw_only=True)
class FraudPolicy:
    """How orders are screened: rules, and from which score on what is decided. Named and versioned.

    ``block_on_fraud`` and ``allow_on_good`` are what is listed when an order turned out bad or good, for
    ``blocked_for`` and ``allowed_for``. Addresses and networks are shared by the innocent, so they are not.
    """

    name: str
    version: int = 1
    rules: tuple[Rule, ...]
    challenge_at: int = 300
    review_at: int = 500
    decline_at: int = 800
    block_on_fraud: frozenset[Subject] = frozenset({Subject.CARD, Subject.CUSTOMER, Subject.DEVICE, Subject.EMAIL})
    allow_on_good: frozenset[Subject] = frozenset({Subject.CUSTOMER})
    blocked_for: timedelta = timedelta(days=730)
    allowed_for: timedelta = timedelta(days=180)

    def __attrs_post_init__(self) -> None:
        """Thresholds grow, and names say which rule is meant."""
        if not 0 < self.challenge_at <= self.review_at <= self.decline_at:
            raise InvalidValue(field="decline_at", reason="thresholds grow: challenge_at, review_at, decline_at")
        if len({rule.name for rule in self.rules}) != len(self.rules):
            raise InvalidValue(field="rules", reason="two rules have one name: give each its own")

    @property
    def label(self) -> str:
        """Name and version, as stored with every screening."""
        return f"{self.name}/{self.version}"

    def decide(self, score: int) -> Decision:
        """What a score means."""
        if score >= self.decline_at:
            return Decision.DECLINE
        if score >= self.review_at:
            return Decision.REVIEW
        return Decision.CHALLENGE if score >= self.challenge_at else Decision.APPROVE


_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

#: A policy to begin with: no amounts, since what is much depends on what is sold.
STANDARD = FraudPolicy(
    name="standard",
    rules=(
        Velocity(name="email_hour", subject=Subject.EMAIL, most=5, within=_HOUR, score=300),
        Velocity(name="card_hour", subject=Subject.CARD, most=4, within=_HOUR, score=300),
        Velocity(name="device_hour", subject=Subject.DEVICE, most=6, within=_HOUR, score=300),
        Velocity(name="ip_hour", subject=Subject.IP, most=20, within=_HOUR, score=200),
        Velocity(name="address_day", subject=Subject.ADDRESS, most=8, within=_DAY, score=200),
        Velocity(name="cards_of_device", subject=Subject.DEVICE, distinct=Subject.CARD, most=3, within=_DAY, score=500),
        Velocity(name="cards_of_email", subject=Subject.EMAIL, distinct=Subject.CARD, most=3, within=_DAY, score=500),
        Velocity(name="emails_of_card", subject=Subject.CARD, distinct=Subject.EMAIL, most=3, within=_DAY, score=500),
        CountryMismatch(name="country_mismatch", score=150),
        DisposableEmail(name="disposable_email", score=300),
    ),
)
