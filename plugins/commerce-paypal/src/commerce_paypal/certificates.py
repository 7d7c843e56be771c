"""PayPal's signing certificates: few are kept, and few are fetched, whatever addresses notices name."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from commerce.kernel import Clock
from commerce_paypal.errors import PayPalUnavailable

__all__ = ["Certificates"]

#: PayPal signs with one certificate at a time, and with another each year or so.
_KEPT = 16

#: Anybody may send a notice that names an address to fetch.
_FETCHES, _WHILE = 10, timedelta(minutes=1)


class Certificates:
    """Files in PEM by the address they came from.

    Only what is `keep`-ed is kept, the same file once, the oldest dropped first. So whoever has none of PayPal's
    own certificates at hand drops nothing, and what is kept is found however many others are asked for.
    """

    def __init__(self, download: Callable[[str], bytes], clock: Clock) -> None:
        self._download = download
        self._clock = clock
        self._kept: dict[str, bytes] = {}
        self._fetched: deque[datetime] = deque()
        self._lock = threading.Lock()

    @property
    def kept(self) -> Sequence[bytes]:
        """The files that were found good, oldest first."""
        with self._lock:
            return tuple(self._kept.values())

    def at(self, address: str) -> bytes:
        """The file at an address, kept or fetched. Raises `PayPalUnavailable` if too many were fetched of late."""
        with self._lock:
            known = self._kept.get(address)
            if known is None:
                self._count()
        return self._download(address) if known is None else known

    def keep(self, address: str, pem: bytes) -> None:
        """Keep a file that is good."""
        with self._lock:
            if pem not in self._kept.values():
                self._kept[address] = pem
            if len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]

    def _count(self) -> None:
        now = self._clock()
        while self._fetched and self._fetched[0] <= now - _WHILE:
            self._fetched.popleft()
        if len(self._fetched) >= _FETCHES:
            raise PayPalUnavailable(reason="too many unknown certificates are named: this notice has to come again")
        self._fetched.append(now)
