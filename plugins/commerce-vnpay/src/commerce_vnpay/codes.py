"""VNPay's codes in our words.

From the tables of VNPay's integration guide (PAY, querydr, refund): response codes of a payment are told in
notices, statuses of a transaction in notices and queries, response codes of the API in the answers to calls.
"""

from commerce.payments import DeclineCode, OperationStatus

__all__ = ["DONE", "NOT_TAKEN", "PAYMENT_DECLINES", "REFUND_DECLINES", "REFUND_STATUSES"]

#: ``vnp_ResponseCode`` of a call that VNPay did.
DONE = "00"

#: ``vnp_ResponseCode`` of a payment that came to nothing. 07, money taken but suspected, is no such code.
PAYMENT_DECLINES = {
    "09": DeclineCode.NOT_ALLOWED,  # not registered for payments on the internet
    "10": DeclineCode.AUTHENTICATION_FAILED,  # card or account not verified, three times
    "11": DeclineCode.TIMED_OUT,
    "12": DeclineCode.LOST_OR_STOLEN,  # card or account is locked
    "13": DeclineCode.AUTHENTICATION_FAILED,  # one-time password wrong
    "24": DeclineCode.CANCELLED_BY_CUSTOMER,
    "51": DeclineCode.INSUFFICIENT_FUNDS,
    "65": DeclineCode.LIMIT_EXCEEDED,
    "75": DeclineCode.DECLINED,  # the bank is under maintenance
    "79": DeclineCode.AUTHENTICATION_FAILED,  # password wrong too often
}

#: ``vnp_ResponseCode`` of a refund that is refused for good.
REFUND_DECLINES = {
    "02": DeclineCode.AMOUNT_NOT_ALLOWED,  # all refunds together exceed the payment
    "04": DeclineCode.AMOUNT_NOT_ALLOWED,  # a full refund after one in part
    "13": DeclineCode.AMOUNT_NOT_ALLOWED,  # only refunds in part are allowed
    "91": DeclineCode.NOT_ALLOWED,  # no such transaction
    "93": DeclineCode.AMOUNT_NOT_ALLOWED,  # amount out of range
    "95": DeclineCode.NOT_ALLOWED,  # the payment did not succeed
}

#: ``vnp_TransactionStatus`` of a refund: 05 in work at VNPay, 06 sent to the bank, 09 rejected.
REFUND_STATUSES = {
    "00": OperationStatus.SUCCEEDED,
    "02": OperationStatus.FAILED,
    "09": OperationStatus.FAILED,
}

#: ``vnp_ResponseCode`` of a call that VNPay could not read: bad format, bad checksum.
NOT_TAKEN = ("03", "97")
