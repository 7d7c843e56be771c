"""A process of its own that buys: ``python buyers.py URL``, told on standard input what to reserve.

A line is a JSON list of [key, [[sku, quantity], …]]; the answer is a JSON object of outcomes and their number.
"""

import json
import sys
from collections import Counter

from commerce.adapters.sql import SqlStorage
from commerce.inventory import Demand, InventoryService
from commerce.kernel import CommerceError, utc_now
from commerce.runtime import unit_of_work


def main() -> None:
    """Connect, say so, wait for the wishes, and buy."""
    storage = SqlStorage(sys.argv[1], pool_size=1)
    service = InventoryService(unit_of_work(storage, "inventory", utc_now, lambda _: False, lambda: None), utc_now)
    service.availability(["A"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    outcomes: Counter[str] = Counter()
    for key, wishes in json.loads(sys.stdin.readline()):
        try:
            hold = service.reserve(key, [Demand(sku=sku, quantity=quantity) for sku, quantity in wishes])
            outcomes[f"held {hold.id}" if key.startswith("shared") else "held"] += 1
        except CommerceError as error:
            outcomes[error.code] += 1
        except Exception as error:  # noqa: BLE001 - whatever else happens must be counted, too
            outcomes[repr(error)] += 1
    sys.stdout.write(json.dumps(outcomes))
    storage.close()


if __name__ == "__main__":
    main()
