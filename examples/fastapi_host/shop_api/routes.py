"""The routes. `commerce` is synchronous: plain ``def`` endpoints run in FastAPI's thread pool."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from commerce import Commerce
from commerce.flows import Placement
from commerce.payments import RawNotice
from commerce.search import SearchQuery
from shop_api.shapes import CartOut, DeliveryIn, LineIn, OrderIn, OrderOut, ProductOut, QuantityIn, QuoteOut

router = APIRouter()

_PAGE = 20


def the_shop(request: Request) -> Commerce:
    """The shop of this application."""
    shop: Commerce = request.app.state.shop
    return shop


Shop = Annotated[Commerce, Depends(the_shop)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@router.get("/products")
def products(shop: Shop, q: str = "", page: Annotated[int, Query(ge=0, le=1000)] = 0) -> list[ProductOut]:
    """Products that match, a page at a time."""
    found = shop.browsing.search(SearchQuery(text=q, offset=page * _PAGE, limit=_PAGE))
    return [ProductOut.of(listing) for listing in found.listings]


@router.post("/carts", status_code=201)
def open_cart(shop: Shop) -> CartOut:
    """Begin an empty cart. Whoever knows its id may change it."""
    return CartOut.of(shop.cart.open())


@router.get("/carts/{cart_id}")
def get_cart(shop: Shop, cart_id: str) -> CartOut:
    """The cart."""
    return CartOut.of(shop.cart.get(cart_id))


@router.post("/carts/{cart_id}/lines")
def add_line(shop: Shop, cart_id: str, line: LineIn) -> CartOut:
    """Put units into the cart."""
    return CartOut.of(shop.cart.add_line(cart_id, line.sku, line.quantity))


@router.put("/carts/{cart_id}/lines/{line_id}")
def set_quantity(shop: Shop, cart_id: str, line_id: str, wish: QuantityIn) -> CartOut:
    """Make a line hold exactly this many units."""
    return CartOut.of(shop.cart.set_quantity(cart_id, line_id, wish.quantity, version=wish.version))


@router.delete("/carts/{cart_id}/lines/{line_id}")
def remove_line(shop: Shop, cart_id: str, line_id: str) -> CartOut:
    """Take a line out."""
    return CartOut.of(shop.cart.remove_line(cart_id, line_id))


@router.put("/carts/{cart_id}/codes/{code}")
def add_code(shop: Shop, cart_id: str, code: str) -> CartOut:
    """Enter a promotion code; the quote says whether it does anything."""
    return CartOut.of(shop.cart.add_code(cart_id, code))


@router.delete("/carts/{cart_id}/codes/{code}")
def remove_code(shop: Shop, cart_id: str, code: str) -> CartOut:
    """Take a promotion code back."""
    return CartOut.of(shop.cart.remove_code(cart_id, code))


@router.put("/carts/{cart_id}/refused-gifts/{sku}")
def refuse_gift(shop: Shop, cart_id: str, sku: str) -> CartOut:
    """Leave a gift out."""
    return CartOut.of(shop.cart.refuse_gift(cart_id, sku))


@router.delete("/carts/{cart_id}/refused-gifts/{sku}")
def accept_gift(shop: Shop, cart_id: str, sku: str) -> CartOut:
    """Take a gift after all."""
    return CartOut.of(shop.cart.accept_gift(cart_id, sku))


@router.put("/carts/{cart_id}/delivery")
def deliver_to(shop: Shop, cart_id: str, to: DeliveryIn) -> CartOut:
    """Say where it goes and how."""
    return CartOut.of(shop.cart.deliver_to(cart_id, to.address(), shipping_method=to.shipping_method))


@router.get("/carts/{cart_id}/quote")
def quote(shop: Shop, cart_id: str) -> QuoteOut:
    """What it costs now, and why."""
    return QuoteOut.of(shop.checkout.quote(cart_id))


@router.post("/carts/{cart_id}/order", status_code=201)
def place_order(shop: Shop, cart_id: str, wish: OrderIn, key: Key, response: Response) -> OrderOut:
    """Buy the cart, once per Idempotency-Key. 202 while the payment waits for the shopper."""
    placement = shop.checkout.place_order(
        cart_id,
        gateway=wish.gateway,
        token=wish.token,
        key=f"{cart_id} {key}",  # two browsers that happen on the same key are none of each other's business
        email=wish.email,
        expected_total=wish.expected_total.money() if wish.expected_total else None,
        return_url=wish.return_url,
    )
    return _placed(placement, response)


@router.post("/placements/{placement_id}/resume", status_code=201)
def resume(shop: Shop, placement_id: str, response: Response) -> OrderOut:
    """Go on with an order whose shopper is back from paying."""
    return _placed(shop.checkout.resume(placement_id), response)


@router.post("/webhooks/{gateway}")
async def webhook(shop: Shop, gateway: str, request: Request) -> Response:
    """Take a gateway's notice. The raw bytes go on as they came: signatures are over bytes."""
    notice = RawNotice(
        method=request.method,
        headers=dict(request.headers),
        query=request.url.query,
        body=await request.body(),
    )
    reply = await asyncio.to_thread(shop.paying.receive_notice, gateway, notice)
    return Response(reply.body, reply.status, dict(reply.headers))


def _placed(placement: Placement, response: Response) -> OrderOut:
    if placement.placed is None:
        response.status_code = 202
    return OrderOut.of(placement)
