"""Hooks of the catalogue."""

import pluggy

from commerce.catalog.model import Product

__all__ = ["commerce_validate_product"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_product(product: Product) -> None:
    """Object to a product as it is about to be stored by raising a `commerce.kernel.CommerceError`.

    Asked when a product is added, changed or published, after the catalogue's own rules.
    Read it only: what an implementation changes is not part of the contract.
    """
