"""MoMo's result codes in our words, from the table in its documentation.

The same codes answer calls, are told in notices, and are the state of a payment when it is asked.
"""

from commerce.payments import DeclineCode

__all__ = [
    "AUTHORIZED",
    "CANCELLED",
    "DECLINES",
    "DONE",
    "DUPLICATES",
    "ENDED",
    "MAY_RETRY",
    "NOT_FOUND",
    "NOT_TAKEN",
    "OF_TRANSACTIONS",
    "PENDING",
    "WAITING",
]

DONE = 0
NOT_FOUND = 42
WAITING = 1000
CANCELLED = 1003
AUTHORIZED = 9000

#: In work at MoMo, or at the bank behind it.
PENDING = (7000, 7002)

#: The id of the request or of the order is known already.
DUPLICATES = (40, 41)

#: Nothing was done: maintenance, access, version, credentials, format.
NOT_TAKEN = (10, 11, 12, 13, 20)

#: Below the codes of transactions, but the end of one: no QR code, an error without a name.
ENDED = (98, 99)

#: From here on codes are about transactions; below they are about requests.
OF_TRANSACTIONS = 1000

#: A no.
DECLINES = {
    21: DeclineCode.AMOUNT_NOT_ALLOWED,
    22: DeclineCode.AMOUNT_NOT_ALLOWED,
    42: DeclineCode.NOT_ALLOWED,  # no such order
    47: DeclineCode.NOT_ALLOWED,  # does not apply
    98: DeclineCode.DECLINED,  # no QR code could be made
    1001: DeclineCode.INSUFFICIENT_FUNDS,
    1002: DeclineCode.DECLINED,  # by the issuer
    1003: DeclineCode.NOT_ALLOWED,  # authorized, then cancelled
    1004: DeclineCode.LIMIT_EXCEEDED,
    1005: DeclineCode.TIMED_OUT,
    1006: DeclineCode.CANCELLED_BY_CUSTOMER,
    1007: DeclineCode.NOT_ALLOWED,  # no active account
    1017: DeclineCode.ABANDONED,  # cancelled by the merchant
    1026: DeclineCode.NOT_ALLOWED,  # rules of a promotion
    1080: DeclineCode.DECLINED,  # the refund failed, later it may not
    1081: DeclineCode.NOT_ALLOWED,  # refunded already, or more than is left
    1088: DeclineCode.NOT_ALLOWED,  # not refundable
    2019: DeclineCode.NOT_ALLOWED,  # wrong group of orders
    4001: DeclineCode.NOT_ALLOWED,  # the account is restricted
    4002: DeclineCode.AUTHENTICATION_FAILED,  # the account is not verified
    4100: DeclineCode.AUTHENTICATION_FAILED,  # the customer could not sign in
}

#: After these another try with another key may succeed.
MAY_RETRY = (98, 1001, 1002, 1004, 1005, 1006, 1080, 4100)
