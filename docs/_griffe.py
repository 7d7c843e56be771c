"""How the package's source is read for the module pages."""

import re
from textwrap import dedent
from typing import Any

import griffe

__all__ = ["Attrs", "Docstrings"]

#: An example in a docstring, up to the next blank line; the ``::`` that may stand before it.
_EXAMPLE = re.compile(r"(:?):\n\n((?:[ ]+>>> .*\n?)(?:[ ]*\S.*\n?)*)|^(>>> .*\n?(?:.*\S.*\n?)*)", re.MULTILINE)

#: A role of reStructuredText, and that it speaks to Sphinx alone.
_ROLE = re.compile(r":(?:class|func|meth|mod):(?=`)")


class Docstrings(griffe.Extension):
    """Docstrings speak Python's habits (``>>>``, ``::``, roles); the pages are Markdown."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Every object, when it is read."""
        if obj.docstring is not None:
            obj.docstring.value = _EXAMPLE.sub(_fenced, _ROLE.sub("", obj.docstring.value)).replace("::\n\n", ":\n\n")


def _fenced(found: re.Match[str]) -> str:
    indented, plain = found[2], found[3]
    before = ":\n\n" if indented else ""
    return f"{before}```pycon\n{dedent(indented or plain).rstrip()}\n```\n"


class Attrs(griffe.Extension):
    """Every class under ``@define`` or ``@frozen`` shows the parameters that attrs gives it: no source says them."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """When all modules are read, so that bases are known."""
        self._visit(pkg)

    def _visit(self, module: griffe.Module | griffe.Class) -> None:
        for member in list(module.members.values()):
            if isinstance(member, griffe.Class) and _decorator(member) and "__init__" not in member.members:
                member.set_member("__init__", _initializer(member))
            if isinstance(member, griffe.Module | griffe.Class):
                self._visit(member)


def _decorator(cls: griffe.Class) -> str:
    """How the class is made, or nothing."""
    return next((str(d.value) for d in cls.decorators if d.callable_path in ("attrs.define", "attrs.frozen")), "")


def _initializer(cls: griffe.Class) -> griffe.Function:
    kind = (
        griffe.ParameterKind.keyword_only
        if "kw_only=True" in _decorator(cls)
        else griffe.ParameterKind.positional_or_keyword
    )
    found: dict[str, griffe.Attribute] = {}
    for one in (*reversed(cls.mro()), cls):
        if _decorator(one):
            found |= {name: member for name, member in one.members.items() if isinstance(member, griffe.Attribute)}
    asked = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
    asked += [
        griffe.Parameter(name.lstrip("_"), annotation=field.annotation, kind=kind, default=_default(field))
        for name, field in found.items()
        if field.annotation is not None and "instance-attribute" in field.labels and _asked(field)
    ]
    return griffe.Function("__init__", parameters=griffe.Parameters(*asked), returns="None")


def _options(field: griffe.Attribute) -> dict[str, Any]:
    """The arguments of ``field(…)``, or nothing for a field without."""
    if not isinstance(field.value, griffe.ExprCall) or field.value.canonical_path != "attrs.field":
        return {}
    return {one.name: one.value for one in field.value.arguments if isinstance(one, griffe.ExprKeyword)}


def _asked(field: griffe.Attribute) -> bool:
    return str(_options(field).get("init", "True")) == "True"


def _default(field: griffe.Attribute) -> Any:
    if isinstance(field.value, griffe.ExprCall) and field.value.canonical_path == "attrs.field":
        options = _options(field)
        return griffe.ExprCall(options["factory"], []) if "factory" in options else options.get("default")
    return field.value
