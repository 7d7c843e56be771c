"""Documents of many shapes from a seed, for laws."""

from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.promotions.carts import Maker

from commerce.adapters.promotion_json import PromotionJson
from commerce.promotions import GroupChoice

JSON = PromotionJson()
EXPONENTS = {"EUR": 2, "JPY": 0, "KWD": 3}


class Documents:
    """Makes a document: lines with prices of their own or by lists, promotions of every kind, taxes, tenders."""

    def __init__(self, seed: int) -> None:
        self.maker = Maker(seed)
        self.random = Random(seed)  # noqa: S311 - tests, not secrets

    def amount(self, low: int = 0, high: int = 5000) -> str:
        minor, digits = self.random.randint(low, high), EXPONENTS[self.maker.currency]
        return str(minor) if not digits else f"{minor // 10**digits}.{minor % 10**digits:0{digits}}"

    def one(self, *options: Any) -> Any:
        return self.random.choice(options)

    def line(self) -> dict[str, Any]:
        sku = self.one("A", "B", "C", "D")
        line = {
            "sku": sku,
            "product_id": sku,
            "quantity": self.random.randint(1, 6),
            "categories": sorted(self.maker.several(["shoes", "sale"])),
            "attributes": {"colour": self.one("red", "blue")},
            "tax_category": self.one("standard", "standard", "books"),
        }
        return line | ({"unit_price": self.amount(), "per": self.one(1, 1, 7)} if self.one(True, False) else {})

    def shop(self, weighted: bool) -> dict[str, Any]:
        modes = ("half_up", "half_even", "half_down", "down", "up")
        return {
            "country": "DE",
            "prices_include_tax": self.one(True, False),
            "rounding": {
                "name": "made",
                "price_rounding": self.one(*modes),
                "tax_rounding": self.one(*modes),
                "tax_level": self.one("unit", "line", "total"),
                "tax_target": self.one("net", "tax"),
                "allocation": self.one("largest_remainder", "remainder_first", "remainder_last", "per_line_rounded"),
            },
            "promotion_policy": {
                "stacking": self.one("best_combination", "sequential", "best_per_line", "exclusive_by_priority"),
                "threshold": self.one("list", "discounted"),
                "search_bound": 100_000,
            },
            "tax_policy": {"shipping": self.one("own", "weighted") if weighted else "own"},
        }

    def prices(self) -> list[dict[str, Any]]:
        base = [{"sku": sku, "price": self.amount(1), "min_quantity": n} for sku in "ABCD" for n in (1, 4)]
        sale = [{"sku": sku, "price": self.amount(1), "per": self.one(1, 3)} for sku in self.random.sample("ABCD", 2)]
        return [{"id": "retail", "prices": base}, {"id": "sale", "kind": "sale", "prices": sale}]

    def document(self, *, most: int = 4, weighted: bool = False) -> dict[str, Any]:
        rates = [{"id": "de", "name": "VAT", "country": "DE", "rate": self.one("0.19", "0.07", "0.255")}]
        rates += [{"id": "books", "name": "VAT", "country": "DE", "rate": "0.05", "category": "books"}]
        choices = {"g": self.maker.one(*GroupChoice)}
        promotions = [self.maker.promotion(f"p{n}", choices) for n in range(self.random.randint(0, most))]
        return {
            "at": "2026-03-01T12:00:00Z",
            "currency": self.maker.currency,
            "shop": self.shop(weighted),
            "channel": "web",
            "lines": [self.line() for _ in range(self.random.randint(1, 5))],
            "price_lists": self.prices(),
            "promotions": [JSON.plain(promotion) for promotion in promotions],
            "codes": self.random.sample(["CODE0", "code1", "CODE2", "nonsense"], self.random.randint(0, 4)),
            "coupons": [{"code": f"CODE{n}", "promotion_id": one.id} for n, one in enumerate(promotions)],
            "gifts": [{"sku": "G", "unit_price": self.amount(1)}, {"sku": "H", "unit_price": self.amount(1)}],
            "customer": self.one({}, {"id": "c1", "groups": ["vip"], "segments": ["loyal"], "first_order": True}),
            "destination": {"country": "DE"},
            "shipping": {"method": "post", "price": self.amount(0, 900)},
            "payment_method": "card",
            "tax": {"rates": rates},
            "tenders": [{"amount": self.amount()} for _ in range(self.random.randint(0, 2))],
        }


def documents(**how: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.integers(0, 2**48).map(lambda seed: Documents(seed).document(**how))
