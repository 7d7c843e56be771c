"""Django's tables: carts, and the events that left with their changes."""

from django.db import models


class StoredCart(models.Model):
    """A cart: what anybody looks for in columns, what is only read with the cart as JSON."""

    id = models.CharField(primary_key=True, max_length=36)
    version = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    channel = models.CharField(max_length=64)
    locale = models.CharField(max_length=35)
    email = models.CharField(max_length=320, blank=True)
    status = models.CharField(max_length=16)
    lines = models.JSONField()
    codes = models.JSONField()
    refused_gifts = models.JSONField()
    destination = models.JSONField(null=True)
    held_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, db_index=True)
    # Not known is not the same as empty: the cart comes back as it was.
    customer_id = models.CharField(max_length=36, null=True, db_index=True)  # noqa: DJ001
    shipping_method = models.CharField(max_length=64, null=True)  # noqa: DJ001
    frozen_by = models.CharField(max_length=64, null=True)  # noqa: DJ001
    order_id = models.CharField(max_length=36, null=True)  # noqa: DJ001
    held_by = models.CharField(max_length=64, null=True)  # noqa: DJ001

    def __str__(self) -> str:
        return f"cart {self.id}"


class StoredEvent(models.Model):
    """An event. With ``due_at`` it waits to be delivered; delivered or not, it stays as the archive."""

    position = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=36, unique=True)
    name = models.CharField(max_length=128)
    schema_version = models.PositiveIntegerField()
    aggregate_id = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    payload = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=128, blank=True)
    due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        """Only what waits is indexed, so the index stays as small as the backlog."""

        indexes = (
            models.Index(
                fields=["aggregate_id", "position"],
                condition=models.Q(due_at__isnull=False),
                name="basket_event_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"
