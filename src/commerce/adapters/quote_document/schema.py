"""The JSON Schema of documents and answers (draft 2020-12)."""

from typing import Any

from commerce.adapters.promotion_json import PromotionJson
from commerce.adapters.quote_document.answers import QuoteAnswer
from commerce.adapters.quote_document.forms import QuoteForm

__all__ = ["answer_schema", "schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(promotions: PromotionJson | None = None) -> dict[str, Any]:
    """What a document may hold, with the kinds of promotions that come with the library, or with these."""
    whole = QuoteForm.model_json_schema()
    promotion = (promotions or PromotionJson()).schema()
    kinds = promotion.pop("$defs")
    whole["properties"]["promotions"]["items"] = {"$ref": "#/$defs/Promotion"}
    return {"$schema": _DIALECT, **whole, "$defs": {**whole["$defs"], **kinds, "Promotion": promotion}}


def answer_schema() -> dict[str, Any]:
    """What an answer holds."""
    return {"$schema": _DIALECT, **QuoteAnswer.model_json_schema(mode="serialization")}
