"""Providers: which of the named ones? Gateways, carriers, channels."""

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from attrs import define

from commerce.kernel import Misconfigured, NotFound

__all__ = ["PluginNotInstalled", "Providers", "UnknownProvider", "load_plugin"]

T = TypeVar("T")

#: The entry point group in which a distribution offers its plugin class.
GROUP = "commerce.plugins"


@define(kw_only=True, slots=False)
class UnknownProvider(NotFound):
    """No provider of that name was configured for this shop."""

    message = "no {kind} named {name!r}: this shop has {configured}"
    kind: str
    name: str
    configured: tuple[str, ...]


@define(kw_only=True, slots=False)
class PluginNotInstalled(Misconfigured):
    """The ``plugins=`` mapping names a plugin that no installed distribution offers."""

    message = "plugin {name!r} is not installed: installed are {installed}"
    name: str
    installed: tuple[str, ...]


class Providers(Generic[T]):
    """Named implementations of one port."""

    def __init__(self, kind: str, providers: Mapping[str, T]) -> None:
        self._kind = kind
        self._providers = dict(sorted(providers.items()))

    def __getitem__(self, name: str) -> T:
        """The provider of that name, or `UnknownProvider` listing what there is."""
        try:
            return self._providers[name]
        except KeyError:
            raise UnknownProvider(kind=self._kind, name=name, configured=tuple(self._providers)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)


def load_plugin(name: str, settings: Mapping[str, object]) -> object:
    """Build one installed plugin by its entry point name, with its settings.

    Nothing is loaded because it happens to be installed: plugins handle money.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise PluginNotInstalled(name=name, installed=tuple(sorted(found)))
    plugin: object = found[name].load()(**settings)
    return plugin
