"""The main job in ten lines: a cart becomes an order, a parcel, and a refunded return.

Run it with ``python examples/ten_lines.py``. Nothing is kept; with
``Commerce(storage=SqlStorage("sqlite:///shop.db").migrate())`` everything is.
"""

from commerce import Commerce
from commerce.cli.demo import HOME, furnish
from commerce.returns import Finding, ReturnWish

shop = Commerce(currency="EUR", country="DE")
furnish(shop)  # products, prices, stock, taxes, the code WELCOME10, a way to ship

cart = shop.cart.open()
shop.cart.add_line(cart.id, "TEE-M-NAV", 2)
shop.cart.add_code(cart.id, "WELCOME10")
shop.cart.deliver_to(cart.id, HOME, shipping_method="standard")
print(*shop.checkout.quote(cart.id).explain(), sep="\n")

order = shop.checkout.place_order(cart.id, gateway="manual", key="click-1", email="ada@example.org").order
parcel = shop.fulfillment.ship(order.id, key="parcel-1")
shop.fulfillment.deliver(parcel.id, key="arrived-1")

unit = ReturnWish(line_id=order.lines[0].id, quantity=1)
asked = shop.returns.approve(shop.aftersales.request_return(order.id, [unit], key="return-1").id)
done = shop.aftersales.receive(asked.id, [Finding(line_id=unit.line_id, restock=1)])
print(f"order {order.number}: {order.totals.grand_total} paid, {done.refunded} of it given back")
