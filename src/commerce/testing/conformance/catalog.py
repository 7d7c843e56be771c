"""What every storage of products and categories promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from commerce.catalog import (
    CatalogService,
    Category,
    CategoryCycle,
    CategoryNotFound,
    DuplicateHandle,
    DuplicateSku,
    DuplicateSlug,
    Media,
    Option,
    Product,
    ProductNotFound,
    ProductStatus,
    ProductText,
    Variant,
)
from commerce.catalog import hooks as catalog_hooks
from commerce.kernel import CommerceError, Item, StaleVersion
from commerce.runtime import Begin, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["CatalogConformance"]


def _tee(handle: str = "tee", prefix: str = "TEE", **fields: Any) -> Product:
    """A product in two sizes."""
    given: dict[str, Any] = {
        "handle": handle,
        "texts": {"en": ProductText(name="Tee", description="<p>Soft</p>"), "de": ProductText(name="Hemd")},
        "options": [Option(name="Size", values=("S", "M"))],
        "variants": [
            Variant(
                sku=f"{prefix}-{size}",
                option_values={"Size": size},
                barcode="4006381333931",
                weight_grams=180,
                dimensions_mm=(300, 200, 20),
                attributes={"fit": "slim"},
            )
            for size in ("S", "M")
        ],
        "collections": {"summer"},
        "attributes": {"material": "cotton"},
        "media": [
            Media(url="https://img.example/2.jpg", position=2),
            Media(url="https://img.example/1.jpg", alt="Tee"),
        ],
        "vendor": "Acme",
        "tags": {"soft", "new"},
    }
    return Product(**(given | fields))


class CatalogConformance(StorageConformance):
    """Products are kept whole; handles, SKUs and slugs are unique; the tree has no circle."""

    @pytest.fixture
    def service(self, begin: Callable[[str], Begin[Any]]) -> CatalogService:
        """The use cases over this storage."""
        return CatalogService(begin("catalog"), lambda: NOW, build_hooks([catalog_hooks], []))

    def test_keeps_every_field(self, service: CatalogService) -> None:
        """What was added is read back, field by field, by id and by handle."""
        shirts = service.add_category(Category(slug="shirts", names={"en": "Shirts"}))
        sale = service.add_category(Category(slug="sale", names={"en": "Sale"}))
        added = service.add_product(_tee(category_ids=[shirts.id, sale.id], status=ProductStatus.ACTIVE))
        assert added.version == 1
        assert _fields(service.get(added.id)) == _fields(added)
        assert _fields(service.by_handle("tee")) == _fields(added)
        assert service.get(added.id).category_ids == (shirts.id, sale.id)

    def test_knows_what_it_has_not(self, service: CatalogService) -> None:
        """Unknown products and categories are typed errors."""
        for missing in (service.get, service.by_handle, service.publish):
            with pytest.raises(ProductNotFound):
                missing("nothing")
        for fails in (
            lambda: service.list(category_id="nowhere"),
            lambda: service.move_category("nowhere", None),
            lambda: service.add_product(_tee(category_ids=["nowhere"])),
        ):
            with pytest.raises(CategoryNotFound):
                fails()

    def test_adds_once(self, service: CatalogService, events: Callable[[], list[str]]) -> None:
        """The same product again changes nothing; another with the handle is refused."""
        product = _tee()
        first = service.add_product(product)
        assert service.add_product(product).version == first.version == 1
        with pytest.raises(DuplicateHandle, match="'tee'"):
            service.add_product(_tee(prefix="OTHER"))
        assert events() == ["catalog.ProductAdded"]

    def test_a_sku_is_unique_over_the_shop(self, service: CatalogService) -> None:
        """Neither adding, changing nor putting gives a SKU to two products, and nothing half is stored."""
        service.add_product(_tee())
        other = service.add_product(_tee("other", "OTHER"))
        with pytest.raises(DuplicateSku, match="TEE-"):
            service.add_product(_tee("third"))
        other.variants = (*other.variants[:1], attrs.evolve(other.variants[1], sku="TEE-M"))
        with pytest.raises(DuplicateSku, match="TEE-M"):
            service.change_product(other)
        with pytest.raises(DuplicateSku):
            service.put_products([_tee("fourth", "FOURTH"), _tee("fifth")])
        assert service.get(other.id).skus == ("OTHER-S", "OTHER-M")
        with pytest.raises(ProductNotFound):
            service.by_handle("fourth")

    def test_many_wish_for_one_sku_and_one_gets_it(self, service: CatalogService) -> None:
        """Under concurrency the unique index decides, and the others learn why."""

        def add(n: int) -> str:
            try:
                service.add_product(_tee(f"tee-{n}"))
            except CommerceError as error:
                return error.code
            return "added"

        with ThreadPoolExecutor(4) as pool:
            answers = sorted(pool.map(add, range(8)))
        assert answers == ["added"] + ["duplicate_sku"] * 7

    def test_changes_by_version(self, service: CatalogService, events: Callable[[], list[str]]) -> None:
        """Of two who read the same version the second learns of the first; saying nothing new is not a change."""
        service.add_product(_tee())
        mine, theirs = service.by_handle("tee"), service.by_handle("tee")
        mine.vendor, theirs.vendor = "Mine", "Theirs"
        assert service.change_product(mine).version == 2
        assert service.change_product(mine).version == 2
        with pytest.raises(StaleVersion) as caught:
            service.change_product(theirs)
        assert caught.value.fresh.vendor == "Mine"
        assert events() == ["catalog.ProductAdded", "catalog.ProductChanged"]

    def test_changes_variants_as_a_whole(self, service: CatalogService) -> None:
        """Variants come, go, swap SKUs and change places in one save."""
        product = service.add_product(_tee())
        small, medium = product.variants
        product.options = (Option(name="Size", values=("M", "S", "L")),)
        product.variants = (
            attrs.evolve(medium, sku="TEE-S"),
            attrs.evolve(small, sku="TEE-M"),
            Variant(sku="TEE-L", option_values={"Size": "L"}),
        )
        changed = service.change_product(product)
        assert _fields(service.get(product.id)) == _fields(changed)
        changed.variants = changed.variants[2:]
        service.change_product(changed)
        assert service.get(product.id).skus == ("TEE-L",)
        service.add_product(_tee("heir"))

    def test_a_handle_changes_and_is_free_again(self, service: CatalogService) -> None:
        """A product moves to another address; one that is taken is refused."""
        product = service.add_product(_tee())
        service.add_product(_tee("other", "OTHER"))
        product.handle = "other"
        with pytest.raises(DuplicateHandle, match="'other'"):
            service.change_product(product)
        product.handle = "moved"
        service.change_product(product)
        assert service.by_handle("moved").id == product.id
        service.add_product(_tee("tee", "NEXT"))

    def test_is_sold_while_active(self, service: CatalogService, events: Callable[[], list[str]]) -> None:
        """Drafts and archived products are unsold; every move is told once."""
        product = service.add_product(_tee())
        asked = ["TEE-M", "NONE", "TEE-S"]
        assert service.unsold(asked) == asked
        service.publish(product.id)
        assert service.publish(product.id).published_at == NOW
        assert service.unsold(asked) == ["NONE"]
        assert set(service.items(asked)) == {"TEE-M", "TEE-S"}
        service.withdraw(product.id)
        service.archive(product.id)
        assert service.unsold(asked) == asked
        assert service.items(asked) == {}
        assert events() == [
            "catalog.ProductAdded",
            "catalog.ProductPublished",
            "catalog.ProductWithdrawn",
            "catalog.ProductArchived",
        ]

    def test_says_what_a_sku_sells(self, service: CatalogService) -> None:
        """An item carries text of the locale, ancestors of its categories, and all attributes."""
        top = service.add_category(Category(slug="clothes", names={"en": "Clothes"}))
        mid = service.add_category(Category(slug="shirts", names={"en": "Shirts"}, parent_id=top.id))
        service.add_product(_tee(category_ids=[mid.id], status=ProductStatus.ACTIVE))
        product = service.by_handle("tee")
        assert service.items(["TEE-M"], locale="de_AT") == {
            "TEE-M": Item(
                sku="TEE-M",
                product_id=product.id,
                name="Hemd (M)",
                categories=frozenset({top.id, mid.id}),
                collections=frozenset({"summer"}),
                attributes={"vendor": "Acme", "material": "cotton", "Size": "M", "fit": "slim"},
                weight_grams=180,
                dimensions_mm=(300, 200, 20),
            )
        }
        service.move_category(mid.id, None)
        assert service.items(["TEE-M"])["TEE-M"].categories == {mid.id}

    def test_knows_what_categories_lie_in(self, service: CatalogService) -> None:
        """The branches asked for up to the top, however deep, and nothing of the others; unknown ones are left out."""
        path = [service.add_category(Category(slug="c0", names={"en": "C"}))]
        for n in range(1, 6):
            lies_in = path[-1].id
            path.append(service.add_category(Category(slug=f"c{n}", names={"en": "C"}, parent_id=lies_in)))
        for n, category in enumerate(path):
            service.add_category(Category(slug=f"beside{n}", names={"en": "C"}, parent_id=category.id))
        with service.begin() as uow:
            known = uow.categories.parents([path[4].id, path[2].id, "none"])
            assert uow.categories.parents([]) == {}
        assert known == {category.id: category.parent_id for category in path[:5]}

    def test_finds_products_by_id_and_by_sku(self, service: CatalogService) -> None:
        """Whatever their status; what is unknown is left out; a reader's text is found."""
        tee, mug = service.add_product(_tee()), service.add_product(_tee("mug", "MUG", status="active"))
        assert set(service.find([tee.id, mug.id, "nothing"])) == {tee.id, mug.id}
        owners = {sku: product.id for sku, product in service.by_skus(["MUG-S", "TEE-M", "NONE", "TEE-S"]).items()}
        assert owners == {"MUG-S": mug.id, "TEE-M": tee.id, "TEE-S": tee.id}
        assert _fields(service.find([tee.id])[tee.id]) == _fields(tee)
        assert service.find([]) == service.by_skus([]) == {}
        assert (service.text(tee, "de-CH").name, service.text(tee, "fr").name) == ("Hemd", "Tee")

    def test_put_is_idempotent_by_handle(self, service: CatalogService, events: Callable[[], list[str]]) -> None:
        """The second time the same file changes nothing; ids of products and variants stay."""
        first = service.put_products([_tee(), _tee("mug", "MUG", status="active")])
        ids = {handle: service.by_handle(handle).variants[0].id for handle in ("tee", "mug")}
        assert (first.added, first.changed, first.unchanged) == (("tee", "mug"), (), ())
        again = service.put_products([_tee(), _tee("mug", "MUG", status="active"), _tee("cap", "CAP")])
        assert (again.added, again.changed, again.unchanged) == (("cap",), (), ("tee", "mug"))
        third = service.put_products([_tee(vendor="Other"), _tee("mug", "MUG")])
        assert (third.added, third.changed, third.unchanged) == ((), ("tee", "mug"), ())
        assert third.ids["tee"] == first.ids["tee"] == service.by_handle("tee").id
        assert {handle: service.by_handle(handle).variants[0].id for handle in ids} == ids
        assert service.by_handle("mug").status is ProductStatus.DRAFT
        assert sorted(events()) == [
            *["catalog.ProductAdded"] * 3,
            "catalog.ProductChanged",
            "catalog.ProductPublished",
            "catalog.ProductWithdrawn",
        ]

    def test_put_moves_a_sku_between_products(self, service: CatalogService) -> None:
        """A SKU given up by one product of the same put is free for another."""
        service.put_products([_tee()])
        one, two = _tee().variants
        plain: dict[str, Any] = {"options": [], "texts": {"en": ProductText(name="One size")}}
        service.put_products(
            [
                Product(handle="alone", variants=[attrs.evolve(one, option_values={})], **plain),
                Product(handle="tee", variants=[attrs.evolve(two, option_values={})], **plain),
            ]
        )
        assert service.by_handle("alone").skus == ("TEE-S",)
        assert service.by_handle("tee").skus == ("TEE-M",)

    def test_put_keeps_what_it_is_told_to(self, service: CatalogService) -> None:
        """Fields that the shop keeps by hand survive the next import."""
        service.put_products([_tee()])
        report = service.put_products([_tee(tags=(), vendor="Other", collections=())], keep={"tags", "collections"})
        stored = service.by_handle("tee")
        assert report.changed == ("tee",)
        assert (stored.vendor, stored.tags, stored.collections) == ("Other", _tee().tags, _tee().collections)

    def test_puts_of_the_same_products_meet(self, service: CatalogService) -> None:
        """Two imports of one file at once end with each product once."""
        chunk = [_tee(f"tee-{n}", f"TEE-{n}") for n in range(20)]
        with ThreadPoolExecutor(3) as pool:
            reports = list(pool.map(lambda _: service.put_products(chunk), range(3)))
        assert sorted(len(report.added) for report in reports) == [0, 0, 20]
        assert len(service.list(limit=100).items) == 20

    def test_lists_by_page(self, service: CatalogService) -> None:
        """In the order added, each once; by status, and by category with what lies below it."""
        top = service.add_category(Category(slug="clothes", names={"en": "Clothes"}))
        mid = service.add_category(Category(slug="shirts", names={"en": "Shirts"}, parent_id=top.id))
        added = [
            service.add_product(
                _tee(
                    f"tee-{n}",
                    f"TEE-{n}",
                    category_ids=[[], [mid.id], [top.id, mid.id]][n % 3],
                    status=["draft", "active"][n % 2],
                )
            ).id
            for n in range(7)
        ]
        first = service.list(limit=3)
        second = service.list(cursor=first.next, limit=3)
        third = service.list(cursor=second.next, limit=3)
        assert [p.id for page in (first, second, third) for p in page.items] == added
        assert third.next is None
        assert [p.id for p in service.list(status=ProductStatus.ACTIVE).items] == added[1::2]
        assert [p.id for p in service.list(category_id=top.id).items] == [added[n] for n in (1, 2, 4, 5)]
        assert service.list(limit=7).next is None

    def test_the_tree_has_no_circle(self, service: CatalogService) -> None:
        """A category never lies in itself, however many move at once."""
        a, b, c = (service.add_category(Category(slug=slug, names={"en": slug})) for slug in "abc")
        service.move_category(b.id, a.id)
        service.move_category(c.id, b.id)
        for parent in (a, b, c):
            with pytest.raises(CategoryCycle):
                service.move_category(a.id, parent.id)
        assert [category.slug for category in service.categories().path(c.id)] == ["a", "b", "c"]
        service.move_category(c.id, None)
        service.move_category(b.id, None)

        def move(pair: tuple[str, str]) -> bool:
            try:
                service.move_category(*pair)
            except CategoryCycle:
                return False
            return True

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(move, [(a.id, b.id), (b.id, c.id), (c.id, a.id)]))
        assert sorted(done) == [False, True, True]
        assert len(list(service.categories())) == 3

    def test_categories_have_slugs_of_their_own(self, service: CatalogService) -> None:
        """Adding again changes nothing; a taken slug is refused; changes go by version."""
        shirts = Category(slug="shirts", names={"en": "Shirts"})
        assert service.add_category(shirts).version == service.add_category(shirts).version == 1
        with pytest.raises(DuplicateSlug, match="'shirts'"):
            service.add_category(Category(slug="shirts", names={"en": "Others"}))
        mine, late = (service.categories().get(shirts.id).snapshot() for _ in range(2))
        mine.names, late.names = {"en": "Tops"}, {"en": "Tees"}
        assert service.change_category(mine).names == {"en": "Tops"}
        with pytest.raises(StaleVersion):
            service.change_category(late)


def _fields(found: Product) -> dict[str, Any]:
    return {name: getattr(found, name) for name in attrs.fields_dict(Product) if not name.startswith("_")}
