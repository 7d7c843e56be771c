"""Calls to VNPay's API: signed both ways, and what a failure means."""

import json
from collections.abc import Mapping

import httpx

from commerce_vnpay.codes import DONE
from commerce_vnpay.errors import VNPayUnavailable, VNPayUnknown
from commerce_vnpay.settings import VNPaySettings
from commerce_vnpay.signing import joined, matches, signed

__all__ = ["VNPayClient"]

#: The order in which values are signed, by command and direction.
_ASKED = {
    "querydr": "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo",
    "refund": "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate"
    " CreateBy CreateDate IpAddr OrderInfo",
}
_ANSWERED = {
    "querydr": "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo PromotionCode PromotionAmount",
    "refund": "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo",
}

_SERVER_FAULT = 500


class VNPayClient:
    """VNPay's API over HTTP. ``transport`` replaces the network in tests."""

    def __init__(self, settings: VNPaySettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._http = httpx.Client(timeout=settings.timeout, transport=transport)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def call(self, command: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Sign a command, send it, and give the verified answer, without the ``vnp_`` of its names.

        A yes names the payment that it is about, and no answer names another one: a genuine one may be played back.
        Raises `VNPayUnavailable` if nothing was done, `VNPayUnknown` if that cannot be told.
        """
        values = {"Version": "2.1.0", "Command": command, "TmnCode": self._settings.tmn_code, **fields}
        secret = self._settings.hash_secret.get_secret_value()
        body = {f"vnp_{name}": value for name, value in values.items()}
        body["vnp_SecureHash"] = signed(secret, joined(values.get(name, "") for name in _ASKED[command].split()))
        answer = self._answer(command, self._post(command, body))
        answered = {name.removeprefix("vnp_"): value for name, value in answer.items()}
        told = {name: _text(answered.get(name)) for name in _ANSWERED[command].split()}
        if not matches(secret, joined(told.values()), str(answered.get("SecureHash", ""))):
            raise VNPayUnknown(call=command, reason="the answer is not signed with our secret")
        named = [(told[name], values[name]) for name in ("TmnCode", "TxnRef")]
        if any(said != asked and (said or told["ResponseCode"] == DONE) for said, asked in named):
            raise VNPayUnknown(call=command, reason="the answer is about another payment")
        return told

    def _post(self, command: str, body: Mapping[str, str]) -> httpx.Response:
        try:
            return self._http.post(self._settings.api_url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise VNPayUnavailable(call=command, reason=type(error).__name__) from error
        except httpx.TransportError as error:
            raise VNPayUnknown(call=command, reason=type(error).__name__) from error

    @staticmethod
    def _answer(command: str, response: httpx.Response) -> dict[str, object]:
        status = response.status_code
        if status >= _SERVER_FAULT:
            raise VNPayUnknown(call=command, reason=f"HTTP {status}")
        if not response.is_success:
            raise VNPayUnavailable(call=command, reason=f"HTTP {status}")
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise VNPayUnknown(call=command, reason="the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise VNPayUnknown(call=command, reason="the answer is not a JSON object")
        return answer


def _text(value: object) -> str:
    return "" if value is None else str(value)
