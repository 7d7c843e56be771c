"""The rules of products and categories."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.catalog import (
    PRODUCT_STATES,
    CatalogService,
    Category,
    CategoryCycle,
    CategoryNotFound,
    CategoryTree,
    DuplicateHandle,
    DuplicateOptions,
    DuplicateSku,
    Media,
    NotPublishable,
    Option,
    Product,
    ProductChanged,
    ProductStatus,
    ProductText,
    Sellable,
    UnknownOptionValue,
    Variant,
    item_of,
)
from commerce.catalog import hooks as catalog_hooks
from commerce.kernel import CardNumberRefused, InvalidValue, locale_tag, localized, utc_now
from commerce.runtime import build_hooks, hookimpl, unit_of_work

NAME = {"en": ProductText(name="Tee")}
SIZE = Option(name="Size", values=("S", "M"))


def variant(sku: str, **option_values: str) -> Variant:
    return Variant(sku=sku, option_values=option_values)


def service(*plugins: object) -> CatalogService:
    begin: Any = unit_of_work(MemoryStorage(), "catalog", utc_now, lambda _: True, lambda: None)
    return CatalogService(begin, utc_now, build_hooks([catalog_hooks], plugins))


@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("de", "Hemd"),
        ("de-AT", "Leiberl"),
        ("de_at", "Leiberl"),
        ("de-CH", "Hemd"),
        ("en-GB", "Shirt"),
        ("fr", "Shirt"),
        ("zh-Hant-TW", "衫"),
        ("zh-Hans", "Shirt"),
        ("de-AT-u-co-phonebk", "Leiberl"),
        ("de-AT-x-mine", "Leiberl"),
    ],
)
def test_a_reader_gets_the_nearest_text(locale: str, read: str) -> None:
    texts = {"de": "Hemd", "de-AT": "Leiberl", "en": "Shirt", "zh-Hant": "衫"}
    assert localized(texts, locale) == read


def test_without_a_text_in_the_default_the_first_is_read() -> None:
    assert localized({"pl": "Koszula", "fr": "Chemise"}, "ja") == "Chemise"
    assert localized({"pl": "Koszula", "fr": "Chemise"}, "ja", "pl-PL") == "Koszula"


def test_locales_have_one_spelling() -> None:
    assert locale_tag("DE_at") == "de-AT"
    assert locale_tag("zh-hant-tw") == "zh-Hant-TW"
    assert locale_tag("es-419") == "es-419"
    assert Product(handle="tee", texts={"pt_br": ProductText(name="Tee")}).texts == {"pt-BR": ProductText(name="Tee")}
    for bad in ("", "e", "deutsch land", "de-", "../en", "de\n"[:1] + "\n", "de" + "-abcdefgh" * 4):
        with pytest.raises(InvalidValue, match="locale"):
            locale_tag(bad)
    with pytest.raises(CardNumberRefused):
        locale_tag("de-4111-1111-1111-1111")


@pytest.mark.parametrize("handle", ["tee", "summer-tee-2", "тишотка", "綿-着物", "a_b.c"])
def test_a_handle_is_part_of_an_address(handle: str) -> None:
    assert Product(handle=handle, texts=NAME).handle == handle


@pytest.mark.parametrize("handle", ["", "Tee", "a b", "a/b", "a?b", "a#b", "50%", "a&b", "a\n", "x" * 256])
def test_what_is_no_part_of_an_address_is_no_handle(handle: str) -> None:
    with pytest.raises(InvalidValue, match="handle"):
        Product(handle=handle, texts=NAME)
    with pytest.raises(InvalidValue, match="slug"):
        Category(slug=handle, names={"en": "Tees"})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: variant(""), "sku"),
        (lambda: variant(" TEE"), "sku"),
        (lambda: variant("TEE\x00"), "sku"),
        (lambda: variant("T" * 129), "sku"),
        (lambda: Variant(sku="T", barcode="1\n2"), "barcode"),
        (lambda: Variant(sku="T", tax_category=""), "tax_category"),
        (lambda: Variant(sku="T", weight_grams=-1), "weight_grams"),
        (lambda: Variant(sku="T", weight_grams=2**31), "weight_grams"),
        (lambda: Variant(sku="T", weight_grams=1.5), "weight_grams"),  # type: ignore[arg-type]
        (lambda: Variant(sku="T", dimensions_mm=(1, 2)), "dimensions_mm"),  # type: ignore[arg-type]
        (lambda: Variant(sku="T", dimensions_mm=(1, 2, -3)), "dimensions_mm"),
        (lambda: ProductText(name=" "), "name"),
        (lambda: ProductText(name="a\x00"), "texts"),
        (lambda: Option(name="", values=["S"]), "name"),
        (lambda: Option(name="Size", values=[]), "values"),
        (lambda: Option(name="Size", values=["S", "S"]), "values"),
        (lambda: Media(url=""), "url"),
        (lambda: Product(handle="tee", texts={}), "texts"),
        (lambda: Category(slug="tees", names={}), "names"),
        (lambda: Product(handle="t", texts=NAME, vendor="\x00").check(), "vendor"),
        (lambda: Product(handle="t", texts=NAME, tags=["\ud800"]).check(), "tags"),
        (lambda: Product(handle="t", texts=NAME, options=[SIZE, SIZE]).check(), "options"),
    ],
)
def test_bad_values_are_refused_by_name(make: Callable[[], object], says: str) -> None:
    with pytest.raises(InvalidValue, match=says) as caught:
        make()
    assert caught.value.field == says


@pytest.mark.parametrize(
    ("variants", "error"),
    [
        ([variant("A", Size="S"), variant("B", Size="M")], None),
        ([variant("A", Size="S"), variant("B", Size="S")], DuplicateOptions),
        ([variant("A", Size="S"), variant("A", Size="M")], DuplicateSku),
        ([variant("A", Size="XL")], UnknownOptionValue),
        ([variant("A")], UnknownOptionValue),
        ([variant("A", Size="S", Colour="red")], UnknownOptionValue),
        ([], None),
    ],
)
def test_a_choice_leads_to_one_variant(variants: list[Variant], error: type[Exception] | None) -> None:
    product = Product(handle="tee", texts=NAME, options=[SIZE], variants=variants)
    if error is None:
        product.check()
    else:
        with pytest.raises(error):
            product.check()


def test_without_options_there_is_one_variant() -> None:
    with pytest.raises(DuplicateOptions):
        Product(handle="tee", texts=NAME, variants=[variant("A"), variant("B")]).check()


def test_what_is_changed_is_checked_again() -> None:
    product = Product(handle="tee", texts=NAME)
    with pytest.raises(InvalidValue):
        product.handle = "No Handle"
    product.category_ids = ("b", "a", "b")
    assert list(product.category_ids) == ["b", "a"]


def test_nothing_without_a_variant_is_sold() -> None:
    """Not by publishing, not by adding it active, not by taking the last variant away."""
    catalog = service()
    empty = catalog.add_product(Product(handle="empty", texts=NAME))
    with pytest.raises(NotPublishable):
        catalog.publish(empty.id)
    with pytest.raises(NotPublishable):
        catalog.add_product(Product(handle="other", texts=NAME, status=ProductStatus.ACTIVE))
    tee = catalog.add_product(Product(handle="tee", texts=NAME, variants=[variant("TEE")], status=ProductStatus.ACTIVE))
    tee.variants = ()
    with pytest.raises(NotPublishable):
        catalog.change_product(tee)
    tee.status = ProductStatus.DRAFT
    assert catalog.change_product(tee).skus == ()


def test_every_state_leads_to_every_other() -> None:
    for state in ProductStatus:
        assert set(PRODUCT_STATES.moves[state]) == set(ProductStatus) - {state}


def test_hooks_may_object_to_a_product() -> None:
    """Adding, changing, putting and publishing ask them; nothing is stored then."""

    class NoVendorless:
        @hookimpl
        def commerce_validate_product(self, product: Product) -> None:
            if not product.vendor:
                raise InvalidValue(field="vendor", reason="name it")

    catalog = service(NoVendorless())
    good = catalog.add_product(Product(handle="good", texts=NAME, vendor="Acme"))
    with pytest.raises(InvalidValue):
        catalog.add_product(Product(handle="bad", texts=NAME))
    good.vendor = ""
    with pytest.raises(InvalidValue):
        catalog.change_product(good)
    with pytest.raises(InvalidValue):
        catalog.put_products([Product(handle="new", texts=NAME, vendor="X"), Product(handle="good", texts=NAME)])
    assert [product.vendor for product in catalog.list().items] == ["Acme"]


def test_a_change_tells_what_is_sold_now_and_what_is_gone() -> None:
    product = Product(
        handle="tee", texts=NAME, options=[SIZE], variants=[variant("A", Size="S"), variant("B", Size="M")]
    )
    other = product.snapshot()
    other.variants = (variant("C", Size="S"), product.variants[1])
    assert product.take(other, at=utc_now())
    assert not product.take(other, at=utc_now())
    (event,) = product.take_events()
    assert event == ProductChanged(aggregate_id=product.id, handle="tee", skus=("C", "B"), removed=("A",))


def test_one_put_names_each_product_once() -> None:
    with pytest.raises(DuplicateHandle):
        service().put_products([Product(handle="tee", texts=NAME), Product(handle="tee", texts=NAME)])
    with pytest.raises(InvalidValue, match="status"):
        service().put_products([], keep={"status"})


def test_the_callers_product_stays_as_it_is() -> None:
    """What is stored is a copy: the given one keeps its version and records nothing."""
    given = Product(handle="tee", texts=NAME)
    stored = service().add_product(given)
    assert (given.version, given.take_events(), given.created_at) == (0, [], None)
    assert stored.version == 1


def test_an_item_prefers_what_is_nearer() -> None:
    """Attributes of the variant beat chosen options, these the product's, these its vendor."""
    sold = Sellable(
        variant=Variant(sku="T", option_values={"b": "option", "c": "option"}, attributes={"c": "variant"}),
        product_id="p",
        texts=NAME,
        category_ids=(),
        collections=frozenset(),
        attributes={"a": "product", "b": "product", "vendor": "stated"},
        vendor="Acme",
    )
    item = item_of(sold, {}, "en")
    assert item.attributes == {"vendor": "stated", "a": "product", "b": "option", "c": "variant"}
    assert item.name == "Tee (option, option)"


