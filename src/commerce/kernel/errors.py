"""The error families: each says what the caller can do.

::

    CommerceError
    ├── Invalid            the input is wrong: mend it and call again
    ├── NotFound           nothing has that name or id
    ├── Conflict           the state does not allow it (now): read again, decide again
    ├── Denied             the caller may not do this
    ├── Refused            somebody outside said no: a declined card, a screened order
    ├── ProviderError      somebody outside failed
    │   ├── ProviderUnavailable   it did not happen: retry with the same key
    │   └── OutcomeUnknown        it may have happened: ask with the same key
    └── Misconfigured      the host wired something wrong

A concrete error is an attrs class with fields and a one-line ``message``
template that says what to do next. Errors print, compare, pickle and travel.
"""

import re
from typing import Any, ClassVar, Self

import attrs
from attrs import define, field

__all__ = [
    "CommerceError",
    "Conflict",
    "CurrencyMismatch",
    "Denied",
    "Invalid",
    "InvalidMoney",
    "InvalidValue",
    "KeyReused",
    "Misconfigured",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "ProviderError",
    "ProviderUnavailable",
    "Refused",
    "StaleVersion",
]


def _rebuild(cls: "type[CommerceError]", fields: dict[str, Any]) -> "CommerceError":
    return cls(**fields)


@define(kw_only=True, slots=False)
class CommerceError(Exception):
    """Root of everything that ``commerce`` raises on purpose."""

    code: ClassVar[str] = "commerce_error"
    message: ClassVar[str] = ""
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Derive the stable machine-readable ``code`` from the class name."""
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def details(self) -> dict[str, Any]:
        """The error's public fields by name: safe to log and to send to a caller."""
        return {a.name: getattr(self, a.name) for a in attrs.fields(type(self)) if a.repr}

    def __str__(self) -> str:
        return self.message.format(**self.details) if self.message else self.code.replace("_", " ")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CommerceError) and type(self) is type(other) and self.details == other.details

    def __hash__(self) -> int:
        return hash((type(self), str(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.details)

    def because(self, cause: BaseException) -> Self:
        """Attach the lower error that led here, as ``raise … from`` would."""
        self.__cause__ = cause
        return self


class Invalid(CommerceError):
    """The input is wrong; mend it and call again."""


class NotFound(CommerceError):
    """Nothing has that name or id."""


class Conflict(CommerceError):
    """The state does not allow this now; read again and decide again."""


class Denied(CommerceError):
    """The caller may not do this."""


class Refused(CommerceError):
    """Somebody outside said no."""


class ProviderError(CommerceError):
    """Somebody outside failed."""


class ProviderUnavailable(ProviderError):
    """It did not happen; retry with the same key."""

    retryable = True


class OutcomeUnknown(ProviderError):
    """It may have happened; ask with the same key before trying again."""

    retryable = True


class Misconfigured(CommerceError):
    """The host wired something wrong."""


@define(kw_only=True, slots=False)
class InvalidValue(Invalid):
    """A field holds something it cannot hold."""

    message = "{field}: {reason}"
    field: str
    reason: str


@define(kw_only=True, slots=False)
class InvalidMoney(Invalid):
    """An amount that cannot be money."""

    message = "{amount} {currency} is not an amount of money: {reason}"
    amount: str
    currency: str
    reason: str


@define(kw_only=True, slots=False)
class CurrencyMismatch(Invalid):
    """Two currencies met in one sum; convert first, with a rate."""

    message = "expected {expected}, got {actual}: convert with an exchange rate first"
    expected: str
    actual: str


@define(kw_only=True, slots=False)
class StaleVersion(Conflict):
    """Somebody saved in between; ``fresh`` is the aggregate as it is stored now, if there is one."""

    message = "{entity} {id} changed since it was read (had version {version}): read it again"
    retryable = True
    entity: str
    id: str
    version: int
    fresh: Any = field(default=None, repr=False)


@define(kw_only=True, slots=False)
class KeyReused(Invalid):
    """An idempotency key came back with another request body."""

    message = "key {key!r} was used for another request: make a new key for a new request"
    key: str


@define(kw_only=True, slots=False)
class NotAllowed(Conflict):
    """A move that the state table does not have."""

    message = "{entity} {id} is {state}: cannot {move}; allowed now: {allowed}"
    entity: str
    id: str
    state: str
    move: str
    allowed: tuple[str, ...]
