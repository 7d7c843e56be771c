"""One JSON document in, a quote out: no shop, no storage, no clock.

The dry run and what-if tool behind ``commerce quote``, and the format of our own golden tests::

    >>> from commerce.adapters.quote_document import quote
    >>> rounding = {"name": "mine", "price_rounding": "half_up", "tax_rounding": "half_up",
    ...             "tax_level": "line", "tax_target": "net"}
    >>> document = {"at": "2026-03-01T12:00:00Z", "currency": "EUR",
    ...             "shop": {"country": "DE", "rounding": rounding}, "tax": {"standard_rates": True},
    ...             "lines": [{"sku": "TEE", "quantity": 3, "unit_price": "1.08"}]}
    >>> quote(document).totals.total
    '3.86'
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from commerce.adapters.promotion_json import PromotionJson
from commerce.adapters.quote_document.answering import answer
from commerce.adapters.quote_document.answers import QuoteAnswer
from commerce.adapters.quote_document.building import build
from commerce.adapters.quote_document.errors import DocumentProblem, InvalidDocument
from commerce.adapters.quote_document.reading import invalid, read
from commerce.adapters.quote_document.schema import answer_schema, schema
from commerce.adapters.quote_document.working import work
from commerce.kernel import InvalidValue, aware

__all__ = ["DocumentProblem", "InvalidDocument", "QuoteAnswer", "answer_schema", "quote", "schema"]


def quote(
    document: Mapping[str, Any] | str | bytes, *, at: datetime | None = None, promotions: PromotionJson | None = None
) -> QuoteAnswer:
    """What the cart in a document costs, and why. The same document always gives the same answer.

    ``document`` is JSON text, or the same as dicts, lists and text. ``at`` is the moment, if not
    the document's. ``promotions`` knows the kinds of a plugin (`PromotionJson.of`). Raises
    `InvalidDocument`, which names every place that is wrong.
    """
    try:
        moment = None if at is None else aware(at)
    except InvalidValue as error:
        raise invalid("at", error.reason) from None
    return answer(work(build(read(document), promotions or _built_in(), moment)))


@cache
def _built_in() -> PromotionJson:
    return PromotionJson()
