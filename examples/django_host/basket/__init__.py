"""Carts in Django's own tables; everything else of the shop where `commerce` keeps it."""
