"""What a shop has to know to ship with GHN."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from commerce_ghn.limits import DECLARED_DONG, SIDE_CM

__all__ = ["AddressLevels", "GHNSettings", "Paper", "RequiredNote"]

_Millimetres = Annotated[int, Field(gt=0, le=SIDE_CM * 10)]


class Paper(StrEnum):
    """What GHN prints on (developer.ghn.vn/en/docs/order/print; api.ghn.vn/home/docs/detail?id=67)."""

    A5 = "A5"
    SQUARE = "80x80"
    SMALL = "52x70"


class RequiredNote(StrEnum):
    """Whether the receiver may look into the parcel, or try what is in it, before accepting it."""

    NO_LOOKING = "KHONGCHOXEMHANG"
    LOOKING = "CHOXEMHANGKHONGTHU"
    TRYING = "CHOTHUHANG"


class AddressLevels(IntEnum):
    """How addresses are written: since 1 July 2025 ward and province, before with a district between them."""

    WARD_PROVINCE = 2
    WARD_DISTRICT_PROVINCE = 3


class GHNSettings(BaseModel):
    """Settings of one GHN shop. The token and the secret are never in a repr, a log or an error.

    ``base_url`` is that of the production or the test environment, without a path; each has tokens of its own.
    ``phone`` is the shop's own number: GHN wants one for a price too, and gets this one instead of the buyer's.
    ``provinces`` gives GHN's name for what the shop writes in ``Address.region``, as far as they differ.
    ``default_dimensions_mm`` are those of parcels without; ``declared_value`` is in dong, for each order.
    With a ``notice_secret``, notices are taken that have it in the header ``notice_header``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: Annotated[SecretStr, Field(min_length=1)]
    shop_id: Annotated[int, Field(gt=0)]
    base_url: Annotated[str, Field(pattern=r"^https?://[^/?#]+$")]
    phone: Annotated[str, Field(pattern=r"^\+?[0-9]{8,15}$")]
    name: Annotated[str, Field(min_length=1, max_length=64)] = "ghn"
    paper: Paper = Paper.A5
    required_note: RequiredNote = RequiredNote.NO_LOOKING
    address_levels: AddressLevels = AddressLevels.WARD_PROVINCE
    provinces: Mapping[str, str] = Field(default_factory=dict)
    default_dimensions_mm: tuple[_Millimetres, _Millimetres, _Millimetres] | None = None
    declared_value: Annotated[int, Field(ge=0, le=DECLARED_DONG)] = 0
    notice_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    notice_header: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "x-ghn-secret"
    timeout: Annotated[float, Field(gt=0)] = 10.0
