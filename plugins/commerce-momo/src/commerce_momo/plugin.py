"""`MoMoPlugin`: what a shop names in its ``plugins=`` mapping."""

from collections.abc import Mapping

import httpx
from pydantic import ValidationError

from commerce.kernel import Money
from commerce.payments import PaymentGateway
from commerce.runtime import hookimpl
from commerce_momo.errors import MoMoAmountRefused, MoMoMisconfigured
from commerce_momo.gateway import LEAST, MOST, MoMoGateway
from commerce_momo.settings import MoMoSettings

__all__ = ["MoMoPlugin"]


class MoMoPlugin:
    """Offers MoMo as a payment gateway. The keyword arguments are those of `MoMoSettings`.

    Raises `MoMoMisconfigured` for settings that cannot be right.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None = None, **settings: object) -> None:
        try:
            self.settings = MoMoSettings.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            )
            raise MoMoMisconfigured(problems=problems) from None
        self.gateway = MoMoGateway(self.settings, transport=transport)

    @hookimpl
    def commerce_payment_gateways(self) -> Mapping[str, PaymentGateway]:
        """The gateway, by the name in the settings."""
        return {self.settings.name: self.gateway}

    @hookimpl
    def commerce_validate_payment(self, gateway: str, amount: Money) -> None:
        """Refuse what MoMo would not take, before anything is written. Other currencies are refused elsewhere."""
        if gateway == self.settings.name and amount.currency == LEAST.currency and not LEAST <= amount <= MOST:
            raise MoMoAmountRefused(amount=amount, least=LEAST, most=MOST)

    def close(self) -> None:
        """Give the connections back."""
        self.gateway.close()
