"""How Stripe's client sends: one shared httpx client with timeouts, so that what failed can be told exactly."""

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

__all__ = ["HttpxTransport"]


class HttpxTransport(stripe.HTTPClient):
    """Stripe's own httpx transport brings an event loop's client along and warns about itself; this one does not."""

    name = "httpx"

    def __init__(self, timeout: httpx.Timeout) -> None:
        super().__init__()
        self._http = httpx.Client(timeout=timeout)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send once; a transport error keeps its cause, which tells whether anything was sent."""
        try:
            answer = self._http.request(method, url, headers=dict(headers or {}), content=post_data)
        except httpx.TransportError as error:
            lost = stripe.APIConnectionError(type(error).__name__)  # type: ignore[no-untyped-call]  # theirs
            raise lost from error
        return answer.text, answer.status_code, answer.headers

    def close(self) -> None:
        """Give connections back."""
        self._http.close()
