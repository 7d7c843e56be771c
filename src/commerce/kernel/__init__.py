"""The shared language: values only, no I/O, imported by every module."""

from commerce.kernel.address import Address
from commerce.kernel.allocation import Allocation, allocate, allocate_capped, unit_share, unit_shares
from commerce.kernel.cards import (
    CardNumberFilter,
    CardNumberRefused,
    mask_card_numbers,
    no_card_number,
    refuse_card_numbers,
)
from commerce.kernel.clock import Clock, aware, require_period, time_zone, utc_now
from commerce.kernel.currency import Currency, currency, exponent
from commerce.kernel.entity import Entity
from commerce.kernel.errors import (
    CommerceError,
    Conflict,
    CurrencyMismatch,
    Denied,
    Invalid,
    InvalidMoney,
    InvalidValue,
    KeyReused,
    Misconfigured,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    Refused,
    StaleVersion,
)
from commerce.kernel.events import Event
from commerce.kernel.ids import new_id
from commerce.kernel.lines import (
    Adjustment,
    AdjustmentKind,
    Charge,
    Item,
    Line,
    PricedCart,
    PricedCharge,
    PricedLine,
    TaxShare,
    UnitsShare,
)
from commerce.kernel.locales import LONGEST_LOCALE, best_locale, by_locale, fallbacks, locale_tag, localized
from commerce.kernel.money import Money, Price, total
from commerce.kernel.numbers import MOST_WHOLE, exact_number, whole_number
from commerce.kernel.paging import Page
from commerce.kernel.profile import QUICK_START, CashRounding, RoundingProfile, TaxLevel, TaxTarget
from commerce.kernel.rounding import Rounding, divide
from commerce.kernel.states import StateTable
from commerce.kernel.storable import require_storable, storable_text, strip_unstorable
from commerce.kernel.texts import iso_code, iso_codes, postal_key, text_set, text_tuple

__all__ = [
    "LONGEST_LOCALE",
    "MOST_WHOLE",
    "QUICK_START",
    "Address",
    "Adjustment",
    "AdjustmentKind",
    "Allocation",
    "CardNumberFilter",
    "CardNumberRefused",
    "CashRounding",
    "Charge",
    "Clock",
    "CommerceError",
    "Conflict",
    "Currency",
    "CurrencyMismatch",
    "Denied",
    "Entity",
    "Event",
    "Invalid",
    "InvalidMoney",
    "InvalidValue",
    "Item",
    "KeyReused",
    "Line",
    "Misconfigured",
    "Money",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "Page",
    "Price",
    "PricedCart",
    "PricedCharge",
    "PricedLine",
    "ProviderError",
    "ProviderUnavailable",
    "Refused",
    "Rounding",
    "RoundingProfile",
    "StaleVersion",
    "StateTable",
    "TaxLevel",
    "TaxShare",
    "TaxTarget",
    "UnitsShare",
    "allocate",
    "allocate_capped",
    "aware",
    "best_locale",
    "by_locale",
    "currency",
    "divide",
    "exact_number",
    "exponent",
    "fallbacks",
    "iso_code",
    "iso_codes",
    "locale_tag",
    "localized",
    "mask_card_numbers",
    "new_id",
    "no_card_number",
    "postal_key",
    "refuse_card_numbers",
    "require_period",
    "require_storable",
    "storable_text",
    "strip_unstorable",
    "text_set",
    "text_tuple",
    "time_zone",
    "total",
    "unit_share",
    "unit_shares",
    "utc_now",
    "whole_number",
]
