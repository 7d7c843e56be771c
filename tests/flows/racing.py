"""A process that orders some carts, as fast as it can, and tells what came of each; see test_races."""

import json
import sys

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.kernel import CommerceError

if __name__ == "__main__":
    outcomes = []
    with Commerce(country="DE", storage=SqlStorage(sys.argv[1])) as shop:
        for cart_id in json.loads(sys.argv[2]):
            try:
                placed = shop.checkout.place_order(cart_id, gateway="manual", key=f"click-{cart_id}")
                outcomes.append(placed.order.id)
            except CommerceError as error:
                outcomes.append(error.code)
    sys.stdout.write(json.dumps(outcomes))
