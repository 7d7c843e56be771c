"""Text that every storage keeps as it is: what one of them could not keep is refused before any of them is asked."""

import re
import sys
from collections.abc import Callable
from typing import Any

from commerce.kernel.errors import InvalidValue

__all__ = ["require_storable", "storable_text", "strip_unstorable"]

#: What no database keeps as text: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def require_storable(field: str, *texts: str, least: int = 0, most: int | None = None) -> None:
    """Refuse texts that no database keeps, or that are shorter or longer than there is room for."""
    for text in texts:
        if _UNSTORABLE.search(text):
            raise InvalidValue(field=field, reason="no storage keeps NUL or half a surrogate pair: leave them out")
        if len(text) < least or (most is not None and len(text) > most):
            room = f"{least} characters or more" if most is None else f"{least} to {most} characters"
            raise InvalidValue(field=field, reason=f"pass a text of {room}")


def strip_unstorable(text: str) -> str:
    """The text without what no database keeps."""
    return _UNSTORABLE.sub("", text)


def storable_text(most: int | None = None, *, least: int = 0) -> Callable[[object, Any, Any], None]:
    """An attrs validator for a text, several or none: with so many characters each, as every storage keeps them."""
    room = range(least, (sys.maxsize if most is None else most) + 1)

    def check(_: object, attribute: Any, value: Any) -> None:
        if isinstance(value, str) and value.isprintable() and len(value) in room:
            return  # neither NUL nor half a surrogate pair is printable; this is checked whenever a cart is read
        require_storable(attribute.name, *((value,) if isinstance(value, str) else value or ()), least=least, most=most)

    return check
