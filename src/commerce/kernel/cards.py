"""Card numbers never enter: refused in what people and programs write, masked in what is logged.

A card number is 13 to 19 digits (ISO/IEC 7812-1) whose last digit checks the others (annex B), written
together or in groups with spaces or dashes between. Digits of any script count, and marks that cannot be
seen do not separate.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from attrs import define

from commerce.kernel.errors import Invalid

__all__ = ["CardNumberFilter", "CardNumberRefused", "mask_card_numbers", "no_card_number", "refuse_card_numbers"]

#: Shortest and longest primary account number (ISO/IEC 7812-1).
_SHORTEST, _LONGEST = 13, 19

#: What stands in a log where a card number stood.
_MASK = "[card number]"

#: What may stand between two groups of digits: spaces, dashes of all kinds, characters without width.
_GAP = r"[\s\-_\u00ad\u200b-\u200d\u2010-\u2015\u2060\u2212\ufe58\ufe63\ufeff\uff0d]{1,3}"
_RUN = re.compile(rf"\d+(?:{_GAP}\d+)*")
_GROUP = re.compile(r"\d+")

#: UUIDs, and hexadecimal digests with a letter in them, are names of ours or of a gateway, not cards.
_NAMES = re.compile(
    r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{32,}\b"
)

#: What a log record says in other fields than its message.
_TEXTS = ("exc_text", "stack_info")


@define(kw_only=True, slots=False)
class CardNumberRefused(Invalid):
    """A text holds what looks like a card number; it is not repeated here."""

    message = "{field} holds a card number: send the gateway's token instead"
    field: str


def refuse_card_numbers(text: str, field: str = "text") -> str:
    """The text, unless it holds a card number.

    >>> refuse_card_numbers("order 1234567890123")
    'order 1234567890123'
    >>> refuse_card_numbers("4111 1111-1111 1111", field="note")
    Traceback (most recent call last):
    commerce.kernel.cards.CardNumberRefused: note holds a card number: send the gateway's token instead
    """
    if len(text) >= _SHORTEST and next(_found(text), None) is not None:
        raise CardNumberRefused(field=field)
    return text


def no_card_number(_: object, attribute: Any, value: Any) -> None:
    """An attrs validator for texts that people write: nothing, a text, or several."""
    for text in (value,) if isinstance(value, str) else value or ():
        refuse_card_numbers(text, attribute.name)


def mask_card_numbers(text: str) -> str:
    """The text with every card number replaced.

    >>> mask_card_numbers("paid with 4111 1111 1111 1111, thanks")
    'paid with [card number], thanks'
    """
    parts, end = [], 0
    for start, stop in _found(text):
        parts += [text[end:start], _MASK]
        end = stop
    return "".join((*parts, text[end:]))


class CardNumberFilter(logging.Filter):
    """Masks card numbers in log records: in the message, its arguments, tracebacks and extra fields.

    Put it on handlers, so that records of every library pass it: ``handler.addFilter(CardNumberFilter())``.
    """

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place; it is always let through."""
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit are told by the handler, with all of them
            record.msg, record.args = _masked(str(record.msg)), _masked(record.args)  # type: ignore[assignment]
        else:
            masked = mask_card_numbers(said)
            if masked != said:
                record.msg, record.args = masked, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        for name, value in list(vars(record).items()):
            if name in _TEXTS or name not in _OWN:
                setattr(record, name, _masked(value))
        return True


#: The fields that every record has; others were given as ``extra``.
_OWN = frozenset(vars(logging.makeLogRecord({})))


def _masked(value: object) -> object:
    """Text masked, also inside mappings, lists and tuples; anything else as it is."""
    if isinstance(value, str):
        return mask_card_numbers(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if mask_card_numbers(str(value)) == str(value) else _MASK
    if isinstance(value, Mapping):
        return {key: _masked(one) for key, one in value.items()}
    if type(value) is list:
        return [_masked(one) for one in value]
    return tuple(map(_masked, value)) if type(value) is tuple else value


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, from the left, none inside another."""
    if len(text) < _SHORTEST:
        return
    for run in _RUN.finditer(_NAMES.sub(lambda name: "#" * len(name.group()), text)):
        if run.end() - run.start() >= _SHORTEST:
            yield from _in_run(run.group(), run.start())


def _in_run(run: str, offset: int) -> Iterator[tuple[int, int]]:
    """Card numbers among the groups of a run, the longest first; one begins and ends where a group does."""
    groups = [group.span() for group in _GROUP.finditer(run)]
    ends = [0, *accumulate(end - start for start, end in groups)]
    sums = _sums(run)
    first = 0
    while first < len(groups):
        last = first
        for end in range(first + 1, min(len(groups), first + _LONGEST) + 1):
            length = ends[end] - ends[first]
            if length > _LONGEST:
                break
            if length >= _SHORTEST and _luhn(sums, ends[first], ends[end]):
                last = end
        if last > first:
            yield offset + groups[first][0], offset + groups[last - 1][1]
        first = max(last, first + 1)


def _sums(run: str) -> tuple[list[int], list[int]]:
    """Sums of the first digits, every second one doubled with its own digits added: those at odd places, or at even."""
    digits = [int(char) for char in run if char.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits]
    odd = (doubled[n] if n % 2 else digit for n, digit in enumerate(digits))
    even = (digit if n % 2 else doubled[n] for n, digit in enumerate(digits))
    return [0, *accumulate(odd)], [0, *accumulate(even)]


def _luhn(sums: tuple[list[int], list[int]], start: int, end: int) -> bool:
    """Whether the last digit checks those before it (ISO/IEC 7812-1, annex B); it is not doubled itself."""
    total = sums[0] if end % 2 else sums[1]
    return (total[end] - total[start]) % 10 == 0
