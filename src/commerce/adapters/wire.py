"""The wire form: attrs values as plain JSON and back (cattrs)."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

import attrs
from cattrs import Converter
from moneyed import Currency

from commerce.kernel import Event, Misconfigured, Money, currency

__all__ = [
    "UnknownType",
    "converter",
    "dumps",
    "event_type",
    "from_plain",
    "loads",
    "tagged",
    "to_plain",
    "untagged",
]


@attrs.define(kw_only=True, slots=False)
class UnknownType(Misconfigured):
    """Stored data names a class that this process does not have."""

    message = "stored data is a {name}, which is not known here: load the plugin that wrote it"
    name: str


def _build() -> Converter:
    wire = Converter(unstruct_collection_overrides={frozenset: sorted, set: sorted}, prefer_attrib_converters=True)
    wire.register_unstructure_hook(Money, lambda m: [m.minor, m.currency.code])
    wire.register_structure_hook(Money, lambda v, _: Money.of_minor(v[0], v[1]))
    wire.register_unstructure_hook(Currency, lambda c: c.code)
    wire.register_structure_hook(Currency, lambda v, _: currency(v))
    wire.register_unstructure_hook(Decimal, str)
    wire.register_structure_hook(Decimal, lambda v, _: Decimal(v))
    wire.register_unstructure_hook(datetime, datetime.isoformat)
    wire.register_structure_hook(datetime, lambda v, _: datetime.fromisoformat(v))
    wire.register_unstructure_hook(date, date.isoformat)
    wire.register_structure_hook(date, lambda v, _: date.fromisoformat(v))
    wire.register_unstructure_hook(timedelta, lambda v: v // timedelta(microseconds=1))
    wire.register_structure_hook(timedelta, lambda v, _: timedelta(microseconds=v))
    return wire


#: Money is ``[minor units, currency]``, time ISO 8601, `Decimal` text, sets sorted lists.
converter = _build()


def to_plain(value: Any, type: Any = None) -> Any:
    """Plain dicts, lists, strings and numbers of an attrs value."""
    return converter.unstructure(value, unstructure_as=type)


def from_plain(type: Any, plain: Any) -> Any:
    """The value of that type again."""
    return converter.structure(plain, type)


def dumps(value: Any, type: Any = None) -> str:
    """Compact JSON text of a value."""
    return json.dumps(to_plain(value, type), separators=(",", ":"), ensure_ascii=False)


def loads(type: Any, text: str | bytes) -> Any:
    """The value of that type from JSON text."""
    return from_plain(type, json.loads(text))


def event_type(name: str) -> type[Event]:
    """The class of an event by its public name, such as ``orders.OrderPlaced``.

    Our own come from their module's front door; a plugin's must be imported before its events are read.
    """
    module, _, kind = name.partition(".")
    try:
        found = getattr(import_module(f"commerce.{module}"), kind)
    except (ImportError, AttributeError):
        found = next((sub for sub in _subclasses(Event) if sub.name() == name), None)
    if not (isinstance(found, type) and issubclass(found, Event)):
        raise UnknownType(name=name)
    return found


def tagged(value: Any) -> dict[str, Any]:
    """A value with the place of its class, for columns that hold many kinds."""
    kind = type(value)
    return {"type": f"{kind.__module__}:{kind.__qualname__}", "value": to_plain(value)}


def untagged(plain: dict[str, Any]) -> Any:
    """The value of `tagged` again. Only attrs classes are built, so a row cannot name any other code."""
    kind = resolve_name(plain["type"])
    if not (isinstance(kind, type) and attrs.has(kind)):
        raise UnknownType(name=plain["type"])
    return from_plain(kind, plain["value"])


def _subclasses(of: type[Event]) -> Iterator[type[Event]]:
    for sub in of.__subclasses__():
        yield sub
        yield from _subclasses(sub)
