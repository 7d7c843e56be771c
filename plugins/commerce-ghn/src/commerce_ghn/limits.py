"""What GHN takes, as data.

Source: GHN's developer documentation, developer.ghn.vn/en/docs/order/create, tables of parameters and of items.
"""

__all__ = [
    "CLIENT_CODE",
    "CONTENT",
    "DECLARED_DONG",
    "HEAVY",
    "HEAVY_FROM_GRAMS",
    "ITEM_NAME",
    "LIGHT",
    "NAME",
    "ORDER_GRAMS",
    "SIDE_CM",
]

#: ``weight`` of an order, and ``length``, ``width`` and ``height``, at most.
ORDER_GRAMS = 50_000
SIDE_CM = 200

#: ``service_type_id``: 2 below 20 kg in all, 5 from 20 kg on and for several parcels, which are then ``items``.
LIGHT, HEAVY = 2, 5
HEAVY_FROM_GRAMS = 20_000

#: ``insurance_value``: the declared value, in dong.
DECLARED_DONG = 5_000_000

#: Characters: ``to_name`` and ``to_address``, ``content``, the name of an item, ``client_order_code``.
NAME = 1024
CONTENT = 2000
ITEM_NAME = 512
CLIENT_CODE = 50
