"""`VNPayPlugin`: what a shop names in its ``plugins=`` mapping."""

from collections.abc import Mapping

import httpx
from pydantic import ValidationError

from commerce.kernel import Clock, utc_now
from commerce.payments import PaymentGateway
from commerce.runtime import hookimpl
from commerce_vnpay.errors import VNPayMisconfigured
from commerce_vnpay.gateway import VNPayGateway
from commerce_vnpay.settings import VNPaySettings

__all__ = ["VNPayPlugin"]


class VNPayPlugin:
    """Offers VNPay as a payment gateway. The keyword arguments are those of `VNPaySettings`.

    Raises `VNPayMisconfigured` for settings that cannot be right.
    """

    def __init__(
        self, *, clock: Clock = utc_now, transport: httpx.BaseTransport | None = None, **settings: object
    ) -> None:
        try:
            self.settings = VNPaySettings.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            )
            raise VNPayMisconfigured(problems=problems) from None
        self.gateway = VNPayGateway(self.settings, clock=clock, transport=transport)

    @hookimpl
    def commerce_payment_gateways(self) -> Mapping[str, PaymentGateway]:
        """The gateway, by the name in the settings."""
        return {self.settings.name: self.gateway}

    def close(self) -> None:
        """Give the connections back."""
        self.gateway.close()
