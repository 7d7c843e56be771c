"""Documents that nobody could quote: refused at once, with a place and what to do."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from commerce.adapters.promotion_json import PromotionJson
from commerce.adapters.quote_document import DocumentProblem, InvalidDocument, answer_schema, quote, schema
from commerce.adapters.quote_document.building import MOST_WORK
from commerce.adapters.quote_document.forms import MOST_LINES, MOST_PROMOTIONS

ROUNDING = {
    "name": "plain",
    "price_rounding": "half_up",
    "tax_rounding": "half_up",
    "tax_level": "line",
    "tax_target": "net",
}


def document(**fields: Any) -> dict[str, Any]:
    return {
        "at": "2026-03-01T12:00:00Z",
        "currency": "EUR",
        "shop": {"country": "DE", "rounding": ROUNDING},
        "lines": [{"sku": "TEE", "quantity": 2, "unit_price": "10.00", "categories": ["shirts"]}],
        "tax": {"standard_rates": True},
        **fields,
    }


def refused(given: Any, **how: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDocument) as caught:
        quote(given, **how)
    assert all(isinstance(one, DocumentProblem) for one in caught.value.problems)
    return [(one.path, one.reason) for one in caught.value.problems]


def test_text_that_is_not_json_says_where() -> None:
    assert refused('{"at": ') == [("", "not JSON, line 1 column 8: Expecting value")]
    assert refused(b'{"a": "\xff"}') == [("", "not UTF-8 text at byte 7: save the file as UTF-8")]
    assert refused("[]") == [("", "a document is one JSON object: begin with {")]
    assert refused("{}")[:2] == [("currency", "required: give it"), ("shop", "required: give it")]


def test_a_field_given_twice_is_refused() -> None:
    """JSON readers keep the last of two silently; nobody knows which one was meant."""
    assert refused('{"currency": "EUR", "currency": "USD"}') == [
        ("currency", "given twice in one object: leave one out")
    ]


def test_numbers_that_are_none_are_refused() -> None:
    assert refused('{"at": NaN}') == [("", "NaN is no number: leave it out, or write a number")]
    assert refused('{"at": ' + "9" * 5000 + "}")[0][0] == ""


def test_what_json_does_not_know_is_refused() -> None:
    assert "write amounts and moments as text" in refused(document(at=datetime(2026, 3, 1, tzinfo=UTC)))[0][1]


@pytest.mark.parametrize("depth", [100, 100_000])
def test_conditions_in_conditions_end_somewhere(depth: int) -> None:
    nested = '{"kind": "not", "condition": ' * depth + "null" + "}" * depth
    text = json.dumps(document(promotions=["HERE"])).replace('"HERE"', nested)
    assert refused(text) == [("", "nested too deeply: 40 levels are allowed")]


def test_more_lines_or_promotions_than_the_bound_are_refused() -> None:
    line = {"sku": "A", "quantity": 1, "unit_price": "1.00"}
    promotion = {"id": "x", "name": "x", "benefit": {"kind": "percent_off", "percent": "1"}}
    assert refused(document(lines=[line] * (MOST_LINES + 1))) == [
        ("lines", "10001 are too many: at most 10000 are quoted, split them")
    ]
    assert refused(document(promotions=[promotion] * (MOST_PROMOTIONS + 1))) == [
        ("promotions", "10001 are too many: at most 10000 are quoted, split them")
    ]
    pairs = refused(document(lines=[line] * MOST_LINES, promotions=[promotion] * 1001))
    assert pairs[0][0] == "promotions"
    assert f"at most {MOST_WORK}" in pairs[0][1]


def test_ten_thousand_lines_are_quoted() -> None:
    lines = [{"sku": f"S{n}", "quantity": 3, "unit_price": "0.10"} for n in range(MOST_LINES)]
    ten = {"id": "ten", "name": "Ten", "phase": "order", "benefit": {"kind": "percent_off", "percent": "10"}}
    answer = quote(document(lines=lines, promotions=[ten]))
    assert (answer.totals.subtotal, answer.totals.discount) == ("3000.00", "300.00")
    assert all(line.units is None for line in answer.lines), "so many units are not told one by one"


def test_a_search_without_end_is_ended_and_said_so() -> None:
    """Many promotions that exclude each other, with minimums that others may undercut."""
    promotions = [
        {
            "id": f"p{n}",
            "name": f"P {n}",
            "benefit": {"kind": "percent_off", "percent": str(1 + n % 7)},
            "conditions": [{"kind": "subtotal", "minimum": {"amount": "5.00", "currency": "EUR"}}],
            "stacking": {"tags": [f"t{n % 5}"], "classes": [], "with_tags": [f"t{(n + 1) % 5}", f"t{(n - 1) % 5}"]},
        }
        for n in range(60)
    ]
    policy = {"name": "short", "search_bound": 20}
    answer = quote(
        document(promotions=promotions, shop={"country": "DE", "rounding": ROUNDING, "promotion_policy": policy})
    )
    assert answer.bound_hit
    assert "a better combination may exist, the search ended at its bound" in " ".join(answer.explanation)
    assert answer.totals.discount > "0.00"


def test_the_moment_is_the_documents_or_the_callers() -> None:
    ten = {"id": "ten", "name": "Ten", "benefit": {"kind": "percent_off", "percent": "10"}}
    later = {**ten, "starts_at": "2026-03-02T00:00:00Z"}
    assert quote(document(promotions=[later])).promotions[0].reason == "not_started"
    at = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1)))
    answer = quote(document(promotions=[later]), at=at)
    assert (answer.promotions[0].reason, answer.at) == ("applied", datetime(2026, 3, 2, tzinfo=UTC))
    without = document()
    del without["at"]
    assert refused(without) == [("at", "required: give the moment, or pass it beside")]
    assert refused(document(), at=datetime(2026, 3, 1)) == [("at", "pass a timezone-aware datetime")]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"shipping": {}}, ("shipping.price", "give a price or a table, one of the two")),
        (
            {"shipping": {"table": {"basis": "value", "tiers": [{"price": "1.00", "up_to": 5}]}}},
            ("shipping.table.tiers[0].up_to", "basis value has amounts: use up_to_amount"),
        ),
        (
            {"shipping": {"table": {"tiers": [{"price": "1.00", "up_to_amount": "5.00"}]}}},
            ("shipping.table.tiers[0].up_to_amount", "only for basis value, and instead of up_to"),
        ),
        ({"floors": {"A": "1.001"}}, ("floors.A", "1.001: EUR has 2 decimals; use Price(amount, per=…)")),
        ({"gifts": [{"sku": "G"}, {"sku": "G"}]}, ("gifts[1].sku", "'G' is there already: name each gift once")),
        (
            {"lines": [{"sku": "A", "quantity": 1, "per": 7}]},
            ("lines[0].per", "it belongs to a unit_price: give one, or leave it out"),
        ),
        (
            {"price_lists": [{"id": "a"}, {"id": "a"}]},
            ("price_lists[1].id", "'a' is taken: put all its prices in one"),
        ),
        (
            {"tax": {"rates": [{"id": "a", "name": "T", "country": "DE", "rate": "0.1"}] * 2}},
            ("tax.rates[1].id", "'a' is taken: give each rate its own"),
        ),
        (
            {"shop": {"rounding": ROUNDING, "timezone": "Mars/Olympus"}},
            ("shop.timezone", "'Mars/Olympus' is no IANA time zone: Europe/Berlin is one"),
        ),
        (
            {"shop": {"rounding": ROUNDING, "cash_rounding": {"step": "0.00"}}},
            ("shop.cash_rounding.step", "the smallest coin is worth more than nothing"),
        ),
        (
            {"shop": {"rounding": ROUNDING, "tax_policy": {"sourcing": "origin"}}, "destination": {"country": "US"}},
            ("shop.country", "sourcing by origin asks where the goods leave: pass it"),
        ),
    ],
)
def test_contradictions_name_their_place(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    path, reason = refused(document(**fields))[0]
    assert path == problem[0]
    assert reason.startswith(problem[1])


def test_all_wrong_places_are_told_at_once() -> None:
    found = refused(
        document(
            lines=[{"sku": "A", "quantity": 1, "unit_price": "1.001"}, {"sku": "B", "quantity": 1, "per": 2}],
            tenders=[{"amount": "0.001"}],
            coupons=[{"code": "c", "promotion_id": "x"}],
        )
    )
    assert [path for path, _ in found] == [
        "lines[0].unit_price",
        "lines[1].per",
        "coupons[0].promotion_id",
        "tenders[0].amount",
    ]


def test_an_error_reads_in_one_line_and_travels() -> None:
    error = InvalidDocument(problems=(DocumentProblem("a", "b"), DocumentProblem("", "c")))
    assert str(error) == "a: b; c"
    assert error.details == {"problems": error.problems}


def test_the_schema_describes_documents_and_answers() -> None:
    """Draft 2020-12, promotions included; every reference leads somewhere."""
    for found in (schema(), schema(PromotionJson()), answer_schema()):
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        text = json.dumps(found)
        for name in {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}:
            assert name in found["$defs"]
    whole = schema()
    assert whole["additionalProperties"] is False
    assert whole["properties"]["promotions"]["items"] == {"$ref": "#/$defs/Promotion"}
    assert whole["$defs"]["PercentOff"]["properties"]["kind"]["const"] == "percent_off"


def test_the_schema_has_no_two_forms_of_one_name() -> None:
    """Forms of documents and of promotions stand in one list of definitions; what both have is the same."""
    from commerce.adapters.quote_document.forms import QuoteForm

    one, other = QuoteForm.model_json_schema()["$defs"], PromotionJson().schema()["$defs"]
    assert [name for name in one.keys() & other.keys() if one[name] != other[name]] == []


def test_rates_end_inside_the_calendar() -> None:
    rate = {"id": "a", "name": "T", "country": "DE", "rate": "0.1"}
    for field, moment in (("starts_at", "0001-01-01T00:00:00+14:00"), ("ends_at", "9999-12-31T23:59:59-14:00")):
        problems = refused(document(tax={"rates": [{**rate, field: moment}]}))
        assert [path for path, _ in problems] == [f"tax.rates[0].{field}"]


def test_the_region_of_the_shop_stands_in_for_a_destination_too() -> None:
    rate = {"id": "ca", "name": "Sales tax", "country": "US", "region": "CA", "rate": "0.0725"}
    answer = quote(document(shop={"country": "US", "region": "CA", "rounding": ROUNDING}, tax={"rates": [rate]}))
    assert [(one.jurisdiction, one.rate) for one in answer.taxes] == [("US-CA", "0.0725")]


@pytest.mark.parametrize("id", [[], {}, 5])
def test_an_id_that_is_none_is_told_once(id: Any) -> None:
    promotion = {"id": id, "name": "x", "benefit": {"kind": "percent_off", "percent": "1"}}
    coupon = {"code": "c", "promotion_id": "x"}
    paths = [path for path, _ in refused(document(promotions=[promotion, promotion], coupons=[coupon]))]
    assert paths == ["promotions[0].id", "promotions[1].id", "coupons[0].promotion_id"]


@pytest.mark.parametrize(
    ("at", "timezone"), [("9999-12-31T23:59:59Z", "Asia/Tokyo"), ("0001-01-01T00:00:00Z", "America/New_York")]
)
def test_a_moment_that_its_time_zone_has_not_is_refused(at: str, timezone: str) -> None:
    shop = {"country": "DE", "rounding": ROUNDING, "timezone": timezone}
    assert [path for path, _ in refused(document(at=at, shop=shop))] == ["at"]


def test_a_field_given_twice_is_found_at_once_among_many() -> None:
    """Not by counting each of them through all the others, which took a minute for a megabyte."""
    many = ",".join(f'"k{n}":1' for n in range(200_000))
    assert refused(f'{{{many},"k199999":1}}') == [("k199999", "given twice in one object: leave one out")]


def test_the_mark_that_editors_begin_a_file_with_is_no_part_of_it() -> None:
    text = json.dumps(document())
    assert quote(text.encode("utf-8-sig")) == quote("\ufeff" + text) == quote(text)
    assert refused(text.encode("utf-16"))[0] == ("", "not UTF-8 text at byte 0: save the file as UTF-8")


def test_only_the_digits_of_the_schema_are_digits() -> None:
    """In the regular expressions of JSON Schema a digit is one of ASCII."""
    arabic = {"sku": "A", "quantity": 1, "unit_price": "١٩.٩٩"}
    assert refused(document(lines=[arabic]))[0][0] == "lines[0].unit_price"


@pytest.mark.parametrize("wrong", ["2026", "20260301", "1772366400", "-1772366400", "1772366400.5", 1772366400])
def test_a_moment_is_no_number_of_seconds(wrong: object) -> None:
    """The year 2026 alone would be half an hour of 1970."""
    assert refused(document(at=wrong)) == [("at", "write it as 2026-03-01T12:00:00Z")]
    assert refused(document(promotions=[], price_lists=[{"id": "x", "ends_at": wrong}]))[0][0] == (
        "price_lists[0].ends_at"
    )


CARD = "4111 1111 1111 1111"
LATE, EARLY = "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"destination": {"country": "DE", "postal_code": CARD}}, "destination", "postal_code holds a card number"),
        ({"destination": {"country": "DE", "region": "\0"}}, "destination.region", "no storage keeps NUL"),
        ({"shop": {"country": "DE", "region": "\0", "rounding": ROUNDING}}, "shop.region", "no storage keeps NUL"),
        ({"shop": {"country": "DE", "region": CARD, "rounding": ROUNDING}}, "shop", "region holds a card number"),
        ({"price_lists": [{"id": "x", "ends_at": LATE}]}, "price_lists[0].ends_at", "the calendar of UTC does not"),
        (
            {"price_lists": [{"id": "x", "prices": [{"sku": "A", "price": "1.00", "starts_at": EARLY}]}]},
            "price_lists[0].prices[0].starts_at",
            "the calendar of UTC does not",
        ),
        (
            {"lines": [{"sku": "A", "quantity": 1, "unit_price": "1.00", "dimensions_mm": [-1, 1, 1]}]},
            "lines[0].dimensions_mm[0]",
            "must be greater than or equal to 0",
        ),
    ],
)
def test_what_only_a_value_refuses_has_its_place_too(fields: dict[str, Any], path: str, reason: str) -> None:
    ((where, why),) = refused(document(**fields))
    assert where == path
    assert why.startswith(reason)


def test_a_callers_moment_beyond_the_calendar_is_refused() -> None:
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    assert refused(document(), at=late)[0][0] == "at"
