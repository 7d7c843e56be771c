"""Pure rules of the catalogue: languages, the tree of categories, and what a line sells."""

from collections.abc import Iterable, Iterator, Mapping

from commerce.catalog.errors import CategoryCycle, CategoryNotFound
from commerce.catalog.model import Category
from commerce.catalog.values import Sellable
from commerce.kernel import Item, localized

__all__ = ["CategoryTree", "item_of"]


class CategoryTree:
    """All categories, as they lie in each other: an iterable in the order shown, parents first."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self._by_id = {category.id: category for category in categories}
        self._parents = {id: category.parent_id for id, category in self._by_id.items()}
        self._children: dict[str | None, list[Category]] = {}
        for category in sorted(self._by_id.values(), key=lambda c: (c.position, c.slug)):
            self._children.setdefault(category.parent_id, []).append(category)

    def __iter__(self) -> Iterator[Category]:
        return self._walk(self._children.get(None, ()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, category_id: object) -> bool:
        return category_id in self._by_id

    def get(self, category_id: str) -> Category:
        """The category, or `CategoryNotFound`."""
        if category_id not in self._by_id:
            raise CategoryNotFound(category_id=category_id)
        return self._by_id[category_id]

    def children(self, category_id: str | None = None) -> tuple[Category, ...]:
        """Those that lie directly in a category, or at the top."""
        return tuple(self._children.get(category_id, ()))

    def path(self, category_id: str) -> tuple[Category, ...]:
        """From the top down to the category itself."""
        found = [self.get(category_id)]
        while found[-1].parent_id is not None:
            found.append(self.get(found[-1].parent_id))
        return tuple(reversed(found))

    def below(self, category_id: str) -> tuple[str, ...]:
        """The ids of the category and of everything that lies in it."""
        return tuple(category.id for category in self._walk([self.get(category_id)]))

    def with_ancestors(self, category_ids: Iterable[str]) -> frozenset[str]:
        """The ids of these categories and of all they lie in; ids that are unknown stand for themselves."""
        return with_ancestors(category_ids, self._parents)

    def require_place(self, category_id: str, parent_id: str | None) -> None:
        """Raise `CategoryCycle` or `CategoryNotFound` unless a category may lie in that parent."""
        if parent_id is not None and (
            parent_id == category_id or category_id in {category.id for category in self.path(parent_id)}
        ):
            raise CategoryCycle(category_id=category_id, parent_id=parent_id)

    def _walk(self, categories: Iterable[Category]) -> Iterator[Category]:
        for category in categories:
            yield category
            yield from self._walk(self._children.get(category.id, ()))


def with_ancestors(category_ids: Iterable[str], parents: Mapping[str, str | None]) -> frozenset[str]:
    """These categories and all they lie in, by the parent of each; ids that are unknown stand for themselves."""
    found: set[str] = set()
    for category_id in category_ids:
        here: str | None = category_id
        while here is not None and here not in found:
            found.add(here)
            here = parents.get(here)
    return frozenset(found)


def item_of(sellable: Sellable, parents: Mapping[str, str | None], locale: str, default: str = "en") -> Item:
    """The facts that price, promotion, tax and packing rules may ask.

    ``parents`` says what each of its categories lies in, and these, and so on.
    The name carries the chosen options, as a line on a bill must. Among attributes the
    variant's come before the chosen options, these before the product's and its ``vendor``.
    """
    variant = sellable.variant
    name = localized(sellable.texts, locale, default).name
    choice = ", ".join(variant.option_values.values())
    vendor = {"vendor": sellable.vendor} if sellable.vendor else {}
    return Item(
        sku=variant.sku,
        product_id=sellable.product_id,
        name=f"{name} ({choice})" if choice else name,
        tax_category=variant.tax_category,
        categories=with_ancestors(sellable.category_ids, parents),
        collections=sellable.collections,
        attributes={**vendor, **sellable.attributes, **variant.option_values, **variant.attributes},
        weight_grams=variant.weight_grams,
        dimensions_mm=variant.dimensions_mm,
        requires_shipping=variant.requires_shipping,
    )