def test_lists_of_impossible_length_are_refused() -> None:
    for limit in (0, 501):
        with pytest.raises(InvalidValue):
            service().list(limit=limit)


_trees = st.lists(st.integers(-1, 30), min_size=1, max_size=25)


def _tree(parents: list[int]) -> CategoryTree:
    """Every category lies in an earlier one, or at the top."""
    return CategoryTree(
        Category(
            id=str(n),
            slug=f"c{n}",
            names={"en": "C"},
            parent_id=str(parent % n) if n and parent >= 0 else None,
            position=parent % 3,
        )
        for n, parent in enumerate(parents)
    )


@settings(max_examples=200)
@given(_trees)
def test_the_tree_tells_one_story(parents: list[int]) -> None:
    """Paths, descendants and ancestors agree, every category is walked once, and parents come first."""
    tree = _tree(parents)
    walked = [category.id for category in tree]
    assert sorted(walked) == sorted(str(n) for n in range(len(parents)))
    for category in tree:
        path = [step.id for step in tree.path(category.id)]
        assert path[-1] == category.id
        assert tree.with_ancestors([category.id]) == set(path)
        assert all(category.id in tree.below(step) for step in path)
        assert path == sorted(path, key=walked.index)
        assert category in tree.children(category.parent_id)


@settings(max_examples=200)
@given(_trees, st.data())
def test_a_move_is_refused_exactly_if_it_closed_a_circle(parents: list[int], data: st.DataObject) -> None:
    tree = _tree(parents)
    id, to = (data.draw(st.sampled_from([category.id for category in tree])) for _ in range(2))
    if to in tree.below(id):
        with pytest.raises(CategoryCycle):
            tree.require_place(id, to)
    else:
        tree.require_place(id, to)
    tree.require_place(id, None)
    with pytest.raises(CategoryNotFound):
        tree.require_place(id, "nowhere")
