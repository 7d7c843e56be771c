"""Calls to MoMo's API: signed, and what a failure means."""

import json
from collections.abc import Mapping
from uuid import uuid4

import httpx
from attrs import frozen

from commerce_momo.codes import NOT_TAKEN
from commerce_momo.errors import MoMoUnavailable, MoMoUnknown
from commerce_momo.settings import MoMoSettings
from commerce_momo.signing import QUERY, signed

__all__ = ["Answer", "MoMoClient"]

_TOO_MANY, _SERVER_FAULT = 429, 500

#: What an answer repeats of what was asked.
_REPEATED = ("partnerCode", "orderId", "requestId")


@frozen
class Answer:
    """What MoMo said: its code, an amount in dong, its number of the transaction, and all else."""

    code: int
    amount: int
    number: str
    fields: Mapping[str, object]


class MoMoClient:
    """MoMo's API over HTTP. ``transport`` replaces the network in tests."""

    def __init__(self, settings: MoMoSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._http = httpx.Client(base_url=settings.base_url, timeout=settings.timeout, transport=transport)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def query(self, order_id: str) -> Answer:
        """What MoMo knows of an order."""
        return self.call("query", {"orderId": order_id, "requestId": uuid4().hex, "lang": "en"}, QUERY)

    def call(self, name: str, fields: Mapping[str, object], signs: tuple[str, ...]) -> Answer:
        """Sign a call, send it, and give the answer to it.

        Raises `MoMoUnavailable` if nothing was done, `MoMoUnknown` if that cannot be told.
        """
        body = {"partnerCode": self._settings.partner_code, **fields}
        keys = self._settings.access_key.get_secret_value(), self._settings.secret_key.get_secret_value()
        response = self._post(name, {**body, "signature": signed(*keys, body, signs)})
        return _answer(name, body, response)

    def _post(self, name: str, body: Mapping[str, object]) -> httpx.Response:
        try:
            return self._http.post(f"/v2/gateway/api/{name}", json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise MoMoUnavailable(call=name, reason=type(error).__name__) from error
        except httpx.TransportError as error:
            raise MoMoUnknown(call=name, reason=type(error).__name__) from error


def _answer(name: str, asked: Mapping[str, object], response: httpx.Response) -> Answer:
    """Read an answer. Refusals have a code as well, beside a 4xx."""
    status = response.status_code
    if status >= _SERVER_FAULT:
        raise MoMoUnknown(call=name, reason=f"HTTP {status}")
    if status == _TOO_MANY:
        raise MoMoUnavailable(call=name, reason=f"HTTP {status}")
    try:
        said = json.loads(response.content)
        code, amount, number = (_whole(said.get(key, 0)) for key in ("resultCode", "amount", "transId"))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        if not response.is_success:
            raise MoMoUnavailable(call=name, reason=f"HTTP {status}") from error
        raise MoMoUnknown(call=name, reason="the answer is not what was promised") from error
    if "resultCode" not in said or not _about(name, asked, said, code):
        raise MoMoUnknown(call=name, reason="the answer does not say that it is about this")
    return Answer(code=code, amount=amount, number=str(number) if number else "", fields=said)


def _about(name: str, asked: Mapping[str, object], said: Mapping[str, object], code: int) -> bool:
    """Whether an answer says what it is about, and that is what was asked.

    Where nothing was taken, nothing need be named. A query moves no money, so any answer about its order will do.
    """
    repeated = _REPEATED[:2] if name == "query" else _REPEATED
    return all(said.get(key) == asked[key] or (code in NOT_TAKEN and not said.get(key)) for key in repeated)


def _whole(value: object) -> int:
    """A whole number, given as a number or in digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(type(value).__name__)
    return int(value)
