"""Carriers for tests: a scriptable one that fails in every way real ones do."""

from commerce.testing.carriers.fake import FakeCarrier, Mishap

__all__ = ["FakeCarrier", "Mishap"]
