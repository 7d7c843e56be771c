"""What a shop says about its Stripe account."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["StripeSettings"]


class StripeSettings(BaseModel):
    """Settings of the plugin. Secrets are masked wherever a setting is shown.

    * ``secret_key``: ``sk_…`` or a restricted ``rk_…``, with write access to PaymentIntents and refunds.
    * ``webhook_secrets``: the ``whsec_…`` of the endpoint; while it is rotated, the new one and the old one.
    * ``name``: under which the shop knows this gateway.
    * ``payment_method_types``: what shoppers may pay with.
    * ``multi_capture``, ``increment``: for accounts on which Stripe allows these.
    * ``connect_timeout``, ``timeout`` in seconds; keep ``timeout`` well below the shop's patience.
    * ``tolerance``: how many seconds a notice may be old.
    * ``base_url``: where Stripe is; for tests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret_key: Annotated[SecretStr, Field(min_length=1)]
    webhook_secrets: tuple[Annotated[SecretStr, Field(min_length=1)], ...] = ()
    name: Annotated[str, Field(min_length=1, max_length=40)] = "stripe"
    payment_method_types: Annotated[tuple[str, ...], Field(min_length=1)] = ("card",)
    multi_capture: bool = False
    increment: bool = False
    connect_timeout: Annotated[float, Field(gt=0, le=60)] = 5
    timeout: Annotated[float, Field(gt=0, le=120)] = 40
    tolerance: Annotated[int, Field(gt=0)] = 300
    base_url: str = "https://api.stripe.com"
