"""UUIDv7 identifiers (RFC 9562): unique without a coordinator, ordered by time."""

import secrets
import threading
import time
import uuid

__all__ = ["new_id"]

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A new UUIDv7 as text; ids made later in one process sort later.

    48 bits of Unix milliseconds, then a 12-bit sub-millisecond counter (method
    3 of RFC 9562 section 6.2), then 62 random bits.
    """
    global _last  # noqa: PLW0603 - the one monotonic tick per process that RFC 9562 asks for
    with _lock:
        tick = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = tick
    millis, counter = divmod(tick, 4096)
    value = (millis << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))
