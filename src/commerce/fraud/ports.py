"""What screening needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.fraud.engine import Count
from commerce.fraud.model import Listing, Screening
from commerce.fraud.values import ListKind, Subject

__all__ = ["FraudUnit", "Listings", "Screenings"]


class Screenings(Protocol):
    """Stored screenings, which are also what is counted."""

    def by_key(self, key: str) -> Screening | None:
        """The screening of that key, or nothing."""

    def alone(self, key: str, fingerprints: Collection[str]) -> None:
        """Let nobody else in here for this key and these fingerprints until the transaction ends.

        So a hundred orders with one card at the same moment are counted one after the other.
        """

    def counts(self, wanted: Collection[Count], known: Mapping[Subject, str], at: datetime) -> Mapping[Count, int]:
        """How often each was seen up to ``at``. With ``distinct``, how many others than the known one."""

    def add(self, screening: Screening) -> None:
        """Store a new screening; its key must be free."""

    def save(self, screening: Screening) -> None:
        """Store a changed screening, or raise `commerce.kernel.StaleVersion`."""

    def waiting(self, *, after: str | None, limit: int) -> Sequence[Screening]:
        """Screenings that a person has to look at, oldest first; those whose id is greater than ``after``."""

    def forget(self, before: datetime, limit: int) -> int:
        """Drop the fingerprints of at most ``limit`` screenings from before that time; how many there were."""


class Listings(Protocol):
    """Who is blocked or allowed, by fingerprint."""

    def find(self, known: Mapping[Subject, str], at: datetime) -> Sequence[Listing]:
        """The listings of these that hold at that time."""

    def put(self, listings: Sequence[Listing]) -> None:
        """Add, or change until when."""

    def remove(self, kind: ListKind, subject: Subject, fingerprint: str) -> int:
        """Take somebody off a list, wherever the listings came from; how many there were."""

    def remove_source(self, source: str) -> int:
        """Take off what came from one screening; how many there were."""

    def expire(self, at: datetime) -> int:
        """Drop what holds no longer; how many there were."""


class FraudUnit(Protocol):
    """One transaction of the fraud module."""

    @property
    def screenings(self) -> Screenings:
        """The screenings in this transaction."""

    @property
    def listings(self) -> Listings:
        """The lists in this transaction."""
