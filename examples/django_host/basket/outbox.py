"""The outbox in Django's table: the port `commerce.runtime.Outbox`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from basket.models import StoredEvent
from commerce.adapters.wire import dumps, event_type, loads
from commerce.runtime import Envelope


class DjangoOutbox:
    """Events, written with the change that made them true, claimed and delivered after it."""

    def __init__(self, using: str) -> None:
        self._using = using

    @property
    def _rows(self) -> Any:
        return StoredEvent.objects.using(self._using)

    @property
    def _waiting(self) -> Any:
        return self._rows.filter(due_at__isnull=False)

    def write(self, envelopes: Sequence[Envelope]) -> None:
        """Store events, in the transaction of their change; only those somebody waits for are due."""
        self._rows.bulk_create(
            StoredEvent(
                event_id=envelope.id,
                name=envelope.name,
                schema_version=envelope.event.schema_version,
                aggregate_id=envelope.aggregate_id,
                sequence=envelope.sequence,
                occurred_at=envelope.occurred_at,
                payload=dumps(envelope.event),
                due_at=envelope.occurred_at if envelope.wanted else None,
            )
            for envelope in envelopes
        )

    def claim(self, limit: int, now: datetime, lease: timedelta) -> Sequence[Envelope]:
        """Take all waiting events of up to ``limit`` aggregates.

        Whoever locks the first waiting event of an aggregate takes them all, and whoever finds it locked
        goes on to the next (SQLite knows no row locks: there the transaction is alone).
        """
        earlier = self._waiting.filter(aggregate_id=OuterRef("aggregate_id"), position__lt=OuterRef("position"))
        heads = self._waiting.filter(~Exists(earlier), due_at__lte=now).order_by("position")
        with transaction.atomic(using=self._using, durable=True):
            locked = heads.select_for_update(skip_locked=True).values_list("aggregate_id", flat=True)
            taken = list(self._waiting.filter(aggregate_id__in=list(locked[:limit])).order_by("position"))
            self._rows.filter(position__in=[row.position for row in taken]).update(due_at=now + lease)
        return [_envelope(row) for row in taken]

    def delivered(self, ids: Sequence[str], at: datetime) -> None:
        """Note that these events reached everybody."""
        self._rows.filter(event_id__in=ids).update(due_at=None, delivered_at=at, error="")

    def failed(self, id: str, error: str, retry_at: datetime) -> None:
        """Note a failed delivery and when to try again."""
        self._rows.filter(event_id=id).update(due_at=retry_at, error=error[:128], attempts=F("attempts") + 1)

    def archive(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Envelope]]:
        """All events ever written, by position from ``after`` on."""
        rows = self._rows.filter(position__gt=after).order_by("position")[:limit]
        return [(row.position, _envelope(row)) for row in rows]

    def pending(self) -> int:
        """How many wanted events are not delivered yet."""
        count: int = self._waiting.count()
        return count


def _envelope(row: StoredEvent) -> Envelope:
    return Envelope(
        id=row.event_id,
        name=row.name,
        aggregate_id=row.aggregate_id,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        event=loads(event_type(row.name), row.payload),
        attempts=row.attempts,
    )
