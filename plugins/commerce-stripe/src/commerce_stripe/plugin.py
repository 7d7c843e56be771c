"""`StripePlugin`: what the shop loads by name."""

from collections.abc import Mapping

from pydantic import ValidationError

from commerce.payments import PaymentGateway
from commerce.runtime import hookimpl
from commerce_stripe.errors import StripeMisconfigured
from commerce_stripe.gateway import StripeGateway
from commerce_stripe.settings import StripeSettings

__all__ = ["StripePlugin"]


class StripePlugin:
    """The plugin ``stripe``. Its keyword arguments are the fields of `StripeSettings`."""

    def __init__(self, **settings: object) -> None:
        try:
            self.settings = StripeSettings.model_validate(settings)
        except ValidationError as error:
            # Pydantic's own text repeats the input, which may be a secret.
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
            raise StripeMisconfigured(reason=wrong) from None
        self.gateway = StripeGateway(self.settings)

    def __repr__(self) -> str:
        return f"StripePlugin({self.settings!r})"

    @hookimpl
    def commerce_payment_gateways(self) -> Mapping[str, PaymentGateway]:
        """The gateway, under the name that the settings give it."""
        return {self.settings.name: self.gateway}

    def close(self) -> None:
        """Give connections back."""
        self.gateway.close()
