"""Promotions as JSON: read with precise errors, written, and described by a JSON schema (pydantic).

The form follows the classes: a condition or benefit is an object with its ``kind`` and its fields, money is
``{"amount": "5.00", "currency": "EUR"}``, percentages are text, sets are lists, moments are ISO 8601.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from commerce.kernel import Invalid, InvalidMoney, InvalidValue, Money
from commerce.promotions import BENEFITS, CONDITIONS, Benefit, Condition, InvalidPromotion, Problem, Promotion
from commerce.runtime import HookRelay

__all__ = ["PromotionJson", "storage_json"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MoneyForm(_Form):
    """An exact amount: decimal text and an ISO 4217 code."""

    amount: str
    currency: str


class PromotionJson:
    """The JSON form of promotions with the built-in kinds and some more.

    ``conditions`` and ``benefits`` are a plugin's classes; `of` collects them from hooks.
    """

    def __init__(self, conditions: Iterable[type[Condition]] = (), benefits: Iterable[type[Benefit]] = ()) -> None:
        self._kinds: dict[type, dict[str, type]] = {
            Condition: _by_kind((*CONDITIONS, *conditions)),
            Benefit: _by_kind((*BENEFITS, *benefits)),
        }
        self._models: dict[type, type[BaseModel]] = {}
        self._form = self._model(Promotion)
        names = {model.__name__: model for model in self._models.values()}
        names |= {"AnyCondition": self._union(Condition), "AnyBenefit": self._union(Benefit)}
        names |= {model.__name__: model for model in self._models.values()}
        for model in self._models.values():
            model.model_rebuild(_types_namespace=names)
        self._adapter: TypeAdapter[Any] = TypeAdapter(self._form)

    @classmethod
    def of(cls, hooks: HookRelay) -> "PromotionJson":
        """With the kinds that the hooks of a shop contribute."""
        conditions = [kind for kinds in hooks.commerce_promotion_conditions() for kind in kinds]
        return cls(conditions, [kind for kinds in hooks.commerce_promotion_benefits() for kind in kinds])

    def schema(self) -> dict[str, Any]:
        """The JSON schema (draft 2020-12) of a promotion."""
        return self._adapter.json_schema()

    def plain(self, promotion: Promotion) -> dict[str, Any]:
        """A promotion as plain dicts, lists and text, without what is not given."""
        plain: dict[str, Any] = _plain(promotion)
        return plain

    def loads(self, text: str | bytes) -> Promotion:
        """A promotion from JSON text. Raises `InvalidPromotion` that names every wrong place."""
        try:
            form = self._adapter.validate_json(text)
        except ValidationError as error:
            raise _told(error, _json(text)) from None
        return self._promotion(form)

    def build(self, plain: Mapping[str, Any]) -> Promotion:
        """A promotion from plain data. Raises `InvalidPromotion` that names every wrong place."""
        try:
            form = self._adapter.validate_python(plain)
        except ValidationError as error:
            raise _told(error, plain) from None
        return self._promotion(form)

    def _promotion(self, form: BaseModel) -> Promotion:
        problems: list[Problem] = []
        built = self._built(Promotion, form, "", problems)
        if problems:
            raise InvalidPromotion(problems=tuple(problems))
        promotion: Promotion = built
        return promotion

    # from classes to forms

    def _model(self, kind: type) -> type[BaseModel]:
        if kind not in self._models:
            self._models[kind] = _Form  # while it is being made, others refer to it by name
            fields: dict[str, Any] = {}
            if issubclass(kind, Condition | Benefit):
                fields["kind"] = (Literal[kind.kind], ...)
            hints = get_type_hints(kind)
            for attribute in _fields(kind):
                required = attribute.default is attrs.NOTHING
                optional = hints[attribute.name]
                form = self._form_of(optional)
                fields[attribute.name] = (form, ...) if required else (form | None, None)
            self._models[kind] = create_model(kind.__name__, __base__=_Form, __doc__=kind.__doc__, **fields)
        return self._models[kind]

    def _form_of(self, hint: Any) -> Any:  # noqa: PLR0911 - one per shape
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return Union[tuple(self._form_of(one) for one in arguments)]  # noqa: UP007 - built at run time
        if origin in (tuple, frozenset):
            return list[self._form_of(arguments[0])]  # type: ignore[misc]
        if origin is not None and issubclass(origin, Mapping):
            return dict[str, self._form_of(arguments[1])]  # type: ignore[misc]
        if hint is Money:
            return MoneyForm
        if hint in (Condition, Benefit):
            for kind in self._kinds[hint].values():
                self._model(kind)
            return ForwardRef(f"Any{hint.__name__}")
        if attrs.has(hint):
            model = self._model(hint)
            return ForwardRef(hint.__name__) if model is _Form else model
        return hint

    def _union(self, base: type) -> Any:
        models = tuple(self._models[kind] for kind in self._kinds[base].values())
        return Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007 - built at run time

    # from forms to values

    def _built(self, kind: type, form: BaseModel, path: str, problems: list[Problem]) -> Any:
        """The value of a form; what is wrong is added to ``problems``, and then it is nothing."""
        hints, before = get_type_hints(kind), len(problems)
        values: dict[str, Any] = {}
        for attribute in _fields(kind):
            given = getattr(form, attribute.name)
            if given is not None:
                place = f"{path}.{attribute.name}" if path else attribute.name
                values[attribute.name] = self._value(hints[attribute.name], given, place, problems)
        if len(problems) > before:
            return None
        try:
            return kind(**values)
        except InvalidPromotion as error:
            problems += [Problem(_join(path, p.path), p.reason) for p in error.problems]
        except InvalidValue as error:
            problems.append(Problem(_join(path, error.field), error.reason))
        except Invalid as error:
            problems.append(Problem(path, str(error)))
        return None

    def _value(  # noqa: PLR0911 - one per shape
        self, hint: Any, given: Any, path: str, problems: list[Problem]
    ) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return self._value(next(one for one in arguments if one is not NoneType), given, path, problems)
        if origin in (tuple, frozenset):
            values = [self._value(arguments[0], one, f"{path}[{n}]", problems) for n, one in enumerate(given)]
            return tuple(values) if origin is tuple else frozenset(values)
        if origin is not None and issubclass(origin, Mapping):
            return {name: self._value(arguments[1], one, f"{path}.{name}", problems) for name, one in given.items()}
        if hint is Money:
            try:
                return Money(given.amount, given.currency)
            except (InvalidMoney, InvalidValue) as error:
                problems.append(Problem(path, error.reason))
                return None
        if hint in (Condition, Benefit):
            return self._built(self._kinds[hint][given.kind], given, path, problems)
        return self._built(hint, given, path, problems) if attrs.has(hint) else given


def _fields(kind: type) -> list[Any]:
    """The attributes that are data: not what an entity counts for itself."""
    return [a for a in attrs.fields(kind) if a.init and a.name not in ("version", "_recorded")]


def _by_kind(kinds: Iterable[Any]) -> dict[str, type]:
    found: dict[str, type] = {}
    for kind in kinds:
        if found.setdefault(kind.kind, kind) is not kind:
            raise InvalidValue(field="kind", reason=f"{kind.kind!r} is taken: give {kind.__name__} a kind of its own")
    return found


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one per shape
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency.code}
    if attrs.has(type(value)):
        plain = {"kind": value.kind} if isinstance(value, Condition | Benefit) else {}
        given = ((a.name, getattr(value, a.name)) for a in _fields(type(value)))
        return plain | {name: _plain(part) for name, part in given if part is not None}
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, tuple):
        return list(map(_plain, value))
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _told(error: ValidationError, plain: Any) -> InvalidPromotion:
    """Every problem that pydantic found, at its JSON path."""
    return InvalidPromotion(
        problems=tuple(
            Problem(_path(one["loc"], plain), one["msg"])
            for one in error.errors(include_url=False, include_context=False)
        )
    )


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _path(loc: tuple[int | str, ...], plain: Any) -> str:
    """The place as a path in the data; pydantic names the kind of each union member too, which is no place."""
    path, at = "", plain
    told: set[int] = set()
    for part in loc:
        if isinstance(at, dict) and at.get("kind") == part and id(at) not in told:
            told.add(id(at))
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        try:
            at = at[part]
        except (KeyError, IndexError, TypeError):
            at = None
    return path.lstrip(".")


def _every(kind: Any) -> Iterable[Any]:
    """The newest class of each name: attrs makes a slotted class anew, and the first one lives on for a while."""
    found: dict[tuple[str, str], Any] = {}
    for sub in kind.__subclasses__():
        if "kind" in vars(sub):
            found[sub.__module__, sub.__qualname__] = sub
        found |= {(below.__module__, below.__qualname__): below for below in _every(sub)}
    return found.values()


def storage_json() -> PromotionJson:
    """The form with every kind that this process knows: what is stored was written by one of them."""
    return _storage_json(tuple(_every(Condition)), tuple(_every(Benefit)))


@cache
def _storage_json(conditions: tuple[type[Condition], ...], benefits: tuple[type[Benefit], ...]) -> PromotionJson:
    return PromotionJson(
        [kind for kind in conditions if kind not in CONDITIONS], [kind for kind in benefits if kind not in BENEFITS]
    )
