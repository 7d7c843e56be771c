"""The values of screening: what is known of an order, what is decided on it, and why."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from commerce.kernel import InvalidValue, Money, aware
from commerce.kernel.cards import refuse_card_numbers

__all__ = [
    "MOST_SCORE",
    "Decision",
    "Effect",
    "ListKind",
    "Outcome",
    "Reason",
    "ReasonCode",
    "ScreeningFacts",
    "Signal",
    "Subject",
]

#: Scores go from 0 to this.
MOST_SCORE = 1000

#: No fact is longer than this.
_LONGEST = 500


class Decision(StrEnum):
    """What is done with an order.

    ``challenge``: let the customer prove who they are (3-D Secure). ``review``: a person looks before anything
    leaves. ``decline``: it is not placed.
    """

    APPROVE = "approve"
    CHALLENGE = "challenge"
    REVIEW = "review"
    DECLINE = "decline"


class Effect(StrEnum):
    """What a rule does when it is met: add to the score, approve, or decline whatever else is said."""

    SCORE = "score"
    ALLOW = "allow"
    BLOCK = "block"


class Subject(StrEnum):
    """What orders are recognised by. Only its fingerprint is ever stored."""

    CUSTOMER = "customer"
    EMAIL = "email"
    EMAIL_DOMAIN = "email_domain"
    ADDRESS = "address"
    CARD = "card"
    DEVICE = "device"
    IP = "ip"


class ReasonCode(StrEnum):
    """Why a rule was met."""

    VELOCITY = "velocity"
    AMOUNT = "amount"
    COUNTRY_MISMATCH = "country_mismatch"
    COUNTRY = "country"
    DISPOSABLE_EMAIL = "disposable_email"
    LISTED = "listed"
    SIGNAL = "signal"
    GATEWAY = "gateway"


class ListKind(StrEnum):
    """The two lists. Who is on both is blocked."""

    BLOCK = "block"
    ALLOW = "allow"


class Outcome(StrEnum):
    """What an order turned out to be, later."""

    CHARGEBACK = "chargeback"
    FRAUD = "fraud"
    GOOD = "good"


@frozen(kw_only=True)
class Reason:
    """A rule that was met. ``shadow``: it was only noted. ``subject`` is what was counted or listed."""

    code: ReasonCode
    rule: str
    effect: Effect = Effect.SCORE
    score: int = 0
    subject: Subject | None = None
    shadow: bool = False


@frozen(kw_only=True)
class Signal:
    """What a hook says of an order: a name, and points or an effect."""

    name: str
    score: int = 0
    effect: Effect = Effect.SCORE
    shadow: bool = False


def _upper(text: str) -> str:
    return text.strip().upper()


def _moment(at: datetime | None) -> datetime | None:
    return None if at is None else aware(at)


def _short(_: object, attribute: Any, value: str) -> None:
    if len(value) > _LONGEST:
        raise InvalidValue(field=attribute.name, reason=f"pass at most {_LONGEST} characters")


def _no_card(_: object, attribute: Any, value: str) -> None:
    refuse_card_numbers(value, attribute.name)


def _text(*checks: Any) -> Any:
    """A text about a person: never in a repr."""
    return field(default="", repr=False, validator=[_short, *checks])


def _positive(_: object, __: object, value: Money) -> None:
    if value.minor < 0:
        raise InvalidValue(field="amount", reason="an order costs nothing or more")


@frozen(kw_only=True)
class ScreeningFacts:
    """What is known of an order when it is placed; what is not known is left out, and its rules are not met.

    ``address`` is the shipping address as one text; ``card`` is the gateway's fingerprint or token of the
    means of payment, never its number; ``at`` is when it was placed, now if not told. Nothing of it is stored.
    """

    amount: Money = field(validator=_positive)
    email: str = _text()
    customer_id: str = _text()
    billing_country: str = field(default="", converter=_upper)
    shipping_country: str = field(default="", converter=_upper)
    address: str = _text()
    ip: str = _text()
    device: str = _text(_no_card)
    card: str = _text(_no_card)
    at: datetime | None = field(default=None, converter=_moment, eq=False)
