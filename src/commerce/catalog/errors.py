"""What can be wrong with products and categories."""

from attrs import define

from commerce.kernel import Conflict, Invalid, NotFound

__all__ = [
    "CategoryCycle",
    "CategoryNotFound",
    "DuplicateHandle",
    "DuplicateOptions",
    "DuplicateSku",
    "DuplicateSlug",
    "NotPublishable",
    "ProductNotFound",
    "UnknownOptionValue",
]


@define(kw_only=True, slots=False)
class ProductNotFound(NotFound):
    """No product has that id or handle."""

    message = "there is no product {product}: check the id or handle"
    product: str


@define(kw_only=True, slots=False)
class CategoryNotFound(NotFound):
    """No category has that id."""

    message = "there is no category {category_id}: add it first"
    category_id: str


@define(kw_only=True, slots=False)
class DuplicateHandle(Conflict):
    """Two products would have one handle."""

    message = "there is another product with the handle {handle!r}: give this one its own"
    handle: str


@define(kw_only=True, slots=False)
class DuplicateSku(Conflict):
    """Two variants would have one SKU; a SKU is unique over the whole shop."""

    message = "there is another variant with the SKU {sku!r}: give this one its own"
    sku: str


@define(kw_only=True, slots=False)
class DuplicateSlug(Conflict):
    """Two categories would have one slug."""

    message = "there is another category with the slug {slug!r}: give this one its own"
    slug: str


@define(kw_only=True, slots=False)
class DuplicateOptions(Invalid):
    """A shopper could not choose between two variants."""

    message = "product {handle}: variants {first} and {second} have the same options: make them differ in one"
    handle: str
    first: str
    second: str


@define(kw_only=True, slots=False)
class UnknownOptionValue(Invalid):
    """A variant chooses what its product does not offer, or leaves a choice out (then ``value`` is empty)."""

    message = "product {handle}, variant {sku}: option {option!r} cannot be {value!r}; it offers {allowed}"
    handle: str
    sku: str
    option: str
    value: str
    allowed: tuple[str, ...]


@define(kw_only=True, slots=False)
class NotPublishable(Conflict):
    """The product cannot be sold as it is."""

    message = "product {handle} cannot be published: {reason}"
    handle: str
    reason: str


@define(kw_only=True, slots=False)
class CategoryCycle(Conflict):
    """A category would lie inside itself."""

    message = "category {category_id} cannot lie in {parent_id}, which lies in it: move that one out first"
    category_id: str
    parent_id: str
