"""The shipping module."""
