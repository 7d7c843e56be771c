"""`EasyPostPlugin`: what a shop names in its ``plugins=`` mapping."""

from collections.abc import Mapping

import httpx
from pydantic import ValidationError

from commerce.kernel import Clock, utc_now
from commerce.runtime import hookimpl
from commerce.shipping import Carrier
from commerce_easypost.carrier import EasyPostCarrier
from commerce_easypost.errors import EasyPostMisconfigured
from commerce_easypost.settings import EasyPostSettings

__all__ = ["EasyPostPlugin"]


class EasyPostPlugin:
    """Offers EasyPost as a carrier. The keyword arguments are those of `EasyPostSettings`.

    Raises `EasyPostMisconfigured` for settings that cannot be right.
    """

    def __init__(
        self, *, clock: Clock = utc_now, transport: httpx.BaseTransport | None = None, **settings: object
    ) -> None:
        try:
            self.settings = EasyPostSettings.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            )
            raise EasyPostMisconfigured(problems=problems) from None
        self.carrier = EasyPostCarrier(self.settings, clock=clock, transport=transport)

    @hookimpl
    def commerce_carriers(self) -> Mapping[str, Carrier]:
        """The carrier, by the name in the settings."""
        return {self.settings.name: self.carrier}

    def close(self) -> None:
        """Give the connections back."""
        self.carrier.close()
