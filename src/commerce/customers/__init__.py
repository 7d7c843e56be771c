"""Customers: who buys, their addresses and consents, and erasing them.

Checks work without a shop::

    >>> from commerce.customers import check_address, normalised_email
    >>> from commerce.kernel import Address
    >>> normalised_email(" Ada@Example.ORG ")
    'ada@example.org'
    >>> check_address(Address(country="DE", postal_code="1234", city="Berlin", lines=("Unter den Linden 1",)))
    (postal_code unlikely (such as 26133),)
"""

from commerce.customers.emails import normalised_email
from commerce.customers.engine import AddressWarning, WarningReason, check_address, format_address
from commerce.customers.errors import AddressNotFound, CustomerNotFound, EmailTaken, InvalidEmail
from commerce.customers.events import (
    CustomerAnonymised,
    CustomerChanged,
    CustomerConsentChanged,
    CustomerGroupsChanged,
    CustomerRegistered,
)
from commerce.customers.model import Customer
from commerce.customers.ports import Customers, CustomerUnit
from commerce.customers.service import CustomerService
from commerce.customers.values import Consent, CustomerAddress

__all__ = [
    "AddressNotFound",
    "AddressWarning",
    "Consent",
    "Customer",
    "CustomerAddress",
    "CustomerAnonymised",
    "CustomerChanged",
    "CustomerConsentChanged",
    "CustomerGroupsChanged",
    "CustomerNotFound",
    "CustomerRegistered",
    "CustomerService",
    "CustomerUnit",
    "Customers",
    "EmailTaken",
    "InvalidEmail",
    "WarningReason",
    "check_address",
    "format_address",
    "normalised_email",
]
