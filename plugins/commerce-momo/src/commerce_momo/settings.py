"""What a shop has to know to be paid through MoMo."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["MoMoSettings", "RequestType"]


class RequestType(StrEnum):
    """How customers pay: with the wallet, by a means that they choose, with a domestic card, with a credit card."""

    WALLET = "captureWallet"
    METHOD = "payWithMethod"
    ATM = "payWithATM"
    CARD = "payWithCC"


class MoMoSettings(BaseModel):
    """Settings of one MoMo partner. The keys are never in a repr, a log or an error.

    ``base_url`` is that of the production or the test environment, without a path. ``ipn_url`` is where MoMo
    notifies the shop. MoMo asks for a ``timeout`` of 30 seconds or more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    partner_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")]
    access_key: Annotated[SecretStr, Field(min_length=1)]
    secret_key: Annotated[SecretStr, Field(min_length=1)]
    base_url: Annotated[str, Field(pattern=r"^https?://[^/?#]+$")]
    ipn_url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    name: Annotated[str, Field(min_length=1)] = "momo"
    request_type: RequestType = RequestType.WALLET
    timeout: Annotated[float, Field(gt=0)] = 30.0
