"""Payments without storage: refusing card numbers, naming requests, comparing with the gateway."""

import hashlib
import json
import re
from collections.abc import Mapping

from attrs import frozen

from commerce.kernel import Money
from commerce.payments.errors import CardNumberRefused
from commerce.payments.messages import GatewayState
from commerce.payments.model import Payment
from commerce.payments.values import OperationKind, OperationStatus, sum_of

__all__ = ["Difference", "differences", "fingerprint", "refuse_card_numbers"]

#: Shortest and longest primary account number (ISO/IEC 7812-1 allows up to 19 digits).
_SHORTEST, _LONGEST = 13, 19

_RUN = re.compile(r"\d+(?:[ -]\d+)*")

#: UUIDs, and hexadecimal digests with a letter in them, are names of ours or of a gateway, not cards.
_NAMES = re.compile(
    r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{32,}\b"
)


def refuse_card_numbers(text: str, field: str = "text") -> str:
    """The text, unless it holds 13 to 19 digits with a right check digit, spaced or dashed or not.

    >>> refuse_card_numbers("order 1234567890123")
    'order 1234567890123'
    >>> refuse_card_numbers("4111 1111-1111 1111", field="note")
    Traceback (most recent call last):
    commerce.payments.errors.CardNumberRefused: note holds a card number: send the gateway's token instead
    """
    for run in _RUN.finditer(_NAMES.sub("", text)):
        groups = re.split("[ -]", run.group())
        for start in range(len(groups)):
            digits = ""
            for group in groups[start:]:
                digits += group
                if len(digits) > _LONGEST:
                    break
                if len(digits) >= _SHORTEST and _luhn(digits):
                    raise CardNumberRefused(field=field)
    return text


def _luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0


def fingerprint(body: Mapping[str, object]) -> str:
    """A digest by which a repeated request is known, without keeping what was in it."""
    text = json.dumps({name: str(value) for name, value in body.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@frozen(kw_only=True)
class Difference:
    """The ledger and the gateway disagree about a total."""

    payment_id: str
    kind: OperationKind
    ours: Money
    theirs: Money


def differences(payment: Payment, state: GatewayState) -> tuple[Difference, ...]:
    """Where the succeeded operations of one kind come to another sum at the gateway."""
    done = (OperationStatus.SUCCEEDED,)
    sums = (
        (
            kind,
            sum_of(payment.ledger, payment.currency, kind, done),
            sum_of(state.operations, payment.currency, kind, done),
        )
        for kind in OperationKind
    )
    return tuple(
        Difference(payment_id=payment.id, kind=kind, ours=ours, theirs=theirs)
        for kind, ours, theirs in sums
        if ours != theirs
    )
