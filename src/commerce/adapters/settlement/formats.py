"""Formats of settlement reports, as data.

Column names of Stripe: "Report types reference", reports ``balance_change_from_activity.itemized.*`` and
``payout_reconciliation.itemized.*`` (docs.stripe.com/reports/report-types); categories: "Reporting categories and
types" (docs.stripe.com/reports/reporting-categories). Of PayPal: "Settlement Report Specification", section body
data (developer.paypal.com/docs/reports/sftp-reports/settlement-report), and "Transaction event code (T-code)
reference" (developer.paypal.com/docs/reports/reference/tcodes).
"""

import json
from decimal import Decimal
from typing import Any, Literal

from attrs import define
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from commerce.kernel import Invalid
from commerce.payments import OperationKind

__all__ = ["FORMATS", "PAYPAL", "STRIPE", "Columns", "FeeTerms", "InvalidFormat", "SettlementFormat", "load_format"]


@define(kw_only=True, slots=False)
class InvalidFormat(Invalid):
    """A column map that cannot be read."""

    message = "the column map is wrong at {place}: {reason}"
    place: str
    reason: str


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Value):
    """Which column holds what. Of several names the first that the file has is read; capitals do not count.

    * ``kind``: what happened; ``currency``, ``amount`` (gross); ``fee`` and ``net`` in the same currency;
    * ``references``: the gateway's id of the operation, or our key of it (``payment_entry.id``); the first that
      the row fills is taken, the others tell what it belongs to;
    * ``id``: the row's own id, by which a row that came twice is known;
    * ``charged_amount``, ``charged_currency``: what the customer paid, where the gateway converted it;
    * ``direction``, ``fee_direction``: ``CR`` or ``DR`` where amounts have no sign; ``at``: when.
    """

    kind: tuple[str, ...]
    references: tuple[str, ...] = Field(min_length=1)
    currency: tuple[str, ...]
    amount: tuple[str, ...]
    id: tuple[str, ...] = ()
    fee: tuple[str, ...] = ()
    net: tuple[str, ...] = ()
    charged_amount: tuple[str, ...] = ()
    charged_currency: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    fee_direction: tuple[str, ...] = ()
    at: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class FeeTerms(_Value):
    """What a capture costs by contract: a percentage, and so much by currency. Rounding may differ by one unit."""

    percent: Decimal = Decimal(0)
    fixed: dict[str, Decimal] = Field(default_factory=dict)


class SettlementFormat(_Value):
    """How a report is written.

    ``kinds`` says which operation a kind is, ``skipped`` which kinds are about something else; both match by
    the longest beginning. A kind in neither is a broken row, so nothing is passed over unseen.
    ``by_related`` are kinds whose own id is not that of the operation: the second reference is.
    ``record`` is for files of several kinds of rows: where the first cell says which (header, data).
    """

    name: str = "map"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    columns: Columns
    kinds: dict[str, Literal["capture", "refund", "chargeback", "chargeback_reversal"]]
    skipped: tuple[str, ...] = ()
    by_related: tuple[str, ...] = ()
    record: tuple[str, str] | None = None
    minor_units: bool = False
    decimal: Literal[".", ","] = "."
    timezone: str = "UTC"
    terms: FeeTerms | None = None

    def operation(self, kind: str) -> OperationKind | Literal[False] | None:
        """Which operation a kind is; nothing if it is about something else, false if nobody said."""
        found = _longest(kind, self.kinds)
        other = _longest(kind, self.skipped)
        if found is None and other is None:
            return False
        return OperationKind(self.kinds[found]) if found is not None and len(found) >= len(other or "") else None


def _longest(kind: str, beginnings: Any) -> str | None:
    return max((one for one in beginnings if kind.startswith(one)), key=len, default=None)


STRIPE = SettlementFormat(
    name="stripe",
    columns=Columns(
        kind=("reporting_category",),
        references=("source_id", "charge_id", "payment_intent_id"),
        currency=("currency",),
        amount=("gross",),
        id=("balance_transaction_id",),
        fee=("fee",),
        net=("net",),
        charged_amount=("customer_facing_amount",),
        charged_currency=("customer_facing_currency",),
        at=("created_utc", "created"),
    ),
    kinds={
        "charge": "capture",
        "charge_failure": "capture",
        "partial_capture_reversal": "capture",
        "refund": "refund",
        "refund_failure": "refund",
        "dispute": "chargeback",
        "dispute_reversal": "chargeback_reversal",
    },
    by_related=("charge_failure", "partial_capture_reversal"),
    skipped=(
        "advance",
        "anticipation_repayment",
        "climate_order",
        "connect",
        "contribution",
        "fee",
        "financing",
        "issuing",
        "network_cost",
        "other_adjustment",
        "payout",
        "platform_earning",
        "risk_reserved_funds",
        "tax",
        "topup",
        "transfer",
    ),
)

PAYPAL = SettlementFormat(
    name="paypal",
    record=("CH", "SB"),
    minor_units=True,
    columns=Columns(
        kind=("Transaction Event Code",),
        references=("Transaction ID", "PayPal Reference ID"),
        currency=("Gross Transaction Currency",),
        amount=("Gross Transaction Amount",),
        id=("Transaction ID",),
        fee=("Fee Amount",),
        direction=("Transaction Debit or Credit",),
        fee_direction=("Fee Debit or Credit",),
        at=("Transaction Completion Date",),
    ),
    kinds={
        "T00": "capture",
        "T1106": "chargeback",
        "T1107": "refund",
        "T1201": "chargeback",
        "T1202": "chargeback_reversal",
    },
    skipped=("T",),
)

#: The formats that are known by name.
FORMATS = {one.name: one for one in (STRIPE, PAYPAL)}


def load_format(text: str | bytes) -> SettlementFormat:
    """A format from JSON text; ``"base": "stripe"`` starts from a known one. Raises `InvalidFormat`."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise InvalidFormat(place="the file", reason=f"it is no JSON ({error})") from None
    if not isinstance(told, dict):
        raise InvalidFormat(place="the file", reason="it is no JSON object")
    base = told.pop("base", None)
    if base is not None and base not in FORMATS:
        raise InvalidFormat(place="base", reason=f"known are {', '.join(FORMATS)}")
    start = FORMATS[base].model_dump() if base is not None else {}
    try:
        return SettlementFormat.model_validate({**start, **told})
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidFormat(place=".".join(map(str, first["loc"])), reason=first["msg"]) from None
