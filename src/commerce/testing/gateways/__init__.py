"""Gateways to test against: an outside world that can be scripted."""

from commerce.testing.gateways.fake import Call, FakeGateway, Fault, Tokens

__all__ = ["Call", "FakeGateway", "Fault", "Tokens"]
