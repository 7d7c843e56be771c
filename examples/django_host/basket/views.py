"""Plain JSON views. The session knows the cart, so what changes it is protected against CSRF."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from basket.forms import CodeForm, DeliveryForm, LineForm, OrderForm, read
from basket.shop import the_shop
from commerce.cart import Cart
from commerce.flows import Placement
from commerce.kernel import Address, InvalidValue, Money
from commerce.payments import RawNotice


class BasketView(View):
    """The cart of this session."""

    @method_decorator(ensure_csrf_cookie)
    def get(self, request: HttpRequest) -> JsonResponse:
        """The cart. The answer brings the CSRF cookie whose value later goes into ``X-CSRFToken``."""
        cart_id = _cart_id(request)
        return _cart(the_shop().cart.get(cart_id)) if cart_id else JsonResponse({"lines": []})

    def post(self, request: HttpRequest) -> JsonResponse:
        """Begin an empty cart."""
        cart = the_shop().cart.open()
        request.session["cart"] = cart.id
        return _cart(cart, status=201)


@require_POST
def add_line(request: HttpRequest) -> JsonResponse:
    """Put units into the cart."""
    wish = read(request, LineForm)
    return _cart(the_shop().cart.add_line(_cart_id(request), wish["sku"], wish["quantity"]))


@require_POST
def add_code(request: HttpRequest) -> JsonResponse:
    """Enter a promotion code; the quote says whether it does anything."""
    return _cart(the_shop().cart.add_code(_cart_id(request), read(request, CodeForm)["code"]))


@require_POST
def deliver_to(request: HttpRequest) -> JsonResponse:
    """Say where it goes and how."""
    to = read(request, DeliveryForm)
    address = Address(
        country=to["country"],
        postal_code=to["postal_code"],
        city=to["city"],
        lines=(to["street"],) if to["street"] else (),
        name=to["name"],
    )
    return _cart(the_shop().cart.deliver_to(_cart_id(request), address, shipping_method=to["shipping_method"]))


@require_GET
def quote(request: HttpRequest) -> JsonResponse:
    """What the cart costs now, and why."""
    quoted = the_shop().checkout.quote(_cart_id(request))
    return JsonResponse(
        {
            "total": str(quoted.total),
            "problems": [str(problem) for problem in quoted.problems],
            "explanation": quoted.explain(),
        }
    )


@require_POST
def place_order(request: HttpRequest) -> JsonResponse:
    """Buy the cart, once per Idempotency-Key. 202 while the payment waits for the shopper."""
    wish = read(request, OrderForm)
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 200:  # noqa: PLR2004 - with the cart's id it fits the journal's column
        raise InvalidValue(field="Idempotency-Key", reason="send this header, 1 to 200 characters, new for each click")
    shop, cart_id = the_shop(), _cart_id(request)
    placement = shop.checkout.place_order(
        cart_id,
        gateway=wish["gateway"],
        token=wish["token"],
        key=f"{cart_id} {key}",
        email=wish["email"],
        expected_total=Money(wish["expected_total"], shop.currency) if wish["expected_total"] else None,
    )
    return _placement(placement)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take a gateway's notice: no cookie, no CSRF, but a signature over the raw body."""
    notice = RawNotice(
        method=request.method,
        headers=dict(request.headers),
        query=request.META["QUERY_STRING"],
        body=request.body,
    )
    reply = the_shop().paying.receive_notice(gateway, notice)
    return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))


def _cart_id(request: HttpRequest) -> str:
    cart_id: str = request.session.get("cart", "")
    return cart_id


def _cart(cart: Cart, status: int = 200) -> JsonResponse:
    lines = [{"id": line.id, "sku": line.sku, "quantity": line.quantity} for line in cart.lines]
    return JsonResponse({"status": cart.status.value, "lines": lines, "codes": cart.codes}, status=status)


def _placement(placement: Placement) -> JsonResponse:
    order = placement.placed
    if order is None:
        redirect = placement.action.url if placement.action else None
        return JsonResponse({"waiting_for": placement.reason, "redirect": redirect}, status=202)
    told = {"number": order.number, "payment": order.payment.value, "total": str(order.totals.grand_total)}
    return JsonResponse(told, status=201)
