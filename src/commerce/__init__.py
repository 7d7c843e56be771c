"""Headless commerce as a library: carts, prices, stock and orders, exact and without a web framework.

Each module is used by its own front door (``from commerce.cart import Cart``). The names
here are loaded when first used, so ``import commerce`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("commerce.runtime" if name == "hookimpl" else "commerce.kernel"), name)


def __dir__() -> list[str]:
    return __all__
