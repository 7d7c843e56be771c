"""`PayPalPlugin`: what the shop loads by name."""

from collections.abc import Mapping

from pydantic import ValidationError

from commerce.payments import PaymentGateway
from commerce.runtime import hookimpl
from commerce_paypal.errors import PayPalMisconfigured
from commerce_paypal.gateway import PayPalGateway
from commerce_paypal.settings import PayPalSettings

__all__ = ["PayPalPlugin"]


class PayPalPlugin:
    """The plugin ``paypal``. Its keyword arguments are the fields of `PayPalSettings`."""

    def __init__(self, **settings: object) -> None:
        try:
            self.settings = PayPalSettings.model_validate(settings)
        except ValidationError as error:
            # Pydantic's own text repeats the input, which may be a secret.
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
            raise PayPalMisconfigured(reason=wrong) from None
        self.gateway = PayPalGateway(self.settings)

    def __repr__(self) -> str:
        return f"PayPalPlugin({self.settings!r})"

    @hookimpl
    def commerce_payment_gateways(self) -> Mapping[str, PaymentGateway]:
        """The gateway, under the name that the settings give it."""
        return {self.settings.name: self.gateway}

    def close(self) -> None:
        """Give connections back."""
        self.gateway.close()
