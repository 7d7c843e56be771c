"""Hooks: many may contribute or object; pluggy combines the answers.

A hook implementation is pure and quick and does no I/O; it raises a
`commerce.kernel.CommerceError` to object. Names and arguments are checked when
the shop is built, so a typing mistake fails at start and not at checkout.
"""

import difflib
from collections.abc import Iterable
from types import ModuleType

import pluggy
from attrs import define

from commerce.kernel import Misconfigured

__all__ = ["HookRelay", "UnknownHook", "build_hooks", "hookimpl"]

HookRelay = pluggy.HookRelay

#: Marks a function or method as the implementation of a commerce hook.
hookimpl = pluggy.HookimplMarker("commerce")


@define(kw_only=True, slots=False)
class UnknownHook(Misconfigured):
    """A plugin implements a hook that nobody calls, or with arguments it does not get."""

    message = "plugin {plugin}: {reason}; known hooks: {similar}"
    plugin: str
    reason: str
    similar: tuple[str, ...]


def build_hooks(specifications: Iterable[ModuleType], plugins: Iterable[object]) -> HookRelay:
    """The callable hooks of all specifications, answered by ``plugins`` (objects or modules).

    Raises `UnknownHook` for an implementation that matches no specification.
    """
    manager = pluggy.PluginManager("commerce")
    for module in specifications:
        manager.add_hookspecs(module)
    known = [name for name in vars(manager.hook) if not name.startswith("_")]
    for plugin in plugins:
        label = getattr(plugin, "__name__", type(plugin).__name__)
        try:
            manager.register(plugin)
            for caller in manager.get_hookcallers(plugin) or ():
                if not caller.has_spec():
                    near = difflib.get_close_matches(caller.name, known) or known
                    raise UnknownHook(plugin=label, reason=f"there is no hook {caller.name!r}", similar=tuple(near))
        except pluggy.PluginValidationError as error:
            raise UnknownHook(plugin=label, reason=str(error).replace("\n", " "), similar=tuple(known)) from error
    return manager.hook
