"""What a shop says about its PayPal account."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["PayPalSettings"]


class PayPalSettings(BaseModel):
    """Settings of the plugin. Secrets are masked wherever a setting is shown.

    * ``client_id``, ``client_secret``: of the REST app.
    * ``webhook_id``: PayPal's id of the webhook whose notices come in; it is part of what they sign.
    * ``verify``: ``api`` asks PayPal whether a notice is its own; ``certificate`` checks the signature here.
    * ``trusted_roots``: certificates in PEM that may vouch for PayPal's; without them those that certifi ships.
    * ``tolerance``: how many seconds a notice may be old. PayPal repeats one for three days.
    * ``name``: under which the shop knows this gateway; ``brand_name`` is shown to payers.
    * ``shipping``: whether payers choose an address at PayPal, or none, since the shop has it.
    * ``connect_timeout``, ``timeout`` in seconds; keep ``timeout`` well below the shop's patience.
    * ``base_url``: ``https://api-m.paypal.com``; the sandbox is ``https://api-m.sandbox.paypal.com``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1)]
    webhook_id: str = ""
    verify: Literal["api", "certificate"] = "api"
    trusted_roots: str = Field(default="", repr=False)
    tolerance: Annotated[int, Field(gt=0)] = 4 * 24 * 3600
    name: Annotated[str, Field(min_length=1, max_length=40)] = "paypal"
    brand_name: Annotated[str, Field(max_length=127)] = ""
    shipping: Literal["GET_FROM_FILE", "NO_SHIPPING"] = "NO_SHIPPING"
    connect_timeout: Annotated[float, Field(gt=0, le=60)] = 5
    timeout: Annotated[float, Field(gt=0, le=120)] = 40
    base_url: str = "https://api-m.paypal.com"
