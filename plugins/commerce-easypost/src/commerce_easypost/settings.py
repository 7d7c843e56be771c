"""What a shop has to know to ship through EasyPost."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, SecretStr

from commerce.kernel import Address, Invalid

__all__ = ["EasyPostSettings", "LabelFormat"]


class LabelFormat(StrEnum):
    """What labels are (EasyPost docs, Shipments, Options: ``label_format``)."""

    PDF = "pdf"
    ZPL = "zpl"
    PNG = "png"


def _address(value: Any) -> Any:
    """An address as such, or as a mapping of its fields."""
    if not isinstance(value, Mapping):
        return value
    try:
        return Address(**{**value, "lines": tuple(value.get("lines", ()))})
    except Invalid as error:
        raise ValueError(error) from None
    except TypeError:
        raise ValueError("these are not the fields of commerce.kernel.Address") from None


class EasyPostSettings(BaseModel):
    """Settings of one EasyPost account. The key and the secret are never in a repr, a log or an error.

    ``api_key`` decides between test and production. ``sender`` is where parcels come from, unless the shop
    says so with each request. ``carrier_accounts`` (``ca_…``) are those to rate and buy with; all, if empty.
    Without ``webhook_secret``, the one given to EasyPost for the webhook, there are no notices. A purchase
    waits for the carrier behind EasyPost, so ``timeout`` (seconds, 120 at most) is long.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: Annotated[SecretStr, Field(min_length=1)]
    webhook_secret: Annotated[SecretStr, Field(min_length=1)] | None = None
    sender: Annotated[InstanceOf[Address], BeforeValidator(_address)] | None = None
    # 60 accounts at most are rated at once (EasyPost Rate Limiting Guide).
    carrier_accounts: Annotated[tuple[Annotated[str, Field(pattern=r"^ca_\w+$")], ...], Field(max_length=60)] = ()
    label_format: LabelFormat = LabelFormat.PDF
    name: Annotated[str, Field(min_length=1)] = "easypost"
    # The key travels with every request, so plain HTTP is for loopback only.
    base_url: Annotated[str, Field(pattern=r"^(https://[^/?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?)$")] = (
        "https://api.easypost.com"
    )
    timeout: Annotated[float, Field(gt=0, le=120)] = 60.0
    connect_timeout: Annotated[float, Field(gt=0)] = 10.0
