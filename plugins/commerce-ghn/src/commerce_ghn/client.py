"""Calls to GHN's API, and what a failure of one means.

Source: headers ``Token`` and ``ShopId``, the envelope ``code``/``message``/``data``/``code_message`` and its codes:
developer.ghn.vn/en/docs/order/create, /info, /cancel, /print (api.ghn.vn/home/docs/detail?id=123, 66, 119, 73, 67).
"""

import json
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx
from attrs import define

from commerce_ghn.settings import GHNSettings

__all__ = ["Failure", "GHNClient", "Rejected", "Said", "Unreached", "Unsure"]

_API = "/shiip/public-api/v2/"
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404
_TOO_MANY, _SERVER_FAULT, _DOWN = 429, 500, 503

#: GHN's own codes beside a 400 that are about who asks, and that say that it broke down.
_WHO = ("CLIENT_NOT_OWNER_OF_SHOP", "SHOP_NOT_FOUND")
_BROKE_DOWN = "SERVER_ERROR_COMMON"

#: How GHN says that there is no such order: by a code, or in a sentence behind a general one.
_NO_ORDER = ("ORDER_NOT_FOUND",)
_NO_ORDER_SENTENCES = ("không tồn tại", "không tìm thấy", "not found")


@define
class Failure(Exception):
    """A call that brought nothing. ``reason`` is free of what was sent."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class Unreached(Failure):
    """Surely nothing happened."""


class Rejected(Unreached):
    """Nothing happened, because of the token or the shop id."""


class Unsure(Failure):
    """It may have happened."""


@define
class Said(Failure):
    """A definite no; ``nothing_there`` if it is that there is no such order."""

    nothing_there: bool = False


class GHNClient:
    """GHN's API over HTTP. ``transport`` replaces the network: in tests, or to go through a proxy."""

    def __init__(self, settings: GHNSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport or httpx.HTTPTransport()
        self._http = httpx.Client(base_url=settings.base_url, timeout=settings.timeout, transport=self._transport)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, call: str, **query: str) -> Any:
        """What GHN says to a question: the ``data`` of its answer. Raises `Failure`."""
        return _data(self._sent("GET", call, params=query))

    def post(self, call: str, body: Mapping[str, object]) -> Any:
        """What GHN says to a command: the ``data`` of its answer. Raises `Failure`."""
        return _data(self._sent("POST", call, json=body))

    def page(self, path: str, token: str) -> tuple[str, bytes]:
        """A page to print, with its media type. Raises `Failure`.

        Whoever has the ``token`` sees the order, and httpx logs every address that a client asks for. So the
        transport is asked directly.
        """
        request = self._http.build_request("GET", path, params={"token": token})
        try:
            with closing(self._transport.handle_request(request)) as response:
                content = response.read()
        except httpx.RequestError as error:
            raise Unsure(type(error).__name__) from error
        if response.status_code != _OK:
            raise Unsure(f"HTTP {response.status_code}")
        return response.headers.get("content-type", "").partition(";")[0].strip().lower(), content

    def _sent(self, method: str, call: str, **more: Any) -> httpx.Response:
        settings = self._settings
        headers = {"Token": settings.token.get_secret_value(), "ShopId": str(settings.shop_id)}
        try:
            return self._http.request(method, _API + call, headers=headers, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreached(type(error).__name__) from error
        except httpx.RequestError as error:
            raise Unsure(type(error).__name__) from error


def _data(response: httpx.Response) -> Any:
    """Read an answer. A no comes with 400, or as a code in a 200."""
    status = response.status_code
    _by_status(status)
    try:
        said = json.loads(response.content)
        code, data = said["code"], said.get("data")
        told = said.get("code_message") or ""
        message = str(said.get("message") or "").lower()
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        if response.is_client_error:
            raise Unreached(f"HTTP {status}") from error
        raise Unsure("the answer is not what was promised") from error
    if type(code) is not int or not isinstance(told, str):
        raise Unsure("the answer is not what was promised")
    _by_status(code)
    if code == _OK and response.is_success:
        return data
    if told == _BROKE_DOWN or code == _OK:
        raise Unsure(told or f"HTTP {status}")
    reason = told if re.fullmatch("[A-Z0-9_]{1,64}", told) else f"code {code}"
    if told in _WHO:
        raise Rejected(reason)
    nothing_there = told in _NO_ORDER or code == _NOT_FOUND or any(s in message for s in _NO_ORDER_SENTENCES)
    raise Said(reason, nothing_there)


def _by_status(status: int) -> None:
    if status in (_TOO_MANY, _DOWN):
        raise Unreached(f"HTTP {status}")
    if status >= _SERVER_FAULT:
        raise Unsure(f"HTTP {status}")
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        raise Rejected(f"HTTP {status}")
