"""Calls to EasyPost's API, version 2, and what a failure means."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from commerce_easypost.errors import EasyPostRefusal, EasyPostUnavailable, EasyPostUnknown
from commerce_easypost.settings import EasyPostSettings

__all__ = ["EasyPostClient"]

_M = TypeVar("_M", bound=BaseModel)

#: No byte of the request left, so nothing was done.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

#: Nothing was done: the key, the balance, a right of the account, too many requests (EasyPost Errors Guide).
_NOT_DONE = (401, 402, 403, 429)

#: A definite no. A 503 is none: "a third party that is required" may have been reached.
_REFUSED = (400, 404, 422)


class EasyPostClient:
    """EasyPost over HTTP, with the key as the user of Basic authentication (EasyPost docs, Authentication).

    Shared by all threads. ``transport`` replaces the network: in tests, or to go through a proxy.
    """

    def __init__(self, settings: EasyPostSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._name = settings.name
        self._timeout = httpx.Timeout(settings.timeout, connect=settings.connect_timeout)
        self._transport = transport or httpx.HTTPTransport()
        self._http = httpx.Client(
            base_url=f"{settings.base_url}/v2",
            auth=httpx.BasicAuth(settings.api_key.get_secret_value(), ""),
            timeout=self._timeout,
            transport=self._transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def read(self, model: type[_M], path: str, **query: str) -> _M:
        """Look. Whatever fails, nothing was done."""
        return self._harmless(model, "GET", path, params=query)

    def make(self, model: type[_M], path: str, body: Mapping[str, object] | None = None) -> _M:
        """Make something that costs nothing and that nobody minds if it is made in vain."""
        return self._harmless(model, "POST", path, json=body or {})

    def commit(self, model: type[_M], path: str, body: Mapping[str, object] | None = None) -> _M:
        """Do what counts. Raises `EasyPostUnknown` where it may have been done, `EasyPostUnavailable` where not."""
        try:
            answer = self._http.request("POST", path, json=body or {})
        except _NOT_SENT as error:
            raise EasyPostUnavailable(carrier=self._name, reason=type(error).__name__) from None
        except httpx.TransportError as error:
            raise EasyPostUnknown(carrier=self._name, reason=type(error).__name__) from None
        return self._understood(model, answer)

    def download(self, url: str) -> bytes:
        """The file of a label, at an address that needs no key and must not see it.

        Whoever has the address sees the label, and httpx logs every address that a client asks for. So the
        transport is asked directly.
        """
        try:
            request = httpx.Request("GET", url, extensions={"timeout": self._timeout.as_dict()})
            with closing(self._transport.handle_request(request)) as answer:
                content = answer.read()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EasyPostUnavailable(carrier=self._name, reason=type(error).__name__) from None
        if answer.status_code != httpx.codes.OK or not content:
            raise EasyPostUnavailable(carrier=self._name, reason=f"no label file, HTTP {answer.status_code}")
        return content

    def _harmless(self, model: type[_M], method: str, path: str, **sent: Any) -> _M:
        try:
            return self._understood(model, self._http.request(method, path, **sent))
        except httpx.TransportError as error:
            raise EasyPostUnavailable(carrier=self._name, reason=type(error).__name__) from None
        except EasyPostUnknown as unknown:
            raise EasyPostUnavailable(carrier=self._name, reason=unknown.reason) from None

    def _understood(self, model: type[_M], answer: httpx.Response) -> _M:
        """The body of a yes; a no, a certain nothing, or a maybe as the exception it is."""
        if answer.is_success:
            try:
                return model.model_validate_json(answer.content)
            except ValidationError:
                raise EasyPostUnknown(carrier=self._name, reason="its answer is none") from None
        refusal = EasyPostRefusal.of(answer.status_code, _error(answer))
        if answer.status_code in _NOT_DONE:
            raise EasyPostUnavailable(carrier=self._name, reason=refusal.code)
        if answer.status_code in _REFUSED and not refusal.code.startswith("HTTP"):
            raise refusal
        # A 5xx, or the word of whoever stands in between.
        raise EasyPostUnknown(carrier=self._name, reason=refusal.code)


def _error(answer: httpx.Response) -> Mapping[str, object]:
    """The error object of an answer (EasyPost docs, Errors); empty if there is none."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return {}
    error = said.get("error") if isinstance(said, Mapping) else None
    return error if isinstance(error, Mapping) else {}
