"""The payments module."""
