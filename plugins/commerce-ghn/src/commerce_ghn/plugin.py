"""`GHNPlugin`: what a shop names in its ``plugins=`` mapping."""

from collections.abc import Mapping

import httpx
from pydantic import ValidationError

from commerce.runtime import hookimpl
from commerce.shipping import Carrier
from commerce_ghn.carrier import GHNCarrier
from commerce_ghn.errors import GHNMisconfigured
from commerce_ghn.settings import GHNSettings

__all__ = ["GHNPlugin"]


class GHNPlugin:
    """Offers GHN as a carrier. The keyword arguments are those of `GHNSettings`.

    Raises `GHNMisconfigured` for settings that cannot be right.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None = None, **settings: object) -> None:
        try:
            self.settings = GHNSettings.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            )
            raise GHNMisconfigured(problems=problems) from None
        self.carrier = GHNCarrier(self.settings, transport=transport)

    @hookimpl
    def commerce_carriers(self) -> Mapping[str, Carrier]:
        """The carrier, by the name in the settings."""
        return {self.settings.name: self.carrier}

    def close(self) -> None:
        """Give the connections back."""
        self.carrier.close()
