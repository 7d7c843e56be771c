"""What can be wrong with a customer. An e-mail address is personal, so no error repeats it."""

from attrs import define

from commerce.kernel import Conflict, Invalid, NotFound

__all__ = ["AddressNotFound", "CustomerNotFound", "EmailTaken", "InvalidEmail"]


@define(kw_only=True, slots=False)
class CustomerNotFound(NotFound):
    """No customer has that id."""

    message = "there is no customer {customer_id}: register first"
    customer_id: str


@define(kw_only=True, slots=False)
class AddressNotFound(NotFound):
    """The customer has no address with that id."""

    message = "customer {customer_id} has no address {address_id}: read the customer again"
    customer_id: str
    address_id: str


@define(kw_only=True, slots=False)
class EmailTaken(Conflict):
    """Another customer has that e-mail address."""

    message = "a customer with that address exists: sign in, or use another address"


@define(kw_only=True, slots=False)
class InvalidEmail(Invalid):
    """Nothing can be sent there."""

    message = "that is not an e-mail address: {reason}"
    reason: str
