"""What a shop has to know to be paid through VNPay."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["VNPaySettings"]


class VNPaySettings(BaseModel):
    """Settings of one VNPay terminal. The secret is never in a repr, a log or an error.

    ``pay_url`` and ``api_url`` are those of the production or the sandbox environment, as VNPay names them to the
    merchant. ``expires_after`` is how long a customer may take. ``server_ip`` is told in API calls, and where
    the customer's address is not known. ``bank_code`` leads all customers to one means of payment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tmn_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{8}$")]
    hash_secret: Annotated[SecretStr, Field(min_length=1)]
    pay_url: Annotated[str, Field(pattern=r"^https?://[^?#]+$")]
    api_url: Annotated[str, Field(pattern=r"^https?://[^?#]+$")]
    name: Annotated[str, Field(min_length=1)] = "vnpay"
    order_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,100}$")] = "other"
    bank_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{0,20}$")] = ""
    server_ip: Annotated[str, Field(min_length=7, max_length=45)] = "127.0.0.1"
    created_by: Annotated[str, Field(pattern=r"^[A-Za-z0-9 ._-]{1,245}$")] = "commerce"
    expires_after: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = timedelta(minutes=15)
    timeout: Annotated[float, Field(gt=0)] = 30.0
