"""Headless commerce as a library: carts, prices, stock and orders, exact and without a web framework.

`Commerce` is a whole shop; each module is also used alone by its own front door
(``from commerce.cart import Cart``). The names here are loaded when first used, so
``import commerce`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commerce.adapters.quote_document import quote
    from commerce.app import Commerce
    from commerce.kernel import (
        CommerceError,
        Conflict,
        Denied,
        Invalid,
        Misconfigured,
        Money,
        NotFound,
        OutcomeUnknown,
        ProviderError,
        ProviderUnavailable,
        Refused,
    )
    from commerce.runtime import hookimpl

__all__ = [
    "Commerce",
    "CommerceError",
    "Conflict",
    "Denied",
    "Invalid",
    "Misconfigured",
    "Money",
    "NotFound",
    "OutcomeUnknown",
    "ProviderError",
    "ProviderUnavailable",
    "Refused",
    "hookimpl",
    "quote",
]

_HOMES = {
    "Commerce": "commerce.app",
    "hookimpl": "commerce.runtime",
    "quote": "commerce.adapters.quote_document",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "commerce.kernel")), name)


def __dir__() -> list[str]:
    return __all__
