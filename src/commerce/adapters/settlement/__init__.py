"""What a gateway says it settled, compared with the payments ledger: every difference by name.

`read_report` reads a gateway's CSV file row by row; `reconcile` matches the rows with the ledger. Both only
read. Formats are data (`SettlementFormat`), so a gateway that is not known here needs no code::

    >>> from commerce.adapters.settlement import STRIPE, read_report
    >>> lines = ["balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id",
    ...          "txn_1,2026-03-01 10:00:00,eur,80.00,1.45,78.55,charge,ch_1"]
    >>> [(row.operation.value, row.reference, row.amount) for row in read_report(lines, STRIPE)]
    [('capture', 'ch_1', Money('80.00', 'EUR'))]
"""

from commerce.adapters.settlement.formats import (
    FORMATS,
    PAYPAL,
    STRIPE,
    Columns,
    FeeTerms,
    InvalidFormat,
    SettlementFormat,
    load_format,
)
from commerce.adapters.settlement.matching import Ledger, reconcile, reconcile_payments
from commerce.adapters.settlement.reading import read_report
from commerce.adapters.settlement.values import (
    DifferenceKind,
    EmptyReport,
    MissingColumns,
    Reconciliation,
    SettlementDifference,
    SettlementRow,
    SkippedRow,
)

__all__ = [
    "FORMATS",
    "PAYPAL",
    "STRIPE",
    "Columns",
    "DifferenceKind",
    "EmptyReport",
    "FeeTerms",
    "InvalidFormat",
    "Ledger",
    "MissingColumns",
    "Reconciliation",
    "SettlementDifference",
    "SettlementFormat",
    "SettlementRow",
    "SkippedRow",
    "load_format",
    "read_report",
    "reconcile",
    "reconcile_payments",
]
