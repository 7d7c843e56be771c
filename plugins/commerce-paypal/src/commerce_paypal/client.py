"""One shared httpx client: tokens, request ids, and what each kind of answer means."""

import threading
from datetime import datetime, timedelta
from typing import Any

import httpx
from attrs import frozen

from commerce.kernel import Clock
from commerce_paypal.errors import PayPalRefusal, PayPalUnavailable, PayPalUnknown
from commerce_paypal.settings import PayPalSettings

__all__ = ["PayPalClient"]

#: No byte of the request left, so nothing was done.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

#: A token is not used any more so long before it ends.
_SPARE = timedelta(seconds=60)


@frozen(kw_only=True)
class _Token:
    value: str
    until: datetime


class PayPalClient:
    """Sends, with a token that is fetched when needed and shared by all threads."""

    def __init__(self, settings: PayPalSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http = httpx.Client(
            base_url=settings.base_url, timeout=httpx.Timeout(settings.timeout, connect=settings.connect_timeout)
        )
        self._token: _Token | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        """Read."""
        return self._call("GET", path, b"", {})

    def post(self, path: str, body: bytes, *, key: str = "") -> dict[str, Any]:
        """Do, once per key; the answer is the whole resource."""
        headers = {"content-type": "application/json", "prefer": "return=representation"}
        if key:
            headers["paypal-request-id"] = key
        return self._call("POST", path, body, headers)

    def download(self, url: str) -> bytes:
        """A public file, at exactly that address."""
        try:
            answer = self._http.get(url)
        except httpx.TransportError as error:
            raise PayPalUnavailable(reason=type(error).__name__) from None
        if answer.is_server_error:
            raise PayPalUnavailable(reason=f"HTTP {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise PayPalRefusal(f"HTTP {answer.status_code}", missing=True)
        return answer.content

    def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        answer = self._send(method, path, body, headers, self._valid_token())
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # Nothing was done; the token may have been taken back before its time.
            self._token = None
            answer = self._send(method, path, body, headers, self._valid_token())
        return _read(answer)

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str], token: _Token) -> httpx.Response:
        try:
            return self._http.request(
                method, path, content=body or None, headers={**headers, "authorization": f"Bearer {token.value}"}
            )
        except _NOT_SENT as error:
            raise PayPalUnavailable(reason=type(error).__name__) from None
        except httpx.TransportError as error:
            raise PayPalUnknown(reason=type(error).__name__) from None

    def _valid_token(self) -> _Token:
        with self._lock:
            if self._token is None or self._token.until <= self._clock():
                self._token = self._new_token()
            return self._token

    def _new_token(self) -> _Token:
        """A token moves no money, so whatever fails here, nothing was done."""
        secret = self._settings.client_secret.get_secret_value()
        try:
            answer = self._http.post(
                "/v1/oauth2/token",
                data={"grant_type": "client_credentials"},
                auth=(self._settings.client_id, secret),
            )
            told = answer.json()
            lifetime = timedelta(seconds=int(told["expires_in"]))
            return _Token(value=str(told["access_token"]), until=self._clock() + lifetime - min(_SPARE, lifetime / 2))
        except httpx.TransportError as error:
            raise PayPalUnavailable(reason=type(error).__name__) from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise PayPalUnavailable(reason=f"no token, HTTP {answer.status_code}") from None


def _read(answer: httpx.Response) -> dict[str, Any]:
    """The body of a yes; a no, a certain nothing, or a maybe as the exception it is."""
    status, debug_id = answer.status_code, answer.headers.get("paypal-debug-id", "")
    try:
        body = answer.json() if answer.content else {}
    except (ValueError, RecursionError):
        body = None
    if answer.is_success and isinstance(body, dict):
        return body
    said = body if isinstance(body, dict) else {}
    name = str(said.get("name") or f"HTTP {status}")
    debug_id = debug_id or str(said.get("debug_id") or "")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS):
        raise PayPalUnavailable(reason=name, debug_id=debug_id)
    if answer.is_client_error and said and status not in (httpx.codes.CONFLICT, httpx.codes.REQUEST_TIMEOUT):
        raise PayPalRefusal.of(status, said)
    # A 5xx, nonsense, or (409) the same request being worked on.
    raise PayPalUnknown(reason=name, debug_id=debug_id)
